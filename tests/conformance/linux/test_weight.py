"""What nobody waits for yet gives way to what somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.agent.channel import Command
from runyard.engines.interface import Engine, Sandbox, SandboxSpec
from runyard.engines.linux.engine import build
from runyard.engines.linux.launcher import LauncherHandle
from runyard.engines.linux.options import LinuxOptions
from runyard.testing.engine_conformance.session import DEADLINE_SECONDS, LIMITS, PYTHON, Session
from tests.conformance import platforms

# Everything on one processor, until the sandbox is destroyed.
BURN = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nwhile True: pass"
# Until something comes in.
SPIN = """
import os, select
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print("ready", flush=True)
while not select.select([0], [], [], 0)[0]: pass
"""
MEASURED_SECONDS = 0.5


@pytest.fixture
def launcher() -> Iterator[LauncherHandle]:
    launcher = platforms.start_linux(LinuxOptions())
    if not launcher.facts.has_cpu:
        launcher.close()
        pytest.skip("there is no cpu controller for this user")
    yield launcher
    launcher.close()


@pytest_asyncio.fixture
async def engine(launcher: LauncherHandle) -> AsyncIterator[Engine]:
    engine = build(launcher, LinuxOptions())
    yield engine
    await engine.aclose()


def read_weights(launcher: LauncherHandle) -> set[str]:
    """Return what the files of this launcher's slots say."""
    name = Path(launcher.facts.group).name
    tops = [path for path in Path("/sys/fs/cgroup").rglob(name) if path.is_dir()]
    found = [file for top in tops for file in top.glob("slot-*/cpu.*")]
    return {file.read_text().strip() for file in found if file.name in {"cpu.weight", "cpu.shares"}}


async def start_burning(sandbox: Sandbox) -> asyncio.Task[object]:
    """Begin a program that nobody asked for and that never comes to the work folder."""
    session = Session(sandbox, LIMITS)
    await session.channel.open()
    patient = replace(LIMITS, wall_seconds=60.0)
    command = Command(argv=(PYTHON, "-c", BURN), env={"PATH": "/usr/bin"}, limits=patient)
    return asyncio.create_task(session.channel.warm(command))


async def read_cpu_seconds(sandbox: Sandbox) -> float:
    spent = (await sandbox.usage()).cpu_seconds
    assert spent is not None
    return spent


async def wait_until_spent(sandbox: Sandbox, seconds: float) -> float:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (spent := await read_cpu_seconds(sandbox)) < seconds:
            pass
    return spent


async def test_sandbox_made_ahead_has_the_least_weight_until_it_begins(
    engine: Engine, launcher: LauncherHandle
) -> None:
    sandbox = await engine.create(SandboxSpec())
    try:
        await sandbox.prepare(LIMITS, ahead=True, light=True)
        session = Session(sandbox, LIMITS)
        await session.channel.open()
        ahead = read_weights(launcher)
        await sandbox.begin(LIMITS)
        assert (await session.run("/bin/true")).exited.exit_code == 0
        begun = read_weights(launcher)
    finally:
        await sandbox.destroy()

    assert (ahead, begun) in [({"1"}, {"100"}), ({"2"}, {"1024"})]


async def test_program_started_ahead_takes_no_time_from_one_that_runs(
    engine: Engine, launcher: LauncherHandle
) -> None:
    ahead, mine = await engine.create(SandboxSpec()), await engine.create(SandboxSpec())
    await ahead.prepare(LIMITS, ahead=True, light=True)
    burning = await start_burning(ahead)
    try:
        session = Session(mine, LIMITS)
        await session.start()
        await wait_until_spent(ahead, 0.1)
        spinning = session.launch_python(SPIN, keep_stdin_open=True)
        await spinning.read_until(b"ready")
        mine_before, ahead_before = await read_cpu_seconds(mine), await read_cpu_seconds(ahead)
        mine_after = await wait_until_spent(mine, mine_before + MEASURED_SECONDS)
        burnt = await read_cpu_seconds(ahead) - ahead_before
        session.channel.write_stdin(b"go\n")
        await spinning.finish()
    finally:
        await ahead.destroy()
        await mine.destroy()
        await asyncio.wait({burning})

    # An equal one would have got as much.
    assert burnt < (mine_after - mine_before) / 5
