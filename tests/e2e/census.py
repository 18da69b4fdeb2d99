"""Counts what a server holds of the machine, read from outside it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runyard.testing.processes import descendants

CGROUPS = Path("/sys/fs/cgroup")
# For a server that is counted: what stands ready changes with demand, and what is prepared is made
# at some time behind the start. Both have tests of their own.
COUNTABLE = {**os.environ, "RUNYARD_POOL_COUNT_MAX": "0", "RUNYARD_PREPARED_FILES": "false"}


@dataclass(frozen=True, slots=True)
class Census:
    processes: int
    mounts: int
    cgroups: int
    network_namespaces: int
    open_files: int
    temporary_entries: int
    data_entries: int


def take(pid: int, data: Path) -> Census:
    family = [pid, *descendants(pid)]
    return Census(
        processes=len(family),
        mounts=sum(_lines(process, "mountinfo") for process in _one_per_namespace(family, "mnt")),
        cgroups=sum(1 for _ in cgroups(family)),
        network_namespaces=len(set(_one_per_namespace(family, "net"))),
        open_files=sum(_open_files(process) for process in family),
        temporary_entries=_temporary_entries(user_ids(pid)),
        data_entries=sum(
            1 for path in data.rglob("*") if path.suffix not in {".db-wal", ".db-shm"}
        ),
    )


def cgroups(family: list[int]) -> Iterator[Path]:
    """Yield the cgroups of the launchers among `family`, which name their process id."""
    for directory, names, _ in os.walk(CGROUPS):
        for name in names:
            if any(f"runyard-{pid}-" in f"{directory}/{name}" for pid in family):
                yield Path(directory, name)


def user_ids(pid: int) -> set[int]:
    """Return the real, effective, saved and file-system user ids as the host sees them."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("Uid:"):
            return {int(word) for word in line.split()[1:]}
    raise AssertionError(f"process {pid} has no Uid line")


def memory_bytes(pid: int) -> int:
    """Return the proportional set size of a process."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no Pss line")


def _one_per_namespace(family: list[int], kind: str) -> list[int]:
    seen: dict[str, int] = {}
    for process in family:
        try:
            seen.setdefault(os.readlink(f"/proc/{process}/ns/{kind}"), process)
        except OSError:
            continue
    return list(seen.values())


def _lines(pid: int, name: str) -> int:
    try:
        return len(Path(f"/proc/{pid}/{name}").read_text().splitlines())
    except OSError:
        return 0


def _temporary_entries(owners: set[int]) -> int:
    """Count what the server's own user has there: others come and go meanwhile."""
    with os.scandir("/tmp") as entries:
        return sum(1 for entry in entries if entry.stat(follow_symlinks=False).st_uid in owners)


def _open_files(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0
