"""The machine that was measured on, in words: figures without it mean nothing."""

import os
import platform
import re
import subprocess
from pathlib import Path


def describe() -> dict[str, str]:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"MemTotal: +(\d+) kB", Path("/proc/meminfo").read_text())
    # What follows is the builder's own counting.
    kernel = ".".join(platform.release().split(".")[:2])
    load = " ".join(f"{each:.2f}" for each in os.getloadavg())
    return {
        "processors": f"{os.cpu_count()} x {found[1] if found else platform.machine()}",
        "memory": f"{int(memory[1]) / 1024**2:.1f} GiB" if memory else "unknown",
        "system": f"Linux {kernel}, cgroup v{_cgroup_version()}",
        "python": platform.python_version(),
        "runyard": _commit(),
        "load before": load,
    }


def _cgroup_version() -> int:
    return 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1


def _commit() -> str:
    ended = subprocess.run(
        ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return ended.stdout.strip() or "no commit"
