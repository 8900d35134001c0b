"""The whole of `sortie mcp` through the client that the protocol's authors publish for Python.

    session.py PROGRAM

Results are checked against their schemas by the client itself.
"""

import asyncio
import json
import pathlib
import sys
import tempfile

from mcp import Client, ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import PaginatedRequestParams

TOOLS = (
    "prepare_bundle get_bundle check_budget deduplicate generate_briefing init_deployment "
    "record_completion collect_outputs query search show stats recall synthesize"
).split()


def project():
    top = pathlib.Path(tempfile.mkdtemp(prefix="sortie-client-"))
    (top / ".sortie").mkdir()
    (top / "src").mkdir()
    for name in ("parse", "lex"):
        text = "".join(f"def {name}_{n}(x):\n    return x + {n}\n\n" for n in range(120))
        (top / "src" / f"{name}.py").write_text(text)
    (top / "spec.md").write_text("# Spec\n\n## Parser\n\nIt parses.\n\n## Lexer\n\nIt lexes.\n")
    return top


def result(answer):
    assert not answer.is_error, answer.content[0].text
    assert answer.content[0].text
    return answer.structured_content["result"]


def refusal(answer):
    assert answer.is_error and answer.structured_content is None, answer
    return answer.content[0].text


async def five_phases(call):
    checked = result(await call("check_budget", {"files": ["src"], "budget": 40000}))
    assert checked["files"]["status"] == "ok", checked
    bundles = []
    for agent in ("implementor", "reviewer"):
        prepared = result(await call("prepare_bundle", {
            "agent_type": agent, "scope": f"The parser, as {agent}", "files": ["src"],
            "references": ["spec.md#Parser"],
        }))
        bundles.append(prepared["bundle_id"])
    shared = result(await call("deduplicate", {"bundles": bundles, "write": True}))
    assert shared["prefix_tokens"] > 1000, shared
    bundles = [it["rewritten"] for it in shared["agents"]]
    session, executions = {"new_session": "A parser"}, []
    for agent, bundle in zip(("implementor", "reviewer"), bundles):
        briefing = result(await call("generate_briefing", {"bundle": bundle, "to_file": True}))
        assert "def parse_1" in pathlib.Path(briefing["path"]).read_text()
        deployed = result(await call("init_deployment", {
            **session, "agent_type": agent, "scope": "The parser", "bundle": bundle,
        }))
        session = {"session_id": deployed["session_id"]}
        executions.append(deployed["execution_id"])
    message = "# Findings\n\nThe parser is fine. \U0001f980\n" + "More of it. " * 8000
    for execution in executions:
        result(await call("record_completion", {
            "execution_id": execution, "final_message": message, "deliverables": ["src/parse.py"],
        }))
        result(await call("collect_outputs", {
            "execution_id": execution, "validation_results": ["tests:pass"], "insights": ["it is fine"],
        }))
    report = result(await call("synthesize", {**session, "confirm": True}))
    assert report["verification"]["valid"] and report["text"].startswith("# "), report
    shown = result(await call("show", session))
    assert shown["session"]["session"]["status"] == "completed", shown
    return executions, message


async def questions(call, executions, message):
    listed = result(await call("query", {"limit": 1}))
    assert len(listed["executions"]) == 1 and listed["next"], listed
    assert result(await call("query", {"after": listed["next"]}))["next"] is None
    assert result(await call("search", {"query": "findings"}))["hits"]
    whole, start = "", 0
    while start is not None:
        piece = result(await call("show", {
            "execution_id": executions[0], "part": "message", "from": start,
        }))["piece"]
        whole, start = whole + piece["text"], piece["next"]
    assert whole == message
    for part in ("all", "briefing", "context"):
        result(await call("show", {"execution_id": executions[0], "part": part}))
    assert result(await call("stats", {"by": "source"}))["finished"] == 2
    assert result(await call("recall", {}))["completed"] == 2
    assert result(await call("get_bundle", {"bundle": "latest"}))["context_items"]


async def refusals(call):
    assert "hint: " in refusal(await call("prepare_bundle", {
        "agent_type": "a", "scope": "b", "files": ["src"], "budget": 100,
    }))
    assert "outside the project" in refusal(await call("record_completion", {
        "execution_id": "latest", "final_message_file": "/etc/hostname",
    }))
    assert "unknown field" in refusal(await call("query", {"page": 2}))


async def by_session(program, top):
    parameters = StdioServerParameters(command=program, args=["mcp"], cwd=top)
    async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
        greeting = await session.initialize()
        assert "recall" in greeting.instructions
        tools = (await session.list_tools()).tools
        assert [it.name for it in tools] == TOOLS, tools
        read_only = [it.name for it in tools if it.annotations.read_only_hint]
        assert "query" in read_only and "init_deployment" not in read_only
        executions, message = await five_phases(session.call_tool)
        await questions(session.call_tool, executions, message)
        await refusals(session.call_tool)
        many = [session.call_tool("query", {}) for _ in range(20)]
        assert all(result(answer) for answer in await asyncio.gather(*many))
        cursor, uris = None, []
        while True:
            page = await session.list_resources(params=PaginatedRequestParams(cursor=cursor))
            uris += [str(it.uri) for it in page.resources]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(uris) > 6 and len(set(uris)) == len(uris), uris
        for uri in uris:
            read = (await session.read_resource(uri)).contents[0]
            assert read.text and read.mime_type == "text/markdown", uri
        assert len((await session.list_resource_templates()).resource_templates) > 5
        prompt = await session.get_prompt("five_phases", {"task": "Write a parser"})
        assert "Write a parser" in prompt.messages[0].content.text


async def by_client(program, top):
    """The newer of the two, which begins without a greeting where the server knows how."""
    parameters = StdioServerParameters(command=program, args=["mcp"], cwd=top)
    async with Client(parameters) as client:
        assert [it.name for it in (await client.list_tools()).tools] == TOOLS
        assert result(await client.call_tool("query", {}))["executions"]
        text = (await client.read_resource("sortie://session/latest/recall")).contents[0].text
        assert "## Results" in text
        json.loads((await client.read_resource("sortie://session/latest/json")).contents[0].text)


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    top = project()
    asyncio.run(by_session(program, top))
    asyncio.run(by_client(program, top))
    print("the Python client: all of it works")


main()
