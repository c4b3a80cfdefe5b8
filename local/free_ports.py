"""Ports of this machine that nobody listens on, for what must know its address before it starts.

A port found free may be taken before it is opened: who cannot bear that tries again.
"""

import contextlib
import socket


def free_port() -> int:
    """Return one."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return so many, no two the same."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
