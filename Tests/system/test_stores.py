"""Several stores in one tenant: each rule's tickets go to its bucket, signed by the credentials of its store, in every way to address it."""

import json
import subprocess
import urllib.parse

import pytest

from harness import canaries
from harness.bucket_hosts import BucketHosts
from harness.figures import readiness
from harness.form import File, post
from harness.minted import access_key
from harness.rgw import Credentials
from harness.service import BINARY, Service
from harness.tenant import Tenant
from harness.waiting import until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
LARGE = 6 * 1024 * 1024
# Those of the second store, which the first does not know.
ARCHIVE = Credentials("AKIACANARYPOSTERN0002", canaries.secret("canary-archive-key/+"))
ADDRESSING = ["path", "virtual", "host"]


def rule(name: str, **more) -> dict:
    return {"keyPrefix": f"stores/{name}/{{user}}/", "contentTypes": ["image/png", "application/octet-stream"], "maxSize": LARGE} | more


@pytest.fixture(scope="module")
def hosts(real_store):
    with BucketHosts(real_store.port, {"files.localhost": real_store.bucket, "other-files.localhost": real_store.other_bucket}) as made:
        yield made


def store(real_store, hosts, bucket: str, addressing: str) -> dict:
    host = f"http://{'files' if bucket == real_store.bucket else 'other-files'}.localhost:{hosts.port}"
    return {"bucket": bucket, "region": real_store.region, "addressing": addressing,
            "endpoint": host if addressing == "host" else real_store.path_endpoint}


@pytest.fixture(scope="module")
def two(make_service, real_store, hosts) -> Service:
    """One tenant with a rule for each of two buckets in each way to address it."""
    stores = {f"{which}-{addressing}": store(real_store, hosts, bucket, addressing) for addressing in ADDRESSING
              for which, bucket in (("first", real_store.bucket), ("second", real_store.other_bucket))}
    rules = {name: rule(name, store=name) for name in stores}
    with make_service("stores-rgw", [Tenant("acme", store=None, more={"store": None, "stores": stores}, rules=rules)],
                      real_store.credentials) as service:
        yield service


@pytest.mark.parametrize("addressing", ADDRESSING)
@pytest.mark.parametrize("which", ["first", "second"])
def test_a_ticket_uploads_to_the_bucket_of_its_rule(two, real_store, hosts, which, addressing):
    tenant = two.tenants["acme"]
    bucket, other = (real_store.bucket, real_store.other_bucket)[::1 if which == "first" else -1]
    # With and without a pinned size, also one of several MiB.
    for content, size in ((PNG, {}), (PNG, {"size": len(PNG)}), (bytes(LARGE), {"size": LARGE})):
        ticket = two.ticket(tenant.token("u1"), rule=f"{which}-{addressing}", contentType="image/png", **size)
        canaries.add_ticket(ticket)
        host = {"path": f"localhost:{real_store.port}", "virtual": f"{bucket}.localhost:{real_store.port}",
                "host": f"{'files' if which == 'first' else 'other-files'}.localhost:{hosts.port}"}[addressing]
        parts = urllib.parse.urlsplit(ticket["url"])
        assert (parts.netloc, parts.path) == (host, f"/{bucket}/" if addressing == "path" else "/")
        answer = post(ticket["url"], ticket["fields"], File(content))
        assert answer.status == 201 and answer.text("Bucket") == bucket, str(answer)
        assert real_store.client().get_object(Bucket=bucket, Key=ticket["key"])["Body"].read() == content
        assert real_store.client().list_objects_v2(Bucket=other, Prefix=ticket["key"]).get("KeyCount") == 0
        if size:
            again = post(ticket["url"], ticket["fields"], File(content + b"x"))
            assert (again.status, again.code) == (400, "EntityTooLarge"), str(again)


def test_a_form_for_one_bucket_is_refused_by_the_other(two, real_store):
    tenant = two.tenants["acme"]
    ticket = two.ticket(tenant.token("u1"), rule="first-path", contentType="image/png")
    answer = post(ticket["url"].replace(real_store.bucket, real_store.other_bucket), ticket["fields"], File(PNG))
    assert answer.status == 403
    assert real_store.client().list_objects_v2(Bucket=real_store.other_bucket, Prefix=ticket["key"]).get("KeyCount") == 0


def test_buckets_of_ceph_with_a_tenant_and_with_a_foreign_name(make_service, real_store):
    """The path has the tenant, and the form does not. Names with capitals and underscores are possible at other stores than AWS."""
    given = Credentials("AKIACANARYPOSTERN0003", canaries.secret("canary-tenant-key/+"))
    real_store.add_tenant("team_1", given)
    real_store.client(credentials=given).create_bucket(Bucket="Acme_Uploads")
    tenant = Tenant("acme", store={"bucket": "team_1:Acme_Uploads", "region": "r", "endpoint": real_store.endpoint}, rules={"files": rule("files")})
    with make_service("stores-tenant", [tenant], given) as service:
        ticket = service.ticket(tenant.token("u1"), contentType="image/png")
        canaries.add_ticket(ticket)
        assert ticket["url"] == f"{real_store.endpoint}/team_1:Acme_Uploads/" and ticket["fields"]["bucket"] == "Acme_Uploads"
        answer = post(ticket["url"], ticket["fields"], File(PNG))
        assert answer.status == 201, str(answer)
        assert real_store.client(credentials=given).get_object(Bucket="Acme_Uploads", Key=ticket["key"])["Body"].read() == PNG


def spelled(make_service, one: dict, other: dict, prefixes: tuple[str, str]) -> list[str]:
    """The problems of two tenants with these stores."""
    tenants = [Tenant(id, store={"bucket": "shared", "region": "us-east-1"} | store,
                      rules={"files": {"keyPrefix": prefix, "contentTypes": ["image/png"], "maxSize": 1}})
               for id, store, prefix in zip("ab", (one, other), prefixes)]
    service = make_service("spelled", tenants)
    done = subprocess.run([BINARY, "check", service.folder / "tenants", "--json"], capture_output=True, text=True, timeout=60, check=False)
    return [each["message"] for each in json.loads(done.stdout)["problems"]]


@pytest.mark.parametrize("one,other", [
    ({}, {"endpoint": "https://shared.s3.us-east-1.amazonaws.com", "addressing": "host"}),
    ({"endpoint": "http://min_io"}, {"endpoint": "https://MIN_IO:443/base"}),
    ({"endpoint": "http://[2001:db8::1]:9000"}, {"endpoint": "http://[2001:db8:0:0::1]:9000"}),
    ({"endpoint": "http://127.0.0.1:9000"}, {"endpoint": "http://[::ffff:127.0.0.1]:9000"}),
    ({"endpoint": "https://s3.example.net", "addressing": "virtual"}, {"endpoint": "https://shared.s3.example.net", "addressing": "host"}),
], ids=lambda store: store.get("endpoint", "aws"))
def test_a_shared_bucket_is_found_however_it_is_spelled(make_service, one, other):
    assert any("overlaps" in each for each in spelled(make_service, one, other, ("up/{user}/", "up/x/")))
    assert spelled(make_service, one, other, ("a/{user}/", "b/{user}/")) == []
    assert spelled(make_service, one, other | {"bucket": "other"} if "host" not in other.values() else {"bucket": "other"},
                   ("up/{user}/", "up/x/")) == []


@pytest.fixture(scope="module")
def sources(make_service, tmp_path_factory) -> Service:
    """Two tenants with four stores and two sources of credentials."""
    def tenant(id: str) -> Tenant:
        archive = {"bucket": f"{id}-archive", "region": "eu-central-1", "credentials": {"env": "ARCHIVE"}}
        return Tenant(id, store={"bucket": f"{id}-uploads", "region": "eu-west-1"}, more={"stores": {"archive": archive}},
                      rules={"avatars": rule("avatars"), "reports": rule("reports", store="archive")})

    environment = {"ARCHIVE_ACCESS_KEY_ID": ARCHIVE.access_key, "ARCHIVE_SECRET_ACCESS_KEY": ARCHIVE.secret_key}
    with make_service("stores-sources", [tenant("acme"), tenant("beta")], environment=environment) as service:
        yield service


def test_each_store_has_credentials_region_and_bucket_of_its_own(sources, credentials):
    for id, tenant in sources.tenants.items():
        for name, bucket, region, key in (("avatars", f"{id}-uploads", "eu-west-1", credentials.access_key),
                                          ("reports", f"{id}-archive", "eu-central-1", ARCHIVE.access_key)):
            ticket = sources.ticket(tenant.token("u1"), rule=name, contentType="image/png")
            assert ticket["url"] == f"https://{bucket}.s3.{region}.amazonaws.com/"
            assert ticket["fields"]["bucket"] == bucket and access_key(ticket) == key
            assert f"/{region}/s3/" in ticket["fields"]["X-Amz-Credential"]
            line = until("the ticket is in the log", lambda: [each for each in sources.log_lines() if each.get("ticket") == ticket["id"]])[0]
            assert (line["bucket"], line["accessKeySuffix"]) == (bucket, key[-4:])


def test_stores_with_equal_sources_share_them(sources):
    assert [each["source"] for each in readiness(sources)[1]["credentials"]] == ["default", "env ARCHIVE"]


def test_a_store_without_credentials_stops_only_its_own_rules(make_service, tmp_path, credentials):
    """The profile's program fails until the test lets it succeed."""
    works = tmp_path / "works"
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n" + f'[ -e {works} ] || exit 1\n' + "echo '" + json.dumps(
        {"Version": 1, "AccessKeyId": ARCHIVE.access_key, "SecretAccessKey": ARCHIVE.secret_key}) + "'\n")
    program.chmod(0o700)
    (tmp_path / "config").write_text(f"[profile archive]\ncredential_process = {program}\n")
    archive = {"bucket": "acme-archive", "region": "eu-central-1", "credentials": {"profile": "archive"}}
    unused = {"bucket": "acme-unused", "region": "eu-central-1", "credentials": {"profile": "there-is-none"}}
    tenant = Tenant("acme", more={"stores": {"archive": archive, "unused": unused}},
                    rules={"avatars": rule("avatars"), "reports": rule("reports", store="archive")})
    service = make_service("stores-half", [tenant], environment={"AWS_CONFIG_FILE": str(tmp_path / "config")}).start(ready=False)
    wish = {"contentType": "image/png"}
    assert access_key(service.ticket(tenant.token("u1"), rule="avatars", **wish)) == credentials.access_key
    assert service.refusal(tenant.token("u1"), rule="reports", **wish)["code"] == "credentials-unavailable"
    # Ready, since the other store is served.
    status, state = readiness(service)
    assert status == 200 and any("profile archive" in each for each in state["reasons"])
    works.touch()
    until("the archive's credentials are there", lambda: readiness(service)[1]["reasons"] == [], seconds=60)
    assert access_key(service.ticket(tenant.token("u1"), rule="reports", **wish)) == ARCHIVE.access_key
    assert service.stop() == 0


def test_the_credentials_command_says_which_store_a_source_signs_for(tmp_path, credentials):
    archive = {"bucket": "acme-archive", "region": "eu-central-1", "credentials": {"env": "ARCHIVE"}}
    copy = {"bucket": "acme-copy", "region": "eu-central-1"}
    (tmp_path / "tenants").mkdir()
    Tenant("acme", more={"stores": {"archive": archive, "copy": copy}}, rules={
        "avatars": rule("avatars"), "reports": rule("reports", store="archive"), "copies": rule("copies", store="copy")}).write(
            tmp_path / "tenants", tmp_path)
    environment = credentials.environment | {"ARCHIVE_ACCESS_KEY_ID": ARCHIVE.access_key, "ARCHIVE_SECRET_ACCESS_KEY": ARCHIVE.secret_key}
    for arguments in ([], ["--json"]):
        done = subprocess.run([BINARY, "credentials", "--no-identity", "--tenants", tmp_path / "tenants", *arguments], env=environment,
                              capture_output=True, text=True, timeout=60, check=True)
        if arguments:
            given = {each["source"]: (each["tenants"], each["stores"]) for each in json.loads(done.stdout)["sources"]}
            assert given == {"default": (["acme"], ["acme", "acme/copy"]), "env ARCHIVE": (["acme"], ["acme/archive"])}
        else:
            assert "default (signs for acme, acme/copy)" in done.stdout and "env ARCHIVE (signs for acme/archive)" in done.stdout


@pytest.mark.parametrize("options,host", [
    ({"dualStack": "true"}, "s3.dualstack.eu-west-1.amazonaws.com"), ({"fips": "true"}, "s3-fips.eu-west-1.amazonaws.com"),
    ({"accelerate": "true"}, "s3-accelerate.amazonaws.com"), ({"accelerate": "true", "dualStack": "true"}, "s3-accelerate.dualstack.amazonaws.com"),
    ({"fips": "true", "dualStack": "true"}, "s3-fips.dualstack.eu-west-1.amazonaws.com"), ({"dualStack": "false"}, "s3.eu-west-1.amazonaws.com"),
], ids=lambda value: "-".join(value) if isinstance(value, dict) else None)
def test_the_other_hosts_of_aws(make_service, options, host):
    with make_service("hosts", [Tenant("acme", store={"bucket": "acme-uploads", "region": "eu-west-1"} | options)]) as service:
        assert service.ticket(service.tenants["acme"].token(), contentType="image/png")["url"] == f"https://acme-uploads.{host}/"


def test_a_store_that_takes_a_short_policy(make_service):
    """No ticket has a longer policy; the refusal says what to leave out, and counts against no limit."""
    tenant = Tenant("acme", store={"bucket": "acme-uploads", "region": "eu-west-1", "maxPolicyBytes": 700},
                    rules={"avatars": rule("avatars", metadata={"allowed": ["album"]}, limits={"perUser": "400/1h"})})
    with make_service("short-policy", [tenant]) as service:
        longest = 0
        for length in range(0, 300, 7):
            body = {"contentType": "image/png", "metadata": {"album": "a" * length} if length else {}}
            answer = service.post("/v1/tickets", body, tenant.token("u1"))
            if answer.status == 201:
                policy = answer.json()["fields"]["Policy"]
                assert len(policy) <= 700
                longest = max(longest, len(policy))
            else:
                problem = answer.problem
                assert (answer.status, problem["code"], problem["maxPolicyBytes"]) == (400, "invalid-request", 700)
                assert "send less metadata" in problem["detail"]
        assert 680 < longest <= 700


def test_a_session_token_that_makes_every_policy_too_long(make_service):
    given = Credentials(ARCHIVE.access_key, ARCHIVE.secret_key, canaries.secret("session-token" * 60))
    tenant = Tenant("acme", store={"bucket": "acme-uploads", "region": "eu-west-1", "maxPolicyBytes": 1024})
    service = make_service("short-policy-session", [tenant], given).start()
    assert service.refusal(tenant.token("u1"), contentType="image/png")["code"] == "credentials-unavailable"
    until("the log says why", lambda: any("over the store's 1024 bytes" in each.get("reason", "") for each in service.log_lines()))
    assert service.stop() == 0
