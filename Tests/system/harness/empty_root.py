"""A root folder with the release binary in it and nothing else that a machine usually has, and the way to run it there."""

import os
import pathlib
import re
import shutil
import subprocess

from .service import BINARY, Service, clean_environment

# Where the service looks for the system's certificate authorities.
AUTHORITIES = pathlib.PurePosixPath("/etc/ssl/certs/ca-certificates.crt")


class NoWayIn(Exception):
    """Neither root nor user namespaces: nobody can change the root here."""


def tool(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin")
    assert found, f"there is no {name}: `scripts/install test` installs what is missing"
    return found


def output(*command) -> str:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL,
                          env=clean_environment(LC_ALL="C")).stdout


def loader(binary: pathlib.Path) -> str:
    """The dynamic loader that the kernel is told to start."""
    return re.search(r"Requesting program interpreter: ([^\]]+)\]", output(tool("readelf"), "--program-headers", "--wide", binary))[1]


def needed(binary: pathlib.Path) -> set[str]:
    """The names of the libraries that a program or a library asks for itself."""
    return set(re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", output(tool("readelf"), "--dynamic", "--wide", binary)))


def resolved(binary: pathlib.Path) -> dict[str, pathlib.Path]:
    """Every library that is loaded, those of libraries too, and where it was found."""
    listed = output(tool("ldd"), binary)
    assert "not found" not in listed, listed
    return {name: pathlib.Path(path) for name, path in re.findall(r"^\s*(\S+) => (/\S+) \(0x", listed, re.MULTILINE)}


# /proc is the kernel's: Swift's runtime reads a program's arguments from it, and Dispatch the state of its threads. It is mounted in a
# name space of its own, so nothing has to be unmounted.
ENTER = 'mount --rbind /proc "$1/proc" && exec chroot "$@"'


def way_in(folder: pathlib.Path) -> list[str]:
    """The command that makes a folder with a `proc` the root; the program and its arguments follow."""
    for rights in ([], ["--map-root-user"]):
        way = [tool("unshare"), *rights, "--mount", "/bin/sh", "-c", ENTER, "sh", str(folder)]
        # The loader's own help shows that the root can be entered: there is nothing else yet that could run.
        tried = subprocess.run([*way, loader(BINARY), "--version"], capture_output=True, timeout=20, check=False)
        if tried.returncode == 0:
            return way
    raise NoWayIn(f"chroot and mount need root, or user namespaces: {tried.stderr.decode()}")


class EmptyRoot:
    """No toolchain, no /dev, no shell, no temporary folder, and of /etc only the certificates; /proc is mounted."""

    def __init__(self, folder: pathlib.Path, authorities: bytes):
        self.folder = folder
        (folder / "proc").mkdir()
        self.put(loader(BINARY), loader(BINARY))
        self.put("/postern", BINARY)
        for path in resolved(BINARY).values():
            self.put(path, path)
        bundle = self.path(AUTHORITIES)
        bundle.parent.mkdir(parents=True)
        bundle.write_bytes(authorities)
        self.way = way_in(folder)

    def path(self, inside) -> pathlib.Path:
        """Where a path of the root lies outside of it."""
        return self.folder / pathlib.PurePosixPath(inside).relative_to("/")

    def inside(self, outside) -> str:
        """A path as the program sees it; what is not below the root stays as it is."""
        path = pathlib.Path(outside)
        return f"/{path.relative_to(self.folder)}" if path.is_relative_to(self.folder) else str(outside)

    def put(self, inside, source):
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        # What a link names, under the link's own name.
        shutil.copy(pathlib.Path(source).resolve(), path)

    def files(self) -> set[str]:
        return {self.inside(path) for path in self.folder.rglob("*") if not path.is_dir()}

    def command(self, *arguments) -> list[str]:
        return [*self.way, "/postern", *(self.inside(argument) for argument in arguments)]

    def run(self, *arguments, code: int = 0) -> str:
        """What a command prints, after it ended with that code."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env=clean_environment(), check=False)
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def enter(self, service: Service) -> Service:
        """Makes a service that is not started yet, with its folder below the root, run inside."""
        self.rename_paths(service.folder)
        service.arguments = self.command(*service.arguments[1:])
        return service

    def rename_paths(self, folder: pathlib.Path):
        """Rule files name files as the program sees them."""
        for path in folder.rglob("*.yaml"):
            path.write_text(path.read_text().replace(f"{self.folder}/", "/"))
