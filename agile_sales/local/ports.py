"""Ports of the loopback address: free ones, and who holds a taken one."""

import contextlib
import errno
import os
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
LISTENING = "0A"


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Say whether a server could have this port of `localhost` for itself."""
    if not _can_bind(socket.AF_INET, LOOPBACK, port):
        return False
    # A browser tries `localhost` as ::1 first: a stranger there would answer in our place.
    return not socket.has_ipv6 or _can_bind(socket.AF_INET6, "::1", port)


def _can_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what a server does too: no wait after a stop
        try:
            probe.bind((host, port))
        except OSError as error:
            # A machine without IPv6 has no ::1, which is as good as free.
            return family == socket.AF_INET6 and error.errno != errno.EADDRINUSE
    return True


def holder_of(port: int) -> str:
    """Return words for the program that listens on the port, as far as we may see it."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for entry in os.listdir("/proc") if inodes else ():
        if entry.isdigit():
            with contextlib.suppress(OSError):
                if any(os.readlink(file.path) in inodes for file in os.scandir(f"/proc/{entry}/fd")):
                    return f"{Path(f'/proc/{entry}/comm').read_text().strip()} (process {entry})"
    return "another program"
