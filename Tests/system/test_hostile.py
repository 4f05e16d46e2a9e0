"""Hostile requests against the release binary: no 5xx, no exit, flat memory; every refusal is a whole problem."""

import concurrent.futures
import contextlib
import json
import os
import re
import socket
import ssl
import struct
import time
from collections import Counter

import pytest

from harness.certificates import Authority
from harness.figures import figure
from harness.hostile import Hostile, Shot
from harness.http import Answer, Connection, ConnectionEnded, check_problem, request_bytes
from harness.service import Service
from harness.tenant import AVATARS, Tenant
from harness.tokens import APIKey, Issuer, base64url, compact_json
from harness.waiting import until

THREADS = 4
# In seconds: how long all requests may take.
LONGEST = 1500
GROWTH = 12 * 1024 * 1024
RULES = {
    "avatars": AVATARS | {"metadata": {"allowed": ["album", "title"]}},
    "files": {"keyPrefix": "files/{user}/", "keyName": "{uuid}-{filename}", "contentTypes": ["image/*", "text/html", "application/pdf"],
              "maxSize": "1GiB", "contentDisposition": "attachment", "metadata": {"allowed": ["album", "title"]}},
}


@pytest.fixture(scope="module")
def target(make_service) -> Service:
    tenant = Tenant("hostile", rules=RULES, issuers=[Issuer("id.hostile", "HS256")], api_keys=[APIKey("hostile")],
                    origins=["https://app.acme.example"])
    with make_service("hostile", [tenant]) as service:
        yield service
        assert service.stop() == 0


@pytest.fixture(scope="module")
def tenant(target) -> Tenant:
    return target.tenants["hostile"]


def check_answer(answer: Answer, head_only: bool = False):
    assert answer.status < 500, (answer.status, answer.body[:300])
    if answer.status >= 400 and not head_only:
        check_problem(answer)
    if answer.status == 201:
        check_key(answer.json()["key"])


def check_key(key: str):
    assert re.fullmatch(r"(avatars|files)/[A-Za-z0-9~._/-]+", key) and "//" not in key and len(key) <= 1024, key
    assert not {".", ".."} & set(key.split("/")), key


class Attacker:
    """One thread's share of the requests."""

    def __init__(self, service: Service, hostile: Hostile):
        self.service, self.hostile = service, hostile
        self.connection: Connection | None = None
        self.end = time.monotonic() + LONGEST
        self.sent = 0

    def run(self, count: int) -> Counter:
        self.statuses = Counter()
        for shot in self.hostile.shots(count):
            assert time.monotonic() < self.end, f"only {self.sent} requests in {LONGEST} s"
            self.sent += 1
            try:
                self.fire(shot)
            except Exception as problem:
                raise AssertionError(f"seed {self.hostile.seed}, request {self.sent}, {shot.kind}: {type(problem).__name__}: {problem}\n"
                                     f"request: {shot.data[:1500]!r}") from problem
        self.hang_up()
        return self.statuses

    def fire(self, shot: Shot):
        if shot.whole:
            answer = self.whole(shot)
        else:
            answer = self.broken(shot)
        if answer is None:
            self.statuses["closed"] += 1
            return
        self.statuses[answer.status] += 1
        self.judge(shot, answer)

    def judge(self, shot: Shot, answer: Answer):
        check_answer(answer, shot.head_only)

    def whole(self, shot: Shot) -> Answer:
        """Must be answered. A kept connection may have been closed after the answer before."""
        kept = self.connection is not None
        if not kept:
            self.connection = self.service.connect()
        try:
            self.send(shot.data)
            answer = self.connection.read(shot.head_only)
        except (ConnectionEnded, OSError):
            self.hang_up()
            if kept:
                return self.whole(shot)
            raise
        if answer.closes:
            self.hang_up()
        return answer

    def send(self, data: bytes):
        try:
            self.connection.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent: the answer is there to read

    def broken(self, shot: Shot) -> Answer | None:
        """By a connection of its own whose sending side is closed, so that nobody waits for more."""
        with self.service.connect() as connection:
            try:
                connection.send(shot.data)
                connection.socket.shutdown(socket.SHUT_WR)
                return connection.read(shot.head_only)
            except (ConnectionEnded, ConnectionResetError, BrokenPipeError, OSError) as ended:
                if isinstance(ended, TimeoutError):
                    raise
                received = getattr(ended, "received", b"")
                assert not received.startswith(b"HTTP/1.1 5"), received
                return None

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def seeds(request: pytest.FixtureRequest) -> range:
    """A seed for each thread."""
    first = request.config.getoption("--seed") * THREADS
    return range(first, first + THREADS)


def survives(target: Service, attackers: list[Attacker], total: int, growth: int) -> Counter:
    """Lets the attackers send `total` requests together: the service is the same afterwards, and by at most `growth` bytes larger than
    after the first quarter. Returns how often there was which status."""
    descriptors = len(os.listdir(f"/proc/{target.process.pid}/fd"))

    def volley(count: int) -> Counter:
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            return sum((each.result() for each in [pool.submit(attacker.run, count // THREADS) for attacker in attackers]), Counter())

    began = time.monotonic()
    statuses = volley(total // 4)
    warm = target.resident_bytes()
    statuses += volley(total - total // 4)
    after = target.resident_bytes()
    print(f"\n{sum(statuses.values())} requests in {time.monotonic() - began:.0f} s: {dict(sorted(statuses.items(), key=str))}; "
          f"RSS {warm >> 20} → {after >> 20} MiB")

    assert target.running
    assert sum(statuses.values()) >= total - 2 * THREADS
    assert not [status for status in statuses if status != "closed" and status >= 500]
    assert after - warm < growth, f"RSS grew from {warm} to {after}"
    assert target.request("GET", "/healthz").status == 200
    assert len(os.listdir(f"/proc/{target.process.pid}/fd")) <= descriptors + 8
    assert "Fatal error" not in target.errors.read_text(errors="replace")[-100_000:]
    return statuses


def test_a_hundred_thousand_hostile_requests(target, tenant, request):
    total = request.config.getoption("--requests") or int(os.environ.get("POSTERN_HOSTILE_REQUESTS", 100_000))
    statuses = survives(target, [Attacker(target, Hostile(seed, tenant)) for seed in seeds(request)], total, GROWTH)
    assert {201, 400, 401, 403, 404, 405, 413, 415, 422, 431} <= set(statuses), "the generator misses a kind"


# The named ones.

WISH = {"rule": "avatars", "contentType": "image/png"}


def ticket(target: Service, token: str | bytes, body: dict | bytes = WISH) -> Answer:
    answer = target.post("/v1/tickets", body, token)
    check_answer(answer)
    assert target.running
    return answer


def test_a_good_request_is_answered_here(target, tenant):
    assert ticket(target, tenant.token()).status == 201


@pytest.mark.parametrize("algorithm", ["HS256", "ES256", "RS256"])
def test_an_empty_audience_list(make_service, algorithm):
    tenant = Tenant("aud", issuers=[Issuer("id.aud", algorithm)])
    with make_service(f"aud-{algorithm}", [tenant]) as service:
        for audience in ([], [[]], {}, [1], "", [""], [None]):
            answer = service.post("/v1/tickets", WISH, tenant.token(aud=audience))
            assert answer.status == 401 and answer.problem["code"] == "unauthenticated"
        assert service.ticket(tenant.token(aud=["other", "uploads"]), **WISH)


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("literal", ["1e308", "-1e308", "1e309", "9007199254740993", "9223372036854775808", "-1", '"1"', "null", "[]", "true", "1e400"])
def test_times_beyond_reason(target, tenant, claim, literal):
    claims = {name: value for name, value in tenant.issuers[0].claims().items() if name != claim}
    payload = compact_json(claims)[:-1] + f',"{claim}":{literal}}}'.encode()
    assert ticket(target, tenant.issuers[0].raw_token(payload)).status == 401


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [33, 1000, 8000])
def test_json_a_thousand_levels_deep(target, tenant, opening, closing, depth):
    body = (opening * depth + "1" + closing * depth).encode()[:16_000]
    assert ticket(target, tenant.token(), body).problem["code"] == "malformed-json"
    nested = f'{{"contentType":"image/png","rule":"avatars","metadata":{opening * depth}1{closing * depth}}}'.encode()[:16_000]
    assert ticket(target, tenant.token(), nested).problem["code"] == "malformed-json"
    claims = compact_json(tenant.issuers[0].claims())[:-1] + f',"x":{opening * min(depth, 900)}1{closing * min(depth, 900)}}}'.encode()
    assert ticket(target, tenant.issuers[0].raw_token(claims)).status == 401


@pytest.mark.parametrize("bad", ["\0", "\r\n", "a\0b", "a\r\nb: c", "\n", "\x7f", "\u0085"])
@pytest.mark.parametrize("member", ["rule", "filename", "contentType", "checksumSHA256", "metadata-name", "metadata-value", "user"])
def test_controls_in_every_string_of_a_request(target, tenant, member, bad):
    wish = dict(WISH)
    if member == "metadata-name":
        wish["metadata"] = {f"album{bad}": "x"}
    elif member == "metadata-value":
        wish["metadata"] = {"album": f"x{bad}"}
    else:
        wish[member] = wish.get(member, "x") + bad
    answer = ticket(target, tenant.api_key, wish)
    if answer.status == 201:
        fields = answer.json()["fields"]
        assert not [name for name, value in fields.items() if any(ord(each) < 0x20 or ord(each) == 0x7F for each in name + value)], fields


@pytest.mark.parametrize("bad", ["\0", "\r\n", "a\0b", "a\r\nb: c"])
@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "jti", "scope"])
def test_controls_in_every_string_of_a_token(target, tenant, claim, bad):
    value = tenant.issuers[0].claims().get(claim, "x") + bad
    answer = ticket(target, tenant.token(**{claim: value}))
    assert answer.status in ((401,) if claim in ("iss", "aud") else (201, 401, 403, 422))
    if answer.status == 201:
        check_key(answer.json()["key"])


@pytest.mark.parametrize("literal", [b'"\\ud800"', b'"\\udfff"', b'"\\ud800x"', b'"\\udc00\\ud800"', b'"\\ud800\\ud800"', b'"\xed\xa0\x80"', b'"\xff"', b'"\xc0\x80"'])
def test_lone_surrogates_and_bytes_that_are_no_utf8(target, tenant, literal):
    for body in (b'{"contentType":"image/png","rule":"avatars","filename":' + literal + b"}",
                 b'{"contentType":"image/png","rule":"avatars",' + literal + b":1}",
                 b'{"contentType":"image/png","rule":"avatars","metadata":{' + literal + b':"x"}}'):
        assert ticket(target, tenant.token(), body).problem["code"] == "malformed-json"
    claims = compact_json({name: value for name, value in tenant.issuers[0].claims().items() if name != "sub"})
    assert ticket(target, tenant.issuers[0].raw_token(claims[:-1] + b',"sub":' + literal + b"}")).status == 401


@pytest.mark.parametrize("body", [
    b'{"contentType":"image/png","contentType":"image/png","rule":"avatars"}', b'{"contentType":"image/png","rule":"avatars","size":1,"size":2}',
    b'{"contentType":"image/png","rule":"avatars","size":1,"\\u0073ize":2}', b'{"contentType":"image/png","rule":"avatars","metadata":{"album":"a","album":"b"}}'])
def test_duplicate_members(target, tenant, body):
    problem = ticket(target, tenant.token(), body).problem
    assert problem["code"] == "malformed-json" and "twice" in problem["detail"]


def test_duplicate_claims(target, tenant):
    claims = compact_json(tenant.issuers[0].claims())
    for extra in (b',"sub":"other"}', b',"exp":99999999999}', b',"a":1,"a":2}'):
        assert ticket(target, tenant.issuers[0].raw_token(claims[:-1] + extra)).status == 401


def test_two_authorization_headers(target, tenant):
    good, body = ("Authorization", f"Bearer {tenant.token()}"), json.dumps(WISH).encode()
    for other in (good, ("authorization", "Bearer x"), ("Authorization", f"Bearer {tenant.api_key}"), ("Authorization", "")):
        for pair in ([good, other], [other, good]):
            answer = target.request("POST", "/v1/tickets", [*pair, ("Content-Type", "application/json")], body)
            assert answer.status == 401 and answer.problem["code"] == "unauthenticated"


def test_every_401_is_the_same(target, tenant):
    """One body for every cause: nothing tells an attacker what was wrong."""
    issuer, good, expired = tenant.issuers[0], tenant.token(), tenant.token(exp=1)
    causes = ["x", good[:-2] + "AA", expired[:-2] + "AA", expired.rpartition(".")[0] + ".", tenant.token(exp=1, aud="other"), tenant.token(aud="other"), tenant.token(iss="https://other.example"), tenant.token(exp=None),
              issuer.raw_token(b"{}"), tenant.api_key + "A", "pstn.hostile.none." + "A" * 43, "pstn.none.cms." + "A" * 43,
              issuer.raw_token(compact_json(issuer.claims()), {"alg": "none"}), issuer.raw_token(compact_json(issuer.claims()), {"crit": ["exp"]})]
    answers = [target.post("/v1/tickets", WISH, cause) for cause in causes] + [target.post("/v1/tickets", WISH, None)]
    bodies = {json.dumps({name: value for name, value in answer.problem.items() if name != "requestId"}) for answer in answers}
    assert len(bodies) == 1, bodies
    assert {answer.status for answer in answers} == {401}
    # RFC 6750, section 3.1: an error code only if there was a token.
    assert [answer.headers["www-authenticate"] for answer in answers] == ['Bearer error="invalid_token"'] * len(causes) + ["Bearer"]


def test_only_a_token_that_was_right_has_expired(target, tenant):
    """Its signature, its issuer and its audience are right; all others are told what everybody is told."""
    now = int(time.time())
    answer = target.post("/v1/tickets", WISH, tenant.token(iat=now - 900, exp=now - 61))
    assert answer.status == 401 and answer.problem["code"] == "token-expired" and answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    stranger, claims = Issuer(tenant.issuers[0].name), compact_json(tenant.issuers[0].claims(exp=now - 61))
    for other in (stranger.token(exp=now - 61), tenant.issuers[0].raw_token(claims, {"alg": "none"}), tenant.token(exp=now - 61, aud="other"),
                  tenant.token(exp=now - 61, iss="https://other.example"), tenant.token(exp=-1)):
        assert target.post("/v1/tickets", WISH, other).problem["code"] == "unauthenticated"


@pytest.mark.parametrize("hosts", [[], ["a", "b"], ["localhost", "localhost"]])
def test_exactly_one_host(target, tenant, hosts):
    head = "GET /healthz HTTP/1.1\r\n" + "".join(f"Host: {host}\r\n" for host in hosts) + "\r\n"
    with target.connect() as connection:
        connection.send(head.encode())
        answer = connection.read()
    assert answer.status == 400 and answer.problem["code"] == "invalid-request"


@pytest.mark.parametrize("path, allowed", [
    ("/v1/tickets", {"POST"}), ("/v1/tickets/batch", {"POST"}), ("/v1/presign", {"GET"}), ("/v1/rules", {"GET", "HEAD"}), ("/healthz", {"GET", "HEAD"}), ("/openapi.yaml", {"GET", "HEAD"}),
    ("/openapi.json", {"GET", "HEAD"})])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "POST", "TRACE", "PROPFIND", "OPTIONS"])
def test_wrong_methods(target, tenant, path, allowed, method):
    if method in allowed:
        return
    answer = target.request(method, path, {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"}, b"{}" if method == "POST" else None)
    assert answer.status == 405 and answer.problem["code"] == "method-not-allowed"
    assert allowed - {"HEAD"} <= {each.strip() for each in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v2/tickets", "/v1/ticket", "/v1/tickets/1", "/favicon.ico", "/metrics", "/readyz", "/.env"])
def test_unknown_paths(target, path):
    for method in ("GET", "POST", "DELETE"):
        answer = target.request(method, path, {"Content-Type": "application/json"}, b"{}" if method == "POST" else None)
        assert answer.status == 404 and answer.problem["code"] == "not-found"


def test_bodies_over_the_limit(target, tenant):
    fields = {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"}
    for path, limit in (("/v1/tickets", 16 * 1024), ("/v1/tickets/batch", 256 * 1024)):
        fits = target.request("POST", path, fields, b"[" + b" " * (limit - 2) + b"]")
        assert fits.status == 400, (path, fits.status)
        with target.connect() as connection:
            connection.send(request_bytes("POST", path, fields | {"Content-Length": str(limit + 1)}))
            answer = connection.read()
            assert answer.status == 413 and answer.problem["code"] == "body-too-large", "told by Content-Length alone"
        with target.connect() as connection:
            chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
            connection.send(request_bytes("POST", path, fields | {"Transfer-Encoding": "chunked"}))
            try:
                for _ in range(limit // 4096 + 2):
                    connection.send(chunk)
            except OSError:
                pass
            answer = connection.read()
            assert answer.status == 413 and answer.problem["code"] == "body-too-large", "told by counting"


def test_headers_over_the_limit(target, tenant):
    for fields in ([("X-Big", "x" * 17_000)], [(f"X-{number}", "x" * 100) for number in range(200)]):
        with target.connect() as connection:
            connection.send(request_bytes("GET", "/v1/rules", fields))
            answer = connection.read()
        assert answer.status == 431 and answer.problem["code"] == "headers-too-large"
    with target.connect() as connection:
        connection.send(b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = connection.read()
    assert answer.status == 431 and answer.problem["code"] == "headers-too-large"


@pytest.mark.parametrize("path", ["/healthz", "/v1/tickets"])
@pytest.mark.parametrize("name", ["X-{}", "X-Same", "Cookie"])
def test_more_header_fields_than_a_hundred(target, tenant, path, name):
    """Short ones, far below the limit of their bytes; whether they have one name or many."""
    own = [] if path == "/healthz" else [("Authorization", f"Bearer {tenant.token()}"), ("Content-Type", "application/json")]
    body = None if path == "/healthz" else json.dumps(WISH).encode()
    for count, status in ((100, 201 if body else 200), (101, 431), (250, 431)):
        fields = [("Host", "localhost"), *own, *([("Content-Length", str(len(body)))] if body else [])]
        fields += [(name.format(number), "1") for number in range(count - len(fields))]
        data = request_bytes("POST" if body else "GET", path, fields, body)
        assert len(fields) == count and len(data) < 8 * 1024
        with target.connect(timeout=60) as connection:
            connection.send(data)
            answer = connection.read()
            assert answer.status == status, (count, answer.status)
            check_answer(answer)
            if status == 431:
                assert answer.problem["code"] == "headers-too-large" and answer.closes and connection.ended()


def test_a_target_over_the_limit(target):
    """8 KiB, half of what the header fields may take; one byte more is too much, wherever it stands."""
    for begin, status in (("/healthz?", 200), ("/", 404), ("/v1/tickets?", 405)):
        for length, expected in ((8192, status), (8193, 431), (12_000, 431)):
            with target.connect(timeout=60) as connection:
                connection.send(request_bytes("GET", begin + "a" * (length - len(begin))))
                answer = connection.read()
                assert answer.status == expected, (begin, length, answer.status)
                if expected == 431:
                    assert answer.problem["code"] == "headers-too-large" and answer.closes and connection.ended()


def test_a_credential_over_the_limit(target, tenant):
    """8 KiB of `Authorization` too; exactly so much is read."""
    issuer = tenant.issuers[0]

    def token(length: int) -> str:
        """By a claim that grows by one; a base64 of three lengths in four, so a header that grows too."""
        for pad in range(length * 3 // 4 - 600, length):
            for kid in (None, "k", "kk"):
                made = issuer.raw_token(compact_json(issuer.claims(pad="x" * pad)), {"kid": kid})
                if len(made) == length:
                    return made
        raise AssertionError(f"no token of {length} bytes")

    room = 8192 - len("Bearer ")
    assert ticket(target, token(room)).status == 201
    assert ticket(target, token(room + 1)).status == 401


@pytest.mark.parametrize("pair", [
    ("application/json", "application/json"), ("application/json", "text/plain"), ("text/plain", "application/json"), ("application/json", ""),
    ("", "application/json"), ("application/json", "application/json; charset=utf-8")], ids=str)
@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/tickets/batch"])
def test_two_content_types(target, tenant, path, pair):
    """A proxy and the service could read different ones; and a page of another origin may send text/plain unasked."""
    body = json.dumps(WISH if path == "/v1/tickets" else {"tickets": [WISH]}).encode()
    for names in (("Content-Type", "Content-Type"), ("content-type", "CONTENT-TYPE")):
        fields = [("Authorization", f"Bearer {tenant.token()}"), *zip(names, pair)]
        answer = target.request("POST", path, fields, body)
        assert answer.status == 415 and answer.problem["code"] == "unsupported-media-type"


@pytest.mark.parametrize("value", ["100-continue", "100-Continue"])
@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/tickets/batch"])
def test_who_waits_for_100_continue_gets_it(target, tenant, path, value):
    """Before the body is sent: some clients never send it without."""
    body = json.dumps(WISH if path == "/v1/tickets" else {"tickets": [WISH]}).encode()
    fields = {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json", "Expect": value, "Content-Length": str(len(body))}
    with target.connect(timeout=60) as connection:
        for _ in range(2):
            connection.send(request_bytes("POST", path, fields))
            assert first_bytes(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.send(body)
            assert connection.read().status == (201 if path == "/v1/tickets" else 200)


def first_bytes(connection: Connection) -> bytes:
    """What has come once a head is complete; `read` would pass a 100 over."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.socket.recv(65536) or pytest.fail(f"the connection ended after {received!r}")
    return received


def test_who_may_not_send_its_body_gets_no_100(target, tenant):
    """What is too long by its head alone is refused at once. And nobody gets a 100 who did not ask."""
    fields = {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json", "Expect": "100-continue"}
    for more, status in (({"Content-Length": str(16 * 1024 + 1)}, 413), ({"Content-Length": "10", "X-Big": "x" * 17_000}, 431)):
        with target.connect(timeout=60) as connection:
            connection.send(request_bytes("POST", "/v1/tickets", fields | more))
            assert first_bytes(connection).startswith(f"HTTP/1.1 {status} ".encode())
    with target.connect(timeout=60) as connection:
        connection.send(ticket_request(tenant))
        assert first_bytes(connection).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
                                          "application/json, text/plain", "image/png", "application", "application/json; charset=utf-16",
                                          "application/json;charset=UTF-16LE", "application/json; charset=iso-8859-1", 'application/json; charset="utf-7"',
                                          "application/json; charset=utf-8; charset=utf-16", "application/json; charset=utf-16; charset=utf-8",
                                          "application/json; charset=utf-8x", "application/json; charset=", "application/jso", "xapplication/json",
                                          "application/json+x", "text/json", "application/json/x"])
def test_bodies_that_are_not_json_by_their_type(target, tenant, content_type):
    fields = {"Authorization": f"Bearer {tenant.token()}"} | ({} if content_type is None else {"Content-Type": content_type})
    answer = target.request("POST", "/v1/tickets", fields, json.dumps(WISH).encode())
    assert answer.status == 415 and answer.problem["code"] == "unsupported-media-type"


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8",
                                          'application/json; charset="utf-8"'])
def test_json_by_its_type(target, tenant, content_type):
    fields = {"Authorization": f"Bearer {tenant.token()}", "Content-Type": content_type}
    assert target.request("POST", "/v1/tickets", fields, json.dumps(WISH).encode()).status == 201


def test_wrong_json_kinds_and_unknown_members(target, tenant):
    for body in ([], "x", 1, None, {}, {"contentType": 1}, WISH | {"colour": 1}, WISH | {"size": "1"}, WISH | {"size": 1.5}, WISH | {"size": -1},
                 WISH | {"metadata": []}, WISH | {"metadata": {"album": 1}}, WISH | {"metadata": {"album": None}},
                 WISH | {"colour": None}, WISH | {"Size": 1}):
        assert ticket(target, tenant.token(), json.dumps(body).encode()).problem["code"] == "invalid-request", body
    for body in (b"", b"{", b"{}x", b"\xef\xbb\xbf{}", b"{'a':1}", b"nul", b'{"size":01}', b"[1,]"):
        assert ticket(target, tenant.token(), body).problem["code"] == "malformed-json", body


@pytest.mark.parametrize("body", [
    {"tickets": [WISH], "x": 1}, {"tickets": [WISH], "Tickets": [WISH]}, {"tickets": [WISH], "rule": "avatars"}, {"tickets": [WISH], "": None}, {},
    {"ticket": [WISH]}, {"tickets": []}, {"tickets": WISH}, {"tickets": None}, {"tickets": "x"}, [WISH], WISH, None, {"tickets": [WISH] * 101}], ids=lambda body: str(body)[:60])
def test_a_batch_of_another_shape(target, tenant, body):
    answer = target.post("/v1/tickets/batch", body, tenant.token())
    assert answer.status == 400 and answer.problem["code"] == "invalid-request", answer.body


def test_a_batch_has_100_tickets_at_most(target, tenant):
    answer = target.post("/v1/tickets/batch", {"tickets": [WISH] * 100}, tenant.token())
    assert answer.status == 200 and [result["status"] for result in answer.json()["results"]] == [201] * 100
    assert len({result["ticket"]["id"] for result in answer.json()["results"]}) == 100


def test_a_batch_judges_each_ticket_as_if_it_came_alone(target, tenant):
    wishes = [WISH, [], "x", 1, None, {}, WISH | {"colour": 1}, WISH | {"size": "1"}, WISH | {"rule": "nothing"}, WISH | {"size": 1 << 40}, WISH]
    answer = target.post("/v1/tickets/batch", {"tickets": wishes}, tenant.token())
    assert answer.status == 200
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201] + [400] * 7 + [404, 422, 201]
    for wish, result in zip(wishes, results):
        if result["status"] != 201:
            assert result["problem"]["code"] == ticket(target, tenant.token(), json.dumps(wish).encode()).problem["code"], wish


@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/tickets/batch"])
@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
def test_json_of_16_levels(target, tenant, path, opening, closing):
    """Sixteen are read, and refused for what they are; seventeen are not read."""
    for depth, code in ((16, "invalid-request"), (17, "malformed-json")):
        inner = "[]" if opening == "[" else "{}"
        answer = target.post(path, (opening * (depth - 1) + inner + closing * (depth - 1)).encode(), tenant.token())
        assert answer.status == 400 and answer.problem["code"] == code, (depth, answer.body)


@pytest.mark.parametrize("method", ["post", "Post", "POSTX", "POS"])
def test_a_method_has_one_spelling(target, tenant, method):
    answer = target.request(method, "/v1/tickets", {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"}, json.dumps(WISH).encode())
    assert answer.status in (400, 405), answer.status
    check_answer(answer)


def test_request_smuggling_shapes(target, tenant):
    """Lengths that two parsers could read differently are refused and the connection ends."""
    for fields in ([("Content-Length", "2"), ("Transfer-Encoding", "chunked")], [("Content-Length", "2"), ("Content-Length", "3")],
                   [("Transfer-Encoding", "chunked, identity")], [("Transfer-Encoding", "xchunked")], [("Content-Length", "+2")], [("Content-Length", "2, 2, 3")]):
        with target.connect(timeout=12) as connection:
            connection.send(request_bytes("POST", "/v1/tickets", [("Content-Type", "application/json"), *fields]) + b"0\r\n\r\n{}")
            try:
                answer = connection.read()
                assert answer.status in (400, 411, 413, 501), (fields, answer.status)
                check_answer(answer)
                assert answer.closes, fields
            except ConnectionEnded as ended:
                assert not ended.received
            assert connection.ended(), fields


def test_pipelined_requests_are_answered_in_order(target, tenant):
    fields = {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"}
    with target.connect() as connection:
        connection.send(b"".join(request_bytes("POST", "/v1/tickets", fields, json.dumps(WISH | {"size": size}).encode()) for size in range(1, 21)))
        assert [connection.read().json()["maxSize"] for _ in range(20)] == list(range(1, 21))


def test_a_token_of_more_than_8_kib(target, tenant):
    claims = tenant.issuers[0].claims() | {"pad": "x" * 6500}
    long = tenant.issuers[0].raw_token(compact_json(claims))
    assert len(long) > 8 * 1024 and ticket(target, long).status == 401


def test_a_header_alone_decides_nothing(target, tenant):
    """jku, x5u, jwk and x5c in a token's header are ignored; a key of the attacker's does not count."""
    stranger = Issuer("id.hostile", "HS256")
    payload = compact_json(stranger.claims())
    for header in ({"jwk": {"kty": "oct", "k": base64url(stranger.signer.secret)}}, {"jku": "https://evil.example/jwks.json"}, {"x5u": "https://evil.example"}, {}):
        assert ticket(target, stranger.raw_token(payload, header)).status == 401


@pytest.mark.parametrize("path", ["/healthz", "/openapi.yaml", "/openapi.json", "/nothing", "/v1/tickets", "/v1/rules"])
def test_an_answer_to_head_has_no_body(target, path):
    """RFC 9110, section 9.3.2: a body here would be read as the next answer on the same connection."""
    with target.connect() as connection:
        connection.send(request_bytes("HEAD", path) + request_bytes("GET", "/healthz"))
        assert connection.read(head_only=True).status in (200, 401, 404, 405)
        assert connection.read().json() == {"status": "ok"}


def ticket_request(tenant: Tenant, extra: dict | None = None) -> bytes:
    fields = {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"} | (extra or {})
    return request_bytes("POST", "/v1/tickets", fields, b'{"rule": "avatars", "contentType": "image/png"}')


@pytest.mark.parametrize("count", [1, 2, 6])
def test_pipelined_requests_are_all_answered_and_the_last_closes(target, tenant, count):
    whole = ticket_request(tenant) * (count - 1) + ticket_request(tenant, {"Connection": "close"})
    with target.connect() as connection:
        connection.send(whole + request_bytes("GET", "/healthz"))
        answers = [connection.read() for _ in range(count)]
        assert [answer.status for answer in answers] == [201] * count
        assert [answer.headers.get("connection") for answer in answers] == [None] * (count - 1) + ["close"]
        with pytest.raises(ConnectionEnded):
            connection.read()


@pytest.mark.parametrize("junk", [b"\r\nJUNK\0\r\n\r\n", b"POST /v1/tickets HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"])
def test_what_follows_a_request_does_not_cost_its_answer(target, tenant, junk):
    with target.connect() as connection:
        connection.send(ticket_request(tenant) * 2 + junk)
        assert [connection.read().status for _ in range(3)] == [201, 201, 400]
        with pytest.raises(ConnectionEnded):
            connection.read()


def test_a_half_sent_request_after_whole_ones_is_the_only_one_lost(target, tenant):
    with target.connect() as connection:
        connection.send(ticket_request(tenant) * 2 + ticket_request(tenant)[:-10])
        connection.socket.shutdown(socket.SHUT_WR)
        assert [connection.read().status for _ in range(2)] == [201, 201]


@pytest.mark.parametrize("path", ["//v1/tickets", "/v1//tickets", "/v1/tickets/", "/v1/./tickets", "/v1/%74ickets", "/V1/tickets", "/v1/Tickets",
                                  "/v1/ticketsx", "/v1/ticket", "/v1/tickets/batchx", "/v1/tickets;x", "/v1/tickets%3f"])
def test_a_path_has_one_spelling(target, tenant, path):
    answer = target.request("POST", path, {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"},
                            b'{"rule": "avatars", "contentType": "image/png"}')
    assert answer.status == 404 and answer.problem["code"] == "not-found"


def left_behind(tenant: Tenant) -> dict[str, bytes]:
    """What a client sends before it resets the connection: the service answers while that is under way, or has more to read, or nothing."""
    asks = {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json", "Expect": "100-continue", "Content-Length": "9"}
    return {
        "nothing": b"", "half a head": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Half: a", "a request": request_bytes("GET", "/healthz"),
        "its last request": request_bytes("GET", "/healthz", {"Connection": "close"}), "many requests": request_bytes("GET", "/openapi.yaml") * 200,
        "a refused head": request_bytes("GET", "/healthz", [("Host", "a"), ("Host", "b")]), "a tunnel": b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "no HTTP": b"garbage\r\n\r\n", "a large body": request_bytes("POST", "/v1/tickets", {"Content-Length": "50000"}), "a large head": request_bytes(
            "GET", "/healthz", {"X-Big": "x" * 17_000}), "a large chunk": request_bytes("POST", "/v1/tickets", {"Transfer-Encoding": "chunked"}) + b"4001\r\n" + b" " * 0x4001,
        "a wait for 100": request_bytes("POST", "/v1/tickets", asks), "a wait for 401": request_bytes("POST", "/v1/tickets", asks | {"Authorization": "x"}),
        "an upgrade": request_bytes("GET", "/healthz", {"Connection": "upgrade", "Upgrade": "h2c"}) * 3}


@pytest.mark.parametrize("name", left_behind(Tenant("hostile")))
@pytest.mark.parametrize("listener", ["plain", "TLS", "admin"])
def test_clients_that_reset_their_connections(make_service, tmp_path, listener, name):
    """At once, so that the service notices it in the middle of the answer. Nobody else is hurt."""
    authority = Authority(tmp_path / "authority", "authority")
    certificate = authority.certify("service")
    service = make_service("resets", [Tenant("hostile")], log_level="info",
                           arguments=["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)] if listener == "TLS" else [])
    service.tls = ssl.create_default_context(cafile=str(authority.file)) if listener == "TLS" else None
    service.start()
    data = left_behind(service.tenants["hostile"])[name]
    for turn in range(400 if listener == "TLS" else 1000):
        with Connection(service.admin_port, 60) if listener == "admin" else service.connect(60) as connection:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                connection.send(data)
        if turn % 50 == 49:
            with service.connect(60) as other:
                assert other.request("GET", "/healthz").status == 200, f"after {turn + 1} resets"
    assert service.running and service.admin("/readyz").status == 200
    until("all are closed", lambda: figure(service, "postern_connections_open") == 0, seconds=60)
    assert service.stop() == 0
