"""Who holds a lease, and whether that process can still be alive.

Theory of operation
-------------------
A lease is a row's promise that one process works on it. Its owner's name says which process that
is: host, boot, process namespace, process id, the time the process started (process ids are used
again), and a random word, so that no two owners ever have one name. From a name one can tell that
its process is dead, never that it is alive:

- with the lock of the data directory in hand, every name but one's own is dead;
- a name of this host, boot and namespace is dead if its process is gone or started at another time;
- of any other name nothing is known, and its leases have to expire.

The lock is a flock: the kernel gives it back when its holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runyard.domain.errors import ConflictError

_PARTS = 6


def new_owner() -> str:
    """Return a name for this process as the holder of leases."""
    pid = os.getpid()
    return "/".join(
        [*_surroundings(), str(pid), _start_time(pid) or "unknown", secrets.token_hex(4)]
    )


def is_dead(owner: str) -> bool:
    """Return whether the process behind the name is certainly gone."""
    parts = owner.split("/")
    if len(parts) != _PARTS or tuple(parts[:3]) != _surroundings() or not parts[3].isdigit():
        return False
    return _start_time(int(parts[3])) != parts[4]


def anybody_but(owner: str) -> Callable[[str], bool]:
    """Return the rule for a server that is alone on its data."""
    return lambda other: other != owner


@contextmanager
def hold_lock(path: Path) -> Iterator[bool]:
    """Be the only server on this data; yield True. Raises ConflictError if there is another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                f"Another Runyard uses {path.parent}. Stop it, or set RUNYARD_DATA_DIR."
            ) from error
        yield True
    finally:
        os.close(descriptor)


def _surroundings() -> tuple[str, str, str]:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    return socket.gethostname().replace("/", "_"), boot.replace("-", "")[:12], str(namespace)


def _start_time(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may contain anything; field 22 counts from after it.
    return stat.rpartition(")")[2].split()[19]
