"""A fake identity provider: OpenID Connect discovery and a key set that rotates, over HTTP or TLS."""

import json
import pathlib
import time
from collections.abc import Callable

from .certificates import Certificate
from .loopback import LoopbackServer, Reply, Request
from .tokens import Issuer, Signer

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"


class IdentityProvider(LoopbackServer):
    """Publishes the public halves of `published`, and signs with `signer`. Its issuer is its own URL."""

    def __init__(self, certificate: Certificate | None = None, algorithm: str = "ES256", kid: str = "k1"):
        super().__init__(certificate)
        self.algorithm = algorithm
        self.signer = Signer(algorithm, kid)
        self.published = [self.signer]
        self.cache_control: str | None = None
        self.told_issuer: str | None = None  # another issuer than its own, in the discovery document

    @property
    def issuer(self) -> str:
        return self.url

    @property
    def keys_url(self) -> str:
        return self.url + KEYS

    @property
    def key_set(self) -> dict:
        return {"keys": [signer.jwk() for signer in self.published]}

    @property
    def configuration(self) -> dict:
        return {"issuer": self.told_issuer or self.issuer, "jwks_uri": self.keys_url, "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": [self.algorithm]}

    def rotate(self, kid: str) -> Signer:
        """A new key is published beside the others and signs from now on; returns the one that signed until now."""
        before, self.signer = self.signer, Signer(self.algorithm, kid)
        self.published = [*self.published, self.signer]
        return before

    def retire(self, signer: Signer):
        self.published = [each for each in self.published if each is not signer]

    def key_requests(self) -> list[Request]:
        return self.asked(KEYS)

    def reply(self, request: Request) -> Reply:
        if request.method != "GET":
            return Reply(405)
        headers = {"Cache-Control": self.cache_control} if self.cache_control else {}
        if request.path == DISCOVERY:
            return Reply.of_json(self.configuration, **headers)
        if request.path == KEYS:
            return Reply.of_json(self.key_set, **headers)
        return Reply(404)


class RemoteIssuer(Issuer):
    """A tenant's issuer whose keys Postern fetches from a provider: `source` is `jwks` or `discovery`."""

    def __init__(self, provider: IdentityProvider, source: str = "jwks", *, authority: pathlib.Path | None = None, audience: str = "uploads",
                 now: Callable[[], float] = time.time, tenant_claim: str | None = None):
        self.provider, self.source, self.authority, self.now = provider, source, authority, now
        self.issuer, self.audience = provider.issuer, audience
        self.name, self.user_claim, self.tenant_claim = f"provider-{provider.port}", "sub", tenant_claim

    @property
    def signer(self) -> Signer:
        return self.provider.signer

    def claims(self, user: str = "u1", **more) -> dict:
        now = int(self.now())
        return super().claims(user, **({"iat": now, "exp": now + 3600} | more))

    def token(self, user: str = "u1", *, signer: Signer | None = None, header: dict | None = None, **more) -> str:
        """As the provider signs, or with another of its keys."""
        if signer is None or signer is self.signer:
            return super().token(user, header=header, **more)
        signing, self.provider.signer = self.provider.signer, signer
        try:
            return super().token(user, header=header, **more)
        finally:
            self.provider.signer = signing

    def write(self, folder: pathlib.Path) -> dict:
        keys: dict = {"jwks": self.provider.keys_url} if self.source == "jwks" else {"discovery": True}
        if self.authority:
            keys["caFile"] = str(self.authority)
        entry = {"issuer": self.issuer, "audience": self.audience, "algorithms": [self.provider.algorithm], "keys": keys}
        if self.tenant_claim:
            entry["tenantClaim"] = self.tenant_claim
        return entry


def another_answer(path: str, value) -> Callable[[Request], Reply | None]:
    """A fault: this JSON in place of the right one, at one path."""
    return lambda request: Reply(200, json.dumps(value).encode(), {"Content-Type": "application/json"}) if request.path == path else None
