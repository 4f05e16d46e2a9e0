"""The other commands of the binary: run once, their whole output kept, so that it is scanned for secrets with the logs."""

import pathlib
import subprocess

from .service import BINARY, clean_environment


class Command:
    def __init__(self, logs: pathlib.Path, name: str):
        self.file = logs / f"{name}.log"

    def __call__(self, *arguments, code: int | None = None, given: str | bytes = "", **environment: str) -> subprocess.CompletedProcess:
        """`given` goes to standard input. With `code` its exit code must be that."""
        data = given if isinstance(given, bytes) else given.encode()
        done = subprocess.run([BINARY, *map(str, arguments)], input=data, capture_output=True, timeout=60, env=clean_environment(**environment))
        with open(self.file, "ab") as file:
            file.write(done.stdout + done.stderr)
        result = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
        if code is not None:
            assert result.returncode == code, (arguments, result.returncode, result.stdout, result.stderr)
        return result
