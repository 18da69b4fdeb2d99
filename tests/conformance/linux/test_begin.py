"""No program runs before the limits of its request are set."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.engines.interface import Engine, SandboxSpec
from runyard.engines.linux.engine import build
from runyard.engines.linux.options import LinuxOptions
from runyard.testing.engine_conformance.session import LIMITS, Running, Session, eventually
from runyard.testing.processes import descendants
from tests.conformance import platforms

FORKS = """
import os, signal
count = 0
try:
    while True:
        if os.fork() == 0:
            signal.pause()
        count += 1
except OSError:
    print(count)
"""


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[Engine]:
    launcher = platforms.start_linux(LinuxOptions())
    engine = build(launcher, LinuxOptions())
    yield engine
    await engine.aclose()
    launcher.close()


def find_processes(name: str) -> set[int]:
    return {pid for pid in descendants(os.getpid()) if read_name(pid) == name}


def read_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""  # Ended meanwhile.


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def collect(running: Running) -> str:
    return (await running.finish()).text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what an agent waits for")
async def test_program_waits_for_the_limits_of_its_request(engine: Engine) -> None:
    """However late they are: the supervisor sets them, and another process starts the program."""
    limits = replace(LIMITS, processes=5)
    # Of other engines of this run.
    strangers = find_processes("runyard-slot") | find_processes("runyard-job")
    sandbox = await engine.create(SandboxSpec())
    try:
        await sandbox.prepare(LIMITS, ahead=True)
        session = Session(sandbox, limits)
        await session.channel.open()
        [agent] = find_processes("runyard-job") - strangers
        [supervisor] = find_processes("runyard-slot") - strangers
        waits_for = Path(f"/proc/{agent}/wchan")
        with stopped(supervisor):
            await sandbox.begin(limits)
            ending = asyncio.create_task(collect(session.launch_python(FORKS)))
            await eventually(
                lambda: ending.done() or "futex" in waits_for.read_text(),
                "the agent waits or the program is over",
            )
            assert not ending.done()
        assert await ending == "4"
    finally:
        await sandbox.destroy()
