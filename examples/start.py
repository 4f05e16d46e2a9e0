# SPDX-License-Identifier: Apache-2.0
"""Starts an example: the part of an app that a visitor of its pages does not see. Each example's `run` calls this file.

It listens on 127.0.0.1 only. These variables change what it does:

    POSTERN            address of the service; http://127.0.0.1:8080 if not set
    PORT               port of the example; 8000 if not set. The tenant's `origins` must list http://127.0.0.1:PORT
    POSTERN_DEV        folder of `postern dev`; `postern-dev` in the repository if not set
    POSTERN_BINARY     the program `postern`; the build in the repository, or the one on the PATH, if not set
    POSTERN_TOKEN      token of a user; signed with the key of `postern dev` if not set
    POSTERN_API_KEY    API key of a back end; made for `postern dev` if not set
"""

import argparse
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

EXAMPLES = pathlib.Path(__file__).resolve().parent
ROOT = EXAMPLES.parent
PORT = os.environ.get("PORT", "8000")
POSTERN = os.environ.get("POSTERN", "http://127.0.0.1:8080").rstrip("/")
DEV = pathlib.Path(os.environ.get("POSTERN_DEV", ROOT / "postern-dev"))
HOSTS = {f"127.0.0.1:{PORT}", f"localhost:{PORT}"}
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def fail(text: str):
    print(f"postern: {text}", file=sys.stderr)
    sys.exit(1)


def require_port():
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", int(PORT)))
    except (OSError, ValueError, OverflowError) as problem:
        fail(f"cannot listen on 127.0.0.1:{PORT} ({problem}): name another port in PORT, and its origin in the tenant's `origins`")


def install(packages: list[str]):
    """Debian packages, by the script of the repository. On other systems it says what is needed."""
    script = ROOT / "scripts/install"
    if packages and script.exists() and subprocess.run([script, "packages", *packages], check=False).returncode != 0:
        sys.exit(1)


def postern(*arguments: str) -> str:
    """What a command of `postern` prints."""
    found = os.environ.get("POSTERN_BINARY") or next(
        (str(path) for path in (ROOT / ".build/debug/postern", ROOT / ".build/release/postern") if path.exists()), shutil.which("postern"))
    if not found:
        fail("there is no program postern: build it with make run, or name it in POSTERN_BINARY")
    try:
        done = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60, check=False)
    except OSError as problem:
        fail(f"there is no program {found} ({problem.strerror}): build it with make run, or name it in POSTERN_BINARY")
    if done.returncode != 0:
        fail(f"{found} {arguments[0]}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def require_service():
    try:
        urllib.request.urlopen(f"{POSTERN}/healthz", timeout=10).close()
    except (OSError, ValueError) as problem:
        fail(f"no answer from {POSTERN} ({problem}): run `make run` in another terminal, or name the service in POSTERN")


def dev_file(name: str) -> pathlib.Path:
    path = DEV / name
    if not path.exists():
        fail(f"there is no {path}: run `make run` in another terminal, or name the folder of postern dev in POSTERN_DEV")
    return path


def token() -> str:
    """A token of the visitor, which an app has from its own login."""
    given = os.environ.get("POSTERN_TOKEN")
    return given or postern(
        "token", "--key", str(dev_file("keys/private.pem")), "--issuer", "https://id.dev.invalid", "--audience", "uploads", "--user", "dev-user").strip()


def add_tenant(template: pathlib.Path) -> dict[str, str]:
    """Writes the example's own rule file, with a new API key, into the folder of `postern dev`, which reads it at once.

    Returns variables for the example: the API key, and the store's address, which the rule file of `postern dev` has.
    """
    store = re.search(r"^  endpoint: (\S+)", dev_file("tenants/example.yaml").read_text(), re.MULTILINE)
    if not store:
        fail(f"there is no endpoint in {DEV}/tenants/example.yaml: add the address of the store of postern dev to its `store`")
    made = json.loads(postern("key", "new", "--tenant", template.stem, "--id", template.stem, "--json"))
    written = template.read_text()
    target = DEV / "tenants" / template.name
    if target.exists() and target.read_text().partition("\n")[0] != written.partition("\n")[0]:
        fail(f"there is a rule file {target} that is not the example's: rename it and its tenant")
    text = written.replace("0" * 64, made["sha256"]).replace("http://127.0.0.1:9000", store.group(1)).replace(
        "http://127.0.0.1:8000", f"http://127.0.0.1:{PORT}")
    target.write_text(text)
    question = urllib.request.Request(f"{POSTERN}/v1/rules", headers={"Authorization": f"Bearer {made['key']}"})
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(question, timeout=10).close()
            return {"POSTERN_API_KEY": made["key"], "S3_ENDPOINT": store.group(1)}
        except urllib.error.HTTPError as refusal:
            if time.monotonic() > end:
                fail(f"{POSTERN} does not accept the API key in {target} ({refusal}): its log says why")
            time.sleep(0.2)


class Pages(http.server.BaseHTTPRequestHandler):
    """The files of an example, those of libraries, and `/session`, which is what an app's login gives its page."""

    timeout = 30  # of a silent connection, in seconds
    files: dict[str, pathlib.Path] = {}
    folders: dict[str, pathlib.Path] = {}

    def do_GET(self):
        path = self.path.partition("?")[0]
        # The page has a token, which a page under another name of this machine (DNS rebinding) must not get.
        if self.headers.get("Host") not in HOSTS:
            self.respond(421, "text/plain", f"Open http://127.0.0.1:{PORT}/.\n".encode())
        elif path == "/session":
            self.respond(200, "application/json", json.dumps({"postern": POSTERN, "token": token()}).encode())
        elif (file := self.find(path)) and file.is_file():
            self.respond(200, TYPES[file.suffix], file.read_bytes())
        else:
            self.respond(404, "text/plain", b"There is no such file.\n")

    def find(self, path: str) -> pathlib.Path | None:
        if path in self.files:
            return self.files[path]
        folder, _, name = (path + "index.html" if path == "/" else path).rpartition("/")
        # One name, without a way out of the folder.
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*\.(html|js|css)", name) or folder not in self.folders:
            return None
        return self.folders[folder] / name

    def respond(self, status: int, kind: str, body: bytes):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "no-store"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def announce():
    print(f"Open http://127.0.0.1:{PORT}/   Ctrl-C stops it.", flush=True)


def serve(folder: pathlib.Path, libraries: list[str]):
    Pages.folders = {"": folder}
    for library in libraries:
        where, _, path = library.partition("=")
        if not pathlib.Path(path).exists():
            fail(f"there is no {path}: {folder}/README.md says what the example needs")
        (Pages.folders if pathlib.Path(path).is_dir() else Pages.files)[where] = pathlib.Path(path)
    token()  # once before the start, so that a fault is told here
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), Pages)
    announce()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=pathlib.Path, help="of the example")
    arguments.add_argument("--packages", nargs="*", default=[], help="Debian packages that the example needs")
    arguments.add_argument("--library", action="append", default=[], metavar="PATH=FILE", help="a file or folder to serve under a path")
    arguments.add_argument("--command", nargs=argparse.REMAINDER, help="serve no pages; run this, the example's own server, with an API key")
    given = arguments.parse_args()
    folder = given.folder.resolve()
    # A proxy for the outside is not for this machine.
    os.environ.setdefault("no_proxy", "127.0.0.1,localhost")
    require_port()
    install(given.packages)
    require_service()
    if not given.command:
        serve(folder, given.library)
        return
    environment = {"POSTERN": POSTERN, "PORT": PORT}
    if "POSTERN_API_KEY" not in os.environ:
        environment |= add_tenant(next((folder / "tenants").glob("*.yaml")))
    program = shutil.which(given.command[0]) or fail(f"there is no program {given.command[0]}: {folder}/README.md says what the example needs")
    announce()
    os.chdir(folder)
    os.execve(program, given.command, os.environ | environment)


if __name__ == "__main__":
    main()
