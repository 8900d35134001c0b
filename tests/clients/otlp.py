#!/usr/bin/env python3
"""Sends a history to a real receiver of OpenTelemetry traces, and asks that receiver what it has.

    cargo build && python3 tests/clients/otlp.py [phoenix] [mlflow]

Each receiver is installed from PyPI into target/clients/ once, listens on 127.0.0.1 while this runs, and
keeps its data in a temporary directory. Not one of the quick tests: an installation is some hundred
megabytes. SORTIE names another binary than target/debug/sortie. Where PyPI is out of reach it says so and
ends with 0; a receiver that has other spans than it was sent ends it with 1.
"""

import base64
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
SORTIE = pathlib.Path(os.environ.get("SORTIE", ROOT / "target/debug/sortie")).resolve()
BRIEFING = "Implement the search.\n"
MESSAGE = "Done: naïve 漢字, recall 0.92.\n"


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Phoenix:
    """Arize Phoenix: an application for traces of agents."""

    package, program, headers = "arize-phoenix==20.26.1", "phoenix", []

    def start(self, bin, home, port):
        self.url = f"http://127.0.0.1:{port}"
        env = {
            "PHOENIX_WORKING_DIR": str(home),
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": str(port),
            "PHOENIX_GRPC_PORT": str(free_port()),
            "PHOENIX_TELEMETRY_ENABLED": "false",
        }
        return [bin / "phoenix", "serve"], env

    def is_up(self):
        urllib.request.urlopen(f"{self.url}/healthz", timeout=2).read()

    def spans(self):
        """Id, parent, name, status and attributes of each span."""
        found = ask(f"{self.url}/v1/projects/default/spans?limit=1000")["data"]
        return {
            it["context"]["span_id"]: (
                it["parent_id"], it["name"], it["status_code"], it["attributes"]
            )
            for it in found
        }


class Mlflow:
    """MLflow: its tracking server takes traces of an experiment."""

    package, program = "mlflow==3.17.2", "mlflow"
    headers = ["--header", "x-mlflow-experiment-id=0"]

    def start(self, bin, home, port):
        self.url = f"http://127.0.0.1:{port}"
        command = [bin / "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--backend-store-uri", f"sqlite:///{home}/mlflow.db"]
        command += ["--artifacts-destination", f"{home}/artifacts", "--workers", "1"]
        return command, {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}

    def is_up(self):
        urllib.request.urlopen(f"{self.url}/health", timeout=2).read()

    def spans(self):
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
        traces = ask(f"{self.url}/api/3.0/mlflow/traces/search", {"locations": [place]})
        spans = {}
        for trace in traces["traces"]:
            query = urllib.parse.urlencode({"trace_id": trace["trace_id"]})
            whole = ask(f"{self.url}/api/3.0/mlflow/traces/get?{query}")["trace"]
            for it in whole["spans"]:
                spans[hexed(it["span_id"])] = (
                    hexed(it.get("parent_span_id")), it["name"],
                    it["status"]["code"].removeprefix("STATUS_CODE_"),
                    {pair["key"]: plain(pair["value"]) for pair in it["attributes"]},
                )
        return spans


def hexed(identifier):
    """An id that may have come as base64, as JSON has bytes."""
    if not identifier or len(identifier) == 16:
        return identifier or None
    return base64.b64decode(identifier).hex()


def plain(value):
    """The value of an attribute; MLflow says what JSON says that stands in a text."""
    (kind, value), = value.items()
    match kind:
        case "int_value":
            return int(value)
        case "array_value":
            return [plain(it) for it in value.get("values", [])]
        case "kvlist_value":
            return {it["key"]: plain(it["value"]) for it in value.get("values", [])}
        case _:
            return json_of(value)


def install(receiver):
    home = ROOT / "target/clients" / receiver.program
    if not (home / "bin" / receiver.program).exists():
        print(f"installing {receiver.package}", flush=True)
        venv.create(home, with_pip=True, clear=True)
        pip = [home / "bin/pip", "install", "--quiet", receiver.package]
        if subprocess.run(pip).returncode != 0:
            return None
    return home / "bin"


class Project:
    """A project with one session that has ended and one that has not."""

    def __init__(self, home):
        self.home = home
        self.run("track init-session --session-id s-1 --scope", "Vector search")
        for name, more in [("e-1", ["--model", "claude-sonnet-5"]), ("e-2", ["--model", "gpt-5"])]:
            self.deploy("s-1", name, *more)
        self.complete("e-1", MESSAGE)
        self.complete("e-2", "It failed.", "--status", "failed", "--error-message", "out of time")
        self.run("track complete-session --session-id s-1")
        self.captured()
        self.run("track init-session --session-id s-2 --scope", "Another")
        self.deploy("s-2", "e-3")
        self.deploy("s-2", "e-4")
        self.complete("e-3", "Done.")

    def run(self, line, *more, stdin=""):
        command = [SORTIE, *line.split(), *more]
        done = subprocess.run(command, cwd=self.home, input=stdin.encode(), capture_output=True)
        if done.returncode != 0:
            sys.exit(f"{command}: {done.stderr.decode()}")
        return done.stdout.decode()

    def deploy(self, session, name, *more):
        briefing = ["--briefing", "-"]
        line = f"track init-deployment --session-id {session} --execution-id {name}"
        self.run(line, "--agent-type", "implementor", "--scope", "Search", *more, *briefing,
                 stdin=BRIEFING)

    def complete(self, name, message, *more):
        line = f"track record-completion --execution-id {name} --final-message -"
        self.run(line, *more, stdin=message)

    def captured(self):
        """A session that a harness tells of, with what its agent used."""
        usage = {"input_tokens": 10, "output_tokens": 20}
        usage |= {"cache_read_input_tokens": 70, "cache_creation_input_tokens": 30}
        response = {"status": "completed", "agentId": "a1", "resolvedModel": "claude-sonnet-5"}
        response |= {"content": [{"type": "text", "text": MESSAGE}], "usage": usage}
        call = {"tool_name": "Agent", "tool_use_id": "toolu_1"}
        call["tool_input"] = {"prompt": BRIEFING, "description": "x", "subagent_type": "explorer"}
        for event in [
            {"hook_event_name": "PreToolUse", **call},
            {"hook_event_name": "PostToolUse", **call, "tool_response": response},
            {"hook_event_name": "SessionEnd", "reason": "exit"},
        ]:
            event |= {"session_id": "6a1b0000-0000-4000-8000-000000000001"}
            event |= {"transcript_path": "/nowhere.jsonl", "cwd": str(self.home)}
            self.run("hook claude-code", stdin=json.dumps(event))

    def export(self, receiver, *more):
        return self.run("export --otlp", receiver.url, "--content", *receiver.headers, *more)

    def expected(self):
        """The spans that `--dry-run` lists."""
        lines = self.run("export --otlp --content --dry-run").splitlines()
        spans = {}
        for it in map(json.loads, lines):
            status = it["status"]["code"].upper()
            spans[it["span_id"]] = (it["parent_span_id"], it["name"], status, it["attributes"])
        return spans


def wait_for(what, seconds):
    until = time.monotonic() + seconds
    while True:
        try:
            return what()
        except (OSError, AssertionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def check(receiver, project):
    """The receiver has just the spans that were sent, with all that they say."""
    expected = project.expected()

    def has_them():
        found = receiver.spans()
        assert found.keys() == expected.keys(), f"{sorted(found)} are not {sorted(expected)}"
        for name, (parent, title, status, attributes) in expected.items():
            assert found[name][:3] == (parent, title, status), f"{name}: {found[name][:3]}"
            for key, value in attributes.items():
                there = found[name][3].get(key)
                # Some receivers show what a JSON text says.
                same = there == value or json_of(there) == json_of(value)
                assert same, f"{name} {key}: {there!r} is not {value!r}"
    wait_for(has_them, 30)
    return len(expected)


def json_of(value):
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def rehearse(receiver):
    bin = install(receiver)
    if bin is None:
        print(f"SKIPPED: {receiver.package} cannot be installed here", flush=True)
        return
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        (home / "project/.sortie").mkdir(parents=True)
        (home / "data").mkdir()
        command, env = receiver.start(bin, home / "data", free_port())
        with open(home / "log", "wb") as log:
            running = subprocess.Popen(command, env={**os.environ, **env}, stdout=log, stderr=log)
        try:
            wait_for(receiver.is_up, 180)
            project = Project(home / "project")
            print(project.export(receiver), flush=True)
            count = check(receiver, project)
            print(f"{receiver.program}: {count} spans, as they were sent", flush=True)
            project.export(receiver)
            time.sleep(3)
            assert check(receiver, project) == count
            print(f"{receiver.program}: {count} after a second export", flush=True)
            project.complete("e-4", "Done, too.")
            project.run("track complete-session --session-id s-2")
            project.export(receiver)
            count = check(receiver, project)
            print(f"{receiver.program}: {count} when all has ended", flush=True)
        except BaseException:
            print((home / "log").read_text()[-4000:], flush=True)
            raise
        finally:
            running.terminate()
            running.wait()


RECEIVERS = {"phoenix": Phoenix, "mlflow": Mlflow}

if __name__ == "__main__":
    for name in sys.argv[1:] or RECEIVERS:
        rehearse(RECEIVERS[name]())
