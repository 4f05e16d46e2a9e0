"""Asks /healthz of both listeners all the time, by kept connections."""

import threading
import time

from harness.http import Connection, ConnectionEnded
from harness.service import Service

from .report import Report


class Health(threading.Thread):
    """Between `with` and its end; `judge` tells what was found."""

    def __init__(self, service: Service, every: float = 0.02):
        super().__init__(daemon=True)
        self.ports, self.every, self.ends = {"public": service.port, "admin": service.admin_port}, every, False
        self.slowest, self.asked, self.failures = dict.fromkeys(self.ports, 0.0), 0, []

    def run(self):
        connections = {}
        while not self.ends:
            for name, port in self.ports.items():
                began = time.monotonic()
                try:
                    connection = connections.get(name) or Connection(port, timeout=10)
                    answer = connection.request("GET", "/healthz")
                    connections[name] = None if answer.closes else connection
                    if answer.status != 200:
                        self.failures.append(f"{name}: {answer.status}")
                except (OSError, ConnectionEnded) as problem:
                    connections[name] = None
                    self.failures.append(f"{name}: {type(problem).__name__}")
                self.asked += 1
                self.slowest[name] = max(self.slowest[name], time.monotonic() - began)
            time.sleep(self.every)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.join()

    def judge(self, report: Report, most: float = 1):
        slowest = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in self.slowest.items())
        said = f", not answered: {self.failures[:5]}" if self.failures else ""
        report.goal(f"/healthz asked {self.asked:,} times, slowest: {slowest}{said}", f"all answered within {most * 1000:.0f} ms",
                    self.asked > 0 and not self.failures and max(self.slowest.values()) < most)
