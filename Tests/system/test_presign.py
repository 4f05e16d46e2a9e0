"""`GET /v1/presign`: what Shrine's `presign_endpoint` answers, with the rules, limits, log and audit log of `POST /v1/tickets`."""

import json
import re
import urllib.parse

import pytest

from harness import canaries
from harness.form import File, post
from harness.put import put
from harness.service import Service
from harness.tenant import Tenant
from harness.tokens import APIKey
from harness.waiting import until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2
ORIGIN = "https://app.acme.example"


def rules(store: str | None = None) -> dict:
    base = {"contentTypes": ["image/png", "image/jpeg"], "maxSize": "1MiB"} | ({"store": store} if store else {})
    return {"avatars": base | {"keyPrefix": "{tenant}/avatars/{user}/"}, "named": base | {"keyPrefix": "{tenant}/named/", "keyName": "{uuid}-{filename}"},
            "audits": base | {"keyPrefix": "{tenant}/audits/{audit}/", "parameters": {"audit": "digits"}},
            "checked": base | {"keyPrefix": "{tenant}/checked/", "checksum": "required"},
            "rare": base | {"keyPrefix": "{tenant}/rare/", "limits": {"perTenant": "2/1h"}}}


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    return tmp_path_factory.mktemp("presign-audit") / "audit.log"


@pytest.fixture(scope="module")
def service(make_service, real_store, audit) -> Service:
    store = {"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint}
    tenants = [Tenant("forms", rules=rules(), store=store, origins=[ORIGIN], api_keys=[APIKey("forms"), APIKey("forms", "one", rules=["avatars"])]),
               Tenant("puts", rules=rules(), store=store | {"method": "put"})]
    with make_service("presign", tenants, real_store.credentials, arguments=["--audit", str(audit)]) as started:
        yield started


def presign(service: Service, query: str, credential: str | None = None, method: str = "GET", **headers: str):
    credential = credential or service.tenants["forms"].token()
    answer = service.request(method, f"/v1/presign?{query}", {"Authorization": f"Bearer {credential}"} | headers)
    if answer.status == 200:
        canaries.add_ticket(answer.json() | {"method": answer.json()["method"].upper()})
    return answer


def test_it_answers_as_shrine_and_the_store_takes_the_form(service, real_store):
    answer = presign(service, "filename=me.png&type=image/png&rule=avatars")
    assert answer.status == 200 and answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store"
    ticket = answer.json()
    assert list(ticket) == ["fields", "headers", "method", "url"]
    assert (ticket["method"], ticket["headers"]) == ("post", {}) and ticket["url"] == f"{real_store.path_endpoint}/{real_store.bucket}/"
    assert ticket["fields"]["key"].startswith("forms/avatars/u1/") and ticket["fields"]["Content-Type"] == "image/png"
    assert post(ticket["url"], ticket["fields"], File(PNG)).status == 201
    assert real_store.client().get_object(Bucket=real_store.bucket, Key=ticket["fields"]["key"])["Body"].read() == PNG


def test_a_store_without_forms_gets_a_put(service, real_store):
    answer = presign(service, f"filename=me.png&type=image/png&rule=avatars&size={len(PNG)}", service.tenants["puts"].token())
    ticket = answer.json()
    assert list(ticket) == ["fields", "headers", "method", "url"]
    assert (ticket["method"], ticket["fields"], ticket["headers"]["Content-Type"]) == ("put", {}, "image/png")
    assert put(ticket | {"method": "PUT"}, PNG).status == 200
    assert presign(service, "type=image/png&rule=avatars", service.tenants["puts"].token()).problem["code"] == "size-required"


def test_every_member_is_the_one_of_the_json_request(service):
    key = service.tenants["forms"].api_key
    query = urllib.parse.urlencode({"rule": "audits", "type": "image/png", "size": 5, "user": "ü 1", "parameters.audit": "4711", "filename": "a&b=c+d.png"})
    ticket = presign(service, query, key).json()
    assert ticket["fields"]["key"].startswith("forms/audits/4711/")
    wish = {"rule": "named", "filename": "Größe 1+1.png", "contentType": ""}
    same = service.ticket(key, **wish)["key"]
    for text in ("Gr%C3%B6%C3%9Fe+1%2B1.png", "Gr%c3%b6%c3%9fe%201%2b1.png", "Gro%CC%88%C3%9Fe+1%2B1.png"):
        key_of_query = presign(service, f"rule=named&filename={text}&type=", key).json()["fields"]["key"]
        assert key_of_query[-len("-Grosse-1-1.png"):] == same[-len("-Grosse-1-1.png"):] == "-Grosse-1-1.png", (key_of_query, same)
    assert presign(service, "rule=avatars&type=image%2Fpng&user=%C3%BC+1", key).json()["fields"]["key"].startswith("forms/avatars/~C3~BC~201/")


def test_the_rule_may_be_left_out_where_there_is_one(service):
    tenant = service.tenants["forms"]
    assert presign(service, "type=image/png&user=u9", tenant.api_keys[1].text).status == 200
    problem = presign(service, "type=image/png").problem
    assert problem["code"] == "invalid-request" and problem["allowed"] == list(rules()) and "Name a rule" in problem["detail"]


@pytest.mark.parametrize("query, code, words", [
    ("rule=avatars&type=image/png&contentType=image/png", "invalid-request", '"contentType"'),
    ("rule=avatars&type=image/png&metadata[name]=x", "invalid-request", '"metadata[name]"'),
    ("rule=avatars&type=image/png&Type=image/png", "invalid-request", '"Type"'),
    ("rule=avatars&type=image/png&key=x", "invalid-request", '"key"'), ("rule=avatars&type=image/png&%6bey", "invalid-request", '"key"'),
    ("rule=avatars&type=image/png&=x", "invalid-request", '""'), ("rule=avatars&type=image/png&parametersaudit=1", "invalid-request", '"parametersaudit"'),
    ("rule=avatars&type=image/png&type=image/png", "invalid-request", '"type" is there twice'),
    ("rule=avatars&type=image/png&%74ype=x", "invalid-request", '"type" is there twice'),
    ("rule=audits&type=image/png&parameters.audit=1&parameters.audit=1", "invalid-request", '"parameters.audit" is there twice'),
    ("rule=audits&type=image/png", "parameter-invalid", "audit"), ("rule=audits&type=image/png&parameters.audit=x", "parameter-invalid", "audit"),
    ("rule=avatars&type=image/png&parameters.audit=1", "parameter-invalid", "no parameters"),
    ("rule=avatars&type=image/png&parameters.=1", "parameter-invalid", "no parameters"),
    ("rule=avatars&type=%", "invalid-request", "Member 2"), ("rule=avatars&type=%4", "invalid-request", "percent"), ("rule=avatars&type=%zz", "invalid-request", "percent"),
    ("rule=avatars&type=image/png&filename=%ff", "invalid-request", "UTF-8"), ("rule=avatars&filename=%c0%af", "invalid-request", "UTF-8"),
    ("rule=avatars&filename=%ed%a0%80", "invalid-request", "UTF-8"),
    ("rule=avatars&type=image/png&size=", "invalid-request", "'size'"), ("rule=avatars&type=image/png&size=-1", "invalid-request", "'size'"),
    ("rule=avatars&type=image/png&size=1e3", "invalid-request", "'size'"), ("rule=avatars&type=image/png&size=+5", "invalid-request", "'size'"),
    ("rule=avatars&type=image/png&size=05", "invalid-request", "'size'"), ("rule=avatars&type=image/png&size=9007199254740993", "invalid-request", "'size'"),
    ("rule=avatars&type=image/png&size=99999999999999999999999", "invalid-request", "'size'"), ("rule=avatars&type=image/png&size=0", "size-too-small", "too small"),
    ("rule=avatars&type=image/png&size=1048577", "size-too-large", "too large"),
    ("&".join(f"a{number}=1" for number in range(33)), "invalid-request", "at most 32 members"), ("&".join(["a"] * 33), "invalid-request", "twice"),
    ("rule=avatars&type=text/html", "content-type-not-allowed", "may not be uploaded"), ("rule=avatars", "content-type-not-allowed", "No type was named"),
    ("rule=checked&type=image/png", "checksum-required", "SHA-256"), ("rule=none&type=image/png", "rule-unknown", "no such rule"),
    ("rule=&type=image/png", "rule-unknown", "no such rule"), ("rule=avatars&type=image/png&user=u2", "user-not-allowed", "user"),
])
def test_a_wrong_query_is_refused_with_what_to_send(service, query, code, words):
    problem = presign(service, query).problem
    assert problem["code"] == code and words in problem["detail"], problem
    if "Unknown query member" in problem["detail"]:
        assert problem["allowed"] == ["filename", "type", "rule", "size", "user", "parameters.NAME"]
    until("it is logged once, as refused tickets are", lambda: [
        (line["message"], line["code"]) for line in service.log_lines() if line.get("requestId") == problem["requestId"]] == [("ticket refused", code)])


@pytest.mark.parametrize("query", ["rule=avatars&type=image/png&", "&&rule=avatars&&type=image/png", "type=image/png&rule=avatars&filename", "rule=avatars&type=image/png&filename=a;b=c"])
def test_queries_as_forms_write_them_are_read(service, query):
    assert presign(service, query).status == 200


def test_an_overlong_query_is_refused(service):
    assert presign(service, "rule=avatars&type=image/png&filename=" + "a" * 8000).status == 200
    assert presign(service, "rule=avatars&type=image/png&filename=" + "a" * 8200).problem["code"] == "headers-too-large"


def test_only_get_takes_a_ticket(service):
    """HEAD would have to sign one."""
    before = service.admin("/metrics").body.decode().count("\n")
    for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        answer = presign(service, "rule=rare&type=image/png", method=method)
        assert answer.status == 405 and answer.headers["allow"] == "GET", method
    # The limit of the rule has not been touched.
    assert [presign(service, "rule=rare&type=image/png").status for _ in range(3)] == [200, 200, 429]
    assert service.admin("/metrics").body.decode().count("\n") > before


def test_pages_of_listed_origins_may_ask(service):
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    answer = service.request("OPTIONS", "/v1/presign?type=image/png", preflight)
    assert answer.status == 204 and "GET" in answer.headers["access-control-allow-methods"] and answer.headers["access-control-allow-origin"] == ORIGIN
    assert presign(service, "rule=avatars&type=image/png", Origin=ORIGIN).headers["access-control-allow-origin"] == ORIGIN
    assert presign(service, "rule=avatars&type=image/png", Origin="https://evil.example").problem["code"] == "origin-not-allowed"
    assert service.request("GET", "/v1/presign?type=image/png").problem["code"] == "unauthenticated"


def test_it_is_logged_counted_and_audited_as_any_ticket(service, audit):
    tenant = service.tenants["puts"]
    answer = presign(service, "rule=avatars&type=image/png&size=9&filename=secret-name.png", tenant.token("u7"))
    refused = presign(service, "rule=avatars&type=text/html&size=9", tenant.token("u7"))
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    [line] = [line for line in lines if line.get("requestId") == answer.headers["x-request-id"]]
    assert (line["event"], line["tenant"], line["user"], line["rule"], line["declaredSize"]) == ("ticket", "puts", "u7", "avatars", 9)
    assert line["key"] in answer.json()["url"]
    until("the refusal is audited", lambda: any(
        line.get("requestId") == refused.headers["x-request-id"] and line["code"] == "content-type-not-allowed" for line in map(json.loads, audit.read_text().splitlines())), seconds=60)
    metrics = service.admin("/metrics").body.decode()
    assert re.search(r'postern_requests_total\{route="/v1/presign",status="200"\} [1-9]', metrics)
    assert re.search(r'postern_tickets_refused_total\{tenant="puts",rule="avatars",code="content-type-not-allowed"\} 1\n', metrics), metrics
    assert "secret-name" not in service.log() and "secret-name" not in audit.read_text()


def test_a_client_that_waits_for_100_continue_gets_an_answer(service):
    """A body of a GET has no meaning, and is ignored."""
    answer = presign(service, "rule=avatars&type=image/png", Expect="100-continue", **{"Content-Length": "0"})
    assert answer.status == 200
