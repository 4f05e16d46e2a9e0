"""A proxy before a store, on loopback, that changes what the store answers: what faulty proxies and stores do."""

import email.utils
import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Passing:
    """One request with its answer; a change edits the answer."""

    method: str
    target: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def drop(self, *beginnings: str):
        """Leaves out the header fields whose names begin so, in lower case."""
        self.headers = [(name, value) for name, value in self.headers if not name.lower().startswith(beginnings)]


Change = Callable[[Passing], None]


def loses(*beginnings: str) -> Change:
    return lambda passing: passing.drop(*beginnings)


def loses_tags(passing: Passing):
    if "?tagging" in passing.target:
        passing.body = b"<Tagging><TagSet></TagSet></Tagging>"


def loses_cors_of_uploads(passing: Passing):
    if passing.method != "OPTIONS":
        passing.drop("access-control-")


def shifts_date(seconds: float) -> Change:
    def change(passing: Passing):
        passing.drop("date")
        passing.headers.append(("Date", email.utils.formatdate(time.time() + seconds, usegmt=True)))
    return change


class StoreProxy:
    def __init__(self, upstream_port: int, change: Change):
        self.upstream_port, self.change = upstream_port, change
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "StoreProxy":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def ask(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Passing:
        """The header goes on as it came, Host too, which is signed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=30)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            passing = Passing(method, target, answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
        self.change(passing)
        return passing


def _handler(owner: StoreProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            passing = owner.ask(self.command, self.path, [(n, v) for n, v in self.headers.items() if n.lower() != "connection"], body)
            # Without a Date and a Server of its own.
            self.send_response_only(passing.status)
            hop = ("transfer-encoding", "connection") + (() if self.command == "HEAD" else ("content-length",))
            for name, value in passing.headers:
                if name.lower() not in hop:
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(passing.body)))
            self.end_headers()
            self.wfile.write(passing.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _serve

        def log_message(self, *_):
            pass

    return Handler
