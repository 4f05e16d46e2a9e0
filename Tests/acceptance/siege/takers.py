"""Clients that take tickets without a pause, and remember the id of every ticket that they received in a whole response.

Each process has several connections and one thread. A connection asks for one ticket after the other, for eight at once (pipelined), or for batches
of twenty. One that ends is opened anew, so the service may be killed and started again meanwhile.
"""

import json
import pathlib
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "system"))

from harness.http import request_bytes  # noqa: E402

PATIENCE = 10.0
WISH = {"rule": "avatars", "contentType": "image/png", "filename": "a.png", "size": 4821}

TICKET, BATCH, UNAVAILABLE = "201", "200", "503 audit-unavailable"


@dataclass
class Answer:
    # By time.monotonic(), which all processes of a machine share.
    asked: float
    came: float
    # The status, and the code of a problem.
    outcome: str

    @property
    def seconds(self) -> float:
        return self.came - self.asked


@dataclass
class Taken:
    """What the clients received."""

    tickets: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    # Connections that ended with requests that were not answered.
    ended: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.tickets + other.tickets, self.answers + other.answers, self.ended + other.ended)

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(answer.outcome for answer in self.answers)

    def of(self, *outcomes: str) -> list[Answer]:
        return [answer for answer in self.answers if answer.outcome in outcomes]

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} of {outcome}" for outcome, count in self.outcomes.most_common())
        return f"{len(self.tickets):,} tickets received; answers: {counts or 'none'}; connections that ended before an answer: {self.ended}"


class Takers:
    """Starts the processes; `stop` ends them, once what they asked is answered."""

    def __init__(self, port: int, credential: str, *, processes: int = 2, kinds: str = "one one one one one eight eight batch", pause: float = 0):
        self.processes = []
        for number in range(processes):
            process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            # An address of its own: a client of 127.0.0.1 could be given the port of a service that is down, and connect to itself.
            wish = {"port": port, "credential": credential, "source": f"127.0.2.{number + 1}", "kinds": kinds.split(), "pause": pause}
            process.stdin.write(json.dumps(wish) + "\n")
            process.stdin.flush()
            self.processes.append(process)

    def stop(self) -> Taken:
        taken = Taken()
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            said = json.loads(process.stdout.read())
            process.wait(PATIENCE)
            taken += Taken(said["tickets"], [Answer(*each) for each in said["answers"]], said["ended"])
        return taken

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


class Client:
    """One connection, and those that replace it."""

    def __init__(self, selector: selectors.BaseSelector, wish: dict, kind: str, found: dict):
        self.selector, self.address, self.source, self.pause, self.found = selector, ("127.0.0.1", wish["port"]), wish["source"], wish["pause"], found
        fields = {"Authorization": f"Bearer {wish['credential']}", "Content-Type": "application/json"}
        if kind == "batch":
            self.data, self.count = request_bytes("POST", "/v1/tickets/batch", fields, json.dumps({"tickets": [WISH] * 20}).encode()), 1
        else:
            self.count = 8 if kind == "eight" else 1
            self.data = request_bytes("POST", "/v1/tickets", fields, json.dumps(WISH).encode()) * self.count
        self.socket, self.unanswered, self.asked, self.due = None, 0, 0.0, 0.0

    def turn(self, now: float, ends: bool):
        """Asks, if it is time for that."""
        if self.unanswered:
            if now - self.asked > PATIENCE:
                self.found["answers"].append((self.asked, now, f"none in {PATIENCE:g} s"))
                self.close(now)
        elif not ends and now >= self.due:
            if self.socket is None and not self.open(now):
                return
            self.asked, self.unanswered = time.monotonic(), self.count
            try:
                self.socket.sendall(self.data)
            except OSError:
                self.close(now)

    def open(self, now: float) -> bool:
        made = socket.socket()
        try:
            made.bind((self.source, 0))
            made.connect(self.address)
        except OSError:
            made.close()
            self.due = now + 0.01
            return False
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self.buffer = made, b""
        self.selector.register(made, selectors.EVENT_READ, self)
        return True

    def close(self, now: float):
        self.found["ended"] += self.unanswered > 0
        self.selector.unregister(self.socket)
        self.socket.close()
        self.socket, self.unanswered, self.due = None, 0, now + 0.01

    def read(self):
        now = time.monotonic()
        try:
            data = self.socket.recv(1 << 18)
        except OSError:
            data = b""
        if not data:
            return self.close(now)
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", self.buffer[:end + 2])[1])
            if len(self.buffer) < (whole := end + 4 + length):
                break
            self.answered(int(self.buffer[9:12]), json.loads(self.buffer[end + 4:whole]), now)
            self.buffer = self.buffer[whole:]
            self.unanswered -= 1
        if not self.unanswered:
            self.due = now + self.pause

    def answered(self, status: int, body: dict, now: float):
        outcomes = [str(status)]
        if status == 201:
            self.found["tickets"].append(body["id"])
        elif status == 200:
            for result in body["results"]:
                if "ticket" in result:
                    self.found["tickets"].append(result["ticket"]["id"])
                else:
                    outcomes = ["batch with " + next(iter(result.values()))["code"]]
        else:
            outcomes = [f"{status} {body.get('code')}"]
        self.found["answers"].append((self.asked, now, outcomes[0]))


def take(wish: dict):
    found = {"tickets": [], "answers": [], "ended": 0}
    selector, ends, latest = selectors.DefaultSelector(), False, 0.0
    clients = [Client(selector, wish, kind, found) for kind in wish["kinds"]]
    selector.register(sys.stdin, selectors.EVENT_READ)
    while not ends or time.monotonic() < latest and any(client.unanswered for client in clients):
        now = time.monotonic()
        for client in clients:
            client.turn(now, ends)
        for key, _ in selector.select(0.005):
            if key.data is not None:
                key.data.read()
            else:
                # The parent wants it to end.
                selector.unregister(sys.stdin)
                ends, latest = True, time.monotonic() + PATIENCE
    print(json.dumps(found))


if __name__ == "__main__":
    take(json.loads(sys.stdin.readline()))
