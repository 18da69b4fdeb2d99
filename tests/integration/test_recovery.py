"""A server killed in the middle loses nothing, completes nothing twice, and recovers at once."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from runyard.domain.errors import ConflictError
from runyard.domain.events import EventKind
from runyard.domain.execution import Execution, Outcome, State
from runyard.store.database import open_database
from runyard.store.executions import SqlExecutionStore
from runyard.worker.lease import hold_lock
from tests.integration.recovering_server import OWNER

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 60.0
SILENT = "sleep 1; echo done"
TALKING = "echo seen; sleep 60"


@dataclass
class Server:
    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)

    async def submit(self, code: str) -> str:
        self._send({"code": code})
        line = await self.read_until(lambda line: "accepted" in line)
        return str(line["accepted"])

    async def cancel_in_store(self, execution_id: str) -> None:
        self._send({"cancel": execution_id})
        await self.read_until(lambda line: "requested" in line)

    async def read_until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            while line := await self.process.stdout.readline():
                self.lines.append(json.loads(line))
                if holds(self.lines[-1]):
                    return self.lines[-1]
        raise AssertionError(f"the server ended; it said {self.lines}")

    async def read_event(self, execution_id: str, kind: EventKind) -> dict[str, Any]:
        return await self.read_until(
            lambda line: line.get("id") == execution_id and line["kind"] == kind
        )

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def _send(self, order: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")


@asynccontextmanager
async def running_server(data_dir: Path) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.recovering_server",
        str(data_dir),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    server = Server(process)
    try:
        await server.read_until(lambda line: "ready" in line)
        yield server
    finally:
        await server.kill()


async def read_records(data_dir: Path) -> dict[str, Execution]:
    return await _with_store(data_dir, _load_all)


async def count_last_events(data_dir: Path, execution_id: str) -> int:
    async def count(store: SqlExecutionStore) -> int:
        events = await store.read_events(execution_id, after=0)
        return [event.kind for event in events].count(EventKind.FINISHED)

    return await _with_store(data_dir, count)


async def _with_store(data_dir: Path, work: Callable[[SqlExecutionStore], Awaitable[T]]) -> T:
    store = SqlExecutionStore(open_database(f"sqlite:///{data_dir / 'runyard.db'}"))
    try:
        return await work(store)
    finally:
        await store.aclose()


async def _load_all(store: SqlExecutionStore) -> dict[str, Execution]:
    listed = await store.list(owner_id=OWNER, limit=1000, before=None)
    found = [await store.find(each.id) for each in listed]
    return {execution.id: execution for execution in found if execution is not None}


async def test_execution_of_which_nothing_was_seen_runs_again(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        execution_id = await server.submit(SILENT)
        await server.read_event(execution_id, EventKind.STEP_STARTED)
        await server.kill()

    async with running_server(tmp_path) as server:
        end = await server.read_event(execution_id, EventKind.FINISHED)

    assert end["data"]["outcome"] == Outcome.SUCCEEDED
    record = (await read_records(tmp_path))[execution_id]
    assert (record.attempt, record.outcome) == (2, Outcome.SUCCEEDED)
    assert [step.stdout for step in record.steps] == [b"done\n"]
    assert await count_last_events(tmp_path, execution_id) == 1


async def test_execution_of_which_output_was_seen_ends(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        execution_id = await server.submit(TALKING)
        await server.read_event(execution_id, EventKind.OUTPUT)
        await server.kill()

    async with running_server(tmp_path):
        record = (await read_records(tmp_path))[execution_id]

    assert (record.state, record.outcome) == (State.FINISHED, Outcome.INTERNAL_ERROR)
    assert record.attempt == 1
    assert await count_last_events(tmp_path, execution_id) == 1


async def test_execution_that_only_waited_runs(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        for _ in range(3):
            await server.submit("sleep 60")
        execution_id = await server.submit("echo waited")
        await server.kill()

    async with running_server(tmp_path) as server:
        for record in (await read_records(tmp_path)).values():
            if record.id != execution_id:
                await server.cancel_in_store(record.id)
        await server.kill()

    async with running_server(tmp_path) as server:
        await server.read_event(execution_id, EventKind.FINISHED)

    outcomes = {each.id: each.outcome for each in (await read_records(tmp_path)).values()}
    assert outcomes.pop(execution_id) is Outcome.SUCCEEDED
    assert set(outcomes.values()) == {Outcome.CANCELLED}


@pytest.mark.parametrize("seed", range(2))
async def test_many_executions_survive_repeated_kills(tmp_path: Path, seed: int) -> None:
    """Whatever line of the story the server dies at: each accepted execution ends exactly once."""
    chance = random.Random(seed)
    accepted: dict[str, str] = {}
    async with running_server(tmp_path) as server:
        for number in range(20):
            accepted[await server.submit(f"echo {number}; sleep 0.0{number % 10}")] = f"{number}\n"
        await server.kill()

    for _ in range(3):
        async with running_server(tmp_path) as server:
            lines = chance.randint(1, 25)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while lines and not _is_all_done(await read_records(tmp_path)):
                    lines -= 1
                    await server.read_until(lambda _: True)
            await server.kill()
    async with running_server(tmp_path):
        async with asyncio.timeout(DEADLINE_SECONDS):
            records = await read_records(tmp_path)
            while not _is_all_done(records):
                records = await read_records(tmp_path)

    assert set(records) == set(accepted)
    for execution_id, record in records.items():
        assert await count_last_events(tmp_path, execution_id) == 1
        if record.outcome is Outcome.SUCCEEDED:
            assert record.steps[0].stdout.decode() == accepted[execution_id]
        else:
            assert record.outcome is Outcome.INTERNAL_ERROR
    # A kill can end as many as run at once, and no others.
    failed = [each for each in records.values() if each.outcome is Outcome.INTERNAL_ERROR]
    assert len(failed) <= 4 * 3


def _is_all_done(records: dict[str, Execution]) -> bool:
    return all(record.state is State.FINISHED for record in records.values())


async def test_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with running_server(tmp_path):
        with (
            pytest.raises(ConflictError, match="Another Runyard uses"),
            hold_lock(tmp_path / "runyard.db.lock"),
        ):
            pass

    with hold_lock(tmp_path / "runyard.db.lock"):
        pass
