"""The linux engine keeps the port's promises on this machine, as root or as an ordinary user."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.domain.limits import Policy
from runyard.engines.interface import Capabilities, Engine, SandboxSpec
from runyard.engines.linux.engine import build
from runyard.engines.linux.launcher import LauncherHandle, start_launcher
from runyard.engines.linux.options import LinuxOptions
from runyard.testing.engine_conformance import EngineConformance, open_session
from runyard.testing.engine_conformance.session import eventually
from runyard.testing.engine_conformance.tools import TOOL_LIMITS, find_tools
from tests.conformance import platforms

OPTIONS = LinuxOptions(
    sources=tuple(mount.source for tool in find_tools().values() for mount in tool.mounts),
    limits_max=dataclasses.replace(
        Policy().limits_max, wall_seconds=TOOL_LIMITS.wall_seconds, cpu_seconds=1000.0
    ),
)


@pytest.fixture
def launcher(found: Capabilities) -> Iterator[LauncherHandle]:
    launcher = start_launcher(OPTIONS)
    yield launcher
    launcher.close()


@pytest_asyncio.fixture
async def engine(launcher: LauncherHandle) -> AsyncIterator[Engine]:
    engine = build(launcher, OPTIONS)
    yield engine
    await engine.aclose()


@pytest_asyncio.fixture(scope="session")
async def found() -> Capabilities:
    """What works here; tried once, because it takes an emulated machine a second."""
    launcher = platforms.start_linux(OPTIONS)
    engine = build(launcher, OPTIONS)
    try:
        capabilities = await engine.probe()
    finally:
        await engine.aclose()
        launcher.close()
    if not capabilities.usable:
        platforms.give_up("linux", str(capabilities.reason))
    return capabilities


class TestLinuxEngine(EngineConformance):
    @pytest.fixture
    def capabilities(self, found: Capabilities) -> Capabilities:
        return found


async def test_linux_engine_claims_isolation(engine: Engine) -> None:
    capabilities = await engine.probe()

    assert capabilities.isolation == "namespaces"
    assert capabilities.network_cut
    assert capabilities.root_read_only


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user may have no control groups")
async def test_linux_engine_as_root_enforces_every_limit(engine: Engine) -> None:
    capabilities = await engine.probe()

    assert not capabilities.has_weak_limits, capabilities.limits


async def test_many_sandboxes_leave_no_control_group(
    engine: Engine, launcher: LauncherHandle
) -> None:
    async def use_once() -> None:
        async with open_session(engine, SandboxSpec()) as session:
            await session.run("/bin/true")
            await session.begin_step()
            await session.run("/bin/true")

    await use_once()
    before = _groups_of(launcher)
    for _ in range(50):
        await use_once()

    # The next job's group is made before the last one's is removed, behind the answer.
    await eventually(lambda: len(_groups_of(launcher)) <= len(before), "no group is left over")

    await engine.aclose()
    launcher.close()

    assert not _groups_of(launcher)


def _groups_of(launcher: LauncherHandle) -> list[Path]:
    """Find the launcher's groups by the process id in their name, whatever they are below."""
    name = Path(launcher.facts.group).name
    if not name:
        return []
    tops = [path for path in Path("/sys/fs/cgroup").rglob(name) if path.is_dir()]
    return [group for top in tops for group in (top, *top.rglob("*")) if group.is_dir()]
