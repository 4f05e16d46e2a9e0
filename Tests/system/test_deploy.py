"""What is in deploy/: it passes the tools of its own kind, and what it says of Postern is so."""

import json
import os
import pathlib
import re
import subprocess
import sys

import boto3
import pytest
import yaml

from harness import canaries, kustomize
from harness.command import Command
from harness.empty_root import tool
from harness.ports import free_ports
from harness.rgw import Credentials
from harness.service import BINARY, ROOT, clean_environment
from harness.tenant import Tenant
from harness.waiting import until

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "postern.service"
KUBERNETES = DEPLOY / "kubernetes"
OVERLAYS = {"base": KUBERNETES / "base", "git-sync": KUBERNETES / "overlays/git-sync"}


@pytest.fixture(scope="module")
def postern(logs) -> Command:
    return Command(logs, "deploy")


@pytest.fixture(scope="module")
def version(postern) -> str:
    return postern("--version", code=0).stdout.split()[-1]


def run(*command, code: int = 0, **more) -> str:
    """What a tool prints on both outputs."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, check=False, **more)
    assert done.returncode == code, (command, done.returncode, done.stdout)
    return done.stdout


def python_tool(name: str) -> pathlib.Path:
    path = pathlib.Path(sys.executable).with_name(name)
    assert path.exists(), f"there is no {path}: scripts/install test installs what is pinned in Tests/system/requirements.txt"
    return path


def ours(pattern: str) -> list[pathlib.Path]:
    """Files of the repository, without what is built or installed."""
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if not name.startswith(".") or name == ".ci"]
        found += [path for path in (pathlib.Path(folder, name) for name in names) if path.match(pattern) and not path.is_symlink()]
    return sorted(found)


# Linters

SHELL = re.compile(rb"#!.*\b(ba|da)?sh\b")


def test_shell_scripts():
    scripts = []
    for path in ours("*"):
        with open(path, "rb") as file:
            if SHELL.match(file.readline()):
                scripts.append(path)
    assert {"install", "deb", "build-release", "rgw-up", "run", "start", "postern.postrm"} <= {path.name for path in scripts}
    run(tool("shellcheck"), *scripts)


def test_dockerfiles():
    files = ours("Dockerfile")
    assert len(files) == 2
    run(python_tool("hadolint"), *files)


def test_compose_file():
    run(python_tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose/compose.yaml")


def test_cloudformation_template():
    assert run(python_tool("cfn-lint"), "--", DEPLOY / "cloudformation/postern.yaml") == ""


# systemd


def settings_of(unit: pathlib.Path) -> dict[str, list[str]]:
    """The settings of [Service], each with all its values."""
    found: dict[str, list[str]] = {}
    section = None
    for line in unit.read_text().splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
        elif section == "Service" and (match := re.fullmatch(r"(\w+)=(.*)", line)):
            found.setdefault(match[1], []).append(match[2])
    return found


def test_the_unit_is_right(tmp_path):
    """But for its program, which is not installed here."""
    unit = tmp_path / "postern.service"
    unit.write_text(UNIT.read_text().replace("/usr/bin/postern", str(BINARY)))
    assert run(tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", unit) == ""
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    assert "WatchdogSecs" in run(tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", unit, code=1), "the tool finds mistakes"


def test_the_unit_is_exposed_little():
    printed = run(tool("systemd-analyze"), "security", "--offline=true", "--no-pager", UNIT)
    level = re.search(r"Overall exposure level for postern.service: ([0-9.]+)", printed)
    assert level and float(level[1]) <= 1.3, printed


def test_the_unit_stops_no_call_that_the_service_makes(make_service, tmp_path):
    """A filter of system calls as the unit has it, without systemd."""
    allowed, denied = set(), set()
    for value in settings_of(UNIT)["SystemCallFilter"]:
        for name in value.removeprefix("~").split():
            (denied if value.startswith("~") else allowed).update(calls_of(name))
    assert len(allowed) > 200 and denied
    launcher = tmp_path / "filtered.py"
    launcher.write_text(FILTERED.format(calls=sorted(allowed - denied)))
    service = make_service("filtered", [Tenant("acme")])
    service.arguments = [sys.executable, str(launcher), *service.arguments]
    with service:
        service.ticket(service.tenants["acme"].token(), contentType="image/png", size=4000)
        assert service.admin("/metrics").status == 200
        status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
        assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE), "the filter is in force"
    assert service.process.returncode == 0
    # What the runtime cannot do is in the log as text: priorities of threads. Without its limit of open files the service would warn.
    assert [line for line in service.log().splitlines() if not line.startswith("{")] == []
    assert "maxConnections was reduced" not in service.log()


def calls_of(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    found = set()
    for line in run(tool("systemd-analyze"), "syscall-filter", name).splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            found |= calls_of(word)
    return found


FILTERED = """import ctypes, ctypes.util, errno, os, sys
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
ALLOW, DENY = 0x7fff0000, 0x00050000 | errno.EPERM
context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(DENY)))
for name in {calls} + ["seccomp"]:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        assert library.seccomp_rule_add(context, ctypes.c_uint32(ALLOW), ctypes.c_int(number), ctypes.c_uint(0)) == 0, name
assert library.seccomp_load(context) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_drop_in_leaves_the_reload_to_systemd():
    drop_in = settings_of(DEPLOY / "postern.service.d/notify-reload.conf")
    assert drop_in == {"Type": ["notify-reload"], "ExecReload": [""]}
    assert settings_of(UNIT)["Type"] == ["notify"] and "-HUP" in settings_of(UNIT)["ExecReload"][0]


# Man pages and completions


def test_man_pages(tmp_path, postern):
    run(ROOT / "scripts/man-pages", BINARY, tmp_path)
    pages = sorted(tmp_path.iterdir())
    listed = re.findall(r"^  (\w+)  ", postern("--help", code=0).stdout.split("SUBCOMMANDS:")[1], re.MULTILINE)
    assert {f"postern-{name}.1" for name in listed} | {"postern.1", "postern.yaml.5", "postern-key-new.1"} == {page.name for page in pages}
    assert run(tool("mandoc"), "-T", "lint", "-W", "warning", *pages) == ""
    text = run(tool("mandoc"), "-T", "utf8", tmp_path / "postern-serve.1")
    plain = re.sub(r".\x08", "", text)
    assert "--drain-delay duration" in plain and "SYNOPSIS" in plain
    settings = re.sub(r".\x08", "", run(tool("mandoc"), "-T", "utf8", tmp_path / "postern.yaml.5"))
    schema = json.loads(postern("schema", "--service", code=0).stdout)
    assert all(f"\n       {name}" in settings for name in schema["properties"])


def test_the_completion_script_of_bash(tmp_path, postern):
    script = tmp_path / "postern"
    script.write_text(postern("--generate-completion-script", "bash", code=0).stdout)
    line = "source $1; COMP_WORDS=(postern che); COMP_CWORD=1; COMP_LINE='postern che'; COMP_POINT=11; _postern postern che postern; echo ${COMPREPLY[@]}"
    assert run("bash", "-c", line, "bash", script).split() == ["check"]


# Kubernetes


@pytest.fixture(scope="module", params=OVERLAYS)
def objects(request) -> list[dict]:
    return kustomize.build(OVERLAYS[request.param])


def deployment_of(objects: list[dict]) -> dict:
    return kustomize.named(objects, "Deployment")["spec"]


def container_of(objects: list[dict]) -> dict:
    return next(item for item in deployment_of(objects)["template"]["spec"]["containers"] if item["name"] == "postern")


def test_every_file_is_used():
    written = {path for path in KUBERNETES.rglob("*.yaml")}
    used = set()

    def read(folder: pathlib.Path):
        description = yaml.safe_load((folder / "kustomization.yaml").read_text())
        used.add(folder / "kustomization.yaml")
        for name in description.get("resources", []) + description.get("components", []):
            path = (folder / name).resolve()
            read(path) if path.is_dir() else used.add(path)
        used.update(folder / name for generator in description.get("configMapGenerator", []) for name in generator["files"])
        used.update(folder / patch["path"] for patch in description.get("patches", []))

    for folder in OVERLAYS.values():
        read(folder)
    assert written == used


def test_manifests_are_valid(objects):
    import kubernetes_validate

    kinds = {item["kind"] for item in objects}
    assert {"Deployment", "Service", "ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ServiceAccount"} <= kinds
    for item in objects:
        if item["apiVersion"].startswith("monitoring.coreos.com/"):
            continue  # The operator's own kind: see test_prometheus_finds_the_pods
        kubernetes_validate.validate(item, "1.37", strict=True)
    wrong = kustomize.merge(kustomize.named(objects, "Deployment"), {"spec": {"replica": 2}})
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


def test_names_in_manifests_exist(objects):
    spec = deployment_of(objects)["template"]["spec"]
    labels = deployment_of(objects)["template"]["metadata"]["labels"]

    def selects(selector: dict) -> bool:
        return bool(selector) and selector.items() <= labels.items()

    assert selects(deployment_of(objects)["selector"]["matchLabels"])
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    containers = spec.get("initContainers", []) + spec["containers"]
    assert {mount["name"] for container in containers for mount in container["volumeMounts"]} == set(volumes)
    maps = {item["metadata"]["name"] for item in objects if item["kind"] == "ConfigMap"}
    assert {volume["configMap"]["name"] for volume in volumes.values() if "configMap" in volume} <= maps
    assert kustomize.named(objects, "ServiceAccount", spec["serviceAccountName"])
    ports = {port["name"]: port["containerPort"] for port in container_of(objects)["ports"]}
    for service in (item for item in objects if item["kind"] == "Service"):
        assert selects(service["spec"]["selector"]) and {port["targetPort"] for port in service["spec"]["ports"]} <= set(ports)
    assert selects(kustomize.named(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"])
    for constraint in spec["topologySpreadConstraints"]:
        assert selects(constraint["labelSelector"]["matchLabels"])
    policy = kustomize.named(objects, "NetworkPolicy")["spec"]
    assert selects(policy["podSelector"]["matchLabels"])
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} == set(ports)
    target = kustomize.named(objects, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert kustomize.named(objects, target["kind"], target["name"])["apiVersion"] == target["apiVersion"]
    assert "replicas" not in deployment_of(objects), "the autoscaler decides it"


def test_pods_have_few_rights(objects):
    spec = deployment_of(objects)["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for container in spec.get("initContainers", []) + spec["containers"]:
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["requests"] and container["resources"]["limits"]["memory"]
        assert not container["image"].endswith(":latest") and ":" in container["image"]


def test_manifests_say_of_postern_what_is_so(objects, postern, version, tmp_path):
    container = container_of(objects)
    assert container["image"].endswith(f"/postern:{version}")
    settings = next(item for item in objects if item["kind"] == "ConfigMap" and item["metadata"]["name"].startswith("postern-settings-"))
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    (tmp_path / "postern.yaml").write_text(settings["data"]["postern.yaml"])
    config = yaml.safe_load(settings["data"]["postern.yaml"])
    assert container["args"] == ["serve", "--config", f"{mounts['settings']}/postern.yaml"]
    assert config["audit"] == "-", "the root is read-only, and what is printed is collected"
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert config["listen"] == f"0.0.0.0:{ports['http']}" and config["admin"] == f"0.0.0.0:{ports['admin']}"
    documented = yaml.safe_load((ROOT / "openapi-admin.yaml").read_text())["paths"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == "admin" and container[probe]["httpGet"]["path"] in documented
        # /healthz itself may take two seconds.
        assert container[probe]["timeoutSeconds"] > 2
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz" and container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    drain = int(config["drainDelay"].removesuffix("s"))
    # While the pod is still asked, the endpoints are told: readiness has to fail first.
    assert drain >= container["readinessProbe"]["periodSeconds"] * container["readinessProbe"]["failureThreshold"]
    assert deployment_of(objects)["template"]["spec"]["terminationGracePeriodSeconds"] >= drain + 20 + 5
    variables = {entry["name"]: entry["value"] for entry in container.get("env", [])}
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, text in kustomize.named(objects, "ConfigMap", "postern-rules")["data"].items():
        (rules / name).write_text(text)
    out = postern("check", rules, "--config", tmp_path / "postern.yaml", code=0).stdout
    assert "fine: " in out
    # All addresses of a pod, which the NetworkPolicy guards.
    warnings = [line for line in out.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2 and all("which other networks may reach" in line for line in warnings), out
    # The folder of rules is where the volume is.
    folder = pathlib.PurePosixPath(variables.pop("POSTERN_TENANTS", config["tenants"]))
    assert pathlib.PurePosixPath(mounts["rules"]) in (folder, *folder.parents)
    assert not variables, "only what is looked at here"


def test_git_sync_puts_the_rules_where_postern_looks():
    objects = kustomize.build(OVERLAYS["git-sync"])
    spec = deployment_of(objects)["template"]["spec"]
    sidecar = next(container for container in spec["containers"] if container["name"] == "git-sync")
    first = spec["initContainers"][0]
    variables = {entry["name"]: entry["value"] for entry in sidecar["env"]}
    assert first["env"] == sidecar["env"] and first["image"] == sidecar["image"] and first["args"] == ["--one-time"]
    tenants = next(entry["value"] for entry in container_of(objects)["env"] if entry["name"] == "POSTERN_TENANTS")
    assert tenants == f"{variables['GITSYNC_ROOT']}/{variables['GITSYNC_LINK']}/tenants"
    for container in (first, sidecar, container_of(objects)):
        assert {"name": "rules", "mountPath": variables["GITSYNC_ROOT"]}.items() <= next(
            mount for mount in container["volumeMounts"] if mount["name"] == "rules").items()
    assert next(volume for volume in spec["volumes"] if volume["name"] == "rules").keys() == {"name", "emptyDir"}


def test_prometheus_finds_the_pods():
    objects = kustomize.build(OVERLAYS["git-sync"])
    monitor = kustomize.named(objects, "ServiceMonitor")["spec"]
    services = [item for item in objects if item["kind"] == "Service"
                and monitor["selector"]["matchLabels"].items() <= item["metadata"]["labels"].items()]
    assert [service["metadata"]["name"] for service in services] == ["postern-admin"]
    endpoint, = monitor["endpoints"]
    assert endpoint["port"] in {port["name"] for port in services[0]["spec"]["ports"]} and endpoint["path"] == "/metrics"
    # The operator takes the job's name from this label of the Service.
    job = services[0]["metadata"]["labels"][monitor["jobLabel"]]
    assert f'job="{job}"' in (DEPLOY / "monitoring/alerts.yaml").read_text()


def test_a_configuration_on_all_addresses_starts(make_service):
    """With the settings of the base, but for its ports and its folder."""
    config = yaml.safe_load((KUBERNETES / "base/postern.yaml").read_text())
    service = make_service("kubernetes", [Tenant("acme")])
    settings = {name: value for name, value in config.items() if name not in ("tenants", "listen", "admin")}
    (service.folder / "postern.yaml").write_text(yaml.safe_dump(settings))
    service.arguments += ["--config", str(service.folder / "postern.yaml"), "--drain-delay", "0s"]
    with service:
        assert service.admin("/readyz").status == 200


# CloudFormation


class Intrinsics(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def intrinsic(loader, tag, node):
    value = (loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else
             loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else loader.construct_mapping(node, deep=True))
    return {tag: value}


Intrinsics.add_multi_constructor("!", intrinsic)
PARTITION = {"AWS::Partition": "aws", "AWS::AccountId": "123456789012"}
PROVIDER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E"


def evaluated(template: dict, parameters: dict[str, str]) -> dict:
    """The resources, with parameters and their defaults put in."""
    values = PARTITION | {name: parameter["Default"].split(",") if parameter["Type"] == "CommaDelimitedList" else parameter["Default"]
                          for name, parameter in template["Parameters"].items()} | parameters

    def value(node):
        if isinstance(node, list):
            return [value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), = node.items()
            if name == "Ref":
                return values.get(argument, argument)
            if name == "Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda match: values.get(match[1], f"<{match[1]}>"), argument)
            if name == "If":
                return value(argument[1] if value(template["Conditions"][argument[0]]) else argument[2])
            if name == "Equals":
                return value(argument[0]) == value(argument[1])
            if name == "Not":
                return not value(argument[0])
            if name == "GetAtt":
                return f"<{argument}>"
        return {key: value(item) for key, item in node.items()}

    return value(template["Resources"])


@pytest.fixture(scope="module")
def template() -> dict:
    return yaml.load((DEPLOY / "cloudformation/postern.yaml").read_text(), Intrinsics)


RULES = KUBERNETES / "base/tenants"


def test_the_role_is_what_postern_iam_prints(template, postern):
    role = evaluated(template, {"OidcProvider": PROVIDER})["Role"]["Properties"]
    statements = [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]
    assert statements == json.loads(postern("iam", RULES, code=0).stdout)["Statement"]
    trust = postern("iam", RULES, "--document", "trust", "--oidc-provider", f"arn:aws:iam::123456789012:oidc-provider/{PROVIDER}",
                    "--service-account", "uploads:postern", code=0).stdout
    assert json.loads(role["AssumeRolePolicyDocument"]) == json.loads(trust)


def test_the_bucket_has_the_cors_rules_that_postern_cors_prints(template, postern, tmp_path):
    for method in ("POST", "PUT"):
        rules = tmp_path / method
        rules.mkdir()
        text = (RULES / "acme.yaml").read_text()
        if method == "PUT":
            text = text.replace("region: eu-west-1}", "region: eu-west-1, method: put}")
        (rules / "acme.yaml").write_text(text)
        printed, = json.loads(postern("cors", rules, code=0).stdout)["CORSRules"]
        bucket = evaluated(template, {"UploadMethod": method})["Bucket"]["Properties"]
        rule, = bucket["CorsConfiguration"]["CorsRules"]
        names = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
        assert {names.get(name, name): value for name, value in rule.items()} == printed
    store = yaml.safe_load((RULES / "acme.yaml").read_text())["store"]
    assert bucket["BucketName"] == store["bucket"]


def test_the_service_account_names_the_role(template):
    account = yaml.safe_load((KUBERNETES / "base/serviceaccount.yaml").read_text())
    assert re.fullmatch(r"arn:aws:iam::\d{12}:role/\S+", account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"])
    assert template["Parameters"]["ServiceAccount"]["Default"].endswith(f":{account['metadata']['name']}")


# Docker and compose


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())


def test_the_image_is_of_this_version(version):
    text = (DEPLOY / "Dockerfile").read_text()
    assert f'org.opencontainers.image.version="{version}"' in text and f"postern:{version}" in text
    swift = re.search(r"FROM swift:([0-9.]+)-bookworm AS build", text)
    oldest = re.match(r"// swift-tools-version: *([0-9.]+)", (ROOT / "Package.swift").read_text())
    assert [int(part) for part in swift[1].split(".")] >= [int(part) for part in oldest[1].split(".")]


def test_the_image_has_its_settings_in_a_file():
    """Variables of the image would take precedence over the files of Kubernetes and compose: the admin listener would be the image's."""
    text = (DEPLOY / "Dockerfile").read_text()
    assert set(re.findall(r"\b(POSTERN_[A-Z_]+)=", text)) == {"POSTERN_CONFIG"}


def test_the_build_gets_all_that_it_needs():
    """Everything that Package.swift and scripts/build-release name is let in by .dockerignore, and nothing secret."""
    entered = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    paths = set(re.findall(r'path: "([^"/]+)', (ROOT / "Package.swift").read_text())) | {"Package.swift", "Sources", "scripts"}
    links = {path.resolve().relative_to(ROOT).parts[0] for path in (ROOT / "Sources").rglob("*") if path.is_symlink()}
    assert paths | links | {"Tests"} <= entered and not {".git", ".build", ".venv"} & entered


def test_the_compose_file_says_what_is_so(compose, version, postern):
    folder = DEPLOY / "compose"
    services = compose["services"]
    assert services["postern"]["image"] == f"postern:{version}"
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (folder / source).exists() if source.startswith(".") else source in compose["volumes"], volume
        if "build" in service:
            context = (folder / service["build"]["context"]).resolve()
            assert context == ROOT and (ROOT / service["build"]["dockerfile"]).is_file()
        else:
            assert re.search(r":[\d.]+", service["image"]), "pinned"
    config = yaml.safe_load((folder / "postern.yaml").read_text())
    assert config["audit"] == "-" and services["postern"]["read_only"]
    assert "./postern.yaml:/etc/postern/postern.yaml:ro" in services["postern"]["volumes"], "in the place of the image's file"
    assert config["trustedProxies"] == [services["caddy"]["networks"]["front"]["ipv4_address"]]
    assert services["caddy"]["environment"]["POSTERN_UPSTREAM"] == "postern:" + config["listen"].split(":")[1]
    assert "fine: " in postern("check", folder / "tenants", "--config", folder / "postern.yaml", code=0).stdout
    tenant = yaml.safe_load((folder / "tenants/acme.yaml").read_text())
    assert tenant["store"]["bucket"] == services["store"]["environment"]["RGW_BUCKETS"]
    assert int(services["postern"]["stop_grace_period"].removesuffix("s")) >= 25


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The store as its container starts it, but with its data in memory and on loopback."""
    data = tmp_path_factory.mktemp("compose-store") / "data"
    port, mon_port = free_ports(2)
    credentials = Credentials("AKIACOMPOSESTORE00001", canaries.secret("compose-store-key/+"))
    environment = clean_environment(
        RGW_OSD="memstore", RGW_HOST="127.0.0.1", RGW_PORT=str(port), RGW_MON_PORT=str(mon_port), RGW_BUCKETS="acme-uploads",
        RGW_DNS_NAME="store.localhost", RGW_ACCESS_KEY=credentials.access_key, RGW_SECRET_KEY=credentials.secret_key,
        STORE_ORIGINS="https://localhost", STORE_DATA=str(data), PYTHON=sys.executable,
        PATH=f"{ROOT / 'scripts'}:{os.environ['PATH']}")
    log = data.parent / "log"
    with open(log, "wb") as output:
        process = subprocess.Popen([DEPLOY / "compose/store/start"], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        def started() -> bool:
            assert process.poll() is None or pytest.fail(log.read_text())
            return "the store is ready" in log.read_text()

        until("the store runs", started, seconds=90)
        yield port, credentials
        assert process.poll() is None, "it runs as long as the gateway"
    finally:
        process.terminate()
        assert process.wait(60) == 0
    assert not pathlib.Path(f"/proc/{process.pid}").exists()


def test_the_store_has_the_cors_rules_that_postern_cors_prints(store, postern):
    port, credentials = store
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id=credentials.access_key,
                          aws_secret_access_key=credentials.secret_key)
    printed = json.loads(postern("cors", DEPLOY / "compose/tenants", code=0).stdout)["CORSRules"]
    assert sorted_lists(client.get_bucket_cors(Bucket="acme-uploads")["CORSRules"]) == sorted_lists(printed)


def sorted_lists(rules: list[dict]) -> list[dict]:
    return [{name: sorted(value) if isinstance(value, list) else value for name, value in rule.items()} for rule in rules]


def test_the_whole_way_through_caddy(make_service, store, tmp_path):
    """Debian's Caddy with the Caddyfile as it is, asked by the names that it has by default, and by one more."""
    store_port, credentials = store
    https_port, http_port = free_ports(2)
    site, store_site = f"https://localhost:{https_port}", f"https://store.localhost:{https_port}"
    tenant = Tenant("acme", origins=["https://localhost"], store={
        "bucket": "acme-uploads", "region": "us-east-1", "endpoint": store_site, "addressing": "path"})
    service = make_service("compose", [tenant], credentials, configuration={"trustedProxies": ["127.0.0.1"]}, log_level="info")
    caddyfile, authority = tmp_path / "Caddyfile", tmp_path / "data/caddy/pki/authorities/local/root.crt"
    ports = f"{{\n\tadmin off\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n\thttp_port {http_port}\n\thttps_port {https_port}\n}}\n"
    caddyfile.write_text(ports + (DEPLOY / "compose/Caddyfile").read_text())
    environment = clean_environment(
        HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path / "data"), XDG_CONFIG_HOME=str(tmp_path / "config"), POSTERN_SITE="localhost, tickets.localhost",
        STORE_SITE="store.localhost", POSTERN_UPSTREAM=f"127.0.0.1:{service.port}", STORE_UPSTREAM=f"127.0.0.1:{store_port}")

    def ask(url: str, *arguments) -> tuple[int, dict[str, str], str]:
        """Status, header fields and body, by curl, which trusts Caddy's own authority."""
        hosts = [word for host in ("localhost", "tickets.localhost", "store.localhost") for word in ("--resolve", f"{host}:{https_port}:127.0.0.1")]
        printed = subprocess.run(
            [tool("curl"), "--silent", "--show-error", "--http1.1", "--include", "--max-time", "20", "--cacert", authority, *hosts, *arguments, url],
            capture_output=True, stdin=subprocess.DEVNULL, timeout=30, check=True, env=clean_environment(), cwd=tmp_path).stdout.decode()
        *heads, body = printed.split("\r\n\r\n", max(1, printed.count("HTTP/1.1 ")))
        lines = heads[-1].split("\r\n")
        return int(lines[0].split()[1]), dict((name.lower(), value) for name, value in (line.split(": ", 1) for line in lines[1:])), body

    with service, open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([tool("caddy"), "run", "--adapter", "caddyfile", "--config", caddyfile], env=environment,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            def passes_on() -> bool:
                if process.poll() is not None:
                    raise RuntimeError((tmp_path / "log").read_text())
                try:
                    return authority.exists() and ask(f"{site}/healthz")[0] == 200
                except subprocess.CalledProcessError:
                    return False

            until("caddy passes requests on", passes_on, seconds=60)
            status, fields, body = ask(
                f"{site}/v1/tickets", "--header", f"Authorization: Bearer {tenant.token()}", "--header", "Origin: https://localhost",
                "--json", json.dumps({"contentType": "image/png", "size": 4}))
            assert status == 201 and fields["access-control-allow-origin"] == "https://localhost"
            assert "strict-transport-security" not in fields, "it would count for every port"
            assert "strict-transport-security" in ask(f"https://tickets.localhost:{https_port}/healthz")[1]
            ticket = json.loads(body)
            canaries.add_ticket(ticket)
            assert ticket["url"] == f"{store_site}/acme-uploads/"
            (tmp_path / "a.png").write_bytes(b"png!")
            form = [word for name, value in ticket["fields"].items() for word in ("--form-string", f"{name}={value}")]
            status, fields, body = ask(ticket["url"], "--header", "Origin: https://localhost", *form, "--form", "file=@a.png;type=image/png")
            assert status in (201, 204), body
            assert fields["access-control-allow-origin"] == "https://localhost"
            # The peer is Caddy's client, not Caddy: with another address it would be seen.
            assert next(line for line in service.log_lines() if line["message"] == "ticket issued")["peer"] == "127.0.0.1"
            assert ask(f"{site}/readyz")[0] == 404, "the admin listener is not passed on"
        finally:
            process.terminate()
            process.wait(20)
    assert service.process.returncode == 0
