"""The admin listener: health, readiness, metrics. And that it is not the public one."""

import re
import time

from prometheus_client.parser import text_string_to_metric_families

from harness.http import Connection, request_bytes


def metrics(service) -> dict[tuple[str, tuple], float]:
    answer = service.admin("/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.body.decode()) for sample in family.samples}


def total(found: dict, pattern: str) -> float:
    return sum(value for (name, _), value in found.items() if re.search(pattern, name))


def test_health(service):
    for answer in (service.admin("/healthz"), service.request("GET", "/healthz")):
        assert answer.status == 200 and answer.headers["content-type"] == "application/json"
        assert answer.json() == {"status": "ok"}


def test_readiness(service):
    answer = service.admin("/readyz")
    assert answer.status == 200 and answer.json()["status"] == "ready"


def test_metrics_are_prometheus_text_and_count_requests(service, acme):
    before = metrics(service)
    for _ in range(5):
        service.ticket(acme.token(), contentType="image/png")
    service.post("/v1/tickets", {"contentType": "image/png"}, "nonsense")
    service.post("/v1/tickets", {"contentType": "text/html"}, acme.token())
    time.sleep(0.1)
    after = metrics(service)
    changed = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}
    assert any(value == 5 for value in changed.values()), changed
    labels = {value for (_, labels), _ in changed.items() for _, value in labels}
    assert {"unauthenticated", "content-type-not-allowed"} <= labels, labels


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
    for path in ("/", "/v1/tickets", "/v1/rules", "/openapi.yaml"):
        assert service.admin(path).problem["code"] == "not-found"
    for path in ("/healthz", "/readyz", "/metrics"):
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
