"""clients/web/postern.js in Chromium and Firefox, against the service, Ceph and stores that lie; page, service and stores are of different origins."""

import base64
import hashlib
import http.client
import itertools
import json
import pathlib
import re
import subprocess
import urllib.parse
import zlib

import pytest

from harness import canaries
from harness.browser import Browser, PageServer
from harness.firefox import Firefox
from harness.form import File, StoreAnswer, post
from harness.loopback import LoopbackServer, Reply
from harness.ports import free_ports
from harness.service import ROOT
from harness.tenant import Tenant
from harness.tokens import Issuer
from harness.waiting import until

MODULE = ROOT / "clients/web/postern.js"
SCENE = pathlib.Path(__file__).parent / "harness/scene.js"
ANSWERS = ROOT / "Tests/Fixtures/store-answers/answers.json"
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST, PUT", "Access-Control-Allow-Headers": "*",
        "Access-Control-Expose-Headers": "ETag"}
PAGE = """<!doctype html><title>Scene</title><script type="module" src="/scene.js"></script>
<input type="file" id="files" multiple><input type="file" id="folder" webkitdirectory>"""
# What a browser itself logs for an answer that is no success, and for one that CORS keeps from the page.
NOISE = re.compile(r"error: (Failed to load resource|Access to (XMLHttpRequest|fetch) at )")


class FakeStore(LoopbackServer):
    """Takes what it is sent, or gives the answers that a test lists."""

    delay = 0.0

    def __init__(self):
        super().__init__()
        self.answers: list[Reply] = []

    def reply(self, request):
        if request.method == "OPTIONS":
            return Reply(204, headers=CORS)
        if request.method == "HEAD":
            return Reply(200)
        return self.answers.pop(0) if self.answers else Reply(201, headers=CORS | {"ETag": '"fake"'}, delay=self.delay)

    def uploads(self):
        return [each for each in self.asked() if each.method in ("POST", "PUT")]


class World:
    """A page, a service, Ceph and a fake store."""

    def __init__(self, pages, service, fake, store, tenant):
        self.pages, self.service, self.fake, self.store, self.tenant = pages, service, fake, store, tenant

    def keys(self) -> list[str]:
        listed = self.store.client().list_objects_v2(Bucket=self.store.bucket, Prefix="web/")
        return [each["Key"] for each in listed.get("Contents", [])]

    def content(self, key: str) -> bytes:
        return self.store.client().get_object(Bucket=self.store.bucket, Key=key)["Body"].read()


def any_type(prefix: str, **more) -> dict:
    return {"keyPrefix": f"{prefix}/", "contentTypes": ["application/octet-stream", "image/png"], "maxSize": "64MiB", "minSize": "0"} | more


@pytest.fixture(scope="module")
def world(make_service, real_store):
    with PageServer() as pages, FakeStore() as fake:
        # `*.localhost` and 127.0.0.1 are other origins than the page's localhost; each port is one, too.
        bucket = {"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint}
        tenant = Tenant("acme", store=bucket, origins=[pages.origin], issuers=[Issuer("id.acme")], more={"stores": {
            "put": bucket | {"method": "put"}, "fake": bucket | {"endpoint": f"http://localhost:{fake.port}"},
            "closed": bucket | {"bucket": real_store.other_bucket}}}, rules={
                "images": {"keyPrefix": "web/images/{user}/", "contentTypes": ["image/png", "image/jpeg"], "minSize": "10", "maxSize": "6MiB"},
                "put": {"keyPrefix": "web/put/", "contentTypes": ["image/png"], "maxSize": "64MiB", "store": "put"},
                "films": any_type("web/films"),
                "short": {"keyPrefix": "web/short/", "contentTypes": ["image/png"], "maxSize": "1MiB", "expiry": "1s"},
                "hashed": any_type("web/hashed", checksum={"required": True, "algorithms": ["sha256"]}),
                "sums": any_type("web/sums", checksum={"required": False, "algorithms": ["sha256", "crc32", "crc32c"]}, store="fake"),
                "odd": any_type("web/odd", checksum={"required": True, "algorithms": ["sha1"]}),
                "folders": any_type("web/folders/{path}", keyName="{filename}"),
                "limited": any_type("web/limited", limits={"perUser": "2/3s"}, store="fake"),
                "fake": any_type("web/fake", store="fake"),
                "closed": any_type("web/closed", store="closed"),
                "redirected": any_type("web/redirected", successRedirect="http://127.0.0.1:1/done"),
            })
        other = Tenant("other", store=bucket, origins=["https://elsewhere.example"])
        service = make_service("web", [tenant, other]).start()
        real_store.client().put_bucket_cors(Bucket=real_store.bucket, CORSConfiguration={"CORSRules": [{
            "AllowedOrigins": [pages.origin], "AllowedMethods": ["POST", "PUT"], "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"]}]})
        yield World(pages, service, fake, real_store, tenant)
        real_store.client().delete_bucket_cors(Bucket=real_store.bucket)
        service.stop()


@pytest.fixture(scope="module")
def chromium():
    with Browser() as started:
        yield started


@pytest.fixture(scope="module")
def firefox():
    with Firefox() as started:
        yield started


class Page:
    """A page with the module, under a strict policy."""

    def __init__(self, browser, world: World, workers: str = "'self'", more: str = ""):
        self.browser, self.world = browser, world
        token = world.tenant.token()
        canaries.add(token)
        base = {"endpoint": world.service.url, "token": token}
        allowed = f"{world.service.url} {world.store.path_endpoint} http://localhost:{world.fake.port}{more}"
        world.pages.serve(PAGE, {"/postern.js": MODULE.read_text(), "/scene.js": SCENE.read_text() + f"\nwindow.base = {json.dumps(base)};"}, {
            "Content-Security-Policy": f"default-src 'none'; script-src 'self'; worker-src {workers}; connect-src {allowed}"})
        browser.open(world.pages.origin + "/")
        until("the scene is ready", lambda: browser.run("window.ready === true"), seconds=60)
        browser.complaints.clear()

    def run(self, script: str):
        return self.browser.run(script)

    def upload(self, file: str, rule: str, **more):
        """What came of an upload: its `value` or `error`."""
        return self.run(f"outcome(upload({file}, {{...base, rule: {json.dumps(rule)}, ...{json.dumps(more)}}}))")

    def check(self, noisy: bool = False, violations: set = frozenset()):
        """Nothing is left open, nothing was against the policy, and nothing in the console but what a scene must bring (`noisy`)."""
        until("nothing is open", lambda: {"timers": 0, "requests": 0}.items() <= self.run("state()").items(), seconds=60)
        state = self.run("state()")
        assert set(state["violations"]) == set(violations) and state["mistakes"] == [], state
        complaints = [each for each in self.browser.complaints if not (noisy and NOISE.match(each))]
        assert len(complaints) == (1 if violations and isinstance(self.browser, Browser) else 0), complaints


@pytest.fixture(params=["chromium", "firefox"])
def page(request, world):
    """A page in each of the browsers."""
    world.fake.up()
    world.fake.forget()
    world.fake.answers.clear()
    world.fake.delay = 0
    return Page(request.getfixturevalue(request.param), world)


@pytest.fixture
def chromium_page(chromium, world):
    world.fake.up()
    world.fake.forget()
    world.fake.answers.clear()
    world.fake.delay = 0
    return Page(chromium, world)


def content(size: int) -> bytes:
    """What scene.js puts into files."""
    return bytes((index * 7 + (index >> 8)) & 0xFF for index in range(size))


@pytest.mark.parametrize("rule", ["films", "put"])
def test_a_file_is_stored(page, world, rule):
    """Progress counts the file's bytes, never decreases, and ends at the file's size; the store has these bytes and this type."""
    size = 60 << 20
    told = page.run(f"""(async () => {{
        const progress = [], abort = controller();
        const value = await upload(new File([new Uint8Array({size}).fill(3)], "a.png", {{type: "image/png"}}), {{...base, rule: "{rule}", signal: abort.signal, onProgress: (each) => progress.push(each)}});
        return {{value, progress, listeners: listeners()}};
    }})()""")
    value, progress = told["value"], told["progress"]
    assert value["rule"] == rule and value["size"] == size and value["contentType"] == "image/png" and value["ticketId"]
    assert world.content(value["key"]) == b"\3" * size
    assert value["etag"].strip('"') == hashlib.md5(b"\3" * size).hexdigest()
    loaded = [each["loaded"] for each in progress]
    assert loaded == sorted(loaded) and loaded[-1] == size and all(each["total"] == size for each in progress)
    phases = [phase for phase, _ in itertools.groupby(each["phase"] for each in progress)]
    assert phases == ["waiting", "uploading", "stored"] and len(set(loaded)) > 2
    assert told["listeners"] == 0
    page.check()


def test_progress_does_not_go_back(page, world):
    """When the whole file is sent a second time."""
    size = 60 << 20
    world.fake.answers = [Reply(503, b"<Error><Code>SlowDown</Code></Error>", CORS)]
    progress = page.run(f"""(async () => {{
        const progress = [];
        await upload(new File([new Uint8Array({size})], "a.bin"), {{...base, rule: "fake", onProgress: ({{phase, loaded}}) => progress.push([phase, loaded])}});
        return progress;
    }})()""")
    loaded = [each for _, each in progress]
    assert loaded == sorted(loaded) and loaded[-1] == size and len(set(loaded)) > 2 and len(world.fake.uploads()) == 2
    assert "waiting" in [phase for phase, _ in progress[2:]]
    page.check(noisy=True)


def test_many_files(page, world):
    """Three at a time, tickets as they are needed, results in order; one that is refused stops no other."""
    world.fake.delay = 0.4
    told = page.run("""(async () => {
        const files = Array.from({length: 9}, (_, index) => ({file: file(1000 + index, `${index}.png`, index === 4 ? "text/html" : "image/png")}));
        const progress = [], events = [];
        const results = await uploadAll(files, {...base, rule: "fake", onProgress: (each) => progress.push(each),
            onFile: ({index, state}) => events.push([index, state, taken()])});
        return {results: results.map(({file, status, value, reason}) => [file.name, status, value?.key ?? reason.code]), progress, events};
    })()""")
    assert [each[:2] for each in told["results"]] == [[f"{index}.png", "rejected" if index == 4 else "fulfilled"] for index in range(9)]
    assert told["results"][4][2] == "content-type-not-allowed"
    loaded = [each["loaded"] for each in told["progress"]]
    assert loaded == sorted(loaded) and told["progress"][-1] == {
        "loaded": sum(1000 + index for index in range(9)) - 1004, "total": sum(1000 + index for index in range(9)), "files": 9, "done": 9}
    begins = [each.at for each in world.fake.uploads()]
    assert len(begins) == 8
    # One that begins before the answer to another may come is at the same time.
    at_once = max(sum(1 for other in begins if begin <= other < begin + 0.4) for begin in begins)
    assert at_once == 3
    first_stored = next(count for _, state, count in told["events"] if state == "stored")
    assert first_stored <= 4, "tickets are not taken before their files' turn"
    page.check(noisy=True)


@pytest.mark.parametrize("size, type, code, said", [
    (7 << 20, "image/png", "size-too-large", "too large"), (5, "image/png", "size-too-small", "too small"),
    (100, "text/plain", "content-type-not-allowed", "may not be uploaded")])
def test_what_postern_refuses(page, size, type, code, said):
    """Once, without another try; `forecast` says the same before."""
    made = f"file({size}, 'a.txt', {json.dumps(type)})"
    error = page.upload(made, "images")["error"]
    assert (error["name"], error["code"], error["status"], error["retryable"]) == ("UploadError", code, 422, False)
    assert said in error["message"] and error["requestId"] and page.run("taken()") == 1
    rules = "listRules(base).then((rules) => rules.find(({name}) => name === 'images'))"
    assert page.run(f"{rules}.then((rule) => forecast({made}, rule).code)") == code
    assert page.run(f"{rules}.then((rule) => forecast(file(100, 'a.PNG', ''), rule))") is None
    page.check(noisy=True)


STAGES = {
    "token": "token: () => { setTimeout(stop); return new Promise(() => {}); }",
    "hashing": "rule: 'hashed', onProgress: ({phase}) => phase === 'hashing' && stop()",
    "ticket": "onProgress: () => setTimeout(stop), endpoint: SILENT",
    "uploading": "onProgress: ({phase}) => phase === 'uploading' && stop()",
    "backoff": "rule: 'fake', onProgress: ({error}) => error && stop()",
    "answer": "rule: 'fake', onProgress: ({loaded}) => loaded > 0 && stop()",
    "before": "signal: AbortSignal.abort()",
}


@pytest.mark.parametrize("stage", STAGES)
def test_cancel_at_each_stage(page, world, stage):
    before = world.keys()
    world.fake.answers = [Reply(503, b"<Error><Code>SlowDown</Code></Error>", CORS) if stage == "backoff" else Reply(delay=100)]
    endpoint = json.dumps(f"http://localhost:{world.fake.port}")
    told = page.run(f"""(async () => {{
        const abort = controller(), stop = () => abort.abort();
        const told = await outcome(upload(file(5 << 20), {{...base, rule: "images", signal: abort.signal, {STAGES[stage].replace("SILENT", endpoint)}}}));
        return {{...told, listeners: listeners()}};
    }})()""")
    assert told["error"]["code"] == "aborted", told
    page.check(noisy=True)
    assert world.keys() == before
    assert len(world.fake.uploads()) == {"backoff": 1, "answer": 1}.get(stage, len(world.fake.uploads()) if stage == "ticket" else 0)


def test_cancel_all(page, world):
    world.fake.delay = 100
    told = page.run("""(async () => {
        const abort = new AbortController();
        const results = await uploadAll(Array.from({length: 8}, () => file(1000)), {...base, rule: "fake", signal: abort.signal,
            onProgress: ({loaded}) => loaded > 0 && abort.abort()});
        return results.map(({reason}) => reason.code);
    })()""")
    assert told == ["aborted"] * 8
    page.check(noisy=True)
    assert len(world.fake.uploads()) <= 3


def test_a_ticket_that_expires_on_the_way_is_replaced(page, world):
    """The store itself says that it has expired."""
    told = page.run("""(async () => {
        const {send} = XMLHttpRequest.prototype;
        let sent = 0;
        XMLHttpRequest.prototype.send = function (body) { sent += 1; setTimeout(() => send.call(this, body), sent === 1 ? 2500 : 0); };
        const errors = [];
        const told = await outcome(upload(file(100), {...base, rule: "short", onProgress: ({error}) => error && errors.push(error.code)}));
        return {...told, errors, sent, taken: taken()};
    })()""")
    assert (told["errors"], told["sent"], told["taken"]) == (["ticket-expired"], 2, 2), told
    assert world.content(told["value"]["key"]) == content(100)
    page.check(noisy=True)


def test_the_token_is_renewed_once_for_ten_files(page, world):
    old, new = world.tenant.token(exp=1_600_000_000), world.tenant.token()
    canaries.add(old, new)
    told = page.run(f"""(async () => {{
        const token = async ({{refresh}}) => {{
            if (refresh) {{ refreshes += 1; await new Promise((resolve) => setTimeout(resolve, 100)); }}
            return refresh ? {json.dumps(new)} : {json.dumps(old)};
        }};
        const results = await uploadAll(Array.from({{length: 10}}, () => file(100)), {{...base, rule: "images", token, concurrency: 5}});
        const again = await outcome(upload(file(100), {{...base, rule: "images", token: () => {json.dumps(old)}}}));
        const never = await outcome(upload(file(100), {{...base, rule: "images", token: () => ""}}));
        return {{stored: results.filter(({{status}}) => status === "fulfilled").length, refreshes, again, never}};
    }})()""")
    assert (told["stored"], told["refreshes"]) == (10, 1)
    assert told["again"]["error"]["code"] == "token-expired" and told["never"]["error"]["code"] == "token-unavailable"
    page.check(noisy=True)


def test_a_checksum_is_computed_in_a_worker(page, world):
    size = 20 << 20
    value = page.run(f"outcome(upload(new File([new Uint8Array({size}).fill(3)], 'a.bin'), {{...base, rule: 'hashed'}}))")["value"]
    sent = page.run("asked.at(-1).body.checksum")
    assert sent == {"algorithm": "sha256", "value": base64.b64encode(hashlib.sha256(b"\3" * size).digest()).decode()}
    assert value["size"] == size and page.run("workers") == 1
    page.check(noisy=True)


def test_a_page_that_forbids_workers_hashes_by_itself(request, world, page):
    other = Page(page.browser, world, workers="'none'")
    size = 17 << 20
    told = other.run(f"outcome(upload(new File([new Uint8Array({size}).fill(3)], 'a.bin'), {{...base, rule: 'hashed'}}))")
    assert told["value"]["size"] == size, told
    assert other.run("asked.at(-1).body.checksum.value") == base64.b64encode(hashlib.sha256(b"\3" * size).digest()).decode()
    other.check(noisy=True, violations={"worker-src"})


def crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def test_checksums_of_all_lengths(chromium_page):
    """The check values of the CRCs, and lengths around a block of SHA-256, also without the browser's own."""
    sizes = [0, 1, 55, 56, 57, 63, 64, 65, 127, 128, 1000, (1 << 20) + 1]
    told = chromium_page.run(f"""(async () => {{
        Object.defineProperty(crypto, "subtle", {{value: undefined}});
        const made = [...{sizes}.map(file), new File(["123456789"], "a.png", {{type: "image/png"}})], found = {{}};
        for (const checksum of ["sha256", "crc32", "crc32c"]) {{
            await uploadAll(made, {{...base, rule: "sums", concurrency: 1, checksum}});
            found[checksum] = asked.splice(0).map(({{body}}) => body.checksum.value);
        }}
        return found;
    }})()""")
    data = [*map(content, sizes), b"123456789"]
    expected = {"sha256": [hashlib.sha256(each).digest() for each in data], "crc32": [zlib.crc32(each).to_bytes(4) for each in data]}
    for name, digests in expected.items():
        assert told[name] == [base64.b64encode(each).decode() for each in digests]
    assert told["crc32c"][:-2] == [base64.b64encode(crc32c(each).to_bytes(4)).decode() for each in data[:-2]]
    assert told["crc32c"][-1] == "4waSgw=="
    assert chromium_page.upload("file(10)", "odd")["error"]["code"] == "checksum-unsupported"
    chromium_page.check(noisy=True)


def test_a_rule_that_needs_checksums_is_learnt_once(chromium_page):
    told = chromium_page.run("""(async () => {
        await uploadAll([file(1000), file(1001), file(1002)], {...base, rule: "hashed", concurrency: 1});
        const first = taken();
        const rule = (await listRules(base)).find(({name}) => name === "hashed");
        await upload(file(1000), {...base, rule});
        return [first, taken() - first];
    })()""")
    assert told == [4, 1]
    chromium_page.check(noisy=True)


def test_a_store_that_is_down_for_a_while(page, world):
    world.fake.down()
    page.run("window.waits = [], window.running = outcome(upload(file(1000), {...base, rule: 'fake', onProgress: ({error, retryIn}) => error && waits.push([error.code, retryIn])})), 0")
    until("it was tried", lambda: page.run("waits.length > 0"), seconds=60)
    world.fake.up()
    told = page.run("running")
    assert "value" in told and {code for code, _ in page.run("waits")} == {"network"}, told
    assert page.run("taken()") == 1, "a ticket that is valid is used again: what is stored twice has one key"
    page.check(noisy=True)


def test_a_store_that_stays_down(page, world):
    world.fake.down()
    error = page.upload("file(1000)", "fake", retries=1)["error"]
    assert (error["code"], error["retryable"]) == ("network", True)
    page.check(noisy=True)


def test_a_bucket_whose_cors_rules_do_not_list_the_page(page):
    error = page.upload("file(1000)", "closed")["error"]
    assert (error["code"], error["retryable"]) == ("cors", False) and "bucket's CORS rules" in error["message"]
    page.check(noisy=True)


def test_a_service_that_is_down_and_one_that_does_not_list_the_page(page, world):
    (port,) = free_ports(1)
    other = Page(page.browser, world, more=f" http://127.0.0.1:{port}")
    error = other.upload("file(1000)", "images", endpoint=f"http://127.0.0.1:{port}", retries=0)["error"]
    assert (error["code"], error["retryable"]) == ("network", True)
    token = world.service.tenants["other"].token()
    canaries.add(token)
    error = other.upload("file(1000)", "avatars", token=token)["error"]
    assert error["code"] in ("cors", "origin-not-allowed") and "origins" in error["message"], error
    other.check(noisy=True)


def test_a_policy_that_forbids_the_request_is_named(page, world):
    (port,) = free_ports(1)
    error = page.upload("file(1000)", "images", endpoint=f"http://127.0.0.1:{port}")["error"]
    assert error["code"] == "blocked-by-csp" and f"http://127.0.0.1:{port}" in error["message"], error


def test_limits_are_waited_for(chromium_page, world):
    """The rule gives two tickets in three seconds."""
    told = chromium_page.run("""(async () => {
        const waits = [];
        const results = await uploadAll(Array.from({length: 5}, () => file(100)), {...base, rule: "limited",
            onFile: ({progress}) => progress?.error && waits.push(progress.error.code)});
        return {stored: results.filter(({status}) => status === "fulfilled").length, waits};
    })()""")
    assert told["stored"] == 5 and set(told["waits"]) == {"rate-limited"}
    chromium_page.check(noisy=True)


XML = b'<?xml version="1.0"?><!DOCTYPE Error [<!ENTITY a "aaaa">]><Error><Code>AccessDenied</Code><Message>&a;</Message></Error>'


@pytest.mark.parametrize("reply, code, status, tries", [
    (Reply(200, b"<!doctype html><h1>Log in to this network</h1>", CORS | {"Content-Type": "text/html"}), "unexpected-answer", 200, 1),
    (Reply(403, b"<html style='color:red'><h1>No</h1></html>", CORS | {"Content-Type": "text/html"}), "unexpected-answer", 403, 1),
    (Reply(502, b"<html><h1>Bad gateway</h1></html>", CORS | {"Content-Type": "text/html"}), "unexpected-answer", 502, 2),
    (Reply(400, b"\x00\xff garbage", CORS), "unexpected-answer", 400, 1),
    (Reply(403, XML, CORS | {"Content-Type": "application/xml"}), "unexpected-answer", 403, 1),
    (Reply(403, b"<Error><Code>Nobody</Code><Message>knows this</Message></Error>", CORS), "store-refused", 403, 1),
    (Reply(503, b"<Error><Code>SlowDown</Code></Error>", CORS | {"Retry-After": "86400", "Access-Control-Expose-Headers": "Retry-After"}), "store-busy", 503, 1),
    (Reply(raw=b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n", endless=True), "unexpected-answer", 200, 1),
    (Reply(307, b"", CORS | {"Location": "/elsewhere"}), "unexpected-answer", 200, 1),
    (Reply(200, b"", CORS | {"X-Huge": "x" * 5_000_000}), "network", None, 2),
    (Reply(raw=b"220 no HTTP\r\n"), None, None, None),
])
def test_what_hostile_stores_answer(page, world, reply, code, status, tries):
    world.fake.answers = [reply, reply] if reply.status != 307 else [reply, Reply(200, b"hello", {"Access-Control-Allow-Origin": "*"})]
    told = page.upload("file(1000)", "fake", retries=1)
    assert "error" in told, told
    error = told["error"]
    if code:
        assert (error["code"], error.get("status")) == (code, status) or code == "network" and error["code"] in ("network", "cors"), error
        assert len(world.fake.uploads()) == (2 if reply.status == 307 else tries)
    page.check(noisy=True)


def test_a_store_that_never_answers(page, world):
    world.fake.answers = [Reply(delay=100)]
    error = page.upload("file(1000)", "fake", retries=0, stallTimeout=1500)["error"]
    assert (error["code"], error["retryable"]) == ("timeout", True)
    page.check(noisy=True)


def test_a_file_that_changes_or_vanishes_after_it_was_chosen(page, world, tmp_path):
    changed, vanished = tmp_path / "changed.png", tmp_path / "vanished.png"
    for path in (changed, vanished):
        path.write_bytes(b"x" * 1000)
    page.browser.choose("#files", changed, vanished)
    changed.write_bytes(b"y" * 2000)
    vanished.unlink()
    told = page.run("uploadAll(document.getElementById('files').files, {...base, rule: 'images'}).then((all) => all.map(({reason}) => reason && tell(reason).error.code))")
    assert told == ["file-changed", "file-unreadable"]
    # Firefox reads a file that has grown: the store finds that it has not the size of the ticket.
    assert page.run("taken()") == (1 if isinstance(page.browser, Firefox) else 0)
    page.check(noisy=True)


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
    site = tmp_path / "site"
    for name in ("index.png", "css/a.png", "css/deep/b.png"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(name.encode())
    return site


PATHS = ["site/css/a.png", "site/css/deep/b.png", "site/index.png"]


def test_a_folder_is_dropped(chromium_page, world, folder):
    page = chromium_page
    page.run("""(document.addEventListener("dragover", (event) => event.preventDefault()), document.addEventListener("drop", (event) => {
        event.preventDefault();
        window.dropped = filesOf(event.dataTransfer).then((files) => uploadAll(files, {...base, rule: "folders"}))
            .then((all) => all.map(({status, value, reason}) => value?.key ?? reason.message));
    }), 0)""")
    page.browser.drop(200, 200, folder)
    until("it is dropped", lambda: page.run("'dropped' in window"), seconds=30)
    keys = page.run("dropped")
    assert sorted(keys) == [f"web/folders/{path}" for path in PATHS]
    assert world.content("web/folders/site/css/deep/b.png") == b"css/deep/b.png"
    page.check()


def test_a_folder_is_chosen(chromium_page):
    """The path of `<input webkitdirectory>`, by a rule that is known to use it, or of which nothing is known, and by one that does not."""
    told = chromium_page.run("""(async () => {
        const chosen = file(100);
        Object.defineProperty(chosen, "webkitRelativePath", {value: "site/css/c.png"});
        const rules = await listRules(base), [folders, films] = ["folders", "films"].map((name) => rules.find((each) => each.name === name));
        const stored = [];
        for (const rule of ["folders", folders, films]) stored.push((await upload(chosen, {...base, rule})).key);
        return [...stored.slice(0, 2), asked.filter(({body}) => body).map(({body}) => body.path ?? null)];
    })()""")
    assert told == ["web/folders/site/css/a.png"] * 2 + [["site/css/c.png", "site/css/c.png", None]]
    chromium_page.check()


def test_a_rule_for_forms_with_a_redirect_says_so(chromium_page):
    error = chromium_page.upload("file(1000)", "redirected")["error"]
    assert (error["code"], error["retryable"], chromium_page.run("taken()")) == ("redirect-unreadable", False, 1), error


def test_mistakes_of_the_page_do_not_stop_an_upload(chromium_page):
    told = chromium_page.run("""outcome(upload(file(100), {...base, rule: "images", onProgress() { throw new Error("mine"); }}))""")
    assert "value" in told
    assert set(chromium_page.run("mistakes")) == {"Uncaught Error: mine"}


# The table of stores' errors


def test_the_table_explains_known_answers(chromium_page):
    """Each sample of Ceph and of AWS, by the copy in the module."""
    samples = json.loads(ANSWERS.read_text())
    told = chromium_page.run(f"{json.dumps(samples)}.map(({{status, body}}) => {{ const {{code, retryable, needsNewTicket}} = storeError(status, body); return [code, retryable, needsNewTicket]; }})")
    assert told == [[each["code"], each.get("retry", False), each.get("newTicket", False)] for each in samples]
    table = json.loads((ROOT / "clients/store-errors.json").read_text())
    assert {each["code"] for each in table} <= {each["code"] for each in samples}, "a code without a sample"
    chromium_page.check()


def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> StoreAnswer:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=30)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body, {"Host": parts.netloc} | headers)
        response = connection.getresponse()
        return StoreAnswer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def provoke(world, store) -> dict:
    """What Ceph answers to each mistake, by the name of the mistake."""
    service, token = world.service, world.tenant.token()
    canaries.add(token)

    def ticket(**more) -> tuple[str, dict]:
        given = service.ticket(token, **({"rule": "images", "contentType": "image/png", "size": 100} | more))
        canaries.add_ticket(given)
        return given["url"], given["fields"]

    url, fields = ticket()
    right = File(b"x" * 100)
    short_url, short = ticket(rule="short")
    answers = {
        "too large": post(url, fields, File(b"x" * 101)), "too small": post(url, fields, File(b"x" * 99)),
        "another type": post(url, fields | {"Content-Type": "text/html"}, right), "another key": post(url, fields | {"key": "elsewhere"}, right),
        "an extra field": post(url, {"acl": "public-read"} | fields, right),
        "another signature": post(url, fields | {"X-Amz-Signature": "0" * 64}, right),
        "an unknown signer": post(url, fields | {"X-Amz-Credential": fields["X-Amz-Credential"].replace(store.credentials.access_key, "AKIAUNKNOWN000000000")}, right),
        "no such bucket": post(url.replace(store.bucket, "no-such-bucket"), fields, right),
        "no file": post(url, fields, None),
    }
    put = service.ticket(token, rule="put", contentType="image/png", size=100)
    canaries.add_ticket(put)
    host = {"Content-Type": "image/png"}
    answers |= {
        "PUT: another size": send("PUT", put["url"], b"x" * 99, host),
        "an Authorization header": send("POST", url, b"x", host | {"Authorization": "Bearer x"}),
        "not multipart": send("POST", url, b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}),
        "no boundary": send("POST", url, b"a=b", {"Content-Type": "multipart/form-data"}),
    }
    until("the ticket has expired", lambda: post(short_url, short, right).status == 403, seconds=30)
    answers["expired"] = post(short_url, short, right)
    return answers


def test_ceph_still_answers_so(chromium_page, world, real_store):
    """Each sample of Ceph is what it answers to the mistake, and the module explains the answer."""
    samples = {each["name"]: each for each in json.loads(ANSWERS.read_text()) if each["store"].startswith("Ceph")}
    answers = provoke(world, real_store)
    assert answers.keys() == samples.keys()
    for name, answer in answers.items():
        sample = StoreAnswer(samples[name]["status"], {}, samples[name]["body"].encode())
        assert (answer.status, answer.code, answer.message) == (sample.status, sample.code, sample.message), name
    told = chromium_page.run(f"{json.dumps([(each.status, each.body.decode()) for each in answers.values()])}.map(([status, body]) => storeError(status, body).code)")
    assert told == [samples[name]["code"] for name in answers]


# The declarations


EXAMPLE = """
import { filesOf, forecast, listRules, storeError, upload, uploadAll, UploadError } from "./postern.js";
import type { Rule, Uploaded } from "./postern.js";
export async function example(file: File, drop: DataTransfer): Promise<string[]> {
  const options = { endpoint: "https://uploads.example.com", token: async ({ refresh }: { refresh: boolean }) => (refresh ? "b" : "a") };
  const rule: Rule | undefined = (await listRules(options))[0];
  const refusal: string | undefined = rule && forecast(file, rule)?.code;
  const stored: Uploaded = await upload(file, { ...options, rule: "images", onProgress: ({ loaded, total }) => console.log(loaded / total) });
  const all = await uploadAll([file, ...(await filesOf(drop))], { ...options, rule, concurrency: 2, onFile(event) {
    if (event.state === "failed" && event.error.retryable) console.log(event.index, event.error.code);
  } });
  const error: UploadError = storeError(403, "");
  return [stored.key, error.message, String(refusal), ...all.map((each) => (each.status === "fulfilled" ? each.value.key : each.reason.code))];
}
"""


def compile_types(folder: pathlib.Path, text: str) -> str:
    for name in ("postern.js", "postern.d.ts", "package.json"):
        (folder / name).write_text((MODULE.parent / name).read_text())
    (folder / "example.mts").write_text(text)
    run = subprocess.run(["tsc", "--strict", "--noEmit", "--target", "es2022", "--module", "node16", "--moduleResolution", "node16", "example.mts"],
                         cwd=folder, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    return run.stdout


def test_the_declarations(tmp_path, chromium_page):
    assert compile_types(tmp_path, EXAMPLE) == ""
    assert "TS2345" in compile_types(tmp_path, EXAMPLE.replace("upload(file,", "upload(1,"))
    assert "TS2339" in compile_types(tmp_path, EXAMPLE.replace("stored.key", "stored.name"))
    declared = set(re.findall(r"^export (?:class|function) (\w+)", (MODULE.parent / "postern.d.ts").read_text(), re.M))
    assert set(chromium_page.run("import('/postern.js').then(Object.keys)")) == declared
