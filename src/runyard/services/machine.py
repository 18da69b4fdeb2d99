"""What this process may use of its machine."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# The group of this process as it sees it in a container; elsewhere these name no limit.
_MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def count_processors() -> int:
    return len(os.sched_getaffinity(0))


def find_memory_bytes(limits: tuple[Path, ...] = _MEMORY_LIMITS) -> int:
    """Return the machine's memory, or less where this process was given less."""
    found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in limits:
        # "max" is no number.
        with suppress(OSError, ValueError):
            found = min(found, int(path.read_text(encoding="ascii")))
    return found
