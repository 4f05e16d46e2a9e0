"""The audit log: no ticket without its line, whatever happens to the file."""

import json
import os
import pathlib
import signal
import subprocess
import threading

import pytest

from harness.command import Command
from harness.http import ConnectionEnded
from harness.service import DidNotStart, Service
from harness.tenant import Tenant
from harness.waiting import until

WISH = {"contentType": "image/png", "filename": "a.png", "size": 1000}


def records(text: str) -> list[dict]:
    """The lines that are JSON; a line that was cut off is none."""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            pass
    return found


def tickets(text: str) -> set[str]:
    return {record["ticket"] for record in records(text) if record["event"] == "ticket"}


@pytest.fixture
def audited(make_service, tmp_path):
    """Makes a service with an audit log, not started."""
    def make(name: str, *arguments: str, audit: str | pathlib.Path | None = None, **more) -> tuple[Service, Tenant, pathlib.Path]:
        tenant = Tenant("acme")
        path = pathlib.Path(audit or tmp_path / "audit.jsonl")
        return make_service(f"audit-{name}", [tenant], arguments=["--audit", str(path), *arguments], **more), tenant, path
    return make


def test_a_ticket_has_its_line_before_the_client_has_it(audited):
    service, tenant, path = audited("lines")
    with service:
        for number in range(50):
            credential = tenant.token(f"user-{number}") if number % 2 else tenant.api_key
            ticket = service.ticket(credential, **WISH, **({} if number % 2 else {"user": f"user-{number}"}))
            line = records(path.read_text())[-1]
            assert (line["ticket"], line["user"], line["key"]) == (ticket["id"], f"user-{number}", ticket["key"])
        answer = service.post("/v1/tickets/batch", {"tickets": [WISH | {"user": "b"}] * 100}, tenant.api_key)
        given = {result["ticket"]["id"] for result in answer.json()["results"]}
        assert len(given) == 100 and given <= tickets(path.read_text())
        assert service.refusal(tenant.token("u"), contentType="text/html")["code"] == "content-type-not-allowed"
        until("the refusal is written", lambda: [record for record in records(path.read_text()) if record["event"] == "refusal"])
        assert oct(path.stat().st_mode & 0o777) in ("0o640", "0o600")
    assert "ticket issued" not in [line["message"] for line in service.log_lines() if line["level"] == "info"]
    text = path.read_text()
    assert tenant.api_key not in text and "eyJ" not in text


def test_standard_output_has_only_audit_lines_and_standard_error_the_log(audited):
    service, tenant, _ = audited("stdout", audit="-")
    with service:
        ticket = service.ticket(tenant.token("u1"), **WISH)
    assert tickets(service.output.read_text()) == {ticket["id"]}
    assert all("event" in json.loads(line) for line in service.output.read_text().splitlines())
    assert any(json.loads(line)["message"] == "listening" for line in service.errors.read_text().splitlines() if line.startswith("{"))


def test_users_can_be_hashed_and_found_again(audited, tmp_path, logs):
    key = tmp_path / "audit-users"
    key.write_bytes(bytes(range(32)))
    key.chmod(0o600)
    service, tenant, path = audited("hash", configuration={"auditUsers": "hash", "auditUserKey": str(key)})
    with service:
        service.ticket(tenant.token("ann@example.com"), **WISH)
        service.ticket(tenant.api_key, **WISH, user="bob")
    text = path.read_text()
    assert "ann" not in text and "bob" not in text
    ann, bob = (record["userId"] for record in records(text))
    assert f"avatars/{ann}/" in text and ann != bob
    run = Command(logs, "audit-whoami")
    config = ["--tenants", service.tenants_folder, "--config", service.folder / "postern.yaml"]
    users = "cleo\nbob\nann@example.com\n"
    for id, name in ((ann, "ann@example.com"), (bob, "bob")):
        assert run("whoami", *config, "--audit-id", id, given=users, code=0).stdout.startswith(f"{name}, ")
        assert run("whoami", *config, "--audit-id", id.upper(), given="\ufeff" + name + "\r\n", code=0).stdout.startswith(f"{name}, ")
    for wrong in ("", "zz", ann[:-1], " " + ann[1:], ann + "0"):
        assert "an id has 32 hexadecimal digits" in run("whoami", *config, "--audit-id", wrong, given=users, code=64).stderr
    assert run("whoami", *config, "--audit-id", ann, "--issuer", "https://other.example", given=users, code=1).stdout.startswith("None of 3")
    assert run("whoami", *config, "--audit-id", ann, "--issuer", tenant.issuers[0].issuer, given=users, code=0).stdout.startswith("ann@")
    assert run("whoami", *config, "--audit-id", "0" * 32, given=users, code=1).stdout.startswith("None of 3 users has this id.\n")
    report = json.loads(run("whoami", *config, "--json", given=tenant.token("ann@example.com"), code=0).stdout)
    assert report["identity"]["auditId"] == ann


def in_a_small_file_system(service: Service, folder: pathlib.Path, kilobytes: int):
    """Starts the service where `folder` is a file system of its own."""
    folder.mkdir()
    script = f'mount -t tmpfs -o size={kilobytes}k none "$0" && exec "$@"'
    service.arguments = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder), *service.arguments]


def test_a_full_disk_stops_tickets_and_nothing_else_until_there_is_room(audited, tmp_path):
    folder = tmp_path / "small"
    service, tenant, path = audited("full", audit=folder / "audit.jsonl")
    in_a_small_file_system(service, folder, 64)
    given = []
    with service:
        inside = pathlib.Path(f"/proc/{service.process.pid}/root{folder}")
        (inside / "filler").write_bytes(b"x" * 20_000)
        for _ in range(1000):
            answer = service.post("/v1/tickets", WISH, tenant.token("u1"))
            if answer.status != 201:
                break
            given.append(answer.json()["id"])
        assert answer.status == 503 and answer.problem["code"] == "audit-unavailable" and answer.headers["retry-after"] == "5"
        assert service.request("GET", "/healthz").status == 200
        assert service.request("GET", "/v1/rules", {"Authorization": f"Bearer {tenant.token('u1')}"}).status == 200
        assert service.refusal(tenant.token("u1"), contentType="text/html")["code"] == "content-type-not-allowed"
        ready = service.admin("/readyz")
        assert ready.status == 503 and "No space left on device" in ready.json()["reasons"][0]
        (inside / "filler").unlink()
        until("it recovers", lambda: service.admin("/readyz").status == 200, 60)
        given.append(service.ticket(tenant.token("u1"), **WISH)["id"])
        text = (inside / "audit.jsonl").read_text()
    assert set(given) <= tickets(text)
    gap = next(record for record in records(text) if record["event"] == "gap")
    assert gap["failedRequests"] >= 1 and "No space left" in gap["reason"]
    assert len([line for line in text.splitlines() if line]) - len(records(text)) <= 1, "at most one line was cut off"
    levels = {line["message"]: line["level"] for line in service.log_lines()}
    assert levels["the audit log cannot be written: tickets get 503 until it can"] == "error"
    assert levels["the audit log is written again"] == "notice"


def test_a_file_system_that_is_unmounted_stops_tickets(audited, tmp_path):
    folder = tmp_path / "disk"
    service, tenant, path = audited("unmounted", audit=folder / "logs" / "audit.jsonl")
    folder.mkdir()
    script = 'mount -t tmpfs none "$0" && mkdir "$0/logs" && exec "$@"'
    service.arguments = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder), *service.arguments]
    with service:
        service.ticket(tenant.token("u1"), **WISH)
        inside = ["nsenter", f"--target={service.process.pid}", "--user", "--mount", "--preserve-credentials"]
        subprocess.run([*inside, "umount", "--lazy", folder], check=True)
        answer = service.post("/v1/tickets", WISH, tenant.token("u1"))
        assert answer.status == 503 and answer.problem["code"] == "audit-unavailable"
        assert "its folder does not exist" in service.admin("/readyz").json()["reasons"][0]
        (folder / "logs").mkdir()
        until("it recovers", lambda: service.admin("/readyz").status == 200, 60)
        given = service.ticket(tenant.token("u1"), **WISH)["id"]
    assert tickets(path.read_text()) == {given}


def test_a_pipe_that_nobody_reads_stops_tickets_and_gets_whole_lines(audited, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    service, tenant, _ = audited("pipe", audit=pipe)
    given = []
    try:
        with service:
            for _ in range(1000):
                answer = service.post("/v1/tickets", WISH, tenant.token("u1"))
                if answer.status != 201:
                    break
                given.append(answer.json()["id"])
            assert answer.status == 503 and len(given) > 50
            # While it is known that nobody reads, a refusal comes at once, and the rest goes on.
            for _ in range(20):
                assert service.refusal(tenant.token("u1"), **WISH)["code"] == "audit-unavailable"
            assert service.request("GET", "/healthz").status == 200
            text = os.read(reader, 1 << 20).decode()
            assert text.endswith("\n") and len(records(text)) == len(text.splitlines())
            until("it recovers", lambda: service.admin("/readyz").status == 200, 60)
            given.append(service.ticket(tenant.token("u1"), **WISH)["id"])
            text += os.read(reader, 1 << 20).decode()
        assert set(given) <= tickets(text) and len(records(text)) == len(text.splitlines())
    finally:
        os.close(reader)


class Load:
    """Takes tickets on several connections until it is stopped."""

    def __init__(self, service: Service, tenant: Tenant, connections: int = 4):
        self.service, self.token, self.given, self.stopped = service, tenant.token("u1"), [], False
        self.threads = [threading.Thread(target=self.run) for _ in range(connections)]

    def run(self):
        while not self.stopped:
            try:
                answer = self.service.post("/v1/tickets", WISH, self.token)
            except (OSError, ConnectionEnded):
                return
            if answer.status == 201:
                self.given.append(answer.json()["id"])

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        for thread in self.threads:
            thread.join()


def test_files_that_are_renamed_under_load_have_every_ticket(audited):
    service, tenant, path = audited("rename")
    with service, Load(service, tenant) as load:
        for number in range(5):
            until("lines are written", lambda: path.exists() and path.stat().st_size > 10_000)
            path.rename(f"{path}.{number}")
            if number % 2:
                service.process.send_signal(signal.SIGHUP)
        until("a new file is made", lambda: path.exists())
    text = "".join(file.read_text() for file in path.parent.glob("audit.jsonl*"))
    assert set(load.given) <= tickets(text) and len(records(text)) == len(text.splitlines())
    assert len(load.given) > 50


def test_a_process_that_is_killed_has_written_every_ticket_that_was_received(audited):
    service, tenant, path = audited("kill")
    given = []
    for _ in range(3):
        service.start()
        with Load(service, tenant) as load:
            until("tickets are given", lambda: len(load.given) > 100, 60)
            service.kill()
        given += load.given
    text = path.read_text()
    assert set(given) <= tickets(text)


def test_a_flood_of_refusals_loses_no_ticket_and_is_summed_up(audited):
    service, tenant, path = audited("flood")
    with service:
        wrong, given = [WISH | {"contentType": "text/html"}] * 100, []
        for _ in range(20):
            assert service.post("/v1/tickets/batch", {"tickets": wrong}, tenant.token("u1")).status == 200
            for _ in range(10):
                assert service.post("/v1/tickets", WISH, tenant.token("u1")[:-4]).status == 401
            given.append(service.ticket(tenant.token("u1"), **WISH)["id"])
        assert service.stop() == 0
    found = records(path.read_text())
    assert set(given) == tickets(path.read_text())
    refusals = [record for record in found if record["event"] == "refusal"]
    summed = [record for record in found if record["event"] == "refusals"]
    assert 10 <= len(refusals) < 200
    assert len(refusals) + sum(record["codes"]["content-type-not-allowed"] for record in summed) == 2000
    assert all(record["tenant"] == "acme" for record in summed)
    refused = [line for line in service.log_lines() if line["message"] == "request refused"]
    assert sum(1 + line.get("unloggedBefore", 0) for line in refused) <= 200


@pytest.mark.parametrize("arguments, said", [
    (["--audit", "/nonexistent/audit.jsonl"], "/nonexistent/audit.jsonl: its folder does not exist"),
    (["--audit", "/"], "Is a directory"),
    (["--audit", "-", "--audit-users", "hash"], "--audit-user-key"),
    (["--audit", "-", "--audit-users", "hash", "--audit-user-key", "/dev/null"], "auditUserKey /dev/null"),
    (["--audit", "-", "--audit-users", "some"], "plain or hash"),
])
def test_an_audit_log_that_cannot_be_written_is_said_at_the_start(make_service, arguments, said):
    service = make_service("audit-wrong", [Tenant("acme")], arguments=arguments)
    with pytest.raises(DidNotStart) as ended:
        service.start()
    assert said in str(ended.value)


def test_the_metrics_tell_what_was_written(audited):
    service, tenant, _ = audited("metrics", "--audit-sync")
    with service:
        service.ticket(tenant.token("u1"), **WISH)
        text = service.admin("/metrics").body.decode()
    assert "\npostern_audit_writable 1\n" in text and "\npostern_audit_lines_total 1\n" in text
