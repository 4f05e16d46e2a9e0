"""Whom a tenant's file lets in: its issuers and the service-wide ones, by alias or id, and whom it refuses although the token is valid."""

import itertools
import time

import pytest

from harness.service import Service
from harness.tenant import AVATARS, Tenant
from harness.tokens import APIKey, Issuer
from harness.waiting import until

PNG = {"contentType": "image/png"}


def rule(prefix: str, **more) -> dict:
    return {"keyPrefix": prefix, "contentTypes": ["image/png"], "maxSize": "1MiB"} | more


def store(id: str) -> dict:
    return {"bucket": f"{id}-uploads", "region": "eu-west-1"}


def outcome(service: Service, credential: str, **wish) -> str:
    """The key of a ticket, or the code of the refusal; the same in a batch, but for random parts of the key."""
    answer = service.post("/v1/tickets", PNG | wish, credential)
    alone = answer.json()["key"] if answer.status == 201 else answer.problem["code"]
    batch = service.post("/v1/tickets/batch", {"tickets": [PNG | wish]}, credential)
    if batch.status == 200:
        [result] = batch.json()["results"]
        assert result["status"] == answer.status, result
    else:
        assert batch.problem["code"] == alone, batch.body
    return alone


def listed(service: Service, credential: str) -> list[str] | str:
    answer = service.request("GET", "/v1/rules", {"Authorization": f"Bearer {credential}"})
    return [rule["name"] for rule in answer.json()["rules"]] if answer.status == 200 else answer.problem["code"]


# Service-wide issuers, aliases


@pytest.fixture(scope="module")
def shared():
    staff = Issuer("id.staff", tenant_claim="org", more={"name": "staff"})
    web = Issuer("id.web", tenant_claim="org", more={"name": "web"})
    nameless = Issuer("id.nameless", tenant_claim="org")
    return staff, web, nameless


@pytest.fixture(scope="module")
def scene(make_service, tmp_path_factory, shared) -> Service:
    open_rule = {"open": rule("open/")}

    def tenant(id: str, own: bool = False, **more) -> Tenant:
        return Tenant(id, store(id), open_rule, [Issuer(f"id.{id}")] if own else [], None, more=more)

    tenants = [
        tenant("plain"), tenant("own", own=True), tenant("both", own=True, serviceIssuers=True), tenant("closed", serviceIssuers=False),
        tenant("named", serviceIssuers=["staff"]),
        tenant("aliased", aliases=["org_9ybsU1dN2dKfDkBi", "\u00e9"]), tenant("renamed", aliases=["renamed", "Renamed"]),
        tenant("partly", aliases=[{"issuer": "staff", "value": "org_p"}]),
        tenant("split-a", aliases=[{"issuer": "staff", "value": "org_s"}]), tenant("split-b", aliases=[{"issuer": "web", "value": "org_s"}]),
    ]
    keys = tmp_path_factory.mktemp("shared")
    with make_service("tenant-access", tenants, configuration={"issuers": [issuer.write(keys) for issuer in shared]}) as service:
        yield service


@pytest.mark.parametrize("org, accepted", [
    ("plain", ("plain", "plain", "plain")), ("own", (None, None, None)), ("both", ("both", "both", "both")), ("closed", (None, None, None)),
    ("named", ("named", None, None)), ("org_9ybsU1dN2dKfDkBi", ("aliased", "aliased", "aliased")), ("aliased", (None, None, None)),
    ("\u00e9", ("aliased", "aliased", "aliased")), ("e\u0301", (None, None, None)), ("org_9ybsu1dn2dkfdkbi", (None, None, None)),
    ("renamed", ("renamed", "renamed", "renamed")), ("Renamed", ("renamed", "renamed", "renamed")),
    ("org_p", ("partly", None, None)), ("partly", (None, None, None)), ("org_s", ("split-a", "split-b", None)), ("nobody", (None, None, None)),
])
def test_which_tenant_a_service_wide_token_is_for(scene, shared, org, accepted):
    for issuer, tenant in zip(shared, accepted):
        answer = scene.request("GET", "/v1/rules", {"Authorization": f"Bearer {issuer.token(org=org)}"})
        assert (answer.json()["tenant"] if answer.status == 200 else None) == tenant, (issuer.name, answer.body)
        if tenant is None:
            assert answer.problem["code"] == "tenant-unknown" and answer.status == 403


def test_a_tenants_own_issuer_is_for_that_tenant_whatever_the_token_says(scene):
    for id in ("own", "both"):
        token = scene.tenants[id].token(org="plain")
        answer = scene.request("GET", "/v1/rules", {"Authorization": f"Bearer {token}"})
        assert answer.json()["tenant"] == id


def test_a_service_wide_issuer_without_a_name_can_be_excluded_only_with_all(scene, shared):
    assert listed(scene, shared[2].token(org="named")) == "tenant-unknown"


# Suspended tenants, denied users and old tokens


@pytest.fixture(scope="module")
def refusing(make_service) -> Service:
    instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    rules = {"avatars": AVATARS}
    tenants = [
        Tenant("asleep", store("asleep"), rules, origins=["https://app.example"], more={"suspended": True}),
        Tenant("awake", store("awake"), rules, more={"suspended": False}),
        Tenant("denying", store("denying"), rules, more={"deny": {"users": ["u17", "\u00e9"]}}),
        Tenant("recent", store("recent"), rules, more={"deny": {"issuedBefore": instant}}),
    ]
    with make_service("refusing", tenants) as service:
        yield service


def test_a_suspended_tenant_gets_nothing(refusing):
    asleep = refusing.tenants["asleep"]
    for credential, wish in ((asleep.token(), {}), (asleep.api_key, {"user": "u1"})):
        assert outcome(refusing, credential, **wish) == "tenant-suspended"
        assert listed(refusing, credential) == "tenant-suspended"
    answer = refusing.post("/v1/tickets", PNG, asleep.token())
    assert answer.status == 403 and answer.problem["title"] == "The tenant is suspended"
    # A page of the tenant may read why.
    paged = refusing.post("/v1/tickets", PNG, asleep.token(), Origin="https://app.example")
    assert paged.problem["code"] == "tenant-suspended" and paged.headers["access-control-allow-origin"] == "https://app.example"
    # Whoever is not known learns nothing.
    assert refusing.post("/v1/tickets", PNG, asleep.token() + "x").problem["code"] == "unauthenticated"
    assert outcome(refusing, refusing.tenants["awake"].token()).startswith("avatars/u1/")


def test_denied_users_are_refused_by_their_bytes_whoever_names_them(refusing):
    tenant = refusing.tenants["denying"]
    for user, denied in (("u17", True), ("U17", False), ("u1", False), ("u171", False), ("\u00e9", True), ("e\u0301", False)):
        got = outcome(refusing, tenant.token(user))
        assert (got == "user-denied") == denied, (user, got)
        assert (listed(refusing, tenant.token(user)) == "user-denied") == denied
        assert (outcome(refusing, tenant.api_key, user=user) == "user-denied") == denied
    # The key itself is not denied.
    assert listed(refusing, tenant.api_key) == ["avatars"]


def test_tokens_from_before_an_instant_are_refused_like_unknown_ones(refusing):
    tenant = refusing.tenants["recent"]
    now = int(time.time())
    assert outcome(refusing, tenant.token(iat=now)).startswith("avatars/")
    for iat in (now - 1200, None):
        answer = refusing.post("/v1/tickets", PNG, tenant.token(iat=iat))
        assert answer.status == 401 and answer.problem["code"] == "unauthenticated"
        id = answer.problem["requestId"]
        line = until("the refusal is in the log", lambda: [line for line in refusing.log_lines() if line.get("requestId") == id])[0]
        assert line["reason"] == "issued-too-early"
    assert outcome(refusing, tenant.api_key, user="u1").startswith("avatars/")


# Rules for some, and whose user it is


@pytest.fixture(scope="module")
def divided(make_service) -> Service:
    limited = {"limits": {"perUser": "2/1h"}}
    rules = {
        "open": rule("open/{issuer}/{user}/"),
        "staff": rule("staff/{user}/", issuers=["staff"]),
        "keys": rule("keys/", apiKeysOnly=True),
        "both": rule("both/", apiKeysOnly=True, issuers=["web"]),
        "limited": rule("limited/{issuer}/{user}/", **limited),
    }
    keys = [APIKey("acme", "cms", issuer="staff"), APIKey("acme", "site", issuer="web"),
            APIKey("acme", "bare", rules=["keys", "both", "staff"])]
    tenant = Tenant("acme", rules=rules, api_keys=keys, more={"sharedUsers": None},
                    issuers=[Issuer("id.staff", more={"name": "staff"}), Issuer("id.web", more={"name": "web"})])
    with make_service("divided", [tenant]) as service:
        yield service


@pytest.fixture(scope="module")
def callers(divided) -> dict[str, str]:
    acme = divided.tenants["acme"]
    return {"staff": acme.issuers[0].token("1001"), "web": acme.issuers[1].token("1001")} | {key.id: key.text for key in acme.api_keys}


@pytest.mark.parametrize("caller, rules", [
    ("staff", ["open", "staff", "limited"]), ("web", ["open", "limited"]), ("cms", ["open", "staff", "keys", "limited"]),
    ("site", ["open", "keys", "both", "limited"]), ("bare", ["keys"]),
])
def test_rules_for_some_issuers_and_for_api_keys(divided, callers, caller, rules):
    credential = callers[caller]
    user = {} if caller in ("staff", "web") else {"user": "1001"}
    assert listed(divided, credential) == rules
    for name in ("open", "staff", "keys", "both"):
        got = outcome(divided, credential, rule=name, **user)
        assert got.startswith(f"{name}/") if name in rules else got == "rule-unknown", (name, got)
    problem = divided.refusal(credential, rule="nothing", **PNG, **user)
    assert problem["allowed"] == rules


def test_a_user_is_an_issuer_and_a_subject(divided, callers):
    """Two people of one name have two folders, and an API key says whose users it names."""
    folders = {caller: outcome(divided, callers[caller], rule="open", **({} if caller in ("staff", "web") else {"user": "1001"}))
               for caller in ("staff", "web", "cms", "site")}
    assert {caller: key.rpartition("/")[0] for caller, key in folders.items()} == {
        "staff": "open/staff/1001", "web": "open/web/1001", "cms": "open/staff/1001", "site": "open/web/1001"}


def test_a_limit_counts_people(divided):
    """Users of one name of two issuers do not share a limit; a token and an API key for the same person do."""
    staff, web = divided.tenants["acme"].issuers
    cms = divided.tenants["acme"].api_keys[0].text

    def status(credential: str, **wish) -> int:
        return divided.post("/v1/tickets", PNG | {"rule": "limited"} | wish, credential).status

    user = "limited-user"
    assert [status(staff.token(user)), status(cms, user=user)] == [201, 201]
    assert [status(staff.token(user)), status(cms, user=user)] == [429, 429]
    assert [status(web.token(user)) for _ in range(3)] == [201, 201, 429]


def test_no_two_people_share_a_folder_or_a_limit(divided):
    """Names that could be taken for one another when issuer and user are joined."""
    staff, web = divided.tenants["acme"].issuers
    names = ["a", "a/b", "b", "web", "staff", "web/1", "..", ".", "~2F", "/", "a\nb", "\n", " ", "A", "\u00e9", "e\u0301"]
    folders = {}
    for issuer, user in itertools.product((staff, web), names):
        key = outcome(divided, issuer.token(user), rule="open")
        folder = key.rpartition("/")[0] + "/"
        assert folder.count("/") == 3 and folder not in folders, (user, key, folders.get(folder))
        folders[folder] = (issuer.name, user)
