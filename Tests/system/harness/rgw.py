"""A real S3: Ceph's RADOS Gateway, started by the project's own script on free ports and stopped by it."""

import json
import os
import pathlib
import shlex
import subprocess
import sys
from dataclasses import dataclass

import boto3
from botocore.config import Config

from .ports import free_ports

SCRIPTS = pathlib.Path(__file__).resolve().parents[3] / "scripts"


class StoreUnavailable(Exception):
    """The store could not be started; says why."""


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str
    session_token: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        variables = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        if self.session_token:
            variables["AWS_SESSION_TOKEN"] = self.session_token
        return variables


class RealStore:
    """Two buckets, `bucket` and `other_bucket`, and one user who owns them."""

    region = "us-east-1"
    bucket = "post-test"
    other_bucket = "other-test"

    def __init__(self, folder: pathlib.Path, credentials: Credentials):
        self.folder = folder
        self.credentials = credentials
        self.port, mon_port = free_ports(2)
        environment = os.environ | {
            "RGW_PORT": str(self.port), "RGW_MON_PORT": str(mon_port), "PYTHON": sys.executable,
            "RGW_ACCESS_KEY": credentials.access_key, "RGW_SECRET_KEY": credentials.secret_key,
            "RGW_BUCKETS": f"{self.bucket} {self.other_bucket}", "RGW_EXTRA_CONF": "rgw relaxed s3 bucket names = true",
        }
        try:
            run = subprocess.run(
                [SCRIPTS / "rgw-up", "--fresh", folder], env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise StoreUnavailable(str(problem)) from problem
        if run.returncode != 0:
            raise StoreUnavailable(run.stderr[-2000:])
        self.settings = dict(line.split("=", 1) for line in shlex.split(run.stdout))

    def stop(self):
        subprocess.run([SCRIPTS / "rgw-down", "--wipe", self.folder], capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def path_endpoint(self) -> str:
        return f"http://localhost:{self.port}"

    def client(self, service: str = "s3", credentials: Credentials | None = None):
        credentials = credentials or self.credentials
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=self.region,
            aws_access_key_id=credentials.access_key, aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.session_token,
            config=Config(signature_version="s3v4" if service == "s3" else None, s3={"addressing_style": "path"},
                          request_checksum_calculation="when_required", response_checksum_validation="when_required"))

    def add_tenant(self, tenant: str, credentials: Credentials):
        """A user of a tenant of Ceph, whose buckets are not those of the other users."""
        subprocess.run(
            ["radosgw-admin", "-c", next(self.folder.glob("**/ceph.conf")), "-n", "client.rgw", "user", "create", f"--tenant={tenant}",
             "--uid=tester", "--display-name=tester", f"--access-key={credentials.access_key}", f"--secret-key={credentials.secret_key}"],
            env=os.environ | {"CEPH_ARGS": "--no-mon-config"}, capture_output=True, timeout=120, check=True, stdin=subprocess.DEVNULL)

    def assume_role(self, name: str = "uploader", allow: dict | None = None) -> Credentials:
        """Short-lived credentials with a session token, from the store's own STS. `allow` is the role's policy: by default it may do everything."""
        # RGW 16 does not decode a form's "+" as a space, so the documents have none.
        iam = self.client("iam")
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/tester"]}, "Action": ["sts:AssumeRole"]}]}
        allow = allow or {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}]}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust, separators=(",", ":")), Path="/")["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="uploads", PolicyDocument=json.dumps(allow, separators=(",", ":")))
        given = self.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="postern", DurationSeconds=3600)["Credentials"]
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
