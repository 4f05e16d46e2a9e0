"""Free ports on loopback."""

import os
import random
import socket

# Below the ports that the system gives to outgoing connections (32768 and up), which could take a port between its choice and its use.
FIRST, PER_PROCESS = 12000, 2500
# Of pytest-xdist: each of its processes has ports of its own.
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8

_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """`count` ports that were free a moment ago, none of them given before as long as there are others."""
    found: list[int] = []
    first = FIRST + PROCESS * PER_PROCESS
    if len(_given) > PER_PROCESS / 2:
        _given.clear()
    for port in random.sample(range(first, first + PER_PROCESS), PER_PROCESS):
        if len(found) == count:
            break
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            found.append(port)
    if len(found) < count:
        raise OSError(f"fewer than {count} free ports from {first} to {first + PER_PROCESS - 1}")
    _given.update(found)
    return found
