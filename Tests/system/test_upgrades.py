"""Offers of another protocol are ignored, tunnels are refused, and whatever is poured behind a request costs no memory."""

import json
import ssl

import pytest

from harness.certificates import Authority
from harness.http import Connection, ConnectionEnded, request_bytes
from harness.service import Service
from harness.tenant import Tenant

POURED = 100 << 20
MOVED = 5 << 20
OFFERS = {
    "h2c": {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAoAAAAAIAAAAA"},
    "websocket": {"Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
    "made up": {"Upgrade": "x", "Connection": "upgrade"},
    "odd case and spaces": {"uPGRADE": "x", "cONNECTION": "  foo ,  UPGRADE  , bar"},
}
WISH = json.dumps({"contentType": "image/png"}).encode()


@pytest.fixture(scope="module")
def target(make_service, tmp_path_factory) -> Service:
    with make_service("upgrades", [Tenant("acme")], log_level="info") as service:
        yield service
        assert service.stop() == 0


@pytest.fixture(scope="module")
def secure(make_service, tmp_path_factory) -> Service:
    """The same behind TLS."""
    authority = Authority(tmp_path_factory.mktemp("upgrades-tls"), "authority")
    certificate = authority.certify("service")
    service = make_service("upgrades-tls", [Tenant("acme")], log_level="info",
                           arguments=["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)])
    service.tls = ssl.create_default_context(cafile=str(authority.file))
    with service:
        yield service
        assert service.stop() == 0


def ticket_request(service: Service, more: dict[str, str]) -> bytes:
    token = service.tenants["acme"].token()
    return request_bytes("POST", "/v1/tickets", {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | more, WISH)


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("listener", ["target", "secure"])
def test_an_offer_is_answered_as_if_it_were_not_there(request, listener, offer):
    """Also where requests are pipelined behind it, with and without bodies."""
    service = request.getfixturevalue(listener)
    with service.connect() as connection:
        for _ in range(5):
            answer = connection.request("GET", "/healthz", OFFERS[offer])
            assert answer.status == 200 and not answer.closes and "upgrade" not in answer.headers
            connection.send(ticket_request(service, OFFERS[offer]))
            assert connection.read().status == 201
        connection.send((request_bytes("GET", "/healthz", OFFERS[offer]) + ticket_request(service, OFFERS[offer]) + ticket_request(service, {})) * 3)
        assert [connection.read().status for _ in range(9)] == [200, 201, 201] * 3


@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_is_ignored_on_the_admin_listener(target, offer):
    with Connection(target.admin_port) as connection:
        connection.send(request_bytes("GET", "/readyz", OFFERS[offer]) * 3)
        assert [connection.read().status for _ in range(3)] == [200, 200, 200]


def test_an_offer_that_comes_byte_by_byte(target):
    data = request_bytes("GET", "/healthz", OFFERS["h2c"]) + ticket_request(target, OFFERS["websocket"]) + request_bytes("GET", "/healthz")
    with target.connect() as connection:
        for byte in data:
            connection.send(bytes([byte]))
        assert [connection.read().status for _ in range(3)] == [200, 201, 200]


@pytest.mark.parametrize("fields", [{"Connection": "keep-alive"}, {"Connection": "up grade"}, {"Connection": ""}, {"Upgrade": "x"}], ids=str)
def test_what_only_looks_like_an_offer(target, fields):
    fields = {"Upgrade": "h2c"} | fields
    with target.connect() as connection:
        connection.send(request_bytes("GET", "/healthz", fields) * 2 + ticket_request(target, fields) + request_bytes("GET", "/healthz"))
        assert [connection.read().status for _ in range(4)] == [200, 200, 201, 200]


@pytest.mark.parametrize("fields", [
    {"Connection": "upgraded"}, {"Connection": "xupgrade"}, {"Connection": "upgrade\t"}, {"Connection": "x,\tupgrade"},
    {"Connection": "upgrade", "Upgrade": ""}, {"Proxy-Connection": "upgrade"}, {"Connection": "upgrade", "Proxy-Connection": "upgrade"},
    {"Connection": "closed"}, {"Connection": "close\t"}, {"Proxy-Connection": "close"}], ids=str)
def test_an_offer_that_could_be_read_in_two_ways_closes(target, fields):
    """The parser's reading of such fields is not certain, so what follows on the connection is not read at all."""
    with target.connect() as connection:
        connection.send(request_bytes("GET", "/healthz", {"Upgrade": "h2c"} | fields) + request_bytes("GET", "/healthz")[:-10])
        answer = connection.read()
        assert answer.status == 200 and answer.closes
        with pytest.raises(ConnectionEnded) as ended:
            connection.read()
        assert not ended.value.received


def test_the_last_request_of_a_connection_may_offer_something(target):
    with target.connect() as connection:
        answer = connection.request("GET", "/healthz", OFFERS["h2c"] | {"Connection": "close, Upgrade"})
        assert answer.status == 200 and answer.closes
        assert connection.ended()


@pytest.mark.parametrize("line", ["CONNECT example.com:443", "CONNECT localhost:1", "CONNECT /healthz", "CONNECT [::1]:443"])
@pytest.mark.parametrize("listener", ["target", "secure", "admin"])
def test_a_tunnel_is_refused_and_the_connection_closed(request, listener, line):
    service = request.getfixturevalue("target" if listener == "admin" else listener)
    with Connection(service.admin_port) if listener == "admin" else service.connect() as connection:
        connection.send(f"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() + request_bytes("GET", "/healthz"))
        answer = connection.read()
        assert answer.status == 400 and answer.closes and answer.problem["code"] == "invalid-request"
        with pytest.raises(ConnectionEnded) as ended:
            connection.read()
        assert not ended.value.received


# Memory


def behind(service: Service) -> dict[str, bytes]:
    """What is sent before the flood: after each the connection is read no further, or in vain."""
    return {
        "an upgrade": request_bytes("GET", "/healthz", OFFERS["made up"]),
        "h2c with a body": ticket_request(service, OFFERS["h2c"]),
        "an unfinished body of an upgrade": request_bytes("POST", "/v1/tickets", OFFERS["h2c"] | {"Content-Length": "1000000"}),
        "CONNECT": b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a refused head": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "another version": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "a 401": request_bytes("POST", "/v1/tickets", {"Content-Type": "application/json"}, WISH),
        "a 401 with an upgrade": request_bytes("POST", "/v1/tickets", {"Content-Type": "application/json"} | OFFERS["websocket"], WISH),
        "garbage": b"\0\1\2\3garbage\r\n\r\n",
        "the last request": request_bytes("GET", "/healthz", {"Connection": "close"}),
        "the last pipelined request": request_bytes("GET", "/healthz") * 3 + request_bytes("GET", "/healthz", {"Connection": "close"}),
        "half a head": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Half: ",
    }


def pour(connection: Connection, first: bytes, count: int, chunk: bytes):
    """Sends until `count` bytes are taken or the server hangs up. Answers are left unread."""
    try:
        connection.send(first)
        for _ in range(count // len(chunk)):
            connection.send(chunk)
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError, TimeoutError):
        pass


@pytest.mark.parametrize("flood", [b"A" * (1 << 16), b"GET /", b"\r\n" * (1 << 15)], ids=["one byte", "five bytes", "empty lines"])
@pytest.mark.parametrize("listener", ["target", "secure", "admin"])
def test_a_flood_behind_a_request_costs_no_memory(request, listener, flood):
    service = request.getfixturevalue("target" if listener == "admin" else listener)
    count = POURED if len(flood) > 100 else POURED // 1000

    def connect() -> Connection:
        return Connection(service.admin_port) if listener == "admin" else service.connect()

    for first in behind(service).values():  # what the allocator keeps is had before
        with connect() as connection:
            pour(connection, first, 1 << 20, flood)
    moved = {}
    for name, first in behind(service).items():
        before = service.resident_bytes()
        service.forget_peak()
        with connect() as connection:
            pour(connection, first, count, flood)
        moved[name] = service.peak_bytes() - before
    print(f"\n{listener}: " + ", ".join(f"{name} {bytes / 1024:.0f} KiB" for name, bytes in moved.items()))
    assert all(value < MOVED for value in moved.values()), moved
    assert service.request("GET", "/healthz").status == 200
