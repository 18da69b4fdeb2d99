"""Sandboxes come, are listed, go, and leave nothing behind, whatever happens in between."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from runyard.agent.channel import Channel
from runyard.domain.errors import EngineError
from runyard.domain.limits import LIMIT_NAMES
from runyard.engines.interface import Engine, SandboxSpec
from runyard.testing.engine_conformance.session import (
    DEADLINE_SECONDS,
    LIMITS,
    Session,
    eventually,
    open_session,
    open_sessions,
)
from runyard.testing.engine_conformance.surroundings import Surroundings


class LifecycleConformance(Surroundings):
    async def test_probe_names_every_limit_and_may_be_repeated(self, engine: Engine) -> None:
        first = await engine.probe()
        second = await engine.probe()

        assert first.usable, first.reason
        assert set(first.limits) == set(second.limits) == set(LIMIT_NAMES)
        assert all(limit.by for limit in first.limits.values())
        assert all(limit.enforced or limit.advice for limit in first.limits.values())

    async def test_created_sandbox_is_listed_until_destroyed(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        sandbox = await engine.create(spec)

        assert sandbox.id in await engine.list_ids()

        await sandbox.destroy()

        assert sandbox.id not in await engine.list_ids()

    async def test_sandboxes_have_ids_of_their_own(self, engine: Engine, spec: SandboxSpec) -> None:
        async with open_sessions(engine, spec, 4) as sessions:
            ids = {session.sandbox.id for session in sessions}

            assert len(ids) == 4
            assert ids <= set(await engine.list_ids())

    async def test_destroying_twice_succeeds(self, engine: Engine, spec: SandboxSpec) -> None:
        sandbox = await engine.create(spec)

        await sandbox.destroy()
        await sandbox.destroy()
        await engine.destroy(sandbox.id)

        assert sandbox.id not in await engine.list_ids()

    async def test_destroying_at_the_same_time_succeeds(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        sandbox = await engine.create(spec)

        await asyncio.gather(*(sandbox.destroy() for _ in range(3)), engine.destroy(sandbox.id))

        assert sandbox.id not in await engine.list_ids()

    async def test_end_of_a_sandbox_that_stands_ready_is_told_once(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        sandbox = await engine.create(spec)
        told = asyncio.Queue[str]()
        try:
            await sandbox.prepare(LIMITS, ahead=True)
            sandbox.watch(lambda: told.put_nowait("called off"))
            sandbox.watch(None)
            sandbox.watch(lambda: told.put_nowait("ended"))
            # No agent goes on after this.
            sandbox.stream.write(b"\xff" * 64)

            async with asyncio.timeout(DEADLINE_SECONDS):
                assert await told.get() == "ended"
        finally:
            await sandbox.destroy()
        assert told.empty()

    async def test_sandbox_is_read_as_usual_after_it_was_watched(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        sandbox = await engine.create(spec)
        ended: list[None] = []
        try:
            await sandbox.prepare(LIMITS, ahead=True)
            sandbox.watch(lambda: ended.append(None))
            sandbox.watch(None)

            async with asyncio.timeout(DEADLINE_SECONDS):
                assert (await Channel(sandbox.stream).open()).version
        finally:
            await sandbox.destroy()
        assert not ended

    async def test_destroying_by_id_ends_the_sandbox(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        sandbox = await engine.create(spec)
        stream = sandbox.stream

        await engine.destroy(sandbox.id)

        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await stream.read(1) == b""
        assert sandbox.id not in await engine.list_ids()
        await sandbox.destroy()

    async def test_destroying_an_unknown_id_succeeds(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        async with open_session(engine, spec) as session:
            for name in ("", "never-existed", "0", "999999999", "../../etc", "a b\n", "x" * 5000):
                await engine.destroy(name)

            assert (await session.run("/bin/echo", "alive")).text == "alive"

    async def test_agent_never_speaks_first(self, engine: Engine, spec: SandboxSpec) -> None:
        sandbox = await engine.create(spec)
        try:
            await sandbox.prepare(LIMITS)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(sandbox.stream.read(1), timeout=0.5)

            session = Session(sandbox, LIMITS)
            await session.channel.open()

            assert (await session.run("/bin/echo", "heard")).text == "heard"
        finally:
            await sandbox.destroy()

    async def test_unused_sandbox_can_be_destroyed_before_it_is_prepared(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        unused = await engine.create(spec)
        await unused.destroy()

        async with open_session(engine, spec) as session:
            assert (await session.run("/bin/echo", "next")).text == "next"

    async def test_destroying_while_a_command_runs_ends_it(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        async with open_session(engine, spec) as session:
            running = session.launch("/bin/sh", "-c", "echo up; exec sleep 1000")
            await running.read_until(b"up")
            waiting = asyncio.create_task(running.finish())
            await session.sandbox.destroy()

            with pytest.raises(EngineError):
                await waiting

    async def test_writing_to_a_destroyed_sandbox_raises_connection_error(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        sandbox = await engine.create(spec)
        await sandbox.prepare(LIMITS)
        stream = sandbox.stream
        await sandbox.destroy()

        async with asyncio.timeout(DEADLINE_SECONDS):
            with pytest.raises(ConnectionError):
                while True:
                    stream.write(b"x" * 65536)
                    await stream.drain()

    async def test_cancelled_create_leaves_nothing(self, engine: Engine, spec: SandboxSpec) -> None:
        async with open_session(engine, spec):
            pass
        before = await engine.list_ids()
        completed = 0
        for turns in (*range(12), 20, 40, 80, 160):
            creating = asyncio.create_task(engine.create(spec))
            for _ in range(turns):
                await asyncio.sleep(0)
            creating.cancel()
            try:
                await (await creating).destroy()
                completed += 1
            except asyncio.CancelledError:
                pass
            assert await engine.list_ids() == before

        assert completed < 16, "nothing was cancelled in time"
        async with open_session(engine, spec) as session:
            assert (await session.run("/bin/echo", "still good")).text == "still good"

    async def test_closing_the_engine_destroys_its_sandboxes_and_may_be_repeated(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        sandbox = await engine.create(spec)
        session = Session(sandbox, LIMITS)
        await session.start()
        running = session.launch("/bin/sh", "-c", "echo up; exec sleep 1000")
        await running.read_until(b"up")

        await engine.aclose()
        await engine.aclose()

        with pytest.raises(EngineError):
            await running.finish()
        await sandbox.destroy()

    async def test_two_hundred_sandboxes_leave_nothing(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        for _ in range(10):
            await _use_once(engine, spec)
        before = _census()
        ids = await engine.list_ids()

        for _ in range(200):
            await _use_once(engine, spec)

        assert await engine.list_ids() == ids
        await eventually(lambda: _exceeds_nowhere(_census(), before), f"no more than {before}")


async def _use_once(engine: Engine, spec: SandboxSpec) -> None:
    async with open_session(engine, spec) as session:
        assert (await session.run("/bin/true")).exited.exit_code == 0


def _census() -> dict[str, int]:
    """Count what a sandbox could leave on this machine, as far as this process can see it."""
    return {
        "open files": len(list(Path("/proc/self/fd").iterdir())),
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
        "processes": _count_descendants(os.getpid()),
        "tasks of the event loop": len(asyncio.all_tasks()),
    }


def _exceeds_nowhere(now: dict[str, int], before: dict[str, int]) -> bool:
    return all(now[what] <= count for what, count in before.items())


def _count_descendants(ancestor: int) -> int:
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The name in parentheses may itself contain blanks and parentheses.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(folder.name)] = int(fields[1])
    return sum(_descends(process, ancestor, parents) for process in parents)


def _descends(process: int, ancestor: int, parents: dict[int, int]) -> bool:
    while process in parents:
        process = parents[process]
        if process == ancestor:
            return True
    return False
