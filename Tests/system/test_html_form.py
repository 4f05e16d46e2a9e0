"""A ticket as an HTML form: a browser without scripts uploads it to a real S3 of another origin, and follows the store to the next page."""

import html.parser
import json
import re
import urllib.parse

import pytest

from harness import canaries
from harness.browser import Browser
from harness.form import File, post
from harness.loopback import LoopbackServer, Reply, Request
from harness.service import Service
from harness.tenant import Tenant
from harness.waiting import until

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8
LIMIT = 4096
# What operators and back ends write into metadata.
HOSTILE = "\"><script>alert('&amp;')</script> Übersicht — 概要 \U0001F642"
PAGE, FRAGMENT = "text/html", "text/html;profile=fragment"
VERSIONS = ["v4", "v2"]
# What Chromium sends when a person opens a page.
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


class CMS(LoopbackServer):
    """A content management system: it asks for forms by its API key, and shows them to people who have none."""

    service: Service

    def ask(self, version: str, accept: str, **wish):
        tenant = self.service.tenants[f"form-{version}"]
        wish = {"rule": "reports", "user": "u1", "metadata": {"title": HOSTILE}} | wish
        answer = self.service.post("/v1/tickets", wish, tenant.api_key, Accept=accept)
        assert answer.status == 201, answer.body
        canaries.add_ticket({"fields": Form(answer.body).fields})
        return answer

    def reply(self, request: Request) -> Reply:
        _, place, version = request.path.split("/") if request.path.count("/") == 2 else ("", request.path, "")
        if place == "page":
            answer = self.ask(version, PAGE)
            kept = ("content-type", "content-security-policy", "referrer-policy", "cache-control", "x-content-type-options")
            return Reply(200, answer.body, {name: answer.headers[name] for name in kept})
        if place == "article":
            # An old page with another encoding, whose text is not English.
            form = self.ask(version, FRAGMENT).body.decode()
            text = f'<!doctype html><html lang="de"><meta charset="iso-8859-1"><title>Anhänge</title><h1>Anhänge</h1>{form}</html>'
            return Reply(200, text.encode("iso-8859-1", "xmlcharrefreplace"), {"Content-Type": "text/html"})
        if place == "done":
            return Reply(200, b'<!doctype html><html lang="en"><title>Done</title><link rel="icon" href="data:,"><h1>Thank you</h1></html>',
                         {"Content-Type": "text/html"})
        return Reply(204)


class Form(html.parser.HTMLParser):
    """What is in the one form of a page, read as browsers read it."""

    def __init__(self, page: bytes):
        super().__init__()
        self.form: dict[str, str] = {}
        self.inputs: list[dict[str, str]] = []
        self.tags: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "form":
            self.form = dict(attrs)
        elif tag == "input":
            self.inputs.append(dict(attrs))

    @property
    def fields(self) -> dict[str, str]:
        return {each["name"]: each["value"] for each in self.inputs if each["type"] == "hidden"}


@pytest.fixture(scope="module")
def cms():
    with CMS() as server:
        yield server


@pytest.fixture(scope="module")
def service(make_service, real_store, cms) -> Service:
    rules = {
        "reports": {"keyPrefix": "{tenant}/reports/{user}/", "contentTypes": ["application/pdf"], "maxSize": LIMIT,
                    "metadata": {"fixed": {"source": "a \"b\" <c> & 'd'"}, "allowed": ["title"]}, "tags": {"team": "web"},
                    "contentDisposition": "attachment", "successRedirect": f"{cms.url}/done/x"},
        "asked": {"keyPrefix": "{tenant}/asked/", "contentTypes": ["image/png"], "maxSize": LIMIT, "successRedirect": f"{cms.url}/done/x?a=1"},
        "plain": {"keyPrefix": "{tenant}/plain/", "contentTypes": ["image/png", "image/jpeg"], "maxSize": "1MiB"},
        "named": {"keyPrefix": "{tenant}/named/", "keyName": "{uuid}-{filename}", "contentTypes": ["image/png"], "maxSize": LIMIT},
        "described": {"keyPrefix": "{tenant}/described/", "contentTypes": ["image/png"], "maxSize": LIMIT, "metadata": {"fixed": {"name": "{filename}"}}},
        "checked": {"keyPrefix": "{tenant}/checked/", "contentTypes": ["image/png"], "maxSize": LIMIT, "checksum": "required"},
        "kept": {"keyPrefix": "{tenant}/kept/", "contentTypes": ["image/png"], "maxSize": LIMIT, "store": "put"},
        "any": {"keyPrefix": "{tenant}/any/", "contentTypes": ["*/*"], "maxSize": LIMIT},
        "audits": {"keyPrefix": "{tenant}/audits/{audit}/{path}/", "contentTypes": ["image/png"], "maxSize": LIMIT, "parameters": {"audit": "digits"}},
        "rare": {"keyPrefix": "{tenant}/rare/", "contentTypes": ["image/png"], "maxSize": LIMIT, "limits": {"perTenant": "2/1h"}},
    }
    store = {"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint}
    tenants = [Tenant(f"form-{version}", rules=rules, store=store | {"signature": version}, origins=["https://app.acme.example"],
                      more={"stores": {"put": store | {"method": "put"}}}) for version in VERSIONS]
    with make_service("html-form", tenants, real_store.credentials) as started:
        cms.service = started
        yield started


@pytest.fixture(scope="module")
def browser():
    with Browser() as started:
        started.allow_scripts(False)
        yield started


@pytest.fixture
def pdf(tmp_path):
    path = tmp_path / "Bericht \"2026\".pdf"
    path.write_bytes(PDF)
    return path


def submit(browser: Browser, url: str, file):
    """Opens the page, chooses the file and presses the button."""
    browser.complaints.clear()
    browser.open(url)
    browser.choose("input[type=file]", file)
    browser.click("button[type=submit]")


# In a browser

@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("place", ["page", "article"])
def test_a_browser_without_scripts_uploads_and_follows_the_redirect(browser, service, cms, real_store, pdf, place, version):
    submit(browser, f"{cms.url}/{place}/{version}", pdf)
    until("the store redirects to the page of the rule", lambda: browser.address.startswith(f"{cms.url}/done/x?"), seconds=60)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.address).query))
    assert query["bucket"] == real_store.bucket and query["key"].startswith(f"form-{version}/reports/u1/"), query
    stored = real_store.client().get_object(Bucket=query["bucket"], Key=query["key"])
    assert stored["Body"].read() == PDF and stored["ContentType"] == "application/pdf"
    assert query["etag"].strip('"') == stored["ETag"].strip('"')
    assert stored["Metadata"]["source"] == "a \"b\" <c> & 'd'"
    until("the last page is shown", lambda: browser.run("document.body.innerText") == "Thank you", seconds=60)
    assert browser.complaints == []


def test_scripts_are_off_and_none_is_in_the_page(browser, service, cms):
    """Else the tests above would prove nothing."""
    browser.open(f"{cms.url}/page/v4")
    assert browser.run("document.scripts.length") == 0
    browser.open("data:text/html,<p id=a>before</p><script>document.getElementById('a').textContent = 'after'</script>")
    assert browser.run("document.getElementById('a').textContent") == "before"


def test_without_a_file_nothing_is_sent(browser, service, cms):
    browser.complaints.clear()
    browser.open(f"{cms.url}/page/v4")
    browser.click("button[type=submit]")
    assert browser.run("document.querySelector('input[type=file]').validity.valueMissing") is True
    assert browser.address == f"{cms.url}/page/v4" and browser.complaints == []


def test_a_file_that_is_too_large_is_refused_by_the_store(browser, service, cms, real_store, tmp_path):
    """A person sees the store's XML."""
    file = tmp_path / "large.pdf"
    file.write_bytes(b"x" * (LIMIT + 1))
    submit(browser, f"{cms.url}/page/v4", file)
    until("the store answers", lambda: browser.address.startswith(real_store.path_endpoint), seconds=60)
    until("its answer is shown", lambda: "EntityTooLarge" in browser.run("document.documentElement.textContent"), seconds=60)


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_and_can_be_read(browser, service, cms, dark):
    browser.view(390, 844, dark=dark)
    browser.open(f"{cms.url}/page/v4")
    assert browser.run("document.documentElement.scrollWidth") <= 390
    assert browser.run("document.querySelector('button').getBoundingClientRect().height") >= 44
    ground, ink = browser.run("(style => [style.backgroundColor, style.color])(getComputedStyle(document.body))")
    light, text = (sum(int(part) for part in re.findall(r"\d+", colour)[:3]) for colour in (ground, ink))
    assert (light < text) is dark, "the style is in force, and follows the theme"
    label = browser.run("document.querySelector('input[type=file]').labels[0].innerText")
    described = browser.run("document.getElementById(document.querySelector('input[type=file]').getAttribute('aria-describedby')).innerText")
    assert label == "File"
    assert re.fullmatch(r"At most 4 KiB\. Type: application/pdf \(\.pdf\)\. Upload by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", described), described


# What is served

def test_the_form_has_every_field_of_a_ticket_in_order_and_the_file_last(service, real_store):
    for version in VERSIONS:
        tenant = service.tenants[f"form-{version}"]
        wish = {"rule": "reports", "user": "u1", "contentType": "application/pdf", "size": len(PDF), "metadata": {"title": HOSTILE}}
        ticket = service.post("/v1/tickets", wish, tenant.api_key).json()
        answer = service.post("/v1/tickets", wish, tenant.api_key, Accept=PAGE)
        form = Form(answer.body)
        assert list(form.fields) == list(ticket["fields"]) and form.form["action"] == ticket["url"]
        constant = {name: value for name, value in ticket["fields"].items() if name.lower() not in ("key", "policy", "signature", "x-amz-signature", "x-amz-date")}
        assert constant.items() <= form.fields.items() and form.fields["x-amz-meta-title"] == HOSTILE
        assert (form.form["method"], form.form["enctype"], form.form["accept-charset"]) == ("post", "multipart/form-data", "utf-8")
        *hidden, file = form.inputs
        assert all(each["type"] == "hidden" for each in hidden)
        assert (file["type"], file["name"], file["accept"]) == ("file", "file", "application/pdf,.pdf") and "required" in file
        assert "script" not in form.tags and HOSTILE.encode() not in answer.body
        canaries.add_ticket({"fields": form.fields})
        # The seed's own form, by name, and its size is signed.
        if version == "v2":
            assert {"key", "AWSAccessKeyId", "policy", "signature"} <= form.fields.keys()
        for content, accepted in ((PDF, True), (PDF[:-1], False), (PDF + b"x", False)):
            assert post(form.form["action"], form.fields, File(content, "a.pdf", "application/pdf")).accepted is accepted
            assert post(ticket["url"], ticket["fields"], File(content, "a.pdf", "application/pdf")).accepted is accepted
        assert b"Exactly 2057 bytes." in answer.body


def test_the_page_is_locked_up(service, cms, real_store):
    answer = cms.ask("v4", PAGE)
    headers = answer.headers
    assert headers["content-type"] == "text/html; charset=utf-8" and headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert {each.strip().lower() for each in headers["vary"].split(",")} == {"accept", "origin"}
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == f"{real_store.path_endpoint} {cms.url}" and "unsafe" not in headers["content-security-policy"]
    assert answer.body.startswith(b"<!doctype html>\n<html lang=\"en\">")
    fragment = cms.ask("v4", FRAGMENT)
    assert fragment.body.startswith(b"<form ") and fragment.body.endswith(b"</form>\n") and b"<style" not in fragment.body
    assert fragment.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("accept, kind", [
    ([PAGE], "page"), ([CHROME], "page"), (["TEXT/HTML"], "page"), (["text/html, */*"], "page"), (["text/html, application/json;q=0.9"], "page"),
    (["text/html;q=0.2, */*;q=0.1"], "page"), (["text/html; charset=utf-8"], "page"), (["application/json;q=0", "text/html"], "page"),
    ([FRAGMENT], "fragment"), (['text/html; profile="fragment" ;q=0.9, application/json;q=0.8'], "fragment"), ([f"{PAGE}, {FRAGMENT}"], "fragment"),
    ([f"{FRAGMENT};q=0.5, {PAGE}"], "page"),
    ([], "json"), (["*/*"], "json"), (["application/json"], "json"), (["application/json, text/plain, */*"], "json"), (["text/*"], "json"),
    (["text/html, application/json"], "json"), (["text/html;q=0.5, application/json"], "json"), (["text/html;q=0"], "json"), (["text/html;q=0.5, */*"], "json"),
    (["text/html;q=2"], "json"), (["text/html;q=0.5x"], "json"), (["text/html;profile=other"], "json"), (["text/html;level=1"], "json"), ([""], "json"),
    (["text/html;profile"], "json"), ([",,;,;;=,text/htmlx"], "json"), (["text/html\xff"], "json"), ([";" * 15_000], "json"), (["," * 15_000], "json"),
    (["text/html," * 1500], "page"), (["text/html;q=0.001," * 700 + "*/*"], "json"), (["application/xhtml+xml"], "json"), (["image/png"], "json"),
])
def test_only_who_prefers_html_gets_it(service, accept, kind):
    tenant = service.tenants["form-v4"]
    body = json.dumps({"rule": "reports", "user": "u1", "contentType": "application/pdf"}).encode()
    head = f"POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {tenant.api_key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    with service.connect() as connection:
        connection.send((head + "".join(f"Accept: {each}\r\n" for each in accept) + "\r\n").encode("latin-1") + body)
        answer = connection.read()
    assert answer.status == 201, answer.body
    assert {each.strip().lower() for each in answer.headers["vary"].split(",")} == {"accept", "origin"}
    if kind == "json":
        assert answer.headers["content-type"] == "application/json" and answer.json()["method"] == "POST"
    else:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.body.startswith(b"<!doctype html>" if kind == "page" else b"<form ")


def test_a_batch_is_always_json(service):
    tenant = service.tenants["form-v4"]
    answer = service.post("/v1/tickets/batch", {"tickets": [{"rule": "plain", "contentType": "image/png"}]}, tenant.api_key, Accept=PAGE)
    assert answer.status == 200 and answer.json()["results"][0]["status"] == 201


# Which rules have forms

@pytest.mark.parametrize("wish, code, words", [
    ({"rule": "named"}, "invalid-request", "without {filename}"), ({"rule": "named", "filename": "a.png"}, "invalid-request", "without {filename}"),
    ({"rule": "described"}, "invalid-request", "without {filename}"),
    ({"rule": "checked"}, "checksum-required", "before a file is chosen"),
    ({"rule": "checked", "checksumSHA256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="}, "checksum-required", "before a file is chosen"),
    ({"rule": "kept"}, "invalid-request", "by PUT"), ({"rule": "kept", "size": 5}, "invalid-request", "by PUT"),
    ({"rule": "plain"}, "content-type-not-allowed", "signed for one type"), ({"rule": "any"}, "content-type-not-allowed", "signed for one type"),
    ({"rule": "plain", "contentType": "text/html"}, "content-type-not-allowed", "may not be uploaded here"),
    ({"rule": "audits"}, "parameter-invalid", "audit"), ({"rule": "none"}, "rule-unknown", "name one of"),
    ({"rule": "plain", "contentType": "image/png", "sise": 1}, "invalid-request", "sise"),
    ({"rule": "plain", "contentType": "image/png", "size": 2**30}, "size-too-large", "too large"),
])
def test_what_a_form_cannot_do_is_refused_in_json(service, wish, code, words):
    tenant = service.tenants["form-v4"]
    for accept in (PAGE, FRAGMENT, CHROME):
        answer = service.post("/v1/tickets", wish, tenant.api_key, Accept=accept)
        assert (answer.problem["code"], words in answer.problem["detail"]) == (code, True), answer.body
    until("the refusals are logged", lambda: [line.get("code") for line in service.log_lines()[-3:]] == [code] * 3)


@pytest.mark.parametrize("wish, signed, accept", [
    ({"rule": "plain", "contentType": "image/png"}, "image/png", "image/png,.png"),
    ({"rule": "plain", "contentType": "image/jpg"}, "image/jpeg", "image/jpeg,.jpg,.jpeg,.jpe,.jfif"),
    ({"rule": "any", "contentType": "application/octet-stream"}, "application/octet-stream", None),
    ({"rule": "any", "contentType": "text/plain;charset=UTF-8"}, "text/plain; charset=utf-8", "text/plain,.txt,.text,.log"),
    ({"rule": "audits", "parameters": {"audit": "7"}}, "image/png", "image/png,.png"),
    ({"rule": "audits", "parameters": {"audit": "7"}, "path": "a/b/c.png"}, "image/png", "image/png,.png"),
])
def test_the_type_is_the_requests_or_the_rules_only_one(service, wish, signed, accept):
    answer = service.post("/v1/tickets", wish, service.tenants["form-v4"].api_key, Accept=PAGE)
    assert answer.status == 201, answer.body
    form = Form(answer.body)
    assert form.fields["Content-Type"] == signed and form.inputs[-1].get("accept") == accept
    if "path" in wish:
        assert form.fields["key"].startswith("form-v4/audits/7/a/b/")
    name = {"image/png": "a.png", "image/jpeg": "a.jpg"}.get(signed, "a.bin")
    assert post(form.form["action"], form.fields, File(b"x", name, signed)).status == 201


def test_ceph_begins_a_second_query(service):
    """As docs/stores.md says."""
    ticket = service.ticket(service.tenants["form-v4"].api_key, rule="asked", contentType="image/png")
    canaries.add_ticket(ticket)
    assert "/done/x?a=1?bucket=" in post(ticket["url"], ticket["fields"]).headers["location"]


def test_forms_count_as_tickets_do(service):
    """The same limits, log and metrics."""
    tenant = service.tenants["form-v4"]
    statuses = [service.post("/v1/tickets", {"rule": "rare"}, tenant.api_key, Accept=PAGE).status for _ in range(3)]
    assert statuses == [201, 201, 429]
    expected = [("ticket issued", "image/png", None)] * 2 + [("ticket refused", None, "rate-limited")]
    until("they are logged", lambda: [(line["message"], line.get("contentType"), line.get("code"))
                                      for line in service.log_lines() if line.get("rule") == "rare"] == expected)
    metrics = service.admin("/metrics").body.decode()
    assert re.search(r'postern_tickets_issued_total\{[^}]*rule="rare"[^}]*\} 2\n', metrics)


def test_a_page_of_a_listed_origin_may_read_a_form(service):
    tenant = service.tenants["form-v4"]
    answer = service.post("/v1/tickets", {"rule": "plain", "contentType": "image/png"}, tenant.api_key, Accept=FRAGMENT, Origin="https://app.acme.example")
    assert answer.status == 201 and answer.headers["access-control-allow-origin"] == "https://app.acme.example"
    refused = service.post("/v1/tickets", {"rule": "plain", "contentType": "image/png"}, tenant.api_key, Accept=PAGE, Origin="https://evil.example")
    assert refused.problem["code"] == "origin-not-allowed"
