"""Tokens shaped like those of each provider on docs/identity-providers.md, against the very entries of the page."""

import copy
import json
import pathlib
import re
import time
from dataclasses import dataclass, field

import pytest
import yaml

from harness.identity_provider import IdentityProvider
from harness.tenant import Tenant, to_yaml
from harness.tokens import Issuer, Signer, base64url, compact_json
from harness.waiting import until

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "identity-providers.md"
PNG = {"contentType": "image/png"}
USER = "f02e8c1a-0b7d-4c55-9f3e-2b1d6f0c7a11"
DIRECTORY = "9188040d-6c67-4c5b-b112-36a304b66dad"


def entries() -> dict[str, tuple[bool, list[dict]]]:
    """By heading: whether the entries are service-wide, and the entries."""
    found = {}
    for section in re.split(r"^## ", PAGE.read_text(), flags=re.M)[1:]:
        heading = section.partition("\n")[0]
        [block] = re.findall(r"```yaml\n(.*?)```", section, flags=re.S)
        document = yaml.safe_load(block)
        found[heading] = ("issuers" in document, document["issuers"] if "issuers" in document else document["auth"]["issuers"])
    return found


ENTRIES = entries()


@dataclass
class Shape:
    """The claims of a provider's token besides `iss` and the times."""
    claims: dict
    user: str = USER
    scopes: list[str] = field(default_factory=list)
    # The value of the tenant claim that the tenant has as its alias.
    alias: str | None = None
    # What stands for the placeholder of the issuer.
    placeholder: dict = field(default_factory=dict)


COGNITO = {"sub": USER, "username": "jo", "jti": "a", "origin_jti": "b", "event_id": "c", "auth_time": 1}
ENTRA = {"aio": "x", "azp": "client", "azpacr": "0", "name": "Jo", "oid": USER, "preferred_username": "jo@acme.example", "rh": "x", "scp": "Uploads.Write User.Read",
         "roles": ["Uploader"], "sub": "pairwise", "uti": "x"}
KEYCLOAK = {"jti": "x", "aud": "account", "sub": USER, "typ": "Bearer", "azp": "web", "sid": "x", "acr": "1", "scope": "openid email",
            "realm_access": {"roles": ["uploader", "offline_access"]}, "resource_access": {"account": {"roles": ["view-profile"]}},
            "email_verified": False, "preferred_username": "jo"}
SUPABASE = {"aud": "authenticated", "sub": USER, "email": "jo@acme.example", "role": "authenticated", "aal": "aal1", "session_id": "x", "is_anonymous": False,
            "app_metadata": {"provider": "email", "providers": ["email"]}, "user_metadata": {}}
FIREBASE = {"auth_time": 1, "user_id": USER, "sub": USER, "email_verified": True, "firebase": {"identities": {}, "sign_in_provider": "password"}}
CLERK = {"azp": "https://app.acme.example", "fva": [0, -1], "nbf": 1, "sid": "sess_2", "sts": "active", "sub": "user_2abc", "v": 2}
AUTH0 = {"sub": "auth0|65f0c1", "aud": ["https://uploads.acme.example", "https://acme.eu.auth0.com/userinfo"], "azp": "client", "scope": "openid profile",
         "permissions": ["uploads:write"]}

SHAPES = {
    "Auth0": Shape(AUTH0, "auth0|65f0c1", ["openid", "profile", "uploads:write"]),
    "Auth0 Organizations": Shape(AUTH0 | {"org_id": "org_9ybsU1dN2dKfDkBi"}, "auth0|65f0c1", alias="org_9ybsU1dN2dKfDkBi"),
    "Okta": Shape({"ver": 1, "jti": "AT.x", "aud": "api://default", "cid": "client", "uid": "00u1abc", "scp": ["uploads"], "sub": "jo@acme.example"},
                  "00u1abc", ["uploads"]),
    "Cognito, access token": Shape(COGNITO | {"client_id": "5bsjlins3936h9gvpi0c24ah5b", "token_use": "access", "scope": "uploads/write",
                                              "cognito:groups": ["uploaders"]}, scopes=["uploads/write", "uploaders"]),
    "Cognito, ID token": Shape(COGNITO | {"aud": "1example23456789", "token_use": "id", "cognito:username": "jo"}),
    "Microsoft Entra ID, one directory": Shape(
        ENTRA | {"aud": "6731de76-14a6-49ae-97bc-6eba6914391e", "tid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "ver": "2.0"},
        scopes=["Uploads.Write", "User.Read", "Uploader"]),
    "Microsoft Entra ID, v1.0 token": Shape(
        ENTRA | {"aud": "api://6731de76-14a6-49ae-97bc-6eba6914391e", "tid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "ver": "1.0"}),
    "Microsoft Entra ID, many directories": Shape(ENTRA | {"aud": "c7a1e5d0-2f4b-4d0e-8a57-90d4f1c2ab33", "tid": DIRECTORY, "ver": "2.0"}, alias=DIRECTORY,
                                                  placeholder={"tid": DIRECTORY}),
    "Keycloak": Shape(KEYCLOAK, scopes=["openid", "email", "uploader", "offline_access"]),
    "Google": Shape({"azp": "111222333-abc.apps.googleusercontent.com", "aud": "111222333-abc.apps.googleusercontent.com", "sub": "110169484474386276334",
                     "hd": "acme.example", "email": "jo@acme.example", "email_verified": True, "nonce": "x"}, "110169484474386276334"),
    "Firebase": Shape(FIREBASE | {"aud": "acme-project"}),
    "Firebase, multi-tenancy": Shape(FIREBASE | {"aud": "acme-platform", "firebase": {"sign_in_provider": "password", "tenant": "acme-x7f2q"}}, alias="acme-x7f2q"),
    "Supabase": Shape(SUPABASE),
    "Clerk": Shape(CLERK, "user_2abc"),
    "Clerk Organizations": Shape(CLERK | {"azp": "https://app.platform.example", "o": {"id": "org_2xyz", "slg": "acme", "rol": "admin"}}, "user_2abc", alias="org_2xyz"),
    "Apple": Shape({"aud": "com.acme.app", "sub": "001234.abcdef.5678", "c_hash": "x", "email_verified": "true", "auth_time": 1, "nonce_supported": True},
                   "001234.abcdef.5678"),
    "Kubernetes": Shape({"aud": ["uploads"], "sub": "system:serviceaccount:apps:uploader",
                         "kubernetes.io": {"namespace": "apps", "pod": {"name": "x", "uid": "y"}, "serviceaccount": {"name": "uploader", "uid": "z"}}},
                        "system:serviceaccount:apps:uploader"),
}


def slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def remove(claims: dict, path: list[str], value=None) -> dict:
    """The claims without the one at the path, or with another value there."""
    changed = copy.deepcopy(claims)
    target = changed
    for name in path[:-1]:
        target = target[name]
    if value is None:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return changed


def as_path(claim) -> list[str]:
    return claim if isinstance(claim, list) else [claim]


class Provider:
    """One heading of the page with keys made here."""

    def __init__(self, heading: str):
        self.heading, self.shape = heading, SHAPES[heading]
        self.is_service_wide, self.entries = ENTRIES[heading]
        self.signers = [Signer(entry["algorithms"][0], None if entry["algorithms"][0].startswith("HS") else f"k{number}")
                        for number, entry in enumerate(self.entries)]

    def written(self, folder: pathlib.Path) -> list[dict]:
        """The entries as on the page, but for the keys."""
        written = []
        for number, (entry, signer) in enumerate(zip(self.entries, self.signers)):
            path = folder / f"{slug(self.heading)}-{number}"
            if signer.algorithm.startswith("HS"):
                path.write_bytes(signer.secret)
                keys = {"secretFile": str(path)}
            else:
                path.write_text(json.dumps({"keys": [signer.jwk()]}))
                keys = {"jwksFile": str(path)}
            entry = {name: value.strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(value, "strftime") else value for name, value in entry.items()}
            written.append(entry | {"keys": keys})
        return written

    def issuer(self, number: int = 0) -> str:
        issuer = self.entries[number]["issuer"]
        for name, value in self.shape.placeholder.items():
            issuer = issuer.replace("{" + name + "}", value)
        return issuer

    def token(self, claims: dict | None = None, number: int = 0, signer: Signer | None = None, **more) -> str:
        now = int(time.time())
        times = {"iat": now, "exp": now + (60 if self.heading.startswith("Clerk") else 3600)}
        whole = {"iss": self.issuer(number)} | (self.shape.claims if claims is None else claims) | times | more
        signer, own = signer or self.signers[number], self.signers[number]
        header = {"alg": own.algorithm, "typ": "JWT"} | ({"kid": own.kid} if own.kid else {})
        signed = f"{base64url(compact_json(header))}.{base64url(compact_json(whole))}"
        return f"{signed}.{base64url(signer.sign(signed.encode()))}"

    def changes(self, number: int = 0) -> dict[str, dict]:
        """Claims with one thing wrong, by what it is."""
        entry, claims = self.entries[number], self.shape.claims
        wrong = {}

        def spoil(name: str, path: list[str], other):
            wrong[f"{name} missing"] = remove(claims, path)
            wrong[f"{name} is another"] = remove(claims, path, other)
            wrong[f"{name} of another type"] = remove(claims, path, 17)
            wrong[f"{name} is an object"] = remove(claims, path, {"value": other})

        if "audience" in entry:
            spoil("audience", [entry.get("audienceClaim", "aud")], "another-audience")
        if "authorizedParties" in entry:
            spoil("authorized party", ["azp"], "another-party")
            wrong["authorized party in a list"] = remove(claims, ["azp"], entry["authorizedParties"])
        for name, value in entry.get("claims", {}).items():
            spoil(f"claim {name}", [name], "another" if isinstance(value, str) else not value)
            wrong[f"claim {name} in the other type"] = remove(claims, [name], {"true": True, "1.0": 1.0}.get(value, value) if isinstance(value, str) and value in (
                "true", "1.0") else [value] if isinstance(value, str) else str(value).lower())
        for name in ("user", "tenantClaim"):
            if name not in entry and not (name == "user"):
                continue
            path = as_path(entry.get(name, "sub"))
            wrong[f"{name} missing"] = remove(claims, path)
            wrong[f"{name} a number"] = remove(claims, path, 17)
            wrong[f"{name} too long"] = remove(claims, path, "x" * 257)
            for depth in range(1, len(path)):
                wrong[f"{name}: a path through a string"] = remove(claims, path[:depth], "x")
                wrong[f"{name}: a path through a list"] = remove(claims, path[:depth], [{path[depth]: self.shape.alias}])
        for name in self.shape.placeholder:
            wrong[f"{name} of another directory"] = remove(claims, [name], "11111111-2222-3333-4444-555555555555")
        return wrong


PROVIDERS = {heading: Provider(heading) for heading in SHAPES}


@pytest.fixture(scope="module")
def scene(make_service, tmp_path_factory):
    keys = tmp_path_factory.mktemp("providers")
    tenants, service_wide = [], []
    for provider in PROVIDERS.values():
        id = slug(provider.heading)
        tenant = Tenant(id, {"bucket": f"{id}-up", "region": "eu-west-1"}, issuers=[], api_keys=[])
        tenant.rules = {"files": {"keyPrefix": "files/{user}/", "contentTypes": ["image/png"], "maxSize": "1MiB"}}
        if provider.is_service_wide:
            service_wide += provider.written(keys)
            tenant.more = {"auth": None, "aliases": [{"issuer": provider.entries[0]["name"], "value": provider.shape.alias}]}
        else:
            tenant.more = {"auth": {"issuers": provider.written(keys)}}
        if provider.shape.scopes:
            tenant.rules["scoped"] = tenant.rules["files"] | {"keyPrefix": "scoped/{user}/", "requireScope": provider.shape.scopes[-1]}
        tenants.append(tenant)
    with make_service("providers", tenants, configuration={"issuers": service_wide}) as service:
        yield service


def test_every_provider_of_the_page_has_a_shape():
    assert set(SHAPES) == set(ENTRIES)


@pytest.mark.parametrize("heading", SHAPES)
def test_a_token_as_the_provider_makes_it(scene, heading):
    provider = PROVIDERS[heading]
    for number in range(len(provider.entries)):
        ticket = scene.ticket(provider.token(number=number), rule="files", **PNG)
        assert ticket["fields"]["bucket"] == f"{slug(heading)}-up"
        folder = "".join(c if c.isascii() and (c.isalnum() or c in "_-.") else "".join(f"~{b:02X}" for b in c.encode()) for c in provider.shape.user)
        assert ticket["key"].startswith(f"files/{folder}/"), ticket["key"]
        if provider.shape.scopes:
            assert scene.ticket(provider.token(number=number), rule="scoped", **PNG)


@pytest.mark.parametrize("heading", SHAPES)
def test_a_token_with_one_thing_changed(scene, heading):
    provider = PROVIDERS[heading]
    for number, entry in enumerate(provider.entries):
        issuer = provider.issuer(number)
        other = issuer.removesuffix("/") if issuer.endswith("/") else issuer + "/"
        wrong = {what: provider.token(claims, number) for what, claims in provider.changes(number).items()} | {
            "the issuer with a slash more or less": provider.token(number=number, iss=other),
            "no issuer": provider.token(remove({"iss": 1} | provider.shape.claims, ["iss"]), number, iss=None),
            "expired": provider.token(number=number, iat=int(time.time()) - 7200, exp=int(time.time()) - 3600),
            "too long": provider.token(number=number, exp=int(time.time()) + 10 * 365 * 86_400),
            "another key": provider.token(number=number, signer=Signer(entry["algorithms"][0])),
        }
        for what, token in wrong.items():
            problem = scene.refusal(token, rule="files", **PNG)
            expected = ("token-expired",) if what == "expired" else ("unauthenticated",)
            assert problem["code"] in expected, (heading, what, problem)
    if provider.is_service_wide:
        path = as_path(provider.entries[0]["tenantClaim"])
        if not provider.shape.placeholder:
            assert scene.refusal(provider.token(remove(provider.shape.claims, path, "org_of_nobody")), rule="files", **PNG)["code"] == "tenant-unknown"


def test_another_directory_that_no_tenant_names(scene):
    """A right token of a directory without a tenant."""
    provider, other = PROVIDERS["Microsoft Entra ID, many directories"], "11111111-2222-3333-4444-555555555555"
    issuer = provider.issuer().replace(DIRECTORY, other)
    token = provider.token(provider.shape.claims | {"tid": other}, iss=issuer)
    assert scene.refusal(token, rule="files", **PNG)["code"] == "tenant-unknown"


def test_the_keys_of_a_supabase_project_are_no_users(scene):
    """`anon` and `service_role` are signed with the project's secret."""
    provider = PROVIDERS["Supabase"]
    for role in ("anon", "service_role"):
        claims = {"role": role, "ref": "abcdefghijklmnopqrst"}
        for iss in ("supabase", provider.issuer(1)):
            for more in ({}, {"aud": "authenticated", "is_anonymous": False}):
                token = provider.token(claims | more, 1, iss=iss, exp=int(time.time()) + 10 * 365 * 86_400)
                assert scene.refusal(token, rule="files", **PNG)["code"] == "unauthenticated"
                # Were it short, it would still name no user.
                assert scene.refusal(provider.token(claims | more, 1, iss=iss), rule="files", **PNG)["code"] == "unauthenticated"
    # The public key as a secret (CVE-2015-9235).
    forger = Signer("HS256")
    forger.secret = json.dumps({"keys": [provider.signers[0].jwk()]}).encode()
    assert scene.refusal(provider.token(number=1, signer=forger), rule="files", **PNG)["code"] == "unauthenticated"


# Several entries of one issuer


def test_a_token_that_fits_two_entries(make_service):
    first = Issuer("id.shared", audience="a")
    second = Issuer("id.shared", audience="b")
    second.signer = first.signer
    tenants = [Tenant("one", {"bucket": "one-uploads", "region": "eu-west-1"}, issuers=[first]),
               Tenant("two", {"bucket": "two-uploads", "region": "eu-west-1"}, issuers=[second])]
    with make_service("ambiguous", tenants) as service:
        assert service.ticket(first.token(), **PNG)["fields"]["bucket"] == "one-uploads"
        assert service.ticket(second.token(), **PNG)["fields"]["bucket"] == "two-uploads"
        for audience, reason in ((["a", "b"], "issuer-ambiguous"), ("c", "declaration-unmatched"), (None, "declaration-unmatched")):
            problem = service.refusal(first.token(aud=audience), **PNG)
            assert problem["code"] == "unauthenticated"
            until("the reason is in the log", lambda: any(
                line.get("requestId") == problem["requestId"] and line["reason"] == reason for line in service.log_lines()))


def test_an_entry_ends(make_service, clock):
    """From `until` on, also for tokens that were accepted before."""
    end = clock.now() + 600
    old = Issuer("id.acme", "HS256", more={"until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))})
    new = Issuer("id.acme", "ES256")
    with make_service("until", [Tenant("acme", issuers=[old, new])], environment=clock.environment) as service:
        def token(issuer: Issuer) -> str:
            return issuer.token(iat=int(clock.now()), exp=int(clock.now()) + 3600)

        kept = token(old)
        assert service.ticket(kept, **PNG) and service.ticket(token(new), **PNG)
        clock.pass_time(590)
        assert service.ticket(kept, **PNG)
        clock.pass_time(15)
        assert service.refusal(kept, **PNG)["code"] == service.refusal(token(old), **PNG)["code"] == "unauthenticated"
        assert service.ticket(token(new), **PNG)


class Directories(IdentityProvider):
    """One key for all directories, and one for a single directory, as Microsoft publishes them."""

    def __init__(self):
        super().__init__()
        self.own = Signer("ES256", "own")

    @property
    def key_set(self) -> dict:
        issuer = "https://login.example/{}/v2.0".format
        return {"keys": [self.signer.jwk() | {"issuer": issuer("{tenantid}")}, self.own.jwk() | {"issuer": issuer(DIRECTORY)}]}


@pytest.fixture
def directories():
    provider = Directories().up()
    yield provider
    provider.close()


def test_nothing_is_fetched_from_where_a_token_says(make_service, directories):
    """The keys of an issuer with a placeholder are at one fixed address, and each may be for one directory."""
    provider, common, own = directories, directories.signer, directories.own
    entry = {"issuer": "https://login.example/{tid}/v2.0", "name": "entra", "audience": "uploads", "algorithms": ["ES256"], "keys": {"jwks": provider.keys_url}, "tenantClaim": "tid",
             "user": "oid"}
    other = "11111111-2222-3333-4444-555555555555"
    tenants = [Tenant(f"t{number}", {"bucket": f"t{number}-uploads", "region": "eu-west-1"}, issuers=[], api_keys=[], more={"auth": None, "aliases": [alias]})
               for number, alias in enumerate((DIRECTORY, other))]
    maker = Issuer("unused")

    def token(directory: str, signer: Signer, kid: str | None = None, **more) -> str:
        maker.signer = signer
        return maker.token(header={"kid": kid or signer.kid}, iss=f"https://login.example/{directory}/v2.0", **{"tid": directory, "oid": USER} | more)

    with make_service("template", tenants, configuration={"issuers": [entry]}) as service:
        assert service.ticket(token(DIRECTORY, common), **PNG)["fields"]["bucket"] == "t0-uploads"
        assert service.ticket(token(other, common), **PNG)["fields"]["bucket"] == "t1-uploads"
        assert service.ticket(token(DIRECTORY, own), **PNG)
        # A key of one directory, for another's user.
        assert service.refusal(token(other, own), **PNG)["code"] == "unauthenticated"
        for directory in (f"127.0.0.1:{provider.port}/x", "..", "a/b", "a%2Fb", "a?b", "", "x" * 65, "{tid}", "{tenantid}", f"@127.0.0.1:{provider.port}"):
            for kid in ("k1", "unknown"):
                assert service.refusal(token(directory, common, kid), **PNG)["code"] == "unauthenticated", directory
        assert service.refusal(token(other, common, tid=DIRECTORY), **PNG)["code"] == "unauthenticated"
        # A header that names other keys is ignored.
        jku = maker.token(header={"jku": f"{provider.url}/evil", "x5u": f"{provider.url}/evil", "kid": "unknown"}, iss=f"https://login.example/{other}/v2.0",
                          tid=other, oid=USER)
        assert service.refusal(jku, **PNG)["code"] == "unauthenticated"
        time.sleep(1.2)
        assert {request.path for request in provider.requests} == {"/keys"}


def test_to_yaml_keeps_the_quotes_of_text():
    """What looks like a boolean is written in quotes, as on the page."""
    assert "'true'" in to_yaml({"email_verified": "true"}) and "is_anonymous: false" in to_yaml({"is_anonymous": False})
