"""All that hands out AWS credentials, in one place for a scene: each source of the chain, ready to be configured in a service."""

import os
import pathlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import canaries
from .certificates import Certificate
from .loopback import LoopbackServer
from .metadata_service import ContainerCredentials, InstanceMetadata, ProcessCredentials
from .minted import Mint
from .rgw import Credentials
from .sts import Role, TokenService
from .tokens import Issuer

REGION = "eu-west-1"

# Every source that `Cloud.sources` has.
SOURCES = ["environment", "environment with a session", "credentials file", "AWS_PROFILE", "config file", "tenant's profile", "tenant's variables",
           "credential_process", "role of a profile", "role with external id", "role of the environment", "role of the container",
           "role of the instance", "web identity in a profile", "web identity", "container", "container with a token",
           "container with a token file", "instance metadata", "tenant's role"]


@dataclass
class Source:
    """How one source is configured, and where what it gives comes from."""

    name: str
    server: LoopbackServer | None = None  # None: the credentials are written down
    gives: Credentials | str = ""  # the long-term credentials, or the name under which the mint has made them
    variables: dict[str, str] = field(default_factory=dict)
    config: str = ""  # the shared config file
    shared: str = ""  # the shared credentials file
    store: object = None  # `credentials:` in the rule file


class Cloud:
    """A fake STS, container endpoint, instance metadata and credential process with one mint; all are up."""

    def __init__(self, folder: pathlib.Path, now: Callable[[], float] = time.time, certificate: Certificate | None = None):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.mint, self.certificate = Mint(now), certificate
        self.sts = TokenService(self.mint, certificate)
        self.container = ContainerCredentials(self.mint, certificate)
        self.instance = InstanceMetadata(self.mint)
        self.process = ProcessCredentials(self.mint)
        self.user = self.sts.add_user(self.lasting("USER"))
        self.web_token = folder / "web-identity-token"
        self.container_token = folder / "container-token"
        self.servers = [self.sts, self.container, self.instance, self.process]
        for server in self.servers:
            server.up()

    def close(self):
        for server in self.servers:
            server.close()

    @staticmethod
    def lasting(name: str) -> Credentials:
        return Credentials(f"AKIACANARY{name:0<10.10}", canaries.secret("canary-lasting-secret/+"))

    def new_web_token(self, role: Role) -> str:
        """A pod's token as Kubernetes projects it; the former one counts no more."""
        token = Issuer("cluster").token("system:serviceaccount:apps:postern", aud="sts.amazonaws.com")
        canaries.add(token)
        role.web_identity_tokens = {token}
        replace(self.web_token, token)
        return token

    def new_container_token(self) -> str:
        self.container.authorization = canaries.secret("canary-container-token")
        replace(self.container_token, self.container.authorization)
        return self.container.authorization

    def environment(self, source: Source) -> dict[str, str]:
        """The variables of a service that has this source, and no other."""
        home = self.folder / f"home-{source.name.replace(' ', '-')}"
        (home / ".aws").mkdir(parents=True, exist_ok=True)
        for name, text in (("config", source.config), ("credentials", source.shared)):
            if text:
                (home / ".aws" / name).write_text(text)
        return {"HOME": str(home), "AWS_ENDPOINT_URL_STS": self.sts.url, "AWS_REGION": REGION} | source.variables

    # each source by itself

    @property
    def user_profile(self) -> str:
        return keys_section("profile base", self.user)

    @property
    def instance_variables(self) -> dict[str, str]:
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.instance.url, "AWS_EC2_METADATA_DISABLED": "false"}

    def sources(self) -> dict[str, Source]:
        """Every source that a tenant can have, each configured alone."""
        made = [self.environment_keys(), self.environment_session(), self.credentials_file(), self.named_profile(), self.config_file(),
                self.tenant_profile(), self.tenant_prefix(), self.credential_process(), self.role_of_profile(), self.role_with_external_id(),
                self.role_of_environment(), self.role_of_container(), self.role_of_instance(), self.web_identity_profile(), self.web_identity(),
                self.container_open(), self.container_with_token(), self.container_with_token_file(), self.instance_metadata(),
                self.tenant_role()]
        return {source.name: source for source in made}

    def environment_keys(self) -> Source:
        return Source("environment", gives=(keys := self.lasting("ENV")), variables=keys.environment)

    def environment_session(self) -> Source:
        keys = Credentials("ASIACANARYENVSESSION", canaries.secret("canary-secret/+"), canaries.secret("canary-session-token/+"))
        return Source("environment with a session", gives=keys, variables=keys.environment)

    def credentials_file(self) -> Source:
        return Source("credentials file", gives=(keys := self.lasting("SHARED")), shared=keys_section("default", keys))

    def config_file(self) -> Source:
        return Source("config file", gives=(keys := self.lasting("CONFIG")), config=keys_section("default", keys))

    def named_profile(self) -> Source:
        keys = self.lasting("NAMED")
        return Source("AWS_PROFILE", gives=keys, shared=keys_section("default", self.lasting("WRONG")) + keys_section("named", keys),
                      variables={"AWS_PROFILE": "named"})

    def tenant_profile(self) -> Source:
        """Even where the environment has credentials: the tenant's rule file says which."""
        keys = self.lasting("TENANT")
        return Source("tenant's profile", gives=keys, config=keys_section("profile acme", keys), variables=self.lasting("WRONG").environment,
                      store={"profile": "acme"})

    def tenant_prefix(self) -> Source:
        keys = self.lasting("PREFIX")
        variables = {f"ACME_{name[4:]}": value for name, value in keys.environment.items()}
        return Source("tenant's variables", gives=keys, variables=variables | self.lasting("WRONG").environment, store={"env": "ACME"})

    def credential_process(self) -> Source:
        return Source("credential_process", self.process, "process", config=f"[default]\ncredential_process = {self.process.command(sys.executable)}\n")

    def role_of_profile(self) -> Source:
        role = self.sts.add_role("of-profile")
        return Source("role of a profile", self.sts, role.arn, {"AWS_PROFILE": "role"},
                      config=f"{self.user_profile}[profile role]\nrole_arn = {role.arn}\nsource_profile = base\n")

    def role_with_external_id(self) -> Source:
        role = self.sts.add_role("with-external-id", external_id="acme/42+=@:.,-_")
        return Source("role with external id", self.sts, role.arn, {"AWS_PROFILE": "role"}, config=(
            f"{self.user_profile}[profile role]\nrole_arn = {role.arn}\nsource_profile = base\nexternal_id = {role.external_id}\n"
            "role_session_name = uploads@acme\nduration_seconds = 1800\n"))

    def role_of_environment(self) -> Source:
        role = self.sts.add_role("of-environment")
        return Source("role of the environment", self.sts, role.arn, self.user.environment, store={"profile": "role"},
                      config=f"[profile role]\nrole_arn = {role.arn}\ncredential_source = Environment\n")

    def role_of_container(self) -> Source:
        role, container = self.sts.add_role("of-container"), self.new_container("container-of-role")
        return Source("role of the container", container, role.arn,
                      {"AWS_PROFILE": "role", "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.full_uri},
                      config=f"[profile role]\nrole_arn = {role.arn}\ncredential_source = EcsContainer\n")

    def role_of_instance(self) -> Source:
        role = self.sts.add_role("of-instance")
        return Source("role of the instance", self.instance, role.arn,
                      {"AWS_PROFILE": "role"} | self.instance_variables,
                      config=f"[profile role]\nrole_arn = {role.arn}\ncredential_source = Ec2InstanceMetadata\n")

    def web_identity_profile(self) -> Source:
        role = self.sts.add_role("pod-by-profile")
        path = self.folder / "profile-token"
        token = Issuer("cluster").token("pod")
        canaries.add(token)
        role.web_identity_tokens, _ = {token}, replace(path, token)
        return Source("web identity in a profile", self.sts, role.arn,
                      config=f"[default]\nrole_arn = {role.arn}\nweb_identity_token_file = {path}\n")

    def web_identity(self) -> Source:
        role = self.sts.add_role("pod")
        self.new_web_token(role)
        return Source("web identity", self.sts, role.arn, {
            "AWS_ROLE_ARN": role.arn, "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.web_token), "AWS_ROLE_SESSION_NAME": "pod-7"})

    def new_container(self, name: str) -> ContainerCredentials:
        self.servers.append(made := ContainerCredentials(self.mint, self.certificate, name).up())
        return made

    def container_open(self) -> Source:
        container = self.new_container("open-container")
        return Source("container", container, container.name, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.full_uri})

    def container_with_token(self) -> Source:
        container = self.new_container("token-container")
        container.authorization = canaries.secret("canary-container-token")
        return Source("container with a token", container, container.name, {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.full_uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": container.authorization})

    def container_with_token_file(self) -> Source:
        self.new_container_token()
        return Source("container with a token file", self.container, "container", {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.container.full_uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(self.container_token)})

    def instance_metadata(self) -> Source:
        return Source("instance metadata", self.instance, "instance", self.instance_variables)

    def tenant_role(self) -> Source:
        role = self.sts.add_role("tenant-role", external_id="acme-7f3a")
        return Source("tenant's role", self.sts, role.arn, self.user.environment,
                      store={"assumeRole": {"roleArn": role.arn, "externalId": role.external_id, "sessionPolicy": "fromRules"}})


def keys_section(name: str, credentials: Credentials) -> str:
    return f"[{name}]\naws_access_key_id = {credentials.access_key}\naws_secret_access_key = {credentials.secret_key}\n"


def replace(path: pathlib.Path, text: str):
    """Whoever reads sees the former text or this one, never a half."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    os.replace(beside, path)
