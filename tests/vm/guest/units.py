"""Run by name in the sessions of the systemd mode: sandboxes live in the unit of their server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.domain.execution import LimitHit
from runyard.domain.limits import MIB, Limits
from runyard.engines.interface import Engine, SandboxSpec
from runyard.engines.linux.engine import build
from runyard.engines.linux.host import parse_places
from runyard.engines.linux.launcher import LauncherHandle, start_launcher
from runyard.engines.linux.options import LinuxOptions
from runyard.testing.engine_conformance.session import open_session

OPTIONS = LinuxOptions()
GROUPS = Path("/sys/fs/cgroup")
LIMITS = Limits(wall_seconds=60.0, memory_bytes=32 * MIB, processes=8, disk_bytes=2 * MIB)


@pytest.fixture(scope="module")
def launcher() -> LauncherHandle:
    return start_launcher(OPTIONS)


@pytest_asyncio.fixture(scope="module")
async def engine(launcher: LauncherHandle) -> AsyncIterator[Engine]:
    engine = build(launcher, OPTIONS)
    yield engine
    await engine.aclose()
    assert not list(GROUPS.rglob(launcher.facts.group))


def own_unit() -> Path:
    place = parse_places(Path("/proc/self/cgroup").read_text())[""]
    # Whoever makes groups beside itself has moved into a leaf of that name first.
    while place.endswith("/server"):
        place = place.removesuffix("/server")
    return GROUPS / place.lstrip("/")


def test_launcher_has_control_groups_of_version_2(launcher: LauncherHandle) -> None:
    facts = launcher.facts

    assert (facts.cgroup_version, facts.why_no_cgroup) == (2, "")
    assert facts.has_memory
    assert facts.has_processes
    assert facts.has_cpu


def test_groups_of_sandboxes_lie_in_the_servers_unit(launcher: LauncherHandle) -> None:
    """So that the unit's limits bound them and its end is theirs."""
    unit = own_unit()

    # A login session's own scope belongs to the system and is not delegated.
    assert unit.suffix in {".scope", ".service"}
    assert not unit.name.startswith("session-c")
    (group,) = GROUPS.rglob(launcher.facts.group)
    assert unit in group.parents


async def test_every_limit_is_enforced(engine: Engine) -> None:
    capabilities = await engine.probe()

    assert capabilities.usable, capabilities.reason
    assert not capabilities.has_weak_limits, capabilities.limits
    assert not [check for check in capabilities.checks if not check[1]]


async def test_memory_is_bounded_by_the_control_group(engine: Engine) -> None:
    async with open_session(engine, SandboxSpec(), LIMITS) as session:
        ended = await session.python("bytearray(256 << 20)")
        usage = await session.sandbox.usage()

    assert ended.exited.limit_hit is LimitHit.MEMORY
    assert usage.memory_peak_bytes is not None
    assert LIMITS.memory_bytes <= usage.memory_peak_bytes <= 2 * LIMITS.memory_bytes


async def test_processes_are_bounded_by_the_control_group(engine: Engine) -> None:
    program = """
import os, time
for number in range(100):
    try:
        child = os.fork()
    except BlockingIOError:
        print(number)
        break
    if child == 0:
        time.sleep(100)
"""
    async with open_session(engine, SandboxSpec(), LIMITS) as session:
        ended = await session.python(program)

    assert 0 < int(ended.text) < LIMITS.processes
