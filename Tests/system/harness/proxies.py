"""Real reverse proxies in front of a service: each a child process on a free port of loopback, with all its files in one folder."""

import os
import pathlib
import shutil
import subprocess

from .http import Answer, Connection, ConnectionEnded
from .ports import free_ports
from .waiting import until


class ProxyMissing(Exception):
    """The proxy is not installed; says what to install."""


class Proxy:
    """Passes everything on to one port, by connections that it keeps and uses for any client's next request."""

    program: str
    package: str  # what Debian calls it

    def __init__(self, folder: pathlib.Path, upstream_port: int):
        # nginx and HAProxy are in sbin, which a user's PATH may lack.
        self.binary = shutil.which(self.program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"]))
        if self.binary is None:
            raise ProxyMissing(f"{self.program} is not installed: install the Debian package {self.package} (scripts/install test does)")
        folder.mkdir(parents=True)
        self.folder, self.upstream_port = folder, upstream_port
        self.port = free_ports(1)[0]
        self.configuration = folder / "configuration"
        self.configuration.write_text(self.configured())
        self.log = folder / "log"
        self.process: subprocess.Popen | None = None

    def configured(self) -> str:
        """The text of the configuration file."""
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> "Proxy":
        """Returns once it passes on /healthz."""
        assert self.process is None, "a second process would be left behind"
        home = {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data"), "XDG_CONFIG_HOME": str(self.folder / "config")}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | home, cwd=self.folder)
        try:
            until(f"{self.program} passes requests on", self._passes_on, seconds=60)
        except BaseException:
            self.stop()
            raise
        return self

    def _passes_on(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.program} ended with exit code {self.process.returncode}\n{self.log.read_text(errors='replace')[-4000:]}")
        try:
            return self.request("GET", "/healthz").status == 200
        except (OSError, ConnectionEnded):
            return False

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def connect(self, timeout: float = 120) -> Connection:
        return Connection(self.port, timeout)

    def request(self, method: str, path: str, headers=(), body: bytes | None = None) -> Answer:
        """By a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, path, headers, body)


class Caddy(Proxy):
    """`reverse_proxy` as it is by default."""

    program, package = "caddy", "caddy"

    def configured(self) -> str:
        return f"""{{
	admin off
	auto_https off
}}
http://:{self.port} {{
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:{self.upstream_port}
}}
"""

    def command(self) -> list[str]:
        return [self.binary, "run", "--adapter", "caddyfile", "--config", str(self.configuration)]


class HAProxy(Proxy):
    """With `http-reuse always`: a connection to the service is used for any client's next request."""

    program, package = "haproxy", "haproxy"

    def configured(self) -> str:
        return f"""global
    maxconn 512
    log stderr format raw daemon notice
defaults
    mode http
    log global
    timeout connect 60s
    timeout client 120s
    timeout server 120s
    http-reuse always
listen postern
    bind 127.0.0.1:{self.port}
    server postern 127.0.0.1:{self.upstream_port}
"""

    def command(self) -> list[str]:
        return [self.binary, "-db", "-f", str(self.configuration)]


class Nginx(Proxy):
    """With kept connections and the lines for WebSocket that its manual gives."""

    program, package = "nginx", "nginx-light"

    def configured(self) -> str:
        # One process: it has one pool of connections, and no workers under another user's name, who may not write to the folder.
        temporary = "\n".join(f"    {kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""daemon off;
master_process off;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{
    worker_connections 512;
}}
http {{
    access_log {self.folder}/access.log;
{temporary}
    map $http_upgrade $connection_upgrade {{
        default upgrade;
        '' '';
    }}
    upstream postern {{
        server 127.0.0.1:{self.upstream_port};
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{self.port};
        location / {{
            proxy_pass http://postern;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 120s;
        }}
    }}
}}
"""

    def command(self) -> list[str]:
        # -e: before it reads the configuration it would open the log of the machine's own nginx.
        return [self.binary, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(self.configuration)]


PROXIES: dict[str, type[Proxy]] = {"Caddy": Caddy, "HAProxy": HAProxy, "nginx": Nginx}
