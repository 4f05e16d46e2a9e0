"""A client that means no harm: it takes tickets from its own address, one after the other, each by a new connection or all by one.

Run as a process of its own, so that no attacker's work delays it: `python honest.py '{"port": …, …}'` prints what it found as JSON.
"""

import json
import pathlib
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "system"))

from harness.http import Connection, ConnectionEnded, request_bytes  # noqa: E402

PATIENCE = 5.0


class FromAddress(Connection):
    """A connection that comes from a certain address of loopback."""

    def __init__(self, port: int, source: str, tls: ssl.SSLContext | None = None, timeout: float = PATIENCE):
        self.port, self.buffer = port, b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")


def ticket_request(credential: str) -> bytes:
    return request_bytes("POST", "/v1/tickets", {"Authorization": f"Bearer {credential}", "Content-Type": "application/json"},
                         b'{"rule": "avatars", "contentType": "image/png", "size": 4821}')


@dataclass
class Served:
    """What an honest client found."""

    asked: int
    milliseconds: list[float]
    failures: dict[str, int]
    # Kept connections that the service had closed, and that were opened anew.
    reopened: int

    @property
    def count(self) -> int:
        return len(self.milliseconds)

    def percentile(self, percent: int) -> float:
        if len(self.milliseconds) < 2:
            return float("nan")
        return statistics.quantiles(self.milliseconds, n=100, method="inclusive")[percent - 1]

    def __str__(self) -> str:
        more = f", not served: {self.failures}" if self.failures else ""
        more += f", reopened {self.reopened} times" if self.reopened else ""
        return f"{self.count} of {self.asked}, p50 {self.percentile(50):.1f} ms, p99 {self.percentile(99):.1f} ms{more}"


class HonestClient:
    """Starts the process; `served` waits for it."""

    def __init__(self, port: int, credential: str, *, source: str = "127.0.0.2", kept: bool = False, count: int = 200, seconds: float = 10,
                 authority: str | None = None):
        wish = {"port": port, "credential": credential, "source": source, "kept": kept, "count": count, "seconds": seconds, "authority": authority}
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(wish))
        self.process.stdin.close()
        self.longest = seconds + count * PATIENCE

    def served(self) -> Served:
        # It gives up on each ticket by itself, so it always ends.
        try:
            text = self.process.stdout.read()
            self.process.wait(self.longest)
        finally:
            self.end()
        return Served(**json.loads(text))

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def take(port: int, credential: str, source: str, kept: bool, count: int, seconds: float, authority: str | None) -> Served:
    data, milliseconds, failures, reopened = ticket_request(credential), [], Counter(), 0
    tls = ssl.create_default_context(cafile=authority) if authority else None
    connection, began = None, time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
        start = time.perf_counter()
        try:
            was_open = connection is not None
            try:
                connection = connection or FromAddress(port, source, tls)
                connection.send(data)
                answer = connection.read()
            except (ConnectionEnded, BrokenPipeError, ConnectionResetError) as ended:
                if not was_open or getattr(ended, "received", b""):
                    raise
                # As every client does whose idle connection was closed.
                connection.close()
                connection, reopened = FromAddress(port, source, tls), reopened + 1
                connection.send(data)
                answer = connection.read()
            if answer.status == 201:
                milliseconds.append((time.perf_counter() - start) * 1000)
            else:
                failures[f"{answer.status} {answer.json().get('code')}"] += 1
            if answer.closes or not kept:
                connection.close()
                connection = None
        except (OSError, ConnectionEnded) as problem:
            failures[type(problem).__name__] += 1
            if connection:
                connection.close()
            connection = None
    return Served(count, milliseconds, dict(failures), reopened)


if __name__ == "__main__":
    print(json.dumps(vars(take(**json.load(sys.stdin)))))
