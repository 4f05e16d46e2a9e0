"""Signatures of POST forms by a second hand: what the tests compare with, and forms that Postern itself would never make."""

import base64
import datetime
import hashlib
import hmac
import json

from .rgw import Credentials


def v4_key(secret: str, date: str, region: str, service: str = "s3") -> bytes:
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def v4_signature(secret: str, date: str, region: str, policy: str, service: str = "s3") -> str:
    return hmac.new(v4_key(secret, date, region, service), policy.encode(), hashlib.sha256).hexdigest()


def v2_signature(secret: str, policy: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), policy.encode(), hashlib.sha1).digest()).decode()


def instant(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def signed_form(
    fields: list[tuple[str, str]], conditions: list, credentials: Credentials, region: str = "us-east-1", *,
    version: str = "v4", expires_in: float = 300, at: datetime.datetime | None = None, policy: bytes | None = None,
) -> list[tuple[str, str]]:
    """`fields` followed by the signature's own. Conditions for the signature's fields are added; `policy` replaces the whole document."""
    at = at or now()
    signing: list[tuple[str, str]]
    if version == "v4":
        date = at.strftime("%Y%m%d")
        signing = [("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
                   ("X-Amz-Credential", f"{credentials.access_key}/{date}/{region}/s3/aws4_request"),
                   ("X-Amz-Date", at.strftime("%Y%m%dT%H%M%SZ"))]
        if credentials.session_token:
            signing.append(("X-Amz-Security-Token", credentials.session_token))
        conditions = conditions + [{name: value} for name, value in signing]
    else:
        signing = [("AWSAccessKeyId", credentials.access_key)]
        if credentials.session_token:
            signing.append(("x-amz-security-token", credentials.session_token))
            conditions = conditions + [{"x-amz-security-token": credentials.session_token}]
    if policy is None:
        document = {"expiration": instant(at + datetime.timedelta(seconds=expires_in)), "conditions": conditions}
        policy = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text = base64.b64encode(policy).decode()
    if version == "v4":
        return fields + signing + [("Policy", text), ("X-Amz-Signature", v4_signature(credentials.secret_key, date, region, text))]
    return fields + signing + [("policy", text), ("signature", v2_signature(credentials.secret_key, text))]
