"""openapi.yaml and the service say the same."""

import json
import os
import pathlib
import re
import subprocess
import sys

import jsonschema
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from harness.http import PROBLEM_CODES
from harness.service import BINARY, Service, clean_environment
from harness.tenant import AVATARS, Tenant

METHODS = {"get", "post", "put", "delete", "patch", "options", "head", "trace"}


@pytest.fixture(scope="module")
def document(root) -> dict:
    return yaml.safe_load((root / "openapi.yaml").read_text())


@pytest.fixture(scope="module")
def described(make_service) -> Service:
    """Two rules, so that `rule` matters, and metadata that may be set."""
    rules = {"avatars": AVATARS | {"metadata": {"allowed": ["album"]}},
             "reports": {"keyPrefix": "reports/", "keyName": "{uuid}-{filename}", "contentTypes": ["application/pdf"], "maxSize": "10MiB",
                         "checksum": "required"}}
    with make_service("openapi", [Tenant("acme", rules=rules)], log_level="info") as service:
        yield service


def validator(document: dict, schema: dict) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema | {"components": document["components"]},
                                           format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def contents(node, path=""):
    """Every media type object of the document, with its path."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "content" and isinstance(value, dict):
                for kind, media in value.items():
                    yield f"{path}/{kind}", media
            yield from contents(value, f"{path}/{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from contents(value, f"{path}/{number}")


def test_the_document_is_valid(document):
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def test_the_document_has_the_programs_version(document):
    printed = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    assert printed.split()[-1] == document["info"]["version"]


def test_every_example_fits_its_schema(document):
    checked = 0
    for path, media in contents(document):
        for name, example in media.get("examples", {}).items():
            if "$ref" in example:
                example = document["components"]["examples"][example["$ref"].rpartition("/")[2]]
            errors = [error.message for error in validator(document, media["schema"]).iter_errors(example["value"])]
            assert not errors, (path, name, errors)
            checked += 1
    assert checked >= 30


def test_the_document_has_every_problem_code(document):
    assert set(document["components"]["schemas"]["ProblemCode"]["enum"]) == set(PROBLEM_CODES)
    by_status = {}
    for response in document["components"]["responses"].values():
        media = response["content"]["application/problem+json"]
        status, codes = media["schema"]["allOf"][1]["properties"]["status"]["const"], media["schema"]["allOf"][1]["properties"]["code"]["enum"]
        assert set(codes) == set(media["examples"])
        by_status |= {code: status for code in codes}
    assert by_status == PROBLEM_CODES


def test_the_code_knows_the_same_problem_codes(root):
    """Each code of the document stands in the sources, so no code is described that nobody sends."""
    sources = "\n".join(path.read_text() for path in (root / "Sources").rglob("*.swift"))
    assert not [code for code in PROBLEM_CODES if not re.search(rf'"{code}"|case {code}\b', sources)]


def test_the_service_serves_the_file(described, root):
    answer = described.request("GET", "/openapi.yaml")
    assert answer.status == 200 and answer.headers["content-type"].startswith("application/yaml")
    assert answer.body == (root / "openapi.yaml").read_bytes()


def test_every_described_path_is_there_and_no_other_method(described, document):
    for path, item in document["paths"].items():
        methods = METHODS & set(item)
        ask = described.admin if path in ("/readyz", "/metrics") else lambda path, method: described.request(method, path)
        for method in ("get", "post"):
            status = ask(path, method.upper()).status
            assert (status == 405) == (method not in methods) and status != 404, (method, path, status)


def test_tickets_and_rules_fit_their_schemas(described, document):
    tenant = described.tenants["acme"]
    ticket = described.ticket(tenant.token(), rule="avatars", contentType="image/png", size=5, filename="a.png")
    rules = described.request("GET", "/v1/rules", {"Authorization": f"Bearer {tenant.token()}"}).json()
    wishes = {"tickets": [{"rule": "avatars", "contentType": "image/png"}, {"rule": "none", "contentType": "image/png"}]}
    batch = described.post("/v1/tickets/batch", wishes, tenant.token()).json()
    ready = described.admin("/readyz").json()
    for name, value in (("Ticket", ticket), ("RuleList", rules), ("BatchResponse", batch), ("Readiness", ready)):
        errors = [error.message for error in validator(document, {"$ref": f"#/components/schemas/{name}"}).iter_errors(value)]
        assert not errors, (name, errors)
    assert [rule["name"] for rule in rules["rules"]] == ["avatars", "reports"]
    assert rules == {"tenant": "acme", "rules": [
        {"name": "avatars", "contentTypes": AVATARS["contentTypes"], "minSize": 1, "maxSize": 1024**2, "expiry": 300, "checksum": "optional",
         "metadata": ["album"], "filename": False},
        {"name": "reports", "contentTypes": ["application/pdf"], "minSize": 1, "maxSize": 10 * 1024**2, "expiry": 300, "checksum": "required",
         "metadata": [], "filename": True}]}


@pytest.fixture(scope="module")
def open_to_all(make_service) -> Service:
    """A tenant whose one rule takes all that the document's requests ask for, so that what fits the document is accepted."""
    rules = {"avatars": {"keyPrefix": "avatars/", "contentTypes": ["image/*"], "maxSize": "5GiB", "metadata": {"allowed": ["album"]}}}
    with make_service("schemathesis", [Tenant("acme", rules=rules)], log_level="info") as service:
        yield service


@pytest.mark.parametrize("credential", ["token", "api key"])
def test_schemathesis_finds_nothing(open_to_all, root, tmp_path, credential):
    described, tenant = open_to_all, open_to_all.tenants["acme"]
    header = tenant.token() if credential == "token" else tenant.api_key
    run_schemathesis(root, tmp_path, described.url, header, ["--exclude-path", "/readyz", "--exclude-path", "/metrics"])


def test_schemathesis_finds_nothing_on_the_admin_listener(described, root, tmp_path):
    run_schemathesis(root, tmp_path, f"http://127.0.0.1:{described.admin_port}", "none", ["--include-path", "/readyz", "--include-path", "/metrics"])


def run_schemathesis(root: pathlib.Path, folder: pathlib.Path, url: str, credential: str, more: list[str]):
    examples = os.environ.get("POSTERN_SCHEMATHESIS_EXAMPLES", "60")
    config = pathlib.Path(__file__).parent / "schemathesis.toml"
    run = subprocess.run(
        [pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", config, "run", root / "openapi.yaml", "--url", url, "--header",
         f"Authorization: Bearer {credential}", "--max-examples", examples, "--seed", "1", "--no-color", "--warnings", "off", *more],
        capture_output=True, text=True, timeout=300, cwd=folder, env=clean_environment(), stdin=subprocess.DEVNULL)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "No issues found" in run.stdout, run.stdout[-3000:]
    print(json.dumps(run.stdout.splitlines()[-12:], indent=1))
