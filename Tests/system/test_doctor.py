"""`postern doctor` against a real S3, against stores that leave out one check or forget one thing, and against whatever an operator can get wrong:
it names exactly what is wrong, and what to do."""

import json
import pathlib
import re
from dataclasses import dataclass

import pytest

from harness import canaries, store_proxy
from harness.command import Command
from harness.dev import Dev
from harness.loopback import LoopbackServer, Reply, Request
from harness.ports import free_ports
from harness.rgw import Credentials
from harness.store_proxy import StoreProxy
from harness.tenant import Tenant, to_yaml

ORIGINS = ["https://app.acme.example", "capacitor://localhost"]
RULES = {
    "avatars": {"keyPrefix": "doctor/avatars/{user}/", "keyName": "avatar.{ext}", "contentTypes": ["image/*"], "maxSize": "1MiB"},
    "reports": {"keyPrefix": "doctor/reports/{yyyy}/{audit}/", "keyName": "{uuid}-{filename}", "contentTypes": ["text/csv", "application/pdf"],
                "parameters": {"audit": "digits"}, "minSize": 100, "maxSize": "50MiB", "declaredSize": "atMost", "tags": {"team": "web & app", "n": "1"},
                "metadata": {"fixed": {"source": "postern", "who": "{user}", "file": "{filename}"}, "allowed": ["album"]}},
}


@dataclass
class Report:
    document: dict
    text: str
    errors: str

    def named(self, verdict: str) -> list[str]:
        """`avatars keeps tags`: the rule or store, the check, and its subject."""
        return [" ".join(filter(None, [each["name"], each["check"], each["subject"]])) for each in self.document["findings"]
                if each["verdict"] == verdict]

    def advice(self, check: str) -> str:
        [found] = [each for each in self.document["findings"] if each["check"] == check and each["verdict"] == "wrong"]
        return f"{found['text']}; {found['advice']}"


class Doctor:
    def __init__(self, logs: pathlib.Path, folder: pathlib.Path):
        self.run = Command(logs, "doctor")
        self.tenants = folder / "tenants"
        self.folder = folder
        self.credentials: Credentials | None = None

    def write(self, store: dict, rules: dict = RULES, origins: list[str] = ORIGINS, **more) -> "Doctor":
        self.tenants.mkdir(exist_ok=True)
        Tenant("acme", store=store, rules=rules, origins=origins, more=more).write(self.tenants, self.folder / "keys")
        return self

    def __call__(self, *arguments, code: int = 0, **environment: str) -> Report:
        """The report in JSON, after a look that the one for people says the same."""
        if self.credentials:
            environment = self.credentials.environment | environment
        arguments = ["doctor", self.tenants, "--tenant", "acme", *arguments]
        done = self.run(*arguments, "--json", code=code, **environment)
        text = self.run(*arguments, code=code, **environment).stdout
        report = Report(json.loads(done.stdout), text, done.stderr)
        assert report.document["ok"] == (code == 0) == ("  WRONG " not in text), text
        for each in report.document["findings"]:
            assert each["verdict"] != "wrong" or each["advice"], each
            if each["verdict"] == "wrong":
                # Keys of files differ from run to run.
                assert re.sub(r"[0-9a-f]{8,}.*", "", each["text"])[:60] in text, (each, text)
        return report


@pytest.fixture
def doctor(logs, tmp_path) -> Doctor:
    return Doctor(logs, tmp_path)


def ceph(store, **more) -> dict:
    return {"bucket": store.bucket, "region": store.region, "endpoint": store.path_endpoint} | more


@pytest.fixture(autouse=True)
def no_files_of_others(request):
    """Some tests leave files in the store, as their signer may not remove them."""
    yield
    if "real_store" in request.fixturenames:
        store = request.getfixturevalue("real_store")
        for key in keys(store):
            store.client().delete_object(Bucket=store.bucket, Key=key)


def keys(store) -> list[str]:
    return [each["Key"] for each in store.client().list_objects_v2(Bucket=store.bucket, Prefix="doctor/").get("Contents", [])]


@pytest.fixture
def prepared(doctor, real_store):
    """A tenant of Ceph with a rule for each way to upload, and the CORS configuration that Postern prints."""
    stores = {"put": ceph(real_store, method="put")}
    put = {"store": "put", "keyPrefix": "doctor/put/{user}/", "contentTypes": ["image/png"], "maxSize": "1MiB", "tags": {"team": "web"},
           "metadata": {"fixed": {"source": "postern"}}}
    doctor.write(ceph(real_store), RULES | {"put": put, "once": put | {"overwrite": "never", "keyPrefix": "doctor/once/{user}/"}}, stores=stores)
    doctor.credentials = real_store.credentials
    configuration = json.loads(doctor.run("cors", doctor.tenants, code=0).stdout)
    real_store.client().put_bucket_cors(Bucket=real_store.bucket, CORSConfiguration=configuration)
    yield doctor
    real_store.client().delete_bucket_cors(Bucket=real_store.bucket)


def test_nothing_is_wrong_with_ceph_and_nothing_stays(prepared, real_store):
    report = prepared()
    assert report.named("wrong") == [], report.text
    ok = report.named("ok")
    for rule in ("avatars", "reports", "put", "once"):
        assert {f"{rule} upload", f"{rule} keeps the size", f"{rule} keeps Content-Type", f"{rule} removes"} <= set(ok), report.text
        for refused in ("one byte more", "one byte less", "another type", "another key", "an expired ticket", "a forged ticket"):
            assert f"{rule} refuses {refused}" in ok, report.text
    assert {"avatars refuses a further field", "put refuses another ACL", "put refuses a field less", "once refuses a second upload",
            "reports keeps tags", "put keeps tags", "reports keeps metadata source", "reports keeps metadata file", "put keeps metadata source",
            f"store preflight {', '.join(ORIGINS)}", f"put preflight {', '.join(ORIGINS)}", "store clock", "store bucket", "store credentials"} <= set(ok)
    # Ceph compares no checksums, which these rules do not require, and takes a PUT with fields that are not signed.
    assert {"avatars refuses a wrong checksum", "put refuses a further field", "store store", "store versioning"} <= set(report.named("note"))
    assert keys(real_store) == []
    assert not [name for name in report.named("not-known") if "object-lock" not in name], report.text


def test_what_ceph_does_not_keep_is_wrong_only_where_a_rule_wants_it(doctor, real_store):
    rule = RULES["avatars"] | {"contentDisposition": "attachment", "cacheControl": "no-cache", "contentEncoding": "gzip", "contentLanguage": "de",
                               "checksum": "required", "encryption": "AES256"}
    doctor.write(ceph(real_store), {"avatars": rule}, origins=[])
    doctor.credentials = real_store.credentials
    report = doctor(code=1)
    assert report.named("wrong") == [
        f"avatars keeps {each}" for each in ("Cache-Control", "Content-Encoding", "Content-Language", "Content-Disposition", "the encryption")
    ] + ["avatars refuses a wrong checksum"], report.text
    assert "response-content-disposition" in report.text and keys(real_store) == []


def test_the_rights_of_the_signer_are_enough_and_what_needs_more_is_not_known(doctor, real_store):
    doctor.write(ceph(real_store, method="put"), {"reports": {name: value for name, value in RULES["reports"].items() if name != "declaredSize"}}, origins=[])
    policy = json.loads(doctor.run("iam", doctor.tenants, code=0).stdout)
    doctor.credentials = real_store.assume_role("doctor-least", policy)
    canaries.add(doctor.credentials.secret_key, doctor.credentials.session_token)
    report = doctor()
    assert report.named("wrong") == [], report.text
    assert {"reports upload", "reports refuses one byte more", "reports refuses another key"} <= set(report.named("ok"))
    actions = {each["action"] for each in report.document["findings"] if each["action"]}
    # Ceph lets everyone ask for settings of the bucket.
    assert actions == {"s3:GetObject", "s3:GetObjectTagging", "s3:DeleteObject"}
    # Of both runs, each with a right checksum, and with the two that Ceph takes with what is not signed, or with a wrong checksum.
    left = keys(real_store)
    assert len(left) == 8
    assert any(f"--key {key} " in report.text for key in left)
    assert "give --reader-profile" in report.text

    # The same signer with another profile to read and to remove.
    owner = real_store.credentials
    (doctor.folder / "credentials").write_text(
        f"[owner]\naws_access_key_id = {owner.access_key}\naws_secret_access_key = {owner.secret_key}\n")
    shared = {"AWS_SHARED_CREDENTIALS_FILE": str(doctor.folder / "credentials")}
    seen = doctor("--reader-profile", "owner", **shared)
    assert {"reports keeps tags", "reports keeps metadata source", "reports removes"} <= set(seen.named("ok")), seen.text
    assert not [each for each in seen.document["findings"] if each["action"]] and keys(real_store) == left
    real_store.client().delete_objects(Bucket=real_store.bucket, Delete={"Objects": [{"Key": key} for key in left]})
    assert "--reader-profile" in doctor.run("doctor", doctor.tenants, "--tenant", "acme", "--reader-profile", "none", code=64, **shared).stderr


@pytest.fixture
def versioned(real_store):
    """A bucket of its own with versioning, removed with all versions."""
    client = real_store.client()
    name = "doctor-versions"
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    yield name
    for key, version in versions(real_store, name):
        client.delete_object(Bucket=name, Key=key, VersionId=version)
    client.delete_bucket(Bucket=name)


def versions(real_store, bucket: str) -> set[tuple[str, str]]:
    listed = real_store.client().list_object_versions(Bucket=bucket)
    return {(each["Key"], each["VersionId"]) for each in listed.get("Versions", []) + listed.get("DeleteMarkers", [])}


def test_versions_that_stay_are_told_with_the_commands_that_delete_them(doctor, real_store, versioned):
    doctor.write(ceph(real_store, bucket=versioned), {"avatars": RULES["avatars"] | {"keyName": "{uuid}.{ext}"}}, origins=[])
    resource = f"arn:aws:s3:::{versioned}/*"
    doctor.credentials = real_store.assume_role("doctor-versions", {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"], "Resource": resource}]})
    canaries.add(doctor.credentials.secret_key, doctor.credentials.session_token)
    for _ in range(2):
        before = versions(real_store, versioned)
        done = doctor.run("doctor", doctor.tenants, "--tenant", "acme", "--json", **doctor.credentials.environment)
        [left] = [each for each in json.loads(done.stdout)["findings"] if each["check"] == "removes"]
        assert left["verdict"] == "note" and "behind delete markers" in left["text"] and left["action"] == "s3:DeleteObjectVersion"
        told = set(re.findall(r"delete-object --bucket doctor-versions --key (\S+) --version-id (\S+) --endpoint-url", left["advice"]))
        assert told == versions(real_store, versioned) - before and told
    # Who may delete versions leaves nothing.
    doctor.credentials = real_store.credentials
    before = versions(real_store, versioned)
    assert "avatars removes" in doctor().named("ok") and versions(real_store, versioned) == before


def test_commands_that_doctor_prints_have_the_service_wide_file(doctor, real_store):
    """And each of them works without one, as check does, for a tenant that names service-wide issuers."""
    doctor.write(ceph(real_store), serviceIssuers=["staff"], sharedUsers=True)
    doctor.credentials = real_store.credentials
    config = doctor.folder / "service wide.yaml"
    keys = {"algorithms": ["RS256"], "keys": {"jwks": "https://id.staff.example/keys"}}
    config.write_text(to_yaml({"issuers": [{"name": "staff", "issuer": "https://id.staff.example", "audience": "uploads", "tenantClaim": "org", **keys}]}))
    report = doctor("--config", config, code=1)
    assert f"postern cors {doctor.tenants} --config '{config}' --tenant acme --bucket" in report.advice("preflight"), report.text
    assert f"postern cors {doctor.tenants} --tenant acme --bucket" in doctor(code=1).advice("preflight")
    for command in ("cors", "iam"):
        for options in ([], ["--tenant", "acme"], ["--config", config], ["--config", config, "--tenant", "acme"]):
            assert json.loads(doctor.run(command, doctor.tenants, *options, code=0).stdout)
    for options in ([], ["--config", config]):
        doctor.run("credentials", "--tenants", doctor.tenants, *options, "--no-identity", code=0, **doctor.credentials.environment)
    # What the service-wide file says is checked if it is given.
    config.write_text(to_yaml({"issuers": [{"name": "others", "issuer": "https://id.staff.example", "audience": "uploads", "tenantClaim": "org", **keys}]}))
    assert "no service-wide issuer is named" in doctor.run("cors", doctor.tenants, "--config", config, code=1).stderr


# Stores that leave out a check

IGNORED = {
    "size": ["refuses one byte more", "refuses one byte less"], "type": ["refuses another type"], "key": ["refuses another key"],
    "fields": ["refuses a further field"], "expiry": ["refuses an expired ticket"], "metadata": ["keeps metadata album"], None: [],
}
DEV_SECRET = canaries.secret("canary-dev-secret-")
DEV = {"POSTERN_DEV_ACCESS_KEY_ID": "AKIACANARYPOSTERN0004", "POSTERN_DEV_SECRET_ACCESS_KEY": DEV_SECRET}


def run_dev(tmp_path, logs, name: str, arguments: list[str] = ()) -> Dev:
    return Dev(tmp_path, logs, name, arguments=arguments, environment=DEV)


@pytest.fixture
def dev(tmp_path, logs):
    running = run_dev(tmp_path, logs, "doctor-dev")
    yield running
    running.process.kill()
    running.process.wait()


@pytest.mark.parametrize("ignored", IGNORED)
def test_a_store_that_leaves_out_one_check_is_told_by_that_check(doctor, tmp_path, logs, ignored):
    running = run_dev(tmp_path, logs, f"doctor-ignore-{ignored}", ["--ignore", ignored] if ignored else [])
    try:
        tenants = tmp_path / "dev" / "tenants"
        done = doctor.run("doctor", tenants, "--tenant", "example", "--json", **DEV)
        document = json.loads(done.stdout)
        wrong = [f"{each['name']} {each['check']} {each['subject']}" for each in document["findings"] if each["verdict"] == "wrong"]
        # The other of the two rules has no metadata.
        rules = ["documents"] if ignored == "metadata" else ["images", "documents"]
        assert wrong == [f"{rule} {each}" for rule in rules for each in IGNORED[ignored]], done.stdout
        assert done.returncode == (1 if ignored else 0)
    finally:
        running.process.kill()
        running.process.wait()


# Proxies that lose something

LOSSES = {
    "metadata": (store_proxy.loses("x-amz-meta-"), ["reports keeps metadata source", "reports keeps metadata who", "reports keeps metadata file",
                                                    "reports keeps metadata album"]),
    "one name of metadata": (store_proxy.loses("x-amz-meta-album"), ["reports keeps metadata album"]),
    "tags": (store_proxy.loses_tags, ["reports keeps tags"]),
    "the type": (store_proxy.loses("content-type"), ["avatars keeps Content-Type", "reports keeps Content-Type"]),
    "CORS": (store_proxy.loses("access-control-"), [f"store preflight {', '.join(ORIGINS)}"]),
    "CORS of uploads": (store_proxy.loses_cors_of_uploads, [f"avatars exposes {ORIGINS[0]}", f"reports exposes {ORIGINS[1]}"]),
    "exposed fields": (store_proxy.loses("access-control-expose-"), [f"avatars exposes {ORIGINS[0]}", f"reports exposes {ORIGINS[1]}"]),
    "the time": (store_proxy.shifts_date(1200), ["store clock"]),
    "the time, backwards": (store_proxy.shifts_date(-1200), ["store clock"]),
}


@pytest.mark.parametrize("lost", LOSSES)
def test_what_a_proxy_loses_is_named_and_nothing_else(prepared, real_store, lost):
    change, wrong = LOSSES[lost]
    with StoreProxy(real_store.port, change) as proxy:
        prepared.write(ceph(real_store, endpoint=proxy.url))
        report = prepared(code=1)
    assert report.named("wrong") == wrong, report.text
    assert keys(real_store) == []


def test_a_clock_that_is_five_minutes_wrong_is_a_note(prepared, real_store):
    with StoreProxy(real_store.port, store_proxy.shifts_date(300)) as proxy:
        report = prepared.write(ceph(real_store, endpoint=proxy.url))()
    [clock] = [each for each in report.document["findings"] if each["check"] == "clock"]
    assert clock["verdict"] == "note" and re.search(r"300 s behind|299 s behind|301 s behind", clock["text"]) and "timedatectl" in clock["advice"]


def test_a_disposition_that_a_proxy_loses_is_named(doctor, dev, tmp_path):
    """Before a store that keeps it, as Ceph does not."""
    rules = tmp_path / "dev" / "tenants" / "example.yaml"
    with StoreProxy(dev.store_port, store_proxy.loses("content-disposition")) as proxy:
        rules.write_text(rules.read_text().replace(f"http://127.0.0.1:{dev.store_port}", proxy.url))
        document = json.loads(doctor.run("doctor", rules.parent, "--tenant", "example", "--rule", "documents", "--json", code=1, **DEV).stdout)
    assert [(each["check"], each["subject"]) for each in document["findings"] if each["verdict"] == "wrong"] == [("keeps", "Content-Disposition")]


# What an operator gets wrong

def test_a_closed_port(doctor):
    [port] = free_ports(1)
    doctor.write({"bucket": "acme-uploads", "region": "r", "endpoint": f"http://127.0.0.1:{port}"})
    doctor.credentials = Credentials("AKIACANARYPOSTERN0001", canaries.secret("canary-secret-"))
    report = doctor(code=1)
    assert report.named("wrong") == ["store connection"] and report.named("not-known") == ["avatars upload", "reports upload"]
    assert "connection refused" in report.advice("connection") and "check endpoint of the store in" in report.advice("connection")


def test_no_credentials(doctor, real_store):
    report = doctor.write(ceph(real_store))(code=1)
    assert report.named("wrong") == ["store credentials"]
    assert "no AWS credentials were found" in report.advice("credentials") and "postern credentials --tenants" in report.advice("credentials")


@pytest.mark.parametrize("wrong", ["key", "secret"])
def test_wrong_keys(doctor, real_store, wrong):
    """Ceph does not tell a wrong key from one without rights, so doctor names both."""
    right = real_store.credentials
    doctor.credentials = Credentials("AKIACANARYPOSTERN9999" if wrong == "key" else right.access_key,
                                     right.secret_key if wrong == "key" else canaries.secret("canary-other-secret-"))
    report = doctor.write(ceph(real_store), origins=[])("--rule", "avatars", code=1)
    assert report.named("wrong") == ["avatars upload"], report.text
    assert "secret key is wrong, or the signer has no right to upload" in report.advice("upload")
    assert "postern credentials --tenants" in report.advice("upload") and "postern iam" in report.advice("upload")


@pytest.mark.parametrize("variable,said", [("POSTERN_DEV_ACCESS_KEY_ID", "does not know the access key …9999"),
                                           ("POSTERN_DEV_SECRET_ACCESS_KEY", "the secret key is not that of the access key …0004")])
def test_wrong_keys_of_a_store_that_says_so(doctor, dev, tmp_path, variable, said):
    environment = DEV | {variable: "AKIACANARYPOSTERN9999"}
    document = json.loads(doctor.run("doctor", tmp_path / "dev" / "tenants", "--tenant", "example", "--json", code=1, **environment).stdout)
    [wrong] = [each for each in document["findings"] if each["verdict"] == "wrong"]
    assert wrong["check"] == "credentials" and said in wrong["text"] and "postern credentials --tenants" in wrong["advice"]


def test_a_missing_bucket(doctor, real_store):
    doctor.credentials = real_store.credentials
    report = doctor.write(ceph(real_store, bucket="no-such-bucket"))(code=1)
    assert report.named("wrong") == ["store bucket"]
    assert "aws s3api create-bucket --bucket no-such-bucket --endpoint-url" in report.advice("bucket")


def test_a_wrong_region(doctor, dev, tmp_path):
    rules = tmp_path / "dev" / "tenants" / "example.yaml"
    rules.write_text(rules.read_text().replace("region: us-east-1", "region: us-west-2"))
    document = json.loads(doctor.run("doctor", rules.parent, "--tenant", "example", "--json", code=1, **DEV).stdout)
    [wrong] = [each for each in document["findings"] if each["verdict"] == "wrong"]
    assert wrong["check"] == "region" and "write region: us-east-1 in" in wrong["advice"]


def test_no_cors(doctor, real_store):
    doctor.credentials = real_store.credentials
    report = doctor.write(ceph(real_store))(code=1)
    assert report.named("wrong") == [f"store preflight {', '.join(ORIGINS)}"], report.text
    advice = report.advice("preflight")
    # The advice, done.
    command = re.search(r"run: postern (cors .*) > cors.json && aws s3api put-bucket-cors", advice)[1]
    assert command == f"cors {doctor.tenants} --tenant acme --bucket {real_store.path_endpoint}/{real_store.bucket}/"
    configuration = json.loads(doctor.run(*command.split(), code=0).stdout)
    real_store.client().put_bucket_cors(Bucket=real_store.bucket, CORSConfiguration=configuration)
    try:
        assert doctor().named("wrong") == []
    finally:
        real_store.client().delete_bucket_cors(Bucket=real_store.bucket)


class WithoutForms(LoopbackServer):
    """A store that has no POST, as Cloudflare R2."""

    def reply(self, request: Request) -> Reply:
        xml = {"Content-Type": "application/xml"}
        if request.method == "POST":
            return Reply(501, b"<Error><Code>NotImplemented</Code><Message>PostObject not implemented</Message></Error>", xml)
        return Reply(200, b"<LocationConstraint>auto</LocationConstraint>", xml)


def test_a_store_without_forms(doctor):
    doctor.credentials = Credentials("AKIACANARYPOSTERN0001", canaries.secret("canary-secret-"))
    with WithoutForms() as store:
        report = doctor.write({"bucket": "acme-uploads", "region": "auto", "endpoint": store.url}, origins=[])(code=1)
    assert report.named("wrong") == ["avatars upload"] and "reports upload" in report.named("not-known")
    assert "takes no forms" in report.advice("upload") and "write method: put under the store" in report.advice("upload")


def test_no_store_at_all(doctor):
    doctor.credentials = Credentials("AKIACANARYPOSTERN0001", canaries.secret("canary-secret-"))
    with LoopbackServer() as server:
        report = doctor.write({"bucket": "acme-uploads", "region": "r", "endpoint": server.url})(code=1)
    assert report.named("wrong") == ["store bucket"] and "is not a store" in report.advice("bucket")


def test_a_link_local_address_is_never_asked(doctor):
    doctor.credentials = Credentials("AKIACANARYPOSTERN0001", canaries.secret("canary-secret-"))
    report = doctor.write({"bucket": "acme-uploads", "region": "r", "endpoint": "http://169.254.169.254"})(code=1)
    assert report.named("wrong") == ["store connection"] and "link-local" in report.advice("connection")


def test_a_role_without_the_right_to_write(doctor, real_store):
    doctor.credentials = real_store.assume_role("doctor-elsewhere", {
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::elsewhere/*"}]})
    canaries.add(doctor.credentials.secret_key, doctor.credentials.session_token)
    report = doctor.write(ceph(real_store), origins=[])(code=1)
    assert report.named("wrong") == ["avatars upload", "reports upload"], report.text
    assert f"postern iam {doctor.tenants} --tenant acme" in report.text and "s3:PutObjectTagging" in report.text


def test_usage_and_rule_files(doctor, real_store):
    doctor.write(ceph(real_store))
    call = ["doctor", doctor.tenants]
    assert "did you mean acme?" in doctor.run(*call, "--tenant", "acne", code=64).stderr
    assert "did you mean avatars?" in doctor.run(*call, "--tenant", "acme", "--rule", "avatar", code=64).stderr
    assert "Missing expected argument" in doctor.run(*call, code=64).stderr
    (doctor.tenants / "acme.yaml").write_text(to_yaml({"tenant": "acme", "store": {"bucket": "x"}}))
    assert "acme.yaml" in doctor.run(*call, "--tenant", "acme", code=1).stderr
