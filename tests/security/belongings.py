"""What an engine holds of the machine at one moment, counted from outside it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from runyard.engines.interface import Engine
from runyard.testing.processes import descendants

SETTLE_SECONDS = 20.0
TIMES_SEEN_AT_REST = 5
CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    processes: int
    # Processes in a pid namespace of a pid namespace: programs and the agents above them.
    sandboxed: tuple[int, ...]
    mounts: int
    cgroups: int
    network_namespaces: int
    own_descriptors: int
    their_descriptors: int
    sandboxes: tuple[str, ...]
    temporary: tuple[str, ...]


async def count(engine: Engine) -> Belongings:
    """Count what this process, as the owner of `engine`, and everything below it hold."""
    family = descendants(os.getpid())
    return Belongings(
        processes=len(family),
        sandboxed=tuple(sandboxed_processes()),
        mounts=_mounts([os.getpid(), *family]),
        cgroups=sum(1 for _ in cgroups(family)),
        network_namespaces=len({_link(pid, "ns/net") for pid in family}),
        own_descriptors=len(os.listdir("/proc/self/fd")),
        their_descriptors=sum(_entries(f"/proc/{pid}/fd") for pid in family),
        sandboxes=tuple(sorted(await own_sandboxes(engine))),
        temporary=tuple(sorted(os.listdir(os.environ["TMPDIR"]))),
    )


async def own_sandboxes(engine: Engine) -> list[str]:
    """Return the sandboxes of `engine`, without the groups that another, killed launcher left."""
    return [each for each in await engine.list_ids() if not each.startswith("runyard-")]


@asynccontextmanager
async def leaves_nothing(engine: Engine) -> AsyncIterator[None]:
    """Whatever happens inside, afterwards everything is as it was before, soon."""
    before = await count(engine)
    yield
    await settle(engine, before)


async def rest(engine: Engine) -> Belongings:
    """Wait until nothing changes any more, and return what is there then."""
    deadline = time.monotonic() + SETTLE_SECONDS
    seen, times_seen = await count(engine), 1
    while times_seen < TIMES_SEEN_AT_REST:
        assert time.monotonic() < deadline, f"still changing: {seen}"
        await asyncio.sleep(0.01)  # tidy: nothing announces that nothing happens
        again = await count(engine)
        seen, times_seen = again, times_seen + 1 if again == seen else 1
    return seen


async def settle(engine: Engine, before: Belongings) -> None:
    """Wait until `engine` holds what it held `before`; fail with what differs."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (after := await count(engine)) != before:
        if time.monotonic() > deadline:
            was, became = asdict(before), asdict(after)
            changed = {name: (was[name], became[name]) for name in was if was[name] != became[name]}
            raise AssertionError(f"left behind after {SETTLE_SECONDS} s (before, after): {changed}")
        await asyncio.sleep(0.01)  # tidy: nothing announces the end of a namespace


def sandboxed_processes() -> list[int]:
    """Return the host's numbers of the processes that run in sandboxes of this process."""
    depth = _namespace_depth(os.getpid())
    return [pid for pid in descendants(os.getpid()) if _namespace_depth(pid) >= depth + 2]


def cgroups(family: list[int]) -> Iterator[Path]:
    """Yield the groups of the launchers in `family`, in every hierarchy."""
    own = tuple(f"runyard-{pid}-" for pid in family)
    for name in _hierarchies():
        for directory, names, _ in os.walk(name):
            for each in names:
                if each.startswith(own):
                    # os.walk passes over what disappears under its hands.
                    for below, _, _ in os.walk(f"{directory}/{each}"):
                        yield Path(below)
            names[:] = [each for each in names if not each.startswith("runyard-")]


def status_of(pid: int) -> dict[str, str]:
    """Return /proc/PID/status, empty for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _namespace_depth(pid: int) -> int:
    return len(status_of(pid).get("NSpid", "").split())


def _hierarchies() -> list[Path]:
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [CGROUPS / name for name in ("memory", "pids", "cpuacct", "cpu", "unified")]


def _mounts(family: list[int]) -> int:
    one_each = {_link(pid, "ns/mnt"): pid for pid in family}
    return sum(_lines(f"/proc/{pid}/mountinfo") for pid in one_each.values())


def _link(pid: int, name: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/{name}")
    except OSError:
        return ""  # Ended, or closed to an ordinary user.


def _entries(path: str) -> int:
    try:
        return len(os.listdir(path))
    except OSError:
        return 0


def _lines(path: str) -> int:
    try:
        return len(Path(path).read_text().splitlines())
    except OSError:
        return 0
