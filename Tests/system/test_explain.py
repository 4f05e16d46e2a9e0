"""`postern explain`: it gives the same answer as the running service, and names the line that decides."""

import base64
import json
import pathlib
import random
import re

import pytest

from harness import canaries
from harness.command import Command
from harness.rgw import Credentials
from harness.service import Service
from harness.tenant import Tenant
from harness.tokens import APIKey, Issuer

ORIGIN = "https://app.acme.example"
RULES = {
    "avatars": {"keyPrefix": "avatars/{user}/", "contentTypes": ["image/png", "image/jpeg"], "maxSize": "5MiB", "minSize": 100,
                "limits": {"perUser": "1000000/1h"}},
    "orgs": {"keyPrefix": "orgs/{claim.org}/{audit}/{path}/", "keyName": "{uuid}-{filename}", "parameters": {"audit": "digits"},
             "contentTypes": ["text/csv", "application/pdf", {"type": "application/dicom", "extensions": ["dcm", "dic"]}], "maxSize": "50MiB",
             "declaredSize": "atMost", "expiry": "10m",
             "metadata": {"fixed": {"who": "{user}", "file": "{filename}", "rule": "{rule}"}, "allowed": ["album", "note"]},
             "tags": {"team": "web + app", "of": "{user}"}},
    "checked": {"keyPrefix": "checked/{yyyy}/{mm}/{dd}/", "contentTypes": ["image/*"], "maxSize": "1MiB", "contentDisposition": "attachment",
                "checksum": {"required": True, "algorithms": ["sha256", "crc32c"]}, "storageClass": "STANDARD_IA"},
    "scoped": {"keyPrefix": "scoped/", "contentTypes": ["image/png"], "maxSize": "1MiB", "requireScope": "upload"},
    "backend": {"keyPrefix": "backend/{user}/", "contentTypes": ["*/*"], "maxSize": "1MiB", "apiKeysOnly": True, "declaredSize": "ignored"},
    "staff": {"keyPrefix": "staff/", "keyName": "{filename}", "contentTypes": ["text/*"], "maxSize": "1MiB", "minSize": 0, "issuers": ["staff"]},
    "put": {"store": "bay", "keyPrefix": "put/{user}/", "keyName": "{uuid}-{filename}", "contentTypes": ["image/png"], "maxSize": "1MiB",
            "overwrite": "never", "metadata": {"fixed": {"file": "{filename}"}, "allowed": ["album"]}, "cacheControl": "no-store",
            "contentDisposition": "attachment"},
    "tight": {"store": "tight", "keyPrefix": "tight/", "keyName": "{uuid}-{filename}", "contentTypes": ["image/png"], "maxSize": "1MiB",
              "metadata": {"allowed": ["album"]}},
    "old": {"store": "old", "keyPrefix": "old/", "contentTypes": ["image/png"], "maxSize": "1MiB", "acl": "private"},
    "long": {"keyPrefix": "p" * 499 + "/", "keyName": "n" * 400 + "{uuid}{filename}", "contentTypes": ["image/png"], "maxSize": "1MiB"},
}
STORES = {
    "bay": {"bucket": "bay", "region": "auto", "endpoint": "https://s3.bay.example", "method": "put"},
    "tight": {"bucket": "tight-uploads", "region": "eu-west-1", "maxPolicyBytes": 1000},
    "old": {"bucket": "old-uploads", "region": "us-east-1", "endpoint": "https://s3.old.example", "signature": "v2"},
}
ATTRIBUTES = {"attributes": {"org": ["app", "org"], "plan": "plan"}}
UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture
def run(logs) -> Command:
    return Command(logs, "explain")


@pytest.fixture(scope="module")
def login() -> Issuer:
    """A service-wide issuer."""
    return Issuer("id.login", tenant_claim="tenant_id", more={"name": "login", "user": ["person", "id"], **ATTRIBUTES})


@pytest.fixture(scope="module")
def keys() -> list[APIKey]:
    return [APIKey("acme", "cms"), APIKey("acme", "few", rules=["avatars", "backend", "scoped"], allowUsers=["u1", "ü"]),
            APIKey("acme", "over", expires="2020-01-01"), APIKey("acme", "scoped", scopes=["upload", "other"]),
            APIKey("acme", "staffed", issuer="staff"), APIKey("acme", "one", rules=["backend"])]


@pytest.fixture(scope="module")
def scene(make_service, tmp_path_factory, login, keys) -> Service:
    staff = Issuer("id.staff", more={"name": "staff", **ATTRIBUTES})
    accepting = {"stores": STORES, "serviceIssuers": True, "sharedUsers": True}
    png = {"photos": {"keyPrefix": "photos/{user}/", "contentTypes": ["image/png"], "maxSize": 10}}
    tenants = [
        Tenant("acme", rules=RULES, issuers=[staff], api_keys=keys, origins=[ORIGIN],
               more=accepting | {"aliases": ["org 1", "acme-inc"], "deny": {"users": ["u-denied", "e\u0301"]}}),
        Tenant("closed", rules=png, store={"bucket": "closed", "region": "eu-west-1"}, more={"suspended": True}),
        Tenant("late", rules=png, store={"bucket": "late", "region": "eu-west-1"}, more={"deny": {"issuedBefore": "2999-01-01"}}),
        Tenant("over", rules=png, store={"bucket": "over", "region": "eu-west-1"}, issuers=[Issuer("id.over", more={"until": "2020-01-01"})]),
        Tenant("alone", rules=png, store={"bucket": "alone", "region": "eu-west-1"}),
    ]
    entry = login.write(tmp_path_factory.mktemp("login"))
    # The id is as long as AWS's are, and as the stand-in of the command: policies with either have one length.
    signer = Credentials("AKIACANARYPOSTERN001", canaries.secret("canary-secret-key/+"))
    service = make_service("explain", tenants, signer, configuration={"issuers": [entry]}).start()
    yield service
    assert service.stop() == 0


USERS = ["u1", "u1", "u1", "u2", "ü", "u-denied", "é", "e\u0301", "", "x" * 256, "x" * 257, "a\x1b[31mb", "a b", " a", "../x", "=?utf-8?q?x?=",
         "a/b", "${filename}", "\u202egnp"]
NAMES = [None, "a.png", "Größe.CSV", "x.dcm", "x.dic", "x.xlsx", "", "a" * 300 + ".png", "../../etc/passwd", "a\tb.png", "\u202egnp.exe", "${filename}", "a" * 3000,
         "=?x?=", "naïve €.png"]
TYPES = [None, "", "image/png", "image/png", "IMAGE/PNG; charset=x", "image/jpg", "image/svg+xml", "text/html", "text/csv", "application/pdf",
         "application/octet-stream", "application/vnd.ms-excel", "nonsense", "application/dicom", "image/" + "x" * 200, "text/plain;charset=utf-8",
         "a/b\x9b"]
SIZES = [None, 0, 1, 99, 100, 5000, 48213, 1 << 20, (1 << 20) + 1, 5 << 20, (5 << 20) + 1, 1 << 40, 1 << 53]
SHA256 = base64.b64encode(bytes(32)).decode()
CHECKSUMS = [None, None, ("sha256", SHA256), ("SHA256", SHA256), ("crc32c", "AAAAAA=="), ("crc32", "AAAAAA=="), ("md5", "x"), ("sha256", "00" * 32), ("sha256", ""),
             ("nope", SHA256)]
METADATA = [{}, {}, {"album": "summer"}, {"ALBUM": "summer"}, {"album": "ü" * 60, "note": "x"}, {"other": "x"}, {"album": "a\nb"}, {"album": "${x}"},
            {"album": "x" * 2100}, {"Note": "x", "note": "y"}, {"tok" * 30: "x"}]
PARAMETERS = [{}, {"audit": "4711"}, {"audit": "4711"}, {"audit": "x"}, {"audit": "1" * 21}, {"audit": "1", "more": "x"}, {"Audit": "1"}]
PATHS = [None, "site/css/a.png", "a.png", "/x/a.png", "../a.png", "/".join("abcdefghij") + "/a.png", "Größe/a.png"]
ORIGINS = [None, None, None, ORIGIN, "https://app.acme.example.evil", "null"]
SCOPES = [[], [], ["upload"], ["a", "upload"], ["Upload"]]
ORGS = [None, "o1", "o1", "ö/..", "x" * 257, ""]


class Asked:
    """One request, for the service and for the command."""

    def __init__(self, chance: random.Random, scene: Service, login: Issuer, keys: list[APIKey]):
        self.options: list[str] = []
        self.body: dict = {}
        kind = chance.choices(["staff", "login", "key", "other"], [5, 3, 4, 1])[0]
        self.tenant = "acme" if kind != "other" else chance.choice(["closed", "late", "over", "alone"])
        user = chance.choice(USERS) if chance.random() < 0.35 else "u1"
        scopes, org = chance.choice(SCOPES), chance.choice(ORGS)
        claims = {"scope": " ".join(scopes)} if scopes else {}
        if org is not None and kind in ("staff", "login"):
            claims["app"] = {"org": org}
            self.add("claim", f"org={org}")
        if kind == "key":
            key = chance.choice(keys)
            self.credential = key.text
            self.add("api-key", key.id)
            if chance.random() < 0.7:
                self.body["user"] = user
                self.add("user", user)
        else:
            for scope in scopes:
                self.add("scope", scope)
            self.add("user", user)
            if kind == "login":
                self.credential = login.token(None, person={"id": user}, tenant_id="org 1", **claims)
                self.add("issuer", chance.choice(["login", login.issuer]))
            else:
                [issuer] = scene.tenants[self.tenant].issuers
                self.credential = issuer.token(user, **claims)
                if kind == "staff":
                    self.add("issuer", "staff")
        rule = chance.choices([*RULES, "none", None], [3] * len(RULES) + [1, 1])[0] if kind != "other" else chance.choice(["photos", None])
        # Half of the requests go with their rule but for one thing or none, so that each check has its turn.
        fitting = {"size": 5000, "contentType": {"orgs": "text/csv", "staff": "text/plain"}.get(rule, "image/png"),
                   "filename": "a" * chance.choice([1, 100]) + ".png" if rule == "long" else "a.png", "path": "a/b.png",
                   "parameters": {"audit": "4711"} if rule == "orgs" else {}, "metadata": {}, "checksum": ("sha256", SHA256)}
        varied = {"size": chance.choice(SIZES), "contentType": chance.choice(TYPES), "filename": chance.choice(NAMES), "path": chance.choice(PATHS),
                  "parameters": chance.choice(PARAMETERS), "metadata": chance.choice(METADATA), "checksum": chance.choice(CHECKSUMS)}
        odd = set(varied) if chance.random() < 0.3 else {chance.choice(list(varied))}
        wish = {name: varied[name] if name in odd else fitting[name] for name in varied} | {"rule": rule}
        if chance.random() < 0.3:
            # What each of these rules needs.
            wish |= {"checked": {"checksum": None}, "put": {"size": None}}.get(rule, {})
        for name in ("rule", "filename", "contentType", "size", "path"):
            if wish[name] is not None:
                self.body[name] = wish[name]
                self.add({"contentType": "content-type"}.get(name, name), str(wish[name]))
        for name, option in (("parameters", "parameter"), ("metadata", "metadata")):
            if wish[name]:
                self.body[name] = wish[name]
                for each, value in wish[name].items():
                    self.add(option, f"{each}={value}")
        if wish["checksum"]:
            algorithm, value = wish["checksum"]
            self.body["checksum"] = {"algorithm": algorithm, "value": value}
            self.add("checksum", f"{algorithm}:{value}")
        self.headers = {}
        origin = chance.choice(ORIGINS) if chance.random() < 0.3 else None
        if origin:
            self.headers["Origin"] = origin
            self.add("origin", origin)

    def add(self, option: str, value: str):
        # The command line takes no empty value after "=".
        self.options += [f"--{option}={value}"] if value else [f"--{option}", ""]


def told(problem: dict) -> dict:
    return {name: value for name, value in problem.items() if name not in ("type", "requestId")}


def unsigned(fields: dict) -> list[tuple[str, str]]:
    """What does not depend on the credentials, the time and the ticket's id, in order."""
    own = {"X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature", "Policy", "AWSAccessKeyId", "policy", "signature"}
    return [(name, "" if name in own else UUID.sub("ID", value)) for name, value in fields.items()]


def conditions(policy: dict) -> list:
    kept = [each for each in policy["conditions"] if not (isinstance(each, dict) and {"X-Amz-Credential", "X-Amz-Date"} & set(each))]
    return json.loads(UUID.sub("ID", json.dumps(kept)))


def test_it_agrees_with_the_service(scene, run, login, keys):
    """Each request to both: the same yes or no, the same problem to the letter, the same key, sizes, fields and policy."""
    chance = random.Random(13)
    seen: dict[str, int] = {}
    folder, config = scene.folder / "tenants", scene.folder / "postern.yaml"
    for number in range(360):
        asked = Asked(chance, scene, login, keys)
        answer = scene.post("/v1/tickets", asked.body, asked.credential, **asked.headers)
        done = run("explain", folder, "--config", config, "--tenant", asked.tenant, *asked.options, "--json")
        told_about = "\n".join(map(str, [number, asked.body, asked.options, answer.body, done.stdout, done.stderr]))
        assert done.returncode in (0, 1), told_about
        explained = json.loads(done.stdout)
        if answer.status != 201:
            assert done.returncode == 1 and explained["allowed"] is False, told_about
            assert told(answer.json()) == explained["problem"], told_about
            assert explained["advice"] and explained["place"] is None or explained["place"]["file"] == str(folder / f"{asked.tenant}.yaml"), told_about
            code = answer.problem["code"]
            seen[code] = seen.get(code, 0) + 1
            continue
        assert done.returncode == 0 and explained["allowed"] is True, told_about
        ticket, example = answer.json(), explained["ticket"]
        seen[ticket["method"]] = seen.get(ticket["method"], 0) + 1
        assert ticket["rule"] == explained["rule"]
        assert UUID.sub("ID", ticket["key"]) == UUID.sub("ID", example["key"]), told_about
        assert UUID.sub("ID", ticket["url"].partition("?")[0]) == UUID.sub("ID", example["url"]), told_about
        for name in ("method", "minSize", "maxSize", "expiresIn"):
            assert ticket[name] == example[name], f"{name}\n{told_about}"
        assert unsigned(ticket["fields"]) == unsigned(example["fields"]), told_about
        assert {name: UUID.sub("ID", value) for name, value in ticket["headers"].items()} == {
            name: UUID.sub("ID", value) for name, value in example["headers"].items()}, told_about
        assert (ticket["fields"] | ticket["headers"])["Content-Type"] == example["contentType"]
        policy = ticket["fields"].get("Policy") or ticket["fields"].get("policy")
        assert (policy is None) == (example["policy"] is None)
        if policy:
            assert conditions(json.loads(base64.b64decode(policy))) == conditions(example["policy"]), told_about
    expected = {"POST", "PUT", "unauthenticated", "tenant-suspended", "origin-not-allowed", "user-not-allowed", "user-denied", "rule-unknown",
                "invalid-request", "scope-missing", "claim-missing", "content-type-not-allowed", "size-too-large", "size-too-small", "size-required",
                "checksum-required", "checksum-not-allowed", "metadata-not-allowed", "parameter-invalid", "key-too-long"}
    assert expected <= set(seen), (expected - set(seen), seen)




FILE = """\
tenant: acme
store:
  bucket: acme-uploads
  region: eu-west-1
auth:
  apiKeys:
    - id: cms
      sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
      allowUsers: [u1, u2]
rules:
  avatars:
    keyPrefix: avatars/{user}/
    contentTypes: [image/png, "image/jpeg"]
    maxSize: 5MiB
    metadata:
      allowed: [album]
    limits: {perUser: 60/1m}
"""


@pytest.fixture
def tenants(tmp_path) -> pathlib.Path:
    folder = tmp_path / "tenants"
    folder.mkdir()
    (folder / "acme.yaml").write_text(FILE)
    return folder


ASKED = ["--tenant", "acme", "--api-key", "cms", "--user", "u1"]


@pytest.mark.parametrize("options, place, code", [
    (["--content-type", "text/html"], '13:5: contentTypes: [image/png, "image/jpeg"]', "422 content-type-not-allowed"),
    (["--content-type", "image/png", "--size", "6MiB"], "14:5: maxSize: 5MiB", "422 size-too-large"),
    (["--content-type", "image/png", "--size", "0"], "11:3: avatars has no minSize; the default is: 1: an empty file is refused", "422 size-too-small"),
    (["--content-type", "image/png", "--metadata", "x=1"], "16:7: allowed: [album]", "422 metadata-not-allowed"),
    (["--content-type", "image/png", "--user", "u3"], "9:7: allowUsers: [u1, u2]", "403 user-not-allowed"),
    (["--content-type", "image/png", "--rule", "avatar"], "10:1: rules:", "404 rule-unknown"),
])
def test_it_names_the_line_that_decides(run, tenants, options, place, code):
    out = run("explain", tenants, *ASKED, *options, code=1).stdout.splitlines()
    assert out[0].startswith(f"no: {code} for the API key cms, for the user")
    assert out[1].startswith(f"{tenants}/acme.yaml:{place}")
    assert out[2].startswith("The client gets: ") and out[3].startswith("What to do: ")
    if "avatar" in options:
        assert out[3] == "What to do: Did you mean the rule avatars?"


def test_a_yes_shows_key_policy_and_form(run, tenants):
    out = run("explain", tenants, *ASKED, "--content-type", "image/png", "--size", "48213", code=0).stdout
    assert out.splitlines()[:2] == ["yes: the rule avatars of the tenant acme", f"{tenants}/acme.yaml:11:3: avatars:"]
    for part in ("acme-uploads, region eu-west-1", "POST https://acme-uploads.s3.eu-west-1.amazonaws.com/", "avatars/u1/0198f3c2-", "is an example",
                 "exactly 48213 bytes", "300 seconds after the request", "60 tickets in 60 s for each user, not counted here", "(not signed)",
                 '"content-length-range",', "Nothing can be uploaded with this"):
        assert part in out, (part, out)


@pytest.mark.parametrize("options, said", [
    (["--tenant", "acne", "--api-key", "cms"], "did you mean acme?"),
    (["--tenant", "acme", "--api-key", "cns"], "did you mean cms?"),
    (["--tenant", "acme"], "Give --user"),
    (["--tenant", "acme", "--user", "u1"], "give --api-key. There are: cms."),
    (["--tenant", "acme", "--user", "u1", "--issuer", "x"], "has no issuer “x”; there are: none."),
    (["--tenant", "acme", "--api-key", "cms", "--scope", "x"], "leave --issuer, --claim and --scope out"),
    ([*ASKED, "--size", "5M"], "--size: “5M” is not a size; write 5MB or 5MiB"),
    ([*ASKED, "--size=-1"], "--size:"),
    ([*ASKED, "--size", "9" * 40], "--size:"),
    ([*ASKED, "--parameter", "audit"], "is not NAME=VALUE"),
    ([*ASKED, "--metadata", "a=1", "--metadata", "a=2"], "is there twice"),
    ([*ASKED, "--checksum", "sha256"], "is not NAME:VALUE"),
    ([*ASKED, "--nonsense"], "nonsense"),
])
def test_wrong_usage_is_64(run, tenants, options, said):
    done = run("explain", tenants, *options, code=64)
    assert said in done.stderr and done.stdout == ""


def test_nothing_in_an_option_reaches_the_terminal_raw(run, tenants):
    wild = "\x1b[2J\x9b31m\u202e\r\n\x07"
    names = ["rule", "user", "content-type", "filename", "path", "origin", "tenant", "api-key", "size"]
    for name in names:
        for extra in ([], ["--json"]):
            options = [f"--{each}={value}" for each, value in {
                "tenant": "acme", "api-key": "cms", "user": "u1", "content-type": "image/png", name: wild}.items()]
            done = run("explain", tenants, *options, *extra)
            printed = done.stdout + done.stderr
            assert done.returncode in (0, 1, 64) and not set("\x1b\x9b\u202e\r\x07") & set(printed), (name, printed)
    for name in ("parameter", "metadata", "claim", "checksum"):
        for value in (f"{wild}={wild}", f"{wild}:{wild}"):
            options = ["--tenant", "acme", "--user", "u1", *([] if name == "claim" else ["--api-key", "cms"]), f"--{name}={value}"]
            done = run("explain", tenants, *options, "--json")
            assert done.returncode in (0, 1, 64) and not set("\x1b\x9b\u202e\r\x07") & set(done.stdout + done.stderr)


def test_huge_options_are_answered(run, tenants):
    for name in ("rule", "user", "content-type", "filename", "path", "origin"):
        options = [f"--{each}={value}" for each, value in {"tenant": "acme", "api-key": "cms", "user": "u1", "content-type": "image/png", name: "x" * 100_000}.items()]
        done = run("explain", tenants, *options)
        assert done.returncode in (0, 1) and len(done.stdout) < 110_000 * 4
    done = run("explain", tenants, *ASKED, *[f"--metadata=a{number}=x" for number in range(2000)], code=1)
    assert "metadata-not-allowed" in done.stdout or "content-type-not-allowed" in done.stdout


def test_broken_files_stop_it_only_if_they_are_the_tenants(run, tenants, tmp_path):
    (tenants / "beta.yaml").write_text("tenant: beta\n")
    done = run("explain", tenants, *ASKED, "--content-type", "image/png", code=0)
    assert "other files have problems" in done.stderr
    (tenants / "acme.yaml").write_text(FILE.replace("5MiB", "5MiX"))
    done = run("explain", tenants, *ASKED, "--content-type", "image/png", code=1)
    assert f"{tenants}/acme.yaml:14:14: " in done.stderr and done.stdout == ""
    (tenants / "acme.yaml").write_text(": [")
    assert f"{tenants}/acme.yaml:1" in run("explain", tenants, *ASKED, code=1).stderr
    assert "cannot be read" in run("explain", tmp_path / "none", *ASKED, code=1).stderr
    assert "there are no rule files" in run("explain", tmp_path, *ASKED, code=1).stderr
