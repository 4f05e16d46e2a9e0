"""`postern whoami`: what a token or an API key would be, check by check, as the service itself judges it."""

import json
import secrets
import subprocess
import time

import pytest

from harness import canaries
from harness.certificates import Authority
from harness.command import Command
from harness.identity_provider import IdentityProvider, RemoteIssuer
from harness.service import BINARY, clean_environment
from harness.tenant import AVATARS, Tenant, to_yaml
from harness.tokens import APIKey, Issuer, base64url, compact_json

WISH = {"contentType": "image/png"}
CHECKS = [
    "exactly one Authorization header", "the header is not too long", "the scheme is Bearer", "three parts of strict base64url",
    "the token's header is a JSON object", "alg names a signature algorithm", "no critical extension", "typ is JWT or at+jwt",
    "kid is a short string", "the claims are a JSON object", "iss is a known issuer", "alg is one of the issuer's", "the issuer's keys are known",
    "kid names one of the issuer's keys", "the key is for alg", "the signature is valid",
    "the claim in the issuer's placeholder agrees with iss", "the audience names this service", "azp is an authorized party",
    "the required claims have their values", "the issuer's entry has not ended", "exp is in the future",
    "nbf is not in the future", "iat is not in the future", "the lifetime is not too long", "the user claim is a short string",
    "the tenant claim is a short string", "the scopes are well formed", "the tenant is set up here", "the tenant does not refuse it"]
KEY_CHECKS = CHECKS[:3] + ["the API key is well formed", "the API key is a known one", "the API key has not expired", *CHECKS[-2:]]


@pytest.fixture(scope="module")
def ask(logs) -> Command:
    return Command(logs, "whoami")


@pytest.fixture(scope="module")
def acme() -> Tenant:
    return Tenant("acme", api_keys=[APIKey("acme"), APIKey("acme", "old", expires="2020-01-01T00:00:00Z"),
                                    APIKey("acme", "narrow", allowUsers=["u1", "u2"], rules=["avatars"])])


@pytest.fixture(scope="module")
def folder(acme, tmp_path_factory):
    made = tmp_path_factory.mktemp("whoami")
    (made / "tenants").mkdir()
    acme.write(made / "tenants", made / "keys")
    return made / "tenants"


@pytest.fixture(scope="module")
def serving(make_service, acme):
    """The service with the same rule files."""
    with make_service("whoami", [acme]) as service:
        yield service


def changed_signature(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{('A' if signature[0] != 'A' else 'B')}{signature[1:]}"


def cases(acme: Tenant) -> dict[str, tuple[str, str | None]]:
    """Credentials by name, each with the check that it fails; None: it is let in."""
    issuer, now = acme.issuers[0], int(time.time())
    other = Issuer("id.acme")  # the same name, another key
    return {
        "a good token": (issuer.token(), None),
        "no token at all": ("garbage", "three parts of strict base64url"),
        "two parts": (issuer.token().rpartition(".")[0], "three parts of strict base64url"),
        "padding": (issuer.token() + "==", "three parts of strict base64url"),
        "9 KiB": ("x" * 9000, "the header is not too long"),
        "a header that is no JSON": (issuer.raw_token(b"{}", b"nothing"), "the token's header is a JSON object"),
        "alg none": (issuer.token(header={"alg": "none"}), "alg names a signature algorithm"),
        "crit": (issuer.token(header={"crit": ["exp"], "exp": 1}), "no critical extension"),
        "an ID token": (issuer.token(header={"typ": "id+jwt"}), "typ is JWT or at+jwt"),
        "a kid that is a number": (issuer.token(header={"kid": 7}), "kid is a short string"),
        "claims that are a list": (issuer.raw_token(b"[1]"), "the claims are a JSON object"),
        "another issuer": (issuer.token(iss="https://evil.example"), "iss is a known issuer"),
        "no issuer": (issuer.token(iss=None), "iss is a known issuer"),
        "another algorithm": (issuer.token(header={"alg": "RS256"}), "alg is one of the issuer's"),
        "another kid": (issuer.token(header={"kid": "k2"}), "kid names one of the issuer's keys"),
        "another key": (other.token(), "the signature is valid"),
        "a changed signature": (changed_signature(issuer.token()), "the signature is valid"),
        "another audience": (issuer.token(aud="downloads"), "the audience names this service"),
        "an end that is past": (issuer.token(exp=now - 100), "exp is in the future"),
        "no end": (issuer.token(exp=None), "exp is in the future"),
        "not yet": (issuer.token(nbf=now + 600), "nbf is not in the future"),
        "from the future": (issuer.token(iat=now + 600), "iat is not in the future"),
        "a week": (issuer.token(exp=now + 7 * 86400), "the lifetime is not too long"),
        "no user": (issuer.token(sub=None), "the user claim is a short string"),
        "a user of 300 bytes": (issuer.token("u" * 300), "the user claim is a short string"),
        "a scope that is a number": (issuer.token(scope=7), "the scopes are well formed"),
        "a good key": (acme.api_key, None),
        "a key of another secret": (acme.api_key[:-43] + secrets.token_urlsafe(32), "the API key is a known one"),
        "an unknown key": (APIKey("acme", "other").text, "the API key is a known one"),
        "a key of an unknown tenant": (APIKey("nobody").text, "the API key is a known one"),
        "half a key": (acme.api_key[:-10], "the API key is well formed"),
        "a key that has ended": (acme.api_keys[1].text, "the API key has not expired"),
    }


NAMES = list(cases(Tenant("acme", api_keys=[APIKey("acme"), APIKey("acme")])))


def secret_of(credential: str) -> str:
    return credential.rpartition(".")[2]


@pytest.mark.parametrize("name", NAMES)
def test_every_check_is_told_in_order_and_the_service_agrees(ask, folder, serving, acme, name):
    """What comes before the failed check has passed, what comes behind was not reached; the service refuses what whoami refuses."""
    credential, failing = cases(acme)[name]
    canaries.add(credential)
    is_key = credential.startswith("pstn.")
    done = ask("whoami", "--tenants", folder, "--json", given=credential, code=1 if failing else 0)
    found = json.loads(done.stdout)
    checks = [each["check"] for each in found["checks"]]
    assert checks == (KEY_CHECKS if is_key else CHECKS), checks
    at = checks.index(failing) if failing else len(checks)
    expected = ["passed"] * at + (["failed"] + ["not reached"] * (len(checks) - at - 1) if failing else [])
    assert [each["verdict"] for each in found["checks"]] == expected
    assert found["letIn"] == (failing is None) == (found["identity"] is not None) == (found["reason"] is None)
    assert (found["advice"] is None) == (failing is None)
    answer = serving.post("/v1/tickets", WISH | ({"user": "u1"} if is_key else {}), credential)
    assert answer.status == (401 if failing else 201), answer.body
    if failing:
        assert answer.problem["code"] == ("token-expired" if found["reason"] == "expired" else "unauthenticated")

    text = ask("whoami", "--tenants", folder, given=credential + "\n", code=1 if failing else 0).stdout
    positions = [text.index(check) for check in checks]
    assert positions == sorted(positions)
    assert ("FAILED" in text) == bool(failing)
    for output in (done.stdout, done.stderr, text):
        if "." in credential and len(secret_of(credential)) > 12:
            secret = secret_of(credential)
            assert not any(secret[start:start + 12] in output for start in range(len(secret) - 11)), "a piece of the secret part"
        assert credential not in output or len(credential) < 12


def test_who_it_would_be(ask, folder, acme):
    token = acme.issuers[0].token("Zoë/1", scope="upload read", exp=(end := int(time.time()) + 600))
    found = json.loads(ask("whoami", "--tenants", folder, "--json", given=token, code=0).stdout)["identity"]
    assert found["tenant"] == "acme" and found["user"] == "Zoë/1" and found["issuer"] == acme.issuers[0].issuer and found["keyId"] == "k1"
    assert found["scopes"] == ["upload", "read"] and found["rules"] == ["avatars"]
    assert found["expiresAt"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
    key = json.loads(ask("whoami", "--tenants", folder, "--json", given=acme.api_keys[2].text, code=0).stdout)["identity"]
    assert key["apiKey"] == "narrow" and key["user"] is None and key["allowUsers"] == "u1 u2" and key["rules"] == ["avatars"]


@pytest.mark.parametrize("form", ["a line", "CRLF", "blanks around", "a file"])
def test_the_ways_to_give_it(ask, folder, acme, tmp_path, form):
    token = acme.token()
    if form == "a file":
        (tmp_path / "token").write_text(token + "\n")
        done = ask("whoami", "--tenants", folder, "--token-file", tmp_path / "token", "--json", code=0)
    else:
        given = {"a line": token + "\n", "CRLF": token + "\r\n", "blanks around": f"\n  {token}  \n"}[form]
        done = ask("whoami", "--tenants", folder, "--json", given=given, code=0)
    assert json.loads(done.stdout)["letIn"]


def test_on_the_command_line_it_is_taken_with_a_warning(ask, folder, acme):
    """Other users of the machine see command lines. Whatever stands there, none of it is printed back."""
    token = acme.token()
    canaries.add(token)
    for words, code in (([token], 0), (["Bearer", token], 0), ([token, token], 1), ([token, "--token-file", "x"], 64), ([acme.api_key], 0)):
        done = ask("whoami", "--tenants", folder, *words, code=code)
        assert secret_of(token) not in done.stdout + done.stderr and acme.api_key.rsplit(".", 1)[1] not in done.stdout + done.stderr
        assert code == 64 or "every user of this machine can see" in done.stderr


def test_a_token_that_comes_in_pieces_is_read_whole(folder, acme):
    """A pipe gives what its writer has written so far."""
    token = acme.token().encode()
    with subprocess.Popen([BINARY, "whoami", "--tenants", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment()) as whoami:
        for piece in (token[:20], token[20:100], token[100:], b"\n"):
            whoami.stdin.write(piece)
            whoami.stdin.flush()
            time.sleep(0.1)
        whoami.stdin.close()
        output = whoami.stdout.read()
    assert whoami.returncode == 0, output


@pytest.mark.parametrize("given", [b"", b"\n", b"\xff\xfe\x00", b"a\x00b", b"x" * 1_000_000], ids=["nothing", "a line end", "no UTF-8", "NUL", "1 MB"])
def test_nonsense_is_answered(ask, folder, given):
    done = ask("whoami", "--tenants", folder, given=given)
    assert done.returncode in (1, 64) and (done.stdout + done.stderr).strip() and len(done.stdout + done.stderr) < 20_000


def test_what_a_token_says_cannot_write_on_the_terminal(ask, folder, acme):
    """A token comes from anybody: escape sequences, line ends and direction marks in it are shown, not sent."""
    nasty = "\x1b[2J\x07\r\nIt would be accepted as:\u202e\u2028"
    header = compact_json({"alg": "ES256", "typ": nasty, "kid": nasty})
    for token in (acme.issuers[0].token(nasty, iss=nasty, scope=nasty), acme.issuers[0].raw_token(compact_json({"iss": nasty}), header),
                  f"{base64url(header)}.{base64url(compact_json({'sub': nasty, 'iss': acme.issuers[0].issuer}))}.AAAA"):
        canaries.add(token)
        for arguments in ([], ["--json"]):
            done = ask("whoami", "--tenants", folder, *arguments, given=token, code=1)
            output = done.stdout + done.stderr
            assert not any(each in output for each in "\x1b\x07\r\u202e\u2028"), repr(output[:500])
            assert not any(line.startswith("It would be accepted as:") for line in output.splitlines())


@pytest.mark.parametrize("transport, source", [("http", "jwks"), ("https", "discovery")])
def test_keys_are_fetched_and_a_silent_provider_is_told(ask, tmp_path, transport, source):
    authority = Authority(tmp_path / "authority", "private")
    with IdentityProvider(authority.certify("idp") if transport == "https" else None) as provider:
        issuer = RemoteIssuer(provider, source, authority=authority.file)
        if transport == "http":
            issuer.authority = None
        (tmp_path / "tenants").mkdir()
        Tenant("acme", issuers=[issuer], api_keys=[]).write(tmp_path / "tenants", tmp_path)
        token = issuer.token()
        canaries.add(token)
        found = json.loads(ask("whoami", "--tenants", tmp_path / "tenants", "--json", given=token, code=0).stdout)
        assert found["identity"]["keyId"] == "k1" and len(provider.key_requests()) == 1
        provider.down()
        found = json.loads(ask("whoami", "--tenants", tmp_path / "tenants", "--json", given=token, code=1).stdout)
        failed = [each["check"] for each in found["checks"] if each["verdict"] == "failed"]
        assert failed == ["the issuer's keys are known"] and "connect" in found["advice"] and "503" in found["advice"], found


def test_a_tenant_that_a_claim_names(ask, tmp_path):
    shared = Issuer("id.shared", tenant_claim="org")
    (tmp_path / "tenants").mkdir()
    Tenant("one", issuers=[]).write(tmp_path / "tenants", tmp_path)
    (tmp_path / "postern.yaml").write_text(to_yaml({"issuers": [shared.write(tmp_path)]}))
    arguments = ["whoami", "--tenants", tmp_path / "tenants", "--config", tmp_path / "postern.yaml", "--json"]
    assert json.loads(ask(*arguments, given=shared.token(org="one"), code=0).stdout)["identity"]["tenant"] == "one"
    for org, failing in (("two", "the tenant is set up here"), (None, "the tenant claim is a short string")):
        found = json.loads(ask(*arguments, given=shared.token(org=org), code=1).stdout)
        assert [each["check"] for each in found["checks"] if each["verdict"] == "failed"] == [failing]


@pytest.mark.parametrize("refusal, reason", [({"suspended": True}, "tenant-suspended"), ({"deny": {"users": ["u1"]}}, "user-denied"),
                                             ({"deny": {"issuedBefore": "2099-01-01T00:00:00Z"}}, "issued-too-early")])
def test_a_tenant_that_refuses_a_valid_token(ask, tmp_path, refusal, reason):
    tenant = Tenant("acme")
    document = tenant.document(tmp_path)
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants/acme.yaml").write_text(to_yaml(document | refusal))
    found = json.loads(ask("whoami", "--tenants", tmp_path / "tenants", "--json", given=tenant.token(), code=1).stdout)
    assert [each["check"] for each in found["checks"]] == CHECKS and found["reason"] == reason and found["advice"]
    assert [each["verdict"] for each in found["checks"]] == ["passed"] * (len(CHECKS) - 1) + ["failed"]


def test_broken_rule_files_are_told(ask, tmp_path):
    (tmp_path / "acme.yaml").write_text("tenant: acme\nnonsense: 1\n")
    done = ask("whoami", "--tenants", tmp_path, given="x", code=1)
    assert "acme.yaml" in done.stderr and not done.stdout


def test_an_algorithm_that_the_key_does_not_serve(ask, tmp_path):
    """RS256's bytes under PS256: the key is named, and it is not for that."""
    issuer = Issuer("id.acme", "RS256")
    tenant = Tenant("acme", issuers=[issuer], rules={"avatars": AVATARS})
    (tmp_path / "tenants").mkdir()
    entry = tenant.document(tmp_path)
    entry["auth"]["issuers"][0]["algorithms"] = ["RS256", "PS256"]
    (tmp_path / "tenants/acme.yaml").write_text(to_yaml(entry))
    found = json.loads(ask("whoami", "--tenants", tmp_path / "tenants", "--json", given=issuer.token(header={"alg": "PS256"}), code=1).stdout)
    assert [each["check"] for each in found["checks"] if each["verdict"] == "failed"] == ["the key is for alg"]
