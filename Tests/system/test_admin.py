"""The admin listener: health, readiness, metrics. And that it is not the public one."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.figures import figures, risen
from harness.http import Connection, request_bytes
from harness.service import Service
from harness.tenant import Tenant
from harness.waiting import until


def test_health(service):
    for answer in (service.admin("/healthz"), service.request("GET", "/healthz")):
        assert answer.status == 200 and answer.headers["content-type"] == "application/json"
        assert answer.json() == {"status": "ok"}


def test_readiness(service):
    answer = service.admin("/readyz")
    assert answer.status == 200 and answer.json()["status"] == "ready"


def test_metrics_are_prometheus_text_and_count_requests(service, acme):
    """Each figure rises by what was asked and no other does."""
    answer = service.admin("/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    expected = {
        "postern_requests_total": {("/v1/tickets", "201"): 5, ("/v1/tickets", "401"): 1, ("/v1/tickets", "422"): 2},
        "postern_tickets_issued_total": {("avatars", "acme"): 5},
        "postern_problems_total": {("unauthenticated",): 1, ("content-type-not-allowed",): 2},
        "postern_authentication_failures_total": {("token-malformed",): 1}}
    before = {name: figures(service, name) for name in expected}
    for _ in range(5):
        service.ticket(acme.token(), contentType="image/png")
    service.post("/v1/tickets", {"contentType": "image/png"}, "nonsense")
    for _ in range(2):
        service.post("/v1/tickets", {"contentType": "text/html"}, acme.token())

    def check():
        for name, rises in expected.items():
            found = {tuple(value for _, value in labels): rise for labels, rise in risen(service, name, before[name]).items()}
            assert found == rises, name
        return True

    until("the figures are right", check, seconds=60)


def test_metrics_have_help_and_type(service):
    text = service.admin("/metrics").body.decode()
    families = list(text_string_to_metric_families(text))
    assert len(families) >= 5
    for family in families:
        assert family.documentation and family.type != "unknown", family.name
        assert family.name.startswith(("postern_", "process_")), family.name
    assert text.endswith("\n")


def test_metrics_labels_are_bounded(service):
    """What a client chooses (method, path, token) never becomes a label."""
    for number in range(30):
        service.request("GET", f"/random-{number}")
        service.request(f"METHOD{number}", "/v1/tickets")
    text = service.admin("/metrics").body.decode()
    assert "random-" not in text and "METHOD" not in text
    assert len(text.splitlines()) < 1000


def test_the_admin_listener_has_nothing_else(service):
    for path in ("/status", "/v1/tickets", "/v1/rules", "/openapi.json"):
        assert service.admin(path).problem["code"] == "not-found"
    for path in ("/healthz", "/readyz", "/metrics", "/", "/status.json", "/openapi.yaml"):
        answer = service.admin(path, "POST")
        assert answer.status == 405 and answer.problem["code"] == "method-not-allowed" and "GET" in answer.headers["allow"]


def test_the_admin_listener_is_on_its_own_address(service):
    lines = [line for line in service.log_lines() if "listening" in line.get("message", "")]
    assert lines, "the log says where the service listens"


def test_head_requests(service):
    with service.connect() as connection:
        connection.send(request_bytes("HEAD", "/healthz"))
        answer = connection.read(head_only=True)
        assert answer.status == 200 and answer.body == b""
        assert connection.request("GET", "/healthz").json() == {"status": "ok"}


def test_the_admin_listener_survives_bad_http(service):
    for data in (b"\x16\x03\x01\x00", b"GET / HTTP/1.1\r\n\r\n", b"x" * 100_000):
        with Connection(service.admin_port, timeout=5) as connection:
            try:
                connection.send(data)
                connection.socket.shutdown(1)
            except OSError:
                pass
            connection.ended()
    assert service.admin("/readyz").status == 200


# Whose name it is asked by

GOOD_HOSTS = ["localhost", "LocalHost", "localhost:9090", "any.localhost", "a.b.localhost:1", "127.0.0.1", "127.0.0.1:9090", "[::1]", "[::1]:9090", "192.0.2.7:9090",
              "192.0.2.7", "[2001:db8::7]:9090"]
BAD_HOSTS = ["evil.example", "evil.example:9090", "localhost.evil.example", "localhost.example", "xlocalhost", "127.0.0.1.evil.example", "127.0.0.1.nip.io", "192.0.2.7.",
             "127.1", "2130706433", "0x7f.0.0.1", "1.2.3.4.5", "256.0.0.1", "postern.internal.evil.example", "xpostern.internal", "internal", "a"]
LISTED = ["postern.internal", "Admin.Example"]


@pytest.fixture(scope="module")
def listed(make_service) -> Service:
    with make_service("admin-hosts", [Tenant("acme")], arguments=["--admin-hosts", ", ".join(LISTED)]) as started:
        yield started


def asked_by(service: Service, host: str, path: str = "/readyz", method: str = "GET"):
    with Connection(service.admin_port, timeout=60) as connection:
        return connection.request(method, path, {"Host": host})


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/", "/status.json"])
def test_a_page_of_another_name_reads_nothing(service, listed, path):
    """A name that was made to point at this machine or network (DNS rebinding) is still that name in the request."""
    for host in BAD_HOSTS:
        for each in (service, listed):
            answer = asked_by(each, host, path)
            assert answer.status == 400 and answer.problem["code"] == "invalid-request" and "adminHosts" in answer.problem["detail"], (host, answer.body)
            assert answer.headers["x-request-id"] == answer.problem["requestId"]
            assert "access-control-allow-origin" not in answer.headers
    assert asked_by(service, BAD_HOSTS[0], "/nothing").status == asked_by(service, BAD_HOSTS[0], path, "POST").status == 400, "nor what there is"
    assert asked_by(service, BAD_HOSTS[0], path, "OPTIONS").status == 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/", "/status.json"])
def test_loopback_and_addresses_are_its_names(service, listed, path):
    for host in GOOD_HOSTS:
        for each in (service, listed):
            assert asked_by(each, host, path).status == 200, host


@pytest.mark.parametrize("host", ["postern.internal", "postern.internal:9090", "POSTERN.Internal", "Postern.INTERNAL:80", "admin.example", "ADMIN.EXAMPLE:9090"])
def test_names_that_are_listed(service, listed, host):
    """In any case and with any port; who has not listed them refuses them."""
    assert asked_by(listed, host).status == 200 and asked_by(service, host).status == 400


def test_http_1_0_without_a_name(service):
    """As some probes ask; no page can."""
    with Connection(service.admin_port, timeout=60) as connection:
        connection.send(b"GET /readyz HTTP/1.0\r\n\r\n")
        assert connection.read().status == 200


def test_the_public_listener_is_asked_by_any_name(service):
    for host in (*GOOD_HOSTS, *BAD_HOSTS, *LISTED):
        assert service.request("GET", "/healthz", {"Host": host}).status == 200, host
