"""Fakes of the two services on AWS's machines that hand out a role's credentials: the container endpoint and the instance metadata, IMDSv2.

Documented at https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html (and configuring-instance-metadata-service)."""

import time

from . import canaries
from .certificates import Certificate
from .loopback import LoopbackServer, Reply, Request
from .minted import Mint


class ContainerCredentials(LoopbackServer):
    """What ECS and EKS Pod Identity have. `authorization` is the token that a request must bring; None: none is asked for."""

    path = "/v1/credentials"

    def __init__(self, mint: Mint, certificate: Certificate | None = None, name: str = "container"):
        super().__init__(certificate)
        self.mint, self.name = mint, name
        self.authorization: str | None = None
        self.refused = 0

    @property
    def full_uri(self) -> str:
        return self.url + self.path

    def reply(self, request: Request) -> Reply:
        if request.path != self.path or request.method != "GET":
            return Reply.of_json({"code": "NotFound", "message": "no such credentials"}, 404)
        if self.authorization is not None and request.headers.get("authorization") != self.authorization:
            self.refused += 1
            return Reply.of_json({"code": "AccessDenied", "message": "the authorization token is wrong"}, 401)
        return Reply.of_json(self.mint.make(self.name).document | {"RoleArn": "arn:aws:iam::123456789012:role/task"})


class ProcessCredentials(ContainerCredentials):
    """What a `credential_process` prints: the documented form, got from here by a script of `command`."""

    def __init__(self, mint: Mint, name: str = "process"):
        super().__init__(mint, name=name)

    def reply(self, request: Request) -> Reply:
        made = self.mint.make(self.name)
        return Reply.of_json({"Version": 1, "AccessKeyId": made.access_key, "SecretAccessKey": made.secret_key,
                              "SessionToken": made.session_token, "Expiration": made.expiration})

    def command(self, python: str) -> str:
        """Fails where this server is down, as a helper does whose service is."""
        return f'"{python}" -I -c "import urllib.request; print(urllib.request.urlopen(\'{self.full_uri}\', timeout=5).read().decode())"'


class InstanceMetadata(LoopbackServer):
    """IMDSv2 only: a session token by PUT, then everything by GET with that token."""

    TOKEN = "/latest/api/token"
    ROLES = "/latest/meta-data/iam/security-credentials/"

    def __init__(self, mint: Mint, role: str = "web-server", name: str = "instance"):
        super().__init__()
        self.mint, self.role, self.name = mint, role, name
        self._sessions: dict[str, float] = {}

    def reply(self, request: Request) -> Reply:
        if request.path == self.TOKEN:
            return self._token(request)
        if self._sessions.get(request.headers.get("x-aws-ec2-metadata-token", ""), 0) < time.monotonic():
            return Reply(401)
        if request.method != "GET":
            return Reply(405)
        if request.path in (self.ROLES, self.ROLES.rstrip("/")):
            return Reply(body=self.role.encode(), headers={"Content-Type": "text/plain"})
        if request.path == self.ROLES + self.role:
            made = self.mint.make(self.name)
            return Reply.of_json({"Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC"} | made.document)
        return Reply(404)

    def _token(self, request: Request) -> Reply:
        if request.method != "PUT":
            return Reply(405)
        if "x-forwarded-for" in request.headers:
            return Reply(403)
        try:
            seconds = int(request.headers["x-aws-ec2-metadata-token-ttl-seconds"])
        except (KeyError, ValueError):
            return Reply(400)
        if not 1 <= seconds <= 21600:
            return Reply(400)
        token = canaries.secret("canary-imds-token")
        self._sessions[token] = time.monotonic() + seconds
        return Reply(body=token.encode(), headers={"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": str(seconds)})

    def end_sessions(self):
        """As after a restart of the metadata service: no token counts any more."""
        self._sessions.clear()
