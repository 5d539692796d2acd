"""Loopback ports: the wanted one if free, else another free one."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection
from typing import Final

LOOPBACK: Final = "127.0.0.1"

# Below the range from which the kernel takes ports for outgoing connections: a node that is killed
# and started again must find its port free.
_RANGE: Final = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers set this too: a port in TIME_WAIT after a restart is free for them.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(wanted: int = 0, taken: Collection[int] = ()) -> int:
    """Return `wanted` if it is free and not in `taken`, else another free port.

    Args:
        wanted: Port tried first; 0 = no wish.
        taken: Ports already promised to others in this stack, though nobody listens yet.
    """
    if wanted and wanted not in taken and is_free(wanted):
        return wanted
    while True:
        port = random.choice(_RANGE)  # noqa: S311  # spreads concurrent stacks, hides nothing
        if port not in taken and is_free(port):
            return port
