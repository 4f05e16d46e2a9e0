"""Identity providers as production has them: they rotate keys, go down, come back, and lie. The service's answers stay right throughout."""

import json
import os
import pathlib
import random
import statistics
import subprocess
import threading
import time

import pytest

from harness.certificates import Authority
from harness.clock import Clock
from harness.figures import figure, figures, issuer_state, latencies, percentile, readiness
from harness.identity_provider import DISCOVERY, KEYS, IdentityProvider, RemoteIssuer, another_answer
from harness.loopback import FAULTS, Reply
from harness.service import Service
from harness.tenant import Tenant
from harness.tokens import Issuer, base64url, compact_json
from harness.waiting import seconds_until, until

WISH = {"contentType": "image/png"}
# By what way the keys come. Both ends of the table where a scene is not cheap.
WAYS = [("http", "jwks"), ("http", "discovery"), ("https", "jwks"), ("https", "discovery")]
FEW_WAYS = [("http", "jwks"), ("https", "discovery")]
MINUTE, HOUR = 60, 3600


def named(way) -> str:
    return "-".join(way)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "private")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Authority:
    """Another authority, which nobody was told to trust."""
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.certify("provider")


@pytest.fixture
def make_provider(certificate):
    """Makes providers; all are closed after the test."""
    made: list[IdentityProvider] = []

    def make(transport: str = "http", **more) -> IdentityProvider:
        made.append(IdentityProvider(certificate if transport == "https" else None, **more).up())
        return made[-1]

    yield make
    for provider in made:
        provider.close()


def tenant_of(id: str, issuers: list[Issuer], **more) -> Tenant:
    return Tenant(id, issuers=issuers, api_keys=[], store={"bucket": f"{id}-uploads", "region": "eu-west-1"}, **more)


@pytest.fixture
def stage(make_service, make_provider, authority, clock):
    """Makes one service with a tenant, a provider and an issuer for each way, on a clock that the test moves."""

    def make(name: str, ways, started: bool = True) -> tuple[Service, list[RemoteIssuer]]:
        issuers = [RemoteIssuer(make_provider(transport), source, authority=authority.file if transport == "https" else None, now=clock.now)
                   for transport, source in ways]
        tenants = [tenant_of(f"t{number}", [issuer]) for number, issuer in enumerate(issuers)]
        service = make_service(name, tenants, environment=clock.environment)
        return (service.start() if started else service), issuers

    return make


def asks(service: Service, token: str) -> int:
    return service.post("/v1/tickets", WISH, token).status


# Rotation


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_rotation(stage, clock, way):
    """A new key works within one fetch of its first token; a removed key is refused within the lifetime of the set."""
    service, [issuer] = stage("rotation", [way])
    provider = issuer.provider
    before = issuer.token("before")
    assert asks(service, before) == 201
    assert len(provider.key_requests()) == 1
    first = provider.rotate("k2")
    token = issuer.token("after")
    answer = service.post("/v1/tickets", WISH, token)
    assert answer.status == 401 and answer.problem["code"] == "unauthenticated", "the request does not wait for the fetch"
    assert seconds_until("the new key counts", lambda: asks(service, token) == 201) < 2
    assert len(provider.key_requests()) == 2
    assert issuer_state(service, issuer.issuer)["keyIds"] == ["k1", "k2"]
    assert asks(service, before) == 201 and asks(service, issuer.token("old", signer=first)) == 201

    provider.retire(first)
    clock.pass_time(8 * MINUTE)
    until("the removed key is refused", lambda: asks(service, before) == 401)
    assert asks(service, issuer.token("old", signer=first)) == 401
    assert asks(service, issuer.token("new")) == 201
    assert issuer_state(service, issuer.issuer)["keyIds"] == ["k2"]
    assert [dict(labels)["kid"] for labels in figures(service, "postern_issuer_key_info", issuer=issuer.issuer)] == ["k2"]
    assert figure(service, "postern_issuer_keys", issuer=issuer.issuer) == 1


def test_the_state_of_each_issuer_is_told(stage, clock):
    service, issuers = stage("state", WAYS)
    clock.pass_time(100)
    states = [issuer_state(service, issuer.issuer) for issuer in issuers]
    for (transport, source), issuer, state in zip(WAYS, issuers, states):
        assert state["source"] == source and state["keyIds"] == ["k1"] and state["lastError"] is None
        assert 100 <= state["ageSeconds"] < 110
        assert 100 <= figure(service, "postern_issuer_keys_age_seconds", issuer=issuer.issuer) < 110
        assert figure(service, "postern_issuer_keys", issuer=issuer.issuer) == 1
        assert figure(service, "postern_issuer_fetches_total", issuer=issuer.issuer, result="ok") == 1
        discoveries = issuer.provider.asked(DISCOVERY)
        assert len(discoveries) == (source == "discovery")


LIFETIMES = {  # Cache-Control: seconds. What is no number counts as stale (RFC 9111, 4.2.1)
    None: 600, "max-age=1": 60, "no-store": 60, "public, max-age=1200": 1200, "max-age=86400": 3600, "max-age=soon": 60}


def test_the_lifetime_follows_cache_control_within_bounds(make_provider, make_service, clock):
    """Refreshed ahead: never before 65 % of the lifetime, always by 85 %."""
    issuers = {value: RemoteIssuer(make_provider(), now=clock.now) for value in LIFETIMES}
    for value, issuer in issuers.items():
        issuer.provider.cache_control = value
    tenants = [tenant_of(f"t{number}", [issuer]) for number, issuer in enumerate(issuers.values())]
    service = make_service("lifetimes", tenants, environment=clock.environment).start()
    for issuer in issuers.values():
        until("the first keys are there", lambda: asks(service, issuer.token()) == 201)
    for lifetime in sorted(set(LIFETIMES.values())):
        group = [(value, issuers[value].provider) for value in LIFETIMES if LIFETIMES[value] == lifetime]
        clock.pass_time(lifetime * 0.65 - clock.steady)
        time.sleep(0.7)  # a round of whatever looks at the time
        for value, provider in group:
            assert len(provider.key_requests()) == 1, f"{value}: refreshed before its time"
        clock.pass_time(lifetime * 0.85 - clock.steady)
        for value, provider in group:
            until(f"{value}: refreshed ahead of its end", lambda: len(provider.key_requests()) == 2)


# The provider is down


def test_an_hour_without_the_provider_refuses_no_valid_token(stage, clock):
    """Down, silent or failing for an hour, in steps of a minute: every valid token is a ticket."""
    service, issuers = stage("hour", WAYS)
    troubles = [None, FAULTS["500"], FAULTS["slow"], None]
    for issuer, trouble in zip(issuers, troubles):
        assert asks(service, issuer.token()) == 201
        issuer.provider.fault = trouble
        if trouble is None:
            issuer.provider.down()
    refused = []
    for minute in range(1, 61):
        clock.pass_time(MINUTE)
        time.sleep(0.2)  # the service's own time to act in: real, for its fetches are
        for issuer in issuers:
            token = issuer.token(f"user-{minute}")
            answer = service.post("/v1/tickets", WISH, token)
            if answer.status != 201:
                refused.append((minute, issuer.issuer, answer.status, answer.body))
    assert not refused
    status, body = readiness(service)
    assert status == 200, body
    for issuer in issuers:
        state = issuer_state(service, issuer.issuer)
        assert state["keyIds"] == ["k1"] and state["lastError"] and state["ageSeconds"] >= HOUR
        assert figure(service, "postern_issuer_keys_age_seconds", issuer=issuer.issuer) >= HOUR
        results = {dict(labels)["result"]: count for labels, count in figures(
            service, "postern_issuer_fetches_total", issuer=issuer.issuer).items()}
        assert results.pop("ok") == 1 and sum(results.values()) >= 20, results

    for issuer in issuers:
        issuer.provider.fault = None
        issuer.provider.up()
        issuer.provider.rotate("k2")
    for issuer in issuers:
        until_fresh(service, issuer, clock)
        assert asks(service, issuer.token()) == 201


def until_fresh(service: Service, issuer: RemoteIssuer, clock: Clock):
    """The longest pause between failed fetches is a minute; one that ran when the provider came back may yet fail."""
    def fresh():
        if issuer_state(service, issuer.issuer)["ageSeconds"] < MINUTE:
            return True
        clock.pass_time(MINUTE / 2)

    until("the keys are fresh again", fresh, every=0.7)


def test_a_day_without_the_provider_ends_the_trust_in_its_keys(stage, clock):
    """A provider that is silent for a day may have taken back its keys: 503, not 401; and it mends itself."""
    service, [issuer] = stage("day", [("http", "jwks")])
    issuer.provider.down()
    for _ in range(23):
        clock.pass_time(HOUR)
        time.sleep(0.05)
        assert asks(service, issuer.token()) == 201
    clock.pass_time(HOUR)
    until("the keys are too old", lambda: asks(service, issuer.token()) == 503)
    assert_keys_unavailable(service, issuer)
    assert readiness(service)[0] == 503
    issuer.provider.up()
    clock.pass_time(3)
    until("the keys are there again", lambda: asks(service, issuer.token()) == 201)
    assert readiness(service)[0] == 200


def assert_keys_unavailable(service: Service, issuer: RemoteIssuer):
    answer = service.post("/v1/tickets", WISH, issuer.token())
    assert answer.status == 503 and answer.problem["code"] == "keys-unavailable"
    assert 1 <= int(answer.headers["retry-after"]) <= 60


@pytest.mark.parametrize("way", FEW_WAYS, ids=named)
@pytest.mark.parametrize("trouble", ["down", "500", "slow"])
def test_a_cold_start_without_the_provider(stage, way, trouble):
    """503 keys-unavailable and not ready; then ready and tickets, by the same process."""
    service, [issuer] = stage("cold", [way], started=False)
    if trouble == "down":
        issuer.provider.down()
    issuer.provider.fault = FAULTS.get(trouble)
    service.start(ready=False)
    status, body = readiness(service)
    assert status == 503 and body["reasons"], body
    assert_keys_unavailable(service, issuer)
    assert service.request("GET", "/v1/rules", {"Authorization": f"Bearer {issuer.token()}"}).problem["code"] == "keys-unavailable"
    assert service.post("/v1/tickets", WISH, "nonsense").status == 401
    assert service.request("GET", "/healthz").status == 200
    until("the error is told", lambda: issuer_state(service, issuer.issuer)["lastError"])
    state = issuer_state(service, issuer.issuer)
    assert state["keyIds"] == [] and state["ageSeconds"] is None
    process = service.process.pid
    issuer.provider.fault = None
    issuer.provider.up()
    until("tickets are given", lambda: asks(service, issuer.token()) == 201, seconds=6)
    until("it is ready", lambda: readiness(service)[0] == 200, seconds=2)
    assert service.running and service.process.pid == process


def test_a_stop_does_not_wait_for_a_silent_provider(stage):
    service, [issuer] = stage("stop", [("https", "jwks")], started=False)
    issuer.provider.fault = FAULTS["slow"]
    service.start(ready=False)
    until("the provider is asked", issuer.provider.key_requests)
    began = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - began < 4


def test_a_provider_that_is_down_harms_nobody_else(make_service, make_provider, clock):
    """Other issuers, other tenants and API keys go on; the service is ready, for it serves somebody, and says what is amiss."""
    cold, warm = RemoteIssuer(make_provider(), now=clock.now), RemoteIssuer(make_provider(), now=clock.now)
    cold.provider.down()
    one, two = Tenant("one", issuers=[cold, Issuer("id.one")], store={"bucket": "one-uploads", "region": "eu-west-1"}), tenant_of("two", [warm])
    service = make_service("neighbours", [one, two], environment=clock.environment).start(ready=False)
    assert_keys_unavailable(service, cold)
    until("the keys of the other are there", lambda: asks(service, warm.token()) == 201)
    assert asks(service, one.issuers[1].token()) == 201
    assert service.ticket(one.api_key, user="u1", **WISH)
    until("it is ready", lambda: readiness(service)[0] == 200)
    assert any(cold.issuer in reason for reason in readiness(service)[1]["reasons"])
    until("the error is told", lambda: issuer_state(service, cold.issuer)["lastError"])


def test_a_service_wide_issuer_is_fetched_once_for_all(make_service, make_provider, authority, clock):
    """Three tenants, one provider of the service-wide file, its authority named beside that file: one fetch at the start, one at each refresh."""
    shared = RemoteIssuer(make_provider("https"), now=clock.now, authority=pathlib.Path("private.pem"), tenant_claim="org")
    tenants = [Tenant(f"t{number}", issuers=[], store={"bucket": f"t{number}-uploads", "region": "eu-west-1"}) for number in range(3)]
    service = make_service("same-provider", tenants, environment=clock.environment, configuration={"issuers": [shared.write(pathlib.Path())]})
    (service.folder / "private.pem").write_bytes(authority.file.read_bytes())
    service.start()
    for fetches in (1, 2, 3):
        until("the keys are fetched", lambda: len(shared.provider.key_requests()) >= fetches)
        time.sleep(0.7)
        assert len(shared.provider.key_requests()) == fetches
        for tenant in tenants:
            assert service.ticket(shared.token(org=tenant.id), **WISH)["fields"]["bucket"] == f"{tenant.id}-uploads"
        clock.pass_time(9 * MINUTE)


def test_a_service_wide_issuer_without_keys_is_missed_by_every_tenant(make_service, make_provider, clock):
    """None is served in full, whatever issuers and API keys of its own it has: not ready, with the reason; what can be served is."""
    shared = RemoteIssuer(make_provider(), now=clock.now, tenant_claim="org")
    shared.provider.down()
    tenants = [Tenant("one", issuers=[], store={"bucket": "one-uploads", "region": "eu-west-1"}),
               Tenant("two", store={"bucket": "two-uploads", "region": "eu-west-1"},
                      more={"serviceIssuers": True, "sharedUsers": True})]
    service = make_service("shared-cold", tenants, environment=clock.environment, configuration={"issuers": [shared.write(pathlib.Path())]}).start(ready=False)
    until("the public listener is open", lambda: service.admin("/healthz").status == 200, seconds=60)
    for _ in range(3):
        status, body = readiness(service)
        assert status == 503 and len(body["reasons"]) == 1 and shared.issuer in body["reasons"][0], body
        assert figure(service, "postern_ready") == 0
        time.sleep(0.2)
    for tenant in tenants:
        assert asks(service, shared.token(org=tenant.id)) == 503
        assert service.ticket(tenant.api_key, user="u1", **WISH)
    assert asks(service, tenants[1].token()) == 201
    shared.provider.up()
    clock.pass_time(MINUTE)
    until("it is ready", lambda: readiness(service)[0] == 200, seconds=60)
    assert readiness(service)[1]["reasons"] == [] and figure(service, "postern_ready") == 1
    for tenant in tenants:
        assert asks(service, shared.token(org=tenant.id)) == 201
    service.kill()


# The provider lies

LIES = {  # name: (transport, source, what metrics call it)
    "slow": ("http", "jwks", "timeout"),
    "dripping": ("http", "jwks", "timeout"),
    "500": ("http", "jwks", "status"),
    "garbage": ("http", "jwks", "not-json"),
    "empty": ("http", "jwks", "not-json"),
    "huge": ("https", "jwks", "too-large"),
    "cut": ("http", "jwks", None),
    "no HTTP": ("http", "jwks", None),
    "endless": ("http", "jwks", "too-large"),
    "a huge header": ("http", "jwks", None),
    "a million headers": ("http", "jwks", None),
    "deep": ("http", "jwks", "not-json"),
    "deep objects": ("http", "discovery", "not-json"),
    "an empty set": ("http", "jwks", "no-usable-key"),
    "only keys of no use": ("http", "jwks", "no-usable-key"),
    "65 keys": ("http", "jwks", "too-many-keys"),
    "one id twice": ("http", "jwks", "duplicate-kid"),
    "not a set": ("http", "jwks", "not-a-key-set"),
    "a redirect": ("http", "jwks", "redirect"),
    "a redirected discovery": ("http", "discovery", "redirect"),
    "another issuer in discovery": ("https", "discovery", "issuer-mismatch"),
    "a slash more in discovery": ("http", "discovery", "issuer-mismatch"),
    "no jwks_uri": ("http", "discovery", "discovery-incomplete"),
    "a jwks_uri without TLS": ("https", "discovery", "not-private"),
    "a slow discovery": ("http", "discovery", "timeout"),
    "a certificate of another authority": ("https", "jwks", "tls"),
    "a certificate for another host": ("https", "discovery", "tls"),
    "a certificate that has ended": ("https", "jwks", "tls"),
    "plain HTTP where TLS was": ("https", "jwks", "tls"),
}


def lie(provider: IdentityProvider, name: str, elsewhere: IdentityProvider, authority: Authority, stranger: Authority):
    usable = provider.signer.jwk()
    own = provider.configuration
    redirect = Reply(302, b"", {"Location": elsewhere.keys_url})
    useless = [{"kty": "oct", "kid": "a", "k": base64url(b"x" * 32)}, usable | {"kid": "b", "use": "enc"}, usable | {"kid": "c", "crv": "P-000"}]
    answers = {
        "an empty set": (KEYS, {"keys": []}),
        "only keys of no use": (KEYS, {"keys": useless}),
        "65 keys": (KEYS, {"keys": [usable | {"kid": f"k{number}"} for number in range(65)]}),
        "one id twice": (KEYS, {"keys": [usable, usable]}),
        "not a set": (KEYS, {"keys": {"k1": usable}}),
        "another issuer in discovery": (DISCOVERY, own | {"issuer": "https://evil.example"}),
        "a slash more in discovery": (DISCOVERY, own | {"issuer": provider.issuer + "/"}),
        "no jwks_uri": (DISCOVERY, {"issuer": provider.issuer}),
        "a jwks_uri without TLS": (DISCOVERY, own | {"jwks_uri": elsewhere.keys_url.replace("127.0.0.1", "192.0.2.1")}),
    }
    certificates = {
        "a certificate of another authority": lambda: stranger.certify("lie"),
        "a certificate for another host": lambda: authority.certify("other-host", ("elsewhere.example",)),
        "a certificate that has ended": lambda: authority.certify("ended", days=-1),
        "plain HTTP where TLS was": lambda: None,
    }
    if name in FAULTS:
        provider.fault = FAULTS[name]
    elif name in answers:
        provider.fault = another_answer(*answers[name])
    elif name == "a redirect":
        provider.fault = lambda request: redirect
    elif name == "a redirected discovery":
        provider.fault = lambda request: redirect if request.path == DISCOVERY else None
    elif name == "a slow discovery":
        provider.fault = lambda request: Reply(delay=4) if request.path == DISCOVERY else None
    else:
        provider.down()
        provider.certificate = certificates[name]()
        provider.up()


@pytest.fixture(scope="module")
def lies(make_service, clock_library, tmp_path_factory, authority, stranger, certificate):
    """All lies at once, each of a provider of its own: one service, one passing of time."""
    clock = Clock(clock_library, tmp_path_factory.mktemp("clock-of-lies"))
    elsewhere = IdentityProvider().up()
    issuers = {}
    for name, (transport, source, _) in LIES.items():
        provider = IdentityProvider(certificate if transport == "https" else None).up()
        issuers[name] = RemoteIssuer(provider, source, authority=authority.file if transport == "https" else None, now=clock.now)
    tenants = [tenant_of(f"t{number}", [issuer]) for number, issuer in enumerate(issuers.values())]
    service = make_service("lies", tenants, environment=clock.environment).start()
    for issuer in issuers.values():
        until("the first keys are there", lambda: asks(service, issuer.token()) == 201)
    resident = service.resident_bytes()
    for name, issuer in issuers.items():
        lie(issuer.provider, name, elsewhere, authority, stranger)
    clock.pass_time(9 * MINUTE)
    yield service, issuers, clock, elsewhere, resident, certificate
    for issuer in issuers.values():
        issuer.provider.close()
    elsewhere.close()


@pytest.mark.parametrize("name", LIES)
def test_a_bad_answer_keeps_the_old_set_and_is_counted(lies, name):
    service, issuers, *_ = lies
    issuer, reason = issuers[name], LIES[name][2]

    def failures():
        found = {dict(labels)["result"]: count for labels, count in figures(
            service, "postern_issuer_fetches_total", issuer=issuer.issuer).items()}
        return {result: count for result, count in found.items() if result != "ok" and count}

    found = until("the failed fetch is counted", failures, seconds=8)
    assert reason is None and len(found) == 1 or set(found) == {reason}, found
    assert asks(service, issuer.token("somebody")) == 201, "the old set is kept"
    state = issuer_state(service, issuer.issuer)
    assert state["keyIds"] == ["k1"] and state["ageSeconds"] >= 9 * MINUTE
    assert len(state["lastError"]) > 20 and "canary" not in state["lastError"] and "evil" not in state["lastError"], state
    assert readiness(service)[0] == 200


def test_no_redirect_was_followed_and_no_memory_kept(lies):
    service, _, _, elsewhere, resident, _ = lies
    assert not elsewhere.requests
    assert service.resident_bytes() - resident < 40_000_000


def test_once_they_tell_the_truth_all_is_well(lies):
    service, issuers, clock, _, _, certificate = lies
    for issuer in issuers.values():
        issuer.provider.fault = None
        if issuer.issuer.startswith("https:"):
            issuer.provider.down()
            issuer.provider.certificate = certificate
            issuer.provider.up()
    for issuer in issuers.values():
        until_fresh(service, issuer, clock)


def test_a_provider_that_was_never_trusted(make_service, make_provider, stranger, authority):
    """Its authority is not the one in caFile, or there is no caFile: no keys, so 503, and never a token of its taken."""
    provider = make_provider("https")
    given = {"another authority": stranger.file, "the system's authorities": None}
    issuers = [RemoteIssuer(provider, "jwks", authority=file) for file in given.values()]
    for issuer in issuers:
        service = make_service("untrusted", [tenant_of("acme", [issuer])]).start(ready=False)
        until("the error is told", lambda: issuer_state(service, issuer.issuer)["lastError"])
        assert_keys_unavailable(service, issuer)
        assert figure(service, "postern_issuer_fetches_total", issuer=issuer.issuer, result="tls") >= 1
        assert not provider.requests
        service.kill()


# Time and load


def test_a_jump_of_the_date_is_no_matter_for_keys(stage, clock):
    """An hour forward, two back, one forward: no fetch, no lost key, no token refused that the date itself does not refuse."""
    service, issuers = stage("jump", FEW_WAYS)
    for jump in (HOUR, -2 * HOUR, HOUR):
        clock.jump(jump)
        time.sleep(1.2)  # two rounds of whatever looks at the time
        for issuer in issuers:
            assert asks(service, issuer.token(f"user{jump}")) == 201
            assert issuer_state(service, issuer.issuer)["ageSeconds"] < MINUTE
            assert len(issuer.provider.key_requests()) == 1


FLOOD = 100_000
ROUNDS = 3
FLOOD_SCRIPT = """
local tokens, next_one, each = {}, 0, 0
function init(args)
   local body = '{"contentType":"image/png"}'
   head = "POST /v1/tickets HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\nContent-Length: " .. #body ..
      "\\r\\nAuthorization: Bearer "
   tail = "\\r\\n\\r\\n" .. body
   wait = tonumber(args[2])
   for token in io.lines(args[1]) do tokens[#tokens + 1] = token end
   request = function()
      next_one = next_one + 1
      if next_one > #tokens then wait = 1000 return "GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n" end
      return head .. tokens[next_one] .. tail
   end
   sent = function() return math.min(next_one, #tokens) end
end
function delay() local whole = math.floor(wait) return math.random() < wait - whole and whole + 1 or whole end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function response(status) counts = counts or {} counts[status] = (counts[status] or 0) + 1 unauthenticated = counts[401] or 0 end
function done() io.write(string.format('RESULT {"unauthenticated": %d}\\n', threads[1]:get("unauthenticated") or 0)) end
"""


def random_kid_tokens(path: pathlib.Path, issuer: RemoteIssuer, count: int) -> pathlib.Path:
    """Well formed, of the right issuer and audience, each with a key id that nobody has; the signature is never looked at."""
    payload = base64url(compact_json(issuer.claims()))
    with path.open("w") as file:
        for _ in range(count):
            header = compact_json({"alg": "ES256", "typ": "JWT", "kid": f"{random.getrandbits(128):032x}"})
            file.write(f"{base64url(header)}.{payload}.{base64url(os.urandom(64))}\n")
    return path


def test_random_key_ids_cause_no_storm(stage, tmp_path):
    """100,000 tokens with unknown key ids: at most one fetch in 30 s, and a valid user gets tickets meanwhile."""
    service, [issuer] = stage("flood", [("http", "discovery")])
    provider = issuer.provider
    (tmp_path / "flood.lua").write_text(FLOOD_SCRIPT)
    valid = issuer.token("valid")
    latencies(service, valid, 1)
    provider.forget()
    began, quiet, loaded, refused, rounds = time.monotonic(), [], [], 0, 0
    # Three rounds where the machine has time for it; more where it has not.
    while refused < FLOOD * 0.99:
        rounds += 1
        assert rounds <= 20, f"only {refused} of {FLOOD} were sent and refused"
        share = min(FLOOD // ROUNDS + 1, FLOOD - refused)
        tokens = random_kid_tokens(tmp_path / f"{rounds}.tokens", issuer, share)
        quiet.append(latencies(service, valid, 2))
        flood = subprocess.Popen(["nice", "-n", "19", "wrk", "-t1", "-c16", "-d12s", "-s", tmp_path / "flood.lua", service.url, "--", tokens, "2"],
                                 stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        loaded.append(latencies(service, valid, 6))
        output = flood.communicate(timeout=120)[0]
        refused += json.loads(next(line for line in output.splitlines() if line.startswith("RESULT "))[7:])["unauthenticated"]
    lasted = time.monotonic() - began
    fetches = [request.at for request in provider.key_requests()]
    assert 1 <= len(fetches) <= 1 + lasted // 30, fetches
    assert all(later - earlier > 29 for earlier, later in zip(fetches, fetches[1:])), fetches
    calm, busy = (statistics.median(percentile(values, 99) for values in group) for group in (quiet, loaded))
    print(f"p99 of a valid user: {calm:.2f} ms alone, {busy:.2f} ms among {refused / rounds / 12:,.0f} bad tokens/s; {len(fetches)} fetches in {lasted:.0f} s")


def test_many_at_once_with_a_new_key_make_one_fetch(stage):
    """The whole crowd signs in again after a rotation, while the provider takes a second to answer."""
    service, [issuer] = stage("crowd", [("http", "jwks")])
    provider = issuer.provider
    provider.rotate("k2")
    provider.forget()
    right = provider.reply
    provider.fault = lambda request: (lambda reply: Reply(reply.status, reply.body, reply.headers, delay=1))(right(request))
    tokens = [issuer.token(f"user-{number}") for number in range(20)]
    threads = [threading.Thread(target=asks, args=(service, token)) for token in tokens for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for token in tokens:
        until("the new key counts", lambda: asks(service, token) == 201)
    assert len(provider.key_requests()) == 1
