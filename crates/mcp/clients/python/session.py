"""Replays the session that a document shows, and fails where the answers are others: session.py AEGIS DIRECTORY DOCUMENT.

The document has a policy in the block behind `<!-- replayed: policy -->` and a session in the one behind `<!-- replayed: session -->`, in which
a line `> TOOL {ARGUMENTS}` is a call, and the lines up to the next one are the text of its answer.
"""

import asyncio
import difflib
import json
import pathlib
import re
import sys

from mcp import Client
from mcp.client.stdio import StdioServerParameters

HANDLE = re.compile(r"aegis://local/[0-9a-f]{32}")
SHOWN_HANDLE = "aegis://local/7f3a..."


def block(document, name):
    found = re.search(rf"<!-- replayed: {name} -->\n```\w*\n(.*?)```", document, re.DOTALL)
    assert found, f"no block behind <!-- replayed: {name} -->"
    return found[1]


async def replay(aegis, root, session):
    arguments = ["mcp", "--policy", "aegis.toml", "--audit", str(root.parent / "journal.jsonl")]
    said, handle = [], ""
    async with Client(StdioServerParameters(command=aegis, args=arguments, cwd=root, env={"HOME": str(root.parent)})) as client:
        for line in session.splitlines():
            if not line.startswith("> "):
                continue
            tool, arguments = line[2:].split(" ", 1)
            result = await client.call_tool(tool, json.loads(arguments.replace(SHOWN_HANDLE, handle)))
            text = result.content[0].text
            if found := HANDLE.search(text):
                handle = found[0]
            said += [line, *HANDLE.sub(SHOWN_HANDLE, text).replace(f"{root}/", "").rstrip("\n").splitlines()]
    return said


async def main(aegis, directory, document):
    document = pathlib.Path(document).read_text()
    root = pathlib.Path(directory).resolve() / "project"
    (root / "docs").mkdir(parents=True)
    (root / "aegis.toml").write_text(block(document, "policy"))
    (root / "README.md").write_text("# Greeter\n")
    (root / ".token").write_text("tok-0b1946ac92492d23")
    session = block(document, "session")
    assert len(re.findall(r"^> ", session, re.MULTILINE)) >= 3, "the session is empty"
    said = await replay(aegis, root, session)
    if said == session.splitlines():
        assert (root / "private/request").read_text() == "key=tok-0b1946ac92492d23"
        print("ok   the session of the document")
        print("1 passed, 0 failed")
        return 0
    print("FAIL the session of the document")
    print("\n".join(difflib.unified_diff(session.splitlines(), said, "the document", "the server", lineterm="")))
    print("0 passed, 1 failed")
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
