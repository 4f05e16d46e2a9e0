"""Who may upload what: names count byte for byte, whichever way the caller is known, and what is not granted is refused."""

import pathlib
import re
import time
import unicodedata

import pytest

from harness.service import DidNotStart, Service
from harness.tenant import AVATARS, Tenant
from harness.tokens import APIKey, Issuer, compact_json

RULES = {
    "open": {"keyPrefix": "open/", "contentTypes": ["image/png"], "maxSize": "1MiB"},
    "avatars": AVATARS,
    "scoped": {"keyPrefix": "scoped/", "contentTypes": ["image/png"], "maxSize": "1MiB", "requireScope": "upload"},
    "long": {"keyPrefix": "p" * 499 + "/", "keyName": "n" * 400 + "{uuid}{filename}", "contentTypes": ["image/png"], "maxSize": "1MiB"},
    "typed": {"keyPrefix": "typed/", "contentTypes": ["image/png", "text/*", "application/x-k"], "maxSize": "1MiB",
              "metadata": {"allowed": ["album", "key"]}},
    "any": {"keyPrefix": "any/", "contentTypes": ["*/*"], "maxSize": "1MiB"},
}
UNSCOPED = [name for name in RULES if name != "scoped"]

# The rule asks for `upload`. None of these is it; the second list only a token can have.
NEAR_SCOPES = ["upload-admin", "upload:x", "up", "uploa", "uploads", "Upload", "UPLOAD", "xupload", "x-upload", "u-p-l-o-a-d", "upload,", "upload/",
               "upload*", "*", "upload.", "download"]
NEAR_SCOPES_OF_TOKENS = [*NEAR_SCOPES, "upload\u0301", "ｕpload", "upload\u200b", "upload\u00a0x", "upload\tx", "upload\n", "upload\0", "upload,download"]
# Alike to people, and some of them to programs that compare text; different bytes.
TWINS = [("\u00e9", "e\u0301"), ("\u00c5", "\u212b"), ("K", "\u212a"), ("\uac00", "\u1100\u1161"), ("\u1e69", "s\u0323\u0307"), ("\u03a9", "\u2126"),
         ("\u00e9.a", "\u00e9.A"), ("\ufb01", "fi"), ("stra\u00dfe", "strasse")]


def store(id: str) -> dict:
    return {"bucket": f"{id}-uploads", "region": "eu-west-1"}


def scoped_key(scope: str, number: int) -> APIKey:
    return APIKey("acme", f"near-{number}", scopes=[scope])


@pytest.fixture(scope="module")
def keys() -> dict[str, APIKey]:
    made = {
        "plain": APIKey("acme", "plain"),
        "writer": APIKey("acme", "writer", scopes=["download", "upload"]),
        "one": APIKey("acme", "one", allowUsers=[one for one, _ in TWINS]),
        "other": APIKey("acme", "other", allowUsers=[other for _, other in TWINS]),
        "only-open": APIKey("acme", "only-open", rules=["open"]),
        "only-scoped": APIKey("acme", "only-scoped", rules=["scoped", "avatars"], scopes=["upload"]),
        "only-unscoped": APIKey("acme", "only-unscoped", rules=["scoped", "avatars"]),
    }
    return made | {scope: scoped_key(scope, number) for number, scope in enumerate(NEAR_SCOPES)}


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Issuer:
    """An issuer of the service-wide file."""
    return Issuer("id.shared", tenant_claim="org")


@pytest.fixture(scope="module")
def scene(make_service, tmp_path_factory, keys, shared) -> Service:
    both = {"serviceIssuers": True, "sharedUsers": True}
    tenants = [
        Tenant("acme", rules=RULES, store=store("acme"), api_keys=list(keys.values()), more=both),
        Tenant("acme2", store=store("acme2"), more=both),
        Tenant("kiosk", store=store("kiosk"), more=both),
        Tenant("mail", store=store("mail"), issuers=[Issuer("id.mail", user_claim="email"), Issuer("id.plain")]),
        Tenant("times", store=store("times"), issuers=[Issuer("id.short", max_lifetime="1h"), Issuer("id.default"), Issuer("id.long", max_lifetime="48h")]),
    ]
    entry = shared.write(tmp_path_factory.mktemp("shared"))
    with make_service("judgement", tenants, configuration={"issuers": [entry]}) as service:
        yield service


@pytest.fixture(scope="module")
def acme(scene) -> Tenant:
    return scene.tenants["acme"]


def code(service: Service, credential: str, **wish) -> str | int:
    """201, or the code of the refusal; alone and in a batch it must be the same."""
    wish = {"contentType": "image/png"} | wish
    answer = service.post("/v1/tickets", wish, credential)
    alone = 201 if answer.status == 201 else answer.problem["code"]
    batch = service.post("/v1/tickets/batch", {"tickets": [wish]}, credential)
    if batch.status == 200:
        [result] = batch.json()["results"]
        assert alone == (201 if result["status"] == 201 else result["problem"]["code"]), (wish, alone, result)
    else:
        assert alone == batch.problem["code"], (wish, alone, batch.body)
    return alone


def listed(service: Service, credential: str) -> list[str]:
    """The names of the rules that /v1/rules shows."""
    answer = service.request("GET", "/v1/rules", {"Authorization": f"Bearer {credential}"})
    assert answer.status == 200, answer.body
    return [rule["name"] for rule in answer.json()["rules"]]


# Scopes


def assert_without_scope(service: Service, credential: str):
    problem = service.refusal(credential, rule="scoped", contentType="image/png")
    assert problem["code"] == "scope-missing" and problem["status"] == 403 and problem["scope"] == "upload", problem
    assert code(service, credential, rule="scoped") == "scope-missing"
    assert listed(service, credential) == UNSCOPED
    assert code(service, credential, rule="open") == 201


def assert_with_scope(service: Service, credential: str):
    assert code(service, credential, rule="scoped") == 201
    assert listed(service, credential) == list(RULES)


@pytest.mark.parametrize("claims", [
    {"scope": "upload"}, {"scope": "a upload b"}, {"scope": "upload-admin upload"}, {"scope": ["upload"]}, {"scp": "upload"}, {"scp": ["a", "upload"]},
    {"scope": "a", "scp": ["upload"]}], ids=str)
def test_a_token_with_the_scope(scene, acme, claims):
    assert_with_scope(scene, acme.token(**claims))


@pytest.mark.parametrize("claims", [{}, {"scope": ""}, {"scope": []}, {"scopes": "upload"}, {"Scope": "upload"}, {"scope": ["a upload"]}, {"scp": ["upload "]},
                                    {"scp": [" upload"]}, {"roles": ["upload"]}], ids=str)
def test_a_token_without_the_scope(scene, acme, claims):
    assert_without_scope(scene, acme.token(**claims))


@pytest.mark.parametrize("scope", NEAR_SCOPES_OF_TOKENS, ids=ascii)
def test_a_scope_that_is_nearly_the_one(scene, acme, scope):
    for claims in ({"scope": scope}, {"scp": [scope]}, {"scope": f"a {scope} b"}):
        assert_without_scope(scene, acme.token(**claims))


def test_api_keys_have_the_scopes_of_their_entry(scene, keys):
    assert_with_scope(scene, keys["writer"].text)
    assert_without_scope(scene, keys["plain"].text)
    for scope in NEAR_SCOPES:
        assert_without_scope(scene, keys[scope].text)


def test_a_keys_rules_and_its_scopes_both_count(scene, keys):
    assert listed(scene, keys["only-scoped"].text) == ["avatars", "scoped"]
    assert code(scene, keys["only-scoped"].text, rule="scoped") == 201
    assert listed(scene, keys["only-unscoped"].text) == ["avatars"]
    assert code(scene, keys["only-unscoped"].text, rule="scoped") == "scope-missing"
    assert listed(scene, keys["only-open"].text) == ["open"]
    assert code(scene, keys["only-open"].text, rule="open") == 201
    assert scene.ticket(keys["only-open"].text, contentType="image/png")["rule"] == "open", "the only rule need not be named"
    for other in ("avatars", "typed", "scoped", "ope", "opens", "Open", "open "):
        problem = scene.refusal(keys["only-open"].text, rule=other, contentType="image/png", user="u1")
        assert problem["code"] == "rule-unknown" and problem["allowed"] == ["open"], problem


@pytest.mark.parametrize("name", ["ope", "opens", "Open", "OPEN", "open ", " open", "open/", "\u043epen", "open\u200b", "o\u0301pen"], ids=ascii)
def test_a_rule_has_one_name(scene, acme, name):
    problem = scene.refusal(acme.token(), rule=name, contentType="image/png")
    # Names are told only of rules that the asker may use: without its scope not that of `scoped`.
    assert problem["code"] == "rule-unknown" and problem["allowed"] == [rule for rule in RULES if rule != "scoped"], problem
    assert "scoped" not in problem["detail"]
    assert code(scene, acme.token(), rule=name) == "rule-unknown"


# Users


@pytest.mark.parametrize("pair", TWINS, ids=ascii)
@pytest.mark.parametrize("rule", ["open", "avatars"])
def test_a_keys_users_are_compared_byte_for_byte(scene, keys, rule, pair):
    one, other = pair
    assert one != other
    assert code(scene, keys["one"].text, rule=rule, user=one) == code(scene, keys["other"].text, rule=rule, user=other) == 201
    assert code(scene, keys["one"].text, rule=rule, user=other) == "user-not-allowed"
    assert code(scene, keys["other"].text, rule=rule, user=one) == "user-not-allowed"


def test_the_twins_are_twins():
    """Most of them are one text in another normal form: else the test above shows less than it says."""
    assert sum(unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other) for one, other in TWINS) >= 5


@pytest.mark.parametrize("rule", ["open", "avatars"])
def test_a_key_for_certain_users_must_name_one(scene, keys, rule):
    """Also where the rule's keys have no user in them."""
    assert code(scene, keys["one"].text, rule=rule) == "user-not-allowed"
    assert code(scene, keys["one"].text, rule=rule, user="") in ("invalid-request", "user-not-allowed")
    wishes = [{"rule": rule, "contentType": "image/png"} | more for more in ({"user": TWINS[0][0]}, {}, {"user": "u1"}, {"user": TWINS[1][0]})]
    answer = scene.post("/v1/tickets/batch", {"tickets": wishes}, keys["one"].text)
    assert [result["status"] for result in answer.json()["results"]] == [201, 403, 403, 201]


def test_a_key_for_all_users_need_not_name_one(scene, keys):
    assert code(scene, keys["plain"].text, rule="open") == code(scene, keys["plain"].text, rule="open", user="anybody") == 201
    assert code(scene, keys["plain"].text, rule="avatars") == "invalid-request", "a key of this rule has a user in it"


@pytest.mark.parametrize("rule", ["open", "avatars"])
def test_a_token_speaks_for_its_own_user_alone(scene, acme, rule):
    for user in ("u1", "u2", "", "u1 "):
        assert code(scene, acme.token("u1"), rule=rule, user=user) == "user-not-allowed"


@pytest.mark.parametrize("rule", ["open", "avatars"])
def test_a_user_has_256_bytes_at_most(scene, keys, rule):
    for longest in ("u" * 256, "é" * 128):
        assert code(scene, keys["plain"].text, rule=rule, user=longest) == 201
        assert code(scene, keys["plain"].text, rule=rule, user=longest + "u") == "invalid-request"


def test_the_claim_that_names_the_user(scene):
    """`user: email`: the user is that claim and no other; the issuer beside it has `sub`."""
    tenant = scene.tenants["mail"]
    by_mail, by_subject = tenant.issuers
    assert scene.ticket(by_mail.token("ann@mail.example", sub="u1"), contentType="image/png")["key"].startswith("avatars/ann~40mail.example/")
    assert scene.ticket(by_mail.token("ann@mail.example"), contentType="image/png")["key"].startswith("avatars/ann~40mail.example/")
    assert scene.ticket(by_subject.token("u1", email="ann@mail.example"), contentType="image/png")["key"].startswith("avatars/u1/")
    for claims in ({"email": None}, {"email": ""}, {"email": 1}, {"email": ["a"]}, {"email": None, "Email": "a@mail.example"}, {"email": None, "e-mail": "a"},
                   {"email": "a" * 257}):
        assert code(scene, by_mail.token(sub="u1", **claims)) == "unauthenticated", claims
    assert code(scene, by_subject.token(sub=None, email="ann@mail.example")) == "unauthenticated"


def test_a_null_claim_is_no_user(scene):
    issuer = scene.tenants["mail"].issuers[0]
    claims = {name: value for name, value in issuer.claims(sub="u1").items() if name != "email"}
    assert code(scene, issuer.raw_token(compact_json(claims | {"email": None}))) == "unauthenticated"


@pytest.mark.parametrize("number, hours", [(0, 1), (1, 24), (2, 48)], ids=["1h", "the default", "48h"])
def test_the_longest_lifetime_of_a_token(scene, number, hours):
    """From `iat` to `exp`; without `iat` from now."""
    issuer, now, most = scene.tenants["times"].issuers[number], int(time.time()), hours * 3600
    for iat, exp in ((now, now + most), (now - 600, now - 600 + most), (None, now + most - 600), (now - most + 300, now + 300)):
        assert code(scene, issuer.token(iat=iat, exp=exp)) == 201, (iat, exp)
    for iat, exp in ((now, now + most + 1), (now, now + 2 * most), (None, now + most + 600), (None, now + 2 * most), (now - most, now + 300)):
        assert code(scene, issuer.token(iat=iat, exp=exp)) == "unauthenticated", (iat, exp)


# Tenants


def test_the_claim_that_names_the_tenant(scene, shared):
    for id in ("acme", "acme2", "kiosk"):
        ticket = scene.ticket(shared.token(org=id), contentType="image/png", **({"rule": "avatars"} if id == "acme" else {}))
        assert ticket["fields"]["bucket"] == f"{id}-uploads"


@pytest.mark.parametrize("org", ["ACME", "Acme", "acmE", "acme ", " acme", "acm", "acme-", "acme3", "acme22", "acme\u200b", "ａcme", "acme/", "acme.yaml", "*",
                                 "acme,acme2", "acme acme2", "KIOSK", "\u212aiosk", "kios\u212a", "a\u0301cme", "../acme", "id.acme"], ids=ascii)
def test_a_tenant_that_is_nearly_one(scene, shared, org):
    """`\\u212a` is the sign for kelvin, which becomes a k in lower case."""
    assert code(scene, shared.token(org=org), rule="avatars") == "tenant-unknown"
    answer = scene.request("GET", "/v1/rules", {"Authorization": f"Bearer {shared.token(org=org)}"})
    assert answer.status == 403 and answer.problem["code"] == "tenant-unknown"


def test_a_tenants_own_issuer_names_no_other_tenant(scene, acme):
    """Whatever its tokens say: the file that declares the issuer says which tenant it is of."""
    for claims in ({"org": "acme2"}, {"tenant": "acme2"}, {"org": "acme2", "tenant": "acme2", "tid": "acme2"}):
        assert scene.ticket(acme.token(**claims), rule="avatars", contentType="image/png")["fields"]["bucket"] == "acme-uploads"


def test_an_issuer_is_declared_once(make_service, tmp_path):
    """Two tenants that declare the same issuer, or a tenant and the service-wide file: a token would lead to either."""
    issuer = Issuer("id.twice")
    tenants = [Tenant("one", issuers=[issuer], store=store("one")), Tenant("two", issuers=[issuer], store=store("two"))]
    for name, given, configuration in (("twice", tenants, None), ("wide", tenants[:1], {"issuers": [service_wide(issuer, tmp_path)]})):
        service = make_service(f"declared-{name}", given, configuration=configuration)
        with pytest.raises(DidNotStart, match="declared"):
            service.start()
        assert service.process.returncode == 1 and issuer.issuer in service.log()


def service_wide(issuer: Issuer, folder: pathlib.Path) -> dict:
    return issuer.write(folder) | {"tenantClaim": "org"}


# Types, metadata, keys


@pytest.mark.parametrize("content_type", [
    "image/pngx", "image/png-x", "image/png.x", "image/png+xml", "image/pn", "image/p", "image/y-png", "ximage/png", "x-image/png", "mage/png", "image/png/x",
    "image/*", "image/", "image", "/png", "*/*", "*", "image/png,image/png", "textx/plain", "text-x/plain", "text+/plain", "tex/plain", "xtext/plain", "text",
    "text/", "text//plain", "application/x-\u212a", "application/x-kk", "image/png\u200b", "image／png", "", " image/png"], ids=ascii)
def test_a_type_that_is_nearly_allowed(scene, acme, content_type):
    problem = scene.refusal(acme.token(), rule="typed", contentType=content_type)
    assert problem["code"] == "content-type-not-allowed" and problem["allowed"] == RULES["typed"]["contentTypes"], problem
    assert code(scene, acme.token(), rule="typed", contentType=content_type) == "content-type-not-allowed"


@pytest.mark.parametrize("content_type, signed", [
    ("image/png", "image/png"), ("Image/PNG", "image/png"), ("text/plain", "text/plain"), ("text/x-anything", "text/x-anything"),
    ("TEXT/Plain; charset=UTF-8", "text/plain; charset=utf-8"), ("application/x-k", "application/x-k"), ("application/X-K", "application/x-k")])
def test_a_type_that_is_allowed(scene, acme, content_type, signed):
    assert scene.ticket(acme.token(), rule="typed", contentType=content_type)["fields"]["Content-Type"] == signed


@pytest.mark.parametrize("rule", ["typed", "any"])
def test_types_that_can_run_in_a_page_count_only_when_named(scene, acme, rule):
    for content_type in ("text/html", "TEXT/HTML", "text/xml", "text/javascript", "text/html; charset=utf-8", "image/svg+xml", "application/xhtml+xml"):
        problem = scene.refusal(acme.token(), rule=rule, contentType=content_type)
        assert problem["code"] == "content-type-not-allowed", content_type
        covered = rule == "any" or content_type.lower().startswith("text/")
        assert ("only if the rule names it" in problem["detail"]) == covered and problem["understood"] in problem["detail"], problem


def test_a_type_has_255_bytes_at_most(scene, acme):
    for rule, longest in (("any", "a" * 127 + "/" + "b" * 127), ("typed", "image/png; charset=" + "x" * 236), ("typed", "image/png; a=" + "x" * 242)):
        assert len(longest) == 255
        assert code(scene, acme.token(), rule=rule, contentType=longest) == 201
        for longer in (longest + longest[-1], longest + " " * 100, longest + longest[-1] * 4000):
            assert code(scene, acme.token(), rule=rule, contentType=longer) == "content-type-not-allowed", len(longer)
    assert code(scene, acme.token(), rule="any", contentType="a" * 128 + "/b") == "content-type-not-allowed"


@pytest.mark.parametrize("name", ["albumx", "album-x", "album.", "album2", "albu", "a", "xalbum", "x-album", "x-amz-meta-album", "album ", " album", "",
                                  "keys", "ke", "\u212aey", "\u0430lbum", "album\u0301", "album\u200b", "*"], ids=ascii)
def test_metadata_that_is_nearly_allowed(scene, acme, name):
    problem = scene.refusal(acme.token(), rule="typed", contentType="image/png", metadata={name: "x"})
    assert problem["code"] == "metadata-not-allowed" and problem["allowed"] == ["album", "key"], problem
    assert code(scene, acme.token(), rule="typed", metadata={"album": "x", name: "x"}) == "metadata-not-allowed"
    assert code(scene, acme.token(), rule="open", metadata={"album": "x"}) == "metadata-not-allowed", "this rule allows none"


def test_metadata_that_is_allowed(scene, acme):
    """The case of ASCII letters does not matter: S3 stores the names in lower case."""
    fields = scene.ticket(acme.token(), rule="typed", contentType="image/png", metadata={"Album": "2026", "KEY": "K"})["fields"]
    assert {name: value for name, value in fields.items() if name.startswith("x-amz-meta-")} == {"x-amz-meta-album": "2026", "x-amz-meta-key": "K"}
    assert code(scene, acme.token(), rule="typed", metadata={"album": "1", "Album": "2"}) == "invalid-request", "one name twice"


def test_a_key_has_1024_bytes_at_most(scene, acme):
    """One byte at a time, so that no other bound is met before."""
    longest = len(RULES["long"]["keyPrefix"]) + 400 + 36
    room = 1024 - longest
    assert 10 < room < 90, "a file's name is shortened only from 100 bytes on"
    for length in (room - 1, room):
        ticket = scene.ticket(acme.token(), rule="long", contentType="image/png", filename="f" * (length - 4) + ".png")
        assert len(ticket["key"].encode()) == 1024 - room + length
        assert re.fullmatch(r"p{499}/n{400}[0-9a-f-]{36}f+\.png", ticket["key"]) and ticket["fields"]["key"] == ticket["key"]
    for length in range(room + 1, room + 8):
        answer = scene.post("/v1/tickets", {"rule": "long", "contentType": "image/png", "filename": "f" * (length - 4) + ".png"}, acme.token())
        assert answer.status == 422 and answer.problem["code"] == "key-too-long", (length, answer.body)
        assert f"{1024 - room + length} bytes" in answer.problem["detail"] and "shorter file name" in answer.problem["detail"]
        assert code(scene, acme.token(), rule="long", filename="f" * (length - 4) + ".png") == "key-too-long"
