"""`postern dev`: the page, and the two commands that it prints, pasted as they are."""

import json
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess

import pytest

from harness import canaries
from harness.browser import PageServer
from harness.dev import Dev
from harness.form import File, encode, post
from harness.http import Connection, request_bytes
from harness.ports import free_ports
from harness.service import BINARY, clean_environment
from harness.waiting import until


@pytest.fixture
def dev(tmp_path, logs):
    running = Dev(tmp_path, logs, "dev")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def paste(command: str, folder: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=folder, timeout=30, stdin=subprocess.DEVNULL)


def test_the_page_and_both_commands_work_as_printed(dev, tmp_path):
    assert f"http://127.0.0.1:{dev.port}/" in dev.printed
    page = dev.get("/")
    assert page.status == 200 and page.headers["content-type"].startswith("text/html")
    assert b"<html" in page.body and b'type="file"' in page.body.replace(b"type=file", b'type="file"')

    ticket, upload = dev.commands()
    taken = paste(ticket, tmp_path)
    assert taken.returncode == 0, taken.stderr
    given = json.loads(taken.stdout)
    canaries.add_ticket(given)
    assert given["url"].startswith(f"http://127.0.0.1:{dev.store_port}/")
    assert stored_by(upload, dev, tmp_path, given["fields"]["bucket"]).read_bytes() == b"hello\n"
    assert dev.stop() == 0


def stored_by(command: str, dev: Dev, folder: pathlib.Path, bucket: str) -> pathlib.Path:
    """The file that the printed command stores."""
    sent = paste(command, folder)
    assert sent.returncode == 0 and not sent.stderr, sent.stdout + sent.stderr
    return dev.folder / "dev" / "files" / bucket / re.fullmatch(r"hello\.\w+: stored as (\S+)\n", sent.stdout).group(1)


def edit_rules(tmp_path, logs, name: str, change) -> "Dev":
    """`postern dev` with the example tenant's file changed."""
    Dev(tmp_path, logs, f"{name}-written", ports := free_ports(3)).stop()
    rules = tmp_path / "dev" / "tenants" / "example.yaml"
    rules.write_text(change(rules.read_text()))
    return Dev(tmp_path, logs, name, ports)


@pytest.mark.parametrize("change, rule, name, size", [
    ((), "documents", "hello.txt", 6),
    # Without a rule for texts: the first one, and a file that is as large as it must be.
    ((("text/plain, text/csv, ", ""), ("    maxSize: 5MiB", "    minSize: 10\n    maxSize: 5MiB")), "images", "hello.png", 10),
    ((("text/plain, ", ""), ("    maxSize: 5MiB", "    maxSize: 4B\n    requireScope: images")), "documents", "hello.pdf", 6)])
def test_the_commands_for_a_store_with_put(tmp_path, logs, change, rule, name, size):
    """They use the tenant's own bucket, and a rule of it. The URL is a permission, and is in no log."""
    def changed(text: str) -> str:
        for old, new in (("example-uploads", BUCKET), ("  region: us-east-1\n", "  region: us-east-1\n  method: put\n"), *change):
            assert old in text
            text = text.replace(old, new, 1)
        return text

    dev = edit_rules(tmp_path, logs, f"dev-put-{size}-{rule}", changed)
    try:
        assert "example-uploads" not in dev.printed and f"/files/{BUCKET}\n" in dev.printed
        ticket, upload = dev.commands()
        taken = paste(ticket, tmp_path)
        given = json.loads(taken.stdout)
        canaries.add_ticket(given)
        assert (given["method"], given["rule"], given["maxSize"]) == ("PUT", rule, size)
        stored = stored_by(upload, dev, tmp_path, BUCKET)
        assert stored.read_bytes() == (tmp_path / name).read_bytes() and stored.stat().st_size == size
        signature = re.search("X-Amz-Signature=([0-9a-f]{64})", given["url"]).group(1)
        log = dev.errors.read_text()
        assert given["id"] in log and signature not in log and "X-Amz-" not in log
    finally:
        dev.stop()


def test_the_store_of_dev_enforces_the_ticket(dev, tmp_path):
    """The same refusals as a real S3: a byte too many, another type, another key, another signature."""
    given = json.loads(paste(dev.commands()[0], tmp_path).stdout)
    canaries.add_ticket(given)
    fields, url = given["fields"], given["url"]
    assert post(url, fields, File(b"x" * (given["maxSize"] + 1))).code == "EntityTooLarge"
    assert post(url, fields, File(b"")).code == "EntityTooSmall"
    assert post(url, fields | {"Content-Type": "text/html"}).code == "AccessDenied"
    assert post(url, fields | {"key": "elsewhere.txt"}).code == "AccessDenied"
    assert post(url, {"acl": "public-read"} | fields).code == "AccessDenied"
    assert post(url, fields | {"X-Amz-Signature": "0" * 64}).code == "SignatureDoesNotMatch"
    assert post(url.replace(fields["bucket"], "other-bucket"), fields).status in (403, 404)
    assert not any(path.is_file() and path.stat().st_size for path in (dev.folder / "dev" / "files" / fields["bucket"]).rglob("*"))
    assert post(url, fields, File(b"good", "hello.txt", "text/plain")).status == 201


def test_a_page_may_upload_to_the_store(dev, tmp_path):
    """The browser's own steps: the page's origin is let through by the service and by the store, which show what a page needs."""
    origin = f"http://127.0.0.1:{dev.port}"
    given = json.loads(paste(dev.commands()[0], tmp_path).stdout)
    canaries.add_ticket(given)
    answer = post(given["url"], given["fields"], File(b"from a page"), origin=origin)
    assert answer.status == 201
    assert answer.headers["access-control-allow-origin"] in (origin, "*")
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert "etag" in exposed and "location" in exposed
    refused = post(given["url"], given["fields"], File(b""), origin=origin)
    assert refused.status == 400 and refused.headers["access-control-allow-origin"] in (origin, "*"), "a page can read why"


def test_the_store_refuses_what_real_stores_refuse(dev, tmp_path):
    """Ceph and AWS do, so that it does not fail in production first."""
    given = json.loads(paste(dev.commands()[0], tmp_path).stdout)
    canaries.add_ticket(given)
    kind, body = encode(given["fields"].items(), File(b"hello"))
    path = f"/{given['fields']['bucket']}/"

    def upload(fields: dict[str, str], body: bytes):
        return dev.ask("POST", path, {"Content-Type": kind} | fields, body, port=dev.store_port)

    for value in ("Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln", "Basic eA==", ""):
        answer = upload({"Authorization": value}, body)
        assert answer.status == 400 and b"<Code>InvalidArgument</Code>" in answer.body and b"send no Authorization header" in answer.body
        assert not value or value.encode() not in answer.body
    chunks = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    with Connection(dev.store_port) as connection:
        connection.send(request_bytes("POST", path, {"Content-Type": kind, "Transfer-Encoding": "chunked"}) + chunks)
        answer = connection.read()
    assert answer.status == 411 and b"<Code>MissingContentLength</Code>" in answer.body
    for content in (b"hello", b"\xff\xd8\xff" * 1000, b"\xff" * 100_000):
        _, other = encode(given["fields"].items(), File(content))
        answer = upload({}, other.replace(b'name="file"', b'name="upload"'))
        assert answer.status == 400 and b"there is no part named file" in answer.body, answer.body
    assert upload({}, body).status == 201


def test_the_store_leaves_out_the_checks_that_it_is_told_to(tmp_path, logs):
    running = Dev(tmp_path, logs, "dev-ignore", arguments=["--ignore", "type,size"])
    try:
        assert "The store does NOT check, as --ignore says: size, type" in running.printed
        given = json.loads(paste(running.commands()[0], tmp_path).stdout)
        canaries.add_ticket(given)
        fields, url = given["fields"], given["url"]
        assert post(url, fields | {"Content-Type": "text/html"}, File(b"")).status == 201
        assert post(url, fields | {"key": "elsewhere.txt"}).code == "AccessDenied"
    finally:
        running.process.kill()
        running.process.wait()
    wrong = subprocess.run([BINARY, "dev", "--folder", tmp_path / "x", "--ignore", "size,signature"], capture_output=True, text=True, timeout=30)
    assert wrong.returncode == 64 and "size,type,key,fields,expiry,metadata" in wrong.stderr and not (tmp_path / "x").exists()


BUCKET = "my-photos"


@pytest.fixture
def edited(tmp_path, logs):
    """`postern dev` of a tenant that lists a page at another port and has another bucket, and that page's server."""
    with PageServer() as pages:
        running = edit_rules(tmp_path, logs, "dev-edited", lambda text: text.replace(
            "origins:\n", f"origins:\n  - {pages.origin}\n").replace("example-uploads", BUCKET))
        yield running, pages
        running.process.kill()
        running.process.wait()


def test_a_changed_rule_file_takes_effect_at_once(tmp_path, logs):
    """Also its buckets and its origins at the store."""
    dev = Dev(tmp_path, logs, "dev-changed")
    file, token, page = dev.folder / "dev" / "tenants" / "example.yaml", token_of(dev), "http://localhost:4321"
    fields = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Origin": page}

    def take() -> dict:
        return dev.ask("POST", "/v1/tickets", fields, b'{"rule": "documents", "filename": "a.txt", "contentType": "text/plain"}').json()

    assert take()["code"] == "origin-not-allowed"
    text = file.read_text()
    file.write_text(text.replace("maxSize", "maxSizes"))
    until("the mistake is told", lambda: "the file is held back" in dev.errors.read_text(), seconds=30)
    assert "did you mean maxSize" in dev.errors.read_text()
    file.write_text(text.replace("origins:\n", f"origins:\n  - {page}\n").replace("example-uploads", BUCKET))
    given = until("it takes effect", lambda: (found := take()).get("fields") and found, seconds=30)
    canaries.add_ticket(given)
    assert given["fields"]["bucket"] == BUCKET
    answer = post(given["url"], given["fields"], File(b"hello"), origin=page)
    assert answer.status == 201 and answer.headers["access-control-allow-origin"] == page
    assert dev.stop() == 0


def token_of(dev: Dev) -> str:
    token = re.search(r"Bearer ([A-Za-z0-9._-]+)", dev.commands()[0]).group(1)
    canaries.add(token)
    return token


EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
MODULE = {"/clients/web/postern.js": (EXAMPLES.parent / "clients/web/postern.js").read_text()}
# What a person does on examples/browser.html, and then what the page says.
CHOOSE = """
<script type="module">
  const message = document.getElementById("message");
  new MutationObserver(() => { if (message.textContent) fetch("/told", {method: "POST", body: message.textContent}); }).observe(message, {childList: true});
  const chosen = new DataTransfer();
  chosen.items.add(new File([new Uint8Array([137, 80, 78, 71])], NAME, {type: TYPE}));
  const input = document.getElementById("file");
  input.files = chosen.files;
  input.dispatchEvent(new Event("change"));
</script>"""
TRACING = """
<script>
  const plain = window.fetch;
  window.fetch = (url, {headers, ...more} = {}) => plain(url, {...more, headers: {...headers, ...(String(url).includes("/v1/")
    ? {traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", baggage: "a=b", "sentry-trace": "1-2"} : {})}});
</script>"""
TOKEN_ON_UPLOADS = """
<script>
  const open = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function (...all) { open.apply(this, all); this.setRequestHeader("Authorization", "Bearer x"); };
</script>"""


def browser_example(dev: Dev, name: str, type: str, before: str = "") -> str:
    page = (EXAMPLES / "browser.html").read_text()
    page = page.replace('"http://127.0.0.1:8080"', json.dumps(f"http://127.0.0.1:{dev.port}")).replace('"…"', json.dumps(token_of(dev)))
    return page.replace("<script", before + "\n<script", 1) + CHOOSE.replace("NAME", json.dumps(name)).replace("TYPE", json.dumps(type))


@pytest.mark.parametrize("name, type, before, said", [
    ("me.png", "image/png", "", "Stored as images/dev-user/"), ("me.PNG", "", "", "Stored as images/dev-user/"),
    ("me.png", "image/png", TRACING, "Stored as images/dev-user/"),
    ("me.txt", "text/plain", "", '"text/plain" may not be uploaded here'), ("me", "", "", "No type was named"),
    ("me.png", "image/png", TOKEN_ON_UPLOADS, "had an Authorization header. Send none")])
def test_a_page_of_another_port_uploads(edited, name, type, before, said):
    """examples/browser.html in Chromium, as a developer serves it."""
    dev, pages = edited
    told = pages.visit(browser_example(dev, name, type, before), MODULE)
    assert told.startswith(said) or said in told, told
    if told.startswith("Stored as "):
        stored = dev.folder / "dev" / "files" / BUCKET / told.removeprefix("Stored as ")
        assert stored.read_bytes() == b"\x89PNG"


def test_a_page_that_is_not_listed_is_named_in_the_log(dev):
    with PageServer() as pages:
        told = pages.visit(browser_example(dev, "me.png", "image/png"), MODULE)
    assert told.startswith("Postern can be reached") and pages.origin in told
    refused = [line for line in dev.errors.read_text().splitlines() if "origin-not-allowed" in line]
    assert refused and all(f"origin={pages.origin}" in line and "'origins'" in line for line in refused), refused


# The script of README.md.
README_PAGE = """<!doctype html><progress id="bar"></progress><script type="module">
IMPORT
  const session = {accessToken: () => TOKEN}, file = new File([new Uint8Array([104, 105])], NAME, {type: TYPE});
  const bar = document.getElementById("bar");
  async function run() { SCRIPT
    return `${key} ${bar.value}`; }
  run().catch((error) => `${error.name}: ${error.message}`).then((text) => fetch("/told", {method: "POST", body: text}));
</script>"""


@pytest.mark.parametrize("name, type, said", [
    ("a.md", "", r"documents/dev-user/.*a\.md 1"), ("a.txt", "text/plain", r"documents/dev-user/.*a\.txt 1"), ("a.bin", "", "UploadError: No type was named")])
def test_the_script_of_the_readme(edited, name, type, said):
    dev, pages = edited
    script = re.search(r"```js\n(.*?)```", (EXAMPLES.parent / "README.md").read_text(), re.S).group(1)
    imports, _, script = script.replace("https://uploads.example.com", f"http://127.0.0.1:{dev.port}").partition("\n\n")
    page = README_PAGE
    for word, text in {"IMPORT": imports, "SCRIPT": script, "TOKEN": json.dumps(token_of(dev)), "NAME": json.dumps(name), "TYPE": json.dumps(type)}.items():
        page = page.replace(word, text)
    assert re.match(said, pages.visit(page, {"/postern.js": (EXAMPLES.parent / "clients/web/postern.js").read_text()}))


def test_the_script_for_curl(dev, tmp_path):
    (tmp_path / "me.png").write_bytes(b"\x89PNG")
    environment = clean_environment() | {"POSTERN": f"http://127.0.0.1:{dev.port}", "POSTERN_TOKEN": token_of(dev)}

    def curl(*arguments: str, **more: str):
        return subprocess.run(["sh", EXAMPLES / "curl.sh", *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=30, env=environment | more)

    for arguments in (["me.png"], ["me.png", "", "images"], ["me.png", "image/png"]):
        run = curl(*arguments)
        assert run.returncode == 0 and re.search(r"^HTTP/1.1 201 ", run.stdout, re.M), run.stdout + run.stderr
    for arguments, words, token in (([], "Name the file", "x"), (["none.png"], "none.png is not a file", "x"), (["me.png"], "Set POSTERN_TOKEN", "")):
        wrong = curl(*arguments, POSTERN_TOKEN=token)
        assert wrong.returncode == 64 and words in wrong.stderr and "usage: " in wrong.stderr
    assert curl("me.png", "text/html").returncode == 1


def test_the_folder_is_kept_and_may_be_edited(tmp_path, logs):
    first = Dev(tmp_path, logs, "dev-first")
    assert first.stop() == 0
    rules = next((tmp_path / "dev" / "tenants").glob("*.yaml"))
    text = rules.read_text()
    assert "5MiB" in text
    rules.write_text(text.replace("5MiB", "7MiB"))
    keys = {path.name: path.read_bytes() for path in (tmp_path / "dev" / "keys").iterdir()}
    # Other ports: the example's own lines for endpoint and origins are the reader's to edit, but the rules must hold.
    run = subprocess.run([BINARY, "check", rules.parent], capture_output=True, text=True, timeout=20, env=clean_environment())
    assert run.returncode == 0, run.stdout + run.stderr
    second = Dev(tmp_path, logs, "dev-second")
    assert "7MiB" in rules.read_text()
    assert keys == {path.name: path.read_bytes() for path in (tmp_path / "dev" / "keys").iterdir()}
    assert second.get("/").status == 200
    assert second.stop() == 0


def test_the_private_key_is_its_owners_alone(dev):
    modes = {path.name: path.stat().st_mode & 0o777 for path in (dev.folder / "dev" / "keys").iterdir() if "private" in path.name}
    assert modes and all(mode & 0o077 == 0 for mode in modes.values()), modes


@pytest.mark.parametrize("option", ["--listen", "--store"])
def test_only_loopback(tmp_path, option):
    run = subprocess.run([BINARY, "dev", "--folder", tmp_path / "dev", option, "0.0.0.0:18099"], capture_output=True, text=True, timeout=20,
                         env=clean_environment(), stdin=subprocess.DEVNULL)
    assert run.returncode == 64 and "this machine only" in run.stderr


FOREIGN = ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io", "example.com", "a"]
OWN = ["localhost", "LOCALHOST:1", "dev.localhost", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080"]


def test_a_page_of_another_name_gets_nothing(dev, tmp_path):
    """A name that was made to point at this machine (DNS rebinding): neither the page with its token nor any other route, whatever it brings along."""
    ticket = dev.commands()[0]
    token = re.search(r"Bearer ([A-Za-z0-9._-]+)", ticket).group(1)
    canaries.add(token)
    who, body = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}, b'{"rule": "documents", "contentType": "text/plain"}'
    origin = f"http://127.0.0.1:{dev.port}"
    routes = [("GET", "/", {}, None), ("HEAD", "/", {}, None), ("GET", "/healthz", {}, None), ("GET", "/openapi.yaml", {}, None), ("GET", "/openapi.json", {}, None), ("GET", "/v1/rules", who, None),
              ("POST", "/v1/tickets", who, body), ("POST", "/v1/tickets/batch", who, b'{"tickets": [' + body + b"]}"), ("GET", "/nothing", {}, None),
              ("OPTIONS", "/v1/tickets", {"Origin": origin, "Access-Control-Request-Method": "POST"}, None),
              ("POST", "/v1/tickets", who | {"Expect": "100-continue"}, body)]
    for method, path, fields, body in routes:
        statuses = set()
        for host in OWN:
            statuses.add(dev.ask(method, path, fields | {"Host": host}, body).status)
        assert statuses < {200, 201, 204, 404} and len(statuses) == 1 and (statuses == {404}) == (path == "/nothing"), (method, path, statuses)
        for host in FOREIGN:
            with Connection(dev.port) as connection:
                answer = connection.request(method, path, fields | {"Host": host}, body)
            assert answer.status == 400, (method, path, host, answer.status)
            assert token.encode() not in answer.body and b"upload" not in answer.body
            if method != "HEAD":
                assert answer.problem["code"] == "invalid-request"


def test_the_other_listeners_of_dev_have_own_names_too(dev):
    for host in OWN:
        assert dev.ask("GET", "/readyz", {"Host": host}, port=dev.admin_port).status == 200
    for host in FOREIGN:
        assert dev.ask("GET", "/readyz", {"Host": host}, port=dev.admin_port).status == 400
        for method, path in (("GET", "/example-uploads/a"), ("POST", "/example-uploads/"), ("OPTIONS", "/example-uploads/")):
            answer = dev.ask(method, path, {"Host": host, "Content-Length": "0"}, port=dev.store_port)
            assert answer.status == 403 and b"AccessDenied" in answer.body, (method, host, answer.status)


PAGES = ["/", "/postern.js", "/dev/page.js", "/dev/state", "/dev/token?user=dev-user"]


def test_a_page_of_another_origin_reads_nothing_of_the_page(dev):
    """It can get tokens. A script element of another site sends no Origin, but browsers say that it is one."""
    for path in PAGES:
        for origin in ("https://evil.example", "null", "http://localhost:1", "http://localhost:3000"):
            answer = dev.ask("GET", path, {"Origin": origin})
            assert answer.status == 404 and b"eyJ" not in answer.body, path
            assert answer.headers.get("access-control-allow-origin", "http://localhost:3000") == "http://localhost:3000"
        assert dev.ask("GET", path, {"Sec-Fetch-Site": "same-origin"}).status == 200
        assert dev.ask("POST", path, {"Content-Length": "0"}).status == 404
        for site in ("cross-site", "same-site"):
            assert dev.ask("GET", path, {"Sec-Fetch-Site": site}).status == (404 if path.startswith(("/dev/state", "/dev/token")) else 200)


def test_the_page_gets_tokens_of_two_users_that_do_not_last(dev):
    for user in ("dev-user", "second-user"):
        given = dev.get(f"/dev/token?user={user}")
        assert given.headers["cache-control"] == "no-store" and given.json()["user"] == user
        assert 60 < given.json()["expiresIn"] <= 3600
        token = given.json()["token"]
        canaries.add(token)
        body = b'{"rule": "documents", "filename": "a.txt", "contentType": "text/plain"}'
        ticket = dev.ask("POST", "/v1/tickets", {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}, body).json()
        canaries.add_ticket(ticket)
        assert ticket["key"].startswith(f"documents/{user}/")
    for query in ("", "?user=", "?user=root", "?user=dev-user&x", "?user=dev-user%00"):
        assert dev.get(f"/dev/token{query}").status == 404, query


def test_the_state_has_what_is_wrong_with_the_rules(tmp_path, logs):
    """And it has it soon: the page asks every second."""
    dev = Dev(tmp_path, logs, "dev-state")
    file = dev.folder / "dev" / "tenants" / "example.yaml"
    first = dev.get("/dev/state").json()
    assert first["heldBack"] == [] and first["rulesFile"] == str(file) and first["users"] == ["dev-user", "second-user"]
    text = file.read_text()
    file.write_text(text.replace("maxSize: 5MiB", "maxSize: 5M"))
    held = until("the file is held back", lambda: dev.get("/dev/state").json()["heldBack"], seconds=60)
    line = text[:text.index("maxSize: 5MiB")].count("\n") + 1
    [problem] = held[0]["problems"]
    assert held[0]["file"] == str(file) and held[0]["isServed"] and (problem["line"], problem["column"]) == (line, 14)
    assert problem["message"] == "“5M” is not a size" and problem["excerpt"].startswith("    maxSize: 5M #") and problem["excerptColumn"] == 14
    assert dev.get("/dev/state").json()["generation"] == first["generation"], "the rules before are in force"
    file.write_text(text.replace("maxSize: 5MiB", "maxSize: 6MiB"))
    until("it is in force", lambda: dev.get("/dev/state").json()["generation"] > first["generation"], seconds=60)
    assert dev.get("/dev/state").json()["heldBack"] == []
    assert dev.stop() == 0


def test_buckets_are_made_as_rules_name_them(tmp_path, logs):
    dev = Dev(tmp_path, logs, "dev-buckets")
    file, files = dev.folder / "dev" / "tenants" / "example.yaml", dev.folder / "dev" / "files"
    file.write_text(file.read_text().replace("example-uploads", BUCKET))
    until("the bucket is there", (files / BUCKET).is_dir, seconds=60)
    until("the log says so", lambda: re.search(rf"made the bucket that the rules name.*bucket={BUCKET}", dev.errors.read_text()), seconds=60)
    assert dev.stop() == 0


def test_the_rule_file_follows_the_store_to_another_port(tmp_path, logs):
    """Until someone makes the line their own."""
    first = Dev(tmp_path, logs, "dev-port-1")
    assert first.stop() == 0
    file = tmp_path / "dev" / "tenants" / "example.yaml"
    second = Dev(tmp_path, logs, "dev-port-2")
    assert f"endpoint: http://127.0.0.1:{second.store_port} #" in file.read_text() and "No upload goes" not in second.printed
    taken = paste(second.commands()[0], tmp_path)
    canaries.add_ticket(given := json.loads(taken.stdout))
    assert given["url"].startswith(f"http://127.0.0.1:{second.store_port}/")
    assert second.stop() == 0
    file.write_text(own := file.read_text().replace(" # any S3-compatible store;", " # my own;"))
    third = Dev(tmp_path, logs, "dev-port-3")
    assert file.read_text() == own and f"set 'endpoint' to http://127.0.0.1:{third.store_port}" in third.printed
    assert third.stop() == 0


def start_in_vain(folder: pathlib.Path, service: str, store: str, admin: str, *more: str) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "dev", "--folder", folder / "dev", "--listen", service, "--store", store, "--admin", admin, *more],
                          capture_output=True, text=True, timeout=60, env=clean_environment(), stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("option", ["--listen", "--store", "--admin"])
def test_a_port_in_use_is_named_with_its_option_and_a_free_one(tmp_path, option):
    """Before anything is written or said to run, and nothing else is said."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = dict(zip(("--listen", "--store", "--admin"), free_ports(3)))
        ports[option] = other.getsockname()[1]
        run = start_in_vain(tmp_path, *(f"127.0.0.1:{port}" for port in ports.values()))
        assert run.returncode == 1 and run.stdout == "" and not (tmp_path / "dev").exists()
        said = re.fullmatch(rf"Error: 127\.0\.0\.1:{ports[option]} \({option}\) is in use; try {option} 127\.0\.0\.1:(\d+)\n", run.stderr)
        assert said, run.stderr
        ports[option] = int(said[1])
        assert len(set(ports.values())) == 3


def test_all_ports_in_use_are_named_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        run = start_in_vain(tmp_path, f"127.0.0.1:{one.getsockname()[1]}", f"127.0.0.1:{two.getsockname()[1]}", f"127.0.0.1:{free_ports(1)[0]}")
    assert run.returncode == 1 and "(--listen) is in use" in run.stderr and "(--store) is in use" in run.stderr and len(run.stderr.splitlines()) == 2


def test_two_listeners_with_one_port(tmp_path):
    run = start_in_vain(tmp_path, "127.0.0.1:18080", "127.0.0.1:18081", "127.0.0.1:18080")
    assert (run.returncode, run.stderr) == (1, "Error: --listen and --admin have the same port, 18080; give each its own\n")
    assert run.stdout == "" and not (tmp_path / "dev").exists()


def test_a_signal_ends_it_at_once(tmp_path, logs):
    """Whatever connections do: nobody is answered, or waited for, and half an upload leaves nothing."""
    dev = Dev(tmp_path, logs, "dev-signal")
    given = json.loads(paste(dev.commands()[0], tmp_path).stdout)
    canaries.add_ticket(given)
    kind, body = encode(given["fields"].items(), File(b"hello"))
    uploads = dev.folder / "dev" / "files" / ".postern" / "uploads"
    with Connection(dev.store_port) as upload, Connection(dev.port) as half, Connection(dev.port) as idle:
        upload.send(request_bytes("POST", f"/{given['fields']['bucket']}/", {"Content-Type": kind, "Content-Length": str(len(body) + 1000)}) + body[:-20])
        half.send(b"POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        assert idle.request("GET", "/healthz", {}).status == 200
        until("the upload has begun", lambda: any(uploads.iterdir()), seconds=60)
        assert dev.stop() == 0
        for connection in (upload, half, idle):
            connection.socket.settimeout(60)
            try:
                assert connection.socket.recv(1000) == b"", "no answer, such as that of a request that took too long"
            except ConnectionResetError:
                pass
    assert not any(uploads.iterdir())
    assert "stopped" in dev.errors.read_text()


def test_phones_on_the_network(tmp_path, logs):
    """--lan, with loopback in the place of the network's address."""
    dev = Dev(tmp_path, logs, "dev-lan", arguments=["--lan-address", "127.0.0.1"])
    assert f"On a phone in the same network:  http://127.0.0.1:{dev.port}/" in dev.printed and "Everybody on that network" in dev.printed
    assert "\x1b" not in dev.printed, "a code is for terminals only"
    assert dev.stop() == 0
    for address in ("8.8.8.8", "0.0.0.0", "169.254.1.1", "example.com"):
        run = start_in_vain(tmp_path, "127.0.0.1:18080", "127.0.0.1:18081", "127.0.0.1:18082", "--lan-address", address)
        assert run.returncode == 64 and "must be an address of a private network" in run.stderr


def test_the_code_for_a_phone_on_a_terminal(tmp_path):
    """Read back by a program that reads codes, from how a terminal would show it."""
    ports = free_ports(3)
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [BINARY, "dev", "--folder", tmp_path / "dev", "--listen", f"127.0.0.1:{ports[0]}", "--store", f"127.0.0.1:{ports[1]}", "--admin", f"127.0.0.1:{ports[2]}",
         "--lan", "--lan-address", "127.0.0.1"], stdin=subprocess.DEVNULL, stdout=its, stderr=subprocess.DEVNULL, env=clean_environment())
    os.close(its)
    printed = b""
    try:
        while b"Ctrl-C" not in printed:
            printed += os.read(ours, 65536)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        os.close(ours)
    rows = re.findall("\x1b\\[30;107m(.*?)\x1b\\[0m", printed.decode())
    assert len(rows) == 19 and {len(row) for row in rows} == {37}
    scale, black = 8, {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    pixels = b"".join(bytes(0 if black[each][half] else 255 for each in row for _ in range(scale)) * scale for row in rows for half in (0, 1))
    (tmp_path / "code.pgm").write_bytes(f"P5 {37 * scale} {38 * scale} 255\n".encode() + pixels)
    read = subprocess.run(["zbarimg", "--quiet", "--raw", tmp_path / "code.pgm"], capture_output=True, text=True, timeout=60)
    assert read.stdout == f"http://127.0.0.1:{ports[0]}/\n", read.stderr
