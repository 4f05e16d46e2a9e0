"""Forms that a store must judge, accepted and refused, each with what the documentation of Amazon S3 says of it.

`accepted` and `code` are S3's word. `rgw_differs` says why Ceph RGW 16.2 accepts what S3 refuses or the other way round, and
`rgw_code` is RGW's error code where it has another: together with RGW_CODES below this IS the list of RGW's differences.
"""

import base64
import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass

from harness.form import File
from harness.rgw import Credentials
from harness.signing import instant, now, signed_form, v4_signature

Fields = list[tuple[str, str]]


@dataclass
class Case:
    name: str
    make: Callable[["Maker"], Fields]
    accepted: bool
    code: str | None = None
    file: File | None = None
    after: Fields = ()
    bucket: str | None = None
    rgw_differs: str | None = None
    rgw_code: str | None = None

    def __str__(self):
        return self.name


class Maker:
    """Makes forms for a bucket with an access key, or with short-lived credentials; all of one instant."""

    def __init__(self, bucket: str, other_bucket: str, credentials: Credentials, temporary: Credentials, region: str):
        self.bucket, self.other_bucket = bucket, other_bucket
        self.credentials, self.temporary, self.region = credentials, temporary, region
        self.at = now()

    key = "cases/a.png"

    def base(self) -> Fields:
        return [("key", self.key), ("bucket", self.bucket), ("Content-Type", "image/png")]

    def sign(self, fields: Fields, conditions: list, **more) -> Fields:
        return signed_form(fields, conditions, more.pop("credentials", self.credentials), self.region, at=self.at, **more)

    def plain(self, *extra: tuple[str, str], limits=(1, 100), conditions: list = (), unbound: Fields = (), **more) -> Fields:
        """Each field bound by its own condition, then `conditions`; `unbound` fields have none."""
        fields = self.base() + list(extra)
        bound = [{name: value} for name, value in fields] + list(conditions)
        if limits:
            bound.append(["content-length-range", *limits])
        return self.sign(fields + list(unbound), bound, **more)

    def document(self, policy: str | bytes | dict, fields: Fields | None = None) -> Fields:
        """A form with exactly this policy, correctly signed; the signature's fields are bound if it is a dictionary."""
        fields = self.base() if fields is None else fields
        if isinstance(policy, dict):
            policy = json.dumps(policy | {"conditions": policy["conditions"] + self.signature_conditions()}, ensure_ascii=False)
        return self.sign(fields, [], policy=policy.encode() if isinstance(policy, str) else policy)

    def signature_conditions(self) -> list[dict[str, str]]:
        return [{"X-Amz-Algorithm": "AWS4-HMAC-SHA256"},
                {"X-Amz-Credential": f"{self.credentials.access_key}/{self.at:%Y%m%d}/{self.region}/s3/aws4_request"},
                {"X-Amz-Date": f"{self.at:%Y%m%dT%H%M%SZ}"}]

    def bound(self) -> list[dict[str, str]]:
        return [{name: value} for name, value in self.base()]

    def soon(self) -> str:
        return instant(self.at + datetime.timedelta(minutes=5))


def replace(form: Fields, name: str, value: str) -> Fields:
    return [(each, value if each.lower() == name.lower() else old) for each, old in form]


def without(form: Fields, name: str) -> Fields:
    return [(each, value) for each, value in form if each.lower() != name.lower()]


# RGW has one code for all that concerns the signature, and one for all that concerns the document.
RGW_CODES = {
    "SignatureDoesNotMatch": "AccessDenied",
    "InvalidAccessKeyId": "AccessDenied",
    "InvalidToken": "AccessDenied",
    "InvalidPolicyDocument": "InvalidArgument",
}


def value_of(form: Fields, name: str) -> str:
    return next(value for each, value in form if each.lower() == name.lower())


def flip(text: str) -> str:
    """Another last character, of the same alphabet."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def stretched(form: Fields) -> Fields:
    """The policy allows a larger file, the signature is the old one."""
    policy = base64.b64decode(value_of(form, "policy")).replace(b",1,100]", b",1,999]")
    return replace(form, "policy", base64.b64encode(policy).decode())


def resigned(maker: Maker, policy: str) -> Fields:
    """A form whose Policy field is this text, correctly signed."""
    form = replace(maker.plain(), "Policy", policy)
    return replace(form, "X-Amz-Signature", v4_signature(maker.credentials.secret_key, f"{maker.at:%Y%m%d}", maker.region, policy))


def capitals(form: Fields) -> Fields:
    return replace(form, "X-Amz-Signature", value_of(form, "X-Amz-Signature").upper())


def ascii_policy(maker: Maker, key: str) -> bytes:
    """A policy for a key, with everything beyond ASCII as \\u escapes."""
    conditions = [{"key": key}, {"bucket": maker.bucket}] + maker.signature_conditions()
    return json.dumps({"expiration": maker.soon(), "conditions": conditions}).encode()


def scoped(maker: Maker, service: str = "s3", days: int = 0) -> Fields:
    """A form whose credential scope names another service or day, correctly signed for that scope."""
    at = maker.at
    date = f"{at + datetime.timedelta(days=days):%Y%m%d}"
    fields = maker.base() + [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", f"{maker.credentials.access_key}/{date}/{maker.region}/{service}/aws4_request"),
        ("X-Amz-Date", f"{at:%Y%m%dT%H%M%SZ}")]
    document = {"expiration": maker.soon(), "conditions": [{name: value} for name, value in fields]}
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    signature = v4_signature(maker.credentials.secret_key, date, maker.region, policy, service)
    return fields + [("Policy", policy), ("X-Amz-Signature", signature)]


TAGS = "<Tagging><TagSet><Tag><Key>album</Key><Value>2026</Value></Tag></TagSet></Tagging>"


def accepted(name: str, make: Callable[[Maker], Fields], **more) -> Case:
    return Case(name, make, True, **more)


def refused(name: str, code: str, make: Callable[[Maker], Fields], **more) -> Case:
    return Case(name, make, False, code, **more)


ACCEPTED = [
    accepted("every field bound by one object condition", lambda m: m.plain()),
    accepted("conditions as eq arrays", lambda m: m.sign(m.base(), [["eq", f"${name}", value] for name, value in m.base()])),
    accepted("key bound by its prefix", lambda m: m.sign(
        m.base(), [["starts-with", "$key", "cases/"], {"bucket": m.bucket}, {"Content-Type": "image/png"}])),
    accepted("content type bound by its prefix", lambda m: m.sign(
        m.base(), [{"key": m.key}, {"bucket": m.bucket}, ["starts-with", "$Content-Type", "image/"]])),
    accepted("metadata bound by the empty prefix", lambda m: m.plain(
        unbound=[("x-amz-meta-tag", "anything")], conditions=[["starts-with", "$x-amz-meta-tag", ""]])),
    accepted("a file of exactly the one allowed size", lambda m: m.plain(limits=(12, 12)), file=File(b"x" * 12)),
    accepted("a file at the lower bound", lambda m: m.plain(limits=(5, 100)), file=File(b"x" * 5)),
    accepted("a file at the upper bound", lambda m: m.plain(limits=(5, 100)), file=File(b"x" * 100)),
    accepted("an empty file where zero bytes are allowed", lambda m: m.plain(limits=(0, 100)), file=File(b"")),
    accepted("no content-length-range", lambda m: m.plain(limits=None)),
    accepted("the bucket is bound but not sent as a field", lambda m: m.sign(
        without(m.base(), "bucket"), [{"key": m.key}, {"bucket": m.bucket}, {"Content-Type": "image/png"}])),
    accepted("condition names in other case", lambda m: m.sign(
        m.base(), [{"KEY": m.key}, {"Bucket": m.bucket}, ["eq", "$content-type", "image/png"]])),
    accepted("field names in other case", lambda m: m.sign(
        [("Key", m.key), ("BUCKET", m.bucket), ("content-type", "image/png")], m.bound())),
    accepted("an x-ignore field needs no condition", lambda m: m.plain(unbound=[("x-ignore-me", "1")])),
    accepted("acl", lambda m: m.plain(("acl", "public-read"))),
    accepted("status 200", lambda m: m.plain(("success_action_status", "200"))),
    accepted("status 201", lambda m: m.plain(("success_action_status", "201"))),
    accepted("status 204", lambda m: m.plain(("success_action_status", "204"))),
    accepted("an unknown status means 204", lambda m: m.plain(("success_action_status", "418"))),
    accepted("redirect", lambda m: m.plain(("success_action_redirect", "http://127.0.0.1/done"))),
    accepted("metadata beyond ASCII", lambda m: m.plain(("x-amz-meta-title", "Übersicht — 概要 🎞"))),
    accepted("a key beyond ASCII", lambda m: m.sign(
        [("key", "cases/é 概要🎞.png"), ("bucket", m.bucket)], [{"key": "cases/é 概要🎞.png"}, {"bucket": m.bucket}])),
    accepted("a key with quotes and backslashes", lambda m: m.sign(
        [("key", 'cases/"a"\\b.png'), ("bucket", m.bucket)], [{"key": 'cases/"a"\\b.png'}, {"bucket": m.bucket}])),
    accepted("cache control and content disposition", lambda m: m.plain(
        ("Cache-Control", "max-age=60"), ("Content-Disposition", "attachment; filename*=UTF-8''%C3%A9.png"))),
    accepted("storage class", lambda m: m.plain(("x-amz-storage-class", "STANDARD_IA"))),
    accepted("tagging", lambda m: m.plain(("tagging", TAGS))),
    accepted("server-side encryption", lambda m: m.plain(("x-amz-server-side-encryption", "AES256"))),
    accepted("fields behind the file are ignored", lambda m: m.plain(), after=[("acl", "public-read")]),
    accepted("a file part without a content type", lambda m: m.plain(), file=File(b"x", content_type=None)),
    accepted("expiration with milliseconds", lambda m: m.document(
        {"expiration": m.soon().replace("Z", ".000Z"), "conditions": m.bound()})),
    accepted("the same condition twice", lambda m: m.plain(conditions=[{"key": m.key}])),
    accepted("two conditions on one field that both hold", lambda m: m.plain(conditions=[["starts-with", "$key", "cases/"]])),
    accepted("escapes in the policy", lambda m: m.document(
        json.dumps({"expiration": m.soon(), "conditions": m.bound() + m.signature_conditions()})
        .replace("cases/a.png", "cases\\/\\u0061.png"))),
    accepted("blanks and line ends in the policy", lambda m: m.document(
        json.dumps({"expiration": m.soon(), "conditions": m.bound() + m.signature_conditions()}, indent=3).replace("\n", "\r\n"))),
    accepted("\\u escapes beyond ASCII in the policy", lambda m: m.sign(
        [("key", "cases/é.png"), ("bucket", m.bucket)], [], policy=ascii_policy(m, "cases/é.png"))),
    accepted("an emoji as a surrogate pair in the policy", lambda m: m.sign(
        [("key", "cases/🎞.png"), ("bucket", m.bucket)], [], policy=ascii_policy(m, "cases/🎞.png")),
        rgw_differs="RGW does not join surrogate pairs", rgw_code="AccessDenied"),
    accepted("a list of content types under one prefix", lambda m: m.sign(
        [("key", m.key), ("bucket", m.bucket), ("Content-Type", "image/png,image/gif")],
        [{"key": m.key}, {"bucket": m.bucket}, ["starts-with", "$Content-Type", "image/"]])),
    accepted("a key of 1024 bytes", lambda m: m.sign(
        [("key", "k" * 1024), ("bucket", m.bucket)], [{"key": "k" * 1024}, {"bucket": m.bucket}])),
    accepted("SigV2", lambda m: m.plain(version="v2")),
    accepted("SigV4 with a session token", lambda m: m.plain(credentials=m.temporary)),
    accepted("SigV2 with a session token", lambda m: m.plain(credentials=m.temporary, version="v2")),
    accepted("${filename} becomes the file's name", lambda m: m.sign(
        [("key", "cases/${filename}"), ("bucket", m.bucket)], [["starts-with", "$key", "cases/"], {"bucket": m.bucket}])),
]

REFUSED = [
    # the file
    refused("a byte over the range", "EntityTooLarge", lambda m: m.plain(limits=(1, 100)), file=File(b"x" * 101)),
    refused("a byte under the range", "EntityTooSmall", lambda m: m.plain(limits=(10, 100)), file=File(b"x" * 9)),
    refused("a byte more than the one allowed size", "EntityTooLarge", lambda m: m.plain(limits=(12, 12)), file=File(b"x" * 13)),
    refused("a byte less than the one allowed size", "EntityTooSmall", lambda m: m.plain(limits=(12, 12)), file=File(b"x" * 11)),
    refused("an empty file", "EntityTooSmall", lambda m: m.plain(limits=(1, 100)), file=File(b"")),
    # fields against conditions
    refused("another content type", "AccessDenied", lambda m: replace(m.plain(), "Content-Type", "image/svg+xml")),
    refused("a content type of other case", "AccessDenied", lambda m: replace(m.plain(), "Content-Type", "Image/PNG")),
    refused("the bound content type is not sent", "AccessDenied", lambda m: without(m.plain(), "Content-Type")),
    refused("another key", "AccessDenied", lambda m: replace(m.plain(), "key", "cases/b.png")),
    refused("a key of other case", "AccessDenied", lambda m: replace(m.plain(), "key", "Cases/a.png")),
    refused("a key outside the prefix", "AccessDenied", lambda m: m.sign(
        [("key", "case/a.png"), ("bucket", m.bucket)], [["starts-with", "$key", "cases/"], {"bucket": m.bucket}])),
    refused("a key with the prefix in other case", "AccessDenied", lambda m: m.sign(
        [("key", "CASES/a.png"), ("bucket", m.bucket)], [["starts-with", "$key", "cases/"], {"bucket": m.bucket}])),
    refused("the same text in another Unicode form", "AccessDenied", lambda m: m.sign(
        [("key", "cases/e\u0301.png"), ("bucket", m.bucket)], [{"key": "cases/\u00e9.png"}, {"bucket": m.bucket}])),
    refused("${filename} in the key, when the name leaves the prefix", "AccessDenied", lambda m: m.sign(
        [("key", "${filename}"), ("bucket", m.bucket)], [["starts-with", "$key", "cases/"], {"bucket": m.bucket}])),
    refused("one of two conditions on a field fails", "AccessDenied", lambda m: m.plain(conditions=[["starts-with", "$key", "other/"]])),
    refused("an extra acl", "AccessDenied", lambda m: m.plain(unbound=[("acl", "public-read")])),
    refused("extra metadata", "AccessDenied", lambda m: m.plain(unbound=[("x-amz-meta-extra", "1")])),
    refused("an extra Cache-Control", "AccessDenied", lambda m: m.plain(unbound=[("Cache-Control", "no-cache")])),
    refused("an extra storage class", "AccessDenied", lambda m: m.plain(unbound=[("x-amz-storage-class", "STANDARD_IA")])),
    refused("an extra redirect", "AccessDenied", lambda m: m.plain(unbound=[("success_action_redirect", "http://127.0.0.1/")])),
    refused("an extra status", "AccessDenied", lambda m: m.plain(unbound=[("success_action_status", "201")])),
    refused("an extra tagging", "AccessDenied", lambda m: m.plain(unbound=[("tagging", TAGS)])),
    refused("an extra field of any name", "AccessDenied", lambda m: m.plain(unbound=[("colour", "red")])),
    refused("bound metadata is not sent", "AccessDenied", lambda m: without(m.plain(("x-amz-meta-a", "1")), "x-amz-meta-a")),
    refused("bound metadata with another value", "AccessDenied", lambda m: replace(m.plain(("x-amz-meta-a", "1")), "x-amz-meta-a", "2")),
    refused("a bound acl with another value", "AccessDenied", lambda m: replace(m.plain(("acl", "private")), "acl", "public-read")),
    refused("another bucket's address", "AccessDenied", lambda m: m.plain(), bucket="other"),
    refused("a policy for another bucket", "AccessDenied", lambda m: m.sign(
        without(m.base(), "bucket"), [{"key": m.key}, {"bucket": m.other_bucket}, {"Content-Type": "image/png"}])),
    # time
    refused("after the expiration", "AccessDenied", lambda m: m.plain(expires_in=-1)),
    refused("long after the expiration", "AccessDenied", lambda m: m.plain(expires_in=-86400 * 400)),
    refused("no expiration", "InvalidPolicyDocument", lambda m: m.document({"conditions": m.bound()})),
    refused("an expiration that is no date", "InvalidPolicyDocument", lambda m: m.document(
        {"expiration": "tomorrow", "conditions": m.bound()})),
    refused("an empty expiration", "InvalidPolicyDocument", lambda m: m.document({"expiration": "", "conditions": m.bound()})),
    refused("an expiration without a zone", "InvalidPolicyDocument", lambda m: m.document(
        {"expiration": m.soon().removesuffix("Z"), "conditions": m.bound()}),
        rgw_differs="RGW reads a time without a zone as UTC"),
    refused("an expiration with an offset", "InvalidPolicyDocument", lambda m: m.document(
        {"expiration": m.soon().replace("Z", "+00:00"), "conditions": m.bound()})),
    refused("an expiration that never comes", "InvalidPolicyDocument", lambda m: m.document(
        {"expiration": "2031-02-30T25:61:61Z", "conditions": m.bound()})),
    refused("an expiration that is a number", "InvalidPolicyDocument", lambda m: m.document(
        {"expiration": 4102444800, "conditions": m.bound()})),
    # the signature
    refused("a tampered policy", "SignatureDoesNotMatch", lambda m: stretched(m.plain())),
    refused("a tampered signature", "SignatureDoesNotMatch", lambda m: replace(
        m.plain(), "X-Amz-Signature", flip(value_of(m.plain(), "X-Amz-Signature")))),
    refused("an empty signature", "InvalidArgument", lambda m: replace(m.plain(), "X-Amz-Signature", ""), rgw_code="AccessDenied"),
    refused("half a signature", "SignatureDoesNotMatch", lambda m: replace(
        m.plain(), "X-Amz-Signature", value_of(m.plain(), "X-Amz-Signature")[:32])),
    refused("signed with another secret", "SignatureDoesNotMatch", lambda m: m.plain(
        credentials=Credentials(m.credentials.access_key, "another secret"))),
    refused("an unknown access key", "InvalidAccessKeyId", lambda m: m.plain(credentials=Credentials("AKIAUNKNOWN", "secret"))),
    refused("SigV2: a tampered policy", "SignatureDoesNotMatch", lambda m: stretched(m.plain(version="v2"))),
    refused("SigV2: a tampered signature", "SignatureDoesNotMatch", lambda m: replace(
        m.plain(version="v2"), "signature", "AAAA" + value_of(m.plain(version="v2"), "signature")[4:])),
    refused("SigV2: an unknown access key", "InvalidAccessKeyId", lambda m: m.plain(
        credentials=Credentials("AKIAUNKNOWN", "secret"), version="v2")),
    refused("a session token that is not the key's", "InvalidToken", lambda m: m.plain(
        credentials=Credentials(m.temporary.access_key, m.temporary.secret_key, "bm90IGEgdG9rZW4="))),
    refused("short-lived credentials without their token", "InvalidAccessKeyId", lambda m: m.plain(
        credentials=Credentials(m.temporary.access_key, m.temporary.secret_key))),
    refused("the session token changed after signing", "InvalidToken", lambda m: replace(
        m.plain(credentials=m.temporary), "X-Amz-Security-Token", flip(m.temporary.session_token))),
    # fields that a form must have
    refused("no key", "InvalidArgument", lambda m: without(m.sign(m.base(), [{"bucket": m.bucket}, {"Content-Type": "image/png"}]), "key")),
    refused("no signature field", "InvalidArgument", lambda m: without(m.plain(), "X-Amz-Signature")),
    refused("no policy, so nobody's form", "AccessDenied", lambda m: m.base()),
    refused("no credential field", "InvalidArgument", lambda m: without(m.plain(), "X-Amz-Credential")),
    refused("no date field", "InvalidArgument", lambda m: without(m.plain(), "X-Amz-Date")),
    refused("no algorithm field", "InvalidArgument", lambda m: without(m.plain(), "X-Amz-Algorithm")),
    refused("SigV2: no access key", "InvalidArgument", lambda m: without(m.plain(version="v2"), "AWSAccessKeyId")),
    refused("another algorithm", "InvalidRequest", lambda m: replace(m.plain(), "X-Amz-Algorithm", "AWS4-HMAC-SHA1"),
        rgw_code="InvalidArgument"),
    refused("a credential without a scope", "InvalidArgument", lambda m: replace(m.plain(), "X-Amz-Credential", m.credentials.access_key),
        rgw_code="AccessDenied"),
    refused("the signature's own fields are not bound", "AccessDenied", lambda m: m.document(
        json.dumps({"expiration": m.soon(), "conditions": m.bound()}))),
    refused("the bucket field is not bound", "AccessDenied", lambda m: m.sign([("key", m.key), ("bucket", m.bucket)], [{"key": m.key}])),
    refused("a signature in capitals", "SignatureDoesNotMatch", lambda m: capitals(m.plain())),
    refused("a scope of another service", "InvalidArgument", lambda m: scoped(m, service="ec2"),
        rgw_differs="RGW does not look at the scope's service"),
    refused("a scope of another day", "InvalidArgument", lambda m: scoped(m, days=-3),
        rgw_differs="RGW does not compare the scope's date with X-Amz-Date"),
    # limits
    refused("a key of 1025 bytes", "KeyTooLongError", lambda m: m.sign(
        [("key", "k" * 1025), ("bucket", m.bucket)], [{"key": "k" * 1025}, {"bucket": m.bucket}]),
        rgw_differs="RGW stores longer keys that come by a form"),
    refused("a list of content types, one outside the prefix", "AccessDenied", lambda m: m.sign(
        [("key", m.key), ("bucket", m.bucket), ("Content-Type", "image/png,text/html")],
        [{"key": m.key}, {"bucket": m.bucket}, ["starts-with", "$Content-Type", "image/"]]),
        rgw_differs="RGW compares the list as one text"),
    # the document
    refused("a policy that is not base64", "InvalidPolicyDocument", lambda m: resigned(m, "{not base64}")),
    refused("an empty policy", "InvalidArgument", lambda m: resigned(m, "")),
    refused("a policy that is not JSON", "InvalidPolicyDocument", lambda m: m.document("expiration: tomorrow")),
    refused("a policy that is an array", "InvalidPolicyDocument", lambda m: m.document("[]")),
    refused("a policy cut short", "InvalidPolicyDocument", lambda m: m.document(
        json.dumps({"expiration": m.soon(), "conditions": m.bound() + m.signature_conditions()})[:-1])),
    refused("no conditions", "InvalidPolicyDocument", lambda m: m.document(json.dumps({"expiration": m.soon()}))),
    refused("conditions that are an object", "InvalidPolicyDocument", lambda m: m.document(
        json.dumps({"expiration": m.soon(), "conditions": {"key": m.key}}))),
    refused("an empty list of conditions", "AccessDenied", lambda m: m.document(json.dumps({"expiration": m.soon(), "conditions": []}))),
    refused("an unknown operator", "InvalidPolicyDocument", lambda m: m.plain(conditions=[["ends-with", "$key", ".png"]])),
    refused("an operator with too few parts", "InvalidPolicyDocument", lambda m: m.plain(conditions=[["eq", "$key"]])),
    refused("an operator with too many parts", "InvalidPolicyDocument", lambda m: m.plain(conditions=[["eq", "$key", m.key, "more"]])),
    refused("a condition that is a string", "InvalidPolicyDocument", lambda m: m.plain(conditions=["key"])),
    refused("a condition on a nested object", "InvalidPolicyDocument", lambda m: m.plain(conditions=[{"key": {"a": "b"}}]),
        rgw_code="AccessDenied"),
    refused("a condition with two properties", "InvalidPolicyDocument", lambda m: m.sign(
        m.base(), [{"key": m.key, "bucket": m.bucket}, {"Content-Type": "image/png"}]), rgw_code="AccessDenied"),
    refused("a condition without a property", "InvalidPolicyDocument", lambda m: m.plain(conditions=[{}])),
    refused("a condition on a name without $", "AccessDenied", lambda m: m.sign(
        m.base(), [["eq", "key", m.key], {"bucket": m.bucket}, {"Content-Type": "image/png"}])),
    refused("a value that is a number", "InvalidPolicyDocument", lambda m: m.sign(
        m.base() + [("x-amz-meta-n", "5")], m.bound() + [{"x-amz-meta-n": 5}]),
        rgw_differs="RGW compares a number's text"),
    refused("a value that is null", "InvalidPolicyDocument", lambda m: m.sign(
        m.base() + [("x-amz-meta-n", "null")], m.bound() + [{"x-amz-meta-n": None}]),
        rgw_differs="RGW compares the text null"),
    refused("text behind the document", "InvalidPolicyDocument", lambda m: m.document(
        json.dumps({"expiration": m.soon(), "conditions": m.bound() + m.signature_conditions()}) + "x"),
        rgw_differs="RGW stops reading at the closing brace"),
    refused("a range of fractions", "InvalidPolicyDocument", lambda m: m.plain(conditions=[["content-length-range", 1.5, 10.5]])),
    refused("a range of words", "AccessDenied", lambda m: m.plain(conditions=[["content-length-range", "one", "ten"]]),
        rgw_code="InvalidArgument"),
    refused("a range with one end", "InvalidPolicyDocument", lambda m: m.plain(conditions=[["content-length-range", 1]])),
    refused("a range whose ends are swapped", "EntityTooLarge", lambda m: m.plain(limits=(100, 1))),
    refused("the size outside one of two ranges", "EntityTooLarge", lambda m: m.plain(conditions=[["content-length-range", 1, 5]])),
]


CASES = ACCEPTED + REFUSED
