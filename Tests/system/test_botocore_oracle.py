"""10,000 random admissible requests: fields, policy and signature equal what botocore computes from the same policy."""

import base64
import copy
import datetime
import hashlib
import json
import random
import re
import unicodedata

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.signers
import pytest
from botocore.config import Config

from harness import canaries
from harness.rgw import Credentials
from harness.service import Service
from harness.tenant import Tenant
from harness.tokens import APIKey, Issuer

REQUESTS = 10_000
SEED = 20260101
SIGNING = ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "awsaccesskeyid")
UNBOUND = ("policy", "x-amz-signature", "signature")


class Expectation:
    """What the test knows of a rule: its literal prefix and what it takes."""

    def __init__(self, prefix: str, types: list[str], limits: tuple[int, int], metadata: tuple[str, ...] = (), checksum: bool = False,
                 algorithms: dict[str, int] = {}, at_most: bool = False):
        self.prefix, self.types, self.limits, self.metadata, self.checksum = prefix, types, limits, metadata, checksum
        self.algorithms, self.at_most = algorithms, at_most


PICTURES = Expectation("pictures/{user}/", ["image/png", "image/jpeg", "image/webp"], (1, 5 * 1024**2), ("album", "title"))
DOCUMENTS = Expectation("docs/", ["application/pdf", "text/plain"], (1, 100_000_000))
EVERYTHING = Expectation("all/x/", ["image/png", "image/gif", "video/mp4", "application/zip"], (10, 5 * 1024**3), ("a", "b-c"), checksum=True)
RECORDS = Expectation("records/", ["image/png", "text/csv"], (2, 1024**2), ("note",), checksum=True, at_most=True,
                      algorithms={"sha256": 32, "sha1": 20, "crc32": 4, "crc32c": 4, "crc64nvme": 8, "md5": 16})

RULES = {
    "pictures": {"keyPrefix": "pictures/{user}/", "contentTypes": PICTURES.types, "maxSize": "5MiB", "metadata": {"allowed": ["album", "title"]}},
    "documents": {"keyPrefix": "docs/{yyyy}/{mm}/{dd}/", "keyName": "{uuid}-{filename}", "contentTypes": DOCUMENTS.types, "maxSize": "100MB",
                  "contentDisposition": "attachment", "cacheControl": "private, max-age=60", "expiry": "1h"},
    "everything": {"keyPrefix": "all/x/", "contentTypes": ["image/*", "video/mp4", "application/zip"], "minSize": 10, "maxSize": "5GiB",
                   "acl": "private", "storageClass": "STANDARD_IA", "encryption": "AES256", "tags": {"team": "a + b: c/d@e", "n": "1"},
                   "metadata": {"fixed": {"origin": "üñí"}, "allowed": ["a", "b-c"]}, "checksum": "required", "successStatus": 200,
                   "cacheControl": "no-cache", "contentDisposition": "inline", "expiry": "7d"},
    "records": {"keyPrefix": "records/", "contentTypes": RECORDS.types, "minSize": 2, "maxSize": "1MiB", "declaredSize": "atMost",
                "metadata": {"fixed": {"user": "{user}", "filename": "{filename}", "ticket": "{uuid}", "rule": "{tenant}/{rule}", "day": "{yyyy}-{mm}-{dd}",
                                       "kind": "{{{ext}}"}, "allowed": ["note"]},
                "tags": {"file": "{filename}", "ticket": "{rule}:{uuid}", "n": "1"}, "contentEncoding": "gzip", "contentLanguage": "de-CH",
                "encryption": {"type": "aws:kms", "bucketKey": True}, "checksum": {"required": True, "algorithms": list(RECORDS.algorithms)}},
}
EXPECTED = {"pictures": PICTURES, "documents": DOCUMENTS, "everything": EVERYTHING, "records": RECORDS}

# Tenant id → its store, and the prefix of its own where it shares a bucket.
STORES = {
    "aws": {"bucket": "acme-uploads", "region": "eu-west-1"},
    "usa": {"bucket": "acme.dotted.name", "region": "us-east-1"},
    "china": {"bucket": "acme-cn", "region": "cn-north-1"},
    "gov": {"bucket": "acme-gov", "region": "us-gov-west-1"},
    "custom": {"bucket": "custom", "region": "fr-par", "endpoint": "https://s3.store.example:9443"},
    "old": {"bucket": "old-uploads", "region": "us-east-1", "endpoint": "https://old.store.example", "signature": "v2"},
}

WORDS = ["me", "Übersicht", "概要", "🎞", "e\u0301", "\u202egnp", "a b", "..", "/", "\\", '"', "'", "%2F", "~", "$", "{x}", ".", "-", "_", "😀", "ß",
         "\u00a0", "\u2028", "ﬁ", "İ"]


def text(pick: random.Random, most: int) -> str:
    """Text that a person could type: no controls, never empty."""
    parts = [pick.choice(WORDS) if pick.random() < 0.5 else chr(pick.choice(
        [pick.randrange(0x21, 0x7F), pick.randrange(0xA1, 0x2000), pick.randrange(0x3041, 0x9FFF), pick.randrange(0x1F300, 0x1F600)]))
        for _ in range(pick.randrange(1, 12))]
    made = "".join(each for each in "".join(parts) if unicodedata.category(each) not in ("Cc", "Cs", "Cn", "Zl", "Zp"))
    while len(made.encode()) > most:
        made = made[:-1]
    # What a store would expand, or a reader of metadata decode, is refused.
    return re.sub(r"\$+{", "{", made).replace("=?", "=") or "x"


def segment(user: str) -> str:
    """{user} as the design says: what is not [A-Za-z0-9_-] or a dot becomes ~XX; a name of dots alone is encoded whole."""
    kept = "" if not user.strip(".") else "."
    return "".join(chr(byte) if re.fullmatch(r"[A-Za-z0-9_-]", chr(byte)) or chr(byte) in kept and byte < 128 else f"~{byte:02X}"
                   for byte in user.encode())


def wish(pick: random.Random, rule: str) -> dict:
    """A random request that the rule admits."""
    expected = EXPECTED[rule]
    wish = {"rule": rule, "contentType": pick.choice(expected.types)}
    if pick.random() < 0.6:
        low, high = expected.limits
        wish["size"] = pick.choice([low, high, pick.randint(low, high), pick.randint(low, min(high, 100_000))])
    if pick.random() < 0.7:
        wish["filename"] = text(pick, 150) + pick.choice(["", ".png", ".tar.gz", ".PDF"])
    if expected.algorithms:
        algorithm, length = pick.choice(list(expected.algorithms.items()))
        wish["checksum"] = {"algorithm": pick.choice([algorithm, algorithm.upper()]), "value": base64.b64encode(pick.randbytes(length)).decode()}
    elif expected.checksum or pick.random() < 0.3:
        wish["checksumSHA256"] = base64.b64encode(hashlib.sha256(pick.randbytes(8)).digest()).decode()
    if expected.metadata and pick.random() < 0.5:
        wish["metadata"] = {name: text(pick, 60).strip() or "x" for name in pick.sample(expected.metadata, pick.randint(1, len(expected.metadata)))}
    return wish


class Oracle:
    """botocore, with its clock set to what each ticket says."""

    def __init__(self, store: dict, credentials: Credentials, monkeypatch: pytest.MonkeyPatch):
        self.version = store.get("signature", "v4")
        self.store = store
        self.now = None
        for module in (botocore.auth, botocore.signers):
            monkeypatch.setattr(module, "get_current_datetime", lambda *_, **__: Oracle.clock)
        self.client = boto3.client(
            "s3", region_name=store["region"], endpoint_url=store.get("endpoint"), aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key, aws_session_token=credentials.session_token,
            config=Config(signature_version="s3v4" if self.version == "v4" else "s3", s3={"us_east_1_regional_endpoint": "regional"}))
        given = self.client._request_signer._credentials
        self.auth = (botocore.auth.S3SigV4PostAuth(given, "s3", store["region"]) if self.version == "v4"
                     else botocore.auth.HmacV1PostAuth(given))

    clock = datetime.datetime(2026, 1, 1)

    def presigned(self, ticket: dict, policy: dict, at: datetime.datetime) -> dict:
        """url and fields of botocore's own S3PostPresigner for the same policy."""
        Oracle.clock = at
        own = [condition for condition in policy["conditions"] if not names(condition) & {*SIGNING, "key", "bucket"}]
        fields = {name: value for name, value in ticket["fields"].items() if name.lower() not in (*SIGNING, *UNBOUND, "key")}
        expires_in = int((parsed(policy["expiration"]) - at).total_seconds())
        return self.client.generate_presigned_post(
            self.store["bucket"], ticket["fields"]["key"], Fields=fields, Conditions=copy.deepcopy(own), ExpiresIn=expires_in)

    def signature(self, policy: str, at: datetime.datetime) -> str:
        """botocore's signature over exactly these base64 bytes."""
        Oracle.clock = at
        if self.version == "v2":
            return self.auth.sign_string(policy)
        request = botocore.awsrequest.AWSRequest("POST", "https://x.example/")
        request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
        return self.auth.signature(policy, request)


def parsed(instant: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(instant).astimezone(datetime.timezone.utc).replace(tzinfo=None)


def names(condition) -> set[str]:
    """The field a condition is about, in lower case; empty for content-length-range."""
    if isinstance(condition, dict):
        return {name.lower() for name in condition}
    return set() if condition[0] == "content-length-range" else {condition[1].lstrip("$").lower()}


def canonical(policy: dict) -> list:
    """Conditions with their names in lower case, sorted: botocore spells the signature's fields in lower case."""
    return sorted(
        json.dumps({name.lower(): value for name, value in each.items()} if isinstance(each, dict) else each, sort_keys=True)
        for each in policy["conditions"])


def check_one_list(ticket: dict, policy: dict):
    """Every field has exactly one condition with its own name and value, every condition its field; and one range."""
    ranges = [each for each in policy["conditions"] if isinstance(each, list)]
    assert ranges == [["content-length-range", ticket["minSize"], ticket["maxSize"]]]
    bound = [next(iter(each.items())) for each in policy["conditions"] if isinstance(each, dict)]
    assert all(len(each) == 1 for each in policy["conditions"] if isinstance(each, dict))
    free = {"policy", "signature", "awsaccesskeyid"} if "signature" in ticket["fields"] else {"policy", "x-amz-signature"}
    fields = [(name, value) for name, value in ticket["fields"].items() if name.lower() not in free]
    assert sorted(bound) == sorted(fields)
    assert len({name.lower() for name in ticket["fields"]}) == len(ticket["fields"])


def check_form(ticket: dict, oracle: Oracle):
    """Fields, policy and signature are what botocore makes of the same policy."""
    fields = ticket["fields"]
    text_of_policy = fields["Policy" if oracle.version == "v4" else "policy"]
    raw = base64.b64decode(text_of_policy, validate=True)
    policy = json.loads(raw)
    assert list(policy) == ["expiration", "conditions"]
    assert raw.decode() == json.dumps(policy, ensure_ascii=False, separators=(",", ":")), "compact JSON, raw UTF-8, / not escaped"
    check_one_list(ticket, policy)

    at = parsed(ticket["serverTime"])
    if oracle.version == "v4":
        assert fields["X-Amz-Date"] == at.strftime("%Y%m%dT%H%M%SZ")
    assert policy["expiration"] == ticket["expiresAt"]
    assert (parsed(ticket["expiresAt"]) - at).total_seconds() == ticket["expiresIn"]

    theirs = oracle.presigned(ticket, policy, at)
    lower = {name.lower(): value for name, value in fields.items() if name.lower() not in UNBOUND}
    assert lower == {name.lower(): value for name, value in theirs["fields"].items() if name.lower() not in UNBOUND}
    their_policy = json.loads(base64.b64decode(theirs["fields"]["policy"]))
    assert their_policy["expiration"] == policy["expiration"]
    assert canonical(their_policy) == canonical(policy)
    assert fields["X-Amz-Signature" if oracle.version == "v4" else "signature"] == oracle.signature(text_of_policy, at)


def check_ticket(ticket: dict, asked: dict, user: str, oracle: Oracle):
    check_form(ticket, oracle)
    fields = ticket["fields"]
    expected = EXPECTED[asked["rule"]]
    prefix = expected.prefix.replace("{user}", segment(user)).encode()
    key = fields["key"].encode()
    assert key.startswith(prefix) and len(key) > len(prefix) and len(key) <= 1024
    assert re.fullmatch(rb"[A-Za-z0-9~._/-]+", key) and b"//" not in key
    assert not {b".", b".."} & set(key.split(b"/"))
    assert ticket["key"] == fields["key"] and fields["Content-Type"] == asked["contentType"]
    low, high = (asked["size"],) * 2 if "size" in asked else expected.limits
    if expected.at_most:
        low = expected.limits[0]
        check_records(ticket, asked, user)
    assert (ticket["minSize"], ticket["maxSize"]) == (low, high)
    for name, value in asked.get("metadata", {}).items():
        assert fields[f"x-amz-meta-{name}"] == value
    return prefix


def check_records(ticket: dict, asked: dict, user: str):
    """What the server wrote into metadata and tags."""
    fields = ticket["fields"]
    name = re.split(r"[/\\]", asked.get("filename", ""))[-1].strip(" ")
    kind = {"image/png": "png", "text/csv": "csv"}[asked["contentType"]]
    assert fields.get("x-amz-meta-filename", "") == name and fields["x-amz-meta-user"] == user and fields["x-amz-meta-ticket"] == ticket["id"]
    assert fields["x-amz-meta-day"] == ticket["serverTime"][:10] and fields["x-amz-meta-kind"] == "{" + kind + "}"
    assert fields["x-amz-meta-rule"].endswith("/records")
    assert fields["Content-Encoding"] == "gzip" and fields["Content-Language"] == "de-CH"
    assert fields["x-amz-server-side-encryption-bucket-key-enabled"] == "true" and "x-amz-server-side-encryption-aws-kms-key-id" not in fields
    tags = dict(re.findall(r"<Tag><Key>(.*?)</Key><Value>(.*?)</Value></Tag>", fields["tagging"]))
    safe = "".join(each if each in " +-=._:/@" or unicodedata.category(each)[0] == "L" or unicodedata.category(each) in ("Nd", "Nl", "No") else "_"
                   for each in name)
    assert tags == {"file": safe, "ticket": f"records:{ticket['id']}", "n": "1"}
    checksum = asked["checksum"]
    algorithm = checksum["algorithm"].lower()
    assert fields["Content-MD5" if algorithm == "md5" else f"x-amz-checksum-{algorithm}"] == checksum["value"]
    assert fields.get("x-amz-checksum-algorithm", "MD5") == algorithm.upper()


@pytest.fixture(scope="module")
def tenants() -> list[Tenant]:
    algorithms = ["RS256", "ES256", "HS256", "EdDSA", "PS256", "ES384"]
    return [Tenant(id, store=store, rules=RULES, issuers=[Issuer(f"id.{id}", algorithm)], api_keys=[APIKey(id)])
            for (id, store), algorithm in zip(STORES.items(), algorithms, strict=True)]


@pytest.mark.parametrize("kind", ["lasting", "session"])
def test_ten_thousand_tickets_equal_botocore(kind, make_service, tenants, credentials, monkeypatch):
    given = credentials if kind == "lasting" else Credentials(
        "ASIACANARYPOSTERN0002", canaries.secret("canary-session-secret"), canaries.secret("canary-session-token") + "/+=" * 100)
    canaries.add(given.session_token)
    requests = REQUESTS // 2
    pick = random.Random(SEED + len(kind))
    seen: set[str] = set()
    prefixes: dict[bytes, str] = {}
    with make_service(f"oracle-{kind}", tenants, given) as service:
        oracles = {tenant.id: Oracle(tenant.store, given, monkeypatch) for tenant in tenants}
        while len(seen) < requests:
            tenant = pick.choice(tenants)
            user = text(pick, 200)
            by_key = pick.random() < 0.5
            credential = tenant.api_key if by_key else tenant.token(user)
            wishes = [wish(pick, pick.choice(list(RULES))) for _ in range(1 if pick.random() < 0.7 else pick.randint(2, 60))]
            sent = [each | {"user": user} for each in wishes] if by_key else wishes
            for asked, ticket in zip(wishes, ask(service, credential, sent), strict=True):
                prefix = check_ticket(ticket, asked, user, oracles[tenant.id])
                if asked["rule"] == "pictures":
                    assert prefixes.setdefault(prefix, user) == user, "two users share a prefix"
                assert ticket["key"] not in seen
                seen.add(ticket["key"])
                canaries.add_ticket(ticket)
    assert len(seen) >= requests


def ask(service: Service, credential: str, wishes: list[dict]) -> list[dict]:
    """One ticket by itself, more as a batch."""
    if len(wishes) == 1:
        return [service.ticket(credential, **wishes[0])]
    answer = service.post("/v1/tickets/batch", {"tickets": wishes}, credential)
    assert answer.status == 200, answer.body[:500]
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201] * len(wishes), [r for r in results if r["status"] != 201][:3]
    return [result["ticket"] for result in results]


def test_the_address_is_the_stores(make_service, tenants):
    """Partitions, virtual hosts, path style for buckets with dots and for stores of one's own, always with a slash at the end."""
    expected = {
        "aws": "https://acme-uploads.s3.eu-west-1.amazonaws.com/",
        "usa": "https://s3.us-east-1.amazonaws.com/acme.dotted.name/",
        "china": "https://acme-cn.s3.cn-north-1.amazonaws.com.cn/",
        "gov": "https://acme-gov.s3.us-gov-west-1.amazonaws.com/",
        "custom": "https://s3.store.example:9443/custom/",
        "old": "https://old.store.example/old-uploads/",
    }
    with make_service("addresses", tenants) as service:
        given = {tenant.id: service.ticket(tenant.token(), rule="documents", contentType="application/pdf")["url"] for tenant in tenants}
    assert given == expected
