"""What an operator reads of a request, in the log and in the figures, and what a client reads in a refusal: exactly that, and once."""

import json
import time

import pytest

from harness.figures import figure, figures, risen
from harness.http import request_bytes
from harness.identity_provider import IdentityProvider, RemoteIssuer
from harness.service import Service
from harness.tenant import AVATARS, Tenant
from harness.tokens import APIKey, Issuer, Signer, base64url
from harness.waiting import until

TICKETS, FAILURES = "postern_tickets_issued_total", "postern_authentication_failures_total"
PROBLEMS, REQUESTS = "postern_problems_total", "postern_requests_total"
REFUSED, BYTES = "postern_tickets_refused_total", "postern_authorised_bytes_total"
FAMILIES = (TICKETS, REFUSED, FAILURES, PROBLEMS, REQUESTS)
PNG = {"contentType": "image/png"}
RULES = {
    "avatars": AVATARS | {"minSize": 10, "metadata": {"allowed": ["album"]}},
    "reports": {"keyPrefix": "reports/", "contentTypes": ["application/pdf", "image/png"], "maxSize": 5000, "checksum": "required"},
    "scoped": {"keyPrefix": "scoped/", "contentTypes": ["image/png"], "maxSize": 5000, "requireScope": "upload"},
    "slow": {"keyPrefix": "slow/", "contentTypes": ["image/png"], "maxSize": 5000, "limits": {"perTenant": "1/1h"}},
}


@pytest.fixture(scope="module")
def service(make_service) -> Service:
    """Nobody else asks it, so that every figure is known."""
    issuers = [Issuer("id.acme"), Issuer("id.mail", user_claim="email"), Issuer("id.short", max_lifetime="1h")]
    tenants = [
        Tenant("acme", rules=RULES, issuers=issuers, api_keys=[APIKey("acme"), APIKey("acme", "ended", expires="2020-01-01T00:00:00Z")]),
        Tenant("beta", rules=RULES, store={"bucket": "beta-uploads", "region": "eu-west-1"})]
    with make_service("log-and-metrics", tenants) as started:
        yield started


@pytest.fixture(scope="module")
def acme(service) -> Tenant:
    return service.tenants["acme"]


@pytest.fixture(scope="module")
def beta(service) -> Tenant:
    return service.tenants["beta"]


class Counted:
    """The figures before and after: `are` waits until they have risen by exactly this, and sees what else has."""

    def __init__(self, service: Service):
        self.service = service
        self.before = {name: figures(service, name) for name in FAMILIES}

    def are(self, **expected: dict[tuple[str, ...], int]):
        """By the family's short name: the labels' values in the order of their names, and by how much that has risen."""
        families = {"tickets": TICKETS, "refused": REFUSED, "failures": FAILURES, "problems": PROBLEMS, "requests": REQUESTS}

        def check():
            for short, name in families.items():
                found = {tuple(value for _, value in labels): rise for labels, rise in risen(self.service, name, self.before[name]).items()}
                assert found == expected.get(short, {}), (name, found)
            return True

        until("the figures are right", check, seconds=60)
        assert check()


def log_after(service: Service) -> list[dict]:
    """The log, once the line of a ticket that is taken now has come."""
    last = service.ticket(service.tenants["beta"].token(), rule="avatars", **PNG)["id"]
    until("the last ticket is in the log", lambda: any(line.get("ticket") == last for line in service.log_lines()), seconds=60)
    return service.log_lines()


def logged(service: Service, member: str, values) -> list[dict]:
    """The lines whose `member` is one of these, once each of them has a line and a later ticket too."""
    until("all are in the log", lambda: set(values) <= {line.get(member) for line in service.log_lines()}, seconds=60)
    return [line for line in log_after(service) if line.get(member) in set(values)]


# A request that is refused because nobody knows who asks


def authorization(credential: str) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {credential}")]


def causes(acme: Tenant) -> dict[str, list[tuple[str, str]]]:
    """A reason, and header fields that are refused for it."""
    issuer, mail, short = acme.issuers
    good, now = issuer.token(), int(time.time())
    stranger = Issuer("id.acme")
    return {
        "authorization-missing": [],
        "authorization-repeated": authorization(good) * 2,
        "authorization-too-long": authorization(issuer.token(pad="x" * 9000)),
        "scheme-not-bearer": [("Authorization", "Basic dTE6cGFzc3dvcmQ=")],
        "token-malformed": authorization("nonsense"),
        "algorithm-not-allowed": authorization(issuer.token(header={"alg": "RS256"})),
        "critical-extension": authorization(issuer.token(header={"crit": ["exp"]})),
        "claims-malformed": authorization(issuer.raw_token(b"[]")),
        "issuer-missing": authorization(issuer.token(iss=None)),
        "issuer-unknown": authorization(Issuer("id.nobody").token()),
        "key-unknown": authorization(issuer.token(header={"kid": "k2"})),
        "signature-invalid": authorization(stranger.token()),
        "audience-missing": authorization(issuer.token(aud=None)),
        "audience-mismatch": authorization(issuer.token(aud="downloads")),
        "expiration-missing": authorization(issuer.token(exp=None)),
        "expired": authorization(issuer.token(iat=now - 7200, exp=now - 3600)),
        "not-yet-valid": authorization(issuer.token(nbf=now + 1800)),
        "issued-in-future": authorization(issuer.token(iat=now + 1800)),
        "lifetime-too-long": authorization(short.token(exp=now + 7200)),
        "user-missing": authorization(mail.token(email=None, sub="u1")),
        "user-malformed": authorization(issuer.token(sub="")),
        "scopes-malformed": authorization(issuer.token(scope=1)),
        "api-key-malformed": authorization("pstn.acme"),
        "api-key-unknown": authorization("pstn.acme.nobody." + "A" * 43),
        "api-key-mismatch": authorization("pstn.acme.cms." + "A" * 43),
        "api-key-expired": authorization(acme.api_keys[1].text),
    }


def test_a_401_is_logged_once_with_its_reason_and_counted_by_it(service, acme):
    """On every path that asks who it is. The answer itself says nothing of the reason, but that a right token has expired."""
    asked, counted = {}, Counted(service)
    paths = {"/v1/tickets": PNG, "/v1/tickets/batch": {"tickets": [PNG]}, "/v1/rules": None}
    for reason, fields in causes(acme).items():
        for path, body in paths.items():
            more, data = ([], None) if body is None else ([("Content-Type", "application/json")], json.dumps(body).encode())
            answer = service.request("GET" if body is None else "POST", path, fields + more, data)
            code = "token-expired" if reason == "expired" else "unauthenticated"
            assert answer.status == 401 and answer.problem["code"] == code, (reason, path, answer.status)
            assert reason == "expired" or reason not in answer.body.decode()
            asked[answer.problem["requestId"]] = reason
    count = len(causes(acme))
    assert len(asked) == count * len(paths), "every request has its own id"
    counted.are(failures={(reason,): len(paths) for reason in causes(acme)},
                problems={("unauthenticated",): len(asked) - len(paths), ("token-expired",): len(paths)}, requests={(path, "401"): count for path in paths})
    lines = logged(service, "requestId", asked)
    assert {line["requestId"]: line.get("reason") for line in lines} == asked
    assert len(lines) == len(asked), "one line a request"
    for line in lines:
        assert line["message"] == "request refused" and line["level"] == "info" and line["peer"] == "127.0.0.1", line
        assert line["code"] == ("token-expired" if line["reason"] == "expired" else "unauthenticated"), line


def test_a_reason_is_a_word_of_the_program(service, acme):
    """Nothing that a caller writes becomes a reason, in the log or as a label."""
    counted = Counted(service)
    word = "canary-chosen-by-the-caller"
    issuer = acme.issuers[0]
    for fields in (authorization(word), [("Authorization", word)], authorization(issuer.token(header={"kid": word})), authorization(Issuer(word).token()),
                   authorization(issuer.token(header={"alg": word})), authorization(f"pstn.{word}.{word}.{'A' * 43}")):
        assert service.request("GET", "/v1/rules", fields).status == 401
    until("all are counted", lambda: sum(risen(service, FAILURES, counted.before[FAILURES]).values()) == 6, seconds=60)
    assert word not in service.admin("/metrics").body.decode()
    assert not [line for line in log_after(service) if word in json.dumps(line)]


def test_no_key_yet_is_no_fault_of_the_caller(make_service):
    """503, counted by its reason and logged as an error."""
    provider = IdentityProvider()  # which is down
    issuer = RemoteIssuer(provider)
    service = make_service("no-keys", [Tenant("acme", issuers=[issuer])]).start(ready=False)
    until("the public listener is open", lambda: service.admin("/healthz").status == 200, seconds=60)
    counted = Counted(service)
    answer = service.post("/v1/tickets", PNG, issuer.token())
    assert answer.status == 503
    counted.are(failures={("keys-unavailable",): 1}, problems={("keys-unavailable",): 1}, requests={("/v1/tickets", "503"): 1})
    id = answer.problem["requestId"]
    [line] = until("it is logged", lambda: [line for line in service.log_lines() if line.get("requestId") == id], seconds=60)
    assert line["message"] == "request refused" and line["level"] == "error" and line["reason"] == line["code"] == "keys-unavailable"
    service.kill()
    provider.close()


# Tickets


def test_decisions_are_counted_by_tenant_and_rule(service, acme, beta):
    counted, bytes = Counted(service), figures(service, BYTES)
    for _ in range(3):
        service.ticket(acme.token(), rule="avatars", **PNG)
    service.ticket(acme.api_key, rule="avatars", user="u1", **PNG)
    for _ in range(2):
        service.ticket(acme.token(scope="upload"), rule="scoped", **PNG)
    service.ticket(beta.token(), rule="avatars", size=100, **PNG)
    for wish in ({"rule": "avatars", "contentType": "text/html"}, {"rule": "scoped"} | PNG, {"rule": "nothing"} | PNG):
        assert service.post("/v1/tickets", wish, acme.token()).status in (403, 404, 422)
    counted.are(tickets={("avatars", "acme"): 4, ("scoped", "acme"): 2, ("avatars", "beta"): 1},
                refused={("content-type-not-allowed", "avatars", "acme"): 1, ("scope-missing", "scoped", "acme"): 1, ("rule-unknown", "", "acme"): 1},
                problems={("content-type-not-allowed",): 1, ("scope-missing",): 1, ("rule-unknown",): 1},
                requests={("/v1/tickets", "201"): 7, ("/v1/tickets", "422"): 1, ("/v1/tickets", "403"): 1, ("/v1/tickets", "404"): 1})
    assert {tuple(value for _, value in labels): rise for labels, rise in risen(service, BYTES, bytes).items()} == {
        ("avatars", "acme"): 4 << 20, ("scoped", "acme"): 2 * 5000, ("avatars", "beta"): 100}


def test_a_batch_counts_as_one_request_and_as_its_tickets(service, acme):
    counted = Counted(service)
    wishes = [{"rule": "avatars"} | PNG] * 3 + [{"rule": "scoped"} | PNG] * 2 + [{"rule": "reports"} | PNG]
    answer = service.post("/v1/tickets/batch", {"tickets": wishes}, acme.token())
    assert [result["status"] for result in answer.json()["results"]] == [201, 201, 201, 403, 403, 422]
    counted.are(tickets={("avatars", "acme"): 3}, problems={("scope-missing",): 2, ("checksum-required",): 1},
                refused={("scope-missing", "scoped", "acme"): 2, ("checksum-required", "reports", "acme"): 1}, requests={("/v1/tickets/batch", "200"): 1})


def test_each_refusal_of_a_batch_is_logged_and_counted(service, acme):
    """As if it had come alone; all of a batch have its one id."""
    counted = Counted(service)
    wishes = [{"rule": "avatars"} | PNG, {"rule": "scoped"} | PNG, {"rule": "canary-rule"} | PNG, {"rule": "scoped"} | PNG, {"rule": "reports"} | PNG, {}, "x",
              {"rule": "avatars", "contentType": "text/html"}, {"rule": "avatars", "size": 1} | PNG]
    answer = service.post("/v1/tickets/batch", {"tickets": wishes}, acme.token())
    refused = [result["problem"] for result in answer.json()["results"] if result["status"] != 201]
    codes = ["scope-missing", "rule-unknown", "scope-missing", "checksum-required", "invalid-request", "invalid-request", "content-type-not-allowed", "size-too-small"]
    assert [problem["code"] for problem in refused] == codes
    by_rule = {("scope-missing", "scoped"): 2, ("rule-unknown", ""): 1, ("checksum-required", "reports"): 1, ("invalid-request", ""): 2,
               ("content-type-not-allowed", "avatars"): 1, ("size-too-small", "avatars"): 1}
    counted.are(tickets={("avatars", "acme"): 1}, problems={(code,): codes.count(code) for code in codes},
                refused={(*labels, "acme"): count for labels, count in by_rule.items()}, requests={("/v1/tickets/batch", "200"): 1})
    [id] = {problem["requestId"] for problem in refused}
    lines = logged(service, "requestId", [id])
    assert [(line["message"], line.get("code")) for line in lines] == [("ticket issued", None), *(("ticket refused", code) for code in codes)]
    assert [line.get("rule") for line in lines] == ["avatars", "scoped", None, "scoped", "reports", None, None, "avatars", "avatars"]


def test_a_ticket_is_logged_once_with_all_that_was_decided(service, acme, beta):
    tickets = {
        "token": service.ticket(acme.token("u1"), rule="avatars", contentType="image/jpeg", size=4711),
        "key": service.ticket(acme.api_key, rule="avatars", user="ü", **PNG),
        "other tenant": service.ticket(beta.token("u1"), rule="avatars", **PNG),
    }
    batch = service.post("/v1/tickets/batch", {"tickets": [{"rule": "avatars"} | PNG] * 2}, acme.token("u2")).json()["results"]
    tickets |= {f"batch {number}": result["ticket"] for number, result in enumerate(batch)}
    lines = logged(service, "ticket", [ticket["id"] for ticket in tickets.values()])
    assert len(lines) == len(tickets), "one line a ticket"
    by_id = {line["ticket"]: line for line in lines}
    for name, ticket in tickets.items():
        line = by_id[ticket["id"]]
        tenant = "beta" if name == "other tenant" else "acme"
        assert line["message"] == "ticket issued" and line["level"] == "info" and line["peer"] == "127.0.0.1" and line["requestId"]
        assert (line["tenant"], line["rule"], line["bucket"], line["key"]) == (tenant, ticket["rule"], ticket["fields"]["bucket"], ticket["key"])
        assert (line["contentType"], line["minSize"], line["maxSize"]) == (ticket["fields"]["Content-Type"], ticket["minSize"], ticket["maxSize"])
        assert line["expiresAt"] == ticket["expiresAt"] and line["accessKeySuffix"] == ticket["fields"]["X-Amz-Credential"].split("/")[0][-4:]
        if name == "key":
            assert line["apiKey"] == "cms" and "issuer" not in line
        else:
            assert line["issuer"] == f"https://id.{tenant}.example" and line["keyId"] == "k1" and "apiKey" not in line
    assert by_id[batch[0]["ticket"]["id"]]["requestId"] == by_id[batch[1]["ticket"]["id"]]["requestId"]
    assert by_id[tickets["token"]["id"]]["minSize"] == by_id[tickets["token"]["id"]]["maxSize"] == 4711


def test_the_trace_of_a_request_is_in_its_log_line(service, acme):
    """Of a ticket, of a refusal, and of a request that its connection refuses; a trace that is not valid is ignored."""
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    valid, invalid = f"00-{trace}-{parent}-01", f"00-{trace}-{'0' * 16}-01"
    bearer = {"Authorization": f"Bearer {acme.token()}", "Content-Type": "application/json"}
    asked = {}
    for value, expected in ((valid, (trace, parent)), (invalid, (None, None)), (None, (None, None))):
        fields = bearer | ({"Traceparent": value} if value else {})
        for body, more in (({"rule": "avatars"} | PNG, {}), ({"rule": "nothing"}, {}), ({}, {"Authorization": "Bearer x"}), ({}, {"Content-Length": "16385"})):
            with service.connect(timeout=60) as connection:
                answer = connection.request("POST", "/v1/tickets", fields | more, json.dumps(body).encode())
            asked[answer.headers["x-request-id"]] = expected
    assert len(asked) == 12
    lines = logged(service, "requestId", asked)
    assert {line["requestId"]: (line.get("traceId"), line.get("parentId")) for line in lines} == asked


def test_a_refused_ticket_is_logged_once_with_its_code(service, acme):
    """The rule's name too, where there is such a rule: else it is anything that a client writes."""
    asked = {}
    for credential, of in ((acme.token(), "issuer"), (acme.api_key, "apiKey")):
        for wish in ({"rule": "avatars", "contentType": "text/html"}, {"rule": "scoped"} | PNG, {"rule": "canary-rule"} | PNG, PNG):
            problem = service.refusal(credential, **wish)
            asked[problem["requestId"]] = (problem["code"], wish.get("rule"), of)
    lines = logged(service, "requestId", asked)
    assert len(lines) == len(asked), "one line a refusal"
    for line in lines:
        code, rule, of = asked[line["requestId"]]
        assert line["message"] == "ticket refused" and line["level"] == "info" and line["code"] == code and line["tenant"] == "acme", line
        assert line.get("rule") == (rule if rule in RULES else None) and "canary" not in json.dumps(line)
        assert line[of] == ("cms" if of == "apiKey" else "https://id.acme.example") and ("issuer" in line) != ("apiKey" in line)


@pytest.mark.parametrize("method, path, status, code", [
    ("GET", "/nothing", 404, "not-found"), ("DELETE", "/v1/tickets", 405, "method-not-allowed"), ("POST", "/v1/rules", 405, "method-not-allowed")])
def test_other_refusals_are_logged_and_counted_too(service, method, path, status, code):
    counted = Counted(service)
    answer = service.request(method, path, {"Content-Type": "application/json"}, b"{}" if method == "POST" else None)
    assert answer.status == status
    counted.are(problems={(code,): 1}, requests={("other" if path == "/nothing" else path, str(status)): 1})
    lines = logged(service, "requestId", [answer.problem["requestId"]])
    assert [(line["message"], line["code"]) for line in lines] == [("request refused", code)]


def test_what_is_refused_before_it_is_a_request_is_counted(service):
    """By its code; as a request without a path it is one of the others."""
    counted = Counted(service)
    for data in (b"GET /healthz HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Big: " + b"x" * 17_000 + b"\r\n\r\n"):
        with service.connect(timeout=60) as connection:
            connection.send(data)
            assert connection.read().status in (400, 431)
    counted.are(problems={("invalid-request",): 2, ("headers-too-large",): 1}, requests={("other", "400"): 2, ("other", "431"): 1})


def test_what_the_connection_refuses_is_logged_once(service, acme):
    """With the id of the answer, the code, and who it was; at level info, for anybody can cause it."""
    bearer = {"Authorization": f"Bearer {acme.token()}", "Content-Type": "application/json"}
    kinds = {
        "no HTTP": (b"nonsense\r\n\r\n", 400), "no Host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        "a bad Host": (request_bytes("GET", "/healthz", {"Host": "canary host"}), 400), "a tunnel": (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        "a large body": (request_bytes("POST", "/v1/tickets", bearer | {"Content-Length": "16385"}), 413),
        "a large body in chunks": (request_bytes("POST", "/v1/tickets", bearer | {"Transfer-Encoding": "chunked"}) + b"4001\r\n" + b" " * 0x4001, 413),
        "a large head": (request_bytes("GET", "/healthz", {"X-Big": "canary" * 3000}), 431), "many fields": (request_bytes(
            "GET", "/healthz", [(f"X-{number}", "1") for number in range(120)]), 431),
        "a slow head": (b"GET /healthz HTTP/1.1\r\nHost: a\r\n", 408),
        "a slow body": (request_bytes("POST", "/v1/tickets", bearer | {"Content-Length": "100"}) + b"canary", 408)}
    codes = {400: "invalid-request", 408: "request-timeout", 413: "body-too-large", 431: "headers-too-large"}
    counted = Counted(service)
    asked = {}
    sources = {name: f"127.0.0.{number + 2}" for number, name in enumerate(kinds)}
    open_ones = {name: service.connect(60, sources[name]) for name in kinds}
    for name, (data, _) in kinds.items():
        open_ones[name].send(data)
    for name, (_, status) in kinds.items():
        with open_ones[name] as connection:
            answer = connection.read()
            assert answer.status == status and answer.problem["code"] == codes[status] and answer.closes, (name, answer.body)
            assert answer.headers["x-request-id"] == answer.problem["requestId"]
            asked[answer.problem["requestId"]] = (sources[name], codes[status])
            assert connection.rest() == b""
    assert len(asked) == len(kinds)
    statuses = [status for _, status in kinds.values()]
    counted.are(problems={(codes[status],): statuses.count(status) for status in statuses},
                requests={("other", str(status)): statuses.count(status) for status in statuses})
    lines = logged(service, "requestId", asked)
    assert {line["requestId"]: (line["peer"], line["code"]) for line in lines} == asked and len(lines) == len(asked)
    assert {(line["message"], line["level"]) for line in lines} == {("request refused", "info")}
    assert not [line for line in lines if "canary" in json.dumps(line)], "nothing that a client writes"


def test_connections_are_counted(service):
    """Those that are open, and all that there were."""
    def now() -> tuple[float, float]:
        return figure(service, "postern_connections_open"), figure(service, "postern_connections_total")

    assert service.request("GET", "/healthz").status == 200  # on the connection that stays
    opened, total = now()
    several = [service.connect(timeout=60) for _ in range(3)]
    for connection in several:
        assert connection.request("GET", "/healthz").status == 200
    until("three are open", lambda: now() == (opened + 3, total + 3), seconds=60)
    for connection in several:
        connection.close()
    until("they are closed", lambda: now() == (opened, total + 3), seconds=60)


def test_the_time_of_each_request_is_counted_once(service, acme):
    name, route = "postern_request_duration_seconds", "/v1/rules"

    def now() -> tuple[float, float]:
        return figure(service, f"{name}_count", route=route) or 0, figure(service, f"{name}_sum", route=route) or 0

    count, seconds = now()
    began = time.monotonic()
    for _ in range(4):
        assert service.request("GET", route, {"Authorization": f"Bearer {acme.token()}"}).status == 200
    took = time.monotonic() - began
    until("four are counted", lambda: now()[0] == count + 4, seconds=60)
    assert 0 < now()[1] - seconds < took, "seconds, and of these requests alone"
    buckets = {float(dict(labels)["le"]): value for labels, value in figures(service, f"{name}_bucket", route=route).items()}
    assert buckets[float("inf")] == now()[0]
    assert sorted(buckets.values()) == [buckets[each] for each in sorted(buckets)], "each bucket holds those below"


# What a client reads


REFUSALS = {
    "size-too-large": ({"rule": "avatars", "size": (1 << 20) + 1} | PNG, {"maxSize": 1 << 20}),
    "size-too-large in another rule": ({"rule": "reports", "size": 5001} | PNG, {"maxSize": 5000}),
    "size-too-small": ({"rule": "avatars", "size": 9} | PNG, {"minSize": 10}),
    "size-too-small in another rule": ({"rule": "reports", "size": 0} | PNG, {"minSize": 1}),
    "content-type-not-allowed": ({"rule": "avatars", "contentType": "text/html"}, {"allowed": ["image/png", "image/jpeg"], "understood": "text/html"}),
    "content-type-not-allowed in another rule": ({"rule": "reports", "contentType": "text/html"}, {"allowed": ["application/pdf", "image/png"], "understood": "text/html"}),
    "metadata-not-allowed": ({"rule": "avatars", "metadata": {"a": "b"}} | PNG, {"allowed": ["album"], "understood": "a"}),
    "metadata-not-allowed in another rule": ({"rule": "reports", "checksumSHA256": "A" * 43 + "=", "metadata": {"a": "b"}} | PNG, {"allowed": [], "understood": "a"}),
    "parameter-invalid": ({"rule": "avatars", "parameters": {"audit": "42"}} | PNG, {"allowed": []}),
    "scope-missing": ({"rule": "scoped"} | PNG, {"scope": "upload"}),
    # Not "scoped": its name is told only to who has the scope.
    "rule-unknown": ({"rule": "nothing"} | PNG, {"allowed": ["avatars", "reports", "slow"]}),
    "invalid-request": (PNG, {"allowed": ["avatars", "reports", "slow"]}),
    "checksum-required": ({"rule": "reports"} | PNG, {"allowed": ["sha256"]}),
    "checksum-not-allowed": ({"rule": "reports", "checksum": {"algorithm": "crc32", "value": "AAAAAA=="}} | PNG, {"allowed": ["sha256"]}),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_what_would_have_been_allowed(service, acme, name):
    """As members for programs; the same in a batch."""
    wish, members = REFUSALS[name]
    problem = service.refusal(acme.token(), **wish)
    assert problem["code"] == name.partition(" ")[0]
    alone = {"type", "title", "status", "detail", "code", "requestId"}
    assert {member: value for member, value in problem.items() if member not in alone} == members
    [result] = service.post("/v1/tickets/batch", {"tickets": [wish]}, acme.token()).json()["results"]
    assert result["status"] == problem["status"]
    assert {member: value for member, value in result["problem"].items() if member != "requestId"} == \
        {member: value for member, value in problem.items() if member != "requestId"}


def test_what_was_understood_is_told_and_not_logged(service, acme):
    """A client may read its own words in a normal form; of texts that a client chose a log has the content type only, in that form."""
    for word, wish in (("x-wildebeest/of-the-client", {"contentType": "X-Wildebeest/Of-The-Client; a=b"}), ("x-wildebeest.of-the-client", {"metadata": {"X-Wildebeest.Of-The-Client": "x"}} | PNG)):
        problem = service.refusal(acme.token(), rule="avatars", **wish)
        assert problem["understood"] == word and f'"{word}"' in problem["detail"]
    for sent in ("", "<b>", "wildebeest of the client", "wildebeest/of/the/client", "im\u00e9ge/png", "a/" + "b" * 200):
        problem = service.refusal(acme.token(), rule="avatars", contentType=sent)
        assert "understood" not in problem and (not sent or sent not in problem["detail"])
    assert "No type was named" in service.refusal(acme.token(), rule="avatars", contentType="")["detail"]
    log_after(service)
    refused = [line for line in service.log_lines() if "wildebeest" in json.dumps(line).lower()]
    assert [line.pop("declaredType") for line in refused] == ["x-wildebeest/of-the-client"] and "wildebeest" not in json.dumps(refused).lower()
    assert refused[0]["message"] == "ticket refused" and refused[0]["code"] == "content-type-not-allowed"


def test_the_limits_themselves_are_allowed(service, acme):
    """The sizes that the refusals name."""
    for size in (10, 1 << 20):
        ticket = service.ticket(acme.token(), rule="avatars", size=size, **PNG)
        assert (ticket["minSize"], ticket["maxSize"]) == (size, size)
    ticket = service.ticket(acme.token(), rule="avatars", **PNG)
    assert (ticket["minSize"], ticket["maxSize"]) == (10, 1 << 20)


def test_a_refusal_of_the_request_says_what_would_have_been_allowed(service, acme):
    bearer, json_type = {"Authorization": f"Bearer {acme.token()}"}, {"Content-Type": "application/json"}
    for path, most in (("/v1/tickets", 16 * 1024), ("/v1/tickets/batch", 256 * 1024)):
        with service.connect(timeout=60) as connection:
            answer = connection.request("POST", path, bearer | json_type | {"Content-Length": str(most + 1)})
        assert answer.problem["code"] == "body-too-large" and answer.problem["maxBytes"] == most
        answer = service.request("POST", path, bearer | {"Content-Type": "text/plain"}, b"{}")
        assert answer.problem["code"] == "unsupported-media-type" and answer.problem["allowed"] == ["application/json"]
    service.ticket(acme.token(), rule="slow", **PNG)
    answer = service.post("/v1/tickets", {"rule": "slow"} | PNG, acme.token())
    assert answer.problem["code"] == "rate-limited" and 1 <= answer.problem["retryAfter"] == int(answer.headers["retry-after"]) <= 3600


@pytest.mark.parametrize("path, methods", [("/v1/tickets", ["POST"]), ("/v1/tickets/batch", ["POST"]), ("/v1/presign", ["GET"]), ("/v1/rules", ["GET", "HEAD"])])
def test_a_wrong_method_is_told_the_right_ones(service, path, methods):
    """In `Allow` and, as openapi.yaml shows it, in the problem."""
    answer = service.request("DELETE", path)
    assert answer.problem["code"] == "method-not-allowed" and answer.headers["allow"] == ", ".join(methods)
    assert answer.problem.get("allowed") == methods


def test_a_signature_that_is_nobodys_is_told_from_one_that_is_broken(service, acme):
    """Another key, a cut signature and another payload are all the same to the caller; the operator reads what it was."""
    good, counted = acme.token(), Counted(service)
    head, payload, signature = good.split(".")
    other = Signer("ES256", "k1")
    for token in (f"{head}.{payload}.{base64url(other.sign(f'{head}.{payload}'.encode()))}", f"{head}.{payload}.{signature[:-1]}",
                  f"{head}.{base64url(b'{}')}.{signature}"):
        assert service.post("/v1/tickets", PNG, token).status == 401
    counted.are(failures={("signature-invalid",): 1, ("token-malformed",): 1, ("issuer-missing",): 1}, problems={("unauthenticated",): 3},
                requests={("/v1/tickets", "401"): 3})
