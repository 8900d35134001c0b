"""What the rehearsals of harnesses share: a real harness from npm, a server that plays its model, and a
project in which `sortie` is installed for it.

Nothing of the caller's environment reaches the harness: no keys, no sessions, no configuration. It has a
home of its own, and its model is a script on 127.0.0.1.
"""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOLS = ROOT / "target/clients"
SORTIE = pathlib.Path(os.environ.get("SORTIE", ROOT / "target/debug/sortie")).resolve()


def npm(package, version, program):
    """The program of a package, installed below target/clients/ once; None where it cannot be had. HARNESSES
    names a directory that has it already, as npm installs it."""
    there = os.environ.get("HARNESSES")
    home = pathlib.Path(there) if there else TOOLS / "harness"
    path = home / "node_modules/.bin" / program
    manifest = home / "node_modules" / package / "package.json"
    if manifest.exists() and json.loads(manifest.read_text())["version"].startswith(version):
        return path
    if there or not shutil.which("npm"):
        return None
    home.mkdir(parents=True, exist_ok=True)
    print(f"installing {package}@{version}", flush=True)
    line = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", home]
    done = subprocess.run([*line, f"{package}@{version}"])
    return path if done.returncode == 0 and path.exists() else None


def skipped(what):
    print("#" * 60, f"# SKIPPED: {what}", "#" * 60, sep="\n", flush=True)


def sse(events, named=True):
    """Events as a server sends them. Each is a dict; its `type` is the event's name."""
    text = ""
    for it in events:
        text += f"event: {it['type']}\n" if named else ""
        text += f"data: {json.dumps(it)}\n\n"
    return text.encode()


class Model:
    """A server in the place of a model. `answer(method, path, body)` gives the status, the content type and
    the bytes of each answer; it is called by one request at a time. All that was asked is in `asked`."""

    def __init__(self, answer):
        self.asked, self.wrong = [], []
        lock = threading.Lock()
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                length = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(length)
                try:
                    body = json.loads(raw) if raw else {}
                except ValueError:
                    body = {}
                with lock:
                    model.asked.append((self.command, self.path, body))
                    try:
                        status, kind, data = answer(self.command, self.path, body)
                    except Exception as error:
                        model.wrong.append(f"{self.command} {self.path}: {error!r}")
                        status, kind, data = 500, "application/json", b"{}"
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_HEAD = serve

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A harness that is done hangs up.
        self.server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Project:
    """A project and a home of its own, below a directory that goes when this is left (KEEP=1: it stays)."""

    def __init__(self, name):
        TOOLS.mkdir(parents=True, exist_ok=True)
        self.top = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=TOOLS))
        self.home, self.project = self.top / "home", self.top / "project"
        for it in (self.home, self.project / ".sortie", self.top / "bin", self.top / "tmp"):
            it.mkdir(parents=True)
        (self.top / "bin/sortie").symlink_to(SORTIE)
        (self.project / "main.rs").write_text("fn main() {}\n")
        self.env = {
            "PATH": f"{self.top / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "TMPDIR": str(self.top / "tmp"),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
        }
        self.done("git", "init", "--quiet")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if os.environ.get("KEEP"):
            print(f"kept: {self.top}", flush=True)
        else:
            shutil.rmtree(self.top, ignore_errors=True)

    def run(self, *command, env=None, stdin="", seconds=180):
        """Runs a command in the project with nothing but the project's own environment."""
        return subprocess.run(
            [str(it) for it in command], cwd=self.project, env={**self.env, **(env or {})},
            input=stdin, capture_output=True, text=True, timeout=seconds,
        )

    def done(self, *command, **more):
        """The same, for what must not fail; its stdout."""
        it = self.run(*command, **more)
        if it.returncode != 0:
            sys.exit(f"{command}: {it.returncode}\n{it.stdout}\n{it.stderr}")
        return it.stdout

    def sortie(self, *words):
        return self.done("sortie", *words)

    def json(self, *words):
        return json.loads(self.sortie(*words, "--format", "json"))

    def executions(self):
        """Every deployment on record, in the order they were deployed: its fields, `capture` as `track show`
        has it, and the text of its `prompt`."""
        listed = self.sortie("track", "query", "--format", "jsonl").splitlines()
        if not listed:
            return []
        records = map(json.loads, self.sortie("track", "export").splitlines())
        texts = {it["content_hash"]: it["text"] for it in records if it["record"] == "content"}
        found = []
        for line in listed:
            shown = self.json("track", "show", json.loads(line)["execution_id"])
            it = shown["execution"]
            prompt = texts.get(it["briefing_hash"])
            found.append({**it, "capture": shown["capture"], "prompt": prompt})
        return sorted(found, key=lambda it: it["deployed_at"])

    def nothing_is_lost(self, harness):
        """Every event was recorded when it came."""
        losses = self.json("status", harness)["losses"]
        assert losses["events"] == losses["waiting"] == 0, losses


SEEN = set()


def expect(what, is_so, *told):
    """One thing that must be so."""
    if not is_so:
        raise AssertionError(f"{what}: {' '.join(map(str, told))}")
    if what not in SEEN:
        SEEN.add(what)
        print(f"  {what}", flush=True)
