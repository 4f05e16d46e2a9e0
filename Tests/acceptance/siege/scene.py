"""A service to attack, and the attack itself: memory before, at the peak and ten seconds after, with honest clients beside it."""

import pathlib
import resource
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from harness.certificates import Authority
from harness.figures import figures
from harness.http import Connection, ConnectionEnded
from harness.rgw import Credentials
from harness.service import Service
from harness.tenant import Tenant

from .crowd import Crowd
from .honest import HonestClient, Served
from .memory import MB, Memory, kernel_tcp_bytes
from .report import Report, mb

PEAK, AFTER, REST = 200 * MB, 80 * MB, 10.0


@dataclass
class Options:
    report: Report
    only: str = ""
    scale: float = 1.0
    heap: bool = False
    log_level: str = "info"
    seed: int = 0

    def many(self, count: int) -> int:
        return max(1, round(count * self.scale))

    def wants(self, variant: str) -> bool:
        return self.only in variant


def raise_descriptor_limit(wanted: int = 19_000):
    """For this process; what it starts has the same limit, and the service raises its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        raise SystemExit(f"{wanted} open files are needed and the hard limit is {hard}: raise it with `ulimit -Hn`")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))


@contextmanager
def service_under_attack(options: Options, *, tls: bool = False, configuration: dict | None = None) -> Iterator[Service]:
    """A service of its own, warm: it has given some tickets. Its `authority` is the file that a TLS client must trust."""
    with tempfile.TemporaryDirectory(prefix="postern-accept-") as text:
        folder, arguments, authority = pathlib.Path(text), [], None
        if tls:
            authority = Authority(folder / "ca", "accept")
            certificate = authority.certify("server")
            arguments = ["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)]
        service = Service(folder, folder, [Tenant("acme")], Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                          name="accept", log_level=options.log_level, arguments=arguments, configuration=configuration)
        service.authority = str(authority.file) if authority else None
        with service:
            service.tls = ssl.create_default_context(cafile=service.authority) if authority else None
            credential = service.tenants["acme"].token("warm")
            for _ in range(300):
                service.ticket(credential, contentType="image/png")
            yield service


def connections(service: Service) -> dict[str, int]:
    """What /metrics tells of the public connections; empty where the service is gone."""
    names = ("open", "limit", "total", "refused_total", "evicted_total", "held_bytes")
    with suppress(OSError, ConnectionEnded, AssertionError):
        return {name: int(sum(figures(service, f"postern_connections_{name}").values())) for name in names}
    return {}


def readyz(service: Service) -> str:
    with suppress(OSError, ConnectionEnded):
        with Connection(service.admin_port, timeout=5) as admin:
            answer = admin.request("GET", "/readyz")
            said = answer.json()
            return f"{answer.status} {said['status']}" + (f" {said['reasons']}" if said.get("reasons") else "")
    return "no answer"


def honest_clients(service: Service, seconds: float) -> dict[str, HonestClient]:
    token = service.tenants["acme"].token("honest")
    return {"an honest client, each ticket by a new connection": HonestClient(
                service.port, token, seconds=seconds, authority=service.authority),
            "another, by one kept connection": HonestClient(
                service.port, token, source="127.0.0.3", kept=True, seconds=seconds, authority=service.authority)}


def still_runs(service: Service, report: Report) -> bool:
    """A crash takes seconds to be written down, and until then the process is there: so it is asked."""
    with suppress(OSError, ConnectionEnded):
        if service.connect(timeout=5).request("GET", "/healthz").status == 200 and service.running:
            report.goal("the service runs on", "yes", True)
            return True
    report.goal("the service runs on", "yes", False)
    with suppress(Exception):
        service.process.wait(20)
    log = service.log()
    start = max(log.find("Fatal error"), log.find("crashed:\n"))
    report.say(f"exit code {service.process.poll()}")
    for line in (log[start:] if start >= 0 else log[-500:]).splitlines()[:12]:
        report.say(line[:150])
    return False


def told(report: Report, served: dict[str, Served]):
    for name, each in served.items():
        report.goal(f"{name}: {each}", "all", each.count == each.asked)


def besiege(service: Service, options: Options, title: str, crowd: Crowd, seconds: float, *, judges_memory: bool = True,
            at_last: Callable[[], None] = lambda: None) -> bool:
    """One attack with both honest clients, its figures and its goals. `at_last` is called while the crowd is still there.

    False where the service did not survive it.
    """
    report, memory = options.report, Memory(service.process.pid)
    report.title(title)
    before = memory.resident
    memory.forget_peak()
    honest = honest_clients(service, seconds)
    most = anonymous = kernel = 0
    heap = None
    try:
        began, next_look = time.monotonic(), 0.0
        while (now := time.monotonic() - began) < seconds and service.running:
            crowd.step()
            if now >= next_look:
                next_look = now + 0.1
                if (resident := memory.resident) > most:
                    most, anonymous = resident, memory.anonymous
                kernel = max(kernel, kernel_tcp_bytes())
        state = connections(service)
        at_last()
        if options.heap and state:
            heap = memory.heap(service.errors)
        still_open = crowd.open
        crowd.close()
        ended = time.monotonic()
        served = {name: client.served() for name, client in honest.items()}
    finally:
        crowd.close()
        for client in honest.values():
            client.end()
    report.say(f"connections: {crowd.opened:,} opened in {seconds:g} s, at most {crowd.most:,} at once, {still_open:,} at the end; "
               f"those that ended before: {dict(crowd.outcomes.most_common(6))}")
    if state:
        time.sleep(max(0.0, ended + REST - time.monotonic()))
        peak, after = memory.peak, memory.resident
        report.say(f"resident: before {mb(before)}, peak {mb(peak)} (then {mb(anonymous)} anonymous), ten seconds later {mb(after)}; "
                   f"peak ÷ before {peak / before:.1f}; the kernel's TCP memory at most {mb(kernel)}")
        report.say("told by /metrics: " + ", ".join(f"{name} {value:,}" for name, value in state.items()))
        if options.heap:
            later = memory.heap(service.errors)
            memory.trim()
            report.say(f"heap: at the end {mb(heap[1])} in use of {mb(heap[0])}, ten seconds later {mb(later[1])} of {mb(later[0])}; "
                       f"resident after malloc_trim {mb(memory.resident)}")
        if judges_memory:
            report.goal(f"peak {mb(peak)}", f"under {mb(PEAK)}", peak < PEAK)
            report.goal(f"ten seconds later {mb(after)}", f"under {mb(AFTER)}", after < AFTER)
    told(report, served)
    return still_runs(service, report)
