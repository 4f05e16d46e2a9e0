"""The command line: help, version, exit codes, and what each command prints."""

import hashlib
import json
import os
import re
import socket
import subprocess

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SARIFLog

from harness import canaries
from harness.ports import free_ports
from harness.service import BINARY, clean_environment
from harness.tenant import AVATARS, Tenant, to_yaml
from harness.tokens import APIKey, Issuer, Signer


def run(*arguments, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess:
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
                          env=clean_environment(**environment))
    if code is not None:
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done


COMMANDS = [["serve"], ["dev"], ["check"], ["key"], ["key", "new"], ["token"], ["upload"]]


def test_version():
    assert re.fullmatch(r"(postern )?\d+\.\d+\.\d+\S*\n", run("--version").stdout)


def test_help_names_every_command():
    text = run("--help").stdout
    assert all(command[0] in text for command in COMMANDS)
    assert run("help").stdout == text


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command):
    text = run(*command, "--help").stdout
    assert text.startswith("OVERVIEW:") and "USAGE: postern" in text
    assert max(map(len, text.splitlines())) < 240


@pytest.mark.parametrize("arguments", [
    ["frobnicate"], ["serve", "--port", "1"], ["serve", "--listen", "nowhere", "--tenants", "/tmp"], ["serve", "--tenants", "/tmp", "--log-level", "loud"],
    ["serve", "--tenants", "/tmp", "--log-format", "xml"], ["check"], ["key", "new"], ["key", "new", "--tenant", "A B", "--id", "x"], ["token"],
    ["token", "--key", "x", "--secret-file", "y", "--issuer", "i", "--audience", "a", "--user", "u"], ["--frobnicate"]], ids=" ".join)
def test_wrong_usage_is_64(arguments):
    done = run(*arguments, code=64)
    assert done.stderr.strip() and not done.stdout.strip()


def test_serve_without_tenants_says_what_to_do():
    done = run("serve", code=64)
    assert "--tenants" in done.stderr


# check

def write(folder, **files: str):
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


@pytest.fixture
def good(tmp_path):
    folder = tmp_path / "good"
    folder.mkdir()
    Tenant("acme").write(folder, tmp_path / "keys")
    return folder


def test_check_of_good_files(good):
    done = run("check", good)
    assert "acme" in done.stdout and not done.stderr
    report = json.loads(run("check", good, "--json").stdout)
    assert report["ok"] is True and report["problems"] == [] and report["tenants"] == ["acme"]


def test_check_lists_every_problem_of_every_file_with_its_place(good, tmp_path):
    key = "a" * 64
    write(good, two=f"""tenant: two
store: {{bucket: two-uploads, region: eu-west-1}}
auth:
  apiKeys: [{{id: cms, sha256: {key}}}]
rules:
  pictures:
    keyPrefix: pictures/
    contentTypes: [image/png]
    maxsize: 5MiB
    expiry: 8d
""", three="tenant: other\nstore: &a {bucket: x}\n", four="tenant: four\n\tstore: x\n")
    done = run("check", good, code=1)
    assert re.search(r"two\.yaml:9:5: ", done.stdout), done.stdout
    assert re.search(r"two\.yaml:10:13: ", done.stdout), done.stdout
    assert "maxSize" in done.stdout
    assert re.search(r"three\.yaml:\d+:\d+: ", done.stdout) and re.search(r"four\.yaml:2:\d+: ", done.stdout)
    report = json.loads(run("check", good, "--json", code=1).stdout)
    assert report["ok"] is False and len(report["problems"]) >= 4
    for problem in report["problems"]:
        assert problem["file"] and problem["line"] >= 1 and problem["column"] >= 1 and problem["message"] and problem["advice"], problem
    assert {problem["file"].rpartition("/")[2] for problem in report["problems"]} == {"two.yaml", "three.yaml", "four.yaml"}


def test_check_finds_prefixes_that_meet(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    store = {"bucket": "shared-uploads", "region": "eu-west-1"}
    for id, prefix in (("a", "files/a/"), ("ab", "files/ab/")):
        Tenant(id, store=store, rules={"files": AVATARS | {"keyPrefix": prefix}}).write(folder, tmp_path / "keys")
    run("check", folder)
    Tenant("c", store=store, rules={"files": AVATARS | {"keyPrefix": "files/a/b/"}}).write(folder, tmp_path / "keys")
    done = run("check", folder, code=1)
    assert "files/a/" in done.stdout


def test_check_warns_of_v2_and_is_fine(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    store = {"bucket": "old-uploads", "region": "us-east-1", "endpoint": "https://old.store.example", "signature": "v2"}
    Tenant("old", store=store).write(folder, tmp_path / "keys")
    done = run("check", folder)
    assert "warning" in done.stdout and "v2" in done.stdout
    report = json.loads(run("check", folder, "--json").stdout)
    assert report["ok"] is True and report["warnings"]


@pytest.mark.parametrize("bomb", [
    "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "tenant: t\nrules: " + "[" * 400 + "]" * 400 + "\n", "tenant: t\n" + "x: y\n" * 60_000,
    "tenant: t\ntenant: t\n", "\0", "tenant: [", "", "- 1\n", "\ufefftenant: t\n", "tenant: !!python/object x\n"],
    ids=["aliases", "depth", "size", "twice", "nul", "cut", "empty", "list", "bom", "tag"])
def test_check_survives_hostile_yaml(tmp_path, bomb):
    folder = write(tmp_path / "bombs")
    (folder / "t.yaml").write_text(bomb)
    assert run("check", folder, code=1).stdout


@pytest.fixture
def unwise(good, tmp_path):
    """The folder of `good` with a file that is right but for a warning, and one that is wrong."""
    Tenant("old", {"bucket": "old-uploads", "region": "us-east-1", "endpoint": "https://old.store.example", "signature": "v2"}).write(good, tmp_path / "keys")
    return write(good, wrong="tenant: wrong\nrulez: 1\n")


def test_check_of_one_file(unwise):
    assert run("check", unwise / "acme.yaml").stdout == f"fine: 1 tenant (acme); other files in {unwise} have problems\n"
    done = run("check", unwise / "old.yaml")
    assert done.stdout.startswith(f"warning: {unwise}/old.yaml:") and done.stdout.count("\n") == 2
    done = run("check", unwise / "wrong.yaml", code=1)
    assert {line.partition(":")[0] for line in done.stdout.splitlines()[:-1]} == {"error"} and f"{unwise}/old.yaml" not in done.stdout
    (unwise / "wrong.yaml").unlink()
    assert run("check", unwise / "acme.yaml").stdout == "fine: 1 tenant (acme)\n"


def test_check_of_one_file_finds_what_is_between_it_and_another(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    store = {"bucket": "shared-uploads", "region": "eu-west-1"}
    for id in ("a", "b", "c"):
        prefix = "c/" if id == "c" else "files/"
        Tenant(id, store=store, rules={"files": AVATARS | {"keyPrefix": prefix}}).write(folder, tmp_path / "keys")
    for id, code in (("a", 1), ("b", 1), ("c", 0)):
        assert ("files/" in run("check", folder / f"{id}.yaml", code=code).stdout) == bool(code)


def test_check_of_one_file_in_the_current_folder_and_by_a_link(good):
    """A link counts as a file of the folder that it is in, as for `serve` (Kubernetes mounts such links)."""
    done = subprocess.run([BINARY, "check", "acme.yaml"], cwd=good, capture_output=True, text=True, timeout=30, env=clean_environment())
    assert (done.returncode, done.stdout) == (0, "fine: 1 tenant (acme)\n")
    links = good.parent / "links"
    (links / "..2026").mkdir(parents=True)
    (links / "..data").symlink_to("..2026")
    (links / "..2026/acme.yaml").write_text((good / "acme.yaml").read_text())
    (links / "acme.yaml").symlink_to("..data/acme.yaml")
    (links / "nowhere.yaml").symlink_to("..data/nowhere.yaml")
    assert run("check", links / "acme.yaml").stdout.startswith("fine: 1 tenant (acme)")
    assert "nowhere.yaml: the file cannot be read: there is no such file" in run("check", links / "nowhere.yaml", code=1).stdout
    (links / "other.yaml").symlink_to("..data/acme.yaml")
    assert "other.yaml:1:" in run("check", links / "other.yaml", code=1).stdout  # its tenant is acme


@pytest.mark.parametrize("name, said", [
    ("notes.txt", "must end in .yaml"), ("acme.yml", "rename it to acme.yaml"), (".acme.yaml", "begin with a dot"), ("none.yaml", "no such file"),
    ("none", "no such file"), ("pipe.yaml", "not a regular file")])
def test_check_of_what_is_no_rule_file(good, name, said):
    if name == "pipe.yaml":
        os.mkfifo(good / name)
    elif "none" not in name:
        (good / name).write_text("tenant: acme\n")
    done = run("check", good / name, code=1)
    assert done.stdout.startswith(f"error: {good}/{name}: ") and said in done.stdout and done.stdout.endswith("\n1 problem\n"), done.stdout


def test_check_strict_counts_warnings_as_problems(unwise):
    for arguments, code in [([unwise / "old.yaml"], 0), ([unwise / "old.yaml", "--strict"], 1), ([unwise / "acme.yaml", "--strict"], 0)]:
        report = json.loads(run("check", *arguments, "--json", code=code).stdout)
        assert report["ok"] == (code == 0)
        assert [bool(report["warnings"]), bool(report["problems"])] == [arguments == [unwise / "old.yaml"], bool(code)]
    done = run("check", unwise / "old.yaml", "--strict", code=1)
    assert done.stdout.startswith("error: ") and done.stdout.splitlines()[-1].startswith("1 problem")


def test_check_formats(unwise):
    texts = {arguments: run("check", unwise, *arguments, code=1).stdout for arguments in [
        (), ("--format", "text"), ("--format", "json"), ("--json",), ("--json", "--format", "json"), ("--format", "sarif")]}
    assert texts[()] == texts["--format", "text"] and texts["--format", "json"] == texts["--json",] == texts["--json", "--format", "json"]
    assert len(set(texts.values())) == 3
    for arguments in ("--format", "xml"), ("--json", "--format", "text"), ("--json", "--format", "sarif"), ("--format",):
        assert run("check", unwise, *arguments, code=64).stderr


@pytest.mark.parametrize("strict", [False, True])
def test_check_prints_sarif(unwise, strict):
    """pydantic-sarif is made of the schema of the standard, and refuses members that it does not know."""
    def log(path, code, cwd) -> SARIFLog:
        done = subprocess.run([BINARY, "check", path, "--format", "sarif", *["--strict"] * strict], cwd=cwd, capture_output=True, text=True, timeout=30,
                              env=clean_environment())
        assert done.returncode == code, done.stderr
        assert json.loads(done.stdout)["version"] == "2.1.0"
        return SARIFLog.model_validate_json(done.stdout)

    [run_of_tool] = log(unwise.name, 1, unwise.parent).runs
    assert run_of_tool.tool.driver.name == "Postern" and [rule.id for rule in run_of_tool.tool.driver.rules] == ["problem", "warning"]
    found = json.loads(run("check", unwise, "--json", code=1).stdout)
    places = [(each, "problem") for each in found["problems"]] + [(each, "warning") for each in found["warnings"]]
    assert len(run_of_tool.results) == len(places) > 1
    for result, (place, rule) in zip(run_of_tool.results, places):
        location = result.locations[0].physicalLocation
        assert location.artifactLocation.uri == place["file"].removeprefix(f"{unwise.parent}/"), "relative to the current folder"
        assert (location.region.startLine, location.region.startColumn) == (place["line"], place["column"])
        assert result.message.text == f"{place['message']}; {place['advice']}"
        assert (result.ruleId, result.level.value) == (rule, "error" if strict or rule == "problem" else "warning")
    assert log(unwise / "acme.yaml", 0, unwise.parent).runs[0].results == []
    [nowhere] = log("none", 1, unwise.parent).runs[0].results
    assert nowhere.locations[0].physicalLocation.region is None


def test_check_says_that_service_wide_issuers_may_be_missing(tmp_path):
    folder = write(tmp_path / "tenants")
    Tenant("acme", issuers=[], api_keys=[]).write(folder, tmp_path / "keys")
    (folder / "acme.yaml").write_text((folder / "acme.yaml").read_text().replace("auth: {}\n", ""))
    done = run("check", folder)
    assert "no client can get tickets" in done.stdout and "check with --config FILE" in done.stdout
    (tmp_path / "postern.yaml").write_text("listen: 127.0.0.1:8080\n")
    done = run("check", folder, "--config", tmp_path / "postern.yaml")
    assert "no client can get tickets" in done.stdout and "--config" not in done.stdout
    (tmp_path / "postern.yaml").write_text(to_yaml({"issuers": [
        {"issuer": "https://id.example.test", "audience": "uploads", "algorithms": ["RS256"], "keys": {"discovery": True}, "tenantClaim": "org"}]}))
    assert run("check", folder, "--config", tmp_path / "postern.yaml").stdout == "fine: 1 tenant (acme)\n"


def test_check_of_a_folder_that_is_not_there(tmp_path):
    done = run("check", tmp_path / "none", code=1)
    assert "none" in done.stdout + done.stderr


def test_serve_refuses_to_start_with_bad_files_and_lists_them_all(good):
    write(good, bad="tenant: bad\nrulez: 1\n", worse="tenant: better\n")
    done = run("serve", "--tenants", good, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", code=1, AWS_ACCESS_KEY_ID="A", AWS_SECRET_ACCESS_KEY="B")
    assert "bad.yaml" in done.stdout + done.stderr and "worse.yaml" in done.stdout + done.stderr


def test_serve_says_which_address_is_taken(good):
    taken, other = free_ports(2)
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", taken))
        held.listen()
        for listen, admin in ((taken, other), (other, taken)):
            done = run("serve", "--tenants", good, "--listen", f"127.0.0.1:{listen}", "--admin", f"127.0.0.1:{admin}", code=1,
                       AWS_ACCESS_KEY_ID="A", AWS_SECRET_ACCESS_KEY="B")
            assert str(taken) in done.stdout + done.stderr, done.stderr


def test_serve_without_credentials_says_so(good):
    listen, admin = free_ports(2)
    done = subprocess.Popen([BINARY, "serve", "--tenants", good, "--listen", f"127.0.0.1:{listen}", "--admin", f"127.0.0.1:{admin}"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean_environment(), stdin=subprocess.DEVNULL)
    try:
        text, _ = done.communicate(timeout=3)
    except subprocess.TimeoutExpired:
        done.terminate()
        text, _ = done.communicate(timeout=10)
    assert "AWS_ACCESS_KEY_ID" in text or "credentials" in text, text


def test_settings_come_from_environment_and_file_too(make_service, tmp_path):
    """The command line comes before the environment, the environment before the file."""
    tenant = Tenant("acme")
    service = make_service("settings", [tenant], configuration={"logFormat": "json", "logLevel": "debug"})
    arguments = service.arguments
    at = arguments.index("--tenants")
    service.environment |= {"POSTERN_TENANTS": arguments[at + 1], "POSTERN_LOG_FORMAT": "text"}
    del arguments[at:at + 2]
    with service:
        assert service.ticket(tenant.token(), contentType="image/png")
        lines = service.log().splitlines()
    assert lines and not any(line.startswith("{") for line in lines), "the environment's text, not the file's json"


# key new

def test_key_new_prints_a_key_and_the_yaml_to_paste(make_service, tmp_path):
    printed = run("key", "new", "--tenant", "acme", "--id", "cms-2026").stdout
    key = re.search(r"pstn\.acme\.cms-2026\.([A-Za-z0-9_-]{43})\b", printed)
    assert key, printed
    canaries.add(key.group())
    pasted = yaml.safe_load(printed[printed.index("auth:"):])
    entry = pasted["auth"]["apiKeys"][0]
    assert entry == {"id": "cms-2026", "sha256": hashlib.sha256(key.group().encode()).hexdigest()}
    assert key.group() not in printed[printed.index("auth:"):]

    class Pasted(APIKey):
        def __init__(self):
            self.text = key.group()

        def entry(self):
            return entry

    tenant = Tenant("acme", api_keys=[Pasted()])
    with make_service("pasted-key", [tenant]) as service:
        assert service.ticket(key.group(), contentType="image/png", user="u1")
    other = json.loads(run("key", "new", "--tenant", "acme", "--id", "cms", "--json").stdout)
    assert other["key"] != key.group() and other["sha256"] == hashlib.sha256(other["key"].encode()).hexdigest()


# token

@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_token_signs_with_a_private_key(tmp_path, algorithm):
    signer = Signer(algorithm)
    path = tmp_path / "private.pem"
    path.write_bytes(signer.private_pem())
    chosen = ["--alg", algorithm] if algorithm == "PS256" else []
    text = run("token", "--key", path, "--issuer", "https://id.example", "--audience", "uploads", "--user", "ü 1", "--expires", "5m", "--kid", "k7",
               "--claim", "scope=uploads:write", "--claim", "tenant=acme", *chosen).stdout
    canaries.add(text.strip())
    assert text.count("\n") == 1
    assert jwt.get_unverified_header(text.strip()) == {"alg": algorithm, "typ": "JWT", "kid": "k7"}
    claims = jwt.decode(text.strip(), signer.key.public_key(), algorithms=[algorithm], audience="uploads", issuer="https://id.example")
    assert claims["sub"] == "ü 1" and claims["exp"] - claims["iat"] == 300
    assert claims["scope"] == "uploads:write" and claims["tenant"] == "acme"


def test_token_signs_with_a_secret(make_service, tmp_path):
    issuer = Issuer("id.acme", "HS256")
    tenant = Tenant("acme", issuers=[issuer])
    path = tmp_path / "secret"
    path.write_bytes(issuer.signer.secret)
    token = run("token", "--secret-file", path, "--issuer", issuer.issuer, "--audience", issuer.audience, "--user", "u1").stdout.strip()
    with make_service("secret-token", [tenant]) as service:
        assert service.ticket(token, contentType="image/png")
    path.write_bytes(b"short")
    assert run("token", "--secret-file", path, "--issuer", "https://i.example", "--audience", "a", "--user", "u", code=None).returncode in (1, 64)


@pytest.mark.parametrize("algorithm,length", [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_file_is_read_as_the_service_reads_it(tmp_path, algorithm, length):
    """`openssl rand -hex 32 > secret` ends with a line end, which is not part of the secret."""
    path = tmp_path / "secret"
    claims = ["--issuer", "https://i.example", "--audience", "a", "--user", "u", "--alg", algorithm]
    secret = os.urandom(length // 2).hex()
    path.write_text(secret + "\n")
    token = run("token", "--secret-file", path, *claims).stdout.strip()
    assert jwt.decode(token, secret, algorithms=[algorithm], audience="a")["sub"] == "u"
    path.write_text(secret[1:] + "\n")
    done = run("token", "--secret-file", path, *claims, code=None)
    assert done.returncode in (1, 64) and not done.stdout
    assert f"the secret has {length - 1} bytes: a secret for {algorithm} needs {length} or more" in done.stderr


@pytest.mark.parametrize("command", [["check", "."], ["serve", "--tenants", "."], ["token", "--key", "k", "--issuer", "i", "--audience", "a", "--user", "u"]],
                         ids=lambda command: command[0])
def test_a_libcrypto_that_offers_nothing_is_named(tmp_path, command):
    """As on a machine whose FIPS provider is asked for and not installed."""
    path = tmp_path / "openssl.cnf"
    path.write_text("openssl_conf = a\n[a]\nalg_section = b\n[b]\ndefault_properties = fips=yes\n")
    done = subprocess.run([BINARY, *command], env=clean_environment(OPENSSL_CONF=str(path)), cwd=tmp_path, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.startswith("postern: libcrypto has no HMAC or no SHA-2") and done.stderr.count("\n") == 1


def test_token_with_a_key_that_is_none(tmp_path):
    path = tmp_path / "junk.pem"
    path.write_text("no key\n")
    for wrong in (path, tmp_path / "none.pem"):
        done = run("token", "--key", wrong, "--issuer", "https://i.example", "--audience", "a", "--user", "u", code=None)
        assert done.returncode in (1, 64) and done.stderr and not done.stdout


def test_a_public_key_is_not_taken_for_a_private_one(tmp_path):
    path = tmp_path / "public.pem"
    path.write_bytes(Signer("ES256").key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    done = run("token", "--key", path, "--issuer", "https://i.example", "--audience", "a", "--user", "u", code=None)
    assert done.returncode in (1, 64) and done.stderr


def test_service_wide_issuers_name_the_tenant(make_service):
    """An issuer of the service-wide file serves several tenants; its claim says which."""
    shared = Issuer("id.shared", "RS256", tenant_claim="org")
    tenants = [Tenant("one", issuers=[], store={"bucket": "one-uploads", "region": "eu-west-1"}),
               Tenant("two", issuers=[], store={"bucket": "two-uploads", "region": "eu-west-1"})]
    service = make_service("shared", tenants)
    (service.folder / "postern.yaml").write_text(to_yaml({"issuers": [shared.write(service.folder / "keys")]}))
    service.arguments += ["--config", str(service.folder / "postern.yaml")]
    with service:
        for id in ("one", "two"):
            ticket = service.ticket(shared.token(org=id), contentType="image/png")
            assert ticket["fields"]["bucket"] == f"{id}-uploads"
        answer = service.post("/v1/tickets", {"contentType": "image/png"}, shared.token(org="three"))
        assert answer.status == 403 and answer.problem["code"] == "tenant-unknown"
        for org in ("", None, 1, ["one"], "x" * 300):
            assert service.post("/v1/tickets", {"contentType": "image/png"}, shared.token(org=org)).status in (401, 403)
