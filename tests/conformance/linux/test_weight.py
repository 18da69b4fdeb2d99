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
MEASURE = """
import os, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print("ready")
input()
ends_at, began = time.monotonic() + 1.0, time.process_time()
while time.monotonic() < ends_at: pass
print(time.process_time() - began)
"""


@pytest.fixture
def launcher() -> Iterator[LauncherHandle]:
    launcher = platforms.start_linux(LinuxOptions())
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


def require_weights(launcher: LauncherHandle) -> None:
    if not read_weights(launcher):
        pytest.skip("there is no cpu controller for this user")


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


async def wait_until_burning(sandbox: Sandbox) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await read_cpu_seconds(sandbox) < 0.1:
            pass


async def test_sandbox_made_ahead_has_the_least_weight_until_it_begins(
    engine: Engine, launcher: LauncherHandle
) -> None:
    sandbox = await engine.create(SandboxSpec())
    try:
        require_weights(launcher)
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
    try:
        require_weights(launcher)
        await ahead.prepare(LIMITS, ahead=True, light=True)
        burning = await start_burning(ahead)
        session = Session(mine, LIMITS)
        await session.start()
        await wait_until_burning(ahead)
        measuring = session.launch_python(MEASURE, keep_stdin_open=True)
        await measuring.read_until(b"ready")
        before = await read_cpu_seconds(ahead)
        session.channel.write_stdin(b"go\n")
        got = float((await measuring.finish()).text.split()[-1])
        burnt = await read_cpu_seconds(ahead) - before
    finally:
        await ahead.destroy()
        await mine.destroy()
        await asyncio.wait({burning})

    # An equal one would have got as much.
    assert burnt < got / 5
