"""Claude Code, against a model that is a script: what is recorded of its agents by hooks alone, and that an
import of its transcripts says the same.

    cargo build && python3 tests/clients/harness/claude_code.py [SCENE …]
"""

import json
import os
import re
import sys

from common import ROOT, Model, Project, expect, npm, skipped, sse

VERSION = os.environ.get("VERSION", "2.1.330")


def say(text):
    return {"type": "text", "text": text}


def use(name, **given):
    return {"type": "tool_use", "name": name, "input": given}


def agent(description, prompt, **given):
    given = {"subagent_type": "general-purpose", **given}
    return use("Agent", description=description, prompt=prompt, **given)


WAIT, APART = {"run_in_background": False}, {"run_in_background": True}
PART = "The lexer drops the last token of a file. " * 8
FLOW = """export const meta = { name: 'look', description: 'Look twice', phases: [{ title: 'Look' }] }
phase('Look')
return await parallel([() => agent('Look left.', { label: 'left' }), () => agent('Look right.', { label: 'right' })])
"""

# What each conversation answers, one list of blocks after the other. A conversation is the lead's, which is
# named by its prompt, or an agent's, whose prompt names it.
PLAYS = {
    "split": [[agent("Read the lexer", "PLAY:parts", **WAIT)], [say("LEAD")]],
    "parts": [[say(PART), say("That is all.")]],
    "pointer": [[agent("Read the lexer", "PLAY:tidies", **WAIT)], [say("LEAD")]],
    "tidies": [[say(PART), use("Bash", command="true", description="tidy")], [say("The report is above.")]],
    "background": [[agent("Look", "Look around.", **APART)], [say("LEAD waits")], [say("LEAD")]],
    "alike": [[agent("First", "The same.", **WAIT), agent("Second", "The same.", **WAIT), agent("Third", "Another.")],
              [say("LEAD waits")], [say("LEAD")]],
    "nested": [[agent("Outer", "PLAY:outer", **APART)], [say("LEAD waits")], [say("LEAD")]],
    "outer": [[agent("Inner", "Look closer.")], [say("Outer has it from the inner one.")]],
    "woken": [[agent("Worker", "PLAY:worker", **APART)], [say("LEAD waits")],
              lambda asked: [use("SendMessage", to=spawned(asked), summary="and the second half", message="Go on.")],
              [say("LEAD waits again")], [say("LEAD")]],
    "worker": [[say("The first half.")], [say("The second half, and then some.")]],
    "fork": [[agent("A fork", "Go on.", subagent_type="fork")], [say("LEAD waits")], [say("LEAD")]],
    "flow": [[use("Workflow", script=FLOW)], [say("LEAD waits")], [say("LEAD")]],
    "refused": [[agent("Look", "Look around.", **WAIT)], [say("LEAD")]],
    "broken": [[agent("Look", "BREAK", **WAIT)], [say("LEAD")]],
    "nobody": [[agent("Look", "Look around.", subagent_type="nobody", **WAIT)], [say("LEAD")]],
    "worktree": [[agent("Look", "Look around.", isolation="worktree", **WAIT)], [say("LEAD")]],
    "plain": [[agent("Look", "Look around.", **WAIT)], [say("LEAD")]],
}


def texts(message):
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(it.get("text", "") for it in content if it["type"] == "text")


def spawned(asked):
    return re.search(r"agentId: (\w+)", json.dumps(asked["messages"])).group(1)


def usage(number):
    return {"input_tokens": 100 + number, "cache_creation_input_tokens": 1000 + number,
            "cache_read_input_tokens": 2000 + number, "output_tokens": 50 + number}


def model():
    """Answers by the plays, and bills each request with figures of its own."""
    count = [0]

    def answer(method, path, asked):
        if method != "POST" or "/v1/messages" not in path:
            return 404, "application/json", b"{}"
        if "count_tokens" in path:
            return 200, "application/json", b'{"input_tokens": 10}'
        count[0] += 1
        said = "\n".join(texts(it) for it in asked["messages"] if it["role"] == "user")
        if "BREAK" in said:
            error = {"type": "error", "error": {"type": "invalid_request_error", "message": "no such thing"}}
            return 400, "application/json", json.dumps(error).encode()
        named = re.search(r"PLAY:(\w+)", said)
        turn = sum(it["role"] == "assistant" for it in asked["messages"])
        play = PLAYS.get(named.group(1), []) if named else []
        blocks = play[turn] if turn < len(play) else [say("Done.")]
        blocks = [dict(it) for it in (blocks(asked) if callable(blocks) else blocks)]
        return 200, "text/event-stream", sse(list(streamed(asked["model"], blocks, count[0])))

    return Model(answer)


def streamed(name, blocks, number):
    stop = "tool_use" if any(it["type"] == "tool_use" for it in blocks) else "end_turn"
    begun = {**usage(number), "output_tokens": 1}
    message = {"id": f"msg_{number:04}", "type": "message", "role": "assistant", "model": name, "content": [],
               "stop_reason": None, "stop_sequence": None, "usage": begun}
    yield {"type": "message_start", "message": message}
    for index, it in enumerate(blocks):
        if it["type"] == "text":
            start, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": it["text"]}
        else:
            start = {**it, "id": f"toolu_{number:04}{index}", "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(it["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage(number)}
    yield {"type": "message_stop"}


class Scene(Project):
    """A project with sortie's hooks in Claude Code's settings."""

    def __init__(self, name, program, how="project"):
        super().__init__(f"claude-code-{name}")
        self.name, self.program = name, program
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        self.done("git", "add", "-A")
        self.done("git", *identity, "commit", "--quiet", "-m", "a")
        self.env.update(ANTHROPIC_API_KEY="none", DISABLE_TELEMETRY="1", DISABLE_AUTOUPDATER="1", IS_SANDBOX="1",
                        DISABLE_ERROR_REPORTING="1", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1")
        if how == "project":
            self.sortie("install", "claude-code", "--project", "--quiet")

    def play(self, prompt=None, *options, free=True):
        """A session; what it says, and what its model was asked."""
        with model() as there:
            free = ("--dangerously-skip-permissions",) if free else ()
            prompt = prompt or f"PLAY:{self.name}"
            answer = self.done(self.program, "-p", prompt, *free, *options, env={"ANTHROPIC_BASE_URL": there.url})
            assert not there.wrong, there.wrong
            return answer, [body for _, _, body in there.asked]

    def recorded(self):
        """By its description; and an import of the same transcripts says the same."""
        by_hooks = {it["scope"]: it for it in self.executions()}
        self.nothing_is_lost("claude-code")
        status = self.json("status", "claude-code")["coverage"]
        expect("every deployment in transcripts is on record", not status["missing"], status)
        other = str(self.top / "imported.db")
        self.sortie("import", "--db", other, "--quiet")
        for scope, it in by_hooks.items():
            shown = json.loads(self.done("sortie", "track", "show", it["execution_id"], "--db", other, "--format", "json"))
            imported = {**shown["execution"], "capture": shown["capture"]}
            for key in ("status", "final_message", "agent_type", "scope", "model", "briefing_hash",
                        "context_token_count", "error_message"):
                expect(f"hooks and an import say the same: {key}", it.get(key) == imported.get(key), scope, it.get(key), imported.get(key))
            used = [(x["capture"].get("usage") or {}).get("output_tokens") for x in (it, imported)]
            expect("hooks and an import say the same: usage", used[0] == used[1], scope, used)
        return by_hooks


def output(*requests):
    return sum(usage(it)["output_tokens"] for it in requests)


def reports(program):
    """Reports of which the caller gets a part."""
    for name, whole, delivered in (
        ("split", f"{PART}\n\nThat is all.", "That is all."),
        ("pointer", f"{PART}\n\nThe report is above.", "The report is above."),
    ):
        with Scene(name, program) as it:
            it.play()
            one = it.recorded()["Read the lexer"]
            expect("a report that was cut is whole", one["final_message"] == whole, one["final_message"])
            lost = one["capture"]["lost"]
            expect("what its caller got is kept", lost["delivered"]["bytes"] == len(delivered), lost)
            requests = {"split": [2], "pointer": [2, 3]}[name]
            expect("each request of an agent is counted once",
                   one["capture"]["usage"]["output_tokens"] == output(*requests), one["capture"])


def joins(program):
    """Which call is which agent's."""
    with Scene("background", program) as it:
        it.play()
        one = it.recorded()["Look"]
        expect("an agent in the background comes back", one["status"] == "completed" and one["capture"]["background"], one)
        expect("its prompt is what it got", one["prompt"] == "Look around.", one)
    with Scene("alike", program) as it:
        it.play()
        all = it.recorded()
        expect("three at once are three", set(all) == {"First", "Second", "Third"}, all)
        expect("each has its own agent", len({x["capture"]["agent_id"] for x in all.values()}) == 3, all)
    with Scene("nested", program) as it:
        it.play()
        all = it.recorded()
        parent = all["Inner"]["capture"]["parent_execution_id"]
        expect("an agent's agent knows its parent", parent == all["Outer"]["execution_id"], all)
        expect("both are well", all["Inner"]["success"] and all["Outer"]["success"], all)
        expect("each has its own message", all["Outer"]["final_message"].startswith("Outer has it"), all)
    with Scene("woken", program) as it:
        it.play()
        one = it.recorded()["Worker"]
        expect("a woken agent has two turns", len(one["capture"]["turns"]) == 2, one["capture"])
        expect("the last is its message", one["final_message"] == PLAYS["worker"][1][0]["text"], one)
    with Scene("fork", program) as it:
        it.play()
        one = it.recorded()["A fork"]
        # Older builds have none.
        expect("a fork is not billed for its caller",
               one["status"] == "failed" or one["capture"]["usage"]["requests"] == 1, one["capture"])
    with Scene("flow", program) as it:
        it.play()
        all = it.recorded()
        expect("a workflow's agents are on record", len(all) == 2, all)
    with Scene("worktree", program) as it:
        it.play()
        one = it.recorded()["Look"]
        expect("an agent in a worktree is the project's", one["status"] == "completed", one)


def failures(program):
    with Scene("refused", program) as it:
        it.play(None, "--settings", '{"permissions":{"ask":["Agent"]}}', free=False)
        one = it.recorded()["Look"]
        expect("a refused call failed", one["status"] == "failed", one)
    with Scene("broken", program) as it:
        it.play()
        one = it.recorded()["Look"]
        expect("an error of the API is a failure, and no message",
               one["status"] == "failed" and one.get("final_message") is None, one)
    with Scene("nobody", program) as it:
        it.play()
        expect("an agent that is none failed", it.recorded()["Look"]["status"] == "failed")


def briefings(program):
    """A bundle's briefing in the place of a prompt, and what a lead is told after a compaction."""
    with Scene("injected", program) as it:
        (it.project / "sortie.toml").write_text("[capture]\ninject = true\n")
        bundle = it.sortie("ctx", "prepare-bundle", "--agent-type", "reviewer", "--scope", "Look", "--files", "main.rs", "-q").strip()
        PLAYS["injected"] = [[agent("Look", f"sortie:bundle={bundle}", **WAIT)], [say("LEAD")]]
        _, asked = it.play()
        one = it.executions()[0]
        expect("a briefing stood in the prompt's place", one["capture"]["injected"] == "confirmed", one["capture"])
        expect("the model was asked with it", any("# Briefing" in json.dumps(it) for it in asked))
        expect("the bundle is the execution's", one["bundle_id"] == bundle, one)
    with Scene("plain", program) as it:
        it.play()
        session = it.executions()[0]["capture"]["harness_session_id"]
        it.play("/compact", "--resume", session)
        _, asked = it.play("What now?", "--resume", session)
        told = json.dumps(asked[-1])
        expect("after a compaction the lead knows what ran", "sortie outputs synthesize" in told and "Look" in told)
        expect("a compaction is no deployment", len(it.executions()) == 1)


def plugin(program):
    """The plugin of this repository, as a user installs it; and the settings' hooks beside it."""
    with Scene("plain", program) as it:
        it.done(program, "plugin", "validate", ROOT / "assets/plugin")
        it.done(program, "plugin", "marketplace", "add", ROOT)
        it.done(program, "plugin", "install", "sortie@sortie")
        said, _ = it.play(None, "--output-format", "stream-json", "--verbose")
        begun = next(x for x in map(json.loads, said.splitlines()) if x.get("subtype") == "init")
        servers = [x["status"] for x in begun["mcp_servers"] if x["name"] == "plugin:sortie:sortie"]
        expect("its server is connected", servers == ["connected"], begun["mcp_servers"])
        expect("its skill is known", "sortie:sortie" in begun["skills"], begun["skills"])
        all = it.executions()
        expect("two hooks for one event record it once", len(all) == 1 and all[0]["status"] == "completed", all)


def prices(program):
    """What sortie says a request cost is what Claude Code says."""
    with Scene("prices", program, how="none") as it:
        import tomllib

        table = tomllib.loads((ROOT / "assets/models.toml").read_text())["prices"]["models"]
        dated = {"claude-opus-4-5": "20251101", "claude-sonnet-4-5": "20250929", "claude-haiku-4-5": "20251001"}
        for name in ("claude-fable-5-1", "claude-opus-5-5", "claude-opus-5", "claude-sonnet-5-5", "claude-sonnet-5",
                     "claude-haiku-5-5", *dated):
            full = f"{name}-{dated[name]}" if name in dated else name
            said, _ = it.play("Hello.", "--model", full, "--output-format", "json")
            told = json.loads(said)["modelUsage"][full]
            price = table[name]
            ours = sum(told[key] * price[what] for key, what in (
                ("inputTokens", "input"), ("outputTokens", "output"), ("cacheReadInputTokens", "cache_read"),
                ("cacheCreationInputTokens", "cache_write"))) / 1e6
            expect("a model's price is the harness's own", abs(ours - told["costUSD"]) < 1e-9, name, ours, told)


def main():
    program = npm("@anthropic-ai/claude-code", VERSION, "claude")
    if not program:
        return skipped(f"Claude Code {VERSION} cannot be had from npm here")
    scenes = {it.__name__: it for it in (reports, joins, failures, briefings, plugin, prices)}
    for name in sys.argv[1:] or scenes:
        scenes[name](program)


main()
