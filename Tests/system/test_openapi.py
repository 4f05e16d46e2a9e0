"""openapi.yaml, openapi-admin.yaml and the service say the same."""

import copy
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
# A test never meets a fault of the service, but its code is described.
DESCRIBED_CODES = PROBLEM_CODES | {"internal-error": 500}
DOCUMENTS = ["openapi.yaml", "openapi-admin.yaml"]
PROBLEM = "application/problem+json"


def load(root: pathlib.Path, name: str) -> dict:
    return yaml.safe_load((root / name).read_text())


@pytest.fixture(scope="module")
def document(root) -> dict:
    return load(root, "openapi.yaml")


@pytest.fixture(scope="module", params=DOCUMENTS)
def each_document(request, root) -> dict:
    return load(root, request.param)


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


def resolved(document: dict, node: dict) -> dict:
    while "$ref" in node:
        reference, node = node["$ref"], document
        for name in reference.removeprefix("#/").split("/"):
            node = node[name]
    return node


def mappings(node, path=""):
    """Every mapping of the document, with its path."""
    if isinstance(node, dict):
        yield path, node
        for name, value in node.items():
            yield from mappings(value, f"{path}/{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from mappings(value, f"{path}/{number}")


def media_types(document: dict):
    """Every media type object of the document, with its path."""
    for path, node in mappings(document):
        if isinstance(node.get("content"), dict):
            for kind, media in node["content"].items():
                yield f"{path}/{kind}", media


def refusals(document: dict):
    """Every response of every operation that is a problem: its path and status, the response, and the codes it lists."""
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            for status, response in item[method]["responses"].items():
                response = resolved(document, response)
                if PROBLEM in response["content"]:
                    yield path, int(status), response, list(response["content"][PROBLEM]["examples"])


CHECKSUM_BYTES = {"sha256": 32, "sha1": 20, "crc32": 4, "crc32c": 4, "crc64nvme": 8, "md5": 16}


def base64_pattern(length: int) -> str:
    """What the base64 of so many bytes looks like; the unused bits of the last digit are 0."""
    groups, rest = divmod(length, 3)
    return "^[A-Za-z0-9+/]{%d}%s$" % (4 * groups + rest, {1: "[AQgw]==", 2: "[AEIMQUYcgkosw048]="}[rest])


def strict(document: dict) -> dict:
    """What the document says in words too, for validators: the codes of each status, the members and values there are now, null for what is
    optional, the forms of URLs and dates."""
    document = copy.deepcopy(document)
    for _, status, response, codes in refusals(document):
        response["content"][PROBLEM]["schema"] = {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": {
            "status": {"const": status}, "code": {"enum": codes}, "type": {"enum": [f"urn:postern:problem:{code}" for code in codes]}}}]}
    for path, schema in mappings(document["components"]["schemas"]):
        if schema.get("additionalProperties") is True and path != "/OpenApiDocument":
            schema["additionalProperties"] = False
        if schema.get("format") == "date-time":
            schema["pattern"] = "^[0-9T:-]{19}Z$"
    if wish := document["components"]["schemas"].get("TicketRequest"):
        for name in set(wish["properties"]) - set(wish.get("required", [])):
            member = wish["properties"][name]
            wish["properties"][name] = {"anyOf": [member, {"type": "null"}]} if "$ref" in member else member | {"type": [member["type"], "null"]}
        wish["not"] = {"required": ["checksum", "checksumSHA256"],
                       "properties": {"checksum": {"type": "object"}, "checksumSHA256": {"type": "string"}}}
        document["components"]["schemas"]["Checksum"] = {"oneOf": [
            {"type": "object", "additionalProperties": False, "required": ["algorithm", "value"],
             "properties": {"algorithm": {"const": name}, "value": {"type": "string", "pattern": base64_pattern(length)}}}
            for name, length in CHECKSUM_BYTES.items()]}
    if ticket := document["components"]["schemas"].get("Ticket"):
        ticket["properties"]["fileField"]["const"] = "file"
        ticket["oneOf"] = [
            {"properties": {"method": {"const": "POST"}, "url": {"pattern": "/$"}, "headers": {"maxProperties": 0},
                            "fields": {"required": ["key"]}}},
            {"properties": {"method": {"const": "PUT"}, "url": {"pattern": "X-Amz-Signature=[0-9a-f]{64}$"},
                            "headers": {"required": ["Content-Type"]}, "fields": {"maxProperties": 0}}},
        ]
    return document


# The documents

def test_the_document_is_valid(each_document):
    OpenAPIV31SpecValidator(each_document).validate()
    assert each_document["openapi"].startswith("3.1")


def test_the_document_has_the_programs_version(each_document):
    printed = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    assert printed.split()[-1] == each_document["info"]["version"]


@pytest.mark.parametrize("name, least", [("openapi.yaml", 30), ("openapi-admin.yaml", 8)])
def test_every_example_fits_its_schema(root, name, least):
    document = strict(load(root, name))
    checked = 0
    for path, media in media_types(document):
        for name, example in media.get("examples", {}).items():
            example = resolved(document, example)
            errors = [error.message for error in validator(document, media["schema"]).iter_errors(example["value"])]
            assert not errors, (path, name, errors)
            checked += 1
    assert checked >= least


@pytest.fixture(scope="module")
def titles(root) -> dict[str, str]:
    """The codes of the sources, each with its title."""
    source = (root / "Sources/PosternServer/Problem/ProblemCode.swift").read_text()
    codes = {name: code or name for name, code in re.findall(r'^    case (\w+)(?: = "(.+)")?$', source, re.MULTILINE)}
    return {codes[name]: title for name, title in re.findall(r'case \.(\w+): \(\d+, "(.+)"\)', source)}


def test_the_codes_of_the_document_are_those_of_the_sources(document, titles):
    assert set(titles) == set(DESCRIBED_CODES)
    assert {code for *_, codes in refusals(document) for code in codes} == set(titles)


def test_every_response_lists_the_codes_of_its_status(each_document):
    listed = set()
    for path, status, response, codes in refusals(each_document):
        assert response["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}, (path, status)
        assert re.findall(r"^- `([a-z-]+)`: ", response["description"], re.MULTILINE) == codes, (path, status)
        assert [DESCRIBED_CODES[code] for code in codes] == [status] * len(codes), (path, status)
        for code in codes:
            problem = resolved(each_document, response["content"][PROBLEM]["examples"][code])["value"]
            assert (problem["code"], problem["status"]) == (code, status)
        listed |= set(codes)
    assert listed == set(each_document["components"]["schemas"]["Problem"]["properties"]["code"]["examples"])


def test_the_problems_in_examples_are_as_the_service_sends_them(each_document, titles):
    problems = [node for path, node in mappings(each_document) if isinstance(node.get("title"), str) and "requestId" in node]
    assert len(problems) >= 6
    for problem in problems:
        assert problem["title"] == titles[problem["code"]] and problem["status"] == DESCRIBED_CODES[problem["code"]], problem
        assert problem["type"] == f"urn:postern:problem:{problem['code']}", problem


def test_both_documents_describe_one_problem(root):
    public, admin = (load(root, name)["components"]["schemas"]["Problem"] for name in DOCUMENTS)
    assert set(public) == set(admin) and public["required"] == admin["required"] and public["description"] == admin["description"]
    for name, schema in admin["properties"].items():
        assert {key: value for key, value in schema.items() if key != "examples"} == {
            key: value for key, value in public["properties"][name].items() if key != "examples"}, name


def reachable(document: dict, node) -> set[str]:
    """The names of the schemas that a part of the document refers to, also through others."""
    found, rest = set(), [node]
    while rest:
        for _, mapping in mappings(rest.pop()):
            name = mapping.get("$ref", "").removeprefix("#/components/schemas/")
            if name in document["components"]["schemas"] and name not in found:
                found.add(name)
                rest.append(document["components"]["schemas"][name])
            elif "$ref" in mapping and name not in found:
                rest.append(resolved(document, mapping))
    return found


def test_requests_are_closed_and_responses_open(each_document):
    operations = [item[method] for item in each_document["paths"].values() for method in METHODS & set(item)]
    requests = reachable(each_document, [operation.get("requestBody", {}) for operation in operations])
    responses = reachable(each_document, [operation["responses"] for operation in operations])
    schemas = each_document["components"]["schemas"]
    assert requests | responses == set(schemas) and not requests & responses
    for name, schema in schemas.items():
        if "properties" in schema:
            assert schema["additionalProperties"] is (name in responses), name


def test_what_generators_stumble_over_is_not_there(each_document):
    schemas = each_document["components"]["schemas"]
    for path, node in mappings(each_document):
        if "/examples" in path or "/example" in path:
            continue
        if isinstance(node.get("pattern"), str):
            assert node["pattern"].startswith("^") and node["pattern"].endswith("$"), f"{path}: the pattern is not anchored"
        if "const" in node or "enum" in node:
            assert "type" in node, f"{path}: a value without a type"
        if isinstance(node.get("properties"), dict) and "type" in node:
            assert path.startswith("/components/schemas/") and path.count("/") == 3, f"{path}: a part without a name"
        assert "allOf" not in node and "anyOf" not in node, path
    for name, schema in schemas.items():
        assert schema.get("type") == "object" or "oneOf" in schema, f"{name}: a scalar with a name becomes a class"


# The documents and the service

def test_the_service_serves_the_files(described, root):
    yaml_answer, json_answer = described.request("GET", "/openapi.yaml"), described.request("GET", "/openapi.json")
    assert yaml_answer.status == json_answer.status == 200
    assert yaml_answer.body == (root / "openapi.yaml").read_bytes()
    assert json_answer.json() == load(root, "openapi.yaml")
    own = ("content-type", "content-length", "date", "x-request-id")
    assert [yaml_answer.headers["content-type"], json_answer.headers["content-type"]] == ["application/yaml", "application/json"]
    assert {name: value for name, value in yaml_answer.headers.items() if name not in own} == {
        name: value for name, value in json_answer.headers.items() if name not in own}
    admin = described.admin("/openapi.yaml")
    assert admin.status == 200 and admin.headers["content-type"] == "application/yaml"
    assert admin.body == (root / "openapi-admin.yaml").read_bytes()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_described_path_is_there_and_no_other_method(described, root, name):
    ask = described.admin if name == "openapi-admin.yaml" else lambda path, method: described.request(method, path)
    for path, item in load(root, name)["paths"].items():
        methods = METHODS & set(item)
        for method in ("get", "post"):
            status = ask(path, method.upper()).status
            assert (status == 405) == (method not in methods) and status != 404, (method, path, status)


def test_tickets_and_rules_fit_their_schemas(described, root):
    public, admin = (strict(load(root, name)) for name in DOCUMENTS)
    tenant = described.tenants["acme"]
    ticket = described.ticket(tenant.token(), rule="avatars", contentType="image/png", size=5, filename="a.png")
    rules = described.request("GET", "/v1/rules", {"Authorization": f"Bearer {tenant.token()}"}).json()
    wishes = {"tickets": [{"rule": "avatars", "contentType": "image/png"}, {"rule": "none", "contentType": "image/png"}]}
    batch = described.post("/v1/tickets/batch", wishes, tenant.token()).json()
    ready, health, status = (described.admin(path).json() for path in ("/readyz", "/healthz", "/status.json"))
    for document, name, value in ((public, "Ticket", ticket), (public, "RuleList", rules), (public, "BatchResponse", batch),
                                  (public, "Health", described.request("GET", "/healthz").json()), (admin, "Readiness", ready), (admin, "Health", health),
                                  (admin, "Status", status)):
        errors = [error.message for error in validator(document, {"$ref": f"#/components/schemas/{name}"}).iter_errors(value)]
        assert not errors, (name, errors)
    assert [rule["name"] for rule in rules["rules"]] == ["avatars", "reports"]
    assert rules == {"tenant": "acme", "rules": [
        {"name": "avatars", "method": "POST", "contentTypes": AVATARS["contentTypes"], "accept": [*AVATARS["contentTypes"], ".png", ".jpg", ".jpeg", ".jpe", ".jfif"], "minSize": 1,
         "maxSize": 1024**2, "expiresIn": 300, "checksum": "optional", "checksumAlgorithms": ["sha256"], "metadata": ["album"], "usesFilename": False, "usesPath": False, "parameters": {}},
        {"name": "reports", "method": "POST", "contentTypes": ["application/pdf"], "accept": ["application/pdf", ".pdf"], "minSize": 1, "maxSize": 10 * 1024**2, "expiresIn": 300, "checksum": "required",
         "checksumAlgorithms": ["sha256"], "metadata": [], "usesFilename": True, "usesPath": False, "parameters": {}}]}


def test_null_counts_as_left_out(described, document):
    """As serialisers such as Jackson and System.Text.Json write it by default."""
    tenant = described.tenants["acme"]
    wish = dict.fromkeys(document["components"]["schemas"]["TicketRequest"]["properties"]) | {"rule": "avatars", "contentType": "image/png"}
    for credential in (tenant.token(), tenant.api_key):
        answer = described.post("/v1/tickets", wish | ({"user": "u1"} if credential == tenant.api_key else {}), credential)
        assert answer.status == 201 and answer.json()["maxSize"] == 1024**2, answer.body
    batch = described.post("/v1/tickets/batch", {"tickets": [wish, wish | {"size": 5}]}, tenant.token()).json()
    assert [result["status"] for result in batch["results"]] == [201, 201]


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
    run_schemathesis(load(root, "openapi.yaml"), tmp_path, described.url, header)


def test_schemathesis_finds_nothing_on_the_admin_listener(described, root, tmp_path):
    run_schemathesis(load(root, "openapi-admin.yaml"), tmp_path, f"http://127.0.0.1:{described.admin_port}", "none")


def run_schemathesis(document: dict, folder: pathlib.Path, url: str, credential: str):
    examples = os.environ.get("POSTERN_SCHEMATHESIS_EXAMPLES", "60")
    config = pathlib.Path(__file__).parent / "schemathesis.toml"
    (folder / "strict.json").write_text(json.dumps(strict(document)))
    run = subprocess.run(
        [pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", config, "run", "strict.json", "--url", url, "--header",
         f"Authorization: Bearer {credential}", "--max-examples", examples, "--seed", "1", "--no-color", "--warnings", "off"],
        capture_output=True, text=True, timeout=300, cwd=folder, env=clean_environment(), stdin=subprocess.DEVNULL)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "No issues found" in run.stdout, run.stdout[-3000:]
    print(json.dumps(run.stdout.splitlines()[-12:], indent=1))
