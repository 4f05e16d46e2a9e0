"""Parameters and folders in keys: exactly what the rule declares, and nobody leaves his own folder by them."""

import pytest

from harness.form import File, post
from harness.service import Service
from harness.tenant import Tenant

CSV = {"contentTypes": ["text/csv"], "maxSize": "1MiB"}
UUID = "123e4567-e89b-12d3-a456-426614174000"
RULES = {
    "audits": {"keyPrefix": "audits/{audit}/{user}/", "parameters": {"audit": "digits"}, **CSV},
    "all": {"keyPrefix": "all/{user}/{audit}/{id}/{part}/", "parameters": {"audit": "digits", "id": "uuid", "part": "name"}, **CSV},
    "site": {"keyPrefix": "site/{user}/", "keyName": "{path}/{filename}", **CSV},
    "tree": {"keyPrefix": "tree/{user}/{path}/x/", "keyName": "{uuid}", "filenames": "unicode", **CSV},
    "plain": {"keyPrefix": "plain/{user}/", **CSV},
}
WRONG = {
    "digits": ["", "-1", "4 2", "1e3", "\u0663", "1\n", "\0", "1" * 21, "../u2", "${filename}"],
    "uuid": ["", UUID[:-1], UUID + "0", "{" + UUID + "}", UUID.replace("-", ""), UUID[:-1] + "g", "urn:uuid:" + UUID],
    "name": ["", ".", "..", "a.b", "a/b", "a b", "\u00e9", "a" * 65, "%2e%2e", "~", "\u202ea"],
}


@pytest.fixture(scope="module")
def service(make_service, real_store) -> Service:
    store = {"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint}
    rules = {name: rule | {"keyPrefix": "parameters/" + rule["keyPrefix"]} for name, rule in RULES.items()}
    with make_service("parameters", [Tenant("acme", rules=rules, store=store)], real_store.credentials) as service:
        yield service


def ask(service: Service, rule: str, **wish) -> dict:
    return service.ticket(service.tenants["acme"].token("u1"), rule=rule, contentType="text/csv", **wish)


def refused(service: Service, rule: str, **wish) -> dict:
    return service.refusal(service.tenants["acme"].token("u1"), rule=rule, contentType="text/csv", **wish)


def test_parameters_are_segments_of_the_key(service, real_store):
    ticket = ask(service, "audits", parameters={"audit": "42"})
    assert ticket["key"] == f"parameters/audits/42/u1/{ticket['id']}.csv"
    answer = post(ticket["url"], ticket["fields"], File(b"x"))
    assert answer.status == 201, str(answer)
    assert real_store.client().get_object(Bucket=real_store.bucket, Key=ticket["key"])["Body"].read() == b"x"
    key = ask(service, "all", parameters={"part": "a_B-9", "id": UUID.upper(), "audit": "007"})["key"]
    assert key.startswith(f"parameters/all/u1/007/{UUID}/a_B-9/")


@pytest.mark.parametrize("kind", WRONG)
def test_a_value_of_another_kind_is_refused_and_not_repeated(kind, service):
    name = {"digits": "audit", "uuid": "id", "name": "part"}[kind]
    good = {"audit": "1", "id": UUID, "part": "x"}
    for value in WRONG[kind]:
        problem = refused(service, "all", parameters=good | {name: value})
        assert (problem["code"], problem["parameter"], problem["allowed"]) == ("parameter-invalid", name, [kind])
        assert f'"{name}"' in problem["detail"] and kind in problem["detail"]
        assert len(value) < 4 or value not in problem["detail"] or value == UUID
    for value in (1, True, ["1"], {"a": "b"}, None):
        assert refused(service, "all", parameters=good | {name: value})["code"] == "invalid-request"


def test_parameters_are_exactly_those_of_the_rule(service):
    for wish in ({}, {"parameters": {}}, {"parameters": None}, {"parameters": {"Audit": "1"}}, {"parameters": {"audit ": "1"}}):
        problem = refused(service, "audits", **wish)
        assert (problem["code"], problem.get("parameter")) == ("parameter-invalid", "audit"), wish
    problem = refused(service, "audits", parameters={"audit": "1", "secret-name": "2"})
    assert (problem["code"], problem["allowed"]) == ("parameter-invalid", ["audit"]) and "secret-name" not in str(problem)
    assert refused(service, "plain", parameters={"audit": "1"})["allowed"] == []
    assert refused(service, "audits", parameters="42")["code"] == "invalid-request"


def test_the_rules_say_what_they_need(service):
    rules = service.request("GET", "/v1/rules", {"Authorization": f"Bearer {service.tenants['acme'].token()}"}).json()["rules"]
    found = {rule["name"]: (rule["parameters"], rule["usesPath"]) for rule in rules}
    assert found == {"audits": ({"audit": "digits"}, False), "all": ({"audit": "digits", "id": "uuid", "part": "name"}, False),
                     "site": ({}, True), "tree": ({}, True), "plain": ({}, False)}


@pytest.mark.parametrize("path, folders", [
    (None, ""), ("", ""), ("index.html", ""), ("site/css/index.html", "site/css/"), ("/site/js/index.html", "site/js/"),
    ("a\\b\\index.html", "a/b/"), ("1/2/3/4/5/6/7/8/x", "1/2/3/4/5/6/7/8/")])
def test_folders_are_kept(path, folders, service, real_store):
    ticket = ask(service, "site", filename="index.html", path=path)
    assert ticket["key"] == f"parameters/site/u1/{folders}index.html"
    assert post(ticket["url"], ticket["fields"], File(b"x")).status == 201
    assert ask(service, "tree", path=path)["key"].startswith(f"parameters/tree/u1/{folders}x/")
    assert ask(service, "plain", path=path)["key"].startswith("parameters/plain/u1/0")


def test_folders_that_were_changed_do_not_meet(service):
    keys = {ask(service, "site", filename="a.csv", path=f"{folder}/a.csv")["key"]
            for folder in ("\u62a5\u544a", "\u7167\u7247", "a b", "a-b", "a", ".a", "\u00e9", "e", "CON", "a\u200b")}
    assert len(keys) == 10
    assert all(key.startswith("parameters/site/u1/") and key.count("/") == 4 for key in keys)
    assert ask(service, "tree", path="\u62a5\u544a/x")["key"].startswith("parameters/tree/u1/\u62a5\u544a/x/")


@pytest.mark.parametrize("path", ["../x", "a/../x", "./x", "a//x", "//x", "a\\..\\x", "1/2/3/4/5/6/7/8/9/x", "/" * 5000], ids=range(8))
def test_paths_that_lead_elsewhere_are_refused(path, service):
    problem = refused(service, "site", filename="a.csv", path=path)
    assert problem["code"] == "invalid-request" and "path" in problem["detail"]


def test_hostile_folders_stay_in_the_users_folder(service):
    for folder in ("${filename}", "\0", "\r\n", "%2e%2e", "...", "\u202e", "{user}", "~", "\u2024\u2024", "CON", "a" * 1000, "\uff0e\uff0e"):
        for rule in ("site", "tree"):
            key = ask(service, rule, filename="a.csv", path=f"{folder}/a.csv")["key"]
            assert key.startswith(f"parameters/{rule}/u1/") and key.count("/") == (4 if rule == "site" else 5), ascii(key)
            assert not {".", "..", ""} & set(key.split("/")) and "$" not in key and key.isprintable()
