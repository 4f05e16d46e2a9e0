"""What the service tells a service manager (systemd's protocol, sd_notify): ready, reloading, stopping, alive."""

import ctypes
import os
import pathlib
import signal
import socket
import time

import pytest

from harness.tenant import Tenant
from harness.waiting import until


class Manager:
    """The socket of a service manager, by a path or by an abstract name."""

    def __init__(self, name: str):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.setblocking(False)
        self.received: list[dict[str, str]] = []

    def read(self) -> list[dict[str, str]]:
        """All messages so far, signs of life left out."""
        while True:
            try:
                message = self.socket.recv(4096).decode()
            except BlockingIOError:
                return [message for message in self.received if "WATCHDOG" not in message]
            self.received.append(dict(line.split("=", 1) for line in message.splitlines()))

    def pings(self) -> int:
        self.read()
        return sum("WATCHDOG" in message for message in self.received)


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    manager = Manager(str(tmp_path / "notify") if request.param == "path" else f"@postern-test-{os.getpid()}-{time.monotonic_ns()}")
    yield manager
    manager.socket.close()


def started(make_service, manager: Manager, name: str, **more: str):
    service = make_service(name, [Tenant("acme")], environment={"NOTIFY_SOCKET": manager.name} | more, log_level="info",
                           arguments=["--reload", "0"])
    return service.start()


def test_a_manager_is_told_of_start_reload_and_stop(make_service, manager):
    service = started(make_service, manager, "notify")
    until("it is ready", lambda: manager.read())
    assert manager.read() == [{"READY": "1", "STATUS": "Serving 1 tenant"}]
    assert not manager.pings(), "nobody has asked for signs of life"

    path = service.tenants_folder / "beta.yaml"
    Tenant("beta", store={"bucket": "beta-uploads", "region": "eu-west-1"}).write(service.tenants_folder, service.folder / "keys")
    before = time.clock_gettime(time.CLOCK_MONOTONIC)
    service.process.send_signal(signal.SIGHUP)
    until("the files have been read", lambda: len(manager.read()) == 3)
    reloading, ready = manager.read()[1:]
    assert reloading["RELOADING"] == "1" and ready == {"READY": "1", "STATUS": "Serving 2 tenants"}
    assert before <= int(reloading["MONOTONIC_USEC"]) / 1e6 <= time.clock_gettime(time.CLOCK_MONOTONIC)
    assert service.admin("/readyz").json()["tenants"] == 2, "what was read is in force"

    path.write_text("tenant: beta\n")
    service.process.send_signal(signal.SIGHUP)
    until("the files have been read", lambda: len(manager.read()) == 5)
    assert manager.read()[4] == {"READY": "1", "STATUS": "Serving 2 tenants; files held back: 1 (see /readyz)"}

    service.terminate()
    assert service.process.wait(25) == 0
    assert manager.read()[5:] == [{"STOPPING": "1", "EXTEND_TIMEOUT_USEC": "25000000", "STATUS": "Stopping"}]


def test_a_service_that_cannot_start_is_not_ready(make_service, manager):
    service = make_service("notify-mistake", [Tenant("acme")], environment={"NOTIFY_SOCKET": manager.name})
    (service.tenants_folder / "acme.yaml").write_text("tenant: acme\n")
    with pytest.raises(Exception, match="exit code 1"):
        service.start()
    assert manager.read() == []


def test_programs_that_the_service_runs_cannot_speak_for_it(make_service, manager, tmp_path):
    found = tmp_path / "environment"
    program = tmp_path / "credentials"
    program.write_text(f"#!/bin/sh\nenv > {found}\n"
                       """echo '{"Version": 1, "AccessKeyId": "AKIAPROGRAMPROGRAM00", "SecretAccessKey": "canary/program"}'\n""")
    program.chmod(0o755)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {program}\n")
    service = make_service("notify-program", [Tenant("acme")], None, environment={
        "NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "60000000", "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"})
    with service:
        until("it is ready", lambda: manager.read())
    variables = {line.split("=", 1)[0] for line in found.read_text().splitlines()}
    assert "AWS_CONFIG_FILE" in variables and not variables & {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}


def send_until_full(name: str) -> int:
    """By one sender, which has a queue of its own; returns how many messages were sent."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        count = 0
        while True:
            try:
                sender.sendto(b"X=1", name)
            except BlockingIOError:
                return count
            count += 1


def test_a_manager_that_does_not_read_and_then_goes_away_changes_nothing(make_service, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    # The manager's queue is full before the service starts.
    while send_until_full(manager.name):
        pass
    service = started(make_service, manager, "notify-full", WATCHDOG_USEC="300000")
    for _ in range(3):
        service.process.send_signal(signal.SIGHUP)
        assert service.admin("/healthz").status == 200
    # Once the queue is read, the messages come, in order.
    until("it is ready", lambda: [message for message in manager.read() if "X" not in message], seconds=20)
    assert next(message for message in manager.read() if "X" not in message)["READY"] == "1"
    manager.socket.close()
    os.unlink(manager.name)
    service.process.send_signal(signal.SIGHUP)
    until("all files were read", lambda: service.log().count("SIGHUP: reading all files") >= 2)
    assert service.admin("/healthz").status == 200
    assert service.stop() == 0


# Signs of life

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def trace(request: int, thread: int):
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of thread {thread}")


def event_loops(pid: int) -> list[int]:
    """The threads of the event loops, which SwiftNIO names."""
    threads = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sorted(int(thread.name) for thread in threads if (thread / "comm").read_text().startswith("NIO-SGLTN"))


def stop_thread(thread: int):
    trace(SEIZE, thread)
    trace(INTERRUPT, thread)
    os.waitpid(thread, 0x40000000)  # __WALL


@pytest.mark.parametrize("which", ["one loop", "all loops"])
def test_signs_of_life_end_when_event_loops_stand_still(make_service, tmp_path, which):
    """Not only when the process does: here every other thread runs on, and one loop of several is enough."""
    manager = Manager(str(tmp_path / "notify"))
    service = started(make_service, manager, f"watchdog-{which.split()[0]}", WATCHDOG_USEC="600000")
    pid = service.process.pid
    until("signs of life come", lambda: manager.pings() >= 3)
    loops = event_loops(pid)
    assert loops, "the event loops are found by their names"
    stopped = loops[-1:] if which == "one loop" else loops
    for thread in stopped:
        stop_thread(thread)
    try:
        # What was under way when they stopped.
        time.sleep(0.3)
        before = manager.pings()
        time.sleep(2)
        assert manager.pings() == before
        assert service.running
    finally:
        for thread in stopped:
            trace(DETACH, thread)
    until("signs of life come again", lambda: manager.pings() >= before + 3)
    assert service.stop() == 0


def test_signs_of_life_go_on_while_the_service_drains(make_service, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    service = make_service("watchdog-drain", [Tenant("acme")], arguments=["--drain-delay", "1s"], log_level="info",
                           environment={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "600000"}).start()
    until("signs of life come", lambda: manager.pings() >= 1)
    service.terminate()
    stopping = until("it stops", lambda: [message for message in manager.read() if "STOPPING" in message])
    assert stopping[0]["EXTEND_TIMEOUT_USEC"] == "26000000"
    before = manager.pings()
    assert service.process.wait(25) == 0
    assert manager.pings() >= before + 3


def test_no_signs_of_life_are_sent_for_another_process(make_service, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    service = started(make_service, manager, "watchdog-other", WATCHDOG_USEC="300000", WATCHDOG_PID="1")
    until("it is ready", lambda: manager.read())
    time.sleep(0.5)
    assert manager.pings() == 0
    assert service.stop() == 0
