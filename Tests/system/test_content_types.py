"""What browsers and systems name a file, what a rule allows, and what is signed, uploaded and stored."""

import pytest

from harness import canaries
from harness.form import File, post
from harness.service import Service
from harness.tenant import Tenant

RULES = {
    "csv": {"keyPrefix": "types/csv/", "contentTypes": ["text/csv"], "maxSize": "1MiB"},
    "zip": {"keyPrefix": "types/zip/", "contentTypes": ["application/zip"], "maxSize": "1MiB"},
    "photos": {"keyPrefix": "types/photos/", "contentTypes": ["image/*"], "maxSize": "1MiB"},
    "any": {"keyPrefix": "types/any/", "contentTypes": ["*/*", {"type": "application/octet-stream", "extensions": ["bin", "bam"]}], "maxSize": "1MiB"},
    "scans": {"keyPrefix": "types/scans/", "keyName": "scan.{ext}-{uuid}", "maxSize": "1MiB",
              "contentTypes": ["text/csv", {"type": "application/dicom", "extensions": ["dcm", "dicom"]}]},
    "films": {"keyPrefix": "types/films/", "contentTypes": ["video/mp4", "audio/mp4"], "maxSize": "1MiB"},
    "old": {"keyPrefix": "types/old/", "contentTypes": ["image/jpg", "image/vnd.microsoft.icon"], "maxSize": "1MiB"},
    "pages": {"keyPrefix": "types/pages/", "contentTypes": ["text/html", "image/svg+xml", "image/png"], "maxSize": "1MiB"},
}
# Rule, named type, file name; the signed type and the ending of the key.
SIGNED = [
    ("csv", "application/vnd.ms-excel", "census.csv", "text/csv", "csv"),
    ("csv", "application/octet-stream", "CENSUS.CSV", "text/csv", "csv"),
    ("csv", "text/comma-separated-values", None, "text/csv", "csv"),
    ("csv", "", "census.csv", "text/csv", "csv"),
    ("csv", None, "census.csv", "text/csv", "csv"),
    ("zip", "application/x-zip-compressed", "feed.zip", "application/zip", "zip"),
    ("zip", "application/x-zip-compressed", None, "application/zip", "zip"),
    ("photos", "image/jpg", "a.jpg", "image/jpeg", "jpg"),
    ("photos", "", "IMG_0001.HEIC", "image/heic", "heic"),
    ("photos", "image/x-icon", "a.ico", "image/x-icon", "ico"),
    ("any", "", "genome.bam", "application/octet-stream", "bam"),
    ("any", "", "unheard.of", "application/octet-stream", "bin"),
    ("any", "", None, "application/octet-stream", "bin"),
    ("any", "application/dicom", "scan.dcm", "application/dicom", "dcm"),
    ("any", "application/octet-stream", "part.step", "model/step", "step"),
    ("any", "", "page.html", "application/octet-stream", "bin"),
    ("scans", "", "scan.dicom", "application/dicom", "dicom"),
    ("scans", "application/dicom", "scan", "application/dicom", "dcm"),
    ("films", "video/mp4", "a.mp4", "video/mp4", "mp4"),
    ("old", "image/jpeg", "a.jpg", "image/jpeg", "jpg"),
    ("old", "image/jpg", "a.jpg", "image/jpeg", "jpg"),
    ("old", "image/x-icon", "a.ico", "image/vnd.microsoft.icon", "ico"),
    ("pages", "", "a.png", "image/png", "png"),
    ("pages", "text/html", "a.html", "text/html", "html"),
]


@pytest.fixture(scope="module")
def service(make_service, real_store) -> Service:
    store = {"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint, "addressing": "path"}
    with make_service("content-types", [Tenant("acme", rules=RULES, store=store)], real_store.credentials) as service:
        yield service


def asked(rule: str, type: str | None, name: str | None) -> dict:
    return {"rule": rule, "contentType": type, "filename": name}


@pytest.mark.parametrize("rule, named, name, signed, ending", SIGNED)
def test_the_type_that_is_signed_is_uploaded_and_stored(service, real_store, rule, named, name, signed, ending):
    wish = asked(rule, named, name)
    for wish in (wish, {member: value for member, value in wish.items() if value is not None}):
        ticket = service.ticket(service.tenants["acme"].token(), **wish)
        canaries.add_ticket(ticket)
        assert ticket["fields"]["Content-Type"] == signed
        assert f".{ending}" in ticket["key"]
    answer = post(ticket["url"], ticket["fields"], File(b"a,b\n1,2\n"))
    assert answer.status == 201, answer.body
    assert real_store.client().head_object(Bucket=real_store.bucket, Key=ticket["key"])["ContentType"] == signed
    other = post(ticket["url"], ticket["fields"] | {"Content-Type": "text/html" if signed != "text/html" else "text/plain"}, File(b"a"))
    assert other.status == 403, other.body


@pytest.mark.parametrize("rule, named, name, said", [
    ("csv", "", None, "No type was named"), ("csv", None, "a.pdf", 'send the file\'s type as "contentType"'), ("csv", "", "a.pdf", "allowed: text/csv."),
    ("csv", "application/vnd.ms-excel", "a.xls", '"application/vnd.ms-excel" may not'),
    ("csv", "application/vnd.ms-excel", None, '"application/vnd.ms-excel" may not'),
    ("films", "", "a.mp4", "can be audio/mp4 or video/mp4"), ("films", "application/octet-stream", "a.mp4", "can be audio/mp4 or video/mp4"),
    ("photos", "image/svg+xml", "a.svg", "only if the rule names it"), ("any", "image/svg+xml", "a.svg", "only if the rule names it"),
    ("any", "application/x-javascript", "a.js", "only if the rule names it"),
    ("pages", "", "a.html", 'send "text/html"'), ("pages", "application/octet-stream", "a.svg", 'send "image/svg+xml"'),
    ("pages", "text/plain", "a.html", '"text/plain" may not'), ("photos", "image", "a.png", "not a media type")])
def test_a_refused_type_is_named_and_the_way_out_is_told(service, rule, named, name, said):
    problem = service.refusal(service.tenants["acme"].token(), **asked(rule, named, name))
    assert (problem["status"], problem["code"]) == (422, "content-type-not-allowed")
    assert said in problem["detail"], problem["detail"]
    allowed = {"any": ["*/*", "application/octet-stream"]}.get(rule, RULES[rule]["contentTypes"])
    assert problem["allowed"] == allowed and f"allowed: {', '.join(allowed)}." in problem["detail"]


def test_the_rules_say_what_a_page_can_offer(service):
    answer = service.request("GET", "/v1/rules", {"Authorization": f"Bearer {service.tenants['acme'].token()}"})
    rules = {rule["name"]: rule for rule in answer.json()["rules"]}
    assert rules["scans"]["contentTypes"] == ["text/csv", "application/dicom"]
    assert rules["scans"]["accept"] == ["text/csv", "application/dicom", ".csv", ".dcm", ".dicom"]
    assert rules["any"]["accept"] == ["*/*"]
    assert {"image/*", ".heic", ".png"} <= set(rules["photos"]["accept"]) and ".svg" not in rules["photos"]["accept"]
    assert rules["old"]["contentTypes"] == ["image/jpeg", "image/vnd.microsoft.icon"]
    assert (rules["scans"]["usesFilename"], rules["csv"]["usesFilename"]) == (True, False)
