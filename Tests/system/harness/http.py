"""A plain HTTP/1.1 client on a socket: it sends exactly the bytes it is given, and reads one answer."""

import json
import socket
import ssl
from dataclasses import dataclass


class ConnectionEnded(Exception):
    """The server closed the connection before a whole answer; `received` is what had come."""

    def __init__(self, received: bytes):
        super().__init__(f"the connection ended after {len(received)} bytes")
        self.received = received


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def problem(self) -> dict:
        """The problem, after a look that it is a whole one."""
        check_problem(self)
        return self.json()

    @property
    def closes(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


PROBLEM_MEMBERS = ("type", "title", "status", "detail", "code", "requestId")
PROBLEM_CODES = {
    "malformed-json": 400, "invalid-request": 400, "unauthenticated": 401, "token-expired": 401, "tenant-unknown": 403,
    "tenant-suspended": 403, "scope-missing": 403, "claim-missing": 403, "user-denied": 403,
    "origin-not-allowed": 403, "user-not-allowed": 403, "rule-unknown": 404, "not-found": 404, "method-not-allowed": 405,
    "request-timeout": 408, "body-too-large": 413, "unsupported-media-type": 415, "content-type-not-allowed": 422,
    "size-too-large": 422, "size-too-small": 422, "size-required": 422,
    "checksum-required": 422, "checksum-not-allowed": 422, "metadata-not-allowed": 422, "parameter-invalid": 422,
    "key-too-long": 422, "rate-limited": 429, "headers-too-large": 431, "credentials-unavailable": 503, "keys-unavailable": 503,
    "clock-implausible": 503, "audit-unavailable": 503, "overloaded": 503,
}


def check_problem(answer: Answer):
    """An answer of 400 or more is a problem document with all members and a known code."""
    assert answer.headers.get("content-type") == "application/problem+json", (answer.status, answer.headers, answer.body[:300])
    check_problem_document(answer.json(), answer.status)


def check_problem_document(problem: dict, status: int):
    """The document alone, as the results of a batch have it."""
    missing = [name for name in PROBLEM_MEMBERS if name not in problem]
    assert not missing, (missing, problem)
    assert problem["status"] == status == PROBLEM_CODES.get(problem["code"]), problem
    assert problem["type"] == f"urn:postern:problem:{problem['code']}", problem
    assert problem["title"] and problem["detail"] and problem["requestId"], problem


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int, timeout: float = 15, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", source: str | None = None):
        """`source`: the address that it comes from; all of 127.0.0.0/8 is this machine's."""
        self.port, self.timeout = port, timeout
        self.socket = socket.create_connection((host, port), timeout, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise ConnectionEnded(self.buffer)
        self.buffer += data

    def read(self, head_only: bool = False) -> Answer:
        """One whole answer (100 Continue is passed over)."""
        while True:
            while (end := self.buffer.find(b"\r\n\r\n")) < 0:
                self._more()
            head = self.buffer[:end].decode("latin-1").split("\r\n")
            status = int(head[0].split(" ", 2)[1])
            headers = {}
            for line in head[1:]:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
            self.buffer = self.buffer[end + 4:]
            if status == 100:
                continue
            if head_only or status in (204, 304):
                return Answer(status, headers, b"")
            if "content-length" in headers:
                length = int(headers["content-length"])
                while len(self.buffer) < length:
                    self._more()
                body, self.buffer = self.buffer[:length], self.buffer[length:]
                return Answer(status, headers, body)
            if headers.get("transfer-encoding", "").lower() == "chunked":
                return Answer(status, headers, self._chunks())
            while True:
                try:
                    self._more()
                except ConnectionEnded:
                    body, self.buffer = self.buffer, b""
                    return Answer(status, headers, body)

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                self._more()
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            while len(self.buffer) < size + 2:
                self._more()
            body, self.buffer = body + self.buffer[:size], self.buffer[size + 2:]
            if size == 0:
                return body

    def rest(self) -> bytes:
        """All that still comes until the server closes."""
        received, self.buffer = self.buffer, b""
        try:
            while data := self.socket.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        return received

    def is_open(self) -> bool:
        """Whether the server has not closed; asks without waiting, and takes nothing that has come."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.socket.settimeout(self.timeout)

    def ended(self) -> bool:
        """Reads on: True once the server has closed, False if nothing happens until the time-out."""
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def request(self, method: str, path: str, headers: dict[str, str] | list[tuple[str, str]] = (), body: bytes | None = None) -> Answer:
        self.send(request_bytes(method, path, headers, body))
        return self.read(head_only=method == "HEAD")


def request_bytes(method: str, path: str, headers: dict[str, str] | list[tuple[str, str]] = (), body: bytes | None = None) -> bytes:
    """A request's bytes; Host and Content-Length are added where they are absent."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    names = {name.lower() for name, _ in pairs}
    if "host" not in names:
        pairs.insert(0, ("Host", "localhost"))
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        pairs.append(("Content-Length", str(len(body))))
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in pairs) + "\r\n"
    return head.encode("utf-8", "surrogateescape") + (body or b"")
