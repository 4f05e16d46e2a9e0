"""The service under test: the release binary with a folder of tenants, on free ports, its whole output kept in files."""

import json
import os
import pathlib
import signal
import subprocess
import threading
import time

from . import editor
from .http import Answer, Connection, ConnectionEnded, request_bytes
from .ports import free_ports
from .rgw import Credentials
from .tenant import Tenant, to_yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("POSTERN_BINARY", ROOT / ".build/release/postern"))
# Parts of Postern that only tests ask for; it is built beside the binary.
TEST_TOOL = BINARY.with_name("PosternTestTool")


class DidNotStart(Exception):
    """The service ended, or did not answer in time; says what it printed."""


PROXY_VARIABLES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without anybody's AWS, Postern or proxy settings; no test asks the machine's own metadata service unless it says so."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("AWS_", "POSTERN_")) and name.lower() not in PROXY_VARIABLES}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true"} | more


class Service:
    def __init__(self, folder: pathlib.Path, logs: pathlib.Path, tenants: list[Tenant], credentials: Credentials | None, *,
                 name: str = "service", arguments: list[str] = (), configuration: dict | None = None, environment: dict[str, str] | None = None,
                 log_level: str | None = "trace", command: str = "serve"):
        self.folder, self.name = folder, name
        self.tenants = {tenant.id: tenant for tenant in tenants}
        self.tenants_folder = tenants_folder = folder / "tenants"
        tenants_folder.mkdir(parents=True, exist_ok=True)
        for tenant in tenants:
            tenant.write(tenants_folder, folder / "keys")
        self.port, self.admin_port = free_ports(2)
        self.arguments = [
            str(BINARY), "serve", "--tenants", str(tenants_folder), "--listen", f"127.0.0.1:{self.port}",
            "--admin", f"127.0.0.1:{self.admin_port}", *(["--log-level", log_level] if log_level else []), *arguments]
        if configuration is not None:
            (folder / "postern.yaml").write_text(to_yaml(configuration))
            self.arguments += ["--config", str(folder / "postern.yaml")]
        self.environment = clean_environment(**(credentials.environment if credentials else {}), **(environment or {}))
        self.output, self.errors = logs / f"{name}.out.log", logs / f"{name}.err.log"
        self.tls = None
        self.process: subprocess.Popen | None = None
        self._local = threading.local()

    # life

    def start(self, timeout: float = 20, ready: bool = True) -> "Service":
        """Returns once it is ready for all tenants; with `ready=False` once /readyz answers, whatever it says.

        An editor with the JSON Schema accepts the files that a service starts with.
        """
        paths = [self.tenants_folder / f"{id}.yaml" for id in self.tenants]
        files = {path: path.read_text() for path in paths if path.is_file()}
        with open(self.output, "ab") as output, open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=self.environment, cwd=self.folder)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise DidNotStart(f"exit code {self.process.returncode}\n{self.log()[-4000:]}")
            try:
                with Connection(self.admin_port, timeout=5) as admin:
                    answer = admin.request("GET", "/readyz")
                    if not ready or answer.status == 200 and not answer.json().get("reasons"):
                        for id, text in files.items():
                            assert editor.errors(editor.read(text)) == [], (id, text)
                        return self
            except (OSError, ConnectionEnded):
                pass
            time.sleep(0.02)
        self.kill()
        raise DidNotStart(f"not ready after {timeout} s\n{self.log()[-4000:]}")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self, timeout: float = 25) -> int:
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    # looking at it

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def log(self) -> str:
        return self.output.read_text(errors="replace") + self.errors.read_text(errors="replace")

    def log_lines(self) -> list[dict]:
        """The JSON lines of the log."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def resident_bytes(self) -> int:
        return self._memory("VmRSS")

    def peak_bytes(self) -> int:
        """The most resident memory since `forget_peak`."""
        return self._memory("VmHWM")

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _memory(self, name: str) -> int:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {name}")

    # asking it

    def connect(self, timeout: float = 15, source: str | None = None) -> Connection:
        return Connection(self.port, timeout, self.tls, source=source)

    def request(self, method: str, path: str, headers=(), body: bytes | None = None) -> Answer:
        """By this thread's keep-alive connection; a connection that ended while idle is opened anew."""
        data = request_bytes(method, path, headers, body)
        for fresh in (False, True):
            connection = getattr(self._local, "connection", None)
            if connection is None or fresh:
                connection = self._local.connection = self.connect()
            try:
                connection.send(data)
                answer = connection.read(head_only=method == "HEAD")
            except (BrokenPipeError, ConnectionResetError, ConnectionEnded) as ended:
                self._local.connection = None
                connection.close()
                if fresh or getattr(ended, "received", b""):
                    raise
                continue
            if answer.closes:
                connection.close()
                self._local.connection = None
            return answer
        raise AssertionError("not reached")

    def admin(self, path: str, method: str = "GET") -> Answer:
        with Connection(self.admin_port) as connection:
            answer = connection.request(method, path)
        self._keep(answer)
        return answer

    def post(self, path: str, body, credential: str | None, **headers: str) -> Answer:
        """A JSON body (or bytes as they are) with a bearer credential."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {credential}"} if credential else {}) | headers
        answer = self.request("POST", path, fields, data)
        if answer.status >= 400:
            self._keep(answer)
        return answer

    def _keep(self, answer: Answer):
        """What the admin listener and every refusal says is scanned for secrets as the log is."""
        with open(self.output.with_name(f"{self.name}.answers.log"), "ab") as file:
            file.write(answer.body + b"\n")

    def ticket(self, credential: str, **wish) -> dict:
        """A ticket that must be given."""
        answer = self.post("/v1/tickets", wish, credential)
        assert answer.status == 201, (answer.status, answer.body)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    def refusal(self, credential: str, **wish) -> dict:
        """The problem of a ticket that must be refused."""
        answer = self.post("/v1/tickets", wish, credential)
        assert answer.status >= 400, answer.body
        return answer.problem
