"""An HTTP server on loopback that a test takes down, slows or makes lie: the ground of every fake service here."""

import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .certificates import Certificate


@dataclass
class Request:
    method: str
    path: str  # without the query
    query: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    at: float = field(default_factory=time.monotonic)


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0  # seconds before the head
    drip: float = 0  # seconds between the bytes of the body
    cut: bool = False  # the connection ends in the middle of the body
    raw: bytes | None = None  # these bytes in place of all that, again and again until the client leaves if `endless`
    endless: bool = False

    @classmethod
    def of_json(cls, value, status: int = 200, **headers: str) -> "Reply":
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | headers)


# What any service can do wrong, by name. A fault takes the request and gives the reply in place of the right one; None: the right one.
Fault = Callable[[Request], Reply | None]
HUGE = b'{"keys": [' + b" " * 10_000_000 + b"]}"
FAULTS: dict[str, Fault] = {
    "slow": lambda request: Reply(delay=4),
    "dripping": lambda request: Reply(body=b"{" + b" " * 40, drip=0.2),
    "500": lambda request: Reply(500, b"canary-of-an-answer <h1>stack trace</h1>"),
    "garbage": lambda request: Reply(body=b"canary-of-an-answer \x00\xff\xfe{{{"),
    "empty": lambda request: Reply(body=b""),
    "huge": lambda request: Reply(body=HUGE),
    "cut": lambda request: Reply(body=b'{"keys": [' + b" " * 500, cut=True),
    "no HTTP": lambda request: Reply(raw=b"220 canary-of-an-answer ESMTP\r\n"),
    "endless": lambda request: Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", endless=True),
    "a huge header": lambda request: Reply(body=b"{}", headers={"X-Huge": "x" * 5_000_000}),
    "a million headers": lambda request: Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1_000_000 + b"Content-Length: 2\r\n\r\n{}"),
    "deep": lambda request: Reply(body=b'{"keys": ' + b"[" * 120_000),
    "deep objects": lambda request: Reply(body=b'{"a":' * 40_000),
}


class LoopbackServer:
    """One port of 127.0.0.1 for its whole life, down or up; over TLS where it is given a certificate.

    A subclass answers in `reply`. `requests` is all that was asked, in order, faulty answers included. With `known_as` its URL has that name, by
    which only a proxy finds it."""

    known_as: str | None = None

    def __init__(self, certificate: Certificate | None = None):
        self.certificate = certificate
        self.fault: Fault | None = None
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._ending = threading.Event()
        # Bound but never listening, so that nobody else gets the port while this server is down: a connection is refused.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port = self._holder.getsockname()[1]

    def reply(self, request: Request) -> Reply:
        return Reply(404)

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        if self.known_as:
            return f"https://{self.known_as}"
        return f"https://localhost:{self.port}" if self.certificate else f"http://127.0.0.1:{self.port}"

    def asked(self, path: str | None = None, method: str | None = None) -> list[Request]:
        with self._lock:
            return [each for each in self.requests if path in (None, each.path) and method in (None, each.method)]

    def forget(self):
        """Requests so far are counted no more."""
        with self._lock:
            self.requests.clear()

    # up and down

    def up(self) -> "LoopbackServer":
        if self._server is None:
            self._ending.clear()
            server = _Server(("127.0.0.1", self.port), _handler(self), bind_and_activate=False)
            if self.certificate:
                server.tls = self.certificate.server_context()
            server.server_bind()
            server.server_activate()
            self._server = server
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def down(self):
        """Connections are refused from now on, and those that are open end."""
        if self._server is not None:
            self._ending.set()
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()
            server.end_connections()

    def close(self):
        self.down()
        self._holder.close()

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        self.close()

    # one request, by the handler of its connection

    def take(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
        fault = self.fault
        return (fault(request) if fault else None) or self.reply(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128
    tls: ssl.SSLContext | None = None

    def __init__(self, *arguments, **more):
        self.open: set[socket.socket] = set()
        super().__init__(*arguments, **more)

    def process_request_thread(self, request, client_address):
        self.open.add(request)
        try:
            if self.tls:  # in the connection's own thread: a slow handshake stops nobody else
                plain, request = request, self.tls.wrap_socket(request, server_side=True)
                self.open.discard(plain)
                self.open.add(request)
        except OSError:
            self.open.discard(request)
            request.close()
            return
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.open.discard(request)

    def end_connections(self):
        for each in list(self.open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request, client_address):
        """A client that left is no news; a mistake of a fake is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(owner: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self):
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = owner.take(Request(self.command, path, query, {name.lower(): value for name, value in self.headers.items()}, body))
            if reply.delay and owner._ending.wait(reply.delay):
                self.close_connection = True
                return
            if reply.raw is not None:
                self.close_connection = True
                self.wfile.write(reply.raw)
                while reply.endless and not owner._ending.wait(0.001):
                    self.wfile.write(b"1000\r\n" + b" " * 4096 + b"\r\n")
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if reply.cut:
                self.wfile.write(reply.body[:len(reply.body) // 2])
                self.close_connection = True
            elif reply.drip:
                for position in range(len(reply.body)):
                    self.wfile.write(reply.body[position:position + 1])
                    self.wfile.flush()
                    if owner._ending.wait(reply.drip):
                        self.close_connection = True
                        return
            else:
                self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = _serve

        def log_message(self, *_):
            pass

    return Handler
