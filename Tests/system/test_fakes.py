"""The fakes speak as what they stand for does: botocore, PyJWT and Python's own TLS take them for real."""

import http.client
import json
import os
import shlex
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
import botocore.exceptions
import botocore.session
import jwt
import pytest

from harness import canaries
from harness.certificates import Authority
from harness.forward_proxy import ForwardProxy
from harness.identity_provider import DISCOVERY, KEYS, IdentityProvider, RemoteIssuer, another_answer
from harness.loopback import FAULTS
from harness.metadata_service import ContainerCredentials, InstanceMetadata, ProcessCredentials
from harness.minted import Mint
from harness.rgw import Credentials
from harness.sts import RecordingProxy, TokenService

USER = Credentials("AKIAFAKEUSER00000001", canaries.secret("canary-fake-user/+"))


@pytest.fixture
def mint() -> Mint:
    return Mint()


@pytest.fixture
def aws(monkeypatch, tmp_path):
    """botocore sees these variables, and nothing else of anybody's AWS settings."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    (tmp_path / "config").write_text("")
    for name, value in {"AWS_CONFIG_FILE": tmp_path / "config", "AWS_SHARED_CREDENTIALS_FILE": tmp_path / "credentials",
                        "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, str(value))
    return monkeypatch


def resolved(profile: str | None = None):
    found = botocore.session.Session(profile=profile).get_credentials()
    assert found is not None
    return found.get_frozen_credentials()


def assert_minted(mint: Mint, found, source: str):
    given = mint.given[found.access_key]
    assert (given.secret_key, given.session_token, given.source) == (found.secret_key, found.token, source)


def test_botocore_takes_the_container_endpoint(aws, mint, tmp_path):
    with ContainerCredentials(mint) as endpoint:
        aws.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.full_uri)
        assert_minted(mint, resolved(), "container")
        endpoint.authorization = canaries.secret("canary-container-token")
        (tmp_path / "token").write_text(endpoint.authorization)
        aws.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
        assert_minted(mint, resolved(), "container")
        endpoint.authorization = "another"
        with pytest.raises(botocore.exceptions.CredentialRetrievalError):
            resolved()


def test_botocore_takes_the_instance_metadata(aws, mint):
    with InstanceMetadata(mint) as service:
        aws.setenv("AWS_EC2_METADATA_DISABLED", "false")
        aws.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url)
        assert_minted(mint, resolved(), "instance")
        assert [request.method for request in service.requests] == ["PUT", "GET", "GET"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(service.url + service.ROLES)
        assert refused.value.code == 401, "without a token: version 1 is not spoken"


def test_botocore_takes_the_process(aws, mint, tmp_path):
    with ProcessCredentials(mint) as process:
        command = process.command(sys.executable)
        assert len(shlex.split(command)) == 4
        (tmp_path / "config").write_text(f"[profile helper]\ncredential_process = {command}\n")
        assert_minted(mint, resolved("helper"), "process")


@pytest.mark.parametrize("transport", ["http", "https"])
def test_botocore_takes_the_token_service(aws, mint, tmp_path, transport):
    authority = Authority(tmp_path, "private")
    with TokenService(mint, authority.certify("sts") if transport == "https" else None) as sts:
        sts.add_user(USER)
        plain, foreign = sts.add_role("uploader"), sts.add_role("foreign", external_id="a b+c/=,")
        identity = sts.add_role("pod", web_identity_tokens={"web-identity-token"})
        aws.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        aws.setenv("AWS_CA_BUNDLE", str(authority.file))
        (tmp_path / "token").write_text("web-identity-token")
        (tmp_path / "config").write_text(
            f"[profile base]\naws_access_key_id = {USER.access_key}\naws_secret_access_key = {USER.secret_key}\n"
            f"[profile plain]\nrole_arn = {plain.arn}\nsource_profile = base\n"
            f"[profile foreign]\nrole_arn = {foreign.arn}\nsource_profile = base\nexternal_id = {foreign.external_id}\n"
            f"[profile mistaken]\nrole_arn = {foreign.arn}\nsource_profile = base\n"
            f"[profile pod]\nrole_arn = {identity.arn}\nweb_identity_token_file = {tmp_path / 'token'}\n")
        for profile, role in (("plain", plain), ("foreign", foreign), ("pod", identity)):
            assert_minted(mint, resolved(profile), role.arn)
        with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
            resolved("mistaken")
        for profile, arn in (("base", ":user/"), ("plain", ":assumed-role/uploader/"), ("pod", ":assumed-role/pod/")):
            assert arn in boto3.Session(profile_name=profile).client("sts").get_caller_identity()["Arn"]
        wrong = boto3.client("sts", aws_access_key_id=USER.access_key, aws_secret_access_key="wrong")
        with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
            wrong.get_caller_identity()
        dead = mint.make("dead", -1)
        late = boto3.client("sts", aws_access_key_id=dead.access_key, aws_secret_access_key=dead.secret_key, aws_session_token=dead.session_token)
        with pytest.raises(botocore.exceptions.ClientError, match="ExpiredToken"):
            late.get_caller_identity()


def test_the_proxy_sees_the_session(mint):
    with TokenService(mint) as sts, RecordingProxy(sts.port) as proxy:
        sts.add_user(USER)
        role = sts.add_role("uploader")
        client = boto3.client("sts", endpoint_url=proxy.url, region_name="eu-west-1", aws_access_key_id=USER.access_key,
                              aws_secret_access_key=USER.secret_key)
        given = client.assume_role(RoleArn=role.arn, RoleSessionName="x1")["Credentials"]
        assert proxy.sessions() == [Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])]


@pytest.mark.parametrize("transport", ["http", "https"])
def test_the_identity_provider_rotates(tmp_path, transport):
    authority, other = Authority(tmp_path, "private"), Authority(tmp_path, "other")
    with IdentityProvider(authority.certify("idp") if transport == "https" else None) as provider:
        tls = authority_context(authority)
        client = jwt.PyJWKClient(provider.keys_url, cache_jwk_set=False, ssl_context=tls)
        issuer = RemoteIssuer(provider)
        document = urllib.request.urlopen(provider.issuer + DISCOVERY, context=tls).read()
        assert json.loads(document)["issuer"] == issuer.issuer
        first = provider.rotate("k2")
        for token in (issuer.token("u"), issuer.token("u", signer=first)):
            key = client.get_signing_key_from_jwt(token)
            assert jwt.decode(token, key, ["ES256"], audience="uploads", issuer=issuer.issuer)["sub"] == "u"
        provider.retire(first)
        with pytest.raises(jwt.PyJWKClientError):
            client.get_signing_key_from_jwt(issuer.token("u", signer=first))
        if transport == "https":
            with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
                urllib.request.urlopen(provider.keys_url, context=authority_context(other))


def authority_context(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file))


def test_a_server_goes_down_and_comes_back_on_its_port():
    with IdentityProvider() as provider:
        for _ in range(3):
            assert urllib.request.urlopen(provider.keys_url).status == 200
            provider.down()
            with pytest.raises(urllib.error.URLError, match="refused"):
                urllib.request.urlopen(provider.keys_url, timeout=2)
            provider.up()
        assert len(provider.key_requests()) == 3


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_one(name):
    with IdentityProvider() as provider:
        provider.fault = FAULTS[name]
        connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=1)
        began = time.monotonic()
        try:
            connection.request("GET", KEYS)
            answer = connection.getresponse()
            good = answer.status == 200 and answer.read(4 if name in ("dripping", "endless") else None).startswith(b'{"keys": [{"')
        except (OSError, http.client.HTTPException):
            good = False
        assert not good
        if name in ("slow", "dripping"):
            assert time.monotonic() - began > 0.5
        provider.fault = another_answer(DISCOVERY, {"issuer": "another"})
        assert urllib.request.urlopen(provider.keys_url).status == 200


WAITER = """
import ctypes, os, struct, time
libc = ctypes.CDLL(None)
timer = libc.timerfd_create(time.CLOCK_MONOTONIC, 0)
absolute, due = 1, int(time.monotonic()) + 3600
libc.timerfd_settime(timer, absolute, struct.pack("=qqqq", 0, 0, due, 0), None)
print(time.time(), time.monotonic(), flush=True)
os.read(timer, 8)
print(time.time(), time.monotonic(), flush=True)
"""


def test_a_moved_clock_moves_dates_and_waiting_timers(clock):
    process = subprocess.Popen([sys.executable, "-c", WAITER], env=clock.environment, stdout=subprocess.PIPE, text=True)
    try:
        date, steady = map(float, process.stdout.readline().split())
        assert abs(date - time.time()) < 5
        clock.jump(-7200)
        clock.pass_time(3600)
        date_then, steady_then = map(float, process.communicate(timeout=5)[0].split())
        assert -3601 < date_then - date < -3590
        assert 3599 < steady_then - steady < 3610
    finally:
        process.kill()


def test_a_client_of_pythons_goes_through_the_forward_proxy(tmp_path):
    authority = Authority(tmp_path, "behind-a-proxy")
    with IdentityProvider(authority.certify("provider", ("id.example.test",))) as provider:
        with ForwardProxy({"id.example.test:443": provider.port}, "secret") as proxy:
            def ask(url: str, host: str = "id.example.test"):
                handlers = [urllib.request.ProxyHandler({"https": url}),
                            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority.file))]
                with urllib.request.build_opener(*handlers).open(f"https://{host}{KEYS}", timeout=10) as answer:
                    return json.load(answer)

            assert ask(proxy.url) == provider.key_set and proxy.connects == ["id.example.test:443"]
            for url, host, status in [(f"http://{proxy.name}", "id.example.test", "407"), (proxy.url, "other.example.test", "403")]:
                with pytest.raises(OSError, match=status):
                    ask(url, host)
            assert len(provider.requests) == 1
