"""A ticket of the service uploads a file to a real S3, and the store refuses whatever stretches it."""

import base64
import hashlib
import time

import pytest

from harness import canaries
from harness.form import File, StoreAnswer, post
from harness.service import Service
from harness.tenant import Tenant

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
LIMIT = 4096
COMBINATIONS = [(addressing, version) for addressing in ("path", "virtual") for version in ("v4", "v2")]


# The algorithms, with the fields that bind them and the length of each in bytes.
CHECKSUMS = {"sha256": ("x-amz-checksum-sha256", 32), "sha1": ("x-amz-checksum-sha1", 20), "crc32": ("x-amz-checksum-crc32", 4),
             "crc32c": ("x-amz-checksum-crc32c", 4), "crc64nvme": ("x-amz-checksum-crc64nvme", 8), "md5": ("Content-MD5", 16)}


def tenant_id(addressing: str, version: str) -> str:
    return f"t-{addressing}-{version}"


def rules(prefix: str) -> dict:
    """Tenants share the bucket, so each has a prefix of its own."""
    return {
        "pictures": {"keyPrefix": f"{prefix}/pictures/{{user}}/", "contentTypes": ["image/png", "image/jpeg"], "maxSize": LIMIT,
                     "metadata": {"fixed": {"source": "postern"}, "allowed": ["album", "title"]}, "cacheControl": "max-age=60"},
        "quick": {"keyPrefix": f"{prefix}/quick/", "contentTypes": ["image/png"], "maxSize": LIMIT, "expiry": "3s"},
        "named": {"keyPrefix": f"{prefix}/named/", "keyName": "{uuid}-{filename}", "contentTypes": ["image/*", "application/pdf"],
                  "maxSize": LIMIT, "contentDisposition": "attachment", "tags": {"team": "web & app", "level": "1"}, "successStatus": 204},
        "records": {"keyPrefix": f"{prefix}/records/", "contentTypes": ["image/png"], "maxSize": LIMIT, "declaredSize": "atMost",
                    "metadata": {"fixed": {"user": "{user}", "filename": "{filename}", "ticket": "{uuid}", "rule": "{rule}"}, "allowed": ["album"]},
                    "tags": {"owner": "{user}", "name": "{filename}"}, "contentEncoding": "gzip", "contentLanguage": "de-CH",
                    "checksum": {"algorithms": list(CHECKSUMS)}},
    }


def tenants(store) -> list[Tenant]:
    made = []
    for addressing, version in COMBINATIONS:
        id = tenant_id(addressing, version)
        made.append(Tenant(id, rules=rules(id), store={
            "bucket": store.bucket, "region": store.region, "endpoint": store.path_endpoint, "addressing": addressing, "signature": version}))
    return made


@pytest.fixture(scope="module")
def lasting(make_service, real_store) -> Service:
    """With the store user's own credentials."""
    with make_service("rgw-lasting", tenants(real_store), real_store.credentials) as service:
        yield service


@pytest.fixture(scope="module")
def session(make_service, real_store, temporary) -> Service:
    """With short-lived credentials and their session token."""
    with make_service("rgw-session", tenants(real_store), temporary) as service:
        yield service


@pytest.fixture(params=["lasting", "session"])
def signer(request) -> Service:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=COMBINATIONS, ids=lambda pair: "-".join(pair))
def tenant(request, signer) -> Tenant:
    return signer.tenants[tenant_id(*request.param)]


def field(ticket: dict, name: str) -> str:
    """The field's own spelling."""
    return next(each for each in ticket["fields"] if each.lower() == name.lower())


def changed(ticket: dict, name: str, value: str) -> dict[str, str]:
    return ticket["fields"] | {field(ticket, name): value}


def upload(ticket: dict, content: bytes = PNG, fields: dict[str, str] | None = None, url: str | None = None) -> StoreAnswer:
    canaries.add_ticket(ticket)
    return post(url or ticket["url"], fields or ticket["fields"], File(content))


def take(signer: Service, tenant: Tenant, **wish) -> dict:
    return signer.ticket(tenant.token("u1"), **({"rule": "pictures", "contentType": "image/png"} | wish))


def assert_nothing_stored(store, key: str):
    keys = [each["Key"] for each in store.client().list_objects_v2(Bucket=store.bucket, Prefix=key).get("Contents", [])]
    assert key not in keys


def refused(store, ticket: dict, answer: StoreAnswer, status: int, *codes: str):
    assert (answer.status, answer.code) in [(status, code) for code in codes], str(answer)
    assert_nothing_stored(store, ticket["key"])


def test_a_ticket_uploads_a_file_as_asked(signer, tenant, real_store):
    ticket = take(signer, tenant, size=len(PNG), metadata={"album": "2026", "title": "Übersicht — 概要"})
    assert ticket["method"] == "POST" and ticket["url"].endswith("/") and ticket["fileField"] == "file"
    assert ("//post-test.localhost" in ticket["url"]) == ("virtual" in tenant.id)
    answer = upload(ticket)
    assert answer.status == 201, str(answer)
    assert answer.text("Key") == ticket["key"] and answer.text("Bucket") == real_store.bucket
    stored = real_store.client().get_object(Bucket=real_store.bucket, Key=ticket["key"])
    assert stored["Body"].read() == PNG
    assert stored["ContentType"] == "image/png"
    metadata = {name: value for name, value in stored["Metadata"].items()}
    assert metadata.pop("source") == "postern" and metadata.pop("album") == "2026"
    assert metadata.pop("title").encode("latin-1", "surrogateescape").decode() == "Übersicht — 概要"
    assert not metadata


def test_the_fields_may_come_in_any_order(signer, tenant, real_store):
    """As openapi.yaml says: maps of many languages have no order."""
    ticket = take(signer, tenant)
    assert upload(ticket, fields=dict(reversed(ticket["fields"].items()))).status == 201


def test_a_ticket_without_a_size_takes_any_size_up_to_the_limit(signer, tenant, real_store):
    for content in (b"x", b"x" * LIMIT):
        ticket = take(signer, tenant)
        assert (ticket["minSize"], ticket["maxSize"]) == (1, LIMIT)
        assert upload(ticket, content).status == 201


def test_a_byte_more_than_the_limit(signer, tenant, real_store):
    ticket = take(signer, tenant)
    refused(real_store, ticket, upload(ticket, b"x" * (LIMIT + 1)), 400, "EntityTooLarge")


def test_a_byte_other_than_the_declared_size(signer, tenant, real_store):
    ticket = take(signer, tenant, size=100)
    refused(real_store, ticket, upload(ticket, b"x" * 101), 400, "EntityTooLarge")
    refused(real_store, ticket, upload(ticket, b"x" * 99), 400, "EntityTooSmall")
    assert upload(ticket, b"x" * 100).status == 201


def test_an_empty_file(signer, tenant, real_store):
    ticket = take(signer, tenant)
    refused(real_store, ticket, upload(ticket, b""), 400, "EntityTooSmall")


def test_another_content_type(signer, tenant, real_store):
    ticket = take(signer, tenant)
    for other in ("image/jpeg", "text/html", "image/png; charset=utf-8", "image/svg+xml", ""):
        refused(real_store, ticket, upload(ticket, fields=changed(ticket, "Content-Type", other)), 403, "AccessDenied")


def test_another_key(signer, tenant, real_store):
    ticket = take(signer, tenant)
    for other in (ticket["key"] + "x", ticket["key"][:-1], "elsewhere.png", "${filename}", ticket["key"].replace("/u1/", "/u2/")):
        answer = upload(ticket, fields=changed(ticket, "key", other))
        refused(real_store, ticket, answer, 403, "AccessDenied")
        assert_nothing_stored(real_store, other)


@pytest.mark.parametrize("name, value", [
    ("acl", "public-read"), ("x-amz-meta-extra", "1"), ("Content-Encoding", "gzip"), ("x-amz-storage-class", "STANDARD_IA"),
    ("tagging", "<Tagging/>"), ("success_action_redirect", "https://evil.example/"), ("x-amz-website-redirect-location", "/evil")])
def test_an_extra_field(signer, tenant, real_store, name, value):
    ticket = take(signer, tenant)
    refused(real_store, ticket, upload(ticket, fields={name: value} | ticket["fields"]), 403, "AccessDenied")


def test_a_field_less(signer, tenant, real_store):
    """Every field is bound: none can be left out (the metadata and the type would be the store's defaults)."""
    ticket = take(signer, tenant, metadata={"album": "2026"})
    for name in ticket["fields"]:
        rest = {each: value for each, value in ticket["fields"].items() if each != name}
        if name.lower() == "bucket":
            continue  # the address says it too
        answer = upload(ticket, fields=rest)
        assert answer.status in (400, 403), (name, str(answer))
        assert_nothing_stored(real_store, ticket["key"])


def test_a_tampered_policy(signer, tenant, real_store):
    ticket = take(signer, tenant)
    policy = base64.b64decode(ticket["fields"][field(ticket, "policy")])
    larger = policy.replace(str(LIMIT).encode(), str(LIMIT * 10).encode())
    assert larger != policy
    tampered = changed(ticket, "policy", base64.b64encode(larger).decode())
    refused(real_store, ticket, upload(ticket, b"x" * LIMIT * 2, tampered), 403, "AccessDenied")


def test_a_tampered_signature(signer, tenant, real_store):
    ticket = take(signer, tenant)
    name = "signature" if "v2" in tenant.id else "x-amz-signature"
    signature = ticket["fields"][field(ticket, name)]
    other = ("0" if signature[0] != "0" else "1") + signature[1:]
    refused(real_store, ticket, upload(ticket, fields=changed(ticket, name, other)), 403, "AccessDenied")


def test_another_bucket(signer, tenant, real_store):
    ticket = take(signer, tenant)
    url = ticket["url"].replace(real_store.bucket, real_store.other_bucket)
    assert url != ticket["url"]
    refused(real_store, ticket, upload(ticket, url=url), 403, "AccessDenied")
    fields = changed(ticket, "bucket", real_store.other_bucket)
    refused(real_store, ticket, upload(ticket, fields=fields, url=url), 403, "AccessDenied")
    assert "Contents" not in real_store.client().list_objects_v2(Bucket=real_store.other_bucket, Prefix="t-")


def test_after_the_expiry(signer, real_store):
    """All four tenants at once: one wait."""
    tickets = [take(signer, each, rule="quick") for each in signer.tenants.values()]
    assert all(ticket["expiresIn"] == 3 for ticket in tickets)
    assert upload(take(signer, next(iter(signer.tenants.values())), rule="quick")).status == 201
    time.sleep(4.2)
    for ticket in tickets:
        refused(real_store, ticket, upload(ticket), 403, "AccessDenied")


@pytest.mark.parametrize("filename", [
    "me.png", "Übersicht 2026.png", "概要🎞.png", 'a"b\\c;d.png', "../../etc/passwd", "..png", "e\u0301.png", "a\u202egpj.exe", "%2e%2e%2f.png"])
def test_file_names_go_into_the_key_and_the_download_name(lasting, real_store, filename):
    tenant = lasting.tenants["t-path-v4"]
    ticket = take(lasting, tenant, rule="named", filename=filename)
    answer = upload(ticket)
    assert answer.status == 204, str(answer)
    prefix, _, last = ticket["key"].rpartition("/")
    assert prefix == "t-path-v4/named"
    assert last.isascii() and all(each.isalnum() or each in "._-" for each in last) and ".." not in last
    stored = real_store.client().get_object(Bucket=real_store.bucket, Key=ticket["key"])
    assert stored["Body"].read() == PNG
    tags = real_store.client().get_object_tagging(Bucket=real_store.bucket, Key=ticket["key"])["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "web & app", "level": "1"}


def test_a_checksum_is_bound(lasting, real_store):
    """RGW does not compare checksums, but it holds the field to its condition."""
    tenant = lasting.tenants["t-virtual-v4"]
    checksum = base64.b64encode(hashlib.sha256(PNG).digest()).decode()
    ticket = take(lasting, tenant, checksumSHA256=checksum)
    assert upload(ticket).status == 201
    assert ticket["fields"][field(ticket, "x-amz-checksum-sha256")] == checksum
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    ticket = take(lasting, tenant, checksumSHA256=checksum)
    refused(real_store, ticket, upload(ticket, fields=changed(ticket, "x-amz-checksum-sha256", other)), 403, "AccessDenied")


def utf8(metadata: dict[str, str]) -> dict[str, str]:
    """RGW gives metadata back as the bytes that it got, which botocore reads as Latin-1."""
    return {name: value.encode("latin-1", "surrogateescape").decode() for name, value in metadata.items()}


@pytest.mark.parametrize("filename, stored, tagged", [
    ("me.png", "me.png", "me.png"), ("Übersicht 2026.png", "Übersicht 2026.png", "Übersicht 2026.png"), ("概要🎞.png", "概要🎞.png", "概要_.png"),
    ('a"b\\c;d<&>.png', "c;d<&>.png", "c_d___.png"), ("../../etc/passwd", "passwd", "passwd"), ("e\u0301.png", "e\u0301.png", "e_.png"),
    ("a\u202egpj.exe", "a\u202egpj.exe", "a_gpj.exe"), ("${filename}\r\n.png", "{filename}.png", "_filename_.png"), ("  a  b  ", "a  b", "a  b"),
    ("é" * 600 + ".png", "é" * 380 + ".png", "é" * 126 + ".png"), (None, None, "")])
@pytest.mark.parametrize("user", ["u1", "auth0|Zoë 概要"])
def test_what_the_server_knows_is_stored_with_the_object(lasting, real_store, user, filename, stored, tagged):
    tenant = lasting.tenants["t-path-v4"]
    ticket = lasting.ticket(tenant.token(user), rule="records", contentType="image/png", filename=filename, metadata={"album": "2026"})
    answer = upload(ticket)
    assert answer.status == 201, str(answer)
    head = real_store.client().head_object(Bucket=real_store.bucket, Key=ticket["key"])
    expected = {"user": user, "filename": stored, "ticket": ticket["id"], "rule": "records", "album": "2026"}
    assert utf8(head["Metadata"]) == {name: value for name, value in expected.items() if value is not None}
    # RGW 16.2 holds both to their conditions and stores neither: docs/stores.md.
    assert "ContentEncoding" not in head and "ContentLanguage" not in head and head["ContentType"] == "image/png"
    tags = real_store.client().get_object_tagging(Bucket=real_store.bucket, Key=ticket["key"])["TagSet"]
    owner = {"u1": "u1", "auth0|Zoë 概要": "auth0=7CZo=C3=AB=20=E6=A6=82=E8=A6=81"}[user]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"owner": owner, "name": tagged}


def test_what_the_server_wrote_cannot_be_changed(lasting, real_store):
    tenant = lasting.tenants["t-virtual-v4"]
    wish = {"rule": "records", "filename": "a.png"}
    for name, value in (("x-amz-meta-user", "u2"), ("x-amz-meta-filename", "b.png"), ("x-amz-meta-ticket", "x"), ("x-amz-meta-rule", ""),
                        ("tagging", "<Tagging><TagSet/></Tagging>"), ("Content-Encoding", "br"), ("Content-Language", "en")):
        ticket = take(lasting, tenant, **wish)
        refused(real_store, ticket, upload(ticket, fields=changed(ticket, name, value)), 403, "AccessDenied")
        rest = {each: value for each, value in ticket["fields"].items() if each != field(ticket, name)}
        refused(real_store, ticket, upload(ticket, fields=rest), 403, "AccessDenied")


def test_a_declared_size_is_the_most(lasting, real_store):
    tenant = lasting.tenants["t-path-v2"]
    for size in (1, 99, 100):
        assert upload(take(lasting, tenant, rule="records", size=100), b"x" * size).status == 201
    ticket = take(lasting, tenant, rule="records", size=100)
    refused(real_store, ticket, upload(ticket, b"x" * 101), 400, "EntityTooLarge")
    refused(real_store, ticket, upload(ticket, b""), 400, "EntityTooSmall")


@pytest.mark.parametrize("algorithm", CHECKSUMS)
def test_each_checksum_is_bound(lasting, real_store, algorithm):
    """RGW does not compare them, but it holds each field to its condition."""
    name, length = CHECKSUMS[algorithm]
    tenant = lasting.tenants["t-virtual-v4"]
    value, other = (base64.b64encode(bytes([byte]) * length).decode() for byte in (1, 2))
    ticket = take(lasting, tenant, rule="records", checksum={"algorithm": algorithm, "value": value})
    assert ticket["fields"][name] == value
    refused(real_store, ticket, upload(ticket, fields=changed(ticket, name, other)), 403, "AccessDenied")
    rest = {each: value for each, value in ticket["fields"].items() if each != name}
    refused(real_store, ticket, upload(ticket, fields=rest), 403, "AccessDenied")
    assert upload(ticket).status == 201


def test_users_and_tenants_cannot_reach_each_other(lasting, real_store):
    one, two = lasting.tenants["t-path-v4"], lasting.tenants["t-virtual-v4"]
    first, second = take(lasting, one), take(lasting, two)
    assert first["key"].startswith("t-path-v4/pictures/u1/") and second["key"].startswith("t-virtual-v4/pictures/u1/")
    swapped = first["fields"] | {"key": second["key"]}
    refused(real_store, second, upload(first, fields=swapped), 403, "AccessDenied")


def test_a_batch_of_tickets_uploads(lasting, real_store):
    tenant = lasting.tenants["t-path-v4"]
    wishes = [{"rule": "pictures", "contentType": "image/png", "size": size} for size in (1, 2, 3)]
    answer = lasting.post("/v1/tickets/batch", {"tickets": wishes + [{"rule": "pictures", "contentType": "text/html"}]}, tenant.token())
    assert answer.status == 200
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201, 201, 201, 422]
    assert results[3]["problem"]["code"] == "content-type-not-allowed"
    for size, result in zip((1, 2, 3), results):
        assert upload(result["ticket"], b"x" * size).status == 201
