"""`aegis mcp` as a client of the Python SDK sees it, in both lifecycles: checks.py AEGIS DIRECTORY."""

import asyncio
import base64
import http.client
import json
import subprocess
import sys
import time
import urllib.parse

import jsonschema
from mcp.shared.exceptions import MCPError

from harness import LONG, PASSPHRASE, TOKEN, answering, check, run_all, running, until

TOOLS = {
    "aegis_run", "aegis_check", "aegis_fs_read", "aegis_fs_write", "aegis_fs_replace", "aegis_fs_list", "aegis_fs_delete",
    "aegis_exec", "aegis_http", "aegis_env", "aegis_why", "aegis_tool_routing", "aegis_more",
}
# What shows where nothing but reading is granted.
READING = {"aegis_run", "aegis_check", "aegis_fs_read", "aegis_fs_list", "aegis_why", "aegis_tool_routing", "aegis_more"}


@check("the tools that the policy grants, with schemas and hints")
async def tools(s):
    listed = (await s.client.list_tools()).tools
    assert {t.name for t in listed} == TOOLS, listed
    for t in listed:
        for schema in (t.input_schema, t.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert t.description and t.annotations.title
        assert t.annotations.read_only_hint is not None and t.annotations.destructive_hint is not None


@check("a tool that is not granted is not listed, and not there", own=True)
async def not_granted(world, mode):
    async with world.session(mode, policy="read-only.toml") as s:
        assert {t.name for t in (await s.client.list_tools()).tools} == READING
        try:
            await s.client.call_tool("aegis_fs_write", {"path": "out/sly.txt", "content": "x"})
        except MCPError as error:
            assert "no such tool" in str(error)
        else:
            raise AssertionError("the tool is there")
        assert not world.exists("out/sly.txt")


@check("files: read, write, append, replace, list")
async def files(s):
    w = s.world
    assert (await s.call("aegis_fs_read", {"path": "notes.txt"})).ok().data["content"] == "first line\nsecond line\n"
    assert (await s.call("aegis_fs_read", {"path": "notes.txt", "offset": 6, "limit": 4})).ok().data["content"] == "line"
    (await s.call("aegis_fs_write", {"path": "out/new/a.txt", "content": "one\n"})).ok()
    assert w.read("out/new/a.txt") == "one\n"
    (await s.call("aegis_fs_write", {"path": "out/new/a.txt", "content": ["two ", "parts"], "append": True})).ok()
    assert w.read("out/new/a.txt") == "one\ntwo parts"
    (await s.call("aegis_fs_replace", {"path": "out/new/a.txt", "old": "two", "new": "2"})).ok()
    assert w.read("out/new/a.txt") == "one\n2 parts"
    assert (await s.call("aegis_fs_list", {"path": "out/new"})).ok().data["names"] == ["a.txt"]
    assert "out/new/a.txt" in (await s.call("aegis_fs_list", {"pattern": "out/**/*.txt"})).ok().data["names"]


@check("commands: output, exit code, input")
async def commands(s):
    a = (await s.call("aegis_exec", {"argv": ["echo", "a b", "c"]})).ok()
    assert a.data["exit_code"] == 0 and a.data["stdout"] == "a b c\n", a.data
    a = (await s.call("aegis_exec", {"argv": ["sleep", "nonsense"]})).ok()
    assert a.data["exit_code"] == 1 and a.data["stderr"], a.data
    (await s.call("aegis_exec", {"argv": ["sleep", "50"], "timeout_seconds": 0.3})).denied("exec", way_out=False)


@check("requests: the server sees them, the client its answer")
async def requests(s):
    web = s.world.web
    web.seen.clear()
    a = (await s.call("aegis_http", {"url": web.url + "/a", "params": {"q": "x y"}, "headers": {"X-One": "1"}})).ok()
    assert a.data["status"] == 200 and a.data["body"].startswith("GET /a?q=x"), a.data
    a = (await s.call("aegis_http", {"url": web.url + "/b", "json": {"n": 1}})).ok()
    [(_, _, headers, _), (method, path, _, body)] = web.seen
    assert headers["x-one"] == "1" and (method, path, json.loads(body)) == ("POST", "/b", {"n": 1}), web.seen


@check("variables, questions, hints")
async def small_ones(s):
    assert (await s.call("aegis_env", {"name": "GREETING"})).ok().data["value"] == "good morning"
    a = (await s.call("aegis_why", {"access": "fs.write src/main.rs"})).ok()
    assert a.data["verdict"] == "deny" and "write_allow" in a.text and a.data["suggestion"], a.data
    assert (await s.call("aegis_why", {"access": "fs.read notes.txt"})).ok().data["verdict"] == "allow"
    a = (await s.call("aegis_tool_routing", {"tool": "web_search"})).ok()
    assert a.data["tools"]["web_search"]["use"] == ["aegis_http"], a.data


@check("scripts: output and result, arguments, a script that is not one")
async def scripts(s):
    script = "print('hello', args.who)\nfs.write('out/by-script.txt', args.who)\nresult = {'lines': len(fs.read('notes.txt').splitlines())}"
    a = (await s.call("aegis_run", {"script": script, "args": {"who": "you"}})).ok()
    assert a.data["output"] == "hello you\n" and a.data["result"] == {"lines": 2}, a.data
    assert s.world.read("out/by-script.txt") == "you"
    assert (await s.call("aegis_check", {"script": script})).ok().data["ok"] is True
    a = (await s.call("aegis_check", {"script": "x = "})).ok()
    assert a.data["ok"] is False and a.data["findings"][0]["line"] == 1, a.data
    a = await s.call("aegis_run", {"script": "fail('no')"})
    assert a.failed and a.data["kind"] and a.data["line"] == 1, a.data


@check("a denial of each tool: nothing happens, and the answer says the way out")
async def denials(s):
    w = s.world
    w.web.seen.clear()
    before = len(w.records(kind="denied"))
    attempts = [
        ("aegis_fs_read", {"path": "closed/diary.txt"}),
        ("aegis_fs_read", {"path": "/etc/shadow"}),
        ("aegis_fs_write", {"path": "notes.txt", "content": "x"}),
        ("aegis_fs_replace", {"path": "notes.txt", "old": "first", "new": "x"}),
        ("aegis_fs_list", {"path": "closed"}),
        ("aegis_fs_delete", {"path": "notes.txt"}),
        ("aegis_exec", {"argv": ["touchy", "out/x"]}),
        ("aegis_exec", {"argv": ["curl", w.web.url]}),
        ("aegis_http", {"method": "PUT", "url": w.web.url + "/x", "body": "x"}),
        ("aegis_env", {"name": "HOME"}),
        ("aegis_run", {"script": "p = 'notes' + '.txt'\nfs.write(p, 'x')"}),
    ]
    for tool, arguments in attempts:
        a = (await s.call(tool, arguments)).denied("policy_denied")
        assert "dear diary" not in a.text
    assert w.read("notes.txt") == "first line\nsecond line\n" and w.web.seen == []
    assert len(w.records(kind="denied")) == before + len(attempts), w.records(kind="denied")[before:]
    (await s.call("aegis_fs_read", {"pfad": "notes.txt"})).denied("bad_argument", way_out=False)


async def approvals(world, mode, action, tools=("aegis_exec", "aegis_fs_delete")):
    """What a person's answer leads to, by tool."""
    asked = []
    world.write("out/doomed.txt", "x")
    (world.root / "out/touched.txt").unlink(missing_ok=True)
    answer = None if action is None else answering(action, asked)
    async with world.session(mode, answer=answer) as s:
        touched = await s.call("aegis_exec", {"argv": ["touch", "out/touched.txt"]})
        deleted = await s.call("aegis_fs_delete", {"path": "out/doomed.txt"})
    return touched, deleted, asked


@check("an approval that the person gives", own=True)
async def accepted(world, mode):
    touched, deleted, asked = await approvals(world, mode, "accept")
    touched.ok(), deleted.ok()
    assert world.exists("out/touched.txt") and not world.exists("out/doomed.txt")
    assert len(asked) == 2 and '"touch"' in asked[0] and "out/touched.txt" in asked[0] and "out/doomed.txt" in asked[1], asked
    given = world.records(kind="approval")[-2:]
    assert [(r["answer"], r["by"]) for r in given] == [("yes", "elicitation")] * 2, given


@check("an approval that is declined, cancelled, or that nobody can give", own=True)
async def not_accepted(world, mode):
    for action in ("decline", "cancel", None):
        touched, deleted, asked = await approvals(world, mode, action)
        touched.denied("approval_denied", way_out=False), deleted.denied("approval_denied", way_out=False)
        assert not world.exists("out/touched.txt") and world.exists("out/doomed.txt"), action
        assert len(asked) == (0 if action is None else 2), (action, asked)
        given = world.records(kind="approval")[-2:]
        assert [(r["answer"], r["by"]) for r in given] == [("no", "elicitation" if action else "nobody")] * 2, given


@check("--approvals deny asks nobody", own=True)
async def nobody(world, mode):
    asked = []
    async with world.session(mode, answer=answering("accept", asked), arguments=["--approvals", "deny"]) as s:
        (await s.call("aegis_fs_delete", {"path": "out/draft.txt"})).denied("approval_denied", way_out=False)
    assert world.exists("out/draft.txt") and asked == []


@check("a script that asks twice goes on after each answer", own=True)
async def asks_twice(world, mode):
    asked = []
    script = "print('a')\nsubprocess.exec(['touch', 'out/t1'])\nprint('b')\nsubprocess.exec(['touch', 'out/t2'])\nresult = 'done'"
    async with world.session(mode, answer=answering("accept", asked)) as s:
        a = (await s.call("aegis_run", {"script": script})).ok()
    assert a.data["output"] == "a\nb\n" and a.data["result"] == "done", a.data
    assert len(asked) == 2 and world.exists("out/t1") and world.exists("out/t2")


async def cancelled(s, tool, arguments, seconds):
    """Begins a call that sleeps, and cancels it."""
    before = len(s.world.ends(tool))
    call = asyncio.create_task(s.call(tool, arguments))
    [sleeper] = await until(lambda: running(s, "sleep", seconds), "the command runs")
    call.cancel()
    await until(lambda: not running(s, "sleep", seconds), f"{sleeper} is gone", 2)
    await asyncio.gather(call, return_exceptions=True)
    await until(lambda: len(s.world.ends(tool)) == before + 1, "the journal has the end of the call", 2)
    assert s.world.ends(tool)[-1]["status"] != "ok", s.world.ends(tool)[-1]
    (await s.call("aegis_fs_read", {"path": "notes.txt"})).ok()


@check("a cancelled command is gone within 2 s, and the journal has its end")
async def cancelled_command(s):
    await cancelled(s, "aegis_exec", {"argv": ["sleep", "71"]}, "71")


@check("a cancelled script is gone within 2 s with its command, and the journal has its end")
async def cancelled_script(s):
    await cancelled(s, "aegis_run", {"script": "subprocess.exec(['sleep', '72'])"}, "72")


@check("progress on a long run")
async def progress(s):
    heard = []

    async def on_progress(done, total, message):
        heard.append(done)

    await s.call("aegis_run", {"script": "subprocess.exec(['sleep', '2.5'])"}, progress_callback=on_progress)
    assert len(heard) >= 2 and heard == sorted(heard), heard


@check("a local-only file is a handle, which goes only where the file may go")
async def local_only(s):
    w = s.world
    w.web.seen.clear()
    a = (await s.call("aegis_fs_read", {"path": "secret/token"})).ok()
    assert a.data["content"] == "[REDACTED]" and TOKEN not in a.text, a.data
    handle = a.data["local"]["content"]["handle"]
    assert handle.startswith("aegis://local/") and a.data["local"]["content"]["sources"] == ["file:secret/**"], a.data

    # to a place that may have it
    (await s.call("aegis_fs_write", {"path": "private/copy", "content": ["token=", {"local": handle}]})).ok()
    assert w.read("private/copy") == "token=" + TOKEN

    # to places that may not
    (await s.call("aegis_fs_write", {"path": "out/leak.txt", "content": {"local": handle}})).denied("flow_denied")
    assert not w.exists("out/leak.txt")
    (await s.call("aegis_http", {"url": w.web.url, "headers": {"Authorization": ["Bearer ", {"local": handle}]}})).denied("flow_denied")
    (await s.call("aegis_http", {"url": w.web.url, "body": {"local": handle}})).denied("flow_denied")
    assert w.web.seen == []
    (await s.call("aegis_exec", {"argv": ["echo", {"local": handle}]})).denied("flow_denied")

    # in a script
    script = "print('is:', args.token)\nfs.write('private/by-script', 'x' + args.token)"
    a = (await s.call("aegis_run", {"script": script, "args": {"token": {"local": handle}}})).ok()
    assert w.read("private/by-script") == "x" + TOKEN and "[REDACTED]" in a.data["output"], a.data
    a = await s.call("aegis_run", {"script": "if args.token.open().startswith('tok'):\n    print('yes')", "args": {"token": {"local": handle}}})
    assert a.data["status"] == "withheld" and "yes" not in a.text, a.data

    # the handle as a resource, and one that nobody was given
    resource = await s.client.read_resource(handle)
    assert "[REDACTED]" in resource.contents[0].text
    (await s.call("aegis_fs_write", {"path": "private/x", "content": {"local": "aegis://local/" + "0" * 32}})).denied("bad_argument")
    a = (await s.call("aegis_env", {"name": "PASSPHRASE"})).ok()
    assert a.data["value"] == "[REDACTED]", a.data


@check("a long answer is cut, and read on until it is whole")
async def pages(s):
    a = (await s.call("aegis_fs_read", {"path": "long.txt"})).ok()
    whole = a.data["content"]
    assert "more" in a.data and "aegis_more" in a.text
    while more := a.data.get("more"):
        a = (await s.call("aegis_more", {"id": more["id"], "offset": more["offset"]})).ok()
        whole += a.data["text"]
    assert whole == LONG
    (await s.call("aegis_more", {"id": "unknown", "offset": 0})).denied("not_found")


@check("resources, with nothing in them of what is closed or local-only")
async def resources(s):
    listed = {str(r.uri) for r in (await s.client.list_resources()).resources}
    assert listed == {"aegis://policy", "aegis://capabilities", "aegis://builtins"}, listed
    text = {}
    for uri in listed:
        text[uri] = (await s.client.read_resource(uri)).contents[0].text
        for hidden in ("closed", "secret/", "private", "PASSPHRASE", "deny", ".env\""):
            assert uri == "aegis://builtins" or hidden not in text[uri], (uri, hidden, text[uri])
    assert "out/**" in text["aegis://policy"] and "fs.write" in text["aegis://builtins"]
    assert json.loads(text["aegis://policy"])["granted"]["[filesystem].write_allow"] == ["out/**"]


@check("a script without end, one without measure and one without bottom: an error each, and the server answers")
async def wild_scripts(s):
    for script, kind in [
        ("def f():\n    for i in range(1000000000):\n        pass\nf()", "limit"),
        ("x = ['a' * 1000000]\nfor i in range(40):\n    x = x + x\n    x = x + ['b' * (1000000 + i)]", "limit"),
        ("def f(n):\n    return 1 + f(n + 1)\nf(0)", "limit"),
    ]:
        (await s.call("aegis_run", {"script": script})).denied(kind, way_out=False)
        assert (await s.call("aegis_run", {"script": "1 + 1"})).ok().data["result"] == 2


@check("50 calls at once, each with its own answer")
async def at_once(s):
    async def one(n):
        if n % 2:
            return (await s.call("aegis_run", {"script": f"result = {n} * 2"})).ok().data["result"]
        return int((await s.call("aegis_exec", {"argv": ["echo", str(n * 2)]})).ok().data["stdout"])

    assert await asyncio.gather(*(one(n) for n in range(50))) == [n * 2 for n in range(50)]


@check("a session that ends in the middle of a call takes the call with it", own=True)
async def ends_early(world, mode):
    async with world.session(mode) as s:
        call = asyncio.create_task(s.call("aegis_exec", {"argv": ["sleep", "73"]}))
        await until(lambda: running(s, "sleep", "73"), "the command runs")
        closed = time.monotonic()
    took = time.monotonic() - closed
    [got] = await asyncio.gather(call, return_exceptions=True)
    assert isinstance(got, Exception) or got.failed, got
    # the client's library kills a server that is still there after two seconds
    assert took < 2, took
    assert world.ends("aegis_exec")[-1]["status"] != "ok"


def asked(url, **headers):
    """The status of a request with these headers and no others."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    given = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Host": parts.netloc}
    connection.request("POST", parts.path, body, given | headers)
    status = connection.getresponse().status
    connection.close()
    return status


@check("HTTP: only with the token, only from this machine", own=True)
async def http_refusals(world, mode):
    async with world.http_server() as (url, token):
        right = {"Authorization": f"Bearer {token}"}
        assert asked(url) == 401
        assert asked(url, Authorization="Bearer " + "0" * len(token)) == 401
        assert asked(url, **right, Origin="https://evil.example") == 403
        assert asked(url, **right, Host="evil.example") == 403
        assert asked(url, **right) == 200
        assert asked(url, **right, Origin="http://localhost:3000") == 200
        mode_of_file = (world.directory / "mcp.token").stat().st_mode & 0o777
        assert mode_of_file == 0o600, oct(mode_of_file)


@check("HTTP: two clients at once, approvals, cancellation, handles", own=True)
async def over_http(world, mode):
    questions = []
    world.write("out/doomed.txt", "x")
    async with world.http_server() as (url, token):
        async with world.http_client(url, token, mode, answering("accept", questions)) as one, world.http_client(url, token, mode) as two:
            answers = await asyncio.gather(*(s.call("aegis_run", {"script": f"result = {n}"}) for n in range(10) for s in (one, two)))
            assert [a.ok().data["result"] for a in answers] == [n for n in range(10) for _ in "ab"]
            (await two.call("aegis_fs_delete", {"path": "out/doomed.txt"})).denied("approval_denied", way_out=False)
            assert world.exists("out/doomed.txt")
            (await one.call("aegis_fs_delete", {"path": "out/doomed.txt"})).ok()
            assert not world.exists("out/doomed.txt") and len(questions) == 1
            a = (await one.call("aegis_fs_read", {"path": "secret/token"})).ok()
            assert TOKEN not in json.dumps(a.data) + a.text
            await cancelled(one, "aegis_exec", {"argv": ["sleep", "74"]}, "74")
            (await two.call("aegis_fs_read", {"path": "notes.txt"})).ok()


@check("the journal is whole, names the client, and has no content", own=True)
async def journal(world, _mode):
    verified = subprocess.run([world.aegis, "audit", "verify", str(world.journal)], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    begun, done = ({r["run"] for r in world.records(kind=kind)} for kind in ("call.start", "call.end"))
    assert begun == done, begun ^ done
    assert len(world.records(kind="session.start")) == len(world.records(kind="session.end"))
    assert TOKEN not in world.journal.read_text() and PASSPHRASE not in world.journal.read_text()


@check("no secret was in anything that a server said", own=True)
async def nothing_leaked(world, _mode):
    said = b"".join(file.read_bytes() for file in sorted(world.notes.glob("*/*")) if file.suffix in (".wire", ".err"))
    assert len(said) > 100_000
    for secret in (TOKEN.encode(), PASSPHRASE.encode()):
        for form in (secret, secret.hex().encode(), base64.b64encode(secret)[:20], secret[::-1]):
            assert form not in said, form


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run_all(sys.argv[1], sys.argv[2])) else 1)
