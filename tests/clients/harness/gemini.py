#!/usr/bin/env python3
"""Runs the real Gemini CLI with sortie's hooks in place, against a model that is a script, and asks sortie
what it has recorded.

    cargo build && python3 tests/clients/harness/gemini.py

Gemini CLI is installed from npm into target/clients/ once. Not one of the quick tests: the package has some
hundred megabytes. Where it cannot be had, that is said, and this ends with 0.
"""

import json
import sys

from common import Model, Project, expect, npm, skipped

VERSION = "0.61.0"
AGENT = """---
name: {name}
description: Does what it is told.
tools:
  - list_directory
---
You do what you are told.
"""
REPORT = "# Report\n\nThe entry point is main.rs, naïve 漢字.\n\n" + "One more line.\n" * 50 + "The end."


class Script:
    """What the model says: for each agent, by the first line of its prompt, a list of answers; each answer
    is a list of texts and of calls, (tool, arguments)."""

    def __init__(self, agents):
        self.agents = agents
        self.begin()

    def begin(self):
        self.said = {name: 0 for name in self.agents}
        self.used = {name: [] for name in self.agents}
        self.answers = 0

    def __call__(self, method, path, body):
        if "treamGenerateContent" not in path:
            # Which model is to answer is asked of a model, too.
            choice = {"complexity_reasoning": "none", "complexity_score": 1, "model_choice": "flash"}
            return 200, "application/json", json.dumps(self.answer([json.dumps(choice)], {})).encode()
        whose = self.agent(body["contents"])
        answer = self.agents[whose][self.said[whose] % len(self.agents[whose])]
        self.said[whose] += 1
        if answer == ["fails"]:
            error = {"code": 400, "message": "the script refuses", "status": "INVALID_ARGUMENT"}
            return 400, "application/json", json.dumps({"error": error}).encode()
        self.answers += 1
        cached = 10 * self.answers
        usage = {
            "promptTokenCount": 1000 + self.answers, "cachedContentTokenCount": cached,
            "candidatesTokenCount": self.answers, "thoughtsTokenCount": 2,
            "totalTokenCount": 1002 + 2 * self.answers,
        }
        self.used[whose].append((1000 + self.answers - cached, cached, self.answers + 2))
        told = json.dumps(self.answer(answer, usage))
        return 200, "text/event-stream", f"data: {told}\n\n".encode()

    def agent(self, contents):
        for it in contents:
            for text in (part.get("text", "") for part in it["parts"]):
                for name in self.agents:
                    if text.startswith(name):
                        return name
        raise AssertionError("nobody of the script")

    def answer(self, answer, usage):
        def part(what):
            if isinstance(what, str):
                return {"text": what}
            return {"functionCall": {"name": what[0], "args": what[1]}}

        content = {"role": "model", "parts": [part(it) for it in answer]}
        candidate = {"content": content, "finishReason": "STOP", "index": 0}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "script"}


def invoke(prompt, agent="finder"):
    return ("invoke_agent", {"agent_name": agent, "prompt": prompt})


def hand_in(result):
    return ("complete_task", {"result": result})


FIND, REVIEW, FAIL = "Find the entry point.\nSay where.", "Review it.", "This goes wrong."
AGENTS = {
    "Lead the work.": [
        [invoke(FIND), invoke(REVIEW, "reviewer")],
        # The same once more.
        [invoke(REVIEW, "reviewer")],
        [invoke(FAIL), invoke("Nobody can.", "nobody")],
        ["All is done."],
    ],
    "Find the entry point.": [["I look.", ("list_directory", {"dir_path": "."})], [hand_in(REPORT)]],
    "Review it.": [[hand_in("It is good.")]],
    "This goes wrong.": [["fails"]],
}
WANTED = [
    ("Find the entry point.", "finder", FIND, REPORT),
    ("Nobody can.", "nobody", "Nobody can.", None),
    ("Review it.", "reviewer", REVIEW, "It is good."),
    ("Review it.", "reviewer", REVIEW, "It is good."),
    ("This goes wrong.", "finder", FAIL, None),
]


class Gemini:
    def __init__(self, program, project, script):
        self.program, self.project, self.script = program, project, script
        self.home = project.home / ".gemini"
        (self.home / "agents").mkdir(parents=True)
        for name in ("finder", "reviewer"):
            (self.home / "agents" / f"{name}.md").write_text(AGENT.format(name=name))
        settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
        (self.home / "settings.json").write_text(json.dumps(settings))

    def work(self, url, *options):
        """A session from beginning to end; nobody is there to ask."""
        env = {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": url}
        line = [self.program, "--approval-mode", "yolo", *options, "--prompt", "Lead the work."]
        return self.project.done(*line, env=env)

    def trust(self):
        """What a user does when the program asks."""
        rule = {str(self.project.project): "TRUST_FOLDER"}
        (self.home / "trustedFolders.json").write_text(json.dumps(rule))


def check(project, script):
    """That the record has each agent, and nothing besides."""
    found = sorted(project.executions(), key=lambda it: (it["scope"], it["deployed_at"]))
    told = [(it["scope"], it["agent_type"], it["prompt"], it.get("final_message")) for it in found]
    expect("each agent, its type, its prompt, its message", told == WANTED, told)
    for it in found:
        if it["scope"] in ("Nobody can.", "This goes wrong."):
            expect(f"{it['scope']} It failed", it["status"] == "failed" and it["error_message"], it)
        else:
            expect(f"{it['scope']} It is completed", it["status"] == "completed", it)
            expect(f"{it['scope']} Nothing is said to be lost", not it["capture"].get("lost"), it)
    for scope in ("Find the entry point.", "Review it."):
        usages = [it["capture"]["usage"] for it in found if it["scope"] == scope]
        keys = ("input_tokens", "cache_read_tokens", "output_tokens")
        parts = [tuple(sum(part) for part in zip(*script.used[scope]))]
        if scope == "Review it.":
            parts = script.used[scope]
        had = sorted(tuple(it[key] for key in keys) for it in usages)
        expect(f"{scope} Its usage", had == sorted(parts), had, parts)
        requests = sum(it["requests"] for it in usages)
        expect(f"{scope} Its requests", requests == len(script.used[scope]), requests)
    return found


def rehearse(program, scope):
    script = Script(AGENTS)
    with Model(script) as server, Project("gemini") as project:
        gemini = Gemini(program, project, script)
        project.sortie("install", "gemini", f"--{scope}")
        if scope == "project":
            gemini.work(server.url, "--skip-trust")
            told = project.sortie("status", "gemini")
            expect("a folder that is not trusted has no hooks called", "this folder" in told, told)
            assert not project.executions()
            gemini.trust()
            told = project.sortie("status", "gemini")
            expect("a folder that is trusted is not complained of", "not trust" not in told, told)
            script.begin()
            for it in (gemini.home / "tmp").glob("*/chats/**/*.jsonl"):
                it.unlink()
            gemini.work(server.url)
        else:
            gemini.work(server.url, "--skip-trust")
        assert not server.wrong, server.wrong
        project.nothing_is_lost("gemini")
        check(project, script)
        ended = project.json("track", "sessions")
        expect("the session has ended", [it["status"] for it in ended["sessions"]] == ["completed"], ended)
        told = project.json("status", "gemini")["coverage"]
        all_of_it = told["deployments"] == told["recorded"] == len(WANTED)
        expect("what the transcripts tell of is on record", all_of_it, told)
        again = project.json("import")
        expect("an import finds nothing new", again["new"] == 0, again)
        check(project, script)
        again = project.json("import")
        expect("a second one finds nothing", again["new"] == again["merged"] == again["read"] == 0, again)
        # Without hooks, of the transcripts alone.
        for it in (project.project / ".sortie").glob("*"):
            it.unlink() if it.is_file() else None
        told = project.json("import")
        expect("the transcripts alone tell of all", told["new"] == len(WANTED), told)
        check(project, script)


def main():
    program = npm("@google/gemini-cli", VERSION, "gemini")
    if program is None:
        skipped("Gemini CLI cannot be installed here")
        return
    for scope in ("project", "user"):
        print(f"hooks of the {scope}", flush=True)
        rehearse(program, scope)
    print(f"gemini {VERSION}: all of it is recorded", flush=True)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
