#!/usr/bin/env python3
"""Runs the real Codex CLI with sortie's hooks in place, against a model that is a script, and asks sortie
what it has recorded.

    cargo build && python3 tests/clients/harness/codex.py

Codex is installed from npm into target/clients/ once. Not one of the quick tests: the package has some
hundred megabytes. Where it cannot be had, that is said, and this ends with 0.
"""

import json
import re
import subprocess
import sys

from common import Model, Project, expect, npm, skipped, sse

VERSION = "0.169.0"
CONFIG = """model = "{model}"
model_provider = "script"
[model_providers.script]
name = "script"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "SCRIPT_KEY"
request_max_retries = 0
stream_max_retries = 0
[agents]
max_depth = 2
[agents.reviewer]
description = "Reviews"
config_file = "reviewer.toml"
"""
REPORT = "# Report\n\nThe entry point is main.rs, naïve 漢字.\n\n" + "One more line.\n" * 50 + "The end."
NO_KEY = {"SCRIPT_KEY": "none"}


class Script:
    """What the model says: for each agent, by the first line of its prompt, a list of answers; each answer
    is a list of texts and of calls, (tool, arguments). A number in it is the tokens of its input."""

    def __init__(self, agents):
        self.agents = agents
        self.begin()

    def begin(self):
        self.said = {name: 0 for name in self.agents}
        self.used = {name: [] for name in self.agents}
        self.answers = self.calls = 0

    def __call__(self, method, path, body):
        if not path.endswith("/responses"):
            return 404, "application/json", b"{}"
        whose = self.agent(body["input"])
        answer = ["A summary."]
        if not is_to_sum_up(body["input"]):
            self.said[whose] += 1
            answer = self.agents[whose][self.said[whose] - 1]
        if answer == ["fails"]:
            return 400, "application/json", b'{"error": {"message": "the script refuses"}}'
        self.answers += 1
        sizes = [it for it in answer if isinstance(it, int)]
        usage = self.usage(whose, *sizes)
        answer = [it for it in answer if not isinstance(it, int)]
        tools = {name: space for space, name in self.tools(body)}
        items = [self.item(it, tools, body["input"]) for it in answer]
        events = [{"type": "response.created", "response": {"id": f"r-{self.answers}"}}]
        events += [{"type": "response.output_item.done", "item": it} for it in items]
        events += [{"type": "response.completed",
                    "response": {"id": f"r-{self.answers}", "usage": usage}}]
        return 200, "text/event-stream", sse(events)

    def agent(self, items):
        """Whose request it is: an agent's task is the last one there."""
        for it in reversed(items):
            if it.get("role") not in ("assistant", "developer"):
                for name in self.agents:
                    if any(text.startswith(name) for text in texts(it)):
                        return name
        raise AssertionError("nobody of the script")

    def usage(self, whose, size=1000):
        number, cached = size + self.answers, 10 * self.answers
        self.used[whose].append((number, cached, self.answers))
        return {
            "input_tokens": number, "input_tokens_details": {"cached_tokens": cached},
            "output_tokens": self.answers, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": number + self.answers,
        }

    def tools(self, body):
        offered = list(body.get("tools") or [])
        for it in body["input"]:
            offered += it.get("tools") or []
        for it in offered:
            for tool in it.get("tools") or [it]:
                yield it["name"] if it.get("tools") else None, tool.get("name")

    def item(self, what, tools, items):
        if isinstance(what, str):
            text = [{"type": "output_text", "text": what}]
            return {"type": "message", "role": "assistant", "id": f"m-{self.answers}", "content": text}
        self.calls += 1
        tool, arguments = what
        text = json.dumps(arguments)
        # @0 is the agent that was spawned first, where the answers to calls name agents.
        outputs = " ".join(str(it.get("output")) for it in items)
        for at, agent in enumerate(re.findall(r'agent_id":"([0-9a-f-]+)', outputs)):
            text = text.replace(f"@{at}", agent)
        call = {"id": f"c-{self.calls}", "call_id": f"call_{self.calls}", "name": tool}
        if tools.get(tool):
            call["namespace"] = tools[tool]
        if isinstance(arguments, str):
            return {"type": "custom_tool_call", "input": arguments, **call}
        return {"type": "function_call", "arguments": text, **call}


def texts(item):
    parts = item.get("content")
    parts = parts if isinstance(parts, list) else []
    return [it.get("text") or it.get("encrypted_content") or "" for it in parts]


def is_to_sum_up(items):
    """Whether it is the request for a summary, with which a conversation goes on that is too long."""
    last = items[-1]
    told = "".join(texts(last))
    return last.get("role") == "user" and "summary" in told and not told.startswith("<")


def spawn(prompt, **more):
    return ("spawn_agent", {"message": prompt, **more})


FIND, REVIEW, FAIL = "Find the entry point.\nSay where.", "Review it.", "This goes wrong."
WAIT = {"timeout_ms": 10000}
NO_ROLE = ("spawn_agent", {"message": "Nobody can.", "agent_type": "nobody", "task_name": "nobody"})

# The tools that name agents by their ids.
BY_ID = {
    "Lead the work.": [
        [spawn(FIND), spawn(REVIEW, agent_type="reviewer")],
        [("wait_agent", {**WAIT, "targets": ["@0"]})],
        [("wait_agent", {**WAIT, "targets": ["@1"]})],
        [spawn(FAIL), NO_ROLE],
        [("wait_agent", {**WAIT, "targets": ["@2"]})],
        ["All is done."],
    ],
    "Find the entry point.": [["I look.", ("exec_command", {"cmd": "ls"})], [REPORT]],
    "Review it.": [["It is good."]],
    "This goes wrong.": [["fails"]],
}
# The tools that name agents by their tasks.
BY_TASK = {
    "Lead the work.": [
        [("exec_command", {"cmd": "ls"})],
        [spawn(FIND, task_name="find", fork_turns="all"),
         spawn(REVIEW, task_name="review", agent_type="reviewer", fork_turns="none")],
        [("exec_command", {"cmd": "sleep 1"})],
        [spawn(FAIL, task_name="fail", fork_turns="none"), NO_ROLE],
        [("exec_command", {"cmd": "sleep 1"})],
        ["All is done."],
    ],
    "Find the entry point.": [["I look.", ("exec_command", {"cmd": "ls"})], [REPORT]],
    "Review it.": [
        [spawn("Check the names.", task_name="names", fork_turns="none")], [("wait_agent", WAIT)],
        ["It is good."],
    ],
    "Check the names.": [["They are fine."]],
    "This goes wrong.": [["fails"]],
}
# A program that the model writes calls the same tools.
PROGRAM = """const it = await tools.multi_agent_v1__spawn_agent({message: "Review it."});
text(await tools.multi_agent_v1__wait_agent({targets: [it.agent_id], timeout_ms: 10000}));"""
BY_PROGRAM = {"Lead the work.": [[("exec", PROGRAM)], ["All is done."]], "Review it.": [["It is good."]]}


# One agent has two turns; then the conversation gets too long.
AGAIN = {
    "Sum it up.": [
        [spawn(FIND)],
        [("wait_agent", {**WAIT, "targets": ["@0"]})],
        [("send_input", {"target": "@0", "message": "Find the entry point. Again."})],
        [("wait_agent", {**WAIT, "targets": ["@0"]})],
        [300000, ("exec_command", {"cmd": "ls"})],
        ["All is done."],
    ],
    "Find the entry point.": [["It is main.rs."], [REPORT]],
}


class Codex:
    def __init__(self, program, project, model, script):
        self.program, self.project, self.script = program, project, script
        self.home = project.home / ".codex"
        self.home.mkdir(exist_ok=True)
        self.config = CONFIG.format(model=model, url="{url}")

    def configure(self, url):
        (self.home / "config.toml").write_text(self.config.replace("{url}", url))
        (self.home / "reviewer.toml").write_text('developer_instructions = "You review."\n')

    def work(self, *options):
        """A session from beginning to end; nobody is there to ask."""
        line = [self.program, "exec", "--dangerously-bypass-approvals-and-sandbox", *options]
        return self.project.done(*line, next(iter(self.script.agents)), env=NO_KEY)

    def trust(self):
        """What a user does in Codex with /hooks: each hook is trusted as it is now."""
        server = subprocess.Popen(
            [self.program, "app-server"], cwd=self.project.project, env={**self.project.env, **NO_KEY},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )

        def ask(number, method, params):
            server.stdin.write(json.dumps({"id": number, "method": method, "params": params}) + "\n")
            server.stdin.flush()
            for line in server.stdout:
                answer = json.loads(line)
                if answer.get("id") == number:
                    return answer["result"]
            raise AssertionError(f"no answer to {method}")

        try:
            ask(1, "initialize", {"clientInfo": {"name": "t", "title": "t", "version": "1"}})
            server.stdin.write('{"method": "initialized"}\n')
            found = ask(2, "hooks/list", {"cwds": [str(self.project.project)]})
            hooks = [it for entry in found["data"] for it in entry["hooks"]]
            state = {it["key"]: {"trusted_hash": it["currentHash"]} for it in hooks}
            edit = {"keyPath": "hooks.state", "value": state, "mergeStrategy": "upsert"}
            ask(3, "config/batchWrite", {"edits": [edit]})
        finally:
            server.terminate()
            server.wait()
        return hooks


def used(script, whose):
    """What sortie should say that an agent used: what was read from the cache is not among its input."""
    used = script.used[whose]
    return {
        "requests": len(used),
        "input_tokens": sum(it - cached for it, cached, _ in used),
        "cache_read_tokens": sum(cached for _, cached, _ in used),
        "output_tokens": sum(output for _, _, output in used),
    }


def check(project, script, wanted):
    """That the record has each agent, by the first line of its prompt, and nothing besides."""
    found = project.executions()
    scopes = [it["scope"] for it in found]
    expect(f"as many agents as there are: {len(wanted)}", sorted(scopes) == sorted(wanted), scopes)
    found = dict(zip(scopes, found))
    for scope, (kind, prompt, message) in wanted.items():
        it = found[scope]
        told = (it["agent_type"], it["prompt"], it.get("final_message"))
        expect(f"{scope} Its type, its prompt, its message", told == (kind, prompt, message), told)
        if message is None:
            expect(f"{scope} It failed", it["status"] == "failed" and it["error_message"], it)
            continue
        expect(f"{scope} It is completed", it["status"] == "completed", it["status"])
        usage, true = it["capture"]["usage"], used(script, scope)
        expect(f"{scope} Its usage", true.items() <= usage.items(), usage, true)
    return found


def rehearse(program, model, agents, wanted, scope):
    script = Script(agents)
    with Model(script) as server, Project("codex") as project:
        codex = Codex(program, project, model, script)
        codex.configure(server.url)
        project.sortie("install", "codex", f"--{scope}")
        if scope == "project":
            codex.work()
            told = project.sortie("status", "codex")
            expect("a project that is not trusted has no hooks called", "this project" in told, told)
            assert not project.executions()
            script.begin()
            codex.work("--trust")
        else:
            codex.work()
        told = project.sortie("status", "codex")
        expect("hooks that are not trusted are not called", "/hooks" in told, told)
        assert not project.executions()
        hooks = codex.trust()
        told = project.sortie("status", "codex")
        expect("hooks that are trusted are not complained of", "not trust" not in told, told)
        expect("Codex knows the hooks", all("hook codex" in it["command"] for it in hooks), hooks)
        script.begin()
        for it in codex.home.glob("sessions/**/*.jsonl"):
            it.unlink()
        server.asked.clear()
        codex.work()
        assert not server.wrong, server.wrong
        project.nothing_is_lost("codex")
        found = check(project, script, wanted)
        ended = project.json("track", "sessions")
        expect("the session has ended", [it["status"] for it in ended["sessions"]] == ["completed"], ended)
        if "Sum it up." in agents:
            told = json.dumps(server.asked[-1][2]["input"])
            expect("after a compaction the record is told", "sortie track" in told, told[-3000:])
        coverage = project.json("status", "codex")["coverage"]
        all_of_it = coverage["deployments"] == coverage["recorded"] == len(wanted)
        expect("what the rollouts tell of is on record", all_of_it, coverage)
        again = project.json("import")
        expect("an import finds nothing new", again["new"] == 0, again)
        check(project, script, wanted)
        again = project.json("import")
        expect("a second one finds nothing", again["new"] == again["merged"] == again["read"] == 0, again)
        # Without hooks, of the rollouts alone.
        for it in (project.project / ".sortie").glob("*"):
            it.unlink() if it.is_file() else None
        told = project.json("import")
        expect("the rollouts alone tell of all", told["new"] == len(wanted), told)
        check(project, script, wanted)
        return found


def rehearse_injection(program):
    """A prompt that names a bundle: its briefing stands in the prompt's place."""
    with Project("codex") as project:
        (project.project / "sortie.toml").write_text("[capture]\ninject = true\n")
        bundle = project.sortie("ctx", "prepare-bundle", "--agent-type", "reviewer", "--scope", "Review it",
                                "--files", "main.rs", "--quiet").strip()
        briefing = project.sortie("ctx", "generate-briefing", "--bundle", bundle)
        first = briefing.splitlines()[0]
        lead = [[spawn(f"Do it.\nsortie:bundle={bundle}")],
                [("wait_agent", {**WAIT, "targets": ["@0"]})], ["All is done."]]
        script = Script({"Lead the work.": lead, first: [["It is good."]]})
        with Model(script) as server:
            codex = Codex(program, project, "gpt-5", script)
            codex.configure(server.url)
            project.sortie("install", "codex", "--user")
            codex.trust()
            codex.work()
            assert not server.wrong, server.wrong
        it, = project.executions()
        expect("the agent was given the briefing", it["prompt"] == briefing, it["prompt"])
        expect("that is confirmed", it["capture"]["injected"] == "confirmed", it["capture"])
        expect("its bundle is known", it["bundle_id"] == bundle, it["bundle_id"])


def main():
    program = npm("@openai/codex", VERSION, "codex")
    if program is None:
        skipped("Codex CLI cannot be installed here")
        return
    both = {
        "Find the entry point.": ("default", FIND, REPORT),
        "Review it.": ("reviewer", REVIEW, "It is good."),
        "This goes wrong.": ("default", FAIL, None),
        "Nobody can.": ("nobody", "Nobody can.", None),
    }
    print("agents that are named by ids", flush=True)
    rehearse(program, "gpt-5", BY_ID, both, "project")
    print("agents that are named by tasks", flush=True)
    inner = {"Check the names.": ("default", "Check the names.", "They are fine.")}
    found = rehearse(program, "gpt-6-sol", BY_TASK, {**both, **inner}, "user")
    parent = found["Check the names."]["capture"]["parent_execution_id"]
    expect("who called whom is known", parent == found["Review it."]["execution_id"], parent)
    print("agents that a program calls", flush=True)
    one = {"Review it.": ("default", "Review it.", "It is good.")}
    rehearse(program, "gpt-5.6-luna", BY_PROGRAM, one, "user")
    print("an agent that is woken again, and a compaction", flush=True)
    found = rehearse(program, "gpt-5", AGAIN, {"Find the entry point.": ("default", FIND, REPORT)}, "user")
    turns = found["Find the entry point."]["capture"]["turns"]
    said = [it["first_line"] for it in turns if it["delivered"] == it["message"]]
    expect("it had two turns, and its caller got both", said == ["It is main.rs.", "# Report"], turns)
    print("a briefing in the place of a prompt", flush=True)
    rehearse_injection(program)
    print(f"codex {VERSION}: all of it is recorded", flush=True)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
