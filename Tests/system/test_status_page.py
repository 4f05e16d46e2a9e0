"""The status page of the admin listener, in Chromium: what it shows, that it holds up, and that no name does harm in it."""

import http.server
import re
import ssl
import threading
import time

import pytest

from harness.browser import Browser
from harness.certificates import Authority
from harness.identity_provider import IdentityProvider, RemoteIssuer
from harness.service import Service
from harness.tenant import AVATARS, Tenant, to_yaml
from harness.tokens import APIKey, Issuer
from harness.waiting import until

DESKTOP, PHONE, NARROW = (1280, 800), (390, 844), (360, 740)


@pytest.fixture(scope="module")
def browser():
    with Browser() as started:
        yield started


@pytest.fixture(scope="module")
def busy(make_service, tmp_path_factory):
    """A service with several tenants and TLS, after some requests."""
    certificate = Authority(tmp_path_factory.mktemp("authority"), "status").certify("soon", days=5)
    tenants = [Tenant("acme", more={"suspended": False}), Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1"}),
               Tenant("closed", store={"bucket": "closed", "region": "eu-west-1"}, more={"suspended": True})]
    service = make_service("status-page", tenants, log_level="info", arguments=[
        "--reload", "100ms", "--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)])
    service.tls = tls(certificate)
    with service:
        for _ in range(5):
            service.ticket(tenants[0].token(), contentType="image/png")
        for _ in range(3):
            service.refusal(tenants[0].token(), contentType="text/html")
        service.refusal("nonsense", contentType="image/png")
        service.refusal(tenants[2].token(), contentType="image/png")
        yield service


def tls(certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate.chain))
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def opened(browser: Browser, service: Service, size=DESKTOP, dark: bool = False) -> Browser:
    browser.complaints.clear()
    browser.view(*size, dark=dark)
    browser.open(f"http://127.0.0.1:{service.admin_port}/")
    until("the page shows the status", lambda: browser.run("!document.getElementById('all').hidden"), seconds=30)
    return browser


def shown(browser: Browser, section: str) -> str:
    """The visible text of a part of the page."""
    return browser.run(f"document.getElementById('{section}').innerText")


def refreshed(browser: Browser, section: str, text: str) -> str:
    """The text of a part of the page once it has a text, without waiting for the page's own timer."""
    def found():
        browser.run("ask()")
        return text in shown(browser, section) and shown(browser, section)
    return until(f"{section} shows {text!r}", found, seconds=30)


def test_the_document_is_locked_up(busy):
    page = busy.admin("/")
    assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store" and page.headers["x-content-type-options"] == "nosniff"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ") and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    status = busy.admin("/status.json")
    assert status.status == 200 and status.headers["cache-control"] == "no-store" and "access-control-allow-origin" not in status.headers
    assert busy.admin("/", "HEAD").status == busy.admin("/status.json", "HEAD").status == 200


def test_it_shows_what_an_operator_looks_for(browser, busy):
    opened(browser, busy)
    assert "Ready" in shown(browser, "verdict") and "the certificate of the public listener ends in 4 d 23 h" in shown(browser, "verdict")
    figures = shown(browser, "figures")
    assert re.search(r"Tickets, 60 min\s+5\b", figures) and re.search(r"Refusals, 60 min\s+5\b", figures) and re.search(r"Generation of the rules\s+1\b", figures), figures
    decisions = shown(browser, "decisions")
    for code, count in (("content-type-not-allowed", 3), ("unauthenticated", 1), ("tenant-suspended", 1)):
        assert re.search(rf"{code}\s+{count}\b", decisions), decisions
    assert re.search(r"acme\s+5\s+3\b", decisions), decisions
    assert browser.run("document.querySelectorAll('#decisions svg path[d^=M]').length") >= 6, "the plots have bars"
    assert "None" in shown(browser, "held-back")
    assert "https://id.acme" in shown(browser, "keys") and "file" in shown(browser, "keys")
    assert "default" in shown(browser, "credentials") and "no end" in shown(browser, "credentials")
    assert "soon.chain.pem" in shown(browser, "ends") and "ends in 4 d 23 h" in shown(browser, "ends")
    assert "start" in shown(browser, "reloads")
    tenants = shown(browser, "tenants")
    assert re.search(r"acme\s+avatars\s+acme-uploads", tenants) and re.search(r"closed\s+avatars\s+closed · suspended", tenants), tenants
    assert browser.complaints == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROW], ids=["desktop", "phone", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_and_can_be_read(browser, troubled, size, dark):
    """No text is wider than the window, all has contrast, and the browser has nothing to complain of."""
    opened(browser, troubled[0], size, dark)
    assert browser.run("[document.documentElement.scrollWidth, innerWidth]") == [size[0], size[0]]
    assert browser.run("""[...document.querySelectorAll('main *')].filter((each) => each.checkVisibility() && !each.closest('.hidden, svg')
        && each.getBoundingClientRect().right > innerWidth + 0.5).map((each) => each.outerHTML.slice(0, 100))""") == []
    contrasts = browser.contrasts()
    assert len(contrasts) > 60 and contrasts[0][0] >= 4.5, contrasts[:5]
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 200) == dark, "the theme is the one that is preferred"
    assert browser.complaints == []


def test_it_can_be_used_by_keyboard_and_read_aloud(browser, troubled):
    opened(browser, troubled[0])
    reached = []
    for _ in range(40):
        browser.press("Tab")
        reached.append(browser.run("document.activeElement.id || document.activeElement.nodeName + ' ' + (document.activeElement.getAttribute('href') ?? '')"))
        assert browser.run("getComputedStyle(document.activeElement).outlineStyle") != "none" or reached[-1].startswith("BODY"), reached[-1]
    assert reached[0] == "A #main" and reached.index("pause") == 1
    for wanted in ("A #held-back", "SUMMARY ", "query", "A /metrics"):
        assert wanted in reached, (wanted, reached)
    assert browser.run("[...document.querySelectorAll('section')].every((each) => document.getElementById(each.getAttribute('aria-labelledby')).textContent.trim())")
    assert browser.run("[...document.querySelectorAll('svg')].every((each) => each.getAttribute('aria-hidden') === 'true' || each.getAttribute('role') === 'img' && each.getAttribute('aria-label'))")
    assert browser.run("[...document.querySelectorAll('h1, h2, h3')].map((each) => each.nodeName)")[:2] == ["H1", "H2"]
    assert browser.run("document.getElementById('announcer').textContent").startswith("Ready, with faults"), "what changes is announced"
    assert browser.run("document.querySelector('#held-back li').innerText.startsWith('Fault') || document.querySelector('#held-back li .hidden').textContent === 'Fault: '")


def test_the_page_follows_by_itself_and_keeps_what_one_does(browser, busy):
    """A broken file, then a whole one: nothing is reloaded, and neither focus, nor an open detail, nor a search is lost."""
    opened(browser, busy)
    browser.run("window.same = document.body; document.getElementById('query').focus()")
    browser.type("ac")
    until("the search is answered", lambda: "1 tenant of 3 matches" in shown(browser, "tenants"), seconds=30)
    assert "beta" not in shown(browser, "tenants")
    file = busy.tenants_folder / "acme.yaml"
    text = file.read_text()
    file.write_text(text.replace("maxSize: 1MiB", "maxSize: 1M"))
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "maxSize: 1MiB" in each)
    # By the page's own timer.
    until("the file is shown as held back", lambda: "“1M” is not a size" in shown(browser, "held-back"), seconds=30)
    held = shown(browser, "held-back")
    assert f"{file}:{line}:" in held and "1MB" in held and "acme is served by what the file said before" in held, held
    assert f"{file} is held back: acme is served by what it said before" in shown(browser, "verdict")
    assert "newest file held back" in shown(browser, "tenants")
    assert "held back" in shown(browser, "reloads").splitlines()[2]
    assert browser.run("document.title") == "Postern: ready, 1 fault, 1 warning"
    assert browser.run("window.same === document.body && document.activeElement.id === 'query' && document.activeElement.value") == "ac"
    browser.run("document.querySelector('#reloads details').open = true")
    assert "is not a size" in shown(browser, "reloads")
    file.write_text(text)
    assert "None" in refreshed(browser, "held-back", "None")
    assert "is not a size" in shown(browser, "reloads"), "the detail of the earlier reload is still open"
    assert browser.run("document.querySelectorAll('#reloads details[open]').length") == 1
    assert browser.run("document.title") == "Postern: ready, 1 warning"
    assert browser.complaints == []


def test_pause_stops_the_requests(browser, busy):
    opened(browser, busy)
    browser.run("document.getElementById('pause').click()")
    assert shown(browser, "pause") == "Resume" and shown(browser, "updated").startswith("Paused, updated")
    browser.run("window.asked = 0; const plain = window.fetch; window.fetch = (...all) => { asked += 1; return plain(...all); }")
    time.sleep(6)
    assert browser.run("asked") == 0
    browser.run("document.getElementById('pause').click()")
    assert browser.run("asked") == 1 and shown(browser, "pause") == "Pause"


# What file names, and what rule files say, may be made of.
NAMES = ["<img src=x onerror=hit=1>", "\"><svg onload=hit=1>", "'-hit=1-'", "{{script}}", "a\u202egnp.exe", "\u2067rtl\u2069", "e" + "\u0301" * 100,
         "javascript:hit=1", "&lt;b&gt;", "x" * 245]
VALUES = ["</script><script>hit=1</script>", "<!--<script>", "<style>*{display:none}</style>", *NAMES[:7], "]]>", "y" * 5000]


@pytest.fixture(scope="module")
def troubled(make_service):
    """A service in trouble, with names that mean harm: its issuer is down, files are held back. Yields it and its files."""
    provider = IdentityProvider()
    issuer = RemoteIssuer(provider)
    tenants = [Tenant("acme", issuers=[Issuer("id.acme"), issuer], api_keys=[APIKey("acme", expires="2031-01-01")],
                      rules={"avatars": AVATARS, "named": AVATARS | {"keyPrefix": "named/", "keyName": "{filename}"}}),
               Tenant("b" * 63, store={"bucket": "beta-uploads", "region": "eu-west-1"})]
    service = make_service("status-page-trouble", tenants, log_level="info", arguments=["--reload", "100ms"])
    provider.down()
    service.start(ready=False)
    for name in NAMES:
        (service.tenants_folder / f"{name}.yaml").write_text("tenant: x\n")
    # A longer key would be written in another way, which rule files do not have.
    values = {value[:100]: value for value in VALUES}
    (service.tenants_folder / "acme.yaml").write_text(to_yaml(tenants[0].document(service.folder / "keys") | values | {"tenant": VALUES[0]}))
    until("all files are held back", lambda: service.admin("/readyz").json()["heldBackFiles"] == len(NAMES) + 1, seconds=30)
    yield service, values
    assert service.stop() == 0
    provider.close()


def test_no_name_and_no_value_does_harm(browser, troubled):
    """They are text, and what would change the text around them is written as an escape."""
    service, values = troubled
    opened(browser, service)
    held = shown(browser, "held-back")
    for name in NAMES:
        assert f"/{printed(name)}.yaml" in held, name
    for value in values:
        assert printed(value)[:40] in held, value
    assert browser.run("typeof hit") == "undefined"
    assert browser.run("document.querySelectorAll('img, main script, main style, main iframe, [onload], [onerror]').length") == 0
    assert browser.run("document.scripts.length") == 1
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", browser.run("document.body.innerText"))
    assert browser.complaints == []


def printed(text: str) -> str:
    return re.sub("[\u202a-\u202e\u2066-\u2069]", lambda found: f"\\u{{{ord(found[0]):x}}}", text)


def test_it_says_when_the_service_does_not_answer(browser, make_service):
    service = make_service("status-page-gone", [Tenant("acme")], log_level="info")
    with service:
        opened(browser, service)
        assert browser.run("document.getElementById('lost').hidden")
    browser.run("ask()")
    assert "The service does not answer" in shown(browser, "lost") and "What is shown is of" in shown(browser, "lost")
    assert browser.run("getComputedStyle(document.getElementById('verdict')).filter") == "grayscale(1)", "it does not look in order"
    assert browser.run("document.title") == "Postern: no answer"
    assert shown(browser, "verdict").startswith("No answer") and "before: Ready" in shown(browser, "verdict"), "the last status stays"
    with service:
        until("it answers again", lambda: browser.run("ask().then(() => document.getElementById('lost').hidden)"), seconds=30)
        assert shown(browser, "verdict").startswith("Ready")


class EmptyPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_another_origin_reads_and_frames_nothing(browser, busy):
    """A page elsewhere: the browser lets it neither read the status nor show the page."""
    elsewhere = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage)
    threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
    opened(browser, busy)
    browser.open(f"http://127.0.0.1:{elsewhere.server_port}/")
    assert browser.run(f"fetch('http://127.0.0.1:{busy.admin_port}/status.json').then(() => 'read', () => 'refused')") == "refused"
    browser.run(f"""new Promise((done) => {{ const frame = document.createElement('iframe'); frame.onload = done;
        frame.src = 'http://127.0.0.1:{busy.admin_port}/'; document.body.append(frame); }})""")
    until("the frame is refused", lambda: any("frame-ancestors" in each for each in browser.complaints), seconds=30)
    elsewhere.shutdown()
    elsewhere.server_close()
