"""Who holds a piece of work: names of processes, and whether one of this machine has ended.

A lease ends by time at the latest; where the holder is seen to be dead, it ends at once. It knows no work and no
database.
"""

import os
import socket
from functools import lru_cache
from pathlib import Path

__all__ = ["holder", "is_gone"]


def holder(part: str) -> str:
    """The name of this process for a lease, "place/pid/start/part"; `part` tells leases of one process apart.

    >>> holder("7").endswith("/7"), is_gone(holder("7"))
    (True, False)
    """
    pid = os.getpid()
    return f"{_place()}/{pid}/{_start(pid)}/{part}"


def is_gone(name: str) -> bool:
    """Whether the holder was a process of this machine that runs no more. False where that cannot be known: on another
    machine, in another container.

    >>> is_gone("elsewhere/1/0/1"), is_gone("not a name")
    (False, False)
    """
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != _place() or not parts[1].isdigit():
        return False
    pid = int(parts[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return parts[2] != _start(pid)  # the number may have been given to another process


@lru_cache(maxsize=1)
def _place() -> str:
    """Machine and, on Linux, the space in which process numbers count: containers may share a host's name."""
    try:
        space = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        space = "0"
    return f"{socket.gethostname()}:{space}".replace("/", "-")


def _start(pid: int) -> str:
    """When the process began, in ticks since the machine's start; "gone" for one that has ended and was not yet waited
    for, "0" where the system does not tell."""
    try:
        state, *fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
    except (OSError, ValueError):
        return "0"
    return "gone" if state in "ZX" else fields[18]
