"""A model on the loopback that plays a script: model.py SCRIPT LOG

SCRIPT is a JSON array of tool calls, {"tool": NAME, "input": INPUT}, which are asked for one by one; then a text ends the session. LOG gets
one line of JSON for each request: its path, the results of calls that it holds, and its body. The first line of standard output is the port.
It ends with its standard input.

It speaks what the agents speak: Anthropic Messages, OpenAI Responses and Chat Completions, Gemini. It keeps no state: which call comes next
is seen from how many results of calls a request holds.
"""

import gzip
import json
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCRIPT = json.load(open(sys.argv[1], encoding="utf-8"))
LOG = open(sys.argv[2], "a", encoding="utf-8")
LOCK = threading.Lock()
DONE = "All done."


def turn(tools, results):
    """The next call, with its number; none where the script has ended, or for a request on the side, which has no such tool."""
    number = len(results)
    if number < len(SCRIPT) and SCRIPT[number]["tool"] in tools:
        return number, SCRIPT[number]
    return None


def anthropic(body):
    blocks = [b for m in body.get("messages", []) if isinstance(m["content"], list) for b in m["content"]]
    results = [b.get("content") for b in blocks if b.get("type") == "tool_result"]
    asked = turn([t.get("name") for t in body.get("tools", [])], results)
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body.get("model", "m"), "stop_sequence": None}
    usage = {"input_tokens": 10, "output_tokens": 5, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    if asked:
        number, call = asked
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": call["tool"], "input": call["input"]}
        empty = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call["input"])}
    else:
        block = {"type": "text", "text": DONE}
        empty = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": DONE}
    reason = "tool_use" if asked else "end_turn"
    if not body.get("stream"):
        return {**message, "content": [block], "stop_reason": reason, "usage": usage}, results
    return [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ], results


def responses(body):
    given = [i for i in body.get("input", []) if isinstance(i, dict)]
    # a host may put in some of its own
    results = [i.get("output") for i in given if i.get("type") in ("function_call_output", "custom_tool_call_output") and i.get("call_id")]
    spaces = {}
    for tool in body.get("tools", []) + [t for i in given if i.get("type") == "additional_tools" for t in i["tools"]]:
        inside = tool.get("type") == "namespace"
        for each in tool["tools"] if inside else [tool]:
            spaces[each.get("name")] = {"namespace": tool["name"]} if inside else {}
    asked = turn(spaces, results)
    if asked:
        number, call = asked
        item = {"id": f"i_{number}", "call_id": f"call_{number}", "name": call["tool"], "status": "completed", **spaces[call["tool"]]}
        if isinstance(call["input"], str):
            item.update(type="custom_tool_call", input=call["input"])
        else:
            item.update(type="function_call", arguments=json.dumps(call["input"]))
    else:
        text = {"type": "output_text", "text": DONE, "annotations": []}
        item = {"type": "message", "id": "i_m", "role": "assistant", "status": "completed", "content": [text]}
    usage = {"input_tokens": 10, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 5}
    usage.update(output_tokens_details={"reasoning_tokens": 0}, total_tokens=15)
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": body.get("model", "m")}
    ended = {**response, "status": "completed", "output": [item], "usage": usage}
    if not body.get("stream"):
        return ended, results
    return [
        {"type": "response.created", "response": {**response, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": ended},
    ], results


def chat(body):
    results = [m.get("content") for m in body.get("messages", []) if m.get("role") == "tool"]
    asked = turn([t.get("function", {}).get("name") for t in body.get("tools", [])], results)
    message = {"role": "assistant", "content": None if asked else DONE}
    if asked:
        number, call = asked
        function = {"name": call["tool"], "arguments": json.dumps(call["input"])}
        message["tool_calls"] = [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]
    reason = "tool_calls" if asked else "stop"
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    answer = {"id": "c_1", "created": 1, "model": body.get("model", "m")}
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return {**answer, "object": "chat.completion", "choices": [choice], "usage": usage}, results
    answer["object"] = "chat.completion.chunk"
    return [
        {**answer, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
        {**answer, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage},
        None,
    ], results


def gemini(body, streams):
    parts = [p for c in body.get("contents", []) for p in c.get("parts", [])]
    tools = [f.get("name") for t in body.get("tools", []) for f in t.get("functionDeclarations", [])]
    results = [p["functionResponse"].get("response") for p in parts if "functionResponse" in p]
    asked = turn(tools, results)
    part = {"functionCall": {"name": asked[1]["tool"], "args": asked[1]["input"]}} if asked else {"text": DONE}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    answer = {
        "candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}],
        "usageMetadata": usage,
        "modelVersion": "m",
    }
    return ([answer] if streams else answer), results


def answer(path, body):
    """What is said, an object or events, and the results of calls that the request holds."""
    if path.endswith("/count_tokens"):
        return {"input_tokens": 10}, []
    if path.endswith("/messages"):
        return anthropic(body)
    if path.endswith("/responses"):
        return responses(body)
    if path.endswith("/chat/completions"):
        return chat(body)
    if path.endswith(":streamGenerateContent"):
        return gemini(body, True)
    if path.endswith(":generateContent"):
        return gemini(body, False)
    if path.endswith(":countTokens"):
        return {"totalTokens": 10}, []
    return None, []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def read(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def send(self, status, kind, content):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        self.note(None, [])
        self.send(404, "application/json", b"{}")

    def do_POST(self):
        content = self.read()
        how = self.headers.get("Content-Encoding")
        if how == "gzip":
            content = gzip.decompress(content)
        elif how == "deflate":
            content = zlib.decompress(content)
        try:
            body = json.loads(content or b"{}")
        except ValueError:
            body = None
        said, results = answer(self.path.split("?")[0], body) if isinstance(body, dict) else (None, [])
        self.note(body, results)
        if said is None:
            self.send(404, "application/json", b"{}")
        elif isinstance(said, dict):
            self.send(200, "application/json", json.dumps(said).encode())
        else:
            self.send(200, "text/event-stream", "".join(map(event, said)).encode())

    def note(self, body, results):
        told = [r if isinstance(r, str) else json.dumps(r) for r in results]
        with LOCK:
            LOG.write(json.dumps({"path": self.path, "results": told, "body": body}) + "\n")
            LOG.flush()


def event(value):
    if value is None:
        return "data: [DONE]\n\n"
    name = f"event: {value['type']}\n" if "type" in value else ""
    return f"{name}data: {json.dumps(value)}\n\n"


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
