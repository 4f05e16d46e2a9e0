"""`postern dev`: the service, a store and a page on this machine."""

import pathlib
import re
import signal
import subprocess
import time

from .http import Connection
from .ports import free_ports
from .service import BINARY, clean_environment


class Dev:
    """A running `postern dev` and what it has printed."""

    def __init__(self, folder: pathlib.Path, logs: pathlib.Path, name: str, ports: list[int] | None = None, arguments: list[str] = (),
                 environment: dict[str, str] | None = None):
        self.folder = folder
        self.port, self.store_port, self.admin_port = self.ports = ports or free_ports(3)
        self.output, self.errors = folder / "printed.txt", logs / f"{name}.err.log"
        with open(self.output, "wb") as output, open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                [BINARY, "dev", "--folder", folder / "dev", "--listen", f"127.0.0.1:{self.port}", "--store", f"127.0.0.1:{self.store_port}",
                 "--admin", f"127.0.0.1:{self.admin_port}", "--log-level", "trace", *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=clean_environment(**(environment or {})), cwd=folder)
        end = time.monotonic() + 15
        while "Ctrl-C" not in self.printed:
            assert self.process.poll() is None and time.monotonic() < end, self.printed + self.errors.read_text()
            time.sleep(0.05)

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def commands(self) -> list[str]:
        """The commands for a ticket and for an upload, with the lines that belong to them, as one would select and paste them."""
        upload, ticket = self.printed.split("Only a ticket:")
        upload = upload[re.search(r"^echo |^head ", upload, re.M).start():].strip()
        return [ticket.split("\n\n")[1].strip(), upload]

    def get(self, path: str, port: int | None = None):
        return self.ask("GET", path, {}, port=port)

    def ask(self, method: str, path: str, fields: dict[str, str], body: bytes | None = None, port: int | None = None):
        with Connection(port or self.port) as connection:
            return connection.request(method, path, fields, body)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(15)
