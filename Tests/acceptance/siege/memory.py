"""The memory of a running service, as the kernel tells it."""

import pathlib
import re
import subprocess

MB = 1_000_000


class Memory:
    def __init__(self, pid: int):
        self.folder, self.pid = pathlib.Path(f"/proc/{pid}"), pid

    def _status(self, name: str) -> int:
        for line in (self.folder / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {name}")

    @property
    def resident(self) -> int:
        return self._status("VmRSS")

    @property
    def peak(self) -> int:
        """The most that was resident since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self):
        (self.folder / "clear_refs").write_text("5")

    @property
    def anonymous(self) -> int:
        """Without what is mapped from files: heap and stacks."""
        return self._status("RssAnon")

    # With gdb, for looking closer; the service stands still meanwhile.

    def trim(self) -> bool:
        """Makes the service's allocator give back what it can. False where that failed."""
        return "$1 =" in self._call("(int)malloc_trim(0)")

    def heap(self, errors: pathlib.Path) -> tuple[int, int]:
        """What glibc's allocator has from the system, and what of it is in use. It says so on the service's standard error."""
        start = errors.stat().st_size
        self._call("(void)malloc_stats()")
        said = errors.read_bytes()[start:].decode(errors="replace").rpartition("Total")[2]
        found = re.findall(r"(system|in use) bytes\s*=\s*(\d+)", said)
        # The figures of glibc are 32 bits wide.
        return tuple(int(value) for _, value in found[:2]) if len(found) >= 2 else (0, 0)

    def _call(self, what: str) -> str:
        return subprocess.run(["gdb", "-p", str(self.pid), "-batch", "-ex", f"call {what}"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120).stdout


def kernel_tcp_bytes() -> int:
    """What the kernel holds for all TCP sockets of the machine; the service is not charged for it."""
    for line in pathlib.Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            return int(line.split()[-1]) * 4096
    return 0
