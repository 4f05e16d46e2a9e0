"""Hot reload: which changes of files take effect while the service runs, which are held back, and what is told of them."""

import json
import os
import pathlib
import shutil
import signal
import ssl
import time

import pytest

from harness import canaries, waiting
from harness.certificates import Authority
from harness.figures import figure
from harness.service import Service
from harness.tenant import AVATARS, Tenant, to_yaml
from harness.tokens import APIKey, Issuer, Signer

FAST = ["--reload", "100ms"]
ORIGIN = "https://app.acme.example"


def until(what: str, condition):
    return waiting.until(what, condition, seconds=20)


def rules(size: str = "1MiB", name: str = "avatars", **more) -> dict:
    return {name: AVATARS | {"maxSize": size} | more}


def text(tenant: Tenant, service: Service) -> str:
    return to_yaml(tenant.document(service.folder / "keys"))


def replace(path: pathlib.Path, content: str | bytes):
    """Beside it, then moved there, as editors and deployments do."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content if isinstance(content, bytes) else content.encode())
    beside.rename(path)


def link(path: pathlib.Path, target: str):
    """Moves a link in one step."""
    beside = path.with_name(f"..{path.name}.new")
    beside.symlink_to(target)
    beside.rename(path)


def put(service: Service, tenant: Tenant):
    """Replaces the tenant's file."""
    replace(service.folder / "tenants" / f"{tenant.id}.yaml", text(tenant, service))


def ready(service: Service) -> dict:
    answer = service.admin("/readyz")
    assert answer.status == 200, answer.body
    return answer.json()


def held_back(service: Service) -> dict:
    """What is held back, by the names of the files."""
    return {pathlib.Path(held["file"]).name: held for held in ready(service)["heldBack"]}


def generation(service: Service) -> int:
    return ready(service)["generation"]


def max_size(service: Service, tenant: Tenant | None = None, credential: str | None = None) -> int | None:
    """What the rule `avatars` says, with the digest of the answer checked."""
    tenant = tenant or service.tenants["acme"]
    answer = service.request("GET", "/v1/rules", {"Authorization": f"Bearer {credential or tenant.api_key}"})
    assert answer.status == 200, answer.body
    assert len(answer.headers["postern-rules"]) == 64
    return next((rule["maxSize"] for rule in answer.json()["rules"] if rule["name"] == "avatars"), None)


def status(service: Service, credential: str, **fields: str) -> int:
    return service.request("GET", "/v1/rules", {"Authorization": f"Bearer {credential}"} | fields).status


def lines(service: Service, message: str) -> list[dict]:
    return [line for line in service.log_lines() if line["message"].startswith(message)]


@pytest.fixture
def begin(make_service, tmp_path):
    """Starts services that end with the test."""
    begun = []

    def start(tenants: list[Tenant], *, arguments=FAST, prepare=None, **more) -> Service:
        service = make_service("reload", tenants, arguments=arguments, **more)
        if prepare:
            prepare(service)
        begun.append(service.start())
        return service

    yield start
    for service in begun:
        if service.running:
            assert service.stop() == 0


# Ways to edit


def as_config_map(service: Service):
    """The folder as Kubernetes mounts a ConfigMap: links to files below `..data`, which is a link, too."""
    folder = service.folder / "tenants"
    first = folder / "..2026_01_01_00_00_00.1"
    first.mkdir()
    for file in folder.glob("*.yaml"):
        file.rename(first / file.name)
        file.symlink_to(f"..data/{file.name}")
    (folder / "..data").symlink_to(first.name)


def swap_data(service: Service, files: dict[str, str], number: int = 2):
    folder = service.folder / "tenants"
    new = folder / f"..2026_01_01_00_00_00.{number}"
    new.mkdir()
    for name, content in files.items():
        (new / name).write_text(content)
    old = (folder / "..data").resolve()
    link(folder / "..data", new.name)
    for name in files:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    for file in folder.glob("*.yaml"):
        if file.name not in files:
            file.unlink()
    shutil.rmtree(old)


def as_git_sync(service: Service):
    """The folder as git-sync has it: a link to the checkout of a revision."""
    folder = service.folder / "tenants"
    checkout = service.folder / ".worktrees" / "1"
    checkout.parent.mkdir()
    folder.rename(checkout)
    folder.symlink_to(".worktrees/1")


def edit_by_rename(service, content):
    replace(service.folder / "tenants/acme.yaml", content)


def edit_in_halves(service, content):
    """The first half lies there for many looks."""
    path = service.folder / "tenants/acme.yaml"
    path.write_text(content[:40])
    held = until("the half is held back", lambda: held_back(service).get("acme.yaml"))
    assert held["serves"] and max_size(service) == 1 << 20
    with path.open("a") as file:
        file.write(content[40:])


def edit_config_map(service, content):
    swap_data(service, {"acme.yaml": content})


def edit_checkout(service, content):
    worktrees = service.folder / ".worktrees"
    (worktrees / "2").mkdir()
    (worktrees / "2/acme.yaml").write_text(content)
    link(service.folder / "tenants", ".worktrees/2")
    shutil.rmtree(worktrees / "1")


@pytest.mark.parametrize("prepare, edit", [
    (None, edit_by_rename), (None, edit_in_halves), (as_config_map, edit_config_map), (as_git_sync, edit_checkout),
], ids=["rename", "in place in two halves", "..data", "git-sync"])
def test_an_edit_takes_effect_in_whichever_way_it_is_made(begin, prepare, edit):
    acme = Tenant("acme")
    service = begin([acme], prepare=prepare)
    before = ready(service)
    assert before["generation"] == 1 and max_size(service) == 1 << 20
    acme.rules = rules("2MiB")
    edit(service, text(acme, service))
    until("the new size", lambda: max_size(service) == 2 << 20)
    after = until("nothing is held back", lambda: (state := ready(service)) and not state["heldBack"] and state)
    assert after["generation"] > 1 and after["digest"] != before["digest"] and after["lastLookAgeSeconds"] is not None


def test_a_folder_that_is_deleted_or_empty_changes_nothing_until_it_is_back(begin):
    acme = Tenant("acme")
    service = begin([acme])
    folder = service.folder / "tenants"
    shutil.rmtree(folder)
    held = until("it is told", lambda: held_back(service).get("tenants"))
    assert held["serves"] and held["tenant"] is None and "cannot be read" in held["problems"][0]["message"]
    assert max_size(service) == 1 << 20
    folder.mkdir()
    until("another reason", lambda: "no rule files" in held_back(service)["tenants"]["problems"][0]["message"])
    assert max_size(service) == 1 << 20 and generation(service) == 1
    acme.rules = rules("2MiB")
    put(service, acme)
    until("the new size", lambda: max_size(service) == 2 << 20)
    until("nothing is held back", lambda: not held_back(service))
    until("both are logged", lambda: lines(service, "the file is held back")[0]["level"] == "error" and lines(service, "the file is no longer held back"))


def test_tenants_come_and_go(begin):
    acme, beta = Tenant("acme"), Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1"})
    service = begin([acme])
    assert status(service, beta.api_key) == 401
    put(service, beta)
    until("it is served", lambda: status(service, beta.api_key) == 200)
    (service.folder / "tenants/beta.yaml").unlink()
    until("it is not", lambda: status(service, beta.api_key) == 401)
    changes = until("both are logged", lambda: len(found := lines(service, "changed files are in force")) == 2 and found)
    assert [(line["added"], line["removed"], line["tenantIds"]) for line in changes] == [(1, 0, "beta"), (0, 1, "beta")]
    assert changes[-1]["digest"] == ready(service)["digest"] and status(service, acme.api_key) == 200


# What is held back


def test_a_broken_file_holds_up_nobody_elses_revocation(begin):
    acme, beta = Tenant("acme"), Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1"})
    service = begin([acme, beta])
    path = service.folder / "tenants/beta.yaml"
    acme.api_keys, revoked = [APIKey("acme", "new")], acme.api_key
    replace(path, path.read_text().replace("1MiB", "1M"))
    until("it is told", lambda: held_back(service))
    put(service, acme)
    until("the key is revoked", lambda: status(service, revoked) == 401)
    assert status(service, acme.api_key) == 200 and max_size(service, beta) == 1 << 20
    held = held_back(service)
    assert list(held) == ["beta.yaml"] and held["beta.yaml"]["tenant"] == "beta" and held["beta.yaml"]["problemCount"] == 1
    problem = held["beta.yaml"]["problems"][0]
    assert problem["message"] == "“1M” is not a size" and problem["line"] > 1 and "1MiB" in problem["advice"]
    [line] = until("it is logged", lambda: lines(service, "the file is held back"))
    assert line["level"] == "error" and line["tenant"] == "beta" and f"beta.yaml:{problem['line']}:{problem['column']}: " in line["problems"]
    assert figure(service, "postern_rules_held_back_files") == figure(service, "postern_ready") == 1
    replace(path, path.read_text().replace("1M", "3MiB"))
    until("it is in force", lambda: max_size(service, beta) == 3 << 20)
    until("nothing is held back", lambda: not held_back(service) and figure(service, "postern_rules_held_back_files") == 0)


def test_a_new_tenant_with_a_broken_file_is_not_served_and_is_told(begin):
    acme, beta = Tenant("acme"), Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1"})
    service = begin([acme])
    beta.rules = rules("1M")
    put(service, beta)
    held = until("it is told", lambda: held_back(service).get("beta.yaml"))
    assert held["serves"] is False and held["tenant"] == "beta" and status(service, beta.api_key) == 401
    beta.rules = rules()
    put(service, beta)
    until("it is served", lambda: status(service, beta.api_key) == 200)


def test_files_in_conflict_are_both_held_back_and_others_are_not(begin):
    tenants = {id: Tenant(id, store={"bucket": f"{id}-uploads", "region": "eu-west-1"}) for id in ("acme", "beta", "gamma")}
    service = begin(list(tenants.values()))
    for tenant in tenants.values():
        tenant.rules = rules("2MiB")
    # The same keys in one bucket, which was of neither.
    for id in ("acme", "beta"):
        tenants[id].store = {"bucket": "shared-uploads", "region": "eu-west-1"}
    for tenant in tenants.values():
        put(service, tenant)
    until("the third is in force", lambda: max_size(service, tenants["gamma"]) == 2 << 20)
    held = until("both are told", lambda: len(held := held_back(service)) == 2 and held)
    assert set(held) == {"acme.yaml", "beta.yaml"} and all(one["serves"] for one in held.values())
    assert max_size(service, tenants["acme"]) == max_size(service, tenants["beta"]) == 1 << 20
    tenants["beta"].store = {"bucket": "beta-uploads", "region": "eu-west-1"}
    put(service, tenants["beta"])
    until("all are in force", lambda: [max_size(service, tenant) for tenant in tenants.values()] == [2 << 20] * 3)
    until("nothing is held back", lambda: not held_back(service))
    # One takes what the other has in force: that holds up no change of the other.
    tenants["beta"].store = tenants["acme"].store
    put(service, tenants["beta"])
    tenants["acme"].rules = rules("3MiB")
    put(service, tenants["acme"])
    until("the other is in force", lambda: max_size(service, tenants["acme"]) == 3 << 20)
    until("one is told", lambda: set(held_back(service)) == {"beta.yaml"})


# What is removed


def test_what_is_removed_is_refused_although_its_token_is_cached(begin):
    staff, apps = Issuer("id.acme"), Issuer("apps.acme", "HS256")
    acme = Tenant("acme", issuers=[staff, apps], api_keys=[APIKey("acme"), APIKey("acme", "old")], origins=[ORIGIN])
    acme.rules = rules() | rules(name="films")
    service = begin([acme])
    kept, removed, old = staff.token(), apps.token(), acme.api_keys[1].text
    for credential in (kept, removed, old) * 3:
        assert status(service, credential) == 200
    assert status(service, kept, Origin=ORIGIN) == 200
    hits = figure(service, "postern_token_cache_hits_total")
    assert hits > 0
    acme.issuers, acme.api_keys, acme.origins = [staff], acme.api_keys[:1], ["https://new.acme.example"]
    acme.rules = rules()
    digest = ready(service)["digest"]
    put(service, acme)
    until("another digest", lambda: ready(service)["digest"] != digest)
    assert status(service, removed) == 401 and status(service, old) == 401
    assert status(service, kept, Origin=ORIGIN) == 403 and status(service, kept) == 200
    assert service.refusal(kept, rule="films", contentType="image/png")["code"] == "rule-unknown"
    # Another audience of the issuer that stays.
    staff.audience = "other"
    put(service, acme)
    until("it is refused", lambda: status(service, kept) == 401)
    assert status(service, staff.token()) == 200
    assert figure(service, "postern_token_cache_hits_total") >= hits


def test_limits_and_counters_go_on(begin):
    acme = Tenant("acme")
    acme.rules = rules(limits={"perUser": "3/1h"})
    service = begin([acme])
    token, wish = acme.token(), {"contentType": "image/png"}
    for _ in range(3):
        service.ticket(token, **wish)
    assert service.refusal(token, **wish)["code"] == "rate-limited"
    assert figure(service, "postern_tickets_issued_total", tenant="acme", rule="avatars") == 3
    for size in ("2MiB", "3MiB"):
        acme.rules = rules(size, limits={"perUser": "3/1h"})
        put(service, acme)
        until("the new size", lambda: max_size(service) == int(size[0]) << 20)
        assert service.refusal(token, **wish)["code"] == "rate-limited"
        assert figure(service, "postern_tickets_issued_total", tenant="acme", rule="avatars") == 3
    service.ticket(acme.token("u2"), **wish)
    assert figure(service, "postern_tickets_issued_total", tenant="acme", rule="avatars") == 4
    assert figure(service, "postern_rules_generation") == generation(service)
    assert figure(service, "postern_rules_reloads_total", result="ok") == generation(service) - 1


# Keys and certificates


@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
def test_a_key_file_that_is_replaced_rotates_the_keys(begin, algorithm):
    issuer = Issuer("id.acme", algorithm)
    acme = Tenant("acme", issuers=[issuer])
    service = begin([acme])
    old = issuer.token()
    assert status(service, old) == 200 and status(service, old) == 200
    entry = issuer.write(service.folder / "keys")
    path = pathlib.Path(next(iter(entry["keys"].values())))
    digest = ready(service)["digest"]
    path.write_bytes(path.read_bytes()[:20])
    held = until("it is told", lambda: held_back(service).get(path.name))
    assert held["serves"] and held["problems"][0]["file"] == str(path)
    assert status(service, old) == 200
    issuer.signer = Signer(algorithm, issuer.signer.kid)
    issuer.write(service.folder / "keys")
    until("the new key counts", lambda: status(service, issuer.token()) == 200)
    assert status(service, old) == 401
    state = until("nothing is held back", lambda: (state := ready(service)) and not state["heldBack"] and state)
    assert state["digest"] == digest and state["generation"] == 2
    path.unlink()
    until("it is told", lambda: held_back(service).get(path.name))
    assert status(service, issuer.token()) == 200


def test_rules_whose_key_file_is_missing_wait_for_it(begin):
    acme = Tenant("acme")
    service = begin([acme])
    new = Issuer("new.acme")
    acme.issuers.append(new)
    content = text(acme, service)
    path = service.folder / "keys" / "new.acme.jwks.json"
    keys = path.read_bytes()
    path.unlink()
    replace(service.folder / "tenants/acme.yaml", content)
    held = until("it is told", lambda: held_back(service).get("acme.yaml"))
    assert str(path) in held["problems"][0]["message"] and held["problems"][0]["line"] > 1
    assert status(service, new.token()) == 401 and status(service, acme.token()) == 200
    path.write_bytes(keys)
    until("it is in force", lambda: status(service, new.token()) == 200)


def test_a_renewed_certificate_is_shown_to_new_connections(begin, tmp_path):
    """Old connections go on. A pair of which only one half is renewed keeps the one before."""
    first, second = (Authority(tmp_path / name, name) for name in ("first", "second"))
    certificate = first.certify("server", days=2)
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificate.chain.read_bytes())
    key.write_bytes(certificate.key.read_bytes())
    service = begin([Tenant("acme")], arguments=[*FAST, "--tls-cert", str(chain), "--tls-key", str(key)])
    trusts = {name: ssl.create_default_context(cafile=str(authority.file)) for name, authority in (("first", first), ("second", second))}

    def shows(name: str) -> bool:
        service.tls = trusts[name]
        try:
            with service.connect() as connection:
                return connection.request("GET", "/healthz").status == 200
        except ssl.SSLCertVerificationError:
            return False

    assert shows("first") and not shows("second")
    ends = figure(service, "postern_tls_certificate_expires_timestamp_seconds")
    service.tls = trusts["first"]
    with service.connect() as kept:
        assert kept.request("GET", "/healthz").status == 200
        renewed = second.certify("server", days=90)
        replace(chain, renewed.chain.read_bytes())
        held = until("it is told", lambda: held_back(service).get("chain.pem"))
        assert "is not the key of the certificate" in held["problems"][0]["message"]
        assert shows("first") and not shows("second")
        replace(key, renewed.key.read_bytes())
        until("the new certificate", lambda: shows("second"))
        assert not shows("first") and kept.request("GET", "/healthz").status == 200
        until("nothing is held back", lambda: not held_back(service))
        assert figure(service, "postern_tls_certificate_expires_timestamp_seconds") > ends + 80 * 86400
    # One that has expired does not replace a valid one.
    expired = second.certify("expired", days=-1)
    replace(chain, expired.chain.read_bytes())
    replace(key, expired.key.read_bytes())
    until("it is told", lambda: "has expired" in str(held_back(service).get("chain.pem")))
    assert shows("second")


def test_new_credentials_are_there_before_the_rules_that_need_them(begin, tmp_path):
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"Version": 1, "AccessKeyId": "AKIACANARYLATE000001", "SecretAccessKey": canaries.secret("canary-late-key")}))
    config = tmp_path / "config"
    config.write_text(f"[profile late]\ncredential_process = /bin/sh -c 'sleep 0.7; cat {given}'\n")
    acme = Tenant("acme")
    service = begin([acme], environment={"AWS_CONFIG_FILE": str(config)})
    acme.store = acme.store | {"credentials": {"profile": "late"}}
    put(service, acme)
    wish, token = {"contentType": "image/png"}, acme.token()
    until("the new credentials", lambda: "AKIACANARYLATE000001" in service.ticket(token, **wish)["fields"]["X-Amz-Credential"])
    # A source that never answers delays the rules, and does not prevent them.
    config.write_text(config.read_text() + "[profile never]\ncredential_process = /bin/sleep 50\n")
    acme.store = acme.store | {"credentials": {"profile": "never"}}
    put(service, acme)
    until("the rules are in force", lambda: service.post("/v1/tickets", wish, token).status == 503)
    acme.store = {"bucket": "acme-uploads", "region": "eu-west-1"}
    put(service, acme)
    until("the first credentials", lambda: "fields" in service.post("/v1/tickets", wish, token).json())
    assert service.stop() == 0
    children = [line for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if (line := cmdline(path)) and "/bin/sleep\x0050" in line]
    assert not children, "a process outlives the service"


def cmdline(path: pathlib.Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


# SIGHUP


def test_with_reload_0_files_are_read_at_sighup_only(begin):
    acme = Tenant("acme")
    service = begin([acme], arguments=["--reload", "0"])
    acme.rules = rules("2MiB")
    put(service, acme)
    time.sleep(1.5)
    assert max_size(service) == 1 << 20 and ready(service)["lastLookAgeSeconds"] is None
    service.process.send_signal(signal.SIGHUP)
    until("the new size", lambda: max_size(service) == 2 << 20)
    assert lines(service, "SIGHUP: reading all files")
    service.process.send_signal(signal.SIGHUP)
    until("that is told, too", lambda: lines(service, "all files were read, and none has changed"))
    assert generation(service) == 2


def test_sighup_finds_a_change_that_no_stamp_shows(begin):
    acme = Tenant("acme")
    service = begin([acme], arguments=["--reload", "5m"])
    path = service.folder / "tenants/acme.yaml"
    times = path.stat()
    content = path.read_text().replace("1MiB", "2MiB")
    with path.open("r+") as file:
        file.write(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    service.process.send_signal(signal.SIGHUP)
    until("the new size", lambda: max_size(service) == 2 << 20)


# The service-wide file


def test_the_service_wide_file_takes_effect(begin):
    shared = Issuer("id.all", tenant_claim="org")
    acme = Tenant("acme", issuers=[])
    configuration = {"logLevel": "debug"}
    service = begin([acme], arguments=["--reload", "100ms", "--max-connections", "500"], configuration=configuration, log_level=None)
    path = service.folder / "postern.yaml"
    token = shared.token(org="acme")
    assert status(service, token) == 401

    def write(**settings):
        replace(path, to_yaml(configuration | settings))

    write(issuers=[shared.write(service.folder / "keys")])
    until("the issuer is trusted", lambda: status(service, token) == 200)

    identifier = {"X-Request-Id": "from-a-proxy"}
    keeps = lambda: service.request("GET", "/v1/rules", {"Authorization": f"Bearer {token}"} | identifier).headers["x-request-id"] == "from-a-proxy"
    assert not keeps()
    write(issuers=[shared.write(service.folder / "keys")], trustedProxies=["127.0.0.1"])
    until("the proxy is trusted", keeps)
    write(trustedProxies=["127.0.0.1"])
    until("the issuer is not", lambda: status(service, token) == 401)

    write(logLevel="error")
    until("it is in force", lambda: generation(service) == 5)
    service.refusal(acme.api_key, contentType="image/tiff", user="u1")
    before = len(lines(service, "ticket refused"))
    write(logLevel="info")
    until("it is in force", lambda: generation(service) == 6)
    service.refusal(acme.api_key, contentType="image/tiff", user="u1")
    until("refusals are logged again", lambda: len(lines(service, "ticket refused")) == before + 1)

    write(logLevel="info", listen="127.0.0.1:1", idleTimeout="5s", maxConnections=7)
    until("it is told", lambda: lines(service, "changed settings need a restart"))
    assert lines(service, "changed settings need a restart")[0]["settings"] == "idleTimeout", "flags come first"
    write(logLevel="warm")
    held = until("it is told", lambda: held_back(service).get("postern.yaml"))
    assert held["tenant"] is None and held["serves"] and "warm" in held["problems"][0]["message"]
    write(logLevel="info", idleTimeout="5s")
    until("nothing is held back", lambda: not held_back(service))
    assert len(lines(service, "changed settings need a restart")) == 1
    assert max_size(service, credential=acme.api_key) == 1 << 20


# Answers


def test_every_answer_that_rules_decide_has_their_digest(begin):
    acme = Tenant("acme", origins=[ORIGIN])
    service = begin([acme])
    digest = ready(service)["digest"]
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answers = [
        service.post("/v1/tickets", {"contentType": "image/png"}, acme.token()),
        service.post("/v1/tickets", {"contentType": "image/tiff"}, acme.token()),
        service.post("/v1/tickets/batch", {"tickets": [{"contentType": "image/png"}]}, acme.token()),
        service.post("/v1/tickets", b"{", acme.token()),
        service.post("/v1/tickets", b"x" * 20_000, acme.token()),
        service.post("/v1/tickets", {}, "nobody"),
        service.request("GET", "/v1/rules", {"Authorization": f"Bearer {acme.token()}", "Origin": ORIGIN}),
        service.request("OPTIONS", "/v1/tickets", preflight),
        service.request("DELETE", "/v1/tickets"),
    ]
    assert [answer.status for answer in answers] == [201, 422, 200, 400, 413, 401, 200, 204, 405]
    assert {answer.headers.get("postern-rules") for answer in answers} == {digest}
    assert "Postern-Rules" in answers[-3].headers["access-control-expose-headers"]
    for path in ("/healthz", "/openapi.yaml"):
        assert "postern-rules" not in service.request("GET", path).headers
