"""Temporary credentials as AWS hands them out, made here and remembered: who signed with which, and were they still alive."""

import datetime
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from . import canaries
from .rgw import Credentials


@dataclass(frozen=True)
class Minted(Credentials):
    ends: float = 0  # seconds since 1970
    source: str = ""

    @property
    def expiration(self) -> str:
        return datetime.datetime.fromtimestamp(self.ends, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def document(self) -> dict:
        """As the container endpoint writes them; the metadata service and `credential_process` differ by a member or two."""
        return {"AccessKeyId": self.access_key, "SecretAccessKey": self.secret_key, "Token": self.session_token, "Expiration": self.expiration}


class Mint:
    """All temporary credentials of one scene. `lifetime` is for the next ones, in seconds; `now` is the world's date."""

    def __init__(self, now: Callable[[], float] = time.time, lifetime: float = 3600):
        self.now, self.lifetime = now, lifetime
        self._lock = threading.Lock()
        self.given: dict[str, Minted] = {}

    def make(self, source: str, lifetime: float | None = None) -> Minted:
        made = Minted("ASIA" + secrets.token_hex(8).upper(), canaries.secret("canary-temporary-secret/+"), canaries.secret("canary-session-token/+"),
                      self.now() + (self.lifetime if lifetime is None else lifetime), source)
        with self._lock:
            self.given[made.access_key] = made
        return made

    def of(self, source: str) -> list[Minted]:
        """Those that a source has given, in order."""
        with self._lock:
            return [each for each in self.given.values() if each.source == source]


def assert_signed_by(ticket: dict, credentials: Credentials, region: str = "eu-west-1"):
    """The ticket names these credentials, and botocore makes the same signature with them."""
    fields = ticket["fields"]
    canaries.add_ticket(ticket)
    key, date, *scope = fields["X-Amz-Credential"].split("/")
    assert key == credentials.access_key and scope == [region, "s3", "aws4_request"], fields["X-Amz-Credential"]
    assert fields.get("X-Amz-Security-Token") == credentials.session_token
    request = AWSRequest()
    request.context["timestamp"] = fields["X-Amz-Date"]
    auth = SigV4Auth(BotocoreCredentials(credentials.access_key, credentials.secret_key), "s3", region)
    assert fields["X-Amz-Date"].startswith(date) and auth.signature(fields["Policy"], request) == fields["X-Amz-Signature"]


def access_key(ticket: dict) -> str:
    return ticket["fields"]["X-Amz-Credential"].partition("/")[0]
