"""A clock of the services under test that a test moves; `clock.c` says how."""

import datetime
import pathlib
import shutil
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).with_name("clock.c")


def build(folder: pathlib.Path) -> pathlib.Path:
    return compile_preloaded(SOURCE, folder)


def compile_preloaded(source: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Compiles what is preloaded: with the compiler that every Swift brings, else with the system's."""
    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "no C compiler, though Swift brings clang: is its folder on the PATH?"
    library = folder / f"{source.stem}.so"
    done = subprocess.run([compiler, "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return library


class Clock:
    """Seconds ahead of the real time: `wall` is the date, `steady` what never jumps. Several services may share one."""

    def __init__(self, library: pathlib.Path, folder: pathlib.Path):
        self.library, self.file = library, folder / "clock"
        self.wall = self.steady = 0.0
        self.file.write_bytes(bytes(32))

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "POSTERN_TEST_CLOCK": str(self.file)}

    def now(self) -> float:
        """The date there, in seconds since 1970."""
        return time.time() + self.wall

    def date(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc)

    def pass_time(self, seconds: float):
        """As if so much time had passed: the date and the steady clock go on together."""
        self._set(self.wall + seconds, self.steady + seconds)

    def jump(self, seconds: float):
        """The date alone is set forward or back, as by an operator or NTP."""
        self._set(self.wall + seconds, self.steady)

    def set_date(self, seconds: float):
        """The date becomes this, in seconds since 1970; it may be far before or after."""
        self._set(seconds - time.time(), self.steady)

    def _set(self, wall: float, steady: float):
        self.wall, self.steady = wall, steady
        with open(self.file, "r+b") as file:
            file.write(b"".join(round(offset * 1e9).to_bytes(16, sys.byteorder, signed=True) for offset in (wall, steady)))
