"""`postern upload`: files to real, broken and hostile stores, what it prints, and how it ends."""

import fcntl
import hashlib
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time

import pytest

from harness import canaries
from harness.certificates import Authority
from harness.dev import Dev
from harness.ports import free_ports
from harness.scripted_server import Request, ScriptedServer
from harness.service import BINARY, Service, clean_environment
from harness.store_proxy import StoreProxy
from harness.tenant import Tenant
from harness.tokens import APIKey
from harness.waiting import until

RULES = {
    "files": {"keyPrefix": "{tenant}/files/{user}/", "keyName": "{uuid}-{filename}", "contentTypes": ["text/plain", "application/pdf"],
              "maxSize": "100MiB", "minSize": 0, "metadata": {"allowed": ["album"]}},
    "audits": {"keyPrefix": "{tenant}/audits/{user}/{audit}/{path}/", "keyName": "{filename}", "parameters": {"audit": "digits"},
               "contentTypes": ["text/plain"], "maxSize": "1MiB"},
    "quick": {"keyPrefix": "{tenant}/quick/{user}/", "contentTypes": ["text/plain"], "maxSize": "1MiB", "expiry": "3s"},
    "slow": {"keyPrefix": "{tenant}/slow/{user}/", "contentTypes": ["text/plain"], "maxSize": "1MiB", "limits": {"perUser": "1/1s"}},
    "small": {"keyPrefix": "{tenant}/small/{user}/", "contentTypes": ["text/plain"], "maxSize": 10},
}


def tenant_at(id: str, endpoint: str, bucket: str = "uploads", **store) -> Tenant:
    return Tenant(id, rules=RULES, api_keys=[APIKey(id)], store={
        "bucket": bucket, "region": "us-east-1", "endpoint": endpoint, "addressing": "path", **store})


@pytest.fixture(scope="module")
def service(make_service, real_store) -> Service:
    at = {"endpoint": real_store.path_endpoint, "bucket": real_store.bucket}
    with make_service("upload", [tenant_at("posting", **at), tenant_at("putting", **at, method="put")], real_store.credentials) as service:
        yield service


@pytest.fixture
def service_at(make_service):
    """Makes a service whose store is at another address."""
    running = []

    def make(endpoint: str, **store) -> Service:
        running.append(make_service("upload-at", [tenant_at("posting", endpoint, **store)]).start())
        return running[-1]

    yield make
    for service in running:
        service.stop()


class Uploading:
    """`postern upload` with a token in the environment."""

    def __init__(self, url: str, token: str | None, folder: pathlib.Path):
        self.url, self.folder = url, folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        self.environment = clean_environment(TMPDIR=str(self.temporary), **({"POSTERN_TOKEN": token} if token else {}))

    def command(self, *arguments) -> list[str]:
        return [str(BINARY), "upload", "--url", self.url, *map(str, arguments)]

    def run(self, *arguments, code: int = 0) -> subprocess.CompletedProcess:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                              env=self.environment, cwd=self.folder)
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        assert "\x1b" not in done.stdout + done.stderr and "\r" not in done.stdout + done.stderr
        return done

    def failure(self, *arguments) -> dict:
        """What it says of the one file that is refused."""
        result, = map(json.loads, self.run("--json", *arguments, code=1).stdout.splitlines())
        assert result["stored"] is False
        return result


@pytest.fixture
def posting(service, tmp_path) -> Uploading:
    return Uploading(service.url, service.tenants["posting"].token(), tmp_path)


def write(folder: pathlib.Path, name: str, content: bytes) -> pathlib.Path:
    (folder / name).write_bytes(content)
    return folder / name


STORED = re.compile(r"^(.+): stored as (\S+)$", re.M)


@pytest.mark.parametrize("id", ["posting", "putting"])
def test_files_are_stored_with_what_was_given(service, real_store, tmp_path, id):
    contents = {"a.txt": b"hello", "b b.pdf": os.urandom(3_000_000), "empty.txt": b"", "Größe.txt": b"\xff" * 300_000}
    for name, content in contents.items():
        write(tmp_path, name, content)
    (tmp_path / "link.txt").symlink_to("a.txt")
    contents["link.txt"] = b"hello"
    uploading = Uploading(service.url, service.tenants[id].token("u1"), tmp_path)
    done = uploading.run(*contents, "--rule", "files", "--metadata", "album=Übersicht 2026", "--concurrency", "2")
    assert not done.stderr
    keys = dict(STORED.findall(done.stdout))
    assert set(keys) == set(contents)
    client = real_store.client()
    for name, key in keys.items():
        assert key.startswith(f"{id}/files/u1/")
        stored = client.get_object(Bucket=real_store.bucket, Key=key)
        assert stored["Body"].read() == contents[name]
        assert stored["ContentType"] == ("application/pdf" if name.endswith("pdf") else "text/plain")
        assert "album" in stored["Metadata"]
    assert not list(uploading.temporary.iterdir())


def test_parameters_path_name_and_user(service, real_store, tmp_path):
    write(tmp_path, "a.bin", b"hello")
    uploading = Uploading(service.url, service.tenants["posting"].api_key, tmp_path)
    done = uploading.run("a.bin", "--rule", "audits", "--filename", "b.txt", "--content-type", "text/plain", "--user", "u7",
                         "--parameter", "audit=42", "--path", "site/css/b.txt", "--json")
    result, = map(json.loads, done.stdout.splitlines())
    assert result == result | {"file": "a.bin", "stored": True, "size": 5, "rule": "audits"}
    assert re.fullmatch(r"posting/audits/u7/42/site/css/b(-[0-9a-f]+)?\.txt", result["key"])
    assert real_store.client().get_object(Bucket=real_store.bucket, Key=result["key"])["Body"].read() == b"hello"


def test_one_refused_file_does_not_stop_the_others(posting, tmp_path):
    write(tmp_path, "a.txt", b"hello")
    write(tmp_path, "large.txt", b"x" * 11)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    files = ["a.txt", "large.txt", "folder", "pipe", "none.txt"]
    done = posting.run(*files, "--rule", "small", code=1)
    assert [name for name, _ in STORED.findall(done.stdout)] == ["a.txt"]
    lines = sorted(done.stderr.splitlines())
    assert len(lines) == 4
    for line, words in zip(lines, ["folder: The file cannot be read: it is a folder", "large.txt: The file is too large",
                                   "none.txt: The file cannot be read: there is no such file", "pipe: The file cannot be read: it is not a regular"]):
        assert line.startswith(words), lines
    assert "(size-too-large; request " in lines[1]


def test_a_checksum_is_sent_where_the_rule_wants_one(tmp_path, logs):
    """The store of `dev` compares it, which Ceph does not."""
    Dev(tmp_path, logs, "dev-upload-written", ports := free_ports(3)).stop()
    rules = tmp_path / "dev" / "tenants" / "example.yaml"
    rules.write_text(rules.read_text().replace("    maxSize: 5MiB", "    maxSize: 5MiB\n    checksum: required", 1)
                     .replace("    maxSize: 10MiB", "    maxSize: 10MiB\n    checksum: {required: true, algorithms: [crc32c]}", 1))
    dev = Dev(tmp_path, logs, "dev-upload", ports)
    try:
        assert rules.read_text().count("required") >= 1
        token = re.search(r"^POSTERN_TOKEN=(\S+)", dev.printed, re.M).group(1)
        canaries.add(token)
        uploading = Uploading(f"http://127.0.0.1:{dev.port}", token, tmp_path)
        for rule, name in (("images", "a.png"), ("documents", "a.txt")):
            content = os.urandom(700_000)
            write(tmp_path, name, content)
            key = STORED.search(uploading.run(name, "--rule", rule).stdout).group(2)
            stored = next((tmp_path / "dev" / "files").glob(f"*/{key}"))
            assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(content).digest()
    finally:
        dev.stop()


def test_an_expired_ticket_is_replaced(service_at, real_store, tmp_path):
    """The first upload reaches Ceph when the ticket has ended."""
    class Late(StoreProxy):
        uploads = 0

        def ask(self, *arguments):
            Late.uploads += 1
            if Late.uploads == 1:
                time.sleep(4.5)
            return super().ask(*arguments)

    with Late(real_store.port, lambda _: None) as late:
        service = service_at(late.url, bucket=real_store.bucket)
        write(tmp_path, "a.txt", b"hello")
        done = Uploading(service.url, service.tenants["posting"].token(), tmp_path).run("a.txt", "--rule", "quick")
    key = STORED.search(done.stdout).group(2)
    assert Late.uploads == 2
    assert real_store.client().get_object(Bucket=real_store.bucket, Key=key)["Body"].read() == b"hello"


def test_a_token_file_is_read_again_when_the_token_is_refused(service, tmp_path):
    tenant = service.tenants["posting"]
    file, renewed = tmp_path / "token", tenant.token("u1")
    now = int(time.time())
    file.write_text(tenant.token("u1", iat=now - 7200, exp=now - 3600) + "\n")
    write(tmp_path, "a.txt", b"hello")

    class Renewing(StoreProxy):
        """Before Postern: when the old token comes, another program has renewed it."""
        statuses = []

        def ask(self, *arguments):
            file.write_text(f"Bearer {renewed}\n")
            passing = super().ask(*arguments)
            Renewing.statuses.append(passing.status)
            return passing

    with Renewing(service.port, lambda _: None) as proxy:
        uploading = Uploading(proxy.url, None, tmp_path)
        assert STORED.search(uploading.run("a.txt", "--rule", "files", "--token-file", "token").stdout)
        assert Renewing.statuses == [401, 201]
    file.write_text(tenant.token("u1", iat=now - 7200, exp=now - 3600))
    refused = Uploading(service.url, None, tmp_path).failure("a.txt", "--rule", "files", "--token-file", "token")
    assert refused["code"] == "token-expired" and refused["status"] == 401 and not refused["retryable"]


def test_a_limit_is_waited_for(posting, tmp_path):
    names = [write(tmp_path, f"{number}.txt", b"hello").name for number in range(3)]
    assert len(STORED.findall(posting.run(*names, "--rule", "slow", "--attempts", "10").stdout)) == 3


def test_a_store_that_is_down_for_a_moment(service_at, tmp_path):
    write(tmp_path, "a.txt", b"hello")
    port, = free_ports(1)
    service = service_at(f"http://127.0.0.1:{port}")
    uploading = Uploading(service.url, service.tenants["posting"].token(), tmp_path)
    refused = uploading.failure("a.txt", "--rule", "files", "--attempts", "2")
    assert refused["code"] == "network" and refused["retryable"] and f"127.0.0.1:{port}" in refused["message"]

    def serve(request: Request):
        request.read()
        request.answer(503, Retry_After="0") if request.number == 0 else request.answer(201, ETag='"e"')

    with ScriptedServer(serve) as store:
        service = service_at(store.url)
        done = Uploading(service.url, service.tenants["posting"].token(), tmp_path).run("a.txt", "--rule", "files", "--json")
        assert json.loads(done.stdout)["etag"] == '"e"' and len(store.requests) == 2


def endless(request: Request):
    request.read()
    request.send(b"HTTP/1.1 403 Any\r\nConnection: close\r\n\r\n")
    while True:
        request.send(b"<Error>" + b"x" * 65_536)


HOSTILE = {
    "endless": (endless, "unexpected-answer"),
    "endless header": (lambda r: [r.send(b"HTTP/1.1 403 Any\r\n")] + [r.send(b"X-%d: " % n + b"y" * 8000 + b"\r\n") for n in range(10_000)], "network"),
    "redirect": (lambda r: (r.read(), r.answer(307, Location="http://127.0.0.1:1/elsewhere")), "unexpected-answer"),
    "login page": (lambda r: (r.read(), r.answer(200, b"<html>log in</html>", Content_Type="text/html")), "unexpected-answer"),
    "garbage": (lambda r: (r.read(), r.send(b"\xff\x00 nonsense\r\n\r\n")), "network"),
    "not XML": (lambda r: (r.read(), r.answer(403, b"{\"a\": 1}")), "unexpected-answer"),
    "entities": (lambda r: (r.read(), r.answer(403, b'<!DOCTYPE a [<!ENTITY b "c">]><Error><Code>&b;</Code></Error>')), "unexpected-answer"),
    "hangs up": (lambda r: r.read(1), "network"),
    "cut": (lambda r: (r.read(), r.send(b"HTTP/1.1 201 Any\r\nContent-Length: 100\r\n\r\nabc")), "network"),
    "silent": (lambda r: (r.read(), time.sleep(60)), "timeout"),
    "reads nothing": (lambda r: time.sleep(60), "timeout"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_stores(service_at, tmp_path, name):
    """Bounded in time and memory, with a code; terminal escapes of the store are not printed."""
    serve, code = HOSTILE[name]
    with ScriptedServer(serve) as store:
        service = service_at(store.url)
        write(tmp_path, "a.txt", b"x" * 20_000_000)
        refused = Uploading(service.url, service.tenants["posting"].token(), tmp_path).failure(
            "a.txt", "--rule", "files", "--attempts", "2", "--timeout", "2s" if code == "timeout" else "60s")
        assert refused["code"] == code, refused
        assert len(store.requests) == (2 if refused["retryable"] else 1)
        assert not any("authorization" in request.fields or "cookie" in request.fields for request in store.requests)


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", b"HTTP/1.1 201 Created\r\n\r\n" + b"[" * 300_000, b"nonsense\r\n\r\n"],
    ids=["page", "redirect", "empty ticket", "deep and too long", "not HTTP"])
def test_what_is_not_postern(tmp_path, answer):
    with ScriptedServer(lambda request: (request.read(), request.send(answer))) as server:
        write(tmp_path, "a.txt", b"hello")
        refused = Uploading(server.url, "token", tmp_path).failure("a.txt", "--attempts", "1")
        assert refused["code"] in ("unexpected-answer", "network")


def test_a_store_that_refuses_before_it_has_read_the_file(service_at, tmp_path):
    """Its reason is told, not that of the connection."""
    def serve(request: Request):
        request.refuse(403, "AccessDenied", "No\x1b[31m")
        request.read()

    with ScriptedServer(serve) as store:
        service = service_at(store.url)
        write(tmp_path, "a.txt", b"x" * 50_000_000)
        done = Uploading(service.url, service.tenants["posting"].token(), tmp_path).run("a.txt", "--rule", "files", "--attempts", "1", code=1)
        assert "403" not in done.stdout and "(" in done.stderr and "network" not in done.stderr


def test_a_file_that_grows_while_it_is_sent_is_not_stored(service_at, tmp_path):
    file = write(tmp_path, "a.txt", b"x" * 20_000_000)

    def serve(request: Request):
        request.read(1_000_000)
        with open(file, "ab") as grown:
            grown.write(b"more")
        request.read()
        if len(request.body) == request.length:
            request.answer(201)

    with ScriptedServer(serve) as store:
        service = service_at(store.url)
        refused = Uploading(service.url, service.tenants["posting"].token(), tmp_path).failure("a.txt", "--rule", "files")
        assert refused["code"] == "file-changed" and not refused["retryable"]
        until("the connection has ended", lambda: len(store.requests) == 1 and len(store.requests[0].body) < store.requests[0].length, 30)


class Terminal:
    """The command with standard error (and output) on a terminal."""

    def __init__(self, uploading: Uploading, *arguments, columns: int = 80, **environment: str):
        controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            uploading.command(*arguments), stdin=terminal, stdout=terminal, stderr=terminal, cwd=uploading.folder,
            env=uploading.environment | {"TERM": "xterm"} | environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(terminal)
        self.controller, self.shown = controller, b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            while more := os.read(self.controller, 4096):
                self.shown += more
        except OSError:
            pass

    @property
    def text(self) -> str:
        return self.shown.decode("utf-8", "replace")

    def press(self, keys: bytes):
        os.write(self.controller, keys)

    def wait(self) -> int:
        code = self.process.wait(60)
        self._reader.join(10)
        os.close(self.controller)
        return code


def slow(release: threading.Event):
    """Reads a half of the file, and the rest when it is told to."""
    def serve(request: Request):
        request.read(request.length // 2)
        release.wait(60)
        request.read()
        request.answer(201)
    return serve


def test_the_progress_on_a_terminal(service_at, tmp_path):
    release = threading.Event()
    with ScriptedServer(slow(release)) as store:
        service = service_at(store.url)
        names = [write(tmp_path, f"{number}-{'long-name-' * 12}.txt", b"x" * 30_000_000).name for number in range(2)]
        uploading = Uploading(service.url, service.tenants["posting"].token(), tmp_path)
        terminal = Terminal(uploading, *names, "--rule", "files", columns=100)
        until("a half and more is shown, for what the connections hold", lambda: re.search(r"\r\[=+ +\]  +[4-9]\d %  \S+ MiB of 57\.2 MiB  \S+ .?i?B/s", terminal.text), 60)
        release.set()
        assert terminal.wait() == 0
    for line in re.findall(r"\r([^\r\x1b\n]*)", terminal.text):
        assert len(line) < 100, line
    assert "0 of 2 files" in terminal.text and "…" in terminal.text
    # The lines of the results stand alone.
    assert len(STORED.findall(terminal.text.replace("\r\x1b[K", "").replace("\r\n", "\n"))) == 2
    assert terminal.text.rstrip("\r\n").rpartition("\r\x1b[K")[2].count("%") == 0


def test_a_terminal_without_escapes_gets_no_progress(posting, tmp_path):
    write(tmp_path, "a.txt", b"hello")
    terminal = Terminal(posting, "a.txt", "--rule", "files", TERM="dumb")
    assert terminal.wait() == 0
    assert "\x1b" not in terminal.text and "%" not in terminal.text and terminal.text.count("\n") == 1


@pytest.mark.parametrize("keys, number", [(b"\x03", signal.SIGINT), (None, signal.SIGTERM)], ids=["Ctrl-C", "SIGTERM"])
def test_it_ends_at_once(service_at, tmp_path, keys, number):
    release = threading.Event()
    with ScriptedServer(slow(release)) as store:
        service = service_at(store.url)
        write(tmp_path, "a.txt", b"x" * 30_000_000)
        uploading = Uploading(service.url, service.tenants["posting"].token(), tmp_path)
        terminal = Terminal(uploading, "a.txt", "--rule", "files")
        until("the upload has begun", lambda: store.requests and len(store.requests[0].body) > 10_000_000 and "%" in terminal.text, 60)
        terminal.press(keys) if keys else terminal.process.send_signal(number)
        assert terminal.wait() == -number
        release.set()
        until("the store sees the end", lambda: len(store.requests[0].body) < store.requests[0].length, 30)
    if keys:
        assert terminal.text.endswith("\n"), "the shell's prompt is on a line of its own"
    assert not list(uploading.temporary.iterdir())


def test_private_authorities(make_service, tmp_path):
    authority = Authority(tmp_path / "ca", "private")
    made = authority.certify("postern")
    tenant = Tenant("acme")
    service = make_service("upload-tls", [tenant], arguments=["--tls-cert", str(made.chain), "--tls-key", str(made.key)])
    with service:
        write(tmp_path, "a.png", b"hello")
        uploading = Uploading(f"https://localhost:{service.port}", tenant.token(), tmp_path)
        refused = uploading.failure("a.png", "--rule", "avatars", "--attempts", "3")
        assert refused["code"] == "network" and not refused["retryable"] and "certificate" in refused["message"]
        told = uploading.failure("a.png", "--rule", "none", "--ca", authority.file)
        assert told["code"] == "rule-unknown", "Postern answered"
        missing = uploading.failure("a.png", "--rule", "none", "--ca", "none.pem")
        assert "none.pem" in missing["message"] and not missing["retryable"]


@pytest.mark.parametrize("arguments, words", [
    (["a.txt", "--rule"], ""), (["-"], "Standard input cannot be uploaded"), (["a.txt", "b.txt", "--filename", "c.txt"], "--filename and --path are for one file"),
    (["a.txt", "b.txt", "--path", "c/d.txt"], "--filename and --path are for one file"), (["a.txt", "--concurrency", "0"], "--concurrency"),
    (["a.txt", "--attempts", "0"], "--attempts"), (["a.txt", "--timeout", "5"], "--timeout"), (["a.txt", "--metadata", "album"], "--metadata"),
    (["a.txt", "--parameter", "a=1", "--parameter", "a=2"], "given twice"), (["a.txt", "--token", "x", "--token-file", "y"], "one of --token"),
    (["a.txt", "--token-file", "none"], "none cannot be read"), (["a.txt", "--token", " "], "token"), ([], "")], ids=" ".join)
def test_wrong_usage(posting, arguments, words):
    done = posting.run(*arguments, code=64)
    assert words in done.stderr and not done.stdout


@pytest.mark.parametrize("url", ["uploads.example.com", "ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "http://127.0.0.1/?a=b", "http://127.0.0.1:99999", ""])
def test_an_address_that_is_none(tmp_path, url):
    write(tmp_path, "a.txt", b"hello")
    assert "--url must be an address" in Uploading(url, "token", tmp_path).run("a.txt", code=64).stderr


def test_without_a_token(service, tmp_path):
    assert "POSTERN_TOKEN" in Uploading(service.url, None, tmp_path).run("a.txt", code=64).stderr


def test_the_help_says_who_can_see_a_token():
    done = subprocess.run([BINARY, "upload", "--help"], capture_output=True, text=True, timeout=30, check=True)
    assert "Other users of this machine can see it" in " ".join(done.stdout.split())
