"""`postern credentials`: which source answers, until when, and who that is; never a secret."""

import json
import re

import pytest

from harness import canaries
from harness.cloud import REGION, SOURCES, keys_section, Source
from harness.command import Command
from harness.loopback import FAULTS
from harness.rgw import Credentials
from harness.sts import ACCOUNT, refusing
from harness.tenant import AVATARS, Tenant


@pytest.fixture(scope="module")
def ask(logs) -> Command:
    return Command(logs, "credentials")


@pytest.fixture(scope="module")
def sources(cloud) -> dict[str, Source]:
    found = cloud.sources()
    for source in found.values():
        if isinstance(source.gives, Credentials):
            cloud.sts.add_user(source.gives)
    return found


def tenants_folder(folder, *sources: Source):
    """One tenant for each source."""
    (folder / "tenants").mkdir()
    for number, source in enumerate(sources):
        store = {"bucket": f"t{number}-uploads", "region": REGION} | ({"credentials": source.store} if source.store else {})
        Tenant(f"t{number}", store=store, rules={"avatars": AVATARS}).write(folder / "tenants", folder)
    return folder / "tenants"


def assert_no_secret(*outputs: str):
    text = "".join(outputs)
    assert "canary" not in text
    assert not [secret[:12] for secret in canaries.known() if len(secret) > 8 and secret in text]


@pytest.mark.parametrize("name", SOURCES)
def test_each_source_is_named_with_its_end_and_identity(ask, cloud, sources, tmp_path, name):
    source = sources[name]
    environment = cloud.environment(source)
    arguments = ["credentials"] + (["--tenants", tenants_folder(tmp_path, source)] if source.store else [])
    done = ask(*arguments, "--json", code=0, **environment)
    report = json.loads(done.stdout)
    [found] = report["sources"]
    assert report["ok"] is True and found["problem"] is None and found["identityProblem"] is None
    if isinstance(source.gives, Credentials):
        assert found["accessKeyId"] == source.gives.access_key and found["expiresAt"] is None
        assert found["temporary"] == bool(source.gives.session_token)
        assert found["identity"]["arn"].endswith(f":user/{source.gives.access_key}"), found
    else:
        given = cloud.mint.given[found["accessKeyId"]]
        assert given.source == source.gives and found["expiresAt"] == given.expiration and found["temporary"] is True
        assert ":assumed-role/" in found["identity"]["arn"] and found["identity"]["account"] == ACCOUNT
    text = ask(*arguments, code=0, **environment)
    # A session without a name of its own is named after the second it was asked for in, which may be another one by now.
    assert found["provider"] in text.stdout and re.sub(r"postern-\d+$", "postern-", found["identity"]["arn"]) in text.stdout
    assert_no_secret(done.stdout, done.stderr, text.stdout, text.stderr)


def test_a_profile_that_is_named_here(ask, cloud, tmp_path):
    keys = cloud.sts.add_user(cloud.lasting("HERE"))
    source = Source("profile here", config=keys_section("profile here", keys) + keys_section("default", cloud.lasting("WRONG")))
    done = ask("credentials", "--profile", "here", "--json", code=0, **cloud.environment(source))
    assert json.loads(done.stdout)["sources"][0]["accessKeyId"] == keys.access_key
    done = ask("credentials", "--profile", "nowhere", code=1, **cloud.environment(source))
    assert "nowhere" in done.stdout + done.stderr
    assert_no_secret(done.stdout, done.stderr)


def test_the_keys_of_other_stores_are_not_shown_to_sts(ask, cloud, sources, tmp_path):
    source = sources["environment"]
    (tmp_path / "tenants").mkdir()
    store = {"endpoint": "http://127.0.0.1:9", "bucket": "uploads", "region": REGION}
    Tenant("acme", store=store, rules={"avatars": AVATARS}).write(tmp_path / "tenants", tmp_path)
    asked = len(cloud.sts.requests)
    done = ask("credentials", "--tenants", tmp_path / "tenants", "--json", code=0, **cloud.environment(source))
    [found] = json.loads(done.stdout)["sources"]
    assert found["accessKeyId"] == source.gives.access_key and found["identity"] is None and found["identityProblem"] is None
    assert len(cloud.sts.requests) == asked


def test_all_sources_of_the_tenants_once_each(ask, cloud, sources, tmp_path):
    """Four tenants with three sources; one of them is down: it is told which, and the exit code is 1."""
    down = Source("down", store={"profile": "broken"})
    used = [sources["tenant's profile"], sources["tenant's profile"], sources["tenant's variables"], down]
    environment = cloud.environment(Source("mixed", config=(
        sources["tenant's profile"].config + "[profile broken]\ncredential_process = /bin/false\n"), variables=sources["tenant's variables"].variables))
    done = ask("credentials", "--tenants", tenants_folder(tmp_path, *used), "--json", code=1, **environment)
    report = json.loads(done.stdout)
    assert report["ok"] is False and len(report["sources"]) == 3
    by_tenants = {tuple(each["tenants"]): each for each in report["sources"]}
    assert by_tenants[("t0", "t1")]["accessKeyId"] == sources["tenant's profile"].gives.access_key
    assert by_tenants[("t2",)]["problem"] is None and len(by_tenants[("t3",)]["problem"]) > 20
    assert_no_secret(done.stdout, done.stderr)


@pytest.mark.parametrize("trouble", ["down", "slow", "refused", "garbage", "offline"])
def test_without_sts_there_is_no_identity_and_no_harm(ask, cloud, sources, trouble):
    """Where STS cannot be reached the credentials may still be good: exit 0, and it is said why there is no identity."""
    asked = len(cloud.sts.requests)
    cloud.sts.fault = refusing("AccessDenied") if trouble == "refused" else FAULTS.get(trouble)
    if trouble == "down":
        cloud.sts.down()
    try:
        more = ["--no-identity"] if trouble == "offline" else []
        done = ask("credentials", "--json", *more, code=0, **cloud.environment(sources["environment"]))
    finally:
        cloud.sts.fault = None
        cloud.sts.up()
    [found] = json.loads(done.stdout)["sources"]
    assert found["accessKeyId"] == sources["environment"].gives.access_key and found["identity"] is None
    if trouble == "offline":
        assert len(cloud.sts.requests) == asked
    else:
        assert len(found["identityProblem"]) > 20
    assert_no_secret(done.stdout, done.stderr)


TROUBLES = {
    "nothing is configured": ({}, ""),
    "a process that prints its secrets on both outputs": ({"config": "[default]\ncredential_process = /bin/sh -c \"echo canary-out; echo canary-err >&2; exit 1\"\n"},
                                                          "credential_process"),
    "a token file that is not there": ({"variables": {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"}}, "/nowhere"),
    "a broken file": ({"shared": "[default\naws_secret_access_key = canary-in-file\n"}, "credentials"),
    "a role that STS refuses": ({"variables": {"AWS_PROFILE": "x"}, "config": "ROLE"}, "AccessDenied"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_what_is_wrong_is_told_in_a_sentence(ask, cloud, name):
    settings, said = TROUBLES[name]
    settings = dict(settings)
    if settings.get("config") == "ROLE":
        settings["config"] = f"{cloud.user_profile}[profile x]\nrole_arn = arn:aws:iam::123456789012:role/unknown\nsource_profile = base\n"
    environment = cloud.environment(Source(f"trouble {list(TROUBLES).index(name)}", **settings))
    for arguments in ([], ["--json"]):
        done = ask("credentials", *arguments, code=1, **environment)
        output = done.stdout + done.stderr
        assert said in output and len(output) > 40
        assert_no_secret(output)
        if arguments:
            assert json.loads(done.stdout)["ok"] is False


def test_the_narrowed_session_of_a_tenant_is_asked_as_serve_would(ask, cloud, sources, tmp_path):
    """The identity is that of the narrowed session, and the session policy was sent."""
    before = len(cloud.sts.granted("AssumeRole"))
    done = ask("credentials", "--tenants", tenants_folder(tmp_path, sources["tenant's role"]), "--json", code=0,
               **cloud.environment(sources["tenant's role"]))
    [found] = json.loads(done.stdout)["sources"]
    [call] = cloud.sts.granted("AssumeRole")[before:]
    assert call.given.access_key == found["accessKeyId"] and "t0-uploads/avatars/*/*" in call.parameters["Policy"]
    assert ":assumed-role/tenant-role/" in found["identity"]["arn"]
