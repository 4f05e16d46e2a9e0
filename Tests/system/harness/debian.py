"""A Debian system in a folder, as `debootstrap --variant=minbase` makes it, and machines that begin with it: name spaces with a root that
is thrown away at the end, and if wanted with systemd as their first process."""

import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile

from .empty_root import NoWayIn, tool
from .service import ROOT, clean_environment
from .waiting import until

CACHE = ROOT / ".build/debian"


def release() -> str:
    """The name of this machine's version of Debian, which a binary that was built here is for; elsewhere Debian 12."""
    described = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return described.get("VERSION_CODENAME", "bookworm") if described.get("ID") == "debian" else "bookworm"


def mirror(suite: str) -> str:
    """The mirror of apt's configuration."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages"], capture_output=True, text=True,
                          check=False)
    sites = [line.split()[0] for line in done.stdout.splitlines() if line.split()[1:] == [suite]]
    return next((site for site in sites if "security" not in site and "debian" in site), "http://deb.debian.org/debian")


def base() -> pathlib.Path:
    """The folder of the system, made once: it takes a minute."""
    suite = release()
    folder = CACHE / suite
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = pathlib.Path(tempfile.mkdtemp(dir=CACHE))
        try:
            # What debootstrap mounts below the folder is not mounted here, so nothing of it is left if it is stopped.
            subprocess.run([tool("unshare"), "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", tool("debootstrap"),
                            "--variant=minbase", suite, made, mirror(suite)], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=600, stdin=subprocess.DEVNULL, env=clean_environment(LC_ALL="C"))
            if not folder.exists():
                made.rename(folder)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
            raise NoWayIn(f"debootstrap failed: {(failed.stdout or b'')[-2000:].decode(errors='replace')}") from failed
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return folder


CONTROL_GROUPS = pathlib.Path("/sys/fs/cgroup")


def control_group_roots() -> list[pathlib.Path]:
    """The root of each hierarchy of control groups: one in version 2, one for each controller in version 1."""
    return [path for path in (CONTROL_GROUPS, *sorted(CONTROL_GROUPS.iterdir())) if (path / "cgroup.procs").exists() and not path.is_symlink()
            and (path == CONTROL_GROUPS or path.is_mount())]


def remove_group(group: pathlib.Path) -> bool:
    """Removes a control group and those below it; false if a process is still in one."""
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            return False
    return True


def remove_abandoned_groups():
    """Of machines whose tests were killed."""
    for root in control_group_roots():
        for group in root.glob("postern-test-*"):
            if not pathlib.Path("/proc", group.name.split("-")[2]).exists():
                remove_group(group)


# Enters the control groups that are given before `--`, so that what systemd makes is below them; a cpuset takes no process at first.
ENTER_GROUPS = 'while [ "$1" != -- ]; do echo $$ 2>/dev/null > "$1/cgroup.procs" || true; shift; done; shift; exec "$@"'

# Arguments: the folder to mount at, the system's folder, the packages' folder.
SET_UP = """
set -e
root=$1 base=$2 archives=$3
mount --make-rprivate /
mount -t tmpfs tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$root/upper,workdir=$root/work" "$root/root"
cd "$root/root"
mount --bind "$archives" var/cache/apt/archives
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs dev
for name in null zero full random urandom tty; do touch "dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
touch dev/console
mount --bind /dev/null dev/console
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
else
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/memory sys/fs/cgroup/pids
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
    mount -t cgroup -o memory cgroup sys/fs/cgroup/memory || true
    mount -t cgroup -o pids cgroup sys/fs/cgroup/pids || true
fi
cat /etc/resolv.conf > etc/resolv.conf 2>/dev/null || true
cat /etc/hosts > etc/hosts
printf '#!/bin/sh\\nexit 101\\n' > usr/sbin/policy-rc.d
chmod 755 usr/sbin/policy-rc.d
# Systemd's own name spaces need a root that is no chroot.
pivot_root . mnt
cd /
umount --lazy /mnt
# As systemd expects it: a service's credentials are mounted in another name space.
mount --make-rshared /
exec env -i container=postern-test PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C /bin/sh -c \
    'while [ ! -e /run/boot ]; do sleep 0.1; done; exec /lib/systemd/systemd --system --unit=basic.target'
"""


def name_of(pid: int) -> str:
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


class Machine:
    """Shares this machine's network, and ends with the process that made it, however that ends. Needs root."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir(parents=True)
        archives = CACHE / "archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        system = base()
        remove_abandoned_groups()
        self.groups = [root / f"postern-test-{os.getpid()}-{folder.name}" for root in control_group_roots()]
        for group in self.groups:
            group.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [tool("setpriv"), "--pdeathsig", "KILL", "/bin/sh", "-c", ENTER_GROUPS, "sh", *self.groups, "--",
             tool("unshare"), "--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--kill-child=KILL",
             "/bin/bash", "-c", SET_UP, "bash", folder, system, archives],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            self.pid = until("the machine's name spaces are made", self._first_process, seconds=20)
            self.root = pathlib.Path(f"/proc/{self.pid}/root")
            until("the machine's root is mounted", self._is_up, seconds=20)
        except BaseException:
            self.stop()
            raise

    def _is_up(self) -> bool:
        if self.process.poll() is not None:
            raise NoWayIn(self.process.stderr.read())
        try:
            # The shell that waits for `boot`.
            return name_of(self.pid) == "sh"
        except OSError:
            return False

    def _first_process(self) -> int | None:
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if self.process.poll() is not None:
            raise NoWayIn(self.process.stderr.read())
        return int(children[0]) if children else None

    def command(self, *words) -> list[str]:
        """The command that runs a program there."""
        enter = [tool("nsenter"), f"--target={self.pid}", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd"]
        return [*enter, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C",
                *(str(word) for word in words)]

    def run(self, *words, code: int = 0, timeout: float = 300) -> str:
        """What a program prints there on both outputs."""
        done = subprocess.run(self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=timeout, check=False)
        assert done.returncode == code, (words, done.returncode, done.stdout[-4000:])
        return done.stdout

    def shell(self, line: str, code: int = 0) -> str:
        return self.run("/bin/sh", "-c", line, code=code)

    def install(self, *packages: str):
        words = shlex.join(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages])
        # What debootstrap has left may list packages that the mirror has replaced by now.
        self.shell(f"{words} || {{ apt-get update && {words}; }}")

    def path(self, inside: str) -> pathlib.Path:
        return self.root / inside.lstrip("/")

    def write(self, inside: str, content: str | bytes, mode: int = 0o644):
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)

    def files(self) -> set[str]:
        """All paths on the root's own file system, but for what apt, dpkg and the linker keep for themselves."""
        kept = "-path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/log/apt -o -path /var/log/dpkg.log -o -path /etc/ld.so.cache"
        return set(self.shell(f"find / -xdev \\( {kept} -o -path /var/log/alternatives.log \\) -prune -o -print").splitlines())

    def owned_files(self) -> set[str]:
        """The paths of all installed packages, and those of the certificates, which one of them writes itself."""
        lists = self.shell("cat /var/lib/dpkg/info/*.list").splitlines()
        return set(lists) | {path for path in self.files() if path.startswith(("/etc/ssl", "/etc/ca-certificates", "/usr/local/share/ca-certificates"))}

    def boot(self):
        """Starts systemd, which has to be installed."""
        self.path("/usr/sbin/policy-rc.d").unlink()
        self.shell("touch /run/boot")
        until("systemd runs", lambda: "running" in subprocess.run(
            self.command("systemctl", "is-system-running"), capture_output=True, text=True, timeout=20, check=False).stdout, seconds=60)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        # A process may still be ending.
        until("its control groups are gone", lambda: all([remove_group(group) for group in self.groups]))
