"""The Debian package and the image, in a Debian system as debootstrap makes it: installed, run without rights, reloaded, removed."""

import json
import os
import pathlib
import re
import shlex
import signal
import ssl
import subprocess
import sys
import time

import pytest
import yaml

from harness import canaries
from harness.certificates import Authority
from harness.debian import Machine, control_group_roots, remove_abandoned_groups
from harness.empty_root import NoWayIn, tool
from harness.http import Connection, ConnectionEnded
from harness.ports import free_ports
from harness.rgw import Credentials
from harness.service import BINARY, ROOT
from harness.tenant import Tenant, to_yaml
from harness.waiting import until

CREDENTIALS = Credentials("AKIAPACKAGEPACKAGE00", canaries.secret("package-secret-key/+"))
WISH = json.dumps({"contentType": "image/png", "size": 4000, "user": "u1"}).encode()


@pytest.fixture(scope="module")
def package() -> pathlib.Path:
    made = subprocess.run([ROOT / "scripts/deb", BINARY], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False)
    assert made.returncode == 0, made.stderr
    return pathlib.Path(made.stdout.strip())


def made_machine(folder: pathlib.Path) -> Machine:
    try:
        return Machine(folder)
    except (NoWayIn, PermissionError) as problem:
        pytest.skip(f"no machine can be made here: {problem}")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    machine = made_machine(tmp_path_factory.mktemp("machines") / "package")
    yield machine
    machine.stop()


def file_of(tenant: Tenant) -> str:
    return to_yaml(tenant.document(pathlib.Path("/nowhere")))


def tenant(id: str) -> Tenant:
    made = Tenant(id, issuers=[], store={"bucket": f"{id}-uploads", "region": "eu-west-1"})
    canaries.add(made.api_key)
    return made


class Asked:
    """A service in a machine, which shares this one's network."""

    def __init__(self, port: int, admin_port: int, tls: ssl.SSLContext | None = None):
        self.port, self.admin_port, self.tls = port, admin_port, tls

    def admin(self, path: str):
        try:
            with Connection(self.admin_port, timeout=5) as connection:
                return connection.request("GET", path)
        except (OSError, ConnectionEnded):
            return None

    def is_ready(self, tenants: int) -> bool:
        answer = self.admin("/readyz")
        return answer is not None and answer.status == 200 and answer.json()["tenants"] == tenants

    def ticket(self, tenant: Tenant) -> dict:
        with Connection(self.port, 10, self.tls) as connection:
            answer = connection.request("POST", "/v1/tickets", {
                "Authorization": f"Bearer {tenant.api_key}", "Content-Type": "application/json"}, WISH)
        assert answer.status == 201, answer.body
        canaries.add_ticket(answer.json())
        return answer.json()


def audited(text: str) -> list[str]:
    """The tickets of an audit log, or of a log that has audit lines in it."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line["ticket"] for line in lines if line.get("event") == "ticket"]


# A shell that makes the root read-only, for itself and what it starts, and takes all rights away.
CONFINED = """
mount -o remount,bind,ro / && mount -t tmpfs -o ro tmpfs /tmp || exit 70
if touch /etc/x 2>/dev/null; then exit 71; fi
exec setpriv --reuid={user} --regid={user} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all env {environment} {command}
"""


def run_confined(machine: Machine, command: str, environment: dict[str, str], log: pathlib.Path, user: int = 65532) -> subprocess.Popen:
    pairs = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
    script = CONFINED.format(user=user, environment=pairs, command=command)
    with open(log, "ab") as output:
        return subprocess.Popen(machine.command("unshare", "--mount", "/bin/sh", "-c", script), stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def process_of(machine: Machine) -> int:
    """The service's id on this machine: the innermost child of what was started there."""
    found = [int(path.name) for path in pathlib.Path("/proc").iterdir()
             if path.name.isdigit() and same_namespace(path, machine) and name_of(path) == "postern"]
    assert len(found) == 1, found
    return found[0]


def same_namespace(process: pathlib.Path, machine: Machine) -> bool:
    try:
        return os.readlink(process / "ns/pid") == os.readlink(f"/proc/{machine.pid}/ns/pid")
    except OSError:
        return False


def name_of(process: pathlib.Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return ""


def assert_without_rights(pid: int, user: int | None = 65532):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    users = re.search(r"^Uid:\s+(.*)$", status, re.MULTILINE)[1].split()
    assert "0" not in users and (user is None or users == [str(user)] * 4), users
    for kind in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(re.search(rf"^{kind}:\s+(\w+)$", status, re.MULTILINE)[1], 16) == 0, kind
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)


# The package


def test_lintian(package):
    done = subprocess.run([tool("lintian"), "--allow-root", "--fail-on", "error,warning", package], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=300, check=False)
    assert done.returncode == 0 and done.stdout == "", done.stdout + done.stderr
    overrides = (ROOT / "deploy/debian/postern.lintian-overrides").read_text().splitlines()
    assert all(before.startswith("#") for before, line in zip(overrides, overrides[1:]) if not line.startswith("#")), "each override is explained"


def test_what_the_package_says(package):
    fields = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
    depends = re.search(r"^Depends: (.*)$", fields, re.MULTILINE)[1]
    # From Debian 13 on it is libssl3t64.
    packages = {name.removesuffix("t64") for name in re.findall(r"([a-z][a-z0-9.+-]+)", depends)}
    assert {"libc6", "libssl3", "libstdc++6", "ca-certificates"} <= packages and "swift" not in depends
    assert re.search(r"^Recommends: logrotate$", fields, re.MULTILINE)
    listed = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    # From Debian 13 on units are in /usr/lib.
    paths = {line.split()[5].removeprefix(".").replace("/usr/lib/systemd", "/lib/systemd") for line in listed.splitlines()}
    assert {"/usr/bin/postern", "/lib/systemd/system/postern.service", "/etc/postern/postern.yaml", "/etc/postern/tenants/", "/etc/logrotate.d/postern",
            "/usr/share/man/man1/postern-serve.1.gz", "/usr/share/man/man5/postern.yaml.5.gz", "/usr/share/bash-completion/completions/postern",
            "/usr/share/zsh/vendor-completions/_postern", "/usr/share/fish/vendor_completions.d/postern.fish",
            "/usr/share/doc/postern/copyright", "/usr/share/doc/postern/third-party-licenses.gz"} <= paths
    conffiles = subprocess.run(["dpkg-deb", "--info", package, "conffiles"], capture_output=True, text=True, check=True).stdout
    assert conffiles.split() == ["/etc/logrotate.d/postern", "/etc/postern/postern.yaml"]
    licenses = subprocess.run(f"dpkg-deb --fsys-tarfile {shlex.quote(str(package))} | tar -xO ./usr/share/doc/postern/third-party-licenses.gz | zcat",
                              shell=True, capture_output=True, text=True, check=True).stdout
    titles = re.findall(r"^======== (.+)$", licenses, re.MULTILINE)
    assert "libyaml" in titles and any(title.startswith("swift-nio/") for title in titles) and "Runtime Library Exception" in licenses


def test_the_document_has_the_packages_rotation():
    rotation = re.sub(r"^#.*\n", "", (ROOT / "deploy/debian/postern.logrotate").read_text(), flags=re.MULTILINE)
    assert f"```\n{rotation}```" in (ROOT / "docs/audit.md").read_text()
    settings = yaml.safe_load((ROOT / "deploy/postern.yaml").read_text())
    assert rotation.startswith(f"{settings['audit']} {{\n")


def test_a_machine_ends_when_its_tests_are_killed(machine, tmp_path):
    code = "import pathlib, sys, time; from harness.debian import Machine; print(Machine(pathlib.Path(sys.argv[1])).pid, flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "machine"], cwd=pathlib.Path(__file__).parent, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as tests:
        first = int(tests.stdout.readline())
        assert pathlib.Path(f"/proc/{first}").exists()
        tests.kill()
    until("its first process is gone", lambda: not pathlib.Path(f"/proc/{first}").exists())

    def groups_are_gone() -> bool:
        remove_abandoned_groups()
        return not any(list(root.glob(f"postern-test-{tests.pid}-*")) for root in control_group_roots())

    until("its control groups are gone", groups_are_gone)


def test_installed_run_reloaded_and_purged(package, machine, logs, tmp_path):
    """On a system that has nothing else, by a user without rights, on a read-only file system."""
    before = machine.files()
    machine.write("/root/postern.deb", package.read_bytes())
    machine.install("/root/postern.deb")
    assert machine.run("postern", "--version").startswith("0.")
    assert not machine.path("/etc/systemd/system/multi-user.target.wants/postern.service").is_symlink(), "it is not enabled"
    acme, beta = tenant("acme"), tenant("beta")
    port, admin_port = free_ports(2)
    machine.write("/etc/postern/tenants/acme.yaml", file_of(acme))
    settings = machine.path("/etc/postern/postern.yaml").read_text()
    machine.write("/etc/postern/postern.yaml", settings.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:9090", f"127.0.0.1:{admin_port}"))
    assert "fine: 1 tenant (acme)" in machine.run("postern", "check", "/etc/postern/tenants", "--config", "/etc/postern/postern.yaml")
    log = logs / "package.log"
    run = run_confined(machine, "/usr/bin/postern serve --config /etc/postern/postern.yaml",
                       CREDENTIALS.environment | {"AWS_EC2_METADATA_DISABLED": "true", "POSTERN_RELOAD": "0", "POSTERN_AUDIT": "-"}, log)
    service = Asked(port, admin_port)
    until("it is ready", lambda: run.poll() is None and service.is_ready(1) or run.poll() is not None, seconds=20)
    assert run.poll() is None, log.read_text()
    pid = process_of(machine)
    assert_without_rights(pid)
    assert service.ticket(acme)["key"].startswith("avatars/u1/")
    machine.write("/etc/postern/tenants/beta.yaml", file_of(beta))
    os.kill(pid, signal.SIGHUP)
    until("the new tenant is served", lambda: service.is_ready(2))
    ticket = service.ticket(beta)
    assert ticket["url"].startswith("https://beta-uploads.") and audited(log.read_text())[-1:] == [ticket["id"]]
    os.kill(pid, signal.SIGTERM)
    assert run.wait(25) == 0
    machine.run("apt-get", "purge", "--yes", "--autoremove", "postern")
    machine.path("/root/postern.deb").unlink()
    # The libraries stay: other packages recommend them.
    assert machine.files() - before - machine.owned_files() == set()
    assert not any("postern" in path for path in machine.files())


def show(machine: Machine, *names: str) -> dict[str, str]:
    printed = machine.run("systemctl", "show", "postern", *(f"--property={name}" for name in names))
    return dict(line.split("=", 1) for line in printed.splitlines())


def assert_audit_log_is_rotated(machine: Machine, pid: int, ask):
    """By Debian's logrotate with the package's file, as its timer runs it, and by hand."""
    folder, log = "/var/log/postern", "/var/log/postern/audit.jsonl"

    def names() -> list[str]:
        return sorted(machine.run("ls", f"{folder}/").split())

    def tickets(name: str) -> list[str]:
        return audited(machine.run("cat", f"{folder}/{name}"))

    first = ask()
    assert tickets("audit.jsonl") == [first]
    assert '"userId":"' in machine.run("cat", log) and '"user":' not in machine.run("cat", log)
    user = pathlib.Path(f"/proc/{pid}").stat().st_uid
    assert machine.run("stat", "--format=%u %a", log).split() == [str(user), "600"]
    assert machine.run("stat", "--dereference", "--format=%u %a", folder).split() == [str(user), "750"]
    # As if logrotate had run the last time before the service was installed.
    machine.write("/var/lib/logrotate/status", f'logrotate state -- version 2\n"{log}" 2020-1-1-0:0:0\n')
    machine.run("systemctl", "start", "logrotate")
    today = names()[0]
    assert names() == [today] and re.fullmatch(r"audit\.jsonl-\d{8}", today), names()
    second = ask()
    assert tickets("audit.jsonl") == [second] and tickets(today) == [first]
    # The next day.
    machine.run("mv", f"{folder}/{today}", f"{folder}/audit.jsonl-20200101")
    assert machine.run("logrotate", "--force", "/etc/logrotate.d/postern") == ""
    third = ask()
    assert names() == ["audit.jsonl", "audit.jsonl-20200101.gz", today]
    assert tickets("audit.jsonl") == [third] and tickets(today) == [second]
    assert audited(machine.run("zcat", f"{folder}/audit.jsonl-20200101.gz")) == [first]


def test_as_a_service_of_systemd(package, machine, tmp_path):
    """With the unit as it is installed: its sandbox, its credentials, the audit log and its rotation, reload, watchdog, an upgrade, and
    purge of what runs."""
    before = machine.files()
    machine.write("/root/postern.deb", package.read_bytes())
    machine.install("/root/postern.deb", "systemd", "systemd-sysv", "logrotate")
    installed = machine.files()
    machine.boot()
    assert machine.run("systemctl", "is-enabled", "postern", code=1).strip() == "disabled"
    acme, beta = tenant("acme"), tenant("beta")
    certificate = Authority(tmp_path, "package").certify("package")
    port, admin_port = free_ports(2)
    machine.write("/etc/postern/tenants/acme.yaml", file_of(acme))
    packaged = yaml.safe_load(machine.path("/etc/postern/postern.yaml").read_text())
    machine.write("/etc/postern/postern.yaml", to_yaml({
        "tenants": "tenants", "listen": f"127.0.0.1:{port}", "admin": f"127.0.0.1:{admin_port}", "reload": "0", "audit": packaged["audit"],
        "auditUsers": "hash", "auditUserKey": "/run/credentials/postern.service/postern.audit-user-key",
        "tlsCert": "/run/credentials/postern.service/postern.tls-cert", "tlsKey": "/run/credentials/postern.service/postern.tls-key"}))
    # Files that only root may read.
    machine.write("/etc/credstore/postern.tls-cert", certificate.chain.read_bytes(), 0o600)
    machine.write("/etc/credstore/postern.tls-key", certificate.key.read_bytes(), 0o600)
    machine.write("/etc/credstore/postern.audit-user-key", os.urandom(32), 0o600)
    machine.write("/etc/credstore/postern.aws-credentials", f"[default]\naws_access_key_id = {CREDENTIALS.access_key}\n"
                  f"aws_secret_access_key = {CREDENTIALS.secret_key}\n", 0o600)
    machine.write("/etc/postern/credentials.env", "AWS_EC2_METADATA_DISABLED=true\n", 0o600)
    # A short time, so that the test need not wait a minute.
    machine.write("/run/systemd/system/postern.service.d/watchdog.conf", "[Service]\nWatchdogSec=2s\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", "postern")
    state = show(machine, "ActiveState", "StatusText", "Type")
    assert state == {"ActiveState": "active", "StatusText": "Serving 1 tenant", "Type": "notify"}
    service = Asked(port, admin_port, ssl.create_default_context(cafile=str(tmp_path / "package.pem")))
    pid = process_of(machine)
    assert_without_rights(pid, user=None)
    assert re.search(r"^Seccomp:\s+2$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert pathlib.Path(f"/proc/{pid}/limits").read_text().count("Max core file size        0                    0") == 1
    assert_audit_log_is_rotated(machine, pid, lambda: service.ticket(acme)["id"])

    machine.write("/etc/postern/tenants/beta.yaml", file_of(beta))
    machine.run("systemctl", "reload", "postern")
    until("the new tenant is served", lambda: show(machine, "StatusText", "ActiveState") == {"StatusText": "Serving 2 tenants", "ActiveState": "active"})
    service.ticket(beta)
    assert process_of(machine) == pid, "a reload is no restart"

    # It lives for longer than the watchdog's time, and when it hangs it is started anew.
    time.sleep(2.5)
    assert show(machine, "NRestarts")["NRestarts"] == "0"
    os.kill(pid, signal.SIGSTOP)
    until("it was started anew", lambda: show(machine, "NRestarts", "ActiveState") == {"NRestarts": "1", "ActiveState": "active"}, seconds=30)
    service.ticket(acme)

    # The same package again is an upgrade to dpkg: what ran is started anew, with the edited settings.
    pid = process_of(machine)
    machine.run("dpkg", "--install", "/root/postern.deb")
    until("it runs again", lambda: show(machine, "ActiveState")["ActiveState"] == "active" and process_of(machine) != pid, seconds=30)
    service.ticket(acme)
    pid = process_of(machine)
    machine.run("systemctl", "stop", "postern")
    assert show(machine, "ActiveState", "Result", "ExecMainStatus") == {"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"}
    # Files that only TLS needs may be missing.
    machine.run("rm", "/etc/credstore/postern.tls-cert", "/etc/credstore/postern.tls-key")
    settings = yaml.safe_load(machine.path("/etc/postern/postern.yaml").read_text())
    machine.write("/etc/postern/postern.yaml", to_yaml({name: value for name, value in settings.items() if not name.startswith("tls")}))
    machine.run("systemctl", "start", "postern")
    Asked(port, admin_port).ticket(acme)
    machine.run("apt-get", "purge", "--yes", "postern")
    machine.path("/root/postern.deb").unlink()
    assert service.admin("/readyz") is None, "what runs is stopped"
    left = {path for path in machine.files() if "postern" in path and not path.startswith(("/etc/credstore/", "/var/log/journal"))}
    assert left == set() and installed > before


# The image


def instructions(path: pathlib.Path) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE))
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def test_the_image(tmp_path_factory, logs):
    """The steps of the Dockerfile's last stage, read from it, on a system of the same kind as the stage begins with."""
    steps = instructions(ROOT / "deploy/Dockerfile")
    last = max(index for index, (name, _) in enumerate(steps) if name == "FROM")
    assert re.fullmatch(r"debian:1\d\.\d+-slim", steps[last][1])
    machine = made_machine(tmp_path_factory.mktemp("machines") / "image")
    try:
        environment, user, entry, command, health = {}, None, None, None, None
        for name, value in steps[last + 1:]:
            match name:
                case "RUN":
                    machine.shell(value)
                case "COPY":
                    if value.startswith("--from=build "):
                        source, target = re.fullmatch(r"--from=build /src/\.build/release/(postern) (\S+)", value).groups()
                        machine.write(target, BINARY.with_name(source).read_bytes(), 0o755)
                    else:
                        source, target = value.split()
                        machine.write(target, (ROOT / source).read_bytes())
                case "ENV":
                    environment |= dict(pair.split("=", 1) for pair in shlex.split(value))
                case "USER":
                    user, group = map(int, value.split(":"))
                    assert user == group and user > 0
                case "ENTRYPOINT":
                    entry = json.loads(value)
                case "CMD":
                    command = json.loads(value)
                case "HEALTHCHECK":
                    health = json.loads(value.partition("CMD ")[2])
                case "EXPOSE" | "LABEL":
                    pass
                case _:
                    raise AssertionError(f"{name} is not known here")
        acme = tenant("acme")
        machine.write("/etc/postern/tenants/acme.yaml", file_of(acme))
        settings = yaml.safe_load(machine.path(environment["POSTERN_CONFIG"]).read_text())
        assert settings == {"tenants": "/etc/postern/tenants", "listen": "0.0.0.0:8080", "admin": "127.0.0.1:9090", "audit": "-"}
        assert {name for name in environment if name.startswith("POSTERN_")} == {"POSTERN_CONFIG"}, "a file that is mounted counts"
        # The ports are this machine's: others may listen there.
        port, admin_port = free_ports(2)
        environment |= {"POSTERN_LISTEN": f"127.0.0.1:{port}", "POSTERN_ADMIN": f"127.0.0.1:{admin_port}", "AWS_EC2_METADATA_DISABLED": "true"}
        check = [word.replace("9090", str(admin_port)) for word in health]
        assert check != health
        machine.run(*check, code=1)
        log = logs / "image.log"
        run = run_confined(machine, shlex.join(entry + command), CREDENTIALS.environment | environment, log, user)
        service = Asked(port, admin_port)
        until("it is ready", lambda: run.poll() is None and service.is_ready(1) or run.poll() is not None, seconds=20)
        assert run.poll() is None, log.read_text()
        pid = process_of(machine)
        assert_without_rights(pid, user)
        ticket = service.ticket(acme)
        assert audited(log.read_text()) == [ticket["id"]]
        machine.run(*check)
        os.kill(pid, signal.SIGSTOP)
        machine.run("timeout", "2", *check, code=124)
        # Nsenter stops with its child, and continues it.
        run.send_signal(signal.SIGCONT)
        os.kill(pid, signal.SIGTERM)
        assert run.wait(25) == 0
    finally:
        machine.stop()
