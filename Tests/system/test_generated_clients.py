"""Two generators make Python clients from the served document: these take, are refused and batch tickets, with types for every part."""

import datetime
import importlib
import json
import pathlib
import subprocess
import sys
import uuid
from dataclasses import dataclass
from types import ModuleType

import pytest

from harness.loopback import LoopbackServer, Reply, Request
from harness.service import Service, clean_environment
from harness.tenant import AVATARS, Tenant

SIZE = 48213
ADDED = {"addedLater": {"numbers": [1, None]}}


@pytest.fixture(scope="module")
def target(make_service) -> Service:
    rules = {"avatars": AVATARS | {"metadata": {"allowed": ["album"]}},
             "reports": {"keyPrefix": "reports/", "contentTypes": ["application/pdf"], "maxSize": "10MiB", "requireScope": "upload:reports"},
             "rare": {"keyPrefix": "rare/", "contentTypes": ["image/png"], "maxSize": "1MiB", "limits": {"perUser": "1/1h"}}}
    with make_service("generated-clients", [Tenant("acme", rules=rules)], log_level="info") as service:
        yield service


class GrownService(LoopbackServer):
    """The service as it may be one day: every object of its answers has a member more, and every problem another code."""

    def __init__(self, service: Service):
        super().__init__()
        self.service = service

    def reply(self, request: Request) -> Reply:
        headers = {name: value for name, value in request.headers.items() if name in ("authorization", "content-type")}
        answer = self.service.request(request.method, request.path, headers, request.body or None)
        return Reply.of_json(grown(answer.json()), answer.status, **{"Content-Type": answer.headers["content-type"]})


def grown(value):
    if isinstance(value, list):
        return [grown(each) for each in value]
    if not isinstance(value, dict):
        return value
    # These are maps of strings: what is in them must be sent, or is named by the rule.
    more = {name: each if name in ("fields", "headers", "parameters") else grown(each) for name, each in value.items()} | ADDED
    return more | {"code": "added-later", "type": "urn:postern:problem:added-later"} if "code" in value else more


@pytest.fixture(scope="module", params=["as it is", "grown"])
def base_url(request, target):
    if request.param == "as it is":
        yield target.url
    else:
        with GrownService(target) as later:
            yield later.url


@dataclass
class Refused(Exception):
    """A refusal: the HTTP status, and the model that the client made of the body."""

    status: int
    problem: object


def generate(folder: pathlib.Path, *command: str) -> str:
    """Returns what the generator, a program beside Python, printed."""
    program, *arguments = command
    done = subprocess.run([pathlib.Path(sys.executable).with_name(program), *arguments], capture_output=True, text=True, timeout=600, cwd=folder,
                          stdin=subprocess.DEVNULL, env=clean_environment())
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


class OpenAPIPythonClient:
    """openapi-python-client: functions that return a model or None, on httpx and attrs."""

    package = "postern_opc"

    def __init__(self, folder: pathlib.Path, service: Service):
        (folder / "openapi.yaml").write_bytes(service.request("GET", "/openapi.yaml").body)
        (folder / "config.yaml").write_text("post_hooks: []\n")
        self.printed = generate(folder, "openapi-python-client", "generate", "--path", "openapi.yaml", "--meta", "none", "--output-path", self.package,
                                "--config", "config.yaml")
        sys.path.insert(0, str(folder))
        self.models = importlib.import_module(f"{self.package}.models")

    def _call(self, url: str, token: str, function: str, **arguments):
        client = importlib.import_module(f"{self.package}.client").AuthenticatedClient(url, token=token, raise_on_unexpected_status=True)
        response = importlib.import_module(f"{self.package}.api.{function}").sync_detailed(client=client, **arguments)
        if response.status_code >= 400:
            raise Refused(int(response.status_code), response.parsed)
        return response.parsed

    def ticket(self, url: str, token: str, **wish):
        return self._call(url, token, "tickets.create_ticket", body=self.models.TicketRequest.from_dict(wish))

    def batch(self, url: str, token: str, wishes: list[dict]) -> list:
        return self._call(url, token, "tickets.create_tickets", body=self.models.BatchRequest.from_dict({"tickets": wishes})).results

    def rules(self, url: str, token: str):
        return self._call(url, token, "rules.list_rules")

    def health(self, url: str):
        return self._call(url, "none", "service.read_health")

    @staticmethod
    def fields(ticket) -> dict[str, str]:
        return ticket.fields.to_dict()


class OpenAPIGenerator:
    """openapi-generator: classes with methods that return a model or throw, on urllib3 and pydantic."""

    package = "postern_oag"

    def __init__(self, folder: pathlib.Path, service: Service):
        (folder / "openapi.json").write_bytes(service.request("GET", "/openapi.json").body)
        self.printed = generate(folder, "openapi-generator-cli", "generate", "-g", "python", "-i", "openapi.json", "-o", ".",
                                "--additional-properties", f"packageName={self.package}")
        sys.path.insert(0, str(folder))
        self.models = importlib.import_module(f"{self.package}.models")

    def _call(self, url: str, token: str, api: str, method: str, *arguments):
        package: ModuleType = importlib.import_module(self.package)
        with package.ApiClient(package.Configuration(host=url, access_token=token)) as client:
            try:
                return getattr(getattr(package, api)(client), method)(*arguments)
            except package.ApiException as error:
                raise Refused(error.status, error.data) from error

    def ticket(self, url: str, token: str, **wish):
        return self._call(url, token, "TicketsApi", "create_ticket", self.models.TicketRequest.from_dict(wish))

    def batch(self, url: str, token: str, wishes: list[dict]) -> list:
        answer = self._call(url, token, "TicketsApi", "create_tickets", self.models.BatchRequest.from_dict({"tickets": wishes}))
        return [result.actual_instance for result in answer.results]

    def rules(self, url: str, token: str):
        return self._call(url, token, "RulesApi", "list_rules")

    def health(self, url: str):
        return self._call(url, "none", "ServiceApi", "read_health")

    @staticmethod
    def fields(ticket) -> dict[str, str]:
        return ticket.fields


@pytest.fixture(scope="module", params=[OpenAPIPythonClient, OpenAPIGenerator], ids=lambda kind: kind.package)
def client(request, tmp_path_factory, target):
    folder = tmp_path_factory.mktemp(request.param.package)
    yield request.param(folder, target)
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == request.param.package]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def token(target) -> str:
    return target.tenants["acme"].token()


def test_nothing_of_the_document_is_left_out(client):
    """But for openapi.yaml itself, of which openapi-python-client cannot read the media type."""
    left_out = [line for line in client.printed.splitlines() if line.startswith("WARNING")]
    assert left_out in ([], ["WARNING parsing GET /openapi.yaml within service."]), client.printed


def test_the_models_are_those_of_the_document(client, target):
    schemas = json.loads(target.request("GET", "/openapi.json").body)["components"]["schemas"]
    models = {name for name in dir(client.models) if isinstance(getattr(client.models, name), type)}
    # Maps and enumerations inside of a schema bear its name; openapi-python-client writes a choice as a union.
    assert set(schemas) - models <= {"BatchResult"}
    assert not [name for name in models - set(schemas) if not name.startswith(tuple(schemas))]
    assert not [name for name in models if "Inline" in name or "Inner" in name or "OneOf" in name or "Type0" in name]


def test_a_ticket(client, base_url, token, target):
    ticket = client.ticket(base_url, token, rule="avatars", contentType="image/png", size=SIZE, filename="me.png", metadata={"album": "2026"})
    assert isinstance(ticket, client.models.Ticket)
    assert (ticket.method, ticket.file_field, ticket.rule, ticket.min_size, ticket.max_size) == ("POST", "file", "avatars", SIZE, SIZE)
    assert isinstance(ticket.id, uuid.UUID) and str(ticket.id) in ticket.key and ticket.url.endswith("/")
    assert isinstance(ticket.expires_at, datetime.datetime) and isinstance(ticket.server_time, datetime.datetime)
    assert ticket.expires_at - ticket.server_time == datetime.timedelta(seconds=ticket.expires_in)
    fields = client.fields(ticket)
    assert fields["key"] == ticket.key and fields["Content-Type"] == "image/png" and {"Policy", "X-Amz-Signature"} <= set(fields)


@pytest.mark.parametrize("wish, status, code, member, value", [
    ({"rule": "avatars", "contentType": "text/html"}, 422, "content-type-not-allowed", "allowed", AVATARS["contentTypes"]),
    ({"rule": "avatars", "contentType": "text/html"}, 422, "content-type-not-allowed", "understood", "text/html"),
    ({"rule": "avatars", "contentType": "image/png", "size": 1024**2 + 1}, 422, "size-too-large", "max_size", 1024**2),
    ({"rule": "reports", "contentType": "application/pdf"}, 403, "scope-missing", "scope", "upload:reports"),
    ({"rule": "none", "contentType": "image/png"}, 404, "rule-unknown", "allowed", ["avatars", "rare"]),
    ({"rule": "avatars", "contentType": "image/png", "filename": "f" * 20_000}, 413, "body-too-large", "max_bytes", 16 * 1024),
    ({"contentType": "image/png"}, 400, "invalid-request", "allowed", ["avatars", "rare"])])
def test_a_refusal_is_a_problem(client, base_url, token, target, wish, status, code, member, value):
    problem = refusal(client, base_url, token, wish, status, code, target)
    found = getattr(problem, member)
    # A new code comes with what its place has today.
    assert (set(found) >= set(value)) if isinstance(value, list) else found == value


def refusal(client, base_url: str, token: str, wish: dict, status: int, code: str, target: Service):
    with pytest.raises(Refused) as refused:
        client.ticket(base_url, token, **wish)
    problem = refused.value.problem
    assert isinstance(problem, client.models.Problem), problem
    assert (refused.value.status, problem.status) == (status, status)
    assert problem.code == (code if base_url == target.url else "added-later")
    assert problem.detail and problem.title and problem.request_id
    return problem


def test_no_valid_token_and_too_many_tickets_are_problems_too(client, base_url, target):
    wish = {"rule": "rare", "contentType": "image/png"}
    refusal(client, base_url, "nonsense", wish, 401, "unauthenticated", target)
    token = target.tenants["acme"].token(f"{client.package}-{base_url}")
    assert client.ticket(base_url, token, **wish).rule == "rare"
    assert 0 < refusal(client, base_url, token, wish, 429, "rate-limited", target).retry_after <= 3600


def test_a_batch_of_two_with_one_refusal(client, base_url, token, target):
    taken, refused = client.batch(base_url, token, [{"rule": "avatars", "contentType": "image/png"}, {"rule": "avatars", "contentType": "text/html"}])
    assert isinstance(taken, client.models.BatchTicket) and isinstance(taken.ticket, client.models.Ticket)
    assert taken.status == 201 and taken.ticket.rule == "avatars"
    assert isinstance(refused, client.models.BatchRefusal) and isinstance(refused.problem, client.models.Problem)
    assert refused.status == refused.problem.status == 422
    assert refused.problem.code == ("content-type-not-allowed" if base_url == target.url else "added-later")


def test_the_rules(client, base_url, token):
    listed = client.rules(base_url, token)
    assert isinstance(listed, client.models.RuleList) and listed.tenant == "acme"
    assert [rule.name for rule in listed.rules] == ["avatars", "rare"]
    rule = listed.rules[0]
    assert isinstance(rule, client.models.Rule)
    assert (rule.content_types, rule.min_size, rule.max_size, rule.expires_in, rule.metadata, rule.uses_filename) == (
        AVATARS["contentTypes"], 1, 1024**2, 300, ["album"], False)


def test_health(client, base_url):
    assert client.health(base_url).status == "ok"


def test_members_that_were_added_are_kept(client, target, token):
    with GrownService(target) as later:
        ticket = client.ticket(later.url, token, rule="avatars", contentType="image/png")
    assert ticket.additional_properties == ADDED
