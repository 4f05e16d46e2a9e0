"""Tickets for stores that have no POST form: a presigned PUT, which a real S3 enforces."""

import email.header
import json
import time
import urllib.parse

import pytest
from harness.browser import PageServer
from harness.put import put
from harness.service import Service
from harness.tenant import Tenant

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
RULES = {
    "pictures": {"keyPrefix": "{tenant}/pictures/{user}/", "contentTypes": ["image/png", "image/jpeg"], "maxSize": "1MiB",
                 "metadata": {"fixed": {"source": "postern"}, "allowed": ["album", "title"]}, "cacheControl": "max-age=60",
                 "contentDisposition": "attachment", "tags": {"team": "web & app", "level": "1"}},
    "quick": {"keyPrefix": "{tenant}/quick/", "contentTypes": ["image/png"], "maxSize": 4096, "expiry": "2s"},
    "plain": {"keyPrefix": "{tenant}/plain/", "contentTypes": ["image/png"], "maxSize": 4096, "minSize": 0, "acl": "none"},
    "once": {"keyPrefix": "{tenant}/once/", "keyName": "{filename}", "contentTypes": ["image/png"], "maxSize": 4096, "overwrite": "never"},
    "checked": {"keyPrefix": "{tenant}/checked/", "contentTypes": ["image/png"], "maxSize": 4096, "checksum": "required"},
}


@pytest.fixture(scope="module", params=["lasting", "session"])
def service(request, make_service, real_store, temporary) -> Service:
    tenants = [
        Tenant(f"put-{addressing}", rules=RULES, store={
            "bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint, "addressing": addressing,
            "method": "put"})
        for addressing in ("path", "virtual")
    ]
    credentials = real_store.credentials if request.param == "lasting" else temporary
    with make_service(f"put-{request.param}", tenants, credentials) as service:
        yield service


@pytest.fixture(params=["put-path", "put-virtual"])
def tenant(request, service) -> Tenant:
    return service.tenants[request.param]


def take(service: Service, tenant: Tenant, **wish) -> dict:
    return service.ticket(tenant.token("u1"), **({"rule": "pictures", "contentType": "image/png", "size": len(PNG)} | wish))


def stored(store, ticket: dict) -> dict | None:
    client = store.client()
    keys = [each["Key"] for each in client.list_objects_v2(Bucket=store.bucket, Prefix=ticket["key"]).get("Contents", [])]
    return client.get_object(Bucket=store.bucket, Key=ticket["key"]) if ticket["key"] in keys else None


def test_a_ticket_uploads_the_file_with_type_metadata_and_tags(service, tenant, real_store):
    ticket = take(service, tenant, filename="Größe.png", metadata={"album": "2026", "title": "Übersicht — 概要"})
    assert ticket["method"] == "PUT" and ticket["fields"] == {}
    assert (ticket["minSize"], ticket["maxSize"]) == (len(PNG), len(PNG))
    assert {name.lower() for name in ticket["headers"]}.isdisjoint({"host", "content-length"})
    answer = put(ticket, PNG)
    assert answer.status == 200, str(answer)
    found = stored(real_store, ticket)
    assert found["Body"].read() == PNG and found["ContentType"] == "image/png"
    assert found["Metadata"]["source"] == "postern" and found["Metadata"]["album"] == "2026"
    # Ceph keeps the encoded words, which AWS decodes and encodes again.
    title = found["Metadata"]["title"]
    assert str(email.header.make_header(email.header.decode_header(title))) == "Übersicht — 概要"
    tags = real_store.client().get_object_tagging(Bucket=real_store.bucket, Key=ticket["key"])["TagSet"]
    assert {each["Key"]: each["Value"] for each in tags} == {"team": "web & app", "level": "1"}


@pytest.mark.parametrize("filename", ["a=?b.png", "=?utf-8?q?a?=.png", "a  b.png", " =? .png", "a=_?=?.png"])
def test_a_name_that_looks_encoded_can_be_uploaded(service, tenant, real_store, filename):
    ticket = take(service, tenant, filename=filename)
    assert "=?" not in ticket["headers"]["Content-Disposition"] and "  " not in ticket["headers"]["Content-Disposition"]
    assert put(ticket, PNG).status == 200


def test_an_empty_file_can_be_uploaded(service, tenant, real_store):
    ticket = take(service, tenant, rule="plain", size=0)
    assert put(ticket, b"").status == 200
    assert stored(real_store, ticket)["ContentLength"] == 0


def changes(ticket: dict) -> dict[str, dict]:
    """What a client could send instead of what the ticket says."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(ticket["url"]).query)
    made = {
        "a byte more": {"content": PNG + b"x"},
        "a byte less": {"content": PNG[:-1]},
        "another method": {"method": "POST"},
        "another key": {"url": ticket["url"].replace("/pictures/u1/", "/pictures/u2/")},
        "a longer life": {"url": ticket["url"].replace(f"X-Amz-Expires={query['X-Amz-Expires'][0]}", "X-Amz-Expires=604800")},
        "another bucket": {"url": ticket["url"].replace("post-test", "other-test")},
        "another acl": {"headers": {name: "public-read" if name.lower() == "x-amz-acl" else value for name, value in ticket["headers"].items()}},
        "an acl beside the signed one": {"more": [("x-amz-acl", "public-read")]},
        "no signature": {"url": ticket["url"].partition("&X-Amz-Signature")[0]},
    }
    for name, value in ticket["headers"].items():
        made[f"without {name}"] = {"headers": {each: text for each, text in ticket["headers"].items() if each != name}}
        made[f"another {name}"] = {"headers": ticket["headers"] | {name: value + "x"}}
    return made


def test_whatever_differs_from_the_ticket_is_refused_by_the_store(service, tenant, real_store):
    ticket = take(service, tenant, filename="me.png", metadata={"album": "2026"})
    assert any(name.lower() == "x-amz-acl" for name in ticket["headers"])
    for name, change in changes(ticket).items():
        change = dict(change)
        answer = put(ticket, change.pop("content", PNG), **change)
        assert answer.status in (400, 403, 405), f"{name}: {answer}"
        assert stored(real_store, ticket) is None, name
    assert put(ticket, PNG).status == 200


def test_after_its_end_a_ticket_is_refused(service, tenant, real_store):
    ticket = take(service, tenant, rule="quick", size=4)
    assert put(ticket, b"1234").status == 200
    time.sleep(3.1)
    answer = put(ticket, b"1234")
    assert answer.status == 403, str(answer)


def test_without_a_size_there_is_no_ticket(service, tenant):
    problem = service.refusal(tenant.token("u1"), rule="pictures", contentType="image/png")
    assert (problem["status"], problem["code"]) == (422, "size-required")


def test_no_acl_is_signed_if_the_rule_wants_none(service, tenant):
    assert "x-amz-acl" not in {name.lower() for name in take(service, tenant, rule="plain", size=1)["headers"]}


def test_a_ticket_that_must_not_overwrite_signs_a_condition(service, tenant, real_store):
    ticket = take(service, tenant, rule="once", size=len(PNG), filename="a.png")
    assert ticket["headers"]["If-None-Match"] == "*"
    first = put(ticket, PNG)
    assert first.status in (200, 412), str(first)  # 412: the other service of this module stored it
    again = put(ticket, PNG)
    assert (again.status, again.code) == (412, "PreconditionFailed"), str(again)
    without = put(ticket, PNG, headers={name: value for name, value in ticket["headers"].items() if name != "If-None-Match"})
    assert without.status == 403, str(without)


def test_a_checksum_is_signed(service, tenant, real_store):
    ticket = take(service, tenant, rule="checked", size=5, checksumSHA256="LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")
    assert ticket["headers"]["x-amz-checksum-sha256"] == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    assert put(ticket, b"hello").status == 200
    other = put(ticket, b"hello", headers=ticket["headers"] | {"x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="})
    assert other.status == 403, str(other)


def test_a_batch_has_tickets_of_both_kinds(service, tenant):
    results = service.post("/v1/tickets/batch", {"tickets": [
        {"rule": "pictures", "contentType": "image/png", "size": 3}, {"rule": "pictures", "contentType": "image/png"}]},
        tenant.token("u1")).json()["results"]
    assert [each["status"] for each in results] == [201, 422]
    assert results[0]["ticket"]["method"] == "PUT"


# Takes a ticket and sends the file, as a page does; tells the status of the store and what it said.
PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
async function run() {
  const response = await fetch("SERVICE/v1/tickets", {
    method: "POST", headers: {Authorization: "Bearer TOKEN", "Content-Type": "application/json"},
    body: JSON.stringify({rule: "pictures", contentType: "image/png", size: 4, metadata: {title: "Übersicht — 概要 😀"}}),
  });
  const ticket = await response.json();
  if (!response.ok) return [response.status, ticket.detail];
  const answer = await fetch(ticket.url, {method: ticket.method, headers: ticket.headers, body: new Blob([new Uint8Array([1, 2, 3, 4])])});
  return [answer.status, ticket.key];
}
const told = await run().catch((error) => [0, String(error)]);
await fetch("/told", {method: "POST", body: JSON.stringify(told)});
</script>"""


def test_a_page_puts_a_file_with_metadata_of_any_script(make_service, real_store):
    client = real_store.client()
    with PageServer() as pages:
        client.put_bucket_cors(Bucket=real_store.bucket, CORSConfiguration={"CORSRules": [
            {"AllowedOrigins": [pages.origin], "AllowedMethods": ["PUT"], "AllowedHeaders": ["*"]}]})
        tenant = Tenant("put-page", rules=RULES, origins=[pages.origin], store={
            "bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint, "method": "put"})
        try:
            with make_service("put-page", [tenant], real_store.credentials) as service:
                status, key = json.loads(pages.visit(PAGE.replace("SERVICE", service.url).replace("TOKEN", tenant.token("u1"))))
        finally:
            client.delete_bucket_cors(Bucket=real_store.bucket)
    assert status == 200, key
    found = client.get_object(Bucket=real_store.bucket, Key=key)
    assert found["Body"].read() == bytes([1, 2, 3, 4])
    assert str(email.header.make_header(email.header.decode_header(found["Metadata"]["title"]))) == "Übersicht — 概要 😀"
