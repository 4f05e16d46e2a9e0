"""The documents agree with the program: every YAML example passes `postern check`, the reference lists the keys, settings, metrics
and commands that there are and no others, and every link leads somewhere."""

import json
import pathlib
import re
import subprocess
from dataclasses import dataclass

import pytest
import yaml

from harness.http import PROBLEM_CODES
from harness.service import BINARY, ROOT, clean_environment
from harness.tenant import Tenant, to_yaml
from harness.waiting import until

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"), *ROOT.glob("Tests/*/README.md")])
RULES, SETTINGS, MONITORING, PROBLEMS = (ROOT / f"docs/{page}.md" for page in ("rules", "settings", "monitoring", "problems"))
# No known key resembles it, so the answer is the list of all of them.
NO_KEY = "qzqzqzqz"


def name(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def check(folder: pathlib.Path, *arguments) -> dict:
    done = subprocess.run([BINARY, "check", folder, "--json", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env=clean_environment())
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


# Rule files and the service-wide file to put examples into. Their keys are those of the headings in docs/rules.md.

# Examples of other keys name the tenant's issuer "staff" and the service-wide one "login".
ISSUER = {"issuer": "https://id.example.test", "name": "staff", "audience": "uploads", "algorithms": ["RS256"], "keys": {"discovery": "true"}}
RULE = {"keyPrefix": "files/{user}/", "contentTypes": ["image/png"], "maxSize": "5MiB"}
API_KEY = {"id": "cms", "sha256": "a" * 64}
SERVICE_ISSUER = ISSUER | {"issuer": "https://wide.example.test", "name": "login", "tenantClaim": "org"}


def tenant() -> dict:
    # Examples add issuers, whose users are not told apart.
    return {"tenant": "acme", "sharedUsers": "true", "store": {"bucket": "acme-uploads", "region": "eu-west-1"}, "auth": {"issuers": [ISSUER], "apiKeys": [API_KEY]},
            "rules": {"avatars": RULE}}


def with_store(store: dict) -> dict:
    return tenant() | {"store": tenant()["store"] | store}


def with_issuer(issuer: dict) -> dict:
    return tenant() | {"auth": {"issuers": [ISSUER | issuer]}}


def with_keys(keys: dict) -> dict:
    """Beside `caFile` there is a source; a secret is for HS256."""
    keys = {"jwks": "https://id.example.test/jwks.json"} | keys if set(keys) <= {"caFile", NO_KEY} else keys
    return with_issuer({"keys": keys, "algorithms": ["HS256" if "secretFile" in keys else "RS256"]})


def with_rule(rule: dict) -> dict:
    stores = {"stores": {"archive": {"bucket": "acme-archive", "region": "eu-west-1"}}} if "store" in rule else {}
    return tenant() | stores | {"rules": {"avatars": RULE | rule}}


def with_encryption(encryption: dict) -> dict:
    return with_rule({"encryption": {"type": "aws:kms", "keyId": "alias/uploads"} | encryption})


def with_role(role: dict) -> dict:
    return with_store({"credentials": {"assumeRole": {"roleArn": "arn:aws:iam::123456789012:role/acme"} | role}})


# By the heading: a tenant's file with these entries in that section.
SECTIONS = {
    "The file": lambda entries: tenant() | entries,
    "aliases": lambda entries: tenant() | {"aliases": [{"issuer": "login", "value": "org_1"} | entries]},
    "deny": lambda entries: tenant() | {"deny": entries},
    "store": with_store,
    "store.credentials": lambda entries: with_store({"credentials": entries}),
    "store.credentials.assumeRole": with_role,
    "auth": lambda entries: tenant() | {"auth": entries},
    "auth.issuers": with_issuer,
    "auth.issuers.keys": with_keys,
    "auth.apiKeys": lambda entries: tenant() | {"auth": {"issuers": [ISSUER], "apiKeys": [API_KEY | entries]}},
    "rules": with_rule,
    "rules.contentTypes": lambda entries: with_rule({"contentTypes": [{"type": "text/csv", "extensions": ["csv"]} | entries]}),
    "rules.limits": lambda entries: with_rule({"limits": entries}),
    "rules.encryption": with_encryption,
    "rules.checksum": lambda entries: with_rule({"checksum": entries}),
    "rules.metadata": lambda entries: with_rule({"metadata": entries}),
}
# The same for the service-wide file.
SERVICE_SECTIONS = {
    "Service-wide issuers": lambda entries: {"issuers": [SERVICE_ISSUER | entries]},
    "Settings": lambda entries: entries,
}


def check_tenant(folder: pathlib.Path, document: dict, service: dict | None = None) -> dict:
    tenants = folder / "tenants"
    tenants.mkdir(exist_ok=True)
    (tenants / f"{document['tenant']}.yaml").write_text(to_yaml(document))
    if service is None:
        return check(tenants)
    (folder / "postern.yaml").write_text(to_yaml(service))
    return check(tenants, "--config", folder / "postern.yaml")


def load(text: str):
    """Every value as text, as rule files are read."""
    return yaml.load(text, yaml.BaseLoader)


# The tables of the reference


@dataclass
class Row:
    heading: str
    cells: list[str]

    @property
    def key(self) -> str:
        return self.cells[0].strip("`")

    @property
    def example(self) -> str:
        return self.cells[-1].removeprefix("`").removesuffix("`")


def rows(path: pathlib.Path, first: str = "key") -> list[Row]:
    """The rows of every table that begins with a column of this name, with the heading above it."""
    heading, inside, found = "", False, []
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").strip("`")
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            inside = False
        elif cells[0] == first:
            inside = True
        elif inside and not set(cells[0]) <= set("-: "):
            found.append(Row(heading, cells))
    return found


REFERENCE = rows(RULES) + rows(SETTINGS)


def known_keys(heading: str, folder: pathlib.Path) -> list[str]:
    if heading in SECTIONS:
        report = check_tenant(folder, SECTIONS[heading]({NO_KEY: "x"}))
    else:
        report = check_tenant(folder, tenant(), SERVICE_SECTIONS[heading]({NO_KEY: "x"}))
    for problem in report["problems"]:
        if NO_KEY in problem["message"]:
            return problem["advice"].removeprefix("known keys: ").split(", ")
    raise AssertionError(report)


@pytest.mark.parametrize("heading", [*SECTIONS, *SERVICE_SECTIONS])
def test_the_reference_lists_the_keys_that_the_reader_knows_and_no_others(heading, tmp_path):
    keys = set(known_keys(heading, tmp_path))
    if heading == "Service-wide issuers":
        keys -= {row.key for row in REFERENCE if row.heading == "auth.issuers"}
    assert {row.key for row in REFERENCE if row.heading == heading} == keys


def test_every_table_of_keys_belongs_to_a_known_section():
    assert {row.heading for row in REFERENCE} == {*SECTIONS, *SERVICE_SECTIONS}


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: f"{row.heading}: {row.key}")
def test_every_example_of_the_reference_passes_the_check(row, tmp_path):
    entries = load(row.example)
    assert list(entries) == [row.key], "the example is this key's"
    if (row.heading, row.key) == ("rules", "parameters"):
        entries = {"keyPrefix": "audits/{user}/{audit}/"} | entries
    if row.heading in SECTIONS:
        document = SECTIONS[row.heading](entries)
        if (row.heading, row.key) == ("rules", "overwrite"):
            document["store"] = document["store"] | {"method": "put"}
        report = check_tenant(tmp_path, document, {"issuers": [SERVICE_ISSUER]})
    else:
        if row.key in ("tlsCert", "tlsKey"):
            entries = {"tlsCert": "chain.pem", "tlsKey": "key.pem"} | entries
        report = check_tenant(tmp_path, tenant(), SERVICE_SECTIONS[row.heading](entries))
    assert report["problems"] == [], report["problems"]


# What the reference says about a key, the last value that is accepted and the first that is not.
BOUNDS = [
    ("rules", "maxSize", "5GiB", "5368709121", "1 to 5GiB"), ("rules", "maxSize", "1", "0", "1 to 5GiB"),
    ("rules", "minSize", "0", "5242881", "0 to `maxSize`"),
    ("rules", "expiry", "7d", "604801s", "1s to 7d"), ("rules", "expiry", "1s", "0s", "1s to 7d"),
    ("rules", "keyPrefix", "a" * 511 + "/", "a" * 512 + "/", "1 to 512 bytes"),
    ("rules", "cacheControl", "a" * 1024, "a" * 1025, "1 to 1024 bytes"),
    ("rules", "successRedirect", "https://a.example/" + "a" * 2030, "https://a.example/" + "a" * 2031, "1 to 2048 bytes"),
    ("rules", "tags", {f"k{number}": "" for number in range(10)}, {f"k{number}": "" for number in range(11)}, "at most 10 tags"),
    ("rules", "tags", {"k": "v" * 256}, {"k": "v" * 257}, "0 to 256"),
    ("store", "maxPolicyBytes", "16384", "16385", "256 to 16384"),
    ("rules.limits", "perUser", "1000000000/7d", "1000000001/7d", "1000000000/7d"), ("rules.limits", "perUser", "1/1s", "1/0s", "1/1s"),
    ("auth.issuers", "maxLifetime", "366d", "367d", "1s to 366d"), ("auth.issuers", "maxLifetime", "1s", "0s", "1s to 366d"),
    ("auth.issuers", "issuer", "a" * 512, "a" * 513, "1 to 512 bytes"),
    ("store.credentials.assumeRole", "externalId", "ab", "a", "2 to 1224"),
    ("store.credentials.assumeRole", "externalId", "a" * 1224, "a" * 1225, "2 to 1224"),
    ("Settings", "drainDelay", "5m", "301s", "0s to 5m"), ("Settings", "reload", "100ms", "99ms", "100ms to 5m"),
    ("Settings", "reload", "5m", "301s", "100ms to 5m"), ("Settings", "reload", "0", "1ms", "or 0"), ("Settings", "idleTimeout", "1h", "3601s", "1s to 1h"),
    ("Settings", "idleTimeout", "1s", "0s", "1s to 1h"), ("Settings", "maxConnections", "1000000", "1000001", "1 to 1000000"),
    ("Settings", "maxConnectionsPerPeer", "1", "0", "1 to 1000000"),
]


@pytest.mark.parametrize("heading, key, last, beyond, words", BOUNDS, ids=[f"{heading}: {key} {words}" for heading, key, _, _, words in BOUNDS])
def test_the_bounds_of_the_reference_are_the_reader_s(heading, key, last, beyond, words, tmp_path):
    row = next(row for row in REFERENCE if (row.heading, row.key) == (heading, key))
    assert any(words in cell for cell in row.cells), row

    def problems(value) -> list:
        # Discovery needs an issuer that is a URL.
        rest = {"keys": {"jwks": "https://id.example.test/jwks.json"}} if heading == "auth.issuers" else {}
        if heading in SECTIONS:
            return check_tenant(tmp_path, SECTIONS[heading]({key: value} | rest))["problems"]
        return check_tenant(tmp_path, tenant(), SERVICE_SECTIONS[heading]({key: value}))["problems"]

    assert problems(last) == []
    assert problems(beyond) != []


# The examples between fences

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
YAML_BLOCKS = [(path, text) for path in DOCUMENTS for language, text in FENCE.findall(path.read_text()) if language == "yaml"]


def whole(text: str, folder: pathlib.Path) -> tuple[dict, dict | None]:
    """The tenant's file and the service-wide file that an example is, or is a part of."""
    document = load(text)
    keys = set(document)
    service_keys = set(known_keys("Settings", folder))
    if "tenant" in keys:
        return document, None
    if keys <= service_keys:
        return tenant(), document
    if keys <= set(known_keys("The file", folder)):
        if "store" in document:
            document["store"] = tenant()["store"] | document["store"]
        return tenant() | document, None
    return with_rule(document), None


@pytest.mark.parametrize("path, text", YAML_BLOCKS, ids=[f"{name(path)} {text.splitlines()[0]}" for path, text in YAML_BLOCKS])
def test_every_yaml_example_passes_the_check(path, text, tmp_path):
    document, service = whole(text, tmp_path)
    if "tenant" in load(text):
        # As it is written, with its comments and its order.
        folder = tmp_path / "as-written"
        folder.mkdir()
        (folder / f"{document['tenant']}.yaml").write_text(text)
        assert check(folder)["problems"] == []
    assert check_tenant(tmp_path, document, service)["problems"] == []


def test_readme_has_examples_of_rule_files():
    assert any(path.name == "README.md" and "tenant: " in text for path, text in YAML_BLOCKS)


# Commands, settings, metrics


def help_text(*command: str) -> str:
    done = subprocess.run([BINARY, *command, "--help"], capture_output=True, text=True, timeout=60, env=clean_environment())
    return done.stdout if done.returncode == 0 else ""


def commands(text: str) -> list[list[str]]:
    """Every `postern …` in a fence of shell, or in backticks, as words; a line that ends in a backslash goes on."""
    shell = [block.replace("\\\n", " ") for language, block in FENCE.findall(text) if language in ("sh", "console")]
    spans = re.findall(r"`(postern [^`]+)`", FENCE.sub("", text))
    lines = [line.removeprefix("$ ") for block in shell for line in block.splitlines()] + spans
    return [match.group(1).split() for line in lines for match in re.finditer(r"(?:^|\| *|/)postern ([a-z-][^|#;)]*)", line)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_command_and_option_exists(path):
    for words in commands(path.read_text()):
        if words[0].startswith("--"):
            assert words[0] in help_text(), words
            continue
        command = words[:2] if words[0] == "key" and words[1:2] == ["new"] else words[:1]
        text = help_text(*command)
        assert text, f"there is no command: postern {' '.join(words)}"
        options = {word.split("=")[0] for word in words if word.startswith("--")}
        known = set(re.findall(r"--[a-z-]+", text))
        assert options <= known, (words, options - known)


def test_every_command_is_in_the_readme():
    known = re.findall(r"^  ([a-z]+)  ", help_text().partition("SUBCOMMANDS:")[2], re.MULTILINE)
    text = (ROOT / "README.md").read_text()
    assert known and [command for command in known if f"`postern {command}" not in text] == []


def test_the_settings_list_every_option_of_serve_with_its_key():
    """A setting is named in three ways, and the flag and the variable follow from the key."""
    options = set(re.findall(r"^  --([a-z-]+)", help_text("serve"), re.MULTILINE)) - {"version", "config"}
    dashed = {re.sub(r"([A-Z])", lambda match: "-" + match.group(1).lower(), row.key) for row in REFERENCE if row.heading == "Settings"}
    assert options == dashed - {"issuers", "trusted-proxies"}


def test_monitoring_lists_every_metric_and_no_other(service, make_service, tmp_path):
    """Those of the audit log are only there with one."""
    known = metrics(service)
    with make_service("documents-audit", [Tenant("acme")], arguments=["--audit", str(tmp_path / "audit.jsonl")]) as audited:
        assert metrics(audited) >= known
        known = metrics(audited)
    assert known == {row.key for row in rows(MONITORING, "metric")}


def metrics(service) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+)", service.admin("/metrics").body.decode(), re.MULTILINE))


def test_monitoring_lists_every_member_of_the_line_that_a_ticket_leaves(service, acme):
    """By a token and by an API key."""
    tickets = {service.ticket(credential, contentType="image/png", **more)["id"] for credential, more in (
        (acme.token(), {}), (acme.api_key, {"user": "u1"}))}
    lines = until("both are in the log", lambda: [
        line for line in service.log_lines() if line.get("ticket") in tickets][1:] and [
        line for line in service.log_lines() if line.get("ticket") in tickets], seconds=60)
    members = {member for line in lines for member in line}
    assert members == {member for row in rows(MONITORING, "member") for member in re.findall(r"`(\w+)`", row.cells[0])}


def test_problems_lists_every_code_with_its_status_and_no_other():
    table = {row.key: int(row.cells[1]) for row in rows(PROBLEMS, "code")}
    # No request is answered with it, unless the service has a fault.
    assert table == PROBLEM_CODES | {"internal-error": 500}
    schema = yaml.safe_load((ROOT / "openapi.yaml").read_text())["components"]["schemas"]["Problem"]
    assert set(table) == set(schema["properties"]["code"]["examples"])


def test_each_code_says_where_the_cause_is_and_what_to_do():
    for row in rows(PROBLEMS, "code"):
        assert len(row.cells) == 5 and all(row.cells), row
        assert set(row.cells[2].split(", ")) <= {"client", "page", "operator", "outside", "Postern"}, row


def test_problems_lists_every_reason_of_a_401_and_no_other():
    known = re.findall(r'^        case \.\w+: "([a-z-]+)"$', (ROOT / "Sources/UserAuth/Authentication/AuthenticationError.swift").read_text(), re.MULTILINE)
    listed = [reason for row in rows(PROBLEMS, "reason") for reason in re.findall(r"`([a-z-]+)`", row.cells[0])]
    # Its answer is a 503.
    assert sorted(listed) == sorted(set(known) - {"keys-unavailable"})


# The documents themselves


def anchors(path: pathlib.Path) -> set[str]:
    """As GitHub makes them: lower case, blanks to dashes, no punctuation."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_link_leads_somewhere(path):
    text = FENCE.sub("", path.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'\b(?:src|srcset)="([^"]+)"', text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        where = (path.parent / file).resolve() if file else path
        assert where.exists(), target
        assert not anchor or anchor in anchors(where), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_file_that_is_named_exists(path):
    """With its folders, or by its last component alone."""
    text = FENCE.sub("", path.read_text())
    for target in re.findall(r"`((?:Sources|Tests|scripts|deploy|examples|docs|Benchmarks)/[^`\s]*)`", text):
        assert list(ROOT.glob(target)), target
    for target in re.findall(r"`([\w+]+\.swift|test_\w+\.py)`", text):
        assert any(list((ROOT / folder).rglob(target)) for folder in ("Sources", "Tests")), target


def test_architecture_lists_every_target_and_no_other():
    known = set(re.findall(r"\.(?:target|executableTarget|systemLibrary)\(\s*name: \"(\w+)\"", (ROOT / "Package.swift").read_text()))
    table = rows(ROOT / "ARCHITECTURE.md", "target")
    assert known == {target for row in table for target in re.findall(r"`(\w+)`", row.cells[0])}


def test_readme_is_short_and_begins_with_the_two_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 150
    screen = "\n".join(lines[:24])
    assert "make run" in screen and "make test" in screen


def test_the_changelog_knows_this_version():
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=60).stdout.split()[-1]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_json_that_is_served_is_openapi_yaml():
    """`.venv/bin/python scripts/openapi-json` writes it anew."""
    assert json.loads((ROOT / "Sources/PosternServer/openapi.json").read_text()) == yaml.safe_load((ROOT / "openapi.yaml").read_text())
