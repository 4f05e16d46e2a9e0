"""Every setting of `postern serve` and every key of a rule is seen to act, by whichever way it is given."""

import base64
import json
import pathlib
import re
import shutil
import ssl
import time
from collections.abc import Callable

import pytest
import yaml

from harness import canaries
from harness.certificates import Authority
from harness.command import Command
from harness.figures import figure
from harness.http import Connection, ConnectionEnded
from harness.identity_provider import IdentityProvider, RemoteIssuer
from harness.ports import free_ports
from harness.service import BINARY, ROOT, DidNotStart, Service
from harness.tenant import AVATARS, Tenant, to_yaml
from harness.tokens import Issuer, Signer, base64url
from harness.waiting import until

PNG = {"contentType": "image/png"}
LEVELS = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
# What `postern serve --help` lists, and the keys of the service-wide file that say the same.
SETTINGS = {
    "tenants": ["tenants"], "listen": ["listen"], "admin": ["admin"], "config": [], "tls-cert": ["tlsCert"], "tls-key": ["tlsKey"],
    "log-format": ["logFormat"], "log-level": ["logLevel"], "max-connections": ["maxConnections"],
    "max-connections-per-peer": ["maxConnectionsPerPeer"], "idle-timeout": ["idleTimeout"], "drain-delay": ["drainDelay"], "reload": ["reload"],
    "admin-hosts": ["adminHosts"]}
# These two go together.
TLS = ("tls-cert", "tls-key")
GROUPS = [TLS, *((name,) for name in SETTINGS if name not in TLS)]
WAYS = [("flag", "variable", "file"), ("flag", "variable"), ("flag", "file"), ("variable", "file"), ("flag",), ("variable",), ("file",)]


def flags(values: dict[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name}", value)]


def variables(values: dict[str, str]) -> dict[str, str]:
    return {"POSTERN_" + name.upper().replace("-", "_"): value for name, value in values.items()}


def file_keys(values: dict[str, str]) -> dict[str, object]:
    """Numbers and lists as they are written in YAML."""
    def written(name: str, value: str):
        return value.split(",") if name == "admin-hosts" else int(value) if name.startswith("max-") and value.isdecimal() else value

    return {key: written(name, value) for name, value in values.items() for key in SETTINGS[name]}


def answers(port: int, path: str) -> bool:
    """Whether somebody there answers like the service."""
    try:
        with Connection(port, timeout=60) as connection:
            return connection.request("GET", path).status == 200
    except ConnectionRefusedError:
        return False


# How many connections


def served(connection: Connection) -> bool:
    """Whether this connection gets an answer, and not one that there are too many."""
    try:
        answer = connection.request("GET", "/healthz")
    except (OSError, ConnectionEnded):
        return False
    assert answer.status == 200 or answer.problem["code"] == "overloaded", answer
    return answer.status == 200


def assert_most_connections(service: Service, most: int):
    """So many are served at once. For one more one of them is closed; who makes room for whom is in test_connections.py."""
    kept = [service.connect(timeout=60) for _ in range(most)]
    assert all(served(connection) for connection in kept) and figure(service, "postern_connections_limit") == most
    assert all(served(connection) for connection in kept)
    for turn in range(3):
        kept.append(service.connect(timeout=60))
        until("it is served, or told that it is too many", lambda: not served(kept[-1]) or not all(connection.is_open() for connection in kept), seconds=60)
        until("there are no more than before", lambda: figure(service, "postern_connections_open") == most, seconds=60)
        assert sum(connection.is_open() for connection in kept) == most
    for connection in kept:
        connection.close()


def test_no_more_connections_than_there_may_be_open_files(make_service):
    """150 files less the 96 that are kept for all else; the log says what to do."""
    service = make_service("files", [Tenant("acme")], log_level="info")
    service.arguments = ["/bin/bash", "-c", 'ulimit -n 150 && exec "$@"', "bash", *service.arguments]
    service.start()
    assert_most_connections(service, 54)
    [line] = until("it is in the log", lambda: [line for line in service.log_lines() if "ulimit" in line["message"]], seconds=60)
    assert line["level"] == "warning" and line["connections"] == 54
    service.kill()


# Each setting, by flag, by variable and by the service-wide file


class Scene:
    """Each setting once right and once wrong; neither is the default. Checks see which of them acts."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.tenants = {}
        for name in ("right", "wrong"):
            (folder / name).mkdir()
            self.tenants[name] = Tenant(name, store={"bucket": f"{name}-uploads", "region": "eu-west-1"})
            self.tenants[name].write(folder / name, folder / "keys")
            made = Authority(folder / f"{name}-authority", name).certify(name)
            shutil.copy(made.chain, folder / f"{name}.pem")
            shutil.copy(made.key, folder / f"{name}-key.pem")
            (folder / f"{name}.yaml").write_text(to_yaml({"logFormat": "text" if name == "right" else "json"}))
        self.ports = dict(zip(("right-listen", "wrong-listen", "right-admin", "wrong-admin"), free_ports(4)))

    def values(self, which: str) -> dict[str, str]:
        right = which == "right"
        return {
            "tenants": str(self.folder / which), "listen": f"127.0.0.1:{self.ports[f'{which}-listen']}",
            "admin": f"127.0.0.1:{self.ports[f'{which}-admin']}", "config": str(self.folder / f"{which}.yaml"),
            "tls-cert": str(self.folder / f"{which}.pem"), "tls-key": str(self.folder / f"{which}-key.pem"), "log-format": "text" if right else "json",
            "log-level": "warning" if right else "trace", "max-connections": "3" if right else "1000",
            "max-connections-per-peer": "2" if right else "1000", "idle-timeout": "2s" if right else "1h", "drain-delay": "5m" if right else "0s",
            "reload": "100ms" if right else "0", "admin-hosts": "right.example,Also-Right.internal" if right else "wrong.example"}

    def some(self, which: str, names) -> dict[str, str]:
        return {name: self.values(which)[name] for name in names}

    def take(self, service: Service, which: str = "right") -> int:
        return service.post("/v1/tickets", PNG, self.tenants[which].token()).status

    def check(self, name: str) -> Callable[[Service], None]:
        return getattr(self, "check_" + name.replace("-", "_"))

    def check_tenants(self, service: Service):
        assert self.take(service, "right") == 201 and self.take(service, "wrong") == 401

    def check_listen(self, service: Service):
        assert answers(self.ports["right-listen"], "/healthz") and not answers(self.ports["wrong-listen"], "/healthz")

    def check_admin(self, service: Service):
        assert answers(self.ports["right-admin"], "/readyz") and not answers(self.ports["wrong-admin"], "/readyz")

    def check_tls_cert(self, service: Service):
        """And the key: a handshake needs both."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with Connection(service.port, timeout=60, tls=context) as connection:
            assert connection.request("GET", "/healthz").status == 200
            shown = ssl.DER_cert_to_PEM_cert(connection.socket.getpeercert(binary_form=True)).strip()
        assert shown in (self.folder / "right.pem").read_text() and shown not in (self.folder / "wrong.pem").read_text()

    def check_log_format(self, service: Service):
        assert self.take(service) == 201
        until("the ticket is in the log", lambda: re.search(r"^\S+ INFO ticket issued .*\brule=avatars\b", service.log(), re.M), seconds=60)
        assert not [line for line in service.log().splitlines() if line.startswith("{")]

    check_config = check_log_format

    def check_log_level(self, service: Service):
        assert self.take(service) == 201
        assert service.stop() == 0
        assert not [line for line in service.log_lines() if LEVELS.index(line["level"]) < LEVELS.index("warning")]

    def check_max_connections(self, service: Service):
        assert_most_connections(service, 3)

    def check_max_connections_per_peer(self, service: Service):
        """The third from one address is told so, although others are idle; another address has its own two."""
        kept = [service.connect(60, source) for source in ("127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2")]
        assert all(served(connection) for connection in kept)
        for source in ("127.0.0.1", "127.0.0.2"):
            with service.connect(60, source) as third:
                assert not served(third)
        assert all(served(connection) for connection in kept)

    def check_idle_timeout(self, service: Service):
        """Two seconds and not an hour."""
        with service.connect(timeout=60) as connection:
            began = time.monotonic()
            assert served(connection) and connection.rest() == b"" and time.monotonic() - began >= 2

    def check_drain_delay(self, service: Service):
        """It is served on, although everybody can see that it stops."""
        service.terminate()
        until("it is not ready", lambda: service.admin("/readyz").status == 503, seconds=60)
        for _ in range(5):
            assert answers(service.port, "/healthz")

    def check_reload(self, service: Service):
        """A comment in the rule file makes another digest."""
        digest = lambda: service.admin("/readyz").json()["digest"]
        before, path = digest(), self.folder / "right" / "right.yaml"
        beside = path.with_name(".right.yaml")
        beside.write_text(path.read_text() + "# more\n")
        beside.rename(path)
        until("another digest", lambda: digest() != before, seconds=60)

    def check_admin_hosts(self, service: Service):
        for host, status in (("right.example", 200), ("also-right.internal:9090", 200), ("wrong.example", 400)):
            with Connection(service.admin_port, timeout=60) as connection:
                assert connection.request("GET", "/healthz", {"Host": host}).status == status, host


@pytest.fixture
def scene(tmp_path) -> Scene:
    return Scene(tmp_path)


def told(make_service, scene: Scene, name: str, arguments: list[str], environment: dict[str, str]) -> Service:
    """A service that is told this and no more; it listens where that is right."""
    service = make_service(name, [], environment=environment)
    service.arguments = [str(BINARY), "serve", *arguments]
    service.port, service.admin_port = scene.ports["right-listen"], scene.ports["right-admin"]
    return service


@pytest.mark.parametrize("group, ways", [(group, ways) for group in GROUPS for ways in WAYS if "file" not in ways or SETTINGS[group[0]]],
                         ids=lambda words: "-".join(words))
def test_the_command_line_comes_before_the_environment_and_that_before_the_file(make_service, scene, tmp_path, group, ways):
    """The first of the ways has the right value, the others a wrong one. All else that is needed are flags."""
    needed = [name for name in ("tenants", "listen", "admin") if name not in group]
    given = {way: scene.some("right" if way == ways[0] else "wrong", group) for way in ways}
    arguments = flags(scene.some("right", needed)) + flags(given.get("flag", {}))
    if "file" in given:
        (tmp_path / "postern.yaml").write_text(to_yaml(file_keys(given["file"])))
        arguments += ["--config", str(tmp_path / "postern.yaml")]
    service = told(make_service, scene, "-".join(group + ways), arguments, variables(given.get("variable", {}))).start()
    scene.check(group[0])(service)
    service.kill()


def test_all_from_the_environment(make_service, scene):
    names = [name for name in SETTINGS if name not in TLS]
    service = told(make_service, scene, "environment", [], variables(scene.some("right", names) | {"log-level": "info"})).start()
    for name in ("tenants", "listen", "admin", "log-format"):
        scene.check(name)(service)
    service.kill()


def test_all_from_the_file(make_service, scene, tmp_path):
    """Its paths are relative to its own folder, wherever the service is started."""
    values = scene.some("right", [name for name in SETTINGS if SETTINGS[name] and name not in TLS])
    (tmp_path / "postern.yaml").write_text(to_yaml(file_keys(values | {"tenants": "right", "log-level": "info"})))
    service = told(make_service, scene, "file", ["--config", str(tmp_path / "postern.yaml")], {}).start()
    for name in ("tenants", "listen", "admin", "log-format"):
        scene.check(name)(service)
    service.kill()
    (tmp_path / "postern.yaml").write_text(to_yaml(file_keys(values | {"tenants": "right", "tls-cert": "right.pem", "tls-key": "right-key.pem"})))
    service = told(make_service, scene, "file-tls", ["--config", str(tmp_path / "postern.yaml")], {}).start()
    scene.check("tls-cert")(service)
    service.kill()


def test_an_empty_variable_says_nothing(make_service, scene, tmp_path):
    """As in a unit file or a compose file that passes on what is not set."""
    values = scene.some("right", [name for name in SETTINGS if SETTINGS[name] and name not in TLS])
    (tmp_path / "postern.yaml").write_text(to_yaml(file_keys(values | {"log-level": "info"})))
    service = told(make_service, scene, "empty", ["--config", str(tmp_path / "postern.yaml")], variables(dict.fromkeys(SETTINGS, ""))).start()
    for name in ("tenants", "listen", "admin", "log-format"):
        scene.check(name)(service)
    service.kill()


@pytest.mark.parametrize("setting, address", [("listen", "127.0.0.1:8080"), ("admin", "127.0.0.1:9090")])
def test_the_default_addresses(make_service, scene, setting, address):
    """Whether the service gets it, or says that another process listens there."""
    others = [name for name in ("tenants", "listen", "admin") if name != setting]
    service = told(make_service, scene, f"default-{setting}", flags(scene.some("right", others)), {})
    if setting == "admin":
        service.admin_port = 9090
    try:
        service.start(timeout=60)
    except DidNotStart:
        pass
    until("it is in the log", lambda: re.search(rf"\b{re.escape(address)}\b", service.log()), seconds=60)
    service.kill()


def test_the_default_log(make_service, scene):
    """JSON, from level info on."""
    service = told(make_service, scene, "default-log", flags(scene.some("right", ("tenants", "listen", "admin"))), {}).start()
    assert scene.take(service) == 201 and scene.take(service, "wrong") == 401
    assert service.stop() == 0
    lines = [json.loads(line) for line in service.log().splitlines()]
    assert {"ticket issued", "request refused", "listening"} <= {line["message"] for line in lines}
    assert not [line for line in lines if line["level"] in ("trace", "debug")]


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_shows_itself_and_what_is_above(make_service, level):
    """One event of each level from info to error, and of those below there are always some."""
    provider = IdentityProvider()  # which is down
    down = RemoteIssuer(provider)
    tenant = Tenant("acme", rules={"avatars": AVATARS | {"contentTypes": ["image/png", "image/jpg"]}})
    other = Tenant("other", issuers=[down], store={"bucket": "other-uploads", "region": "eu-west-1"})
    service = make_service(f"level-{level}", [tenant, other], log_level=level).start(ready=False)
    until("the public listener is open", lambda: answers(service.port, "/healthz"), seconds=60)
    assert service.ticket(tenant.token(), **PNG) and service.post("/v1/tickets", PNG, down.token()).status == 503
    assert service.stop() == 0
    provider.close()
    found = {(line["level"], line["message"]) for line in service.log_lines()}
    events = {"info": "ticket issued", "notice": "listening", "warning": "set-up warning", "error": "request refused"}
    shown = {name for name, message in events.items() if (name, message) in found}
    assert shown == {name for name in events if LEVELS.index(name) >= LEVELS.index(level)}
    assert all(LEVELS.index(each) >= LEVELS.index(level) for each, _ in found)
    if level in ("trace", "debug"):
        assert "debug" in {each for each, _ in found}, "nothing has level trace at present"


def test_every_setting_of_the_help_is_in_this_file(logs):
    """But for those of the audit log, which are in test_audit.py."""
    audit = {"audit", "audit-sync", "audit-users", "audit-user-key"}
    text = Command(logs, "serve-help")("serve", "--help", code=0).stdout
    assert set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", text, re.M)) - {"help", "version"} - audit == set(SETTINGS)
    assert set(re.findall(r"POSTERN_[A-Z_]+", text)) <= set(variables(dict.fromkeys(SETTINGS, ""))) and "and so on" in " ".join(text.split())


@pytest.mark.parametrize("setting, wrong", [
    ("listen", "nowhere"), ("admin", "127.0.0.1"), ("log-format", "xml"), ("log-level", "loud"), ("max-connections", "0"), ("max-connections", "many"),
    ("max-connections", "-1"), ("max-connections", "1000001"), ("max-connections", "1.5"), ("max-connections-per-peer", "0"),
    ("max-connections-per-peer", "many"), ("max-connections-per-peer", "-1"), ("max-connections-per-peer", "1000001"), ("idle-timeout", "0s"),
    ("idle-timeout", "61m"), ("idle-timeout", "75"), ("idle-timeout", "-1s"), ("idle-timeout", "soon"), ("drain-delay", "301s"), ("drain-delay", "6m"),
    ("drain-delay", "3"), ("drain-delay", "-1s"), ("reload", "99ms"), ("reload", "301s"), ("reload", "5"), ("reload", "-1s"), ("admin-hosts", "right.example:9090"), ("admin-hosts", "http://right.example"),
    ("admin-hosts", "right.example,*.example"), ("admin-hosts", "right example"), ("admin-hosts", "[::1]"), ("tls-cert", "alone.pem"),
    ("tls-key", "alone.pem")])
def test_a_wrong_value_is_told_by_its_name(scene, logs, tmp_path, setting, wrong):
    """Exit code 64 for a flag or a variable, 1 for a file."""
    ask = Command(logs, "wrong-settings")
    base = flags(scene.some("right", [name for name in ("tenants", "listen", "admin") if name != setting]))
    flag = ["--" + setting + "=" + wrong]
    assert "--" + setting in ask("serve", *base, *flag, code=64).stderr
    assert "--" + setting in ask("serve", *base, code=64, **variables({setting: wrong})).stderr
    for key in SETTINGS[setting]:
        (tmp_path / "postern.yaml").write_text(to_yaml(file_keys({setting: wrong})))
        done = ask("serve", *base, "--config", tmp_path / "postern.yaml", code=1)
        # An element of a list has a line of its own.
        shown = wrong.split(",")[-1] if setting == "admin-hosts" else wrong
        assert re.search(rf"postern\.yaml:\d:\d+: .*({key}|{re.escape(shown)})", done.stdout + done.stderr)


@pytest.mark.parametrize("text, place", [
    ("trustedProxy: [127.0.0.1]\n", "1:1"), ("trustedProxies: [127.0.0.1/8]\n", "1:"), ("trustedProxies: [localhost]\n", "1:"), ("issuers: []\n", "1:"),
    ("listen: 127.0.0.1:1\nlisten: x\n", "2:")])
def test_a_wrong_file_is_told_with_the_place(scene, logs, tmp_path, text, place):
    (tmp_path / "postern.yaml").write_text(text)
    done = Command(logs, "wrong-settings")("serve", *flags(scene.some("right", ("tenants", "listen", "admin"))), "--config", tmp_path / "postern.yaml", code=1)
    assert f"postern.yaml:{place}" in done.stdout + done.stderr


# trustedProxies


@pytest.mark.parametrize("trusted, forwarded, peer", [
    (None, ["203.0.113.7"], "127.0.0.1"), (["10.0.0.0/8", "::1"], ["203.0.113.7"], "127.0.0.1"), (["127.0.0.1"], [], "127.0.0.1"),
    (["127.0.0.1"], ["203.0.113.7"], "203.0.113.7"), (["127.0.0.0/8"], ["2001:db8::7"], "2001:db8::7"),
    (["127.0.0.1"], ["192.0.2.1, 203.0.113.7"], "203.0.113.7"), (["127.0.0.1"], ["192.0.2.1", "203.0.113.7"], "203.0.113.7"),
    (["127.0.0.1", "198.51.100.0/24"], ["192.0.2.1, 203.0.113.9, 198.51.100.2"], "203.0.113.9"),
    (["127.0.0.1"], ["nonsense"], "127.0.0.1")], ids=str)
def test_trusted_proxies(make_service, trusted, forwarded, peer):
    """Whom the log names: the last that no trusted proxy stands for. Anybody can write the field; a client's own part of it counts for nothing."""
    tenant = Tenant("acme")
    service = make_service("proxies", [tenant], configuration=None if trusted is None else {"trustedProxies": trusted}).start()
    fields = [("Content-Type", "application/json"), *(("X-Forwarded-For", value) for value in forwarded)]
    issued = service.request("POST", "/v1/tickets", [("Authorization", f"Bearer {tenant.token()}"), *fields], json.dumps(PNG).encode())
    refused = service.request("POST", "/v1/tickets", [("Authorization", f"Bearer {tenant.token()}"), *fields], b'{"contentType": "text/html"}')
    unknown = service.request("POST", "/v1/tickets", fields, json.dumps(PNG).encode())
    assert [issued.status, refused.status, unknown.status] == [201, 422, 401]
    for member, value in (("ticket", issued.json()["id"]), ("requestId", refused.problem["requestId"]), ("requestId", unknown.problem["requestId"])):
        [line] = until("it is in the log", lambda: [line for line in service.log_lines() if line.get(member) == value], seconds=60)
        assert line["peer"] == peer, line
    service.kill()


def test_the_service_wide_file_of_deploy(make_service, scene, tmp_path):
    """As it is, but for the addresses, which are other tests' too, and the place of the audit log."""
    audit = tmp_path / "audit.jsonl"
    folder = tmp_path / "etc"
    shutil.copytree(scene.folder / "right", folder / "tenants")
    shutil.copy(ROOT / "deploy" / "postern.yaml", folder / "postern.yaml")
    text = (folder / "postern.yaml").read_text()
    assert set(yaml.safe_load(text)) <= {key for keys in SETTINGS.values() for key in keys} | {"audit", "trustedProxies", "issuers"}, "a key that no test sees acting"
    service = told(make_service, scene, "deploy", ["--config", str(folder / "postern.yaml"), "--audit", str(audit), *flags(scene.some("right", ("listen", "admin")))],
                   {}).start()
    fields = {"Authorization": f"Bearer {scene.tenants['right'].token()}", "Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7"}
    ticket = service.request("POST", "/v1/tickets", fields, json.dumps(PNG).encode()).json()
    [line] = [line for line in map(json.loads, audit.read_text().splitlines()) if line.get("ticket") == ticket["id"]]
    assert line["peer"] == "203.0.113.7"
    service.kill()


# Issuers, beside what `test_judgement.py` and `test_remote_keys.py` show of them


class SeveralKeys(Issuer):
    """An issuer with several keys in one file of a test's own making."""

    def __init__(self, name: str, signers: list[Signer], source: str, content: bytes, audience: str | list[str] = "uploads"):
        super().__init__(name)
        self.signers, self.source, self.content, self.audience = signers, source, content, audience

    def by(self, signer: Signer, kid: str | None = None, **claims) -> str:
        """A token that this signs; `kid` is another than its own."""
        self.signer = signer
        return self.token(header={"kid": kid or signer.kid}, **{"aud": "uploads"} | claims)

    def write(self, folder: pathlib.Path) -> dict:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.name).write_bytes(self.content)
        return {"issuer": self.issuer, "audience": self.audience, "algorithms": sorted({signer.algorithm for signer in self.signers}),
                "keys": {self.source: str(folder / self.name)}}


def pem_file(signers: list[Signer]) -> bytes:
    return b"".join((f"kid: {signer.kid}\n".encode() if signer.kid else b"") + signer.public_pem() for signer in signers)


def secret_set(signers: list[Signer]) -> bytes:
    return json.dumps({"keys": [{"kty": "oct", "kid": signer.kid, "k": base64url(signer.secret)} for signer in signers]}).encode()


def secret_signer(kid: str) -> Signer:
    signer = Signer("HS256", kid)
    canaries.add(signer.secret.decode(), base64url(signer.secret))
    return signer


def test_key_files_of_each_kind(make_service):
    """Each key by its own id, and by no other's; a key without an id serves tokens without one."""
    one, two, alone = [Signer("ES256", "k1"), Signer("RS256", "k2")], [secret_signer("s1"), secret_signer("s2")], Signer("ES256")
    issuers = [SeveralKeys("id.pem", one, "pemFile", pem_file(one)), SeveralKeys("id.jwks", one, "jwksFile", json.dumps(
        {"keys": [signer.jwk() for signer in one]}).encode()), SeveralKeys("id.secrets", two, "secretFile", secret_set(two))]
    nameless = SeveralKeys("id.nameless", [alone], "pemFile", pem_file([alone]))
    with make_service("key-files", [Tenant("acme", issuers=[*issuers, nameless], api_keys=[])]) as service:
        def status(token: str) -> int:
            return service.post("/v1/tickets", PNG, token).status

        for issuer in issuers:
            first, second = issuer.signers
            assert status(issuer.by(first)) == status(issuer.by(second)) == 201, issuer.issuer
            for wrong in (issuer.by(first, kid=second.kid), issuer.by(second, kid=first.kid), issuer.by(first, kid="other"),
                          issuer.by(Signer("ES256", first.kid))):
                assert status(wrong) == 401, issuer.issuer
        assert status(nameless.by(alone)) == 201 and status(nameless.by(Signer("ES256"))) == 401


def test_several_audiences(make_service):
    signer = Signer("ES256", "k1")
    issuer = SeveralKeys("id.several", [signer], "pemFile", pem_file([signer]), audience=["uploads", "files"])
    with make_service("audiences", [Tenant("acme", issuers=[issuer], api_keys=[])]) as service:
        for audience, status in (("uploads", 201), ("files", 201), (["other", "files"], 201), ("upload", 401), ("Uploads", 401), ("files ", 401),
                                 ("uploads files", 401), (["other"], 401), ("uploads,files", 401)):
            assert service.post("/v1/tickets", PNG, issuer.by(signer, aud=audience)).status == status, audience


# Rules

ALL = {
    "keyPrefix": "{tenant}/all/{user}/{yyyy}/", "keyName": "{mm}-{dd}-{uuid}-{filename}.{ext}", "contentTypes": ["image/png", "text/*"], "maxSize": "2KB",
    "minSize": 7, "expiry": "90s", "acl": "bucket-owner-full-control", "storageClass": "STANDARD_IA", "encryption": "AES256",
    "tags": {"team": "web", "n": "1"}, "metadata": {"fixed": {"source": "postern"}, "allowed": ["album"]}, "cacheControl": "private, max-age=60",
    "contentDisposition": "attachment", "checksum": "required", "successStatus": 204, "requireScope": "upload",
    "limits": {"perUser": "3/1h", "perTenant": "4/1h"}}
KMS = {"type": "aws:kms", "keyId": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"}
REDIRECT = {"keyPrefix": "redirect/", "contentTypes": ["image/png"], "maxSize": "1KiB", "successRedirect": "https://app.acme.example/done?a=1",
            "encryption": KMS, "contentDisposition": "inline"}
FORMS = {"keyPrefix": "forms/", "contentTypes": ["image/png"], "maxSize": 100, "minSize": 2, "declaredSize": "atMost", "contentEncoding": "gzip",
         "contentLanguage": "de-CH", "encryption": {"type": "aws:kms", "bucketKey": True}, "tags": {"who": "{user}", "what": "{filename}", "n": "1"},
         "metadata": {"fixed": {"user": "{user}", "file": "{filename}", "ticket": "{uuid}", "rule": "{tenant}/{rule}", "day": "{yyyy}-{mm}-{dd}.{ext}", "brace": "{{}"}},
         "checksum": {"required": True, "algorithms": ["crc32c", "md5"]}}
IGNORED = {"keyPrefix": "ignored/", "contentTypes": ["image/png"], "maxSize": 100, "declaredSize": "ignored"}
SMALLEST = {"keyPrefix": "smallest/", "contentTypes": ["image/png"], "maxSize": 100}
CHECKSUM = base64.b64encode(bytes(32)).decode()
SIGNING = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date"}


@pytest.fixture(scope="module")
def ruled(make_service) -> Service:
    with make_service("rules", [Tenant("acme", rules={"all": ALL, "redirect": REDIRECT, "smallest": SMALLEST, "forms": FORMS, "ignored": IGNORED})]) as service:
        yield service


def bound_fields(ticket: dict) -> dict[str, str]:
    """The fields of the form but the signature's own; each is a condition of the policy with its value, and nothing else is one."""
    fields = dict(ticket["fields"])
    policy = json.loads(base64.b64decode(fields.pop("Policy")))
    del fields["X-Amz-Signature"]
    conditions = [each for each in policy["conditions"] if isinstance(each, dict)]
    assert sorted(next(iter(each.items())) for each in conditions) == sorted(fields.items())
    assert [each for each in policy["conditions"] if not isinstance(each, dict)] == [["content-length-range", ticket["minSize"], ticket["maxSize"]]]
    assert policy["expiration"] == ticket["expiresAt"]
    return {name: value for name, value in fields.items() if name not in SIGNING}


def test_every_key_of_a_rule_acts(ruled):
    token = ruled.tenants["acme"].token(scope="upload")
    wish = {"rule": "all", "contentType": "text/csv", "filename": "me.txt", "checksumSHA256": CHECKSUM, "metadata": {"album": "a"}}
    ticket = ruled.ticket(token, **wish)
    fields = bound_fields(ticket)
    year, month, day = ticket["serverTime"][:10].split("-")
    assert re.fullmatch(rf"acme/all/u1/{year}/{month}-{day}-[0-9a-f-]{{36}}-me\.txt\.csv", fields.pop("key"))
    assert fields.pop("tagging").count("<Tag>") == 2
    assert fields.pop("Content-Disposition").startswith('attachment; filename="me.txt"')
    assert fields == {
        "bucket": "acme-uploads", "Content-Type": "text/csv", "acl": "bucket-owner-full-control", "x-amz-storage-class": "STANDARD_IA",
        "x-amz-server-side-encryption": "AES256", "x-amz-meta-source": "postern", "x-amz-meta-album": "a", "Cache-Control": "private, max-age=60",
        "x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": CHECKSUM, "success_action_status": "204"}
    assert (ticket["minSize"], ticket["maxSize"], ticket["expiresIn"]) == (7, 2000, 90)
    for less, code in ({"checksumSHA256": None}, "checksum-required"), ({"size": 6}, "size-too-small"), ({"size": 2001}, "size-too-large"), \
            ({"contentType": "image/gif"}, "content-type-not-allowed"), ({"metadata": {"title": "a"}}, "metadata-not-allowed"):
        asked = {name: value for name, value in (wish | less).items() if value is not None}
        assert ruled.refusal(token, **asked)["code"] == code
    assert ruled.refusal(ruled.tenants["acme"].token(), **wish)["code"] == "scope-missing"
    for user, statuses in (("u1", [201, 201, 429]), ("u2", [201, 429])):
        mine = ruled.tenants["acme"].token(user, scope="upload")
        assert [ruled.post("/v1/tickets", wish, mine).status for _ in statuses] == statuses, "perUser, then perTenant"


def test_a_redirect_and_a_key_of_kms(ruled):
    fields = bound_fields(ruled.ticket(ruled.tenants["acme"].token(), rule="redirect", filename="a b.png", **PNG))
    assert fields.pop("key").startswith("redirect/")
    assert fields.pop("Content-Disposition").startswith('inline; filename="a b.png"')
    assert fields == {"bucket": "acme-uploads", "Content-Type": "image/png", "success_action_redirect": "https://app.acme.example/done?a=1",
                      "x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": KMS["keyId"]}


def test_what_the_server_knows_is_in_metadata_and_tags(ruled):
    acme = ruled.tenants["acme"]
    wish = {"rule": "forms", "filename": "C:\\x\\Übersicht (2026)\u0000 $${a}.png", "checksum": {"algorithm": "CRC32C", "value": "4waSgw=="}} | PNG
    ticket = ruled.ticket(acme.token("auth0|ü"), **wish)
    fields = bound_fields(ticket)
    assert fields.pop("key") == f"forms/{ticket['id']}.png"
    assert fields.pop("tagging") == ("<Tagging><TagSet><Tag><Key>who</Key><Value>auth0=7C=C3=BC</Value></Tag><Tag><Key>what</Key>"
                                     "<Value>Übersicht _2026_ _a_.png</Value></Tag><Tag><Key>n</Key><Value>1</Value></Tag></TagSet></Tagging>")
    assert fields == {
        "bucket": "acme-uploads", "Content-Type": "image/png", "Content-Encoding": "gzip", "Content-Language": "de-CH", "x-amz-meta-user": "auth0|ü",
        "x-amz-meta-file": "Übersicht (2026) {a}.png", "x-amz-meta-ticket": ticket["id"], "x-amz-meta-rule": "acme/forms",
        "x-amz-meta-day": ticket["serverTime"][:10] + ".png", "x-amz-meta-brace": "{}", "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-bucket-key-enabled": "true", "x-amz-checksum-algorithm": "CRC32C", "x-amz-checksum-crc32c": "4waSgw==",
        "success_action_status": "201"}
    nameless = bound_fields(ruled.ticket(acme.token(), **{**wish, "filename": "", "checksum": {"algorithm": "md5", "value": "A" * 22 + "=="}}))
    assert "x-amz-meta-file" not in nameless and nameless["Content-MD5"] == "A" * 22 + "==" and "x-amz-checksum-algorithm" not in nameless
    for checksum, code in ((None, "checksum-required"), ({"algorithm": "sha256", "value": CHECKSUM}, "checksum-not-allowed"),
                           ({"algorithm": "sha512", "value": CHECKSUM}, "checksum-not-allowed"), ({"algorithm": "md5", "value": CHECKSUM}, "invalid-request")):
        assert ruled.refusal(acme.token(), **(wish | {"checksum": checksum}))["code"] == code
    assert ruled.refusal(acme.token(), **{**wish, "checksum": None, "checksumSHA256": CHECKSUM})["allowed"] == ["crc32c", "md5"]
    # A name of which a reader of the metadata could make another.
    for user in ("a ", " a", "a\n", "a\u0085", "${filename}", "=?UTF-8?Q?u1?="):
        assert ruled.refusal(acme.token(user), **wish)["code"] == "invalid-request", user
    assert ruled.refusal(acme.api_key, **wish)["detail"].startswith("This rule stores files by user")


def test_what_a_declared_size_means(ruled):
    token = ruled.tenants["acme"].token()
    checksum = {"checksum": {"algorithm": "crc32c", "value": "4waSgw=="}}
    for rule, size, more, range in (("forms", 2, checksum, (2, 2)), ("forms", 50, checksum, (2, 50)), ("forms", 100, checksum, (2, 100)),
                                    ("ignored", 50, {}, (1, 100)), ("smallest", 50, {}, (50, 50))):
        ticket = ruled.ticket(token, rule=rule, size=size, **more, **PNG)
        bound_fields(ticket)
        assert (ticket["minSize"], ticket["maxSize"]) == range
    for rule, more in (("forms", checksum), ("ignored", {})):
        assert ruled.refusal(token, rule=rule, size=101, **more, **PNG)["code"] == "size-too-large"
        assert ruled.refusal(token, rule=rule, size=0, **more, **PNG)["code"] == "size-too-small"


def test_what_a_rule_does_not_say_is_not_in_the_form(ruled):
    ticket = ruled.ticket(ruled.tenants["acme"].token(), rule="smallest", filename="a.png", **PNG)
    fields = bound_fields(ticket)
    assert re.fullmatch(r"smallest/[0-9a-f-]{36}\.png", fields.pop("key"))
    assert fields == {"bucket": "acme-uploads", "Content-Type": "image/png", "success_action_status": "201"}
    assert (ticket["minSize"], ticket["maxSize"], ticket["expiresIn"]) == (1, 100, 300)


def test_the_rules_are_told_as_they_are(ruled):
    answer = ruled.request("GET", "/v1/rules", {"Authorization": f"Bearer {ruled.tenants['acme'].token(scope='upload')}"})
    assert answer.json() == {"tenant": "acme", "rules": [
        {"name": "all", "method": "POST", "contentTypes": ["image/png", "text/*"], "accept": [
            "image/png", "text/*", *(f".{ending}" for ending in "png ics css csv md markdown txt text log tsv vcf vtt".split())],
         "minSize": 7, "maxSize": 2000, "expiresIn": 90, "checksum": "required", "checksumAlgorithms": ["sha256"], "metadata": ["album"], "usesFilename": True, "usesPath": False, "parameters": {}},
        {"name": "redirect", "method": "POST", "contentTypes": ["image/png"], "accept": ["image/png", ".png"], "minSize": 1, "maxSize": 1024, "expiresIn": 300, "checksum": "optional", "checksumAlgorithms": ["sha256"], "metadata": [],
         "usesFilename": True, "usesPath": False, "parameters": {}},
        {"name": "smallest", "method": "POST", "contentTypes": ["image/png"], "accept": ["image/png", ".png"], "minSize": 1, "maxSize": 100, "expiresIn": 300, "checksum": "optional", "checksumAlgorithms": ["sha256"], "metadata": [],
         "usesFilename": False, "usesPath": False, "parameters": {}},
        {"name": "forms", "method": "POST", "contentTypes": ["image/png"], "accept": ["image/png", ".png"], "minSize": 2, "maxSize": 100, "expiresIn": 300, "checksum": "required",
         "checksumAlgorithms": ["crc32c", "md5"], "metadata": [], "usesFilename": True, "usesPath": False, "parameters": {}},
        {"name": "ignored", "method": "POST", "contentTypes": ["image/png"], "accept": ["image/png", ".png"], "minSize": 1, "maxSize": 100, "expiresIn": 300, "checksum": "optional",
         "checksumAlgorithms": ["sha256"], "metadata": [], "usesFilename": False, "usesPath": False, "parameters": {}}]}
