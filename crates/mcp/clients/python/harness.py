"""The project that clients work on, the server they talk to, and what can be seen of both from outside."""

import asyncio
import contextlib
import json
import logging
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import jsonschema
import mcp_types
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

CLIENTS = pathlib.Path(__file__).resolve().parent.parent
TOKEN = "tok-5f1c9a7be2d84630"
PASSPHRASE = "correct-horse-battery-9931"
LIFECYCLES = {"initialize": "legacy", "2026-07-28": "auto"}
LONG = "".join(f"{n:06} äöü€😀 line of a long file\n" for n in range(4000))


# it expects another 2xx for the end of a session over HTTP than the server gives
logging.getLogger("mcp.client.streamable_http").setLevel(logging.ERROR)


class WebServer:
    """A host that the policy names; it remembers all that it was asked."""

    def __init__(self):
        seen = self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body.decode()))
                said = f"{self.command} {self.path}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


class World:
    """A project in a directory of its own, with a journal beside it."""

    def __init__(self, aegis, directory):
        self.aegis = aegis
        self.directory = pathlib.Path(directory)
        self.root = self.directory / "project"
        self.notes = self.directory / "notes"
        self.journal = self.directory / "journal.jsonl"
        self.web = WebServer()
        self.servers = 0
        shutil.copytree(CLIENTS / "project", self.root)
        for made in ("out", "secret", "closed"):
            (self.root / made).mkdir()
        (self.directory / "home").mkdir()
        policy = (self.root / "aegis.toml.in").read_text().replace("@PORT@", str(self.web.port))
        (self.root / "aegis.toml").write_text(policy)
        (self.root / "secret/token").write_text(TOKEN)
        (self.root / "closed/diary.txt").write_text("dear diary")
        (self.root / "long.txt").write_text(LONG)
        (self.root / "out/draft.txt").write_text("draft")

    @property
    def environment(self):
        return {
            "HOME": str(self.directory / "home"),
            "PATH": os.environ["PATH"],
            "GREETING": "good morning",
            "PASSPHRASE": PASSPHRASE,
        }

    def read(self, path):
        return (self.root / path).read_text()

    def exists(self, path):
        return (self.root / path).exists()

    def write(self, path, text):
        (self.root / path).write_text(text)

    def records(self, **wanted):
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        records = [json.loads(line) for line in lines]
        return [r for r in records if all(r.get(name) == value for name, value in wanted.items())]

    def ends(self, tool):
        """The call.end records of a tool's calls, in the order in which they ended."""
        runs = {r["run"] for r in self.records(kind="call.start", tool=tool)}
        return [r for r in self.records(kind="call.end") if r["run"] in runs]

    def command(self, policy, *more):
        self.servers += 1
        notes = self.notes / str(self.servers)
        notes.mkdir(parents=True)
        served = [self.aegis, "mcp", "--policy", str(self.root / policy), "--audit", str(self.journal), *more]
        return notes, [str(CLIENTS / "watched"), str(notes), *served]

    @contextlib.asynccontextmanager
    async def session(self, mode, answer=None, policy="aegis.toml", arguments=()):
        """A client of a server on standard input and output. At the end the server must be gone, with all it started."""
        notes, command = self.command(policy, *arguments)
        parameters = StdioServerParameters(command=command[0], args=command[1:], env=self.environment, cwd=self.root)
        async with Client(parameters, mode=mode, elicitation_callback=answer) as client:
            session = Session(self, client, notes)
            await client.list_tools()
            yield session
            family = [*session.family(), *(process(pid) for pid in session.servers())]
        await ended(notes, family)

    @contextlib.asynccontextmanager
    async def http_server(self):
        """A server on loopback: its address and its token."""
        file = self.directory / "mcp.token"
        notes, command = self.command("aegis.toml", "--http", "127.0.0.1:0", "--token-file", str(file))
        with subprocess.Popen(command, env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL) as started:
            try:
                said = await until(lambda: re.search(r"serving at (\S+)", errors(notes)), "the server says where it is")
                yield said[1], file.read_text()
                family = descendants(started.pid)
                started.terminate()
                await ended(notes, family)
            finally:
                started.terminate()

    @contextlib.asynccontextmanager
    async def http_client(self, url, token, mode, answer=None):
        timeout = httpx2.Timeout(30)
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=timeout) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=mode, elicitation_callback=answer) as client:
                await client.list_tools()
                yield Session(self, client, None)


class Session:
    """A client at work. What it gets is held against the schema of the tool, whether or not it is an error."""

    def __init__(self, world, client, notes):
        self.world, self.client, self.notes = world, client, notes
        self.schemas = {}

    async def call(self, tool, arguments=None, **more):
        if not self.schemas:
            self.schemas = {t.name: t.output_schema for t in (await self.client.list_tools()).tools}
        result = await self.client.call_tool(tool, arguments or {}, **more)
        jsonschema.validate(result.structured_content, self.schemas[tool])
        return Answer(result)

    def servers(self):
        return [int(file.read_text()) for file in self.notes.glob("*.pid") if not file.with_suffix(".exit").exists()]

    def family(self):
        return [child for pid in self.servers() for child in descendants(pid)]


class Answer:
    def __init__(self, result):
        self.failed = bool(result.is_error)
        self.text = "".join(block.text for block in result.content)
        self.data = result.structured_content

    def ok(self):
        assert not self.failed, self.text
        return self

    def denied(self, kind, way_out=True):
        """An error of that kind, which a model can read and a program can tell from others."""
        assert self.failed and self.data["kind"] == kind, (self.text, self.data)
        assert {"kind", "rule", "suggestion"} <= self.data.keys(), self.data
        if way_out:
            assert self.data["suggestion"], self.data
            assert "way out: " + self.data["suggestion"] in self.text, self.text
        return self


def process(pid):
    """A process and when it began: the number alone may be another's later. None if there is none, or only its remains."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else (pid, fields[19])


def parents():
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(entry.name), int((entry / "stat").read_text().rpartition(")")[2].split()[1])


def descendants(pid):
    known = list(parents())
    family, wanted = [], [pid]
    while wanted:
        above = wanted.pop()
        below = [child for child, parent in known if parent == above]
        wanted += below
        family += [process(child) for child in below]
    return [one for one in family if one]


def running(session, *argv):
    """The processes below the server that run this command."""
    line = b"\0".join(word.encode() for word in argv) + b"\0"
    found = []
    for one in session.family() if session.notes else [process(pid) for pid, _ in parents()]:
        with contextlib.suppress(OSError, TypeError):
            if pathlib.Path(f"/proc/{one[0]}/cmdline").read_bytes().endswith(line):
                found.append(one)
    return found


def errors(notes):
    return "".join(file.read_text() for file in notes.glob("*.err"))


async def until(true, what, seconds=10):
    """Waits for something that comes by itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := true():
            return value
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


async def ended(notes, family):
    exits = await until(lambda: len(list(notes.glob("*.pid"))) == len(list(notes.glob("*.exit"))) and list(notes.glob("*.exit")), "the server ends")
    codes = [file.read_text().strip() for file in exits]
    assert set(codes) == {"0"}, f"exit codes {codes}: {errors(notes)}"
    await until(lambda: not [one for one in family if one and process(one[0]) == one], "nothing that the server started is left", 2)


def answering(action, asked):
    """A person who says the same to everything, and remembers what it was."""

    async def callback(_context, question):
        asked.append(question.message)
        return mcp_types.ElicitResult(action=action, content={} if action == "accept" else None)

    return callback


CHECKS = []


def check(what, own=False):
    """A check gets a session that it shares with others, or (with own) the world and the lifecycle, to begin its own."""

    def register(function):
        CHECKS.append((what, own, function))
        return function

    return register


async def run_all(aegis, directory):
    passed = failed = 0
    for lifecycle, mode in LIFECYCLES.items():
        world = World(aegis, pathlib.Path(directory) / lifecycle)

        async def one(what, function, *given):
            nonlocal passed, failed
            began = time.monotonic()
            try:
                async with asyncio.timeout(30):
                    await function(*given)
            except Exception as error:
                failed += 1
                print(f"FAIL python {lifecycle}: {what}", flush=True)
                traceback.print_exception(error, limit=-6, file=sys.stdout)
            else:
                passed += 1
                print(f"ok   python {lifecycle}: {what}  ({time.monotonic() - began:.1f} s)", flush=True)

        async def shared():
            async with world.session(mode) as session:
                for what, own, function in CHECKS:
                    if not own:
                        await one(what, function, session)

        await one("a session begins, works and ends", shared)
        for what, own, function in CHECKS:
            if own:
                await one(what, function, world, mode)
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed == 0 and passed > 0
