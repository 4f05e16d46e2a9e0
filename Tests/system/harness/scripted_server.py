"""A server on loopback that does on each connection what a test says: what hostile and broken stores and proxies do."""

import contextlib
import socket
import threading
from collections.abc import Callable


class Request:
    """One connection whose request's head has been read."""

    def __init__(self, connection: socket.socket, number: int):
        self.connection, self.number = connection, number
        self.received = b""
        while b"\r\n\r\n" not in self.received and len(self.received) < 65_536 and (more := connection.recv(4096)):
            self.received += more
        self.head, _, self.body = self.received.partition(b"\r\n\r\n")
        self.line, *fields = self.head.decode("latin-1").split("\r\n")
        self.fields = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        self.length = int(self.fields.get("content-length", 0))

    def read(self, count: int | None = None) -> bytes:
        """The body up to so many bytes, or the whole of it; less if the client ends the connection."""
        wanted = self.length if count is None else min(count, self.length)
        body = bytearray(self.body)
        while len(body) < wanted and (more := self.connection.recv(65_536)):
            body += more
        self.body = bytes(body)
        return self.body

    def send(self, data: bytes):
        self.connection.sendall(data)

    def answer(self, status: int, body: bytes = b"", **fields: str):
        lines = [f"HTTP/1.1 {status} Any", f"Content-Length: {len(body)}", "Connection: close",
                 *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def refuse(self, status: int, code: str, message: str = ""):
        self.answer(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(), Content_Type="application/xml")


class ScriptedServer:
    def __init__(self, serve: Callable[[Request], None]):
        self._serve, self.requests, self.stopping = serve, [], threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "ScriptedServer":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for each in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._handle, args=(connection, len(self._open) - 1), daemon=True).start()

    def _handle(self, connection: socket.socket, number: int):
        with contextlib.suppress(OSError), connection:
            request = Request(connection, number)
            self.requests.append(request)
            self._serve(request)
