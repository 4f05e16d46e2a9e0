"""200 connections to the admin listener: it has its own bound, and neither the operator nor the public notices."""

import pathlib
import time

from harness.http import Connection, ConnectionEnded, request_bytes
from siege.crowd import Crowd
from siege.scene import Options, connections, honest_clients, service_under_attack, still_runs, told

CONNECTIONS, LIMIT, SECONDS, ASKED = 200, 64, 12, 60


def ask(port: int, path: str) -> tuple[str, float]:
    """The status of an answer by a new connection, and the milliseconds it took."""
    began = time.perf_counter()
    try:
        with Connection(port, timeout=5) as connection:
            said = str(connection.request("GET", path).status)
    except (OSError, ConnectionEnded) as problem:
        said = type(problem).__name__
    return said, (time.perf_counter() - began) * 1000


def attack(options: Options):
    report, whole = options.report, request_bytes("GET", "/readyz")
    for name, sent in {"idle after one request": whole, "half-sent heads": whole[:20]}.items():
        if not options.wants(name):
            continue
        report.title(f"admin: {CONNECTIONS} connections to the admin listener, {name}")
        with service_under_attack(options) as service:
            # Those that are closed come again, but not so fast that it would be about something else.
            crowd = Crowd(service.admin_port, CONNECTIONS, lambda _: sent, sources=["127.0.0.1"], opens_per_second=100)
            honest = honest_clients(service, SECONDS)
            answers, most, descriptors = [], 0, pathlib.Path(f"/proc/{service.process.pid}/fd")
            before = len(list(descriptors.iterdir()))
            try:
                began, turn = time.monotonic(), 3.0
                while (now := time.monotonic() - began) < SECONDS:
                    crowd.step()
                    if now >= turn:
                        turn += (SECONDS - 3) / ASKED
                        # The honest clients have one each.
                        most = max(most, len(list(descriptors.iterdir())) - before - 2)
                        answers.append(ask(service.admin_port, "/readyz"))
                crowd.close()
                time.sleep(0.5)
                state = connections(service)
                served = {each: client.served() for each, client in honest.items()}
            finally:
                crowd.close()
                for client in honest.values():
                    client.end()
            good = [milliseconds for said, milliseconds in answers if said == "200"]
            others = sorted({said for said, _ in answers if said != "200"})
            report.say(f"{crowd.opened} opened; ended: {dict(crowd.outcomes.most_common(5))}")
            report.goal(f"connections that the service has at once: {most}", f"at most {LIMIT} and 32 that wait to be refused", most <= LIMIT + 32)
            report.goal(f"/readyz by new connections: {len(good)} of {len(answers)}, the slowest {max(good, default=0):.1f} ms"
                        + (f", else {others}" if others else ""), "all", len(good) == len(answers) > 0)
            if state:
                report.goal(f"public connections refused {state['refused_total']}, evicted {state['evicted_total']}", "none",
                            state["refused_total"] == state["evicted_total"] == 0)
            told(report, served)
            still_runs(service, report)
