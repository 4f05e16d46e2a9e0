"""A forward proxy: it opens connections for its clients (CONNECT), to the hosts that it knows. Each is a port of loopback."""

import base64
import socket
import socketserver
import threading

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
# What a proxy can do wrong, by name: these bytes in place of its answer; None: nothing at all.
TROUBLES: dict[str, bytes | None] = {
    "silent": None,
    "forbidden": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 19\r\n\r\ncanary-of-an-answer",
    "unavailable": b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\n\r\n<h1>canary-of-an-answer</h1>",
    "garbage": b"220 canary-of-an-answer ESMTP\r\n\r\n",
    "empty": b"",
    "no TLS behind it": ESTABLISHED + b"canary-of-an-answer",
}


class ForwardProxy:
    """`hosts` are the ports of loopback by `name:port`. `connects` has every host that was asked for, in order, and `other` every request that was
    not a CONNECT. With `password` clients must send it, as the user `postern`."""

    def __init__(self, hosts: dict[str, int], password: str | None = None):
        self.hosts, self.password = hosts, password
        self.trouble: str | None = None
        self.connects: list[str] = []
        self.other: list[str] = []
        self._server: socketserver.ThreadingTCPServer | None = None
        # Bound but never listening, so that nobody else gets the port while the proxy is down: a connection is refused.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port = self._holder.getsockname()[1]

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{f'postern:{self.password}@' if self.password else ''}{self.name}"

    def up(self) -> "ForwardProxy":
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                owner._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, block_on_close, allow_reuse_address = True, False, True

            def handle_error(self, request, client_address):
                """A client that left is no news."""

        if self._server is None:
            self._server = Server(("127.0.0.1", self.port), Handler)
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def down(self):
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        self.down()
        self._holder.close()

    def _serve(self, client: socket.socket):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            received = client.recv(1)  # what follows the head is for the host
            if not received:
                return
            head += received
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        if method != "CONNECT":
            self.other.append(line)
            client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        self.connects.append(target)
        if self.trouble is not None:
            answer = TROUBLES[self.trouble]
            if answer is None:
                client.recv(1)  # until the client leaves
            else:
                client.sendall(answer)
            return
        if self.password is not None and not self._is_authorized(fields):
            client.sendall(b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n')
            return
        if target not in self.hosts:
            client.sendall(TROUBLES["forbidden"])
            return
        try:
            host = socket.create_connection(("127.0.0.1", self.hosts[target]))
        except OSError:
            client.sendall(TROUBLES["unavailable"])
            return
        with host:
            client.sendall(ESTABLISHED)
            back = threading.Thread(target=_copy, args=(host, client), daemon=True)
            back.start()
            _copy(client, host)
            back.join()

    def _is_authorized(self, fields: list[str]) -> bool:
        expected = "Basic " + base64.b64encode(f"postern:{self.password}".encode()).decode()
        return any(name.lower() == "proxy-authorization" and value.strip() == expected
                   for name, _, value in (field.partition(":") for field in fields))


def _copy(source: socket.socket, target: socket.socket):
    """Until the source ends, which the target is told."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
