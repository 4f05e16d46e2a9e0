"""Issuers with keys made here, and the tokens they sign."""

import base64
import hashlib
import hmac
import json
import pathlib
import secrets
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact_json(value) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


class Signer:
    """One private key (or secret) with its algorithm: signs bytes, writes the public half."""

    def __init__(self, algorithm: str, kid: str | None = None):
        self.algorithm, self.kid = algorithm, kid
        if algorithm.startswith("HS"):
            self.secret = secrets.token_urlsafe(48).encode()
        elif algorithm.startswith("ES"):
            self.key = ec.generate_private_key({"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}[algorithm]())
        elif algorithm == "EdDSA":
            self.key = ed25519.Ed25519PrivateKey.generate()
        else:
            self.key = rsa.generate_private_key(65537, 2048)

    @property
    def hash(self):
        return {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[self.algorithm[-3:]]()

    def sign(self, data: bytes) -> bytes:
        if self.algorithm.startswith("HS"):
            return hmac.new(self.secret, data, "sha" + self.algorithm[2:]).digest()
        if self.algorithm.startswith("RS"):
            return self.key.sign(data, padding.PKCS1v15(), self.hash)
        if self.algorithm.startswith("PS"):
            return self.key.sign(data, padding.PSS(padding.MGF1(self.hash), self.hash.digest_size), self.hash)
        if self.algorithm == "EdDSA":
            return self.key.sign(data)
        size = (self.key.curve.key_size + 7) // 8
        r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(self.hash)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def jwk(self) -> dict:
        def number(value: int, size: int | None = None) -> str:
            return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))

        public = self.key.public_key()
        jwk = {"use": "sig", "alg": self.algorithm}
        if self.kid is not None:
            jwk["kid"] = self.kid
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return jwk | {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        if isinstance(public, ed25519.Ed25519PublicKey):
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return jwk | {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}
        numbers, size = public.public_numbers(), (public.curve.key_size + 7) // 8
        return jwk | {"kty": "EC", "crv": f"P-{public.curve.key_size}", "x": number(numbers.x, size), "y": number(numbers.y, size)}

    def private_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Issuer:
    """An issuer of a tenant's rule file. Its public keys go to a JWKS file (its secret to a secret file)."""

    def __init__(self, name: str, algorithm: str = "ES256", *, audience: str = "uploads", kid: str | None = "k1", user_claim: str = "sub",
                 tenant_claim: str | None = None, max_lifetime: str | None = None, more: dict | None = None):
        """`more`: further keys of the entry; None leaves one out."""
        self.issuer = f"https://{name}.example"
        self.name, self.audience, self.user_claim, self.tenant_claim, self.max_lifetime = name, audience, user_claim, tenant_claim, max_lifetime
        self.more = more or {}
        self.signer = Signer(algorithm, None if algorithm.startswith("HS") else kid)

    def claims(self, user: str = "u1", **more) -> dict:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.audience, self.user_claim: user, "iat": now, "exp": now + 3600} | more
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, user: str = "u1", *, header: dict | None = None, **more) -> str:
        """A token for `user`; a claim given as None is left out. JSON escapes nothing but what it must."""
        return self.raw_token(compact_json(self.claims(user, **more)), header)

    def raw_token(self, payload: bytes, header: dict | bytes | None = None) -> str:
        """A correctly signed token around any bytes."""
        if not isinstance(header, bytes):
            first = {"alg": self.signer.algorithm, "typ": "JWT"} | ({"kid": self.signer.kid} if self.signer.kid else {})
            header = compact_json({name: value for name, value in (first | (header or {})).items() if value is not None})
        signed = f"{base64url(header)}.{base64url(payload)}"
        return f"{signed}.{base64url(self.signer.sign(signed.encode()))}"

    def write(self, folder: pathlib.Path) -> dict:
        """Writes the key file and returns the issuer's entry of a rule file."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.signer.algorithm.startswith("HS"):
            path = folder / f"{self.name}.secret"
            path.write_bytes(self.signer.secret)
            keys = {"secretFile": str(path)}
        else:
            path = folder / f"{self.name}.jwks.json"
            path.write_text(json.dumps({"keys": [self.signer.jwk()]}))
            keys = {"jwksFile": str(path)}
        entry = {"issuer": self.issuer, "audience": self.audience, "algorithms": [self.signer.algorithm], "keys": keys}
        if self.user_claim != "sub":
            entry["user"] = self.user_claim
        if self.tenant_claim:
            entry["tenantClaim"] = self.tenant_claim
        if self.max_lifetime:
            entry["maxLifetime"] = self.max_lifetime
        return {name: value for name, value in (entry | self.more).items() if value is not None}


class APIKey:
    """`pstn.<tenant>.<id>.<secret>`; the rule file holds only its SHA-256."""

    def __init__(self, tenant: str, id: str = "cms", **more):
        self.id, self.more = id, more
        self.text = f"pstn.{tenant}.{id}.{secrets.token_urlsafe(32)}"

    def entry(self) -> dict:
        return {"id": self.id, "sha256": hashlib.sha256(self.text.encode()).hexdigest()} | self.more
