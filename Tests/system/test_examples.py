"""The examples, each started by the command of its README, in Chromium, with `postern dev` and with a real S3."""

import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass
from typing import Callable

import pytest

from harness import canaries
from harness.browser import Browser
from harness.dev import Dev
from harness.http import Connection
from harness.pictures import png
from harness.ports import free_ports
from harness.service import BINARY, clean_environment
from harness.tenant import Tenant
from harness.waiting import until

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
# Noise: it stays large when it is compressed.
PNG = png(256, 256, lambda x, y: tuple(random.Random(f"{x} {y}").randbytes(3)))
JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)
IMAGES = {"keyPrefix": "images/{user}/", "contentTypes": ["image/png", "image/jpeg", "image/gif", "image/webp"], "maxSize": "5MiB", "expiry": "5m"}
# Of the back ends' rule files in examples/*/tenants.
ATTACHMENTS = {"keyPrefix": "attachments/{user}/", "keyName": "{uuid}-{filename}", "contentTypes": ["application/pdf", "image/png", "text/plain"], "maxSize": "20MiB"}


@dataclass
class Place:
    """Where an example runs: the variables that its command gets, and what became of a key."""
    environment: dict[str, str]
    port: int
    stored: Callable[[str], bytes]


@pytest.fixture(scope="module")
def port():
    """Of all examples, one after the other."""
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def dev(tmp_path_factory, logs, port):
    """`postern dev`, one for all examples, whose example tenant lists the example's port."""
    folder, ports = tmp_path_factory.mktemp("examples"), free_ports(3)
    keys = {"POSTERN_DEV_ACCESS_KEY_ID": "AKIAEXAMPLES0000", "POSTERN_DEV_SECRET_ACCESS_KEY": "the-secret-of-the-examples"}
    running = Dev(folder, logs, "dev-examples", ports, environment=keys)
    rules = folder / "dev" / "tenants" / "example.yaml"
    rules.write_text(rules.read_text().replace("origins:\n", f"origins:\n  - http://127.0.0.1:{port}\n"))
    until("the origin is in force", lambda: "changed files are in force" in running.errors.read_text(), seconds=60)

    def stored(key: str) -> bytes:
        return next((folder / "dev" / "files").glob(f"*/{key}")).read_bytes()

    yield Place({"POSTERN": f"http://127.0.0.1:{running.port}", "POSTERN_DEV": str(folder / "dev"), "PORT": str(port), "POSTERN_BINARY": str(BINARY),
                 "AWS_ACCESS_KEY_ID": "AKIAEXAMPLES0000", "AWS_SECRET_ACCESS_KEY": "the-secret-of-the-examples"}, port, stored)
    assert running.stop() == 0


@pytest.fixture(scope="module")
def ceph(make_service, real_store, port):
    """A service whose store is Ceph, on another origin; the bucket has the CORS configuration that `postern cors` prints."""
    origin = f"http://127.0.0.1:{port}"
    photos = {"keyPrefix": "photos/{user}/", "contentTypes": ["image/jpeg"], "maxSize": "10MiB", "successRedirect": f"{origin}/done"}
    tenant = Tenant("examples", store={"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint},
                    rules={"images": IMAGES, "attachments": ATTACHMENTS, "photos": photos}, origins=[origin])
    service = make_service("examples", [tenant], real_store.credentials).start()
    printed = subprocess.run([BINARY, "cors", service.tenants_folder], capture_output=True, text=True, timeout=60, check=True, env=clean_environment()).stdout
    client = real_store.client()
    client.put_bucket_cors(Bucket=real_store.bucket, CORSConfiguration=json.loads(printed))
    token = tenant.token()
    canaries.add(token)

    def stored(key: str) -> bytes:
        return client.get_object(Bucket=real_store.bucket, Key=key)["Body"].read()

    yield Place({"POSTERN": service.url, "PORT": str(port), "POSTERN_TOKEN": token, "POSTERN_API_KEY": tenant.api_key,
                 "S3_ENDPOINT": real_store.endpoint, "BUCKET": real_store.bucket} | real_store.credentials.environment, port, stored)
    client.delete_bucket_cors(Bucket=real_store.bucket)
    assert service.stop() == 0


@pytest.fixture(params=["dev", "ceph"])
def place(request) -> Place:
    return request.getfixturevalue(request.param)


class Example:
    """An example that its `run` has started, and a browser that shows its page."""

    def __init__(self, name: str, place: Place):
        self.place, self.origin = place, f"http://127.0.0.1:{place.port}"
        self.process = subprocess.Popen(
            [EXAMPLES / name / "run"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=clean_environment(**place.environment), cwd="/", start_new_session=True)
        self.output: list[str] = []
        threading.Thread(target=lambda: self.output.extend(self.process.stdout), daemon=True).start()
        self.browser = None

    def __enter__(self):
        until("the example listens, and says where", lambda: self.listens() and f"Open {self.origin}/" in "".join(self.output), seconds=120)
        self.browser = Browser()
        return self

    def __exit__(self, *_):
        if self.browser:
            self.browser.__exit__()
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)

    def listens(self) -> bool:
        assert self.process.poll() is None, self.output
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.place.port)) == 0

    def choose(self, selector: str, *files: pathlib.Path):
        """As a person does in the dialog of an `<input type="file">`."""
        found = until(selector, lambda: self.browser.send("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector + ':enabled')})")["result"].get("objectId"), seconds=60)
        self.browser.send("DOM.setFileInputFiles", objectId=found, files=[str(file) for file in files])

    def slow_down(self):
        """So slow that there is progress to tell."""
        self.browser.send("Network.enable")
        self.browser.send("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=500_000)

    def text(self, selector: str) -> str:
        return self.browser.run(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''")

    def says(self, part: str, selector: str = "#message") -> str:
        return until(f"the page says {part!r}", lambda: part in (text := self.text(selector)) and text, seconds=60)


@pytest.fixture
def picture(tmp_path) -> pathlib.Path:
    (tmp_path / "me.png").write_bytes(PNG)
    return tmp_path / "me.png"


@pytest.fixture
def note(tmp_path) -> pathlib.Path:
    (tmp_path / "note.html").write_text("<p>hello")
    return tmp_path / "note.html"


def stored_as(text: str) -> str:
    return text.partition("tored as ")[2].split(" (")[0]


def test_dropzone(place, picture, note):
    """Files are stored with progress; what Dropzone, Postern or the store refuses is shown at its file."""
    empty = picture.with_name("empty.png")
    empty.write_bytes(b"")
    second = picture.with_name("second.png")
    second.write_bytes(PNG + b"2")
    third = picture.with_name("third.png")
    third.write_bytes(PNG + b"3")
    with Example("dropzone", place) as example:
        browser = example.browser
        browser.open(example.origin)
        until("Dropzone is there", lambda: browser.run("Dropzone.instances.length"), seconds=60)
        browser.run("window.told = []; Dropzone.instances[0].on('uploadprogress', (file, percent) => told.push(percent)); 0")
        example.slow_down()
        example.choose("input.dz-hidden-input", picture, note, empty, second, third)
        until("all are done", lambda: browser.run("Dropzone.instances[0].files.every(({status}) => status === 'success' || status === 'error')"), seconds=60)
        states = browser.run("""Dropzone.instances[0].files.map((file) => ({name: file.name, status: file.status, key: file.ticket?.key,
            shown: file.previewElement.querySelector("[data-dz-errormessage]").textContent}))""")
        states = {state["name"]: state for state in states}
        assert [states[name]["status"] for name in ("me.png", "second.png", "third.png")] == ["success"] * 3, states
        assert place.stored(states["me.png"]["key"]) == PNG and place.stored(states["third.png"]["key"]) == PNG + b"3"
        assert states["note.html"]["shown"] == "You can't upload files of this type."
        assert "empty.png" in states and "The file is too small" in states["empty.png"]["shown"], states
        progress = browser.run("told")
        assert 100 in progress and [percent for percent in progress if 0 < percent < 100]

        # The browser itself writes a line of the refused ticket, and Dropzone 5 looks for the thumbnail of the empty picture at "[object Event]".
        assert [text for text in browser.complaints if "/v1/tickets" not in text and "[object%20Event]" not in text] == []
        browser.run("Dropzone.instances[0].options.params = ([file]) => ({...file.ticket.fields, acl: 'public-read'}); 0")
        example.choose("input.dz-hidden-input", picture)
        until("it is refused", lambda: browser.run("Dropzone.instances[0].files.at(-1).status") == "error", seconds=60)
        shown = browser.run("[...document.querySelectorAll('[data-dz-errormessage]')].at(-1).textContent")
        assert "acl" in shown and "<" not in shown


@pytest.mark.parametrize("version", [5, 6])
def test_uppy(place, picture, note, version):
    with Example("uppy", place) as example:
        example.browser.open(f"{example.origin}/uppy{version}.html")
        example.choose("#files", picture)
        assert "image/png" in example.browser.run("document.getElementById('files').accept")
        if version == 5 and "POSTERN_DEV" not in place.environment:
            # Ceph's answer has no ETag, for which Uppy 5 waits.
            until("Uppy waits", lambda: example.text("#list") and any("Could not read the ETag header" in text for text in example.browser.complaints), seconds=60)
            assert "100 %" in example.text("#list") and example.text("#message") == ""
            return

        def refused(change: str) -> str:
            return example.browser.run(f"""Promise.all([import("./postern.js"), fetch("/session").then((session) => session.json())]).then(
                ([{{restrictions}}, {{postern, token}}]) => restrictions({{postern, token: () => token, rule: "images", ...{change}}})).then(JSON.stringify, String)""")

        assert json.loads(refused("{}"))["maxFileSize"] == 5 * 2**20
        assert refused("{rule: 'none'}") == 'Error: This user has no rule "none".'
        said = example.says("stored as", "#list")
        assert place.stored(stored_as(said)) == PNG
        assert example.says("All files are stored.") and example.browser.complaints == []
        example.choose("#files", note)
        assert "may not be uploaded here" in example.says("note.html: ", "#list")
        example.says("Not all files")


def test_shrine(place, picture, note):
    with Example("shrine", place) as example:
        example.browser.open(example.origin)
        example.choose("#file", note)
        example.says("may not be uploaded here")
        if "POSTERN_DEV" not in place.environment:
            return
        example.choose("#file", picture)
        example.says("Shrine gets")
        field = json.loads(example.browser.run("document.getElementById('image').value"))
        assert field["storage"] == "cache" and field["metadata"] == {"size": len(PNG), "filename": "me.png", "mime_type": "image/png"}
        assert place.stored(f"images/{field['id']}") == PNG


def test_react(place, picture, note):
    with Example("react", place) as example:
        example.browser.open(example.origin)
        until("the component is there", lambda: example.browser.run("Boolean(document.getElementById('bar'))"), seconds=60)
        example.browser.run("""window.told = [];
            new MutationObserver(([{target}]) => told.push(target.value)).observe(document.getElementById("bar"), {attributes: true}); 0""")
        example.slow_down()
        example.choose("#file", picture)
        assert place.stored(stored_as(example.says("Stored as"))) == PNG
        progress = example.browser.run("told")
        assert progress == sorted(progress) and progress[-1] == 1 and [share for share in progress if 0 < share < 1] and example.browser.complaints == []
        example.choose("#file", note)
        example.says("may not be uploaded here")


def sign_in(example: Example, user: str):
    example.browser.open(example.origin)
    example.browser.run(f"document.querySelector('[name=user]').value = {json.dumps(user)}; document.querySelector('form button').click()")


def test_flask(place, picture, note):
    """The back end asks for its user, and believes the store, not the page."""
    with Example("flask", place) as example:
        sign_in(example, "anna@example.com")
        example.choose("#file", picture)
        said = example.says("Stored as")
        key = stored_as(said)
        assert key.startswith("attachments/anna~40example.com/") and key.endswith("-me.png") and f"(image/png, {len(PNG)} bytes)" in said
        assert place.stored(key) == PNG and example.browser.complaints == []
        example.choose("#file", note)
        example.says("may not be uploaded here")

        def claims(key: str) -> int:
            return example.browser.run(
                f"fetch('/uploaded', {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: JSON.stringify({{key: {json.dumps(key)}}})}}).then(({{status}}) => status)")

        assert claims(key) == 201
        assert claims(f"{key}x") == 409
        sign_in(example, "anna")
        until("the other user is signed in", lambda: "attachments" not in example.text("ul"), seconds=60)
        assert claims(key) == 403


def test_php(place, picture):
    """Without JavaScript: the form, the store's redirect, and the check of the key."""
    photo = picture.with_name("me.jpg")
    photo.write_bytes(JPEG)
    with Example("php", place) as example:
        example.browser.send("Emulation.setScriptExecutionDisabled", value=True)
        sign_in(example, "anna@example.com")
        example.choose("input[type=file]", photo)
        example.browser.run("document.querySelector('form button').click()")
        key = stored_as(example.says("Stored as"))
        assert key.startswith("photos/anna~40example.com/") and key.endswith(".jpg")
        assert place.stored(key) == JPEG and example.browser.complaints == []
        example.browser.open(f"{example.origin}/done?key=photos/bert/x.jpg")
        assert "not a file of yours" in example.text("[role=alert]")


def test_a_page_of_another_name_gets_no_token(dev):
    """And nothing outside the example's folder is served."""
    with Example("uppy", dev):
        with Connection(dev.port) as connection:
            assert connection.request("GET", "/session", {"Host": "evil.example"}).status == 421
        for path in ("/../start.py", "/../shrine/shrine.js", "/%2e%2e/start.py", "/run", "/uppy/index.html"):
            with Connection(dev.port) as connection:
                assert connection.request("GET", path, {"Host": f"127.0.0.1:{dev.port}"}).status == 404, path
        with Connection(dev.port) as connection:
            assert connection.request("GET", "/session", {"Host": f"127.0.0.1:{dev.port}"}).json()["postern"] == dev.environment["POSTERN"]


@pytest.mark.parametrize("change, said", [
    ({"POSTERN": "http://127.0.0.1:1"}, "no answer from http://127.0.0.1:1"), ({"POSTERN_DEV": "/nowhere"}, "run `make run` in another terminal"),
    ({"POSTERN_BINARY": "/bin/false"}, "postern: "), ({"POSTERN_BINARY": "/nowhere/postern"}, "there is no program /nowhere/postern"),
    ({"PORT": None}, "name another port in PORT"), ({"PORT": "x"}, "name another port in PORT"), ({"PORT": "70000"}, "name another port in PORT")])
def test_what_is_missing_is_told(dev, change, said):
    taken = dev.environment["POSTERN"].rpartition(":")[2]
    environment = dev.environment | {name: value or taken for name, value in change.items()}
    done = subprocess.run([EXAMPLES / "uppy" / "run"], capture_output=True, text=True, timeout=120, env=clean_environment(**environment), stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


def test_a_rule_file_of_the_user_is_left_alone(dev):
    """A back end's example writes its own rule file again and again, and no other."""
    mine = pathlib.Path(dev.environment["POSTERN_DEV"]) / "tenants" / "cms.yaml"
    before = mine.read_text() if mine.exists() else None
    mine.write_text("# My own.\n")
    try:
        done = subprocess.run([EXAMPLES / "php" / "run"], capture_output=True, text=True, timeout=120, env=clean_environment(**dev.environment), stdin=subprocess.DEVNULL)
        assert done.returncode == 1 and str(mine) in done.stderr and mine.read_text() == "# My own.\n"
    finally:
        mine.unlink() if before is None else mine.write_text(before)
