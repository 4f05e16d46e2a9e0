"""Thousands of connections in one process, on loopback: non-blocking sockets and epoll, no thread."""

import errno
import select
import socket
import ssl
import time
from collections import Counter, deque
from collections.abc import Callable

MANY_ADDRESSES = [f"127.0.1.{number}" for number in range(1, 51)]

# Linux: choose the port only when connecting, so that it need only be free towards this peer.
IP_BIND_ADDRESS_NO_PORT = 24

ENDED = select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP


class Member:
    """One connection of a crowd."""

    __slots__ = ("socket", "unsent", "connected", "started")

    def __init__(self, opened: socket.socket, unsent: bytes):
        self.socket, self.unsent, self.connected, self.started = opened, memoryview(unsent), False, b""


class Crowd:
    """Keeps `count` connections open, each of which sends what `first` gives for its number; those that end are replaced.

    With `again` each connection sends these bytes every so many seconds after its first answer. With `reads=False` nobody reads.
    `step` does what is due, for a moment; whoever calls it decides how long the crowd lives.
    """

    def __init__(self, port: int, count: int, first: Callable[[int], bytes], *, sources: list[str] = MANY_ADDRESSES, reads: bool = True,
                 receive_buffer: int | None = None, send_buffer: int | None = 16_384, again: tuple[bytes, float] | None = None,
                 opens_per_second: float = 5000):
        self.address, self.count, self.first, self.sources, self.reads = ("127.0.0.1", port), count, first, sources, reads
        self.receive_buffer, self.send_buffer, self.again = receive_buffer, send_buffer, again
        self.opens_per_second = opens_per_second
        self.epoll = select.epoll()
        self.members: dict[int, Member] = {}
        self.turns: deque[tuple[float, Member]] = deque()
        self.connecting = self.opened = self.most = 0
        self.credit, self.last = 0.0, time.monotonic()
        # What became of the connections that ended: how their first answer began.
        self.outcomes: Counter[str] = Counter()
        self.requests = 0

    @property
    def open(self) -> int:
        return len(self.members) - self.connecting

    def step(self, seconds: float = 0.02):
        now = time.monotonic()
        self.credit = min(400.0, self.credit + (now - self.last) * self.opens_per_second)
        self.last = now
        while self.credit >= 1 and self.connecting < 400 and len(self.members) < self.count:
            self.credit -= 1
            self._open()
        self._take_turns(now)
        for descriptor, event in self.epoll.poll(seconds, 2048):
            if member := self.members.get(descriptor):
                self._happened(member, event)
        self.most = max(self.most, self.open)

    def close(self):
        for member in self.members.values():
            member.socket.close()
        self.members.clear()
        self.turns.clear()
        self.connecting = 0
        self.epoll.close()

    # one connection

    def _open(self):
        number = self.opened
        self.opened += 1
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if self.receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        if self.send_buffer:
            # The kernel's memory is not what is attacked.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.send_buffer)
        try:
            made.bind((self.sources[number % len(self.sources)], 0))
            made.connect(self.address)
        except BlockingIOError:
            pass
        except OSError as problem:
            self.outcomes[errno.errorcode[problem.errno]] += 1
            made.close()
            return
        member = Member(made, self.first(number))
        self.members[made.fileno()] = member
        self.connecting += 1
        self.epoll.register(made.fileno(), select.EPOLLOUT | select.EPOLLRDHUP)

    def _happened(self, member: Member, event: int):
        if event & select.EPOLLIN or event & ENDED and self.reads:
            if not self._receive(member):
                return
        if event & ENDED:
            return self._end(member)
        if event & select.EPOLLOUT:
            if not member.connected:
                member.connected = True
                self.connecting -= 1
            self._send(member)

    def _send(self, member: Member):
        try:
            while member.unsent:
                member.unsent = member.unsent[member.socket.send(member.unsent):]
        except BlockingIOError:
            pass
        except OSError:
            # Refused before all was sent: the answer may be there to read.
            if not self.reads or self._receive(member):
                self._end(member)
            return
        wanted = select.EPOLLRDHUP | (select.EPOLLIN if self.reads else 0) | (select.EPOLLOUT if member.unsent else 0)
        self.epoll.modify(member.socket.fileno(), wanted)

    def _receive(self, member: Member) -> bool:
        """False where the connection has ended by it."""
        try:
            data = member.socket.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self._end(member)
            return False
        if self.again:
            self.requests += 1
            self.turns.append((time.monotonic() + self.again[1], member))
        if len(member.started) < 12:
            member.started += data[:12 - len(member.started)]
        return True

    def _end(self, member: Member):
        if not member.connected:
            self.connecting -= 1
        said = member.started.decode("latin-1").removeprefix("HTTP/1.1 ")
        self.outcomes[said or ("closed without a word" if member.connected else "not connected")] += 1
        del self.members[member.socket.fileno()]
        member.socket.close()

    def _take_turns(self, now: float):
        while self.turns and self.turns[0][0] <= now:
            _, member = self.turns.popleft()
            if member.socket.fileno() >= 0:
                member.unsent = memoryview(self.again[0])
                self._send(member)


class TLSCrowd:
    """As `Crowd`, over TLS: handshakes are made one after the other, so it grows by some hundreds a second. Nobody reads."""

    def __init__(self, port: int, count: int, sent: bytes, context: ssl.SSLContext, *, receive_buffer: int | None = None):
        self.address, self.count, self.sent, self.context, self.receive_buffer = ("127.0.0.1", port), count, sent, context, receive_buffer
        self.members: dict[int, ssl.SSLSocket] = {}
        self.ends = select.epoll()
        self.opened = self.most = 0
        self.outcomes: Counter[str] = Counter()

    @property
    def open(self) -> int:
        return len(self.members)

    def step(self):
        end = time.monotonic() + 0.02
        while len(self.members) < self.count and time.monotonic() < end:
            self._open()
        for descriptor, _ in self.ends.poll(max(0.0, end - time.monotonic()), 2048):
            self.outcomes["closed"] += 1
            self.members.pop(descriptor).close()
        self.most = max(self.most, self.open)

    def _open(self):
        made = socket.socket()
        made.settimeout(2)
        made.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if self.receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.opened += 1
        try:
            made.bind((MANY_ADDRESSES[self.opened % len(MANY_ADDRESSES)], 0))
            made.connect(self.address)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made = self.context.wrap_socket(made, server_hostname="localhost")
            made.sendall(self.sent)
        except OSError as problem:
            self.outcomes[f"not opened: {type(problem).__name__}"] += 1
            made.close()
            return
        self.members[made.fileno()] = made
        self.ends.register(made.fileno(), select.EPOLLRDHUP)

    def close(self):
        for member in self.members.values():
            member.close()
        self.members.clear()
        self.ends.close()
