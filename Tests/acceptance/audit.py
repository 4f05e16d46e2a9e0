"""The audit log under kills, full disks, readers that stop, slow disks, rotations and floods: every ticket that a client received has its line."""

import contextlib
import gzip
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator

from harness.figures import figure, readiness
from harness.rgw import Credentials
from harness.service import ROOT, Service
from harness.tenant import Tenant
from harness.waiting import seconds_until
from siege.disturbance import CUT, DOUBLE, LOSE, NONE, STALL, Disturbance
from siege.health import Health
from siege.scene import Options, still_runs
from siege.takers import BATCH, TICKET, UNAVAILABLE, Taken, Takers
from siege.trail import Trail, compare

HERE = pathlib.Path(__file__).resolve().parent

KILLS, OUTAGES, MOMENTS, ROTATIONS = 20, 3, 5, 10
FLOOD_SECONDS, FLOOD_CONNECTIONS, FLOOD_TENANTS = 10, 64, 50
# A request waits for its line for a second, and late ones are looked for every 100 ms; the rest is for a busy machine.
PATIENCE = 1.5
# The log is tried again every second.
RECOVERY = 2.5
BYTES_PER_SECOND = 100_000


def attack(options: Options):
    kill(options, "a file", lambda folder: None)
    kill(options, "a pipe", os.mkfifo)
    full_disk(options)
    stopped_reader(options)
    stalled(options, "a file whose writes stall", [])
    stalled(options, "auditSync, and the disk stalls", ["--audit-sync"])
    rotated(options)
    flood(options, "one tenant's refusals", 1, strangers=False)
    flood(options, f"refusals of {FLOOD_TENANTS} tenants", FLOOD_TENANTS, strangers=False)
    flood(options, "strangers", 1, strangers=True)
    noticed(options)


@contextlib.contextmanager
def folder_of(name: str) -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory(prefix=f"postern-accept-{name}-") as text:
        yield pathlib.Path(text)


def audited(options: Options, folder: pathlib.Path, path: pathlib.Path, *arguments: str, tenants: list[Tenant] | None = None, **more) -> Service:
    """A service with an audit log, not started."""
    return Service(folder, folder, tenants or [Tenant("acme")], Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                   name="accept", log_level=options.log_level, arguments=["--audit", str(path), *arguments], **more)


def takers(service: Service, **more) -> Takers:
    return Takers(service.port, next(iter(service.tenants.values())).token("u1"), **more)


class Reader:
    """`cat`, which keeps everything that comes through a pipe."""

    def __init__(self, pipe: pathlib.Path, kept: pathlib.Path):
        self.kept = kept
        with open(kept, "wb") as output:
            # A writer of our own, so that the pipe has no end while the service is not there.
            self.writer = os.open(pipe, os.O_RDWR)
            self.process = subprocess.Popen(["cat", pipe], stdin=subprocess.DEVNULL, stdout=output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.writer is not None:
            os.close(self.writer)
        self.process.kill()
        self.process.wait()

    def everything(self) -> bytes:
        """Once the service has ended: what came until then."""
        os.close(self.writer)
        self.writer = None
        self.process.wait(30)
        return self.kept.read_bytes()


# SIGKILL


def kill(options: Options, name: str, make: Callable[[pathlib.Path], None]):
    title = f"audit: SIGKILL under load, {name}"
    if not options.wants(title):
        return
    report, kills, chance = options.report, options.many(KILLS), random.Random(options.seed)
    report.title(f"{title}, {kills} times")
    with folder_of("kill") as folder, contextlib.ExitStack() as stack:
        path = folder / "audit"
        make(path)
        reader = stack.enter_context(Reader(path, folder / "kept")) if path.exists() else None
        service = audited(options, folder, path)
        load = stack.enter_context(takers(service))
        cut_before, most_cut_by_one = 0, 0
        for _ in range(kills):
            service.start()
            time.sleep(chance.uniform(0.1, 0.6))
            service.kill()
            if not reader:
                cut = len(Trail(path.read_bytes()).cut)
                most_cut_by_one, cut_before = max(most_cut_by_one, cut - cut_before), cut
        service.start()
        taken = load.stop()
        service.stop()
        report.say(str(taken))
        trail = Trail(reader.everything() if reader else path.read_bytes())
        # A pipe takes whole lines only.
        compare(report, trail, taken.tickets, most_cut=0 if reader else kills)
        if not reader:
            report.goal(f"lines that one kill cut off: {most_cut_by_one}", "at most one", most_cut_by_one <= 1)
        judge_outcomes(options, taken)


def judge_outcomes(options: Options, taken: Taken, *more: str):
    others = {outcome: count for outcome, count in taken.outcomes.items() if outcome not in {TICKET, BATCH, *more}}
    options.report.goal(f"answers that are neither tickets{' nor audit-unavailable' if more else ''}: {others or 'none'}", "none", not others)


def seconds_until_true(condition: Callable[[], bool], most: float) -> float:
    """How long that takes; infinite if it takes longer."""
    try:
        return seconds_until("it is true", condition, most)
    except AssertionError:
        return float("inf")


# Outages: for some seconds nothing can be written.


def outages(options: Options, service: Service, begin: Callable[[], None], end: Callable[[], None], seconds: float, read: Callable[[], bytes],
            *, most_cut: int = 0):
    """Several times under load, of which the last one ends without load."""
    report, count = options.report, options.many(OUTAGES)
    whole, slowest_refusal, slowest_known, during, recoveries, unready = Taken(), 0.0, 0.0, 0, [], 0
    with Health(service) as health:
        for number in range(count):
            with takers(service) as load:
                time.sleep(1.5)
                begin()
                began = time.monotonic()
                time.sleep(seconds - 1)
                status, body = readiness(service)
                unready += status == 503 and any("audit" in reason for reason in body.get("reasons", []))
                is_last = number == count - 1
                time.sleep(1)
                taken = load.stop() if is_last else None
                ended = time.monotonic()
                end()
                if is_last:
                    recoveries.append(seconds_until_true(lambda: readiness(service)[0] == 200, 10))
                else:
                    time.sleep(RECOVERY)
                    taken = load.stop()
                    recoveries.append(min((answer.came - ended for answer in taken.of(TICKET, BATCH) if answer.came > ended), default=float("inf")))
            whole += taken
            refusals = [answer for answer in taken.of(UNAVAILABLE)]
            slowest_refusal = max([slowest_refusal] + [answer.seconds for answer in refusals])
            slowest_known = max([slowest_known] + [answer.seconds for answer in refusals if began + PATIENCE < answer.asked < ended - 0.1])
            during += sum(answer.came < ended for answer in taken.of(TICKET, BATCH) if answer.asked > began + 0.1)
        time.sleep(RECOVERY)
    still_runs(service, report)
    service.stop()
    trail = Trail(read())
    report.say(str(whole))
    health.judge(report)
    judge_outcomes(options, whole, UNAVAILABLE)
    report.goal(f"audit-unavailable {whole.outcomes[UNAVAILABLE]:,} times, the slowest after {slowest_refusal * 1000:.0f} ms",
                f"some, within {PATIENCE * 1000:.0f} ms", 0 < slowest_refusal < PATIENCE)
    report.goal(f"the slowest once the outage is known: {slowest_known * 1000:.0f} ms", "at once (500 ms)", 0 < slowest_known < 0.5)
    report.goal(f"answers with tickets during an outage: {during}", "none", during == 0)
    report.goal(f"outages that /readyz told: {unready} of {count}", "all", unready == count)
    report.goal("seconds until tickets were given again, the last time until /readyz was 200 without any request: "
                + ", ".join(f"{seconds:.2f}" for seconds in recoveries), f"under {RECOVERY:g}", max(recoveries) < RECOVERY)
    compare(report, trail, whole.tickets, most_cut=most_cut)
    gaps = trail.of("gap")
    failed = sum(gap["failedRequests"] for gap in gaps)
    report.goal(f"lines of gaps: {len(gaps)}", f"{count}, one for each outage", len(gaps) == count)
    report.goal(f"requests that failed by these lines: {failed:,}", f"the {whole.outcomes[UNAVAILABLE]:,} that clients saw",
                failed == whole.outcomes[UNAVAILABLE])


@contextlib.contextmanager
def small_disk(options: Options, folder: pathlib.Path) -> Iterator[tuple[Service, Callable[[], None], Callable[[], None], Callable[[], bytes]]]:
    """A service whose audit log is in a file system of its own; what fills that, what makes room again, and what reads the audit log."""
    small = folder / "small"
    small.mkdir()
    service = audited(options, folder, small / "audit.jsonl")
    script = 'mount -t tmpfs -o size=256m none "$0" && exec "$@"'
    service.arguments = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(small), *service.arguments]
    with service:
        inside = pathlib.Path(f"/proc/{service.process.pid}/root{small}")

        def fill():
            with contextlib.suppress(OSError), open(inside / "filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(65_536))

        # The mount is gone with the process; an open file is not.
        with open(inside / "audit.jsonl", "rb") as file:
            yield service, fill, (inside / "filler").unlink, file.read


def full_disk(options: Options):
    title = "audit: a disk that fills"
    if options.wants(title):
        options.report.title(f"{title}, {options.many(OUTAGES)} times for 3 s")
        with folder_of("full") as folder, small_disk(options, folder) as (service, fill, make_room, read):
            outages(options, service, fill, make_room, 3, read, most_cut=options.many(OUTAGES))
    title = "audit: a disk that is full for a moment"
    if options.wants(title):
        moments = options.many(MOMENTS)
        options.report.title(f"{title}, {moments} times for 0.3 s")
        with folder_of("full") as folder, small_disk(options, folder) as (service, fill, make_room, read):
            with takers(service, processes=1, kinds="one one", pause=0.01) as load:
                for _ in range(moments):
                    time.sleep(1.1)
                    fill()
                    time.sleep(0.3)
                    make_room()
                time.sleep(RECOVERY)
                taken = load.stop()
            service.stop()
            options.report.say(str(taken))
            trail, refused = Trail(read()), taken.outcomes[UNAVAILABLE]
            compare(options.report, trail, taken.tickets, most_cut=moments)
            judge_outcomes(options, taken, UNAVAILABLE)
            failed = sum(gap["failedRequests"] for gap in trail.of("gap"))
            options.report.goal(f"requests that failed by the {len(trail.of('gap'))} lines of gaps: {failed}", f"the {refused} that clients saw",
                                failed == refused > 0)


def stopped_reader(options: Options):
    title = "audit: a pipe whose reader stops and goes on"
    if not options.wants(title):
        return
    options.report.title(f"{title}, {options.many(OUTAGES)} times for 5 s")
    with folder_of("reader") as folder:
        pipe = folder / "audit"
        os.mkfifo(pipe)
        with Reader(pipe, folder / "kept") as reader, audited(options, folder, pipe) as service:
            outages(options, service, lambda: reader.process.send_signal(signal.SIGSTOP), lambda: reader.process.send_signal(signal.SIGCONT), 5,
                    reader.everything)


def stalled(options: Options, name: str, arguments: list[str]):
    title = f"audit: {name}"
    if not options.wants(title):
        return
    options.report.title(f"{title}, {options.many(OUTAGES)} times for 5 s")
    with folder_of("stall") as folder:
        path = folder / "audit.jsonl"
        disturbance = Disturbance(folder, path)

        def disturb(letter: str):
            disturbance.letter = letter

        with audited(options, folder, path, *arguments, environment=disturbance.environment) as service:
            outages(options, service, lambda: disturb(STALL), lambda: disturb(NONE), 5, path.read_bytes)


# Rotation


def logrotate_configuration(path: pathlib.Path) -> str:
    """As docs/audit.md has it; dates become times, since it is done every second here."""
    text = (ROOT / "docs/audit.md").read_text()
    block = re.search(r"^```\n(/var/log/postern/audit\.jsonl \{\n.*?\n\})\n```$", text, re.M | re.S)[1]
    return block.replace("/var/log/postern/audit.jsonl", str(path)).replace("dateext", "dateext\n    dateformat -%s") + "\n"


def rotated(options: Options):
    title = "audit: logrotate under load"
    if not options.wants(title):
        return
    report, rotations = options.report, options.many(ROTATIONS)
    report.title(f"{title}, {rotations} times; every other time it makes the new file itself")
    with folder_of("rotate") as folder:
        path = folder / "log" / "audit.jsonl"
        path.parent.mkdir(mode=0o755)
        written = logrotate_configuration(path)
        configurations = [folder / "nocreate.conf", folder / "create.conf"]
        configurations[0].write_text(written)
        configurations[1].write_text(written.replace("nocreate", "create 0640"))
        for each in configurations:
            each.chmod(0o644)
        with audited(options, folder, path) as service, takers(service) as load, Health(service) as health:
            failures, late = [], 0
            for number in range(rotations):
                time.sleep(1.1)
                inode = path.stat().st_ino
                done = subprocess.run(["logrotate", "--force", "--state", folder / "state", configurations[number % 2]],
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
                if done.returncode or done.stderr:
                    failures.append(done.stderr)
                late += seconds_until_true(lambda: path.exists() and path.stat().st_ino != inode and path.stat().st_size > 0, 1) > 1
            taken = load.stop()
            still_runs(service, report)
        files = sorted(path.parent.iterdir())
        compressed = [file for file in files if file.suffix == ".gz"]
        data = [gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files]
        report.say(str(taken))
        report.goal(f"files {len(files)}, of them compressed {len(compressed)}; logrotate said {failures or 'nothing'}",
                    f"{rotations + 1} and {rotations - 1}", (len(files), len(compressed), failures) == (rotations + 1, rotations - 1, []))
        report.goal(f"rotations without a line in the new file within a second: {late}", "none", late == 0)
        # Each file by itself: none may begin or end inside of a line.
        cut = sum(len(Trail(each).cut) for each in data)
        report.goal(f"lines that were cut off in one of the files: {cut}", "none", cut == 0)
        compare(report, Trail(b"".join(data)), taken.tickets)
        judge_outcomes(options, taken)
        health.judge(report)


# Floods


def flood(options: Options, name: str, count: int, *, strangers: bool):
    title = f"audit: a flood of {name}"
    if not options.wants(title):
        return
    report, seconds = options.report, FLOOD_SECONDS
    report.title(f"{title}, for {seconds} s by {FLOOD_CONNECTIONS} connections of wrk, beside a slow stream of tickets")
    with folder_of("flood") as folder:
        path = folder / "audit.jsonl"
        tenants = [
            Tenant(f"t{number}", store={"bucket": f"t{number}-uploads", "region": "eu-west-1"}) for number in range(count)]
        if strangers:
            # A token of somebody else, one without a signature, an API key with another secret and one of nobody.
            token, key = tenants[0].token("u1"), tenants[0].api_key
            credentials = [Tenant("t0").token("u1"), token[:token.rindex(".") + 1], key[:-8] + "AAAAAAAA", "pstn.nobody.cms." + "A" * 43]
        else:
            credentials = [credential for tenant in tenants for credential in (tenant.token("u2"), tenant.api_key)]
        (folder / "credentials").write_text("\n".join(credentials) + "\n")
        service = audited(options, folder, path, tenants=tenants)

        def sizes() -> tuple[int, int]:
            return path.stat().st_size, service.output.stat().st_size + service.errors.stat().st_size

        with service, Health(service) as health:
            before, refused_before = sizes(), figure(service, "postern_authentication_failures_total") or 0
            with takers(service, processes=1, kinds="one one", pause=0.1) as load:
                run = subprocess.run(["wrk", "-t1", f"-c{FLOOD_CONNECTIONS}", f"-d{seconds}s", "-s", HERE / "siege" / "refused.lua", service.url,
                                      "--", folder / "credentials"], capture_output=True, text=True, timeout=seconds + 60, stdin=subprocess.DEVNULL)
                taken = load.stop()
            grown = [(after - size) / seconds for size, after in zip(before, sizes())]
            found = json.loads(next(line for line in run.stdout.splitlines() if line.startswith("RESULT ")).removeprefix("RESULT "))
            unauthenticated = (figure(service, "postern_authentication_failures_total") or 0) - refused_before
            dropped = figure(service, "postern_audit_lines_dropped_total") or 0
            still_runs(service, report)
        refused, trail = found["refused"], Trail(path.read_bytes())
        report.say(f"{refused / found['seconds']:,.0f} refusals a second, {refused:,} altogether; {taken}")
        report.goal(f"answers to the flood that are no refusals: {found['requests'] - refused}, failures {found['failures']}", "none",
                    found["requests"] == refused > 0 and not found["failures"])
        slowest = max((answer.seconds for answer in taken.answers), default=float("inf"))
        report.goal(f"the slow stream: {taken.outcomes[TICKET]} tickets, the slowest after {slowest * 1000:.0f} ms", "some, within 1 s",
                    taken.outcomes[TICKET] > 10 and slowest < 1)
        judge_outcomes(options, taken)
        compare(report, trail, taken.tickets)
        for what, rate in zip(("the audit log", "the ordinary log"), grown):
            report.goal(f"{what} grew by {rate / 1000:.1f} kB/s", f"under {BYTES_PER_SECOND / 1000:.0f} kB/s", rate < BYTES_PER_SECOND)
        lines = len(trail.of("refusal"))
        counted = lines + sum(sum(record["codes"].values()) for record in trail.of("refusals"))
        # wrk does not count the answers to what it had asked at its end.
        counts = range(refused, refused + FLOOD_CONNECTIONS + 1)
        if strangers:
            report.goal(f"refusals in the audit log {counted}, in the metric {unauthenticated:,.0f}", f"none and {refused:,}",
                        counted == 0 and unauthenticated in counts)
        else:
            report.goal(f"refusals with a line {lines}, with those that are counted {counted:,}, lines dropped {dropped:.0f}", f"{refused:,} and none",
                        counted in counts and dropped == 0)
        health.judge(report)


# The comparison itself


def noticed(options: Options):
    title = "audit: the comparison notices a write that is lost, cut or done twice"
    if not options.wants(title):
        return
    report = options.report
    report.title(title)
    for letter, name, sees in ((NONE, "nothing", lambda trail, tickets: not (trail.missing(tickets) or trail.cut or trail.doubled)),
                               (LOSE, "a write that is lost", lambda trail, tickets: trail.missing(tickets)),
                               (CUT, "a write that is cut", lambda trail, tickets: trail.missing(tickets) and trail.cut),
                               (DOUBLE, "a write that is done twice", lambda trail, tickets: trail.doubled)):
        with folder_of("noticed") as folder:
            path = folder / "audit.jsonl"
            disturbance = Disturbance(folder, path)
            with audited(options, folder, path, environment=disturbance.environment) as service, takers(service, processes=1) as load:
                time.sleep(0.7)
                disturbance.letter = letter
                time.sleep(0.7)
                taken = load.stop()
            report.goal(f"{name}, in {len(taken.tickets):,} tickets", "noticed", bool(taken.tickets) and bool(sees(Trail(path.read_bytes()), taken.tickets)))
