"""Behind a load balancer: it is told in time of a stop, its idle connections outlast its own patience, and one id follows a request."""

import json
import re
import ssl
import time

import pytest

from harness.certificates import Authority
from harness.figures import figure
from harness.http import Answer, Connection, ConnectionEnded, request_bytes
from harness.identity_provider import IdentityProvider, RemoteIssuer
from harness.service import Service
from harness.tenant import Tenant
from harness.waiting import until

ORIGIN = "https://app.acme.example"
PNG = {"contentType": "image/png"}
JSON = {"Content-Type": "application/json"}
PATIENCE = 60
MADE = re.compile(r"[0-9a-f]{32}")


def bearer(service: Service) -> dict[str, str]:
    return {"Authorization": f"Bearer {service.tenants['acme'].token()}"}


def ask(connection: Connection, path: str = "/healthz") -> int:
    return connection.request("GET", path).status


# A stop


def status_of_a_new_one(service: Service) -> int | None:
    """What a new connection is answered; None where nobody listens any more."""
    try:
        with service.connect(PATIENCE) as connection:
            return ask(connection)
    except (OSError, ConnectionEnded):
        return None


def test_a_balancer_is_told_of_the_stop_while_its_requests_are_still_served(make_service):
    """The longest delay there is, so that it does not matter how slow this machine is."""
    service = make_service("drain-long", [Tenant("acme")], log_level="info", arguments=["--drain-delay", "5m"]).start()
    with service.connect(PATIENCE) as kept:
        assert ask(kept) == 200 and figure(service, "postern_ready") == 1
        service.terminate()
        answer = until("it is not ready", lambda: (answer := service.admin("/readyz")).status == 503 and answer, seconds=PATIENCE)
        assert answer.json()["status"] == "not-ready" and "stopping" in answer.json()["reasons"][0]
        assert figure(service, "postern_ready") == 0
        for _ in range(20):
            assert status_of_a_new_one(service) == 200 and ask(kept) == 200
        assert service.ticket(service.tenants["acme"].token(), **PNG)
        assert service.admin("/healthz").status == 200, "it lives, and does its work"
    service.kill()


@pytest.mark.parametrize("seconds", [3, 25])
def test_the_listener_stays_open_for_the_delay(make_service, seconds):
    """No less, whatever else a stop may take; then it closes, and what runs is finished."""
    service = make_service(f"drain-{seconds}", [Tenant("acme")], log_level="info", arguments=["--drain-delay", f"{seconds}s"]).start()
    data = request_bytes("POST", "/v1/tickets", bearer(service) | JSON, json.dumps(PNG).encode())
    idle = service.connect(PATIENCE)
    assert ask(idle) == 200
    began = open_at = time.monotonic()
    service.terminate()
    running = None
    # Each has been accepted for certain when the next one is answered.
    while status_of_a_new_one(service) is not None:
        open_at = time.monotonic()
        assert open_at - began < seconds + PATIENCE
        if running:
            running.send(data[-1:])
            assert running.read().status == 201
            running.close()
        try:
            running = service.connect(PATIENCE)
        except ConnectionRefusedError:
            running = None
            break
        running.send(data[:-1])
        time.sleep(0.05)
    assert time.monotonic() - began >= seconds, "the listener has closed too early"
    if running:
        running.send(data[-1:])
        answer = running.read()
        # An answer that is made between the end of the listener and that of its connections does not say that it is the last.
        assert running.rest() == b""
        # From the stop on the rest of a request has a second to come.
        assert answer.status == 201 or time.monotonic() - open_at > 1, answer.body
    assert service.process.wait(PATIENCE) == 0
    assert idle.rest() == b""


def test_by_default_the_listener_closes_at_once(make_service):
    service = make_service("drain-default", [Tenant("acme")], log_level="info").start()
    with service.connect(PATIENCE) as running:
        assert ask(running) == 200
        running.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Half: a")
        until("it has come", lambda: figure(service, "postern_connections_held_bytes") > 0, seconds=PATIENCE)
        service.terminate()
        assert service.process.wait(PATIENCE) == 0
        # It was given a second for the rest.
        assert running.rest().startswith(b"HTTP/1.1 408 ")
    assert status_of_a_new_one(service) is None


def test_a_second_signal_does_not_cut_the_delay_short_nor_break_anything(make_service):
    service = make_service("drain-twice", [Tenant("acme")], log_level="info", arguments=["--drain-delay", "3s"]).start()
    began = time.monotonic()
    service.terminate()
    until("it is not ready", lambda: service.admin("/readyz").status == 503, seconds=PATIENCE)
    service.terminate()
    assert status_of_a_new_one(service) == 200 or time.monotonic() - began >= 3
    assert service.process.wait(PATIENCE) == 0 and time.monotonic() - began >= 3


# Idle connections


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("balancer-tls"), "authority")


def secure(make_service, authority: Authority, *arguments: str) -> Service:
    certificate = authority.certify("service")
    service = make_service("balancer-tls", [Tenant("acme")], log_level="info",
                           arguments=["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key), *arguments])
    service.tls = ssl.create_default_context(cafile=str(authority.file))
    return service.start()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_an_idle_connection_is_closed_after_its_time(make_service, authority, tls):
    """After the time and not before, counted anew from each answer; without a word, for the client has asked for nothing."""
    flags = ["--idle-timeout", "2s"]
    service = secure(make_service, authority, *flags) if tls else make_service("idle", [Tenant("acme")], arguments=flags).start()
    with service.connect(PATIENCE) as connection:
        for _ in range(2):
            began = time.monotonic()
            assert ask(connection) == 200
        assert connection.rest() == b""
        assert time.monotonic() - began >= 2
    assert not [line for line in service.log_lines() if line.get("code")], "nobody is refused"
    service.kill()


def test_an_idle_connection_outlasts_the_minute_of_balancers(make_service, authority):
    """They keep their connections for 60 s, and send the next request into whichever they have."""
    plain, tls = make_service("idle-default", [Tenant("acme")]).start(), secure(make_service, authority)
    used = [service.connect(PATIENCE) for service in (plain, plain, tls)]
    unused = [plain.connect(PATIENCE) for _ in range(2)]
    assert [ask(connection) for connection in used] == [200] * 3
    time.sleep(62)
    assert [ask(connection) for connection in used + unused] == [200] * 5
    plain.kill()
    tls.kill()


# The id of a request


@pytest.fixture(scope="module")
def service(make_service) -> Service:
    """127.0.0.1 is a trusted proxy, 127.0.0.2 a stranger."""
    tenant = Tenant("acme", origins=[ORIGIN])
    with make_service("request-ids", [tenant], log_level="info", configuration={"trustedProxies": ["127.0.0.1", "198.51.100.0/24"]}) as started:
        yield started


def requests(service: Service) -> dict[str, tuple[bytes, int, bool]]:
    """The bytes, the status of the answer, and whether that is one to HEAD."""
    who, body = bearer(service), json.dumps(PNG).encode()
    preflight = {"Access-Control-Request-Method": "POST"}
    chunked = {"Transfer-Encoding": "chunked"}
    return {
        "200": (request_bytes("GET", "/healthz"), 200, False),
        "200 of the document": (request_bytes("GET", "/openapi.yaml"), 200, False),
        "200 of the rules": (request_bytes("GET", "/v1/rules", who), 200, False),
        "200 of a batch": (request_bytes("POST", "/v1/tickets/batch", who | JSON, json.dumps({"tickets": [PNG, {}]}).encode()), 200, False),
        "201": (request_bytes("POST", "/v1/tickets", who | JSON, body), 201, False),
        "204": (request_bytes("OPTIONS", "/v1/tickets", preflight | {"Origin": ORIGIN}), 204, False),
        "400 for no JSON": (request_bytes("POST", "/v1/tickets", who | JSON, b"{"), 400, False),
        "400 for a wrong member": (request_bytes("POST", "/v1/tickets", who | JSON, b'{"size":"1"}'), 400, False),
        "401": (request_bytes("POST", "/v1/tickets", JSON, body), 401, False),
        "403 of a preflight": (request_bytes("OPTIONS", "/v1/tickets", preflight | {"Origin": "https://evil.example"}), 403, False),
        "403": (request_bytes("POST", "/v1/tickets", who | JSON | {"Origin": "https://evil.example"}, body), 403, False),
        "404": (request_bytes("GET", "/nothing"), 404, False),
        "404 of a rule": (request_bytes("POST", "/v1/tickets", who | JSON, json.dumps(PNG | {"rule": "none"}).encode()), 404, False),
        "405": (request_bytes("DELETE", "/v1/tickets"), 405, False),
        "415": (request_bytes("POST", "/v1/tickets", who, body), 415, False),
        "422": (request_bytes("POST", "/v1/tickets", who | JSON, b'{"contentType": "text/html"}'), 422, False),
        "HEAD": (request_bytes("HEAD", "/healthz"), 200, True),
        "HEAD of nothing": (request_bytes("HEAD", "/nothing"), 404, True),
        "HEAD of the rules": (request_bytes("HEAD", "/v1/rules"), 401, True),
        "before the body": (request_bytes("POST", "/v1/tickets", JSON | {"Expect": "100-continue", "Content-Length": "9"}), 401, False),
        "the connection's 400": (b"nonsense\r\n\r\n", 400, False),
        "the connection's 400 for a field": (request_bytes("GET", "/healthz", {"Host": "a b"}), 400, False),
        "the connection's 413": (request_bytes("POST", "/v1/tickets", who | JSON | {"Content-Length": "16385"}), 413, False),
        "the connection's 413 in the middle": (request_bytes("POST", "/v1/tickets", who | JSON | chunked) + b"4001\r\n" + b" " * 0x4001, 413, False),
        "the connection's 431": (request_bytes("GET", "/healthz", {"X-Big": "x" * 17_000}), 431, False),
        "the connection's 408": (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", 408, False),
    }


def asked(service: Service, data: bytes, head_only: bool = False, source: str | None = None) -> Answer:
    with service.connect(PATIENCE, source) as connection:
        connection.send(data)
        return connection.read(head_only)


def check_id(service: Service, answer: Answer, head_only: bool = False) -> str:
    """The id of the answer. A problem tells it too, and the log has one line with it for each refusal and each ticket."""
    id = answer.headers["x-request-id"]
    if answer.status >= 400 and not head_only:
        assert answer.problem["requestId"] == id
    if answer.status >= 400 or answer.status == 201:
        lines = until("it is in the log", lambda: [line for line in service.log_lines() if line.get("requestId") == id], seconds=PATIENCE)
        assert len(lines) == 1, lines
        if answer.status >= 400 and not head_only:
            assert lines[0]["code"] == answer.problem["code"], lines
    return id


def test_every_answer_has_an_id_of_its_own(service):
    ids = []
    for name, (data, status, head_only) in requests(service).items():
        answer = asked(service, data, head_only)
        assert answer.status == status, (name, answer.status, answer.body)
        id = check_id(service, answer, head_only)
        assert MADE.fullmatch(id), (name, id)
        ids.append(id)
    assert len(set(ids)) == len(ids)


def test_the_refusals_of_a_batch_have_its_id(service):
    answer = service.post("/v1/tickets/batch", {"tickets": [PNG, {"size": "1"}, {"contentType": "text/html"}]}, service.tenants["acme"].token())
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201, 400, 422]
    assert {result["problem"]["requestId"] for result in results[1:]} == {answer.headers["x-request-id"]}


def test_the_answers_of_one_connection_have_different_ids(service):
    with service.connect(PATIENCE) as connection:
        connection.send(request_bytes("GET", "/healthz") * 50)
        assert len({connection.read().headers["x-request-id"] for _ in range(50)}) == 50


@pytest.mark.parametrize("cause", ["keys", "connections"])
def test_a_503_has_an_id(make_service, cause):
    provider = IdentityProvider()  # which is down
    issuer = RemoteIssuer(provider)
    service = make_service("ids-503", [Tenant("acme", issuers=[issuer])], arguments=["--max-connections-per-peer", "1"]).start(ready=False)
    until("the public listener is open", lambda: status_of_a_new_one(service) == 200, seconds=PATIENCE)
    until("there is room", lambda: figure(service, "postern_connections_open") == 0, seconds=PATIENCE)
    with service.connect(PATIENCE) as kept:
        if cause == "keys":
            answer = kept.request("POST", "/v1/tickets", {"Authorization": f"Bearer {issuer.token()}"} | JSON, json.dumps(PNG).encode())
        else:
            assert ask(kept) == 200
            answer = asked(service, request_bytes("GET", "/healthz"))
        assert answer.status == 503 and answer.problem["code"] == ("keys-unavailable" if cause == "keys" else "overloaded")
        assert MADE.fullmatch(check_id(service, answer))
    service.kill()
    provider.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/nothing"])
def test_the_admin_listener_has_ids_too(service, method, path):
    ids = set()
    for _ in range(2):
        with Connection(service.admin_port, PATIENCE) as connection:
            answer = connection.request(method, path)
        assert MADE.fullmatch(answer.headers["x-request-id"])
        if answer.status >= 400 and method != "HEAD":
            assert answer.problem["requestId"] == answer.headers["x-request-id"]
        ids.add(answer.headers["x-request-id"])
    assert len(ids) == 2


GOOD = ["a", "0", "mine-1", "A.z_9=/-", "Root=1-67891233-abcdef012345678912345678", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "x" * 128]
BAD = ["", "x" * 129, "a b", "a,b", "a;b", "a:b", "a\tb", "é", "<b>", '"a"', "a+b", "a@b", "{a}", "a%20", "a\\b", "a'b", "${jndi:a}", "a\x7f"]


@pytest.mark.parametrize("id", GOOD)
def test_a_trusted_proxy_names_the_request(service, id):
    """On each kind of answer that is a route's."""
    for name, (data, status, head_only) in requests(service).items():
        if name.startswith("the connection's"):
            continue
        first, rest = data.split(b"\r\n", 1)
        answer = asked(service, first + b"\r\nX-Request-Id: " + id.encode() + b"\r\n" + rest, head_only)
        assert answer.status == status and answer.headers["x-request-id"] == id, name
        if status >= 400 and not head_only:
            assert answer.problem["requestId"] == id
    codes = {"malformed-json", "unauthenticated", "not-found", "method-not-allowed", "unsupported-media-type", "content-type-not-allowed"}
    until("all are in the log", lambda: codes <= {line.get("code") for line in service.log_lines() if line.get("requestId") == id}, seconds=PATIENCE)


@pytest.mark.parametrize("id", BAD, ids=repr)
def test_an_id_of_another_kind_counts_for_nothing(service, id):
    data = request_bytes("GET", "/nothing", {"X-Request-Id": id})
    answer = asked(service, data)
    assert answer.status == (400 if "\x7f" in id else 404)
    assert MADE.fullmatch(check_id(service, answer))


@pytest.mark.parametrize("ids", [["a", "a"], ["a", "b"], ["a", ""], ["", "a"], ["a", "b c"]], ids=str)
def test_two_ids_count_for_nothing(service, ids):
    for names in (("X-Request-Id", "X-Request-Id"), ("x-request-id", "X-REQUEST-ID")):
        answer = asked(service, request_bytes("GET", "/nothing", list(zip(names, ids))))
        assert MADE.fullmatch(check_id(service, answer))


@pytest.mark.parametrize("more", [{}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "198.51.100.1"}], ids=str)
@pytest.mark.parametrize("id", GOOD[:4])
def test_a_stranger_names_nothing(service, id, more):
    """Whoever it says that it speaks for."""
    for path in ("/healthz", "/nothing"):
        answer = asked(service, request_bytes("GET", path, {"X-Request-Id": id} | more), source="127.0.0.2")
        assert MADE.fullmatch(check_id(service, answer))


def test_without_trusted_proxies_nobody_names_a_request(make_service):
    with make_service("ids-nobody", [Tenant("acme")]) as service:
        for id in GOOD:
            answer = service.request("GET", "/nothing", {"X-Request-Id": id})
            assert MADE.fullmatch(check_id(service, answer))
