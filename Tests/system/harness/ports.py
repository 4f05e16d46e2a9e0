"""Free ports on loopback."""

import socket


def free_ports(count: int) -> list[int]:
    """`count` ports that were free a moment ago; all are held until all are known, so no two are alike."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
