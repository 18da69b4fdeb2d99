"""Whatever happens to those who use an engine, nothing of it stays behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from runyard.domain.errors import BusyError, RunyardError
from runyard.engines.interface import Engine, SandboxSpec
from runyard.testing.engine_conformance.session import eventually, open_session, open_sessions
from tests.security.belongings import count, leaves_nothing, rest, sandboxed_processes, settle
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import INSIDE_LIMITS
from tests.security.starting import start_engine

ROOT = Path(__file__).parents[2]
JOB_COUNT = 200
STEPS_BEFORE_CANCEL = (0, 1, 2, 3, 5, 8, 13, 21, 34)


@pytest.fixture
def driver() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.security.driver"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    yield process
    with suppress(ProcessLookupError):
        process.kill()
    process.communicate()


async def told_by(driver: subprocess.Popen[bytes]) -> dict[str, object]:
    assert driver.stdout is not None
    line = await asyncio.wait_for(asyncio.to_thread(driver.stdout.readline), 60)
    found: dict[str, object] = json.loads(line)
    return found


def alive(pids: object) -> list[int]:
    assert isinstance(pids, list)
    return [pid for pid in pids if not is_dead(pid)]


def is_dead(pid: int) -> bool:
    """Whether nothing but perhaps a zombie is left of a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@pytest.mark.parametrize("steps", STEPS_BEFORE_CANCEL)
async def test_cancelling_a_start_leaves_nothing(laboratory: Laboratory, steps: int) -> None:
    async with leaves_nothing(laboratory.engine):
        starting = asyncio.ensure_future(laboratory.engine.create(SandboxSpec()))
        for _ in range(steps):
            await asyncio.sleep(0)
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await (await starting).destroy()
        await laboratory.check_works()


@pytest.mark.parametrize("steps", STEPS_BEFORE_CANCEL)
async def test_cancelling_an_execution_leaves_nothing(laboratory: Laboratory, steps: int) -> None:
    async def execute() -> None:
        async with open_session(laboratory.engine, SandboxSpec()) as session:
            await session.run("/bin/sleep", "60", env=ENV)

    async with leaves_nothing(laboratory.engine):
        executing = asyncio.ensure_future(execute())
        for _ in range(steps * 3):
            await asyncio.sleep(0)
        executing.cancel()
        with suppress(asyncio.CancelledError):
            await executing
        await laboratory.check_works()


async def test_destroying_a_sandbox_in_mid_run_ends_its_program(laboratory: Laboratory) -> None:
    async with leaves_nothing(laboratory.engine):
        async with open_session(laboratory.engine, SandboxSpec()) as session:
            running = session.launch("/bin/sh", "-c", "echo up; sleep 60", env=ENV)
            await running.read_until(b"up")
            await session.sandbox.destroy()
            with pytest.raises(RunyardError):
                await running.finish()
        assert not sandboxed_processes()


async def test_closing_the_stream_ends_the_program(laboratory: Laboratory) -> None:
    async with laboratory.sandbox(INSIDE_LIMITS) as session:
        running = session.launch("/bin/sh", "-c", "trap '' TERM; echo up; sleep 60", env=ENV)
        await running.read_until(b"up")
        await session.sandbox.stream.aclose()
        await eventually(lambda: not sandboxed_processes(), "the program and the agent have ended")


async def test_two_hundred_executions_leave_nothing(laboratory: Laboratory) -> None:
    engine = laboratory.engine
    program = "(setsid sleep 60 &); echo $$ > /tmp/x; mktemp -d; exit 3"

    async def execute_some() -> None:
        for _ in range(JOB_COUNT // 2):
            async with open_session(engine, SandboxSpec()) as session:
                ended = await session.run("/bin/sh", "-c", program, env=ENV)
                assert ended.exited.exit_code == 3

    async with leaves_nothing(engine):
        await asyncio.gather(execute_some(), execute_some())


async def test_engine_that_is_full_says_so_and_recovers(laboratory: Laboratory) -> None:
    engine = laboratory.engine
    before = await count(engine)
    with pytest.raises(BusyError):
        async with open_sessions(engine, SandboxSpec(), 300):
            pass
    await laboratory.check_works()
    # Places stay for later use, sandboxes do not.
    assert (await rest(engine)).sandboxes == before.sandboxes
    assert not sandboxed_processes()


async def test_ids_that_never_were_are_destroyed_without_a_word(engine: Engine) -> None:
    async with leaves_nothing(engine):
        for name in ("", "0", "-1", "slot-99", "../..", "x" * 5000, "\x00", "runyard-1-1-1/slot-0"):
            await engine.destroy(name)


async def test_owner_killed_takes_everything_with_it(driver: subprocess.Popen[bytes]) -> None:
    found = await told_by(driver)
    assert len(alive(found["sandboxed"])) >= 4

    driver.kill()

    await eventually(lambda: not alive(found["family"]), "launcher, slots and programs have ended")


async def test_launcher_killed_takes_its_sandboxes_with_it(
    driver: subprocess.Popen[bytes],
) -> None:
    found = await told_by(driver)
    launcher = found["launcher"]
    assert isinstance(launcher, int)

    os.kill(launcher, signal.SIGKILL)

    await eventually(lambda: not alive(found["family"]), "slots and programs have ended")


async def test_groups_that_a_killed_launcher_left_are_removed_by_the_next(
    driver: subprocess.Popen[bytes],
) -> None:
    found = await told_by(driver)
    launcher, groups = found["launcher"], found["cgroups"]
    assert isinstance(launcher, int)
    assert isinstance(groups, list)
    os.kill(launcher, signal.SIGKILL)
    driver.kill()
    await eventually(lambda: not alive(found["family"]), "slots and programs have ended")

    another = start_engine()
    try:
        await another.probe()
        await eventually(
            lambda: not [path for path in groups if Path(path).exists()], "the groups are gone"
        )
    finally:
        await another.aclose()


async def test_closing_an_engine_gives_everything_back(laboratory: Laboratory) -> None:
    before = await rest(laboratory.engine)
    another = start_engine()
    async with open_session(another, SandboxSpec()) as session:
        await session.run("/bin/true", env=ENV)
    await another.create(SandboxSpec())
    started = time.monotonic()
    await another.aclose()

    assert time.monotonic() - started < 10
    await settle(laboratory.engine, before)
