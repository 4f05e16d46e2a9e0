"""Where one request ends and the next begins: whatever two readers could see differently is refused, and nothing of it reaches a route."""

import contextlib
import json
import ssl

import pytest

from harness.certificates import Authority
from harness.figures import figures, risen
from harness.http import Answer, Connection, request_bytes
from harness.service import Service
from harness.tenant import Tenant

WISH = json.dumps({"contentType": "image/png"}).encode()
SIZE = len(WISH)
LENGTH = f"Content-Length: {SIZE}"
CHUNKED = "Transfer-Encoding: chunked"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (SIZE, WISH)
# Stands behind every request here. Where the connection must end, it must not be read.
NEXT = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LISTENERS = ["target", "secure"]
GROWTH = 5 << 20


@pytest.fixture(scope="module")
def target(make_service) -> Service:
    with make_service("framing", [Tenant("acme", origins=["https://app.acme.example"])], log_level="info") as service:
        yield service
        assert service.stop() == 0


@pytest.fixture(scope="module")
def secure(make_service, tmp_path_factory) -> Service:
    """The same behind TLS."""
    authority = Authority(tmp_path_factory.mktemp("framing-tls"), "authority")
    certificate = authority.certify("service")
    service = make_service("framing-tls", [Tenant("acme")], log_level="info",
                           arguments=["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)])
    service.tls = ssl.create_default_context(cafile=str(authority.file))
    with service:
        yield service
        assert service.stop() == 0


def post(service: Service, lines: str | list[str], body: bytes, version: str = "1.1") -> bytes:
    """A request for a ticket that is right but for these lines and this body."""
    token = service.tenants["acme"].token()
    head = [f"POST /v1/tickets HTTP/{version}", "Host: localhost", f"Authorization: Bearer {token}", "Content-Type: application/json",
            *([lines] if isinstance(lines, str) else lines), "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def get(*lines: bytes) -> bytes:
    return b"\r\n".join([b"GET /healthz HTTP/1.1", b"Host: localhost", *lines, b"", b""])


def send(connection: Connection, data: bytes):
    """All of it, or until the server hangs up: what it answered is there to read."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
        connection.send(data)


def refused(service: Service, data: bytes, *statuses: int) -> Answer:
    """The one answer to all of it: a problem of the connection, which ends. No route is counted, and no ticket."""
    names = ("postern_requests_total", "postern_tickets_issued_total")
    before = {name: figures(service, name) for name in names}
    with service.connect(60) as connection:
        send(connection, data + NEXT)
        answer = connection.read()
        assert answer.status in statuses and answer.closes, (answer.status, answer.headers, answer.body)
        assert answer.problem["requestId"] == answer.headers["x-request-id"]
        assert connection.rest() == b"", "one answer"
    assert {name: risen(service, name, before[name]) for name in names} == {
        "postern_requests_total": {(("route", "other"), ("status", str(answer.status))): 1}, "postern_tickets_issued_total": {}}
    return answer


def accepted(service: Service, data: bytes, status: int = 201) -> Answer:
    """It is answered, and so is the request behind it."""
    with service.connect(60) as connection:
        connection.send(data + NEXT)
        answer = connection.read()
        assert answer.status == status and not answer.closes, (answer.status, answer.body)
        assert connection.read().json() == {"status": "ok"}
    return answer


def test_what_is_right_is_answered(target, secure):
    for service in (target, secure):
        accepted(service, post(service, LENGTH, WISH))
        accepted(service, post(service, CHUNKED, CHUNKS))
        accepted(service, post(service, "transfer-encoding:CHUNKED", CHUNKS))


# How the body's length is told

LENGTHS: dict[str, tuple[str | list[str], bytes]] = {
    "an empty Transfer-Encoding": ("Transfer-Encoding:", CHUNKS),
    "an empty Transfer-Encoding and a length": (["Transfer-Encoding:", LENGTH], WISH),
    "gzip": ("Transfer-Encoding: gzip", CHUNKS),
    "gzip, chunked": ("Transfer-Encoding: gzip, chunked", CHUNKS),
    "gzip and chunked in two fields": (["Transfer-Encoding: gzip", CHUNKED], CHUNKS),
    "chunked and gzip in two fields": ([CHUNKED, "Transfer-Encoding: gzip"], CHUNKS),
    "chunked, gzip": ("Transfer-Encoding: chunked, gzip", CHUNKS),
    "chunked, chunked": ("Transfer-Encoding: chunked, chunked", CHUNKS),
    "chunked twice": ([CHUNKED, CHUNKED], CHUNKS),
    "chunked, identity": ("Transfer-Encoding: chunked, identity", CHUNKS),
    "identity": (["Transfer-Encoding: identity", LENGTH], WISH),
    "chunked with a comma": ("Transfer-Encoding: chunked,", CHUNKS),
    "chunked with a parameter": ("Transfer-Encoding: chunked;q=1", CHUNKS),
    "xchunked": ("Transfer-Encoding: xchunked", CHUNKS),
    "chunked behind a vertical tab": ("Transfer-Encoding: \x0bchunked", CHUNKS),
    "chunked in quotes": ('Transfer-Encoding: "chunked"', CHUNKS),
    "chunked and a length": ([CHUNKED, LENGTH], CHUNKS),
    "a length and chunked": ([LENGTH, CHUNKED], CHUNKS),
    "two lengths alike": ([LENGTH, LENGTH], WISH),
    "two lengths": ([LENGTH, "Content-Length: 3"], WISH),
    "two lengths in one field": (f"Content-Length: {SIZE}, {SIZE}", WISH),
    "an empty length": ("Content-Length:", WISH),
    "+": (f"Content-Length: +{SIZE}", WISH),
    "hexadecimal": (f"Content-Length: 0x{SIZE:x}", WISH),
    "two numbers": (f"Content-Length: {SIZE} {SIZE}", WISH),
    "negative": (f"Content-Length: -{SIZE}", WISH),
    "a fraction": (f"Content-Length: {SIZE}.0", WISH),
    "an exponent": ("Content-Length: 1e1", WISH),
    "huge": ("Content-Length: " + "9" * 23, WISH),
    "2⁶⁴": (f"Content-Length: {1 << 64}", WISH),
    "2⁶⁴ − 1": (f"Content-Length: {(1 << 64) - 1}", WISH),
    "2⁶³": (f"Content-Length: {1 << 63}", WISH),
    "a space before the colon": (f"Content-Length : {SIZE}", WISH),
    "a space before the colon of chunked": ("Transfer-Encoding : chunked", CHUNKS),
}


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.parametrize("listener", LISTENERS)
def test_a_length_that_two_readers_could_see_differently(request, listener, name):
    service = request.getfixturevalue(listener)
    lines, body = LENGTHS[name]
    assert refused(service, post(service, lines, body), 400).problem["code"] == "invalid-request"


def test_the_largest_length_there_is_is_too_large(target):
    assert refused(target, post(target, f"Content-Length: {(1 << 63) - 1}", WISH), 413).problem["code"] == "body-too-large"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_chunked_body_is_for_http_1_1(target, version):
    """HTTP/1.0 has none (RFC 9112, section 6.1)."""
    if version == "1.1":
        accepted(target, post(target, CHUNKED, CHUNKS, version))
    else:
        refused(target, post(target, CHUNKED, CHUNKS, version), 400)
        refused(target, post(target, [CHUNKED, "Connection: keep-alive"], CHUNKS, version), 400)


@pytest.mark.parametrize("version", ["0.9", "1.2", "1.10", "2.0", "3.0", "1", "11", "9.9", "1.x", "-1.1"])
def test_another_version(target, version):
    refused(target, post(target, LENGTH, WISH, version), 400)


# Not here: RTSP/1.1 and ICE/1.0, which the parser reads as HTTP.
@pytest.mark.parametrize("line", [b"GET /healthz http/1.1", b"GET /healthz HTTP /1.1", b"GET /healthz",
                                  b"GET /healthz HTTP/1.1 ", b"GET\t/healthz\tHTTP/1.1", b"GET /heal thz HTTP/1.1", b"GET http://localhost/healthz HTTP/1.1",
                                  b"GET localhost:80 HTTP/1.1", b"GET healthz HTTP/1.1", b"GET /h\xc3\xa9 HTTP/1.1", b"GET /h\xe9 HTTP/1.1", b"/healthz HTTP/1.1",
                                  b"G\xc3\x89T /healthz HTTP/1.1", b"GET\0 /healthz HTTP/1.1", b"PRI * HTTP/2.0"], ids=repr)
def test_a_request_line_of_another_kind(target, line):
    refused(target, line + b"\r\nHost: localhost\r\n\r\n", 400)


# Chunks

BROKEN_CHUNKS = {
    "17 digits": b"1" + b"0" * 16 + b"\r\n",
    "17 digits f": b"f" * 17 + b"\r\n" + WISH,
    "negative": b"-1\r\n" + WISH,
    "+": b"+%x\r\n%s\r\n0\r\n\r\n" % (SIZE, WISH),
    "0x": b"0x%x\r\n%s\r\n0\r\n\r\n" % (SIZE, WISH),
    "a space before": b" " + CHUNKS,
    "a space behind": b"%x \r\n%s\r\n0\r\n\r\n" % (SIZE, WISH),
    "no size": b"\r\n" + WISH + b"\r\n0\r\n\r\n",
    "no hexadecimal": b"zz\r\n" + WISH,
    "bare LF": CHUNKS.replace(b"\r\n", b"\n"),
    "bare LF behind the size": CHUNKS.replace(b"\r\n", b"\n", 1),
    "bare LF behind the data": CHUNKS.replace(b"}\r\n", b"}\n"),
    "something else behind the data": CHUNKS.replace(b"}\r\n", b"}XX"),
    "less than there is": b"%x\r\n%s\r\n0\r\n\r\n" % (SIZE - 1, WISH),
    "a CR in an extension": b"%x;a\rb\r\n%s\r\n0\r\n\r\n" % (SIZE, WISH),
    "an LF in an extension": b"%x;a\n%s\r\n0\r\n\r\n" % (SIZE, WISH),
    "a NUL in an extension": b"%x;a\0\r\n%s\r\n0\r\n\r\n" % (SIZE, WISH),
    "a length in the trailer": CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN_CHUNKS)
@pytest.mark.parametrize("listener", LISTENERS)
def test_broken_chunks(request, listener, name):
    service = request.getfixturevalue(listener)
    refused(service, post(service, CHUNKED, BROKEN_CHUNKS[name]), 400)


@pytest.mark.parametrize("size", ["4001", "ffffffff", "7fffffffffffffff", "ffffffffffffffff"])
def test_chunks_that_are_too_large(target, size):
    """By what comes, whatever its size says; nothing overflows."""
    assert refused(target, post(target, CHUNKED, size.encode() + b"\r\n" + b" " * 0x4001), 413).problem["code"] == "body-too-large"


@pytest.mark.parametrize("chunks", [
    b"%x;a=b;c=\"d\"\r\n%s\r\n0;x\r\n\r\n" % (SIZE, WISH), b"".join(b"1;n\r\n%c\r\n" % byte for byte in WISH) + b"0\r\n\r\n",
    b"%X\r\n%s\r\n000\r\n\r\n" % (SIZE, WISH), CHUNKS[:-2] + b"X-Trailer: 1\r\n\r\n", b"%x;a=%s\r\n%s\r\n0\r\n\r\n" % (SIZE, b"x" * 1000, WISH)],
    ids=["two", "one for each byte", "none", "a trailer", "a long one"])
@pytest.mark.parametrize("listener", LISTENERS)
def test_a_few_extensions_of_chunks_are_passed_over(request, listener, chunks):
    """RFC 9112, section 7.1.1: a recipient ignores what it does not know."""
    service = request.getfixturevalue(listener)
    accepted(service, post(service, CHUNKED, chunks))


def endless_extensions() -> dict[str, bytes]:
    """A megabyte around a few bytes of body."""
    return {
        "one": b"%x;a=%s\r\n%s\r\n0\r\n\r\n" % (SIZE, b"x" * 1_000_000, WISH),
        "of the last chunk": CHUNKS[:-4] + b";" + b"x" * 1_000_000 + b"\r\n\r\n",
        "of many chunks": (b"1;" + b"x" * 200 + b"\r\n \r\n") * 5000 + CHUNKS,
        "without an end": b"%x;" % SIZE + b"x" * 1_000_000,
        "in the trailer": CHUNKS[:-2] + b"X-Trailer: " + b"x" * 1_000_000 + b"\r\n\r\n",
        "many trailers": CHUNKS[:-2] + b"X-T: x\r\n" * 100_000 + b"\r\n",
    }


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_megabyte_of_extensions_is_refused(request, listener):
    """And costs no memory, however often."""
    service = request.getfixturevalue(listener)
    for turn in range(5):
        before = service.resident_bytes()
        service.forget_peak()
        for name, chunks in endless_extensions().items():
            answer = refused(service, post(service, CHUNKED, chunks), *((431,) if "trailer" in name else (400, 413)))
            assert "requestId" in answer.problem
        if turn:  # what the allocator keeps is had before
            assert service.peak_bytes() - before < GROWTH


# Host


@pytest.mark.parametrize("host", ["", "a b", "a/b", "user@h", "a:b:c", "[::1", "h:99999", "h:65536", "é", "::1", "[]", "[::1]x", "[::g]", "[1.2.3.4]", "h,h", "h\th", "h?",
                                  "h#", "h%41", "*", ":80", "h:-1", "h:+80", "h: 80", "h:80:80", "[::1]:80x", "http://h", "h\\h", "<h>", '"h"', "a@b:80", "h;"], ids=repr)
@pytest.mark.parametrize("listener", LISTENERS)
def test_a_host_that_is_none(request, listener, host):
    answer = refused(request.getfixturevalue(listener), b"GET /healthz HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n", 400)
    assert answer.problem["code"] == "invalid-request" and "Host" in answer.problem["detail"]


@pytest.mark.parametrize("host", ["h", "h:80", "[::1]:80", "[::1]", "1.2.3.4", "1.2.3.4:8080", "a_b.c", "H.Example", "xn--e1afmkfd.example", "h:", "h:65535", "a-b", "a~b",
                                  "[2001:db8::1]", "[::ffff:1.2.3.4]:1", "a" * 200, " h", "h."], ids=repr)
@pytest.mark.parametrize("listener", LISTENERS)
def test_a_host_that_is_one(request, listener, host):
    """`serve` is asked by any name: a proxy may be in front."""
    accepted(request.getfixturevalue(listener), b"GET /healthz HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n", 200)


@pytest.mark.parametrize("hosts", [["a", "a"], ["a", "b"], ["a", ""], ["", "a"]], ids=str)
def test_two_hosts(target, hosts):
    for version in (b"1.0", b"1.1"):
        refused(target, b"GET /healthz HTTP/" + version + b"\r\n" + b"".join(f"Host: {host}\r\n".encode() for host in hosts) + b"\r\n", 400)


def test_only_http_1_0_needs_no_host(target):
    refused(target, b"GET /healthz HTTP/1.1\r\n\r\n", 400)
    with target.connect(60) as connection:
        connection.send(b"GET /healthz HTTP/1.0\r\n\r\n" + NEXT)
        answer = connection.read()
        assert answer.status == 200 and answer.closes and connection.rest() == b""


def test_a_client_of_http_1_0_knows_whether_the_connection_stays(target):
    """It takes it for closed unless the answer says keep-alive (RFC 9112, appendix C.2.2), and would wait for that in vain."""
    for fields in (b"", b"Connection: close\r\n", b"Connection: keep-alive\r\n"):
        with target.connect(60) as connection:
            connection.send(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n" + fields + b"\r\n")
            answer = connection.read()
            assert answer.status == 200
            if answer.headers.get("connection", "").lower() == "keep-alive":
                assert b"keep-alive" in fields and connection.request("GET", "/healthz").status == 200
            else:
                assert answer.closes and connection.rest() == b""


# Lines

LINES = {
    "a folded line": get(b"X-Folded: a", b" b"),
    "a line folded by a tab": get(b"X-Folded: a", b"\tb"),
    "a folded Host": b"GET /healthz HTTP/1.1\r\nHost:\r\n localhost\r\n\r\n",
    "a folded first line": b"GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "bare LF": get(b"X: 1").replace(b"\r\n", b"\n"),
    "bare LF behind the request line": get().replace(b"\r\n", b"\n", 1),
    "bare LF behind a field": get(b"X: 1\nY: 2"),
    "bare LF before the end": get()[:-2] + b"\n",
    "bare CR behind a field": get(b"X: 1\rY: 2"),
    "bare CR at the end": get()[:-1] + b"X",
    "a space before the colon": get(b"X : 1"),
    "a tab before the colon": get(b"X\t: 1"),
    "a space before the colon of Host": b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a space in the name": get(b"X Y: 1"),
    "no colon": get(b"X"),
    "no name": get(b": 1"),
    "a name beyond ASCII": get("é: 1".encode()),
    "NUL": get(b"X: a\0b"),
    "a control": get(b"X: a\x01b"),
    "DEL": get(b"X: a\x7fb"),
    "a name with brackets": get(b"X[1]: 1"),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("listener", LISTENERS)
def test_lines_that_two_readers_could_end_differently(request, listener, name):
    refused(request.getfixturevalue(listener), LINES[name], 400)


@pytest.mark.parametrize("white", [" ", "\t", "  \t "], ids=repr)
@pytest.mark.parametrize("name", ["Host", "Authorization", "Content-Type", "Content-Encoding", "Origin", "Accept"])
def test_white_space_around_a_value_is_no_part_of_it(target, name, white):
    """RFC 9112, section 5.1: a recipient takes it away before it reads the value."""
    fields = {"Host": "localhost"} | bearer(target) | JSON | {"Content-Encoding": "identity", "Origin": "https://app.acme.example", "Accept": "*/*"}
    for value in (white + fields[name], fields[name] + white, white + fields[name] + white):
        with target.connect(60) as connection:
            answer = connection.request("POST", "/v1/tickets", fields | {name: value}, WISH)
        assert answer.status == 201, (value, answer.body)
        assert answer.headers["access-control-allow-origin"] == "https://app.acme.example"


@pytest.mark.parametrize("white", [" ", "\t"], ids=repr)
@pytest.mark.parametrize("line, body", [(LENGTH, WISH), (CHUNKED, CHUNKS)], ids=["a length", "chunked"])
def test_white_space_behind_a_length_does_not_change_it(target, line, body, white):
    """Either it is taken away, or the request is refused as a whole."""
    with target.connect(60) as connection:
        connection.send(post(target, line + white, body) + NEXT)
        answer = connection.read()
        if answer.status == 201:
            assert connection.read().json() == {"status": "ok"}
        else:
            assert answer.status == 400 and answer.closes and connection.rest() == b""


@pytest.mark.parametrize("name", ["a folded line", "bare LF", "a space before the colon", "NUL"])
def test_the_admin_listener_reads_as_strictly(target, name):
    with Connection(target.admin_port, 60) as connection:
        connection.send(LINES[name].replace(b"/healthz", b"/readyz") + NEXT)
        answer = connection.read()
        assert answer.status == 400 and answer.closes and answer.problem["requestId"] == answer.headers["x-request-id"]
        assert connection.rest() == b""


# Who asks before the body is sent

EXPECT = {"Expect": "100-continue", "Content-Length": str(SIZE)}
JSON = {"Content-Type": "application/json"}


def bearer(service: Service) -> dict[str, str]:
    return {"Authorization": f"Bearer {service.tenants['acme'].token()}"}


def test_http_1_0_gets_no_100(target):
    """RFC 9110, section 10.1.1: a server must not send one, for such a client would take it for the answer."""
    data = request_bytes("POST", "/v1/tickets", bearer(target) | JSON | EXPECT).replace(b"HTTP/1.1", b"HTTP/1.0")
    with target.connect(60) as connection:
        connection.send(data)
        connection.send(WISH)
        assert connection.rest().startswith(b"HTTP/1.1 201 ")


# Method, path, which of the usual fields are left out, which are added, status
EARLY = {
    "401": ("POST", "/v1/tickets", ("Authorization",), {}, 401),
    "401 for a bad token": ("POST", "/v1/tickets", (), {"Authorization": "Bearer x"}, 401),
    "401 on a batch": ("POST", "/v1/tickets/batch", ("Authorization",), {}, 401),
    "404": ("POST", "/nothing", (), {}, 404),
    "404 at the root": ("POST", "/", (), {}, 404),
    "405": ("PUT", "/v1/tickets", (), {}, 405),
    "405 on the document": ("POST", "/openapi.yaml", (), {}, 405),
    "413": ("POST", "/v1/tickets", (), {"Content-Length": "16385"}, 413),
    "413 on a batch": ("POST", "/v1/tickets/batch", (), {"Content-Length": "262145"}, 413),
    "413 before 404": ("POST", "/nothing", (), {"Content-Length": "16385"}, 413),
    "415": ("POST", "/v1/tickets", ("Content-Type",), {}, 415),
    "415 for text": ("POST", "/v1/tickets", (), {"Content-Type": "text/plain"}, 415),
    "415 for an encoding": ("POST", "/v1/tickets", (), {"Content-Encoding": "gzip"}, 415),
    "403 for an origin": ("POST", "/v1/tickets", (), {"Origin": "https://evil.example"}, 403),
}


@pytest.mark.parametrize("name", EARLY)
@pytest.mark.parametrize("chunked", [False, True], ids=["a length", "chunked"])
def test_a_refusal_comes_before_the_body_and_closes(target, name, chunked):
    """Without a 100; and where the client sends the body all the same, it is not taken for a request."""
    method, path, absent, more, status = EARLY[name]
    fields = {name: value for name, value in (bearer(target) | JSON | EXPECT).items() if name not in absent} | more
    if chunked:
        if status == 413:
            return  # its length is not told
        fields = {name: value for name, value in fields.items() if name != "Content-Length"} | {"Transfer-Encoding": "chunked"}
    before = figures(target, "postern_requests_total")
    with target.connect(60) as connection:
        connection.send(request_bytes(method, path, fields))
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.socket.recv(65536) or pytest.fail("closed without an answer")
        assert received.startswith(b"HTTP/1.1 %d " % status), received
        connection.buffer = received
        answer = connection.read()
        assert answer.closes and answer.problem["requestId"] == answer.headers["x-request-id"]
        send(connection, NEXT)
        assert connection.rest() == b""
    assert sum(risen(target, "postern_requests_total", before).values()) == 1


def test_a_refusal_before_the_body_is_the_same_as_behind_it(target):
    for method, path, absent, more, status in EARLY.values():
        if status == 413:
            continue
        fields = {name: value for name, value in (bearer(target) | JSON | EXPECT).items() if name not in absent} | more
        with target.connect(60) as connection:
            early = connection.request(method, path, fields)
        del fields["Expect"]
        late = target.request(method, path, fields, WISH)

        def told(answer: Answer) -> dict:
            return {name: value for name, value in answer.problem.items() if name != "requestId"} | {
                name: answer.headers.get(name) for name in ("allow", "www-authenticate", "vary", "access-control-allow-origin")}

        assert told(early) == told(late), path


def test_who_asks_and_may_send_the_body_is_told_so(target):
    """Also where the body comes in chunks; and the connection stays."""
    chunked = {name: value for name, value in EXPECT.items() if name != "Content-Length"} | {"Transfer-Encoding": "chunked"}
    with target.connect(60) as connection:
        for fields, body in ((EXPECT, WISH), (chunked, CHUNKS), (EXPECT | {"Expect": " 100-continue "}, WISH)):
            connection.send(request_bytes("POST", "/v1/tickets", bearer(target) | JSON | fields))
            received = b""
            while len(received) < 25:
                received += connection.socket.recv(25 - len(received)) or pytest.fail("closed without an answer")
            assert received == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.send(body)
            answer = connection.read()
            assert answer.status == 201 and not answer.closes


# Content-Encoding


@pytest.mark.parametrize("values, status", [
    (["identity"], 201), (["Identity"], 201), (["gzip"], 415), (["GZIP"], 415), (["br"], 415), (["gzip, identity"], 415), (["identity, gzip"], 415),
    (["identity", "gzip"], 415), (["gzip", "identity"], 415), (["aws-chunked"], 415), (["x"], 415)], ids=str)
@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/tickets/batch"])
def test_an_encoded_body_is_not_read(target, path, values, status):
    """RFC 9110, section 15.5.16."""
    body = WISH if path == "/v1/tickets" else json.dumps({"tickets": [json.loads(WISH)]}).encode()
    fields = [*bearer(target).items(), *JSON.items(), *(("Content-Encoding", value) for value in values)]
    answer = target.request("POST", path, fields, body)
    assert answer.status == (200 if status == 201 and path != "/v1/tickets" else status)
    if status == 415:
        assert answer.problem["code"] == "unsupported-media-type"
