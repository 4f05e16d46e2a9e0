"""`postern cors` and `postern iam`: what they print is what AWS's own models take, and what a real S3 enforces."""

import base64
import hashlib
import http.client
import json
import pathlib
import re
import shlex
import xml.etree.ElementTree

import botocore.exceptions
import botocore.session
import botocore.validate
import pytest
import yaml

from harness import canaries
from harness.command import Command
from harness.tenant import Tenant

ORIGINS = ["https://app.acme.example", "http://localhost:5173", "capacitor://localhost"]


@pytest.fixture
def run(logs) -> Command:
    return Command(logs, "bucket-settings")


def write(folder: pathlib.Path, *tenants: Tenant) -> pathlib.Path:
    (folder / "tenants").mkdir(parents=True)
    for tenant in tenants:
        tenant.write(folder / "tenants", folder / "keys")
    return folder / "tenants"


def store(real_store, **more) -> dict:
    return {"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint} | more


def validate(operation: str, **parameters):
    """By the model of the operation in botocore."""
    shape = botocore.session.get_session().get_service_model("s3").operation_model(operation).input_shape
    report = botocore.validate.ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


def preflight(real_store, origin: str, method: str, headers: str = "content-type,x-amz-meta-album") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", real_store.port, timeout=30)
    try:
        connection.request("OPTIONS", f"/{real_store.bucket}/", headers={
            "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers})
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


@pytest.fixture
def cors(real_store):
    """Removes the bucket's configuration afterwards."""
    yield real_store
    real_store.client().delete_bucket_cors(Bucket=real_store.bucket)


@pytest.fixture
def shared(tmp_path, real_store) -> pathlib.Path:
    """Two tenants in one bucket, one of which uploads by PUT."""
    return write(
        tmp_path, Tenant("acme", store=store(real_store), origins=ORIGINS, rules={
            "avatars": {"keyPrefix": "acme/avatars/{user}/", "contentTypes": ["image/png"], "maxSize": "1MiB"}}),
        Tenant("beta", store=store(real_store, method="put"), origins=["https://beta.example", ORIGINS[0]], rules={
            "files": {"keyPrefix": "beta/", "contentTypes": ["image/png"], "maxSize": "1MiB"}}))


def test_the_store_allows_exactly_what_the_configuration_says(run, shared, cors):
    done = run("cors", shared, code=0)
    configuration = json.loads(done.stdout)
    validate("PutBucketCors", Bucket=cors.bucket, CORSConfiguration=configuration)
    assert f"aws s3api put-bucket-cors --bucket {cors.bucket}" in done.stderr and f"--endpoint-url {cors.path_endpoint}" in done.stderr
    assert preflight(cors, ORIGINS[0], "POST").status == 403
    cors.client().put_bucket_cors(Bucket=cors.bucket, CORSConfiguration=configuration)
    allowed = {"POST": ORIGINS, "PUT": ["https://beta.example", ORIGINS[0]]}
    for method in ("POST", "PUT", "DELETE"):
        for origin in [*ORIGINS, "https://beta.example", "https://evil.example", "https://app.acme.example.evil.example"]:
            response = preflight(cors, origin, method)
            assert (response.status == 200) == (origin in allowed.get(method, [])), (method, origin, response.status)
            if response.status == 200:
                assert response.headers["Access-Control-Allow-Origin"] == origin
                exposed = {each.strip() for each in response.headers["Access-Control-Expose-Headers"].split(",")}
                assert exposed == {"ETag", "Location"}


def test_the_xml_is_the_same_configuration(run, shared, cors):
    text = run("cors", shared, "--xml", code=0).stdout
    body = text.encode()

    def replace(params, **_):
        """The body of PUT /?cors, in place of what boto3 writes."""
        params["body"] = body
        params["headers"]["Content-MD5"] = base64.b64encode(hashlib.md5(body).digest()).decode()

    client = cors.client()
    client.meta.events.register("before-call.s3.PutBucketCors", replace)
    client.put_bucket_cors(Bucket=cors.bucket, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://x.example"]}]})
    stored = cors.client().get_bucket_cors(Bucket=cors.bucket)["CORSRules"]
    printed = json.loads(run("cors", shared, code=0).stdout)["CORSRules"]

    def comparable(rules):
        return sorted(json.dumps({name: sorted(value) if isinstance(value, list) else value for name, value in rule.items()}, sort_keys=True)
                      for rule in rules)

    assert comparable(stored) == comparable(printed)
    assert xml.etree.ElementTree.fromstring(text).tag == "{http://s3.amazonaws.com/doc/2006-03-01/}CORSConfiguration"


def test_several_buckets_are_told_apart(run, tmp_path):
    folder = write(
        tmp_path, Tenant("acme", origins=["https://app.acme.example"], store={"bucket": "acme-uploads", "region": "eu-west-1"}),
        Tenant("beta", origins=["https://beta.example"], store={"bucket": "beta-uploads", "region": "cn-north-1"}),
        Tenant("gamma", store={"bucket": "gamma-uploads", "region": "eu-west-1"}))
    done = run("cors", folder, code=0)
    buckets = json.loads(done.stdout)["buckets"]
    assert [(each["bucket"], each["region"], each["tenants"]) for each in buckets] == [
        ("acme-uploads", "eu-west-1", ["acme"]), ("beta-uploads", "cn-north-1", ["beta"])]
    for each in buckets:
        validate("PutBucketCors", Bucket=each["bucket"], CORSConfiguration=each["CORSConfiguration"])
    assert "gamma-uploads: no tenant of it lists origins (gamma)" in done.stderr
    only = json.loads(run("cors", folder, "--bucket", "beta-uploads", code=0).stdout)
    assert only == buckets[1]["CORSConfiguration"] == json.loads(run("cors", folder, "--tenant", "beta", code=0).stdout)
    assert "name one by its URL with --bucket" in run("cors", folder, "--xml", code=64).stderr
    assert run("cors", folder, "--tenant", "gamma", code=1).stdout == ""


def commands(text: str, program: str) -> list[list[str]]:
    """The commands of a program in remarks, as a shell divides them, without a redirection."""
    found = re.findall(rf"(?:: |&& ){program} (.*?)(?= && | # |$)", text, re.M)
    return [shlex.split(each.split(" > ")[0]) for each in found]


@pytest.mark.parametrize("options", [[], ["--tenant", "both"], ["--bucket", "uploads"]])
def test_buckets_of_one_name_are_told_apart_by_their_urls(run, tmp_path, options):
    """Also two of one tenant. Each printed command prints the configuration of one bucket, and not a list of them."""
    folder = write(
        tmp_path / "my rules", Tenant("acme", origins=["https://app.acme.example"], store={"bucket": "uploads", "region": "eu-west-1"}),
        Tenant("both", origins=["https://both.example"], store={"bucket": "uploads", "region": "eu-west-1"}, more={"stores": {
            "r2": {"bucket": "uploads", "region": "auto", "endpoint": "https://x.r2.cloudflarestorage.com", "method": "put"}}}, rules={
            "avatars": {"keyPrefix": "both/avatars/{user}/", "contentTypes": ["image/png"], "maxSize": "1MiB"},
            "files": {"store": "r2", "keyPrefix": "both/files/", "contentTypes": ["image/png"], "maxSize": "1MiB"}}))
    done = run("cors", folder, *options, code=0)
    buckets = json.loads(done.stdout)["buckets"]
    own = commands(done.stderr, "postern")
    assert len(buckets) == len(own) == 2
    for each, command in zip(buckets, own):
        assert command[:2] == ["cors", str(folder)] and command[-2:] == ["--bucket", each["url"]]
        assert json.loads(run(*command, code=0).stdout) == each["CORSConfiguration"]
        run("cors", folder, "--bucket", each["url"].rstrip("/"), "--xml", code=0)
    put = commands(done.stderr, "aws")
    assert [each[-2:] for each in put] == [["--region", "eu-west-1"], ["--endpoint-url", "https://x.r2.cloudflarestorage.com"]]
    events = run("iam", folder, "--document", "notifications", "--target", "arn:aws:sqs:eu-west-1:123456789012:uploads", *options, code=0)
    for each, command in zip(json.loads(events.stdout)["buckets"], commands(events.stderr, "postern")):
        assert json.loads(run(*command, code=0).stdout) == each["document"]
    patterns = run("iam", folder, "--document", "event-pattern", *options, code=0)
    assert len(commands(patterns.stderr, "postern")) == 2
    assert "there are: https://uploads.s3.eu-west-1.amazonaws.com/, https://x.r2." in run("cors", folder, "--bucket", "https://other.example/", code=64).stderr


def test_buckets_of_two_tenants_of_ceph_are_never_one(run, tmp_path):
    def at(bucket: str) -> dict:
        return {"bucket": bucket, "region": "r", "endpoint": "https://store.example"}

    folder = write(
        tmp_path, Tenant("acme", origins=["https://app.acme.example"], store=at("a:uploads")),
        Tenant("beta", origins=["https://beta.example"], store=at("b:uploads")),
        Tenant("gamma", origins=["https://gamma.example"], store=at("uploads"), rules={
            "avatars": {"keyPrefix": "gamma/avatars/{user}/", "contentTypes": ["image/png"], "maxSize": "1MiB"}}))
    done = run("cors", folder, code=0)
    buckets = json.loads(done.stdout)["buckets"]
    assert [(each["bucket"], each["url"], each["tenants"]) for each in buckets] == [
        ("a:uploads", "https://store.example/a:uploads/", ["acme"]), ("b:uploads", "https://store.example/b:uploads/", ["beta"]),
        ("uploads", "https://store.example/uploads/", ["gamma"])]
    only = run("cors", folder, "--bucket", "b:uploads", code=0)
    assert [each["AllowedOrigins"] for each in json.loads(only.stdout)["CORSRules"]] == [["https://beta.example"]]
    # The AWS CLI takes no name with a colon; the store looks in the tenant of the user.
    assert "put-bucket-cors --bucket uploads --cors-configuration file://cors.json --endpoint-url https://store.example # with the keys of a user of " \
        "Ceph's tenant b" in only.stderr
    assert "warning: uploads: tenants of Ceph have several buckets of this name (a:uploads, b:uploads)" in done.stderr


@pytest.mark.parametrize("command", ["cors", "iam"])
def test_what_is_wrong_is_said(run, command, tmp_path):
    folder = write(tmp_path, Tenant("acme", origins=["https://app.acme.example"]))
    assert "did you mean acme?" in run(command, folder, "--tenant", "acne", code=64).stderr
    assert "there are: acme-uploads" in run(command, folder, "--bucket", "x", *(["--document", "event-pattern"] if command == "iam" else []), code=64).stderr
    (folder / "beta.yaml").write_text("tenant: beta\n")
    assert "beta.yaml" in run(command, folder, code=1).stderr
    assert "cannot be read" in run(command, tmp_path / "none", code=1).stderr


@pytest.mark.parametrize("command", ["cors", "iam"])
def test_another_tenants_broken_file_does_not_stop_a_command_about_one(run, command, tmp_path):
    folder = write(tmp_path, Tenant("acme", origins=["https://app.acme.example"]), Tenant("beta", store={"bucket": "beta", "region": "eu-west-1"}))
    fine = run(command, folder, "--tenant", "acme", code=0)
    (folder / "zeta.yaml").write_text("tenant: zeta\n")
    done = run(command, folder, "--tenant", "acme", code=0)
    assert done.stdout == fine.stdout
    assert f"warning: other files have problems and are left out ({folder}/zeta.yaml): run 'postern check {folder}'" in done.stderr
    # Its own problems and its conflicts stop it, in the words of check.
    for name, text in [("acme", "tenant: acme\n"), ("acme", None)]:
        if text is None:
            Tenant("beta", rules={"avatars": {"keyPrefix": "avatars/", "contentTypes": ["image/png"], "maxSize": 1}}).write(folder, tmp_path / "keys")
            Tenant("acme").write(folder, tmp_path / "keys")
        else:
            (folder / f"{name}.yaml").write_text(text)
        errors = run(command, folder, "--tenant", "acme", code=1).stderr
        # Without --config, check does not know the service-wide issuers.
        (tmp_path / "service.yaml").write_text("")
        listed = run("check", folder / "acme.yaml", "--config", tmp_path / "service.yaml", code=1).stdout.splitlines()
        assert [line for line in listed if line.startswith("error: ")], listed
        assert all(line.removeprefix("error: ") in errors for line in listed if line.startswith("error: ")), (errors, listed)
        assert "zeta" not in errors
    # For all tenants every file counts.
    assert "zeta" in run(command, folder, code=1).stderr


# Identity and Access Management

RULES = {
    "avatars": {"keyPrefix": "least/avatars/{user}/", "contentTypes": ["image/png"], "maxSize": "1MiB", "tags": {"team": "web"}},
    "reports": {"keyPrefix": "least/reports/{yyyy}/", "contentTypes": ["image/png"], "maxSize": "1MiB"},
}


def test_a_role_with_the_policy_puts_objects_of_the_rules_and_does_nothing_else(run, tmp_path, real_store):
    folder = write(tmp_path, Tenant("acme", store=store(real_store), rules=RULES))
    policy = json.loads(run("iam", folder, code=0).stdout)
    session = real_store.assume_role("least", policy)
    canaries.add(session.secret_key, session.session_token)
    s3 = real_store.client(credentials=session)
    s3.put_object(Bucket=real_store.bucket, Key="least/avatars/u1/a.png", Body=b"x", Tagging="team=web")
    s3.put_object(Bucket=real_store.bucket, Key="least/reports/2026/a.png", Body=b"x")
    here = {"Bucket": real_store.bucket, "Key": "least/avatars/u1/a.png"}
    for call in [
        lambda: s3.put_object(Bucket=real_store.bucket, Key="least/other/a.png", Body=b"x"),
        lambda: s3.put_object(Bucket=real_store.bucket, Key="least/avatarsx/u1/a.png", Body=b"x"),
        lambda: s3.put_object(Bucket=real_store.other_bucket, Key="least/avatars/u1/a.png", Body=b"x"),
        lambda: s3.get_object(**here), lambda: s3.delete_object(**here), lambda: s3.list_objects_v2(Bucket=real_store.bucket),
        lambda: s3.put_object_acl(ACL="public-read", **here), lambda: s3.get_object_tagging(**here),
    ]:
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_several_identities_are_told_apart(run, tmp_path):
    role = {"assumeRole": {"roleArn": "arn:aws:iam::123456789012:role/beta", "externalId": "beta-1"}}
    folder = write(
        tmp_path, Tenant("acme"), Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1", "credentials": role}))
    signers = json.loads(run("iam", folder, code=0).stdout)["signers"]
    assert [(each["signer"], each["tenants"]) for each in signers] == [
        ("default", ["acme"]), ("role arn:aws:iam::123456789012:role/beta", ["beta"])]
    assert [each["Action"] for each in signers[0]["policy"]["Statement"]] == ["s3:PutObject", "sts:AssumeRole"]
    assert json.loads(run("iam", folder, "--signer", "default", code=0).stdout) == signers[0]["policy"]
    assert "there are: default, role" in run("iam", folder, "--signer", "x", code=64).stderr

    trust = json.loads(run("iam", folder, "--document", "trust", "--principal", "arn:aws:iam::123456789012:role/postern", code=0).stdout)
    assert trust["Statement"][0]["Condition"] == {"StringEquals": {"sts:ExternalId": "beta-1"}}
    assert "Give --principal" in run("iam", folder, "--document", "trust", code=64).stderr
    session = "arn:aws:sts::123456789012:assumed-role/postern/x"
    assert "not that of a session" in run("iam", folder, "--document", "trust", "--principal", session, code=64).stderr
    eks = ["--oidc-provider", "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/X", "--service-account", "uploads:postern"]
    assert json.loads(run("iam", folder, "--document", "trust", *eks, code=0).stdout)["Statement"][0]["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert "needs --service-account" in run("iam", folder, "--document", "trust", *eks[:2], code=64).stderr


@pytest.mark.parametrize("target", [
    "arn:aws:sqs:eu-west-1:123456789012:uploads", "arn:aws:sns:eu-west-1:123456789012:uploads",
    "arn:aws:lambda:eu-west-1:123456789012:function:uploads", "eventbridge"])
def test_event_notifications_are_those_of_the_model(run, tmp_path, target):
    folder = write(tmp_path, Tenant("acme", rules=RULES))
    done = run("iam", folder, "--document", "notifications", "--target", target, code=0)
    validate("PutBucketNotificationConfiguration", Bucket="acme-uploads", NotificationConfiguration=json.loads(done.stdout))
    assert "put-bucket-notification-configuration" in done.stderr and "replaces the bucket's whole configuration" in done.stderr
    code = 0 if ":sqs:" in target or ":sns:" in target else 64
    policy = run("iam", folder, "--document", "target-policy", "--target", target, code=code)
    if code == 0:
        assert json.loads(policy.stdout)["Statement"][0]["Resource"] == [target]
    elif target != "eventbridge":
        assert "aws lambda add-permission --function-name arn:aws:lambda:" in policy.stderr
    assert "Give --target" in run("iam", folder, "--document", "notifications", code=64).stderr
    assert "Give --target" in run("iam", folder, "--document", "target-policy", code=64).stderr
    assert "FIFO" in run("iam", folder, "--document", "notifications", "--target", "arn:aws:sqs:eu-west-1:123456789012:up.fifo", code=64).stderr
    pattern = json.loads(run("iam", folder, "--document", "event-pattern", code=0).stdout)
    assert pattern["detail"]["bucket"] == {"name": ["acme-uploads"]}


def test_a_queue_takes_the_events_of_every_bucket_by_one_policy(run, tmp_path):
    folder = write(
        tmp_path, Tenant("acme", store={"bucket": "acme-uploads", "region": "eu-west-1"}),
        Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1"}))
    queue = "arn:aws:sqs:eu-west-1:123456789012:uploads"
    done = run("iam", folder, "--document", "target-policy", "--target", queue, code=0)
    sources = [each["Condition"]["ArnLike"]["aws:SourceArn"] for each in json.loads(done.stdout)["Statement"]]
    assert sources == ["arn:aws:s3:*:*:acme-uploads", "arn:aws:s3:*:*:beta-uploads"]
    function = run("iam", folder, "--document", "target-policy", "--target", "arn:aws:lambda:eu-west-1:123456789012:function:uploads", code=64)
    assert "--statement-id postern-1" in function.stderr and "--statement-id postern-2" in function.stderr


def test_what_aws_refuses_of_events_is_a_warning(run, tmp_path):
    rules = {f"r{n}": {"keyPrefix": f"folder {n}/", "contentTypes": ["image/png"], "maxSize": "1MiB"} for n in range(101)}
    folder = write(tmp_path, Tenant("acme", rules=rules))
    done = run("iam", folder, "--document", "notifications", "--target", "arn:aws:sqs:eu-west-1:123456789012:uploads", code=0)
    entries = json.loads(done.stdout)["QueueConfigurations"]
    assert entries[0]["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": "folder+0/"}]
    assert "warning: acme-uploads: the configuration has 101 entries, and S3 takes at most 100" in done.stderr
    assert "EventBridge takes 2048" in run("iam", folder, "--document", "event-pattern", code=0).stderr


def test_documents_are_read_as_they_are_printed(run, tmp_path):
    """One document, and nothing else, is on standard output: YAML readers, which take JSON too, agree."""
    folder = write(tmp_path, Tenant("acme", origins=ORIGINS, rules=RULES))
    for arguments in (["cors", folder], ["iam", folder]):
        text = run(*arguments, code=0).stdout
        assert yaml.safe_load(text) == json.loads(text) and text.startswith("{\n  ")
