"""Every source of AWS credentials, end to end: the ticket is signed with what that source gave, and by nothing else."""

import json
import pathlib
import subprocess
import sys
import time

import pytest

from harness import canaries
from harness.certificates import Authority
from harness.cloud import REGION, SOURCES, Cloud, keys_section, Source
from harness.figures import readiness
from harness.minted import access_key, assert_signed_by
from harness.rgw import Credentials
from harness.service import BINARY, DidNotStart, Service, clean_environment
from harness.tenant import Tenant
from harness.waiting import until

WISH = {"contentType": "image/png"}


@pytest.fixture(scope="module")
def sources(cloud) -> dict[str, Source]:
    return cloud.sources()


@pytest.fixture(scope="module")
def private_cloud(tmp_path_factory):
    """The same over TLS, with certificates of an authority that only AWS_CA_BUNDLE names."""
    folder = tmp_path_factory.mktemp("private-cloud")
    authority = Authority(folder, "private")
    made = Cloud(folder, certificate=authority.certify("cloud"))
    yield made, authority
    made.close()


def tenant_of(source: Source, id: str = "acme", **more) -> Tenant:
    store = {"bucket": f"{id}-uploads", "region": REGION} | ({"credentials": source.store} if source.store else {})
    return Tenant(id, store=store, **more)


def serve(make_service, cloud: Cloud, source: Source, **variables: str) -> tuple[Service, Tenant]:
    tenant = tenant_of(source)
    return make_service(f"source-{source.name.replace(' ', '-')}", [tenant], None, environment=cloud.environment(source) | variables), tenant


def test_the_list_is_whole(sources):
    assert list(sources) == SOURCES


def assert_signed_by_source(cloud: Cloud, source: Source, ticket: dict):
    if isinstance(source.gives, Credentials):
        assert_signed_by(ticket, source.gives)
        return
    given = cloud.mint.given.get(access_key(ticket))
    assert given and given.source == source.gives, (source.name, access_key(ticket), given and given.source)
    assert_signed_by(ticket, given)
    assert ticket["expiresIn"] <= given.ends - 60 - cloud.mint.now() + 1


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_signs_tickets(make_service, cloud, sources, name):
    source = sources[name]
    service, tenant = serve(make_service, cloud, source)
    service.start()
    ticket = service.ticket(tenant.token(), **WISH)
    assert_signed_by_source(cloud, source, ticket)
    [state] = readiness(service)[1]["credentials"]
    assert state["provider"] and state["lastError"] is None, state
    assert (state["expiresAt"] is None) == isinstance(source.gives, Credentials)
    if not isinstance(source.gives, Credentials):
        assert state["expiresAt"] in {each.expiration for each in cloud.mint.of(source.gives)}
    service.kill()


@pytest.mark.parametrize("name", ["role of a profile", "web identity", "container with a token file", "tenant's role"])
def test_a_source_over_tls_of_a_private_authority(make_service, private_cloud, name):
    cloud, authority = private_cloud
    source = {"role of a profile": cloud.role_of_profile, "web identity": cloud.web_identity, "tenant's role": cloud.tenant_role,
              "container with a token file": cloud.container_with_token_file}[name]()
    service, tenant = serve(make_service, cloud, source, AWS_CA_BUNDLE=str(authority.file))
    service.start()
    assert_signed_by_source(cloud, source, service.ticket(tenant.token(), **WISH))
    service.kill()


def test_an_authority_that_was_not_named_gets_no_request(make_service, private_cloud, tmp_path):
    cloud, _ = private_cloud
    source = cloud.web_identity()
    calls = len(cloud.sts.requests)
    service, tenant = serve(make_service, cloud, source, AWS_CA_BUNDLE=str(Authority(tmp_path, "other").file))
    service.start(ready=False)
    until("the error is told", lambda: readiness(service)[1]["credentials"][0]["lastError"])
    assert service.refusal(tenant.token(), **WISH)["code"] == "credentials-unavailable"
    assert len(cloud.sts.requests) == calls
    service.kill()


def test_what_sts_is_asked_is_what_was_written(cloud, sources):
    """Runs after the sources: external id, session name, duration and region arrive as configured; the role's own session is narrowed."""
    by_role = {call.parameters["RoleArn"].rpartition("/")[2]: call for call in cloud.sts.calls if "RoleArn" in call.parameters}
    if "with-external-id" not in by_role or "tenant-role" not in by_role or "pod" not in by_role:
        pytest.fail("the tests of the sources must run before this one")
    external = by_role["with-external-id"].parameters
    assert (external["ExternalId"], external["RoleSessionName"], external["DurationSeconds"]) == ("acme/42+=@:.,-_", "uploads@acme", "1800")
    assert by_role["pod"].parameters["RoleSessionName"] == "pod-7"
    assert all(call.region == REGION for call in cloud.sts.calls if call.signer)
    narrowed = by_role["tenant-role"].parameters
    assert narrowed["ExternalId"] == "acme-7f3a"
    policy = json.loads(narrowed["Policy"])
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    assert policy["Version"] == "2012-10-17"
    assert [each["Effect"] for each in statements] == ["Allow"] * len(statements)
    actions, resources = ([item for each in statements for item in ([each[name]] if isinstance(each[name], str) else each[name])]
                          for name in ("Action", "Resource"))
    assert set(actions) == {"s3:PutObject"} and set(resources) == {"arn:aws:s3:::acme-uploads/avatars/*/*"}


def botocore_choice(environment: dict[str, str]) -> str:
    """Whose credentials botocore takes in this environment."""
    program = "import botocore.session as s; c = s.Session().get_credentials(); print(c.get_frozen_credentials().access_key if c else '')"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_the_chain_asks_in_the_order_of_botocore(make_service, cloud, sources, tmp_path):
    """All sources at once; the one that answers is taken away, again and again. Postern and botocore agree each time."""
    layers = [sources["environment"], sources["role of a profile"], sources["web identity"], sources["credentials file"],
              sources["credential_process"], sources["config file"], sources["container"], sources["instance metadata"]]
    role = cloud.sts.add_role("ordered")

    def whose(key: str) -> str:
        for source in layers:
            if isinstance(source.gives, Credentials) and source.gives.access_key == key:
                return source.name
        return cloud.mint.given[key].source

    order = []
    for first in range(len(layers)):
        left = {source.name for source in layers[first:]}
        config, shared, variables = "", "", {"HOME": str(tmp_path), "AWS_ENDPOINT_URL_STS": cloud.sts.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        section = ""
        if "role of a profile" in left:
            section += f"role_arn = {role.arn}\nsource_profile = base\n"
            config += cloud.user_profile
        if "credential_process" in left:
            section += sources["credential_process"].config.partition("\n")[2]
        if "config file" in left:
            section += sources["config file"].config.partition("\n")[2]
        if section:
            config += f"[default]\n{section}"
        if "credentials file" in left:
            shared = sources["credentials file"].shared
        for name in ("environment", "web identity", "container", "instance metadata"):
            if name in left:
                variables |= sources[name].variables
        (tmp_path / ".aws").mkdir(exist_ok=True)
        (tmp_path / ".aws/config").write_text(config)
        (tmp_path / ".aws/credentials").write_text(shared)
        tenant = Tenant("acme")
        service = make_service("order", [tenant], None, environment=variables).start()
        ours = whose(access_key(service.ticket(tenant.token(), **WISH)))
        service.kill()
        theirs = whose(botocore_choice(clean_environment(**variables)))
        assert ours == theirs, (left, ours, theirs)
        order.append(ours)
    assert order == ["environment", role.arn, sources["web identity"].gives, "credentials file", "process", "config file", "open-container", "instance"]


# What is written wrong ends the service at its start, with a sentence; what may mend does not.

MISTAKES = {
    "an unknown profile": ({"store": {"profile": "nowhere"}}, "nowhere"),
    "an unknown AWS_PROFILE": ({"variables": {"AWS_PROFILE": "nowhere"}}, "nowhere"),
    "a broken config file": ({"config": "[default\nregion = x\n"}, "config"),
    "a source_profile that is not there": ({"config": "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = nowhere\n"}, "nowhere"),
    "a role that needs a code": ({"config": "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\nmfa_serial = arn:x\n"
                                            "[profile base]\naws_access_key_id = AKIAX\naws_secret_access_key = canary\n"}, "mfa_serial"),
    "half a pair of keys": ({"shared": "[default]\naws_access_key_id = AKIAX\n"}, "aws_secret_access_key"),
    "a prefix without variables": ({"store": {"env": "NOWHERE"}}, "NOWHERE_ACCESS_KEY_ID"),
    "a container endpoint of another host": ({"variables": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/v1"}},
                                             "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    "nothing at all": ({}, "credentials"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_configuration_ends_the_start(make_service, cloud, name):
    settings, said = MISTAKES[name]
    service, _ = serve(make_service, cloud, Source(f"mistake {list(MISTAKES).index(name)}", **settings))
    with pytest.raises(DidNotStart):
        service.start(timeout=10, ready=False)
    assert service.process.returncode == 1
    assert said in service.log() and "canary" not in service.log(), service.log()


UNAVAILABLE = {
    "a web identity token that is not there": {"variables": {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"}},
    "a process that fails": {"config": "[default]\ncredential_process = /bin/sh -c \"echo canary-of-a-process >&2; exit 3\"\n"},
    "a process that prints no JSON": {"config": "[default]\ncredential_process = /bin/echo canary-of-a-process\n"},
    "a process that never stops printing": {"config": "[default]\ncredential_process = /usr/bin/yes canary-of-a-process\n"},
    "a process that is not there": {"config": "[default]\ncredential_process = /nowhere/helper --x\n"},
    "a process that hangs": {"config": "[default]\ncredential_process = /bin/sh -c \"echo $$ > PIDFILE; exec sleep 600\"\n"},
    "a role that is refused": {"variables": {"AWS_PROFILE": "x"}, "config": "ROLE"},
    "an endpoint that is down": {"variables": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/v1"}},
}


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_a_source_that_does_not_answer_is_waited_for(make_service, cloud, name, tmp_path):
    """The service runs, is not ready, says why, and gives 503; it would mend without a restart. Its stop leaves no process behind."""
    settings, pid_file = dict(UNAVAILABLE[name]), tmp_path / "pid"
    if "hangs" in name:
        settings["config"] = settings["config"].replace("PIDFILE", str(pid_file))
    if settings.get("config") == "ROLE":
        settings["config"] = f"{cloud.user_profile}[profile x]\nrole_arn = arn:aws:iam::123456789012:role/unknown\nsource_profile = base\n"
    service, tenant = serve(make_service, cloud, Source(f"unavailable {list(UNAVAILABLE).index(name)}", **settings))
    service.start(ready=False)
    problem = service.refusal(tenant.token(), **WISH)
    assert problem["code"] == "credentials-unavailable"
    answer = service.post("/v1/tickets", WISH, tenant.token())
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    status, body = readiness(service)
    assert status == 503 and body["reasons"], body
    # A process has a minute in AWS's own tools; nobody waits that long here.
    if "hangs" not in name:
        state = until("the error is told", lambda: [each for each in readiness(service)[1]["credentials"] if each["lastError"]], seconds=12)[0]
        assert "canary" not in state["lastError"] and len(state["lastError"]) > 20
    assert service.running
    began = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - began < 5
    if "hangs" in name:
        hanging = pathlib.Path("/proc", until("the process has begun", pid_file.read_text).strip())
        until("the process is gone", lambda: not hanging.exists() or "State:\tZ" in (hanging / "status").read_text())


def test_the_binary_prints_no_secret_in_its_help():
    for command in ("serve", "whoami", "credentials"):
        environment = clean_environment(**Credentials("AKIACANARYHELP000001", canaries.secret("canary-help/+")).environment)
        done = subprocess.run([BINARY, command, "--help"], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, timeout=30)
        assert done.returncode == 0 and "canary" not in done.stdout + done.stderr


def test_the_profile_of_a_tenant_is_not_that_of_another(make_service, cloud):
    """Two profiles in one file, two tenants: each ticket is signed with its own."""
    one, two = cloud.lasting("ONE"), cloud.lasting("TWO")
    source = Source("two profiles", config=keys_section("profile one", one) + keys_section("profile two", two))
    tenants = [tenant_of(Source(id, store={"profile": id}), id) for id in ("one", "two")]
    with make_service("two-profiles", tenants, None, environment=cloud.environment(source)) as service:
        for tenant, keys in zip(tenants, (one, two)):
            assert_signed_by(service.ticket(tenant.token(), **WISH), keys)
