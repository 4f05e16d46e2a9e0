"""Temporary credentials as AWS hands them out, made here and remembered: who signed with which, and were they still alive."""

import datetime
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

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
