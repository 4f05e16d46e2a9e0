"""A forward proxy is the only way out: key sets, discovery and STS go through it, metadata and container endpoints never, and an error names it.

The hosts have names that only the proxy knows (`.test`, RFC 6761), so nothing reaches them in another way."""

import base64
import json
import pathlib

import pytest

from harness import canaries
from harness.certificates import Authority
from harness.cloud import REGION
from harness.command import Command
from harness.figures import figure, issuer_state
from harness.forward_proxy import ForwardProxy
from harness.identity_provider import DISCOVERY, KEYS, IdentityProvider, RemoteIssuer
from harness.metadata_service import ContainerCredentials, InstanceMetadata
from harness.minted import Mint, access_key
from harness.rgw import Credentials
from harness.sts import TokenService
from harness.tenant import Tenant
from harness.tokens import APIKey
from harness.waiting import until

WISH = {"contentType": "image/png"}
NAMES = ["id.proxied.test", "keys.proxied.test", "sts.proxied.test", "container.proxied.test", "metadata.proxied.test"]


class World:
    """The hosts, each known by its name to the proxies that `proxy` makes."""

    def __init__(self, authority: Authority):
        self.authority = authority
        certificates = {name: authority.certify(name, (name,)) for name in NAMES}
        self.mint = Mint()
        self.discovered = IdentityProvider(certificates["id.proxied.test"])
        self.listed = IdentityProvider(certificates["keys.proxied.test"])
        self.sts = TokenService(self.mint, certificates["sts.proxied.test"])
        self.container = ContainerCredentials(self.mint, certificates["container.proxied.test"])
        self.metadata = InstanceMetadata(self.mint)
        self.metadata.certificate = certificates["metadata.proxied.test"]
        self.servers = [self.discovered, self.listed, self.sts, self.container, self.metadata]
        for server, name in zip(self.servers, NAMES):
            server.known_as = name
            server.up()
        self.user = self.sts.add_user(Credentials("AKIACANARYPROXYUSER1", canaries.secret("canary-proxy-user/+")))
        self.role = self.sts.add_role("behind-a-proxy")
        self.issuer = RemoteIssuer(self.discovered, "discovery", authority=authority.file)
        self.other_issuer = RemoteIssuer(self.listed, "jwks", authority=authority.file)

    def close(self):
        for server in self.servers:
            server.close()

    def proxy(self, password: str | None = None) -> ForwardProxy:
        return ForwardProxy({f"{name}:443": server.port for server, name in zip(self.servers, NAMES)}, password)

    @property
    def sts_variables(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_STS": self.sts.url, "AWS_CA_BUNDLE": str(self.authority.file), "AWS_REGION": REGION}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(Authority(tmp_path_factory.mktemp("authority"), "proxied"))
    yield made
    made.close()


@pytest.fixture
def ask(logs) -> Command:
    return Command(logs, "behind-a-forward-proxy")


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory) -> pathlib.Path:
    """The rule files of one tenant whose keys are found by discovery."""
    made = tmp_path_factory.mktemp("whoami")
    (made / "tenants").mkdir()
    Tenant("acme", issuers=[world.issuer]).write(made / "tenants", made)
    return made / "tenants"


def whoami(ask: Command, world: World, folder: pathlib.Path, **variables: str) -> dict:
    token = world.issuer.token()
    canaries.add(token)
    return json.loads(ask("whoami", "--tenants", folder, "--json", given=token, **variables).stdout)


def test_key_sets_discovery_and_sts_go_through_the_proxy(make_service, world):
    password = canaries.secret("canary-proxy-password@:")
    canaries.add(password.replace("@", "%40").replace(":", "%3A"), base64.b64encode(f"postern:{password}".encode()).decode())
    role = {"assumeRole": {"roleArn": world.role.arn}}
    tenants = [Tenant("discovered", {"bucket": "a-uploads", "region": REGION}, issuers=[world.issuer]),
               Tenant("listed", {"bucket": "b-uploads", "region": REGION}, issuers=[world.other_issuer]),
               Tenant("role", {"bucket": "c-uploads", "region": REGION, "credentials": role}, issuers=[], api_keys=[APIKey("role")])]
    with world.proxy(password) as proxy:
        url = f"http://postern:{password.replace('@', '%40').replace(':', '%3A')}@{proxy.name}"
        service = make_service("proxied", tenants, world.user, environment=world.sts_variables | {"HTTPS_PROXY": url, "NO_PROXY": ".svc,10.*"})
        with service:
            assert service.ticket(tenants[0].token(), **WISH) and service.ticket(tenants[1].token(), **WISH)
            assert access_key(service.ticket(tenants[2].api_key, user="u1", **WISH)) in world.mint.given
    assert sorted(proxy.connects) == ["id.proxied.test:443", "id.proxied.test:443", "keys.proxied.test:443", "sts.proxied.test:443"]
    assert proxy.other == []
    assert [request.path for request in world.discovered.requests] == [DISCOVERY, KEYS]
    [line] = [line for line in service.log_lines() if "through a proxy" in line["message"]]
    assert line["proxy"] == proxy.name and line["variable"] == "HTTPS_PROXY" and line["user"] == "set"
    assert line["noProxy"] == ".svc,10.*" and line["ignored"] == "10.*"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_whoami_uses_the_proxy_too(ask, world, folder, variable):
    with world.proxy() as proxy:
        assert whoami(ask, world, folder, **{variable: proxy.url})["letIn"] is True
        assert proxy.connects == ["id.proxied.test:443"] * 2


def test_http_proxy_is_not_used(ask, world, folder):
    with world.proxy() as proxy:
        assert whoami(ask, world, folder, HTTP_PROXY=proxy.url, http_proxy=proxy.url)["letIn"] is False
        assert proxy.connects == proxy.other == []


@pytest.mark.parametrize("exceptions, is_proxied", [
    ("id.proxied.test", False), (".proxied.test", False), ("proxied.test:443", False), ("*", False), ("other.test,ID.PROXIED.TEST", False),
    ("xid.proxied.test,proxied.test:8443,.id.proxied.test,10.0.0.0/8", True)])
def test_no_proxy_is_honoured(ask, world, folder, exceptions, is_proxied):
    """Only the proxy knows the name: a host that is asked directly is not found."""
    with world.proxy() as proxy:
        report = whoami(ask, world, folder, HTTPS_PROXY=proxy.url, NO_PROXY=exceptions)
        assert report["letIn"] is is_proxied and bool(proxy.connects) is is_proxied
        assert is_proxied or proxy.name not in report["advice"]


def test_this_machine_is_asked_directly(ask, tmp_path):
    """Nobody is at the proxy's address."""
    with IdentityProvider() as provider:
        issuer = RemoteIssuer(provider, "discovery")
        (tmp_path / "tenants").mkdir()
        Tenant("acme", issuers=[issuer]).write(tmp_path / "tenants", tmp_path)
        ask("whoami", "--tenants", tmp_path / "tenants", given=issuer.token(), code=0, HTTPS_PROXY="127.0.0.1:1", ALL_PROXY="127.0.0.1:1",
            HTTP_PROXY="127.0.0.1:1")


@pytest.mark.parametrize("place", ["container", "metadata"])
def test_metadata_and_container_endpoints_are_never_asked_through_the_proxy(ask, world, place):
    """The proxy knows them and would connect; only they are not asked for there."""
    variables = {"container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": world.container.full_uri},
                 "metadata": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": world.metadata.url, "AWS_EC2_METADATA_DISABLED": "false"}}[place]
    with world.proxy() as proxy:
        done = ask("credentials", "--json", code=1, HTTPS_PROXY=proxy.url, HOME="/nowhere", **world.sts_variables, **variables)
    assert f"{place}.proxied.test" in json.loads(done.stdout)["sources"][0]["problem"]
    assert proxy.connects == [] and world.container.requests == [] and world.metadata.requests == []


def test_credentials_of_this_machine_and_their_identity(ask, world):
    """The container endpoint is on this machine; who the credentials belong to is asked of STS, through the proxy."""
    with ContainerCredentials(world.mint) as container, world.proxy() as proxy:
        done = ask("credentials", "--json", code=0, HTTPS_PROXY=proxy.url, HOME="/nowhere", **world.sts_variables,
                   AWS_CONTAINER_CREDENTIALS_FULL_URI=container.full_uri)
    [found] = json.loads(done.stdout)["sources"]
    assert found["provider"] == "container" and ":assumed-role/container" in found["identity"]["arn"]
    assert proxy.connects == ["sts.proxied.test:443"]


def test_a_credential_process_has_the_variables(ask, world, tmp_path):
    (tmp_path / ".aws").mkdir()
    program = tmp_path / "program.sh"
    program.write_text('[ "$HTTPS_PROXY" = http://proxy.test:3128 ] && [ "$NO_PROXY" = .svc ] || exit 1\n'
                       f'echo \'{{"Version": 1, "AccessKeyId": "{world.user.access_key}", "SecretAccessKey": "{world.user.secret_key}"}}\'\n')
    (tmp_path / ".aws/config").write_text(f"[default]\ncredential_process = /bin/sh {program}\n")
    ask("credentials", "--no-identity", code=0, HOME=str(tmp_path), HTTPS_PROXY="http://proxy.test:3128", NO_PROXY=".svc")


TROUBLES = {
    "down": "cannot connect to the proxy {}: connection refused; check the proxy's address and the firewall",
    "silent": "no complete response within 2 s through the proxy {}; check the proxy, the provider and the network",
    "forbidden": "the proxy {} did not connect to the host: it does not allow the host, or cannot reach it; allow the host",
    "unavailable": "the proxy {} did not connect to the host",
    "garbage": "the response through the proxy {} is not complete or not HTTP; check the proxy",
    "empty": "the response through the proxy {} is not complete or not HTTP; check the proxy",
    "no TLS behind it": "through the proxy {}",
    "no password": "the proxy {} demands a user name and password (status 407)",
    "a wrong password": "the proxy {} does not accept the user name and password of the variable that names it (status 407)",
    "another certificate": "TLS failed through the proxy {}: the certificate is not signed by a trusted authority, or not valid now; check",
    "the host is down": "the proxy {} did not connect to the host",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_error_names_the_proxy(ask, world, folder, tmp_path, trouble):
    with world.proxy(canaries.secret("canary-proxy-password") if "password" in trouble else None) as proxy:
        url = proxy.url
        if trouble == "down":
            proxy.down()
        elif trouble == "no password":
            url = f"http://{proxy.name}"
        elif trouble == "a wrong password":
            url = f"http://postern:{canaries.secret('canary-wrong-password')}@{proxy.name}"
        elif trouble == "another certificate":
            # What a proxy that decrypts does.
            impostor = IdentityProvider(Authority(tmp_path, "impostor").certify("impostor", ("id.proxied.test",))).up()
            proxy.hosts["id.proxied.test:443"] = impostor.port
        elif trouble == "the host is down":
            proxy.hosts["id.proxied.test:443"] = 1
        else:
            proxy.trouble = trouble
        report = whoami(ask, world, folder, HTTPS_PROXY=url)
        if trouble == "another certificate":
            impostor.close()
    assert report["letIn"] is False and report["reason"] == "keys-unavailable"
    assert TROUBLES[trouble].format(proxy.name) in report["advice"], report["advice"]
    assert "canary" not in json.dumps(report)


@pytest.mark.parametrize("trouble", ["down", "forbidden"])
def test_an_error_of_sts_names_the_proxy(ask, world, trouble):
    with world.proxy() as proxy:
        proxy.trouble = trouble
        if trouble == "down":
            proxy.down()
        done = ask("credentials", "--json", code=0, HTTPS_PROXY=proxy.url, **world.user.environment, **world.sts_variables)
    problem = json.loads(done.stdout)["sources"][0]["identityProblem"]
    assert problem.startswith("STS at sts.proxied.test did not respond to GetCallerIdentity: ") and f"the proxy {proxy.name}" in problem


def test_a_proxy_that_comes_back_is_used_without_a_restart(make_service, world):
    tenant = Tenant("acme", {"bucket": "a-uploads", "region": REGION}, issuers=[world.issuer])
    with world.proxy() as proxy:
        proxy.down()
        service = make_service("proxy-down", [tenant], environment={"https_proxy": proxy.url}).start(ready=False)
        until("the fetch has failed", lambda: issuer_state(service, world.issuer.issuer)["lastError"])
        state = issuer_state(service, world.issuer.issuer)
        assert f"cannot connect to the proxy {proxy.name}: connection refused" in state["lastError"]
        assert state["lastError"] in [line.get("error") for line in service.log_lines()]
        assert figure(service, "postern_issuer_last_error_age_seconds", issuer=world.issuer.issuer, reason="proxy") is not None
        assert service.post("/v1/tickets", WISH, tenant.token()).status == 503
        proxy.up()
        until("keys are fetched", lambda: service.post("/v1/tickets", WISH, tenant.token()).status == 201, seconds=60)
        assert service.stop() == 0


@pytest.mark.parametrize("variable, value, said", [
    ("HTTPS_PROXY", "https://postern:canary@proxy.test:3128", "names a proxy that is connected to over TLS (https://)"),
    ("https_proxy", "socks5://canary@proxy.test:1080", "names a SOCKS proxy"),
    ("ALL_PROXY", "http://postern:canary/@proxy.test:3128", "is not the URL of a proxy: write http://host:port"),
    ("HTTPS_PROXY", "http://canary proxy:3128", "is not the URL of a proxy: write http://host:port")])
def test_a_value_that_is_no_proxy_prevents_the_start(ask, world, folder, variable, value, said):
    for arguments in (["serve", "--tenants", folder], ["whoami", "--tenants", folder], ["credentials"]):
        done = ask(*arguments, code=1, given=world.issuer.token(), **{variable: value})
        assert f"{variable} {said}" in done.stderr and "canary" not in done.stderr, done.stderr
    ask("check", folder, code=0, **{variable: value})  # it fetches nothing


def test_a_variable_that_is_not_used_is_logged(make_service):
    with make_service("http-proxy", [Tenant("acme")], environment={"http_proxy": "http://proxy.test:3128"}) as service:
        [line] = [line for line in service.log_lines() if line.get("variable") == "http_proxy"]
        assert "HTTPS_PROXY" in line["message"]
