"""Sources of AWS credentials that go down, slow or mad while the service runs: tickets go on to the true end of what it has, and not a second longer."""

import os
import pathlib
import shutil
import signal
import statistics
import time

import pytest

from harness import canaries
from harness.cloud import REGION, Cloud, Source
from harness.figures import figure, latencies, percentile, readiness
from harness.http import Answer
from harness.identity_provider import IdentityProvider, RemoteIssuer
from harness.loopback import FAULTS, Fault, LoopbackServer, Reply
from harness.minted import Minted, access_key, assert_signed_by
from harness.service import Service
from harness.sts import refusing
from harness.tenant import AVATARS, Tenant
from harness.tokens import Issuer
from harness.waiting import seconds_until, until

WISH = {"contentType": "image/png"}
MINUTE, HOUR = 60, 3600


class ClockedIssuer(Issuer):
    """Its tokens are of the date that the service under test sees."""

    def __init__(self, name: str, now):
        super().__init__(name)
        self.now = now

    def claims(self, user: str = "u1", **more) -> dict:
        now = int(self.now())
        return super().claims(user, **({"iat": now, "exp": now + HOUR} | more))


class Scene:
    """One service with one source, on a clock that the test moves; the world's date goes with it unless the test says otherwise."""

    def __init__(self, make_service, clock, cloud: Cloud, source: Source, tenants: list[Tenant] | None = None):
        self.clock, self.cloud, self.source = clock, cloud, source
        self.tenants = tenants or [self.tenant("acme")]
        self.service: Service = make_service(f"fault-{source.name.replace(' ', '-')}", self.tenants, None,
                                             environment=cloud.environment(source) | clock.environment)

    def tenant(self, id: str) -> Tenant:
        store = {"bucket": f"{id}-uploads", "region": REGION} | ({"credentials": self.source.store} if self.source.store else {})
        return Tenant(id, store=store, issuers=[ClockedIssuer(f"id.{id}", self.clock.now)])

    def ask(self, tenant: int = 0, user: str = "u1") -> Answer:
        return self.service.post("/v1/tickets", WISH, self.tenants[tenant].token(user))

    def signed(self, tenant: int = 0) -> Minted:
        """What signs now. It is alive, and the ticket ends before it."""
        answer = self.ask(tenant)
        assert answer.status == 201, (answer.status, answer.body)
        ticket = answer.json()
        given = self.cloud.mint.given[access_key(ticket)]
        assert_signed_by(ticket, given)
        assert given.ends > self.clock.now(), "a signature with dead credentials"
        assert ticket["expiresIn"] <= given.ends - 60 - self.clock.now() + 1.5
        return given

    def assert_unavailable(self):
        answer = self.ask()
        assert answer.status == 503 and answer.problem["code"] == "credentials-unavailable", (answer.status, answer.body)
        assert 1 <= int(answer.headers["retry-after"]) <= 60

    def state(self) -> dict:
        [state] = readiness(self.service)[1]["credentials"]
        return state

    def pass_until(self, moment: float, step: float = MINUTE):
        """In steps, with the service's own time between them."""
        while self.clock.now() < moment - 0.5:
            self.clock.pass_time(min(step, moment - self.clock.now()))
            time.sleep(0.06)


@pytest.fixture
def cloud(tmp_path, clock):
    made = Cloud(tmp_path / "cloud", clock.now)
    made.mint.lifetime = 15 * MINUTE
    yield made
    made.close()


SOURCES = {
    "container": Cloud.container_with_token_file, "instance metadata": Cloud.instance_metadata, "web identity": Cloud.web_identity,
    "credential_process": Cloud.credential_process, "role of a profile": Cloud.role_of_profile, "tenant's role": Cloud.tenant_role,
}


@pytest.fixture
def begin(make_service, clock, cloud):
    def make(name: str) -> Scene:
        return Scene(make_service, clock, cloud, SOURCES[name](cloud))

    return make


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_goes_down_and_comes_back(begin, name):
    """Tickets go on while the credentials live; none is signed once they cannot serve; 5 s after the source's return all is well."""
    scene = begin(name)
    scene.service.start()
    first = scene.signed()
    scene.source.server.down()
    while scene.clock.now() < first.ends - 95:
        assert scene.signed() == first
        scene.pass_until(min(scene.clock.now() + 2 * MINUTE, first.ends - 94))
    assert scene.signed() == first, "35 s of use are left: a short ticket"
    until("the error is told", lambda: scene.state()["lastError"])
    assert figure(scene.service, "postern_credentials_refreshes_total", result="failed") >= 1
    remaining = figure(scene.service, "postern_credentials_expire_seconds")
    assert 85 <= remaining <= 96, remaining
    scene.pass_until(first.ends - 85)
    scene.assert_unavailable()
    for moment in (first.ends - 1, first.ends + 1, first.ends + MINUTE, first.ends + HOUR):
        scene.pass_until(moment, step=10 * MINUTE)
        scene.assert_unavailable()
    status, body = readiness(scene.service)
    assert status == 503 and body["reasons"], body
    scene.source.server.up()
    took = seconds_until("tickets are given again", lambda: scene.ask().status == 201, seconds=6)
    assert took < 5, took
    second = scene.signed()
    assert second != first
    assert readiness(scene.service)[0] == 200
    scene.service.kill()


def test_credentials_are_renewed_well_before_their_end(begin):
    """Six times their lifetime, step by step: no request fails, no ticket is shorter than its rule."""
    scene = begin("container")
    scene.service.start()
    signers = [scene.signed()]
    started = scene.clock.now()
    while scene.clock.now() < started + 6 * 15 * MINUTE:
        scene.clock.pass_time(MINUTE)
        time.sleep(0.05)
        answer = scene.ask()
        assert answer.status == 201 and answer.json()["expiresIn"] == 300, answer.body
        if (signer := scene.signed()) != signers[-1]:
            signers.append(signer)
    assert 6 <= len(signers) <= 20, f"{len(signers)} refreshes in six lifetimes"
    assert len(scene.cloud.container.requests) <= len(signers) + 1
    scene.service.kill()


def test_a_ticket_says_the_end_that_the_credentials_have(begin, cloud):
    cloud.mint.lifetime = 200
    scene = begin("container")
    scene.service.start()
    answer = scene.ask().json()
    assert 135 <= answer["expiresIn"] <= 140, answer["expiresIn"]
    scene.signed()
    scene.service.kill()


def test_credentials_that_are_too_short_from_the_start(begin, cloud):
    """Given with less than 90 s: they are asked for again, not used, and not in a storm."""
    cloud.mint.lifetime = 80
    scene = begin("container")
    scene.service.start(ready=False)
    began = time.monotonic()
    scene.assert_unavailable()
    time.sleep(3)
    scene.assert_unavailable()
    assert len(cloud.container.requests) <= 2 + (time.monotonic() - began) / 1.5
    cloud.mint.lifetime = HOUR
    until("longer ones are used", lambda: scene.ask().status == 201)
    scene.signed()
    scene.service.kill()


def dead(cloud: Cloud) -> Fault:
    return lambda request: Reply.of_json(cloud.mint.make("dead", -5).document)


ANSWERS = {
    "no secret": {"AccessKeyId": "ASIAX", "Token": "canary-answer", "Expiration": "2999-01-01T00:00:00Z"},
    "no end": {"AccessKeyId": "ASIAX", "SecretAccessKey": "canary-answer", "Token": "canary-answer"},
    "an end that is no date": {"AccessKeyId": "ASIAX", "SecretAccessKey": "canary-answer", "Token": "canary-answer", "Expiration": "soon"},
    "numbers": {"AccessKeyId": 1, "SecretAccessKey": 2, "Token": 3, "Expiration": 4},
    "a line break in the token": {"AccessKeyId": "ASIAX", "SecretAccessKey": "canary-answer", "Token": "canary\r\nX: 1",
                                  "Expiration": "2999-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("lie", [*FAULTS, *ANSWERS, "dead credentials", "401"])
def test_a_bad_answer_keeps_the_old_credentials(begin, cloud, lie):
    """Whatever a source says instead of credentials, those that live go on, and nothing of what it said is signed with."""
    scene = begin("container")
    scene.service.start()
    first = scene.signed()
    cloud.container.fault = (
        FAULTS[lie] if lie in FAULTS else dead(cloud) if lie == "dead credentials" else (lambda request: Reply(401)) if lie == "401"
        else lambda request: Reply.of_json(ANSWERS[lie]))
    scene.clock.pass_time(12 * MINUTE)
    until("the failed refresh is counted", lambda: figure(scene.service, "postern_credentials_refreshes_total", result="failed"), seconds=8)
    assert scene.signed() == first
    problem = scene.state()["lastError"]
    assert len(problem) > 20 and "canary" not in problem, problem
    cloud.container.fault = None
    until("good ones are used", lambda: scene.signed() != first, seconds=8)
    scene.service.kill()


@pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken", "RegionDisabledException"])
def test_sts_refuses_while_credentials_live(begin, cloud, code):
    scene = begin("role of a profile")
    scene.service.start()
    first = scene.signed()
    cloud.sts.fault = refusing(code)
    scene.clock.pass_time(12 * MINUTE)
    until("the refusal is told", lambda: code in (scene.state()["lastError"] or ""))
    assert "canary" not in scene.state()["lastError"]
    assert scene.signed() == first
    scene.service.kill()


XML = {
    "entities that grow": b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + number, b"&%c;" % (97 + number) * 20) for number in range(8)) + b"]><AssumeRoleResponse>&i;</AssumeRoleResponse>",
    "a file of this machine": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>&f;'
                              b"</AccessKeyId></Credentials></AssumeRoleResult></AssumeRoleResponse>",
    "deep": b"<a>" * 80_000,
    "unclosed": b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>canary-answer</SecretAccessKey>",
    "HTML": b"<html><body>canary<br></body></html>",
}


@pytest.mark.parametrize("lie", XML)
def test_sts_sends_hostile_xml(begin, cloud, lie):
    """No entity is resolved, no file read, no memory filled, and nothing of it is signed with."""
    scene = begin("role of a profile")
    scene.service.start()
    first = scene.signed()
    resident = scene.service.resident_bytes()
    cloud.sts.fault = lambda request: Reply(200, XML[lie], {"Content-Type": "text/xml"})
    scene.clock.pass_time(12 * MINUTE)
    until("the failed refresh is counted", lambda: figure(scene.service, "postern_credentials_refreshes_total", result="failed"), seconds=8)
    assert scene.signed() == first
    assert "canary" not in scene.state()["lastError"] and scene.service.resident_bytes() - resident < 40_000_000
    cloud.sts.fault = None
    until("good ones are used", lambda: scene.signed() != first, seconds=8)
    scene.service.kill()


@pytest.mark.parametrize("before", [
    b"<!DOCTYPE a>", b"<!DOCTYPE AssumeRoleResponse []>", b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://evil.example/a.dtd">'],
    ids=["a name", "a subset", "a system identifier"])
def test_sts_sends_a_good_answer_with_a_document_type(begin, cloud, before):
    """Nothing else is wrong with it; without the document type it is taken."""
    scene = begin("role of a profile")
    scene.service.start()
    first = scene.signed()
    right = cloud.sts.reply
    cloud.sts.fault = lambda request: (lambda reply: Reply(reply.status, before + reply.body, reply.headers))(right(request))
    scene.clock.pass_time(12 * MINUTE)
    until("the failed refresh is counted", lambda: figure(scene.service, "postern_credentials_refreshes_total", result="failed"), seconds=60)
    assert scene.signed() == first and "canary" not in scene.state()["lastError"]
    cloud.sts.fault = lambda request: (lambda reply: Reply(reply.status, b'<?xml version="1.0"?>' + reply.body, reply.headers))(right(request))
    until("good ones are used", lambda: scene.signed() != first, seconds=60)
    scene.service.kill()


def test_the_metadata_service_restarts_and_changes_its_role(begin, cloud):
    """Its session tokens end and the machine gets another role: both are asked for anew."""
    scene = begin("instance metadata")
    scene.service.start()
    for role in ("web-server", "web-server-2"):
        former = scene.signed()
        cloud.instance.end_sessions()
        cloud.instance.role = role
        scene.clock.pass_time(12 * MINUTE)
        until("fresh ones are used", lambda: scene.signed() != former)
    assert cloud.instance.asked(cloud.instance.ROLES + "web-server-2")
    scene.service.kill()


@pytest.mark.parametrize("length, given", [(2000, True), (6000, True), (30_000, False)])
def test_a_long_session_token(begin, cloud, length, given):
    """AWS names no limit of the token, but stores have one of the form: 20 KB. What would not fit is said, not signed."""
    right = cloud.mint.make

    def long(source: str, lifetime: float | None = None) -> Minted:
        made = right(source, lifetime)
        longer = Minted(made.access_key, made.secret_key, canaries.secret("canary-long-token" + "x" * length), made.ends, source)
        cloud.mint.given[made.access_key] = longer
        return longer

    cloud.mint.make = long
    scene = begin("container")
    scene.service.start(ready=given)
    if given:
        scene.signed()
        ticket = scene.ask().json()
        assert sum(len(name) + len(value) for name, value in ticket["fields"].items()) < 20_000
    else:
        scene.assert_unavailable()
        assert readiness(scene.service)[1]["reasons"]
    scene.service.kill()


def test_token_files_are_read_anew(make_service, clock, cloud):
    """Kubernetes writes a new token every hour and the old one ends: each refresh reads the file."""
    web, container = Scene(make_service, clock, cloud, cloud.web_identity()), Scene(make_service, clock, cloud, cloud.container_with_token_file())
    role = cloud.sts.roles[web.source.gives]
    for scene in (web, container):
        scene.service.start()
    for _ in range(3):
        before = [web.signed(), container.signed()]
        cloud.new_web_token(role)
        cloud.new_container_token()
        clock.pass_time(12 * MINUTE)
        for scene, former in zip((web, container), before):
            until(f"{scene.source.name} is asked with the new token", lambda: scene.signed() != former)
    assert cloud.container.refused == 0
    assert [call.action for call in cloud.sts.calls] == ["AssumeRoleWithWebIdentity"] * 4
    for scene in (web, container):
        scene.service.kill()


def test_a_swapped_folder_of_tokens_is_read_anew(make_service, clock, cloud, tmp_path):
    """As a projected volume does it: the file is a link into a link that is swapped."""
    source = cloud.web_identity()
    role, volume = cloud.sts.roles[source.gives], tmp_path / "volume"
    scene = Scene(make_service, clock, cloud, Source(source.name, source.server, source.gives, source.variables | {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(volume / "token")}))
    for number in range(3):
        data = volume / f"..{number}"
        data.mkdir(parents=True)
        (data / "token").write_text(cloud.new_web_token(role))
        (volume / "..new").symlink_to(data.name)
        os.replace(volume / "..new", volume / "..data")
        if number == 0:
            (volume / "token").symlink_to("..data/token")
            scene.service.start()
            former = scene.signed()
        else:
            clock.pass_time(12 * MINUTE)
            until("the new token is used", lambda: scene.signed() != former)
            former = scene.signed()
    scene.service.kill()


def test_tenants_with_the_same_source_share_one_refresh(make_service, clock, cloud):
    """Four tenants, one container endpoint; two tenants, one profile: a request each, at the start and at each refresh."""
    container = cloud.container_open()
    role = cloud.role_of_profile()
    source = Source("shared sources", container.server, container.gives, container.variables, config=role.config)
    tenants = [Tenant(f"t{number}", store={"bucket": f"t{number}-uploads", "region": REGION} | (
        {"credentials": {"profile": "role"}} if number >= 4 else {}), issuers=[ClockedIssuer(f"id.t{number}", clock.now)]) for number in range(6)]
    scene = Scene(make_service, clock, cloud, source, tenants)
    scene.service.start()
    for rounds in (1, 2, 3):
        until("all are served", lambda: len(container.server.requests) >= rounds and len(cloud.sts.granted("AssumeRole")) >= rounds)
        time.sleep(0.7)
        assert len({scene.signed(number) for number in range(4)}) == 1
        assert len({scene.signed(number) for number in (4, 5)}) == 1
        assert (len(container.server.requests), len(cloud.sts.granted("AssumeRole"))) == (rounds, rounds)
        clock.pass_time(12 * MINUTE)
    scene.service.kill()


def test_sessions_from_rules_are_not_shared(make_service, clock, cloud):
    """Two tenants with one role: each has a session of its own, for its own prefix alone."""
    source = cloud.tenant_role()
    tenants = [Tenant(id, rules={"files": AVATARS | {"keyPrefix": f"{id}/files/"}}, issuers=[ClockedIssuer(f"id.{id}", clock.now)], store={
        "bucket": "shared-uploads", "region": REGION, "credentials": source.store}) for id in ("one", "two")]
    scene = Scene(make_service, clock, cloud, source, tenants)
    scene.service.start()
    sessions = [scene.signed(number) for number in (0, 1)]
    assert sessions[0] != sessions[1]
    for tenant, session in zip(tenants, sessions):
        [call] = [call for call in cloud.sts.granted("AssumeRole") if call.given == session]
        other = next(each.id for each in tenants if each is not tenant)
        assert f"shared-uploads/{tenant.id}/files/*" in call.parameters["Policy"] and f"/{other}/" not in call.parameters["Policy"]
    scene.service.kill()


# Dates that jump


@pytest.mark.parametrize("jumps", [(HOUR, -HOUR), (-HOUR, HOUR), (HOUR, -2 * HOUR, HOUR)], ids=lambda jumps: " ".join(f"{jump / HOUR:+.0f}h" for jump in jumps))
def test_a_jump_of_the_date_loses_nothing_that_time_does_not(make_service, clock, tmp_path, jumps):
    """Six hours of credentials: an hour forth or back costs no ticket, and the ticket's end is true by the date that is told."""
    cloud = Cloud(tmp_path / "steady-cloud")  # its date is the true one
    cloud.mint.lifetime = 6 * HOUR
    scene = Scene(make_service, clock, cloud, cloud.container_open())
    scene.service.start()
    first = scene.signed()
    for jump in jumps:
        clock.jump(jump)
        for _ in range(3):
            assert scene.signed() == first
            time.sleep(0.6)
        assert scene.state()["lastError"] is None
    assert len(cloud.servers[-1].requests) <= 2
    scene.service.kill()
    cloud.close()


def test_a_jump_over_the_end_and_back(make_service, clock, tmp_path):
    """By a date an hour ahead the credentials are dead: 503. Set right again, they serve; or fresh ones do."""
    cloud = Cloud(tmp_path / "steady-cloud")
    cloud.mint.lifetime = 15 * MINUTE
    scene = Scene(make_service, clock, cloud, cloud.container_open())
    scene.service.start()
    scene.signed()
    clock.jump(HOUR)
    scene.assert_unavailable()
    time.sleep(1.5)
    scene.assert_unavailable()
    clock.jump(-HOUR)
    assert seconds_until("tickets are given again", lambda: scene.ask().status == 201, seconds=6) < 5
    scene.signed()
    # Backwards: what it has looks longer lived than it is; its true end still comes by the steady clock or the source.
    clock.jump(-HOUR)
    scene.signed()
    assert len(cloud.servers[-1].requests) <= 6, "no storm of refreshes"
    scene.service.kill()
    cloud.close()


def test_a_date_set_back_does_not_prolong_credentials(make_service, clock, tmp_path):
    """By the date of this machine they would live an hour more; by the time that has passed they are dead, and nothing is signed with them."""
    cloud = Cloud(tmp_path / "steady-cloud", lambda: time.time() + clock.steady)  # the world's date
    cloud.mint.lifetime = 15 * MINUTE
    scene = Scene(make_service, clock, cloud, cloud.container_open())
    scene.service.start()
    first = scene.signed()
    clock.jump(-HOUR)
    cloud.servers[-1].down()
    clock.pass_time(first.ends - cloud.mint.now() + 5)
    time.sleep(1)
    answer = scene.ask()
    assert answer.status == 503, "a signature with dead credentials"
    scene.service.kill()
    cloud.close()


# While refreshes run


def delayed(server: LoopbackServer, seconds: float):
    """A fault: the right answer, late."""
    def late(request):
        reply = server.reply(request)
        return Reply(reply.status, reply.body, reply.headers, delay=seconds)

    server.fault = late


def test_tickets_are_as_quick_while_refreshes_run(make_service, clock, cloud, tmp_path):
    """Keys and credentials that are due and come a second late, beside a service that has nothing to fetch: the same latency."""
    calm_cloud, provider = Cloud(tmp_path / "calm", clock.now), IdentityProvider().up()
    calm_cloud.mint.lifetime = 12 * HOUR
    source, remote = cloud.container_open(), RemoteIssuer(provider, now=clock.now)
    busy = Scene(make_service, clock, cloud, source, [Tenant("acme", issuers=[remote])])
    calm = Scene(make_service, clock, calm_cloud, calm_cloud.container_open())
    for scene in (busy, calm):
        scene.service.start()
        latencies(scene.service, scene.tenants[0].token(), 0.5)
    for server in (source.server, provider):
        delayed(server, 1)
        server.forget()
    taken: dict[str, list] = {"busy": [], "calm": []}
    for _ in range(3):
        # The lifetime of credentials is 15 minutes, that of keys 10: both are due.
        clock.pass_time(8 * MINUTE)
        for name, scene in (("busy", busy), ("calm", calm)):
            taken[name].append(latencies(scene.service, scene.tenants[0].token(), 1.2, pause=0.003))
    medians = {name: [statistics.median(percentile(values, percent) for values in rounds) for percent in (50, 99)] for name, rounds in taken.items()}
    print(f"p50, p99 in ms: {medians}; {len(source.server.requests)} refreshes of credentials, {len(provider.key_requests())} of keys")
    assert len(source.server.requests) >= 3 and len(provider.key_requests()) >= 3, "the scene must make it refresh"
    assert medians["busy"][0] < 1.5 * medians["calm"][0] + 0.1
    assert medians["busy"][1] < 2 * medians["calm"][1] + 1
    for scene in (busy, calm):
        scene.service.kill()
    calm_cloud.close()
    provider.close()


# Secrets


# The release binary has the Swift runtime inside, and so does not know where a toolchain keeps its backtracer.
BACKTRACER = pathlib.Path(shutil.which("swift") or "/usr/bin/swift").resolve().parents[1] / "libexec/swift/linux/swift-backtrace"


@pytest.mark.parametrize("backtrace", ["enable=no", f"enable=yes,color=no,threads=all,symbolicate=off,swift-backtrace={BACKTRACER}"],
                         ids=["silent", "talkative"])
def test_a_crash_prints_no_secret(make_service, clock, cloud, backtrace, logs):
    """Every kind of secret is in the process when it dies of SIGABRT; what it leaves is scanned here, and again with all logs."""
    sources = cloud.sources()
    source = Source("crash", config=sources["role of a profile"].config + sources["credential_process"].config,
                    variables=sources["container with a token file"].variables)
    tenants = [Tenant(f"t{number}", store={"bucket": f"t{number}-uploads", "region": REGION, "credentials": store},
                      issuers=[ClockedIssuer(f"id.t{number}", clock.now)]) for number, store in enumerate([
                          "default", {"profile": "role"}, sources["tenant's role"].store])]
    scene = Scene(make_service, clock, cloud, source, tenants)
    scene.service.environment["SWIFT_BACKTRACE"] = backtrace
    scene.service.start()
    for tenant in tenants:
        token = tenant.token("u2")
        canaries.add(token)
        canaries.add_ticket(scene.service.ticket(token, **WISH))
        scene.service.post("/v1/tickets", WISH | {"user": "u1"}, tenant.api_key)
    scene.service.process.send_signal(signal.SIGABRT)
    if backtrace != "enable=no":
        # Swift's runtime tells where each thread is and lets the process go on; the next such signal ends it.
        until("the backtrace is written", lambda: "Backtrace took" in scene.service.log(), seconds=60)
        scene.service.process.send_signal(signal.SIGABRT)
    assert scene.service.process.wait(10) == -signal.SIGABRT
    left = scene.service.log()
    found = [secret[:16] for secret in canaries.known() if len(secret) > 12 and secret in left]
    assert not found and "canary" not in left, found
