"""Cross-origin requests: exact origins of the tenant, no credentials, nothing for anybody else."""

import json

import pytest

from harness.service import Service
from harness.tenant import Tenant
from harness.waiting import until

APP, OTHER = "https://app.acme.example", "https://app.other.example"
APPS = ["capacitor://localhost", "ionic://localhost", "tauri://localhost", "app://acme", "https://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "moz-extension://3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "safari-web-extension://E8A5F5AD-1B2C-4D3E-8F90-0123456789AB"]
WISH = json.dumps({"contentType": "image/png"}).encode()


@pytest.fixture(scope="module")
def two(make_service) -> Service:
    tenants = [Tenant("acme", origins=[APP, "http://localhost:5173", *APPS]),
               Tenant("other", origins=[OTHER], store={"bucket": "other-uploads", "region": "eu-west-1"}),
               Tenant("closed", store={"bucket": "closed-uploads", "region": "eu-west-1"})]
    with make_service("cors", tenants) as service:
        yield service


def preflight(service: Service, origin: str | None, path: str = "/v1/tickets", method: str = "POST", headers: str = "authorization, content-type"):
    fields = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return service.request("OPTIONS", path, fields | ({"Origin": origin} if origin else {}))


def ask(service: Service, tenant: str, origin: str | None):
    fields = {"Authorization": f"Bearer {service.tenants[tenant].token()}", "Content-Type": "application/json"}
    return service.request("POST", "/v1/tickets", fields | ({"Origin": origin} if origin else {}), WISH)


def listed(value: str) -> set[str]:
    return {each.strip().lower() for each in value.split(",")}


@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/tickets/batch", "/v1/presign", "/v1/rules"])
@pytest.mark.parametrize("origin", [APP, OTHER, "http://localhost:5173", *APPS])
def test_a_preflight_of_a_listed_origin(two, path, origin):
    answer = preflight(two, origin, path)
    assert answer.status == 204 and answer.body == b""
    assert answer.headers["access-control-allow-origin"] == origin
    assert {"authorization", "content-type"} <= listed(answer.headers["access-control-allow-headers"])
    assert "post" in listed(answer.headers["access-control-allow-methods"])
    assert "access-control-allow-credentials" not in answer.headers
    assert "origin" in listed(answer.headers["vary"])


@pytest.mark.parametrize("origin", [
    "https://evil.example", "null", "https://app.acme.example.evil.example", "https://app.acme.example:443", "https://app.acme.example/",
    "http://app.acme.example", "https://APP.acme.example", "https://app.acme.example, https://evil.example", "*", "", "https://xapp.acme.example",
    "http://localhost", "http://localhost:51730", "capacitor://localhost:80", "Capacitor://localhost", "capacitor://localhost/", "capacitor://",
    "safari-web-extension://e8a5f5ad-1b2c-4d3e-8f90-0123456789ab", "file://", "tauri://localhost.evil"])
def test_a_preflight_of_any_other_origin(two, origin):
    answer = preflight(two, origin)
    assert answer.status in (403, 405)
    assert "access-control-allow-origin" not in answer.headers
    assert "origin" in listed(answer.headers["vary"])
    if origin and answer.status == 403:
        assert answer.problem["code"] == "origin-not-allowed"


@pytest.mark.parametrize("asked", [
    "authorization,baggage,content-type,sentry-trace", "traceparent, tracestate", "X-Requested-With", "x-" + "a" * 990, "authorization", "", " , ,x-a,, "])
def test_a_preflight_allows_the_headers_that_are_asked_for(two, asked):
    """Tracing libraries add their own, and a browser refuses the request if one of them is not allowed. The service ignores them."""
    answer = preflight(two, APP, headers=asked)
    assert answer.status == 204
    assert listed(answer.headers["access-control-allow-headers"]) == {"authorization", "content-type"} | (listed(asked) - {""})
    assert preflight(two, "https://evil.example", headers=asked).status == 403


@pytest.mark.parametrize("asked", ["*x y", "x-a\tb", "a:b", "x\u00e9", "x=1", "(x)", "x-a, b c", "\"x\"", "x-" + "a" * 1024, ", ".join(["x-a"] * 300), "x/y", "x-a;q=1"])
def test_a_preflight_repeats_only_names_of_headers(two, asked):
    answer = preflight(two, APP, headers=asked)
    assert answer.status == 204
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type"


def test_headers_asked_for_in_two_lines(two):
    fields = [("Origin", APP), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "x-a"), ("Access-Control-Request-Headers", "x-b")]
    answer = two.request("OPTIONS", "/v1/tickets", fields)
    assert listed(answer.headers["access-control-allow-headers"]) == {"authorization", "content-type", "x-a", "x-b"}


@pytest.mark.parametrize("origin", APPS)
def test_a_request_of_an_app_or_an_extension(two, origin):
    answer = ask(two, "acme", origin)
    assert answer.status == 201 and answer.headers["access-control-allow-origin"] == origin
    assert ask(two, "other", origin).status == 403


@pytest.mark.parametrize("origin, is_told", [
    ("https://evil.example", True), ("null", True), ("http://192.168.1.5:5173", True), ("capacitor://evil", True), ("https://app.acme.example/x", False),
    ("https://EVIL.example", False), ("https://user:secret@evil.example", False), ("https://evil.example x=1", False), ("x" * 2000, False),
    ("https://" + "a" * 200, False)])
def test_a_refused_origin_is_told_in_the_log_if_it_is_one(two, origin, is_told):
    for answer in (preflight(two, origin), ask(two, "acme", origin)):
        assert answer.status == 403
        id = answer.headers["x-request-id"]
        line, = until("it is in the log", lambda: [line for line in two.log_lines() if line.get("requestId") == id])
        assert line.get("origin") == (origin if is_told else None) and "'origins'" in line["reason"]


def test_a_request_of_the_tenants_own_origin(two):
    answer = ask(two, "acme", APP)
    assert answer.status == 201
    assert answer.headers["access-control-allow-origin"] == APP
    assert "origin" in listed(answer.headers["vary"])
    assert "access-control-allow-credentials" not in answer.headers


def test_a_request_of_another_tenants_origin(two):
    """The preflight cannot know the tenant; the request does, and gets no ticket."""
    for tenant, origin in (("acme", OTHER), ("other", APP), ("closed", APP), ("acme", "https://evil.example"), ("acme", "null")):
        answer = ask(two, tenant, origin)
        assert answer.status == 403 and answer.problem["code"] == "origin-not-allowed", (tenant, origin)
        assert "access-control-allow-origin" not in answer.headers


def test_a_request_without_an_origin_is_no_browsers(two):
    answer = ask(two, "closed", None)
    assert answer.status == 201
    assert "access-control-allow-origin" not in answer.headers
    assert "origin" in listed(answer.headers["vary"])


def test_a_page_may_read_its_refusals(two):
    """A problem, too, carries the origin: else a browser shows the page only «network error»."""
    answer = two.request("POST", "/v1/tickets", {"Origin": APP, "Authorization": "Bearer x", "Content-Type": "application/json"}, WISH)
    assert answer.status == 401 and answer.headers["access-control-allow-origin"] == APP
    fields = {"Origin": APP, "Authorization": f"Bearer {two.tenants['acme'].token()}", "Content-Type": "application/json"}
    answer = two.request("POST", "/v1/tickets", fields, b'{"contentType":"text/html"}')
    assert answer.status == 422 and answer.headers["access-control-allow-origin"] == APP
    exposed = {"retry-after", "www-authenticate", "x-request-id", "postern-rules", "ratelimit", "ratelimit-policy"}
    assert exposed == listed(answer.headers["access-control-expose-headers"])


def test_two_origin_headers_are_not_one(two):
    fields = [("Origin", APP), ("Origin", "https://evil.example"), ("Authorization", f"Bearer {two.tenants['acme'].token()}"), ("Content-Type", "application/json")]
    for pair in (fields, [fields[1], fields[0], *fields[2:]]):
        answer = two.request("POST", "/v1/tickets", pair, WISH)
        assert answer.status in (400, 403), answer.status


def test_security_headers_stand_on_every_answer(two):
    for method, path in (("GET", "/healthz"), ("GET", "/nothing"), ("POST", "/v1/tickets"), ("GET", "/v1/rules"), ("GET", "/openapi.yaml"), ("GET", "/openapi.json")):
        answer = two.request(method, path, {"Content-Type": "application/json"}, b"{}" if method == "POST" else None)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "origin" in listed(answer.headers["vary"]), path
        if path.startswith("/v1"):
            assert answer.headers["cache-control"] == "no-store"
