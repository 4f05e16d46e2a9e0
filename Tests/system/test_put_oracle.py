"""10,000 random presigned PUTs: URL and signature equal what botocore makes for the same header fields."""

import random
import urllib.parse

import boto3
import botocore.auth
import botocore.signers
import pytest
from botocore.config import Config
from harness import canaries
from harness.rgw import Credentials
from harness.tenant import Tenant
from harness.tokens import APIKey, Issuer
from test_botocore_oracle import EXPECTED, RULES, SEED, ask, parsed, segment, text, wish

REQUESTS = 10_000
STORES = {
    "aws": {"bucket": "acme-uploads", "region": "eu-west-1"},
    "usa": {"bucket": "acme.dotted.name", "region": "us-east-1"},
    "china": {"bucket": "acme-cn", "region": "cn-north-1"},
    "r2": {"bucket": "share", "region": "auto", "endpoint": "https://0123abcd.r2.cloudflarestorage.com"},
    "port": {"bucket": "custom", "region": "fr-par", "endpoint": "https://S3.store.example:9443"},
    "default": {"bucket": "custom", "region": "fr-par", "endpoint": "http://store.example:80"},
}
# The names of botocore's parameters.
PARAMETERS = {
    "content-type": "ContentType", "cache-control": "CacheControl", "content-disposition": "ContentDisposition", "x-amz-acl": "ACL",
    "x-amz-storage-class": "StorageClass", "x-amz-server-side-encryption": "ServerSideEncryption", "x-amz-tagging": "Tagging",
    "x-amz-checksum-sha256": "ChecksumSHA256", "x-amz-checksum-sha1": "ChecksumSHA1", "x-amz-checksum-crc32": "ChecksumCRC32",
    "x-amz-checksum-crc32c": "ChecksumCRC32C", "x-amz-checksum-crc64nvme": "ChecksumCRC64NVME", "content-md5": "ContentMD5",
    "content-encoding": "ContentEncoding", "content-language": "ContentLanguage", "if-none-match": "IfNoneMatch",
    "x-amz-server-side-encryption-bucket-key-enabled": "BucketKeyEnabled",
}


def rules() -> dict:
    made = {name: {key: value for key, value in rule.items() if key not in ("successStatus", "declaredSize")} for name, rule in RULES.items()}
    made["documents"]["overwrite"] = "never"
    return made


def client(store: dict, credentials: Credentials):
    return boto3.client(
        "s3", region_name=store["region"], endpoint_url=store.get("endpoint"), aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key, aws_session_token=credentials.session_token,
        config=Config(signature_version="s3v4", request_checksum_calculation="when_required", s3={
            "us_east_1_regional_endpoint": "regional", "addressing_style": "path" if "endpoint" in store or "." in store["bucket"] else "virtual"}))


def check_url(ticket: dict, store: dict, theirs, monkeypatch: pytest.MonkeyPatch):
    """The URL is what botocore, the client `theirs`, makes for the ticket's key, size and headers."""
    at = parsed(ticket["serverTime"])
    for module in (botocore.auth, botocore.signers):
        monkeypatch.setattr(module, "get_current_datetime", lambda *_, **__: at)
    parameters = {"Bucket": store["bucket"], "Key": ticket["key"], "ContentLength": ticket["maxSize"], "Metadata": {}}
    for name, value in ticket["headers"].items():
        if name.startswith("x-amz-meta-"):
            parameters["Metadata"][name.removeprefix("x-amz-meta-")] = value
        else:
            parameters[PARAMETERS[name.lower()]] = value == "true" if name.endswith("-enabled") else value
    url = theirs.generate_presigned_url("put_object", Params=parameters, ExpiresIn=ticket["expiresIn"])
    ours, expected = urllib.parse.urlsplit(ticket["url"]), urllib.parse.urlsplit(url)
    assert ours.path == expected.path
    # botocore signs Host without a default port too, but leaves it in the URL.
    assert ours.netloc == expected.netloc.lower() and ours.scheme == expected.scheme
    assert urllib.parse.parse_qs(ours.query, strict_parsing=True) == urllib.parse.parse_qs(expected.query, strict_parsing=True)
    assert all(" " <= each <= "~" for value in ticket["headers"].values() for each in value)


def check(ticket: dict, asked: dict, user: str):
    assert ticket["method"] == "PUT" and ticket["fields"] == {}
    assert (ticket["minSize"], ticket["maxSize"]) == (asked["size"],) * 2
    assert ticket["headers"]["Content-Type"] == asked["contentType"]
    assert ticket["key"].startswith(EXPECTED[asked["rule"]].prefix.replace("{user}", segment(user)))


@pytest.mark.parametrize("kind", ["lasting", "session"])
def test_ten_thousand_presigned_puts_equal_botocore(kind, make_service, credentials, monkeypatch):
    given = credentials if kind == "lasting" else Credentials(
        "ASIACANARYPOSTERN0003", canaries.secret("canary-session-secret"), canaries.secret("canary-session-token") + "/+=" * 100)
    canaries.add(given.session_token)
    tenants = [
        Tenant(id, store=store | {"method": "put"}, rules=rules(),
               issuers=[Issuer(f"id.{id}")], api_keys=[APIKey(id)])
        for id, store in STORES.items()]
    pick = random.Random(SEED + len(kind))
    seen: set[str] = set()
    with make_service(f"put-oracle-{kind}", tenants, given) as service:
        clients = {id: client(store, given) for id, store in STORES.items()}
        while len(seen) < REQUESTS // 2:
            tenant = pick.choice(tenants)
            user = text(pick, 200)
            wishes = [wish(pick, pick.choice(list(RULES))) for _ in range(pick.randint(1, 60))]
            for each in wishes:
                low, high = EXPECTED[each["rule"]].limits
                each.setdefault("size", pick.randint(low, high))
            for asked, ticket in zip(wishes, ask(service, tenant.token(user), wishes), strict=True):
                check_url(ticket, STORES[tenant.id], clients[tenant.id], monkeypatch)
                check(ticket, asked, user)
                assert ticket["key"] not in seen
                seen.add(ticket["key"])
                canaries.add_ticket(ticket)
