"""What processes cost as the kernel counts it: CPU in /proc/PID/stat, memory in smaps_rollup."""

import os
import re
from pathlib import Path

from runyard.testing.processes import descendants

_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1024  # The kernel counts in KiB.


def cpu_seconds(pid: int) -> float:
    """Return what the process itself used, all its threads together."""
    user, system, *_ = _cpu_ticks(pid)
    return (user + system) / _TICKS


def family_cpu_seconds(pid: int) -> float:
    """Return what all below the process used, with those that ended and were waited for."""
    return sum(sum(_cpu_ticks(each)) for each in descendants(pid)) / _TICKS


def memory_mib(pid: int, kind: str) -> float:
    """Return the "Rss" or "Pss" of one process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(rf"^{kind}: +(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) / _MIB if found else 0.0


def program(pid: int) -> str:
    """Return the file name of what the process executes."""
    return Path(f"/proc/{pid}/exe").readlink().name


def _cpu_ticks(pid: int) -> list[int]:
    """Return user and system time, and the same of children that were waited for."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return [0, 0, 0, 0]
    return [int(field) for field in stat.rpartition(")")[2].split()[11:15]]
