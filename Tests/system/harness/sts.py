"""A fake AWS Security Token Service that checks signatures as AWS does, and a proxy that sees what a real one answers.

Documented at https://docs.aws.amazon.com/STS/latest/APIReference/."""

import datetime
import http.client
import re
import urllib.parse
import uuid
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from . import canaries
from .certificates import Certificate
from .loopback import LoopbackServer, Reply, Request
from .minted import Mint, Minted
from .rgw import Credentials

ACCOUNT = "123456789012"
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})")


class Refused(Exception):
    def __init__(self, code: str, message: str, status: int = 403):
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


@dataclass
class Role:
    arn: str
    external_id: str | None = None
    web_identity_tokens: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Call:
    action: str
    parameters: dict[str, str]
    signer: str | None  # access key id
    region: str | None
    given: Minted | None = None


def error(code: str, message: str, status: int) -> Reply:
    text = (f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
            f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>")
    return Reply(status, text.encode(), {"Content-Type": "text/xml"})


def refusing(code: str, status: int = 403):
    """A fault: STS itself answers, with this error."""
    return lambda request: error(code, "canary-of-an-answer says no", status)


class TokenService(LoopbackServer):
    """Knows `users` by their access key, `roles` by ARN, and whatever its mint made. `calls` are those it granted."""

    def __init__(self, mint: Mint, certificate: Certificate | None = None):
        super().__init__(certificate)
        self.mint = mint
        self.users: dict[str, Credentials] = {}
        self.roles: dict[str, Role] = {}
        self.calls: list[Call] = []

    def add_user(self, credentials: Credentials) -> Credentials:
        canaries.add(credentials.secret_key, credentials.session_token)
        self.users[credentials.access_key] = credentials
        return credentials

    def add_role(self, name: str, **more) -> Role:
        role = Role(f"arn:aws:iam::{ACCOUNT}:role/{name}", **more)
        self.roles[role.arn] = role
        return role

    def granted(self, action: str) -> list[Call]:
        return [call for call in self.calls if call.action == action]

    def reply(self, request: Request) -> Reply:
        try:
            return self._grant(request)
        except Refused as refused:
            return error(refused.code, refused.message, refused.status)

    def _grant(self, request: Request) -> Reply:
        if request.method != "POST" or request.path != "/" or not request.headers.get("content-type", "").startswith(
                "application/x-www-form-urlencoded"):
            raise Refused("InvalidAction", "a POST of a form to / is meant", 400)
        parameters = dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))
        if parameters.get("Version") != "2011-06-15":
            raise Refused("InvalidAction", "the version is 2011-06-15", 400)
        action = parameters.get("Action", "")
        if action == "AssumeRoleWithWebIdentity":
            if "authorization" in request.headers:
                raise Refused("InvalidAction", "web identity calls are not signed", 400)
            role = self._role(parameters)
            token = parameters.get("WebIdentityToken", "")
            if token not in role.web_identity_tokens:
                raise Refused("InvalidIdentityToken", "the token is not one of this role", 400)
            self._check_session(parameters)
            return self._give(Call(action, parameters, None, None), role, "<SubjectFromWebIdentityToken>s</SubjectFromWebIdentityToken>")
        signer, region = self._signer(request)
        if action == "GetCallerIdentity":
            self.calls.append(Call(action, parameters, signer.access_key, region))
            return self._answer(action, f"<Arn>{self._arn(signer)}</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>{ACCOUNT}</Account>")
        if action == "AssumeRole":
            role = self._role(parameters)
            if role.external_id != parameters.get("ExternalId"):
                raise Refused("AccessDenied", "the external id is another")
            self._check_session(parameters)
            return self._give(Call(action, parameters, signer.access_key, region), role)
        raise Refused("InvalidAction", "this fake does not know it", 400)

    def _role(self, parameters: dict) -> Role:
        role = self.roles.get(parameters.get("RoleArn", ""))
        if role is None:
            raise Refused("AccessDenied", "not allowed to assume that role")
        return role

    @staticmethod
    def _check_session(parameters: dict):
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", parameters.get("RoleSessionName", "")):
            raise Refused("ValidationError", "RoleSessionName", 400)
        if not 900 <= int(parameters.get("DurationSeconds", 3600)) <= 43200:
            raise Refused("ValidationError", "DurationSeconds", 400)
        if len(parameters.get("Policy", "")) > 2048:
            raise Refused("ValidationError", "Policy", 400)

    def _give(self, call: Call, role: Role, more: str = "") -> Reply:
        # The mint's lifetime counts where it is shorter: tests cannot wait for the least that AWS gives.
        lifetime = min(float(call.parameters.get("DurationSeconds", 3600)), self.mint.lifetime)
        given = self.mint.make(role.arn, lifetime)
        self.calls.append(Call(call.action, call.parameters, call.signer, call.region, given))
        session = call.parameters["RoleSessionName"]
        return self._answer(call.action, (
            f"{more}<AssumedRoleUser><Arn>{self._session_arn(role.arn, session)}</Arn><AssumedRoleId>AROA3XFRBF23:{session}</AssumedRoleId>"
            f"</AssumedRoleUser><Credentials><AccessKeyId>{given.access_key}</AccessKeyId><SecretAccessKey>{given.secret_key}</SecretAccessKey>"
            f"<SessionToken>{given.session_token}</SessionToken><Expiration>{given.expiration}</Expiration></Credentials>"))

    @staticmethod
    def _answer(action: str, inner: str) -> Reply:
        text = (f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{inner}</{action}Result>'
                f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{action}Response>")
        return Reply(200, text.encode(), {"Content-Type": "text/xml"})

    @staticmethod
    def _session_arn(role_arn: str, session: str) -> str:
        return role_arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + f"/{session}"

    def _arn(self, signer: Credentials) -> str:
        if isinstance(signer, Minted):
            call = next((call for call in self.calls if call.given is signer), None)
            if call:
                return self._session_arn(signer.source, call.parameters["RoleSessionName"])
            return f"arn:aws:sts::{ACCOUNT}:assumed-role/{signer.source}/session"
        return f"arn:aws:iam::{ACCOUNT}:user/{signer.access_key}"

    def _signer(self, request: Request) -> tuple[Credentials, str]:
        """Who signed, after botocore has computed the same signature."""
        found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not found or found["service"] != "sts":
            raise Refused("IncompleteSignature", "no signature of SigV4 for sts", 400)
        signer = self.users.get(found["key"]) or self.mint.given.get(found["key"])
        if signer is None:
            raise Refused("InvalidClientTokenId", "the security token included in the request is invalid")
        signed = found["headers"].split(";")
        if not {"host", "x-amz-date"} <= set(signed) or request.headers.get("x-amz-security-token") != signer.session_token or (
                signer.session_token and "x-amz-security-token" not in signed):
            raise Refused("InvalidClientTokenId", "host, date and session token are signed")
        if isinstance(signer, Minted) and signer.ends <= self.mint.now():
            raise Refused("ExpiredToken", "the security token included in the request is expired")
        date = request.headers["x-amz-date"]
        at = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
        if abs(at - self.mint.now()) > 900 or not date.startswith(found["date"]):
            raise Refused("SignatureDoesNotMatch", "Signature expired")
        again = AWSRequest("POST", f"{self.url}/", {name: request.headers[name] for name in signed if name != "host"}, request.body)
        again.headers["Host"] = request.headers["host"]
        again.context.update(timestamp=date, payload_signing_enabled=True)
        auth = SigV4Auth(BotocoreCredentials(signer.access_key, signer.secret_key), "sts", found["region"])
        if auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again) != found["signature"]:
            raise Refused("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
        return signer, found["region"]


class RecordingProxy(LoopbackServer):
    """Passes each request on to another server of this machine, byte for byte, and keeps what came back."""

    def __init__(self, target_port: int):
        super().__init__()
        self.target_port = target_port
        self.seen: list[tuple[Request, Reply]] = []

    def reply(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=30)
        try:
            target = request.path + (f"?{request.query}" if request.query else "")
            # Host too is as the client signed it.
            connection.request(request.method, target, request.body, request.headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders()
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server")}
            reply = Reply(answer.status, answer.read(), kept)
        finally:
            connection.close()
        self.seen.append((request, reply))
        return reply

    def sessions(self) -> list[Credentials]:
        """The credentials in what STS answered so far."""
        found = []
        for _, reply in self.seen:
            texts = {each.tag.rpartition("}")[2]: each.text or "" for each in ElementTree.fromstring(reply.body).iter()} if reply.status == 200 else {}
            if "SessionToken" in texts:
                canaries.add(texts["SecretAccessKey"], texts["SessionToken"])
                found.append(Credentials(texts["AccessKeyId"], texts["SecretAccessKey"], texts["SessionToken"]))
        return found
