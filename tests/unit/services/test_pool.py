"""Executions in sandboxes that stood ready: the same results, and no worse when one is no use."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runyard.domain.errors import EngineError
from runyard.domain.execution import Outcome, State, StepKind
from runyard.domain.execution import TestCase as Case
from runyard.domain.limits import MIB, Limits
from runyard.services.pool import Sandboxes
from runyard.services.stock import StockOptions
from tests.unit.services import rig as rigs
from tests.unit.services.rig import BUILT, PYTHON, Rig, eventually, only, open_rig

RUNNING = "runyard_executions_running"
# So small a floor that it is known which sandbox comes next.
STOCK = StockOptions(count_max=4, bytes_max=64 * MIB, floor=1)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path, stock=STOCK) as rig:
        rig.pool.stock.expect(PYTHON)
        rig.pool.stock.expect(BUILT)
        await eventually(lambda: rig.engine.count() == 2)
        yield rig


def hits(rig: Rig, runtime: str = "python", step: str = "run") -> int:
    labels = {"runtime": runtime, "step": step, "start": "cold"}
    return int(rig.metrics.registry.get_sample_value("runyard_pool_hits_total", labels) or 0)


def misses(rig: Rig, reason: str, runtime: str = "python", step: str = "run") -> int:
    labels = {"runtime": runtime, "step": step, "reason": reason}
    return int(rig.metrics.registry.get_sample_value("runyard_pool_misses_total", labels) or 0)


def ready(rig: Rig) -> int:
    labels = {"runtime": "python", "step": "run", "start": "cold"}
    return int(rig.metrics.registry.get_sample_value("runyard_pool_ready", labels) or 0)


def count_calls(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[None]:
    calls: list[None] = []
    original = getattr(owner, name)

    async def call(*args: Any) -> Any:
        calls.append(None)
        return await original(*args)

    monkeypatch.setattr(owner, name, call)
    return calls


async def test_execution_begins_in_a_sandbox_that_stood_ready(rig: Rig) -> None:
    execution = await rig.run("print(input())", stdin=b"in\n", artifacts=("*.txt",))

    assert execution.outcome is Outcome.SUCCEEDED
    assert only(execution.steps).stdout == b"in\n"
    assert hits(rig) == 1


async def test_each_sandbox_serves_one_execution(rig: Rig) -> None:
    code = "import os; print(os.listdir('.')); open('left', 'w').close(); os.fork() or os._exit(0)"

    seen = []
    for _ in range(4):
        await eventually(lambda: ready(rig) == 1)
        seen.append(only((await rig.run(code)).steps).stdout)

    assert seen == [b"['main.py']\n"] * 4
    assert hits(rig) == 4


async def test_compiler_begins_in_a_sandbox_that_stood_ready(rig: Rig) -> None:
    execution = await rig.build("echo made > made", "cat made")

    assert [step.stdout for step in execution.steps] == [b"", b"made\n"]
    assert hits(rig, "built", "compile") == 1


async def test_single_test_begins_there_and_several_share_their_files(rig: Rig) -> None:
    case = Case(name="one", stdin=b"1", expected_stdout="1")
    single = await rig.run("print(input())", tests=(case,))
    several = await rig.run("print(input())", tests=(case, replace(case, name="two")))

    assert single.outcome is several.outcome is Outcome.SUCCEEDED
    assert len(several.steps) == 2
    assert hits(rig) + misses(rig, "empty") == 2


async def test_other_disk_gets_a_fresh_sandbox_at_once(rig: Rig) -> None:
    execution = await rig.run("print(1)", limits={"disk_bytes": 2 * MIB})

    assert execution.outcome is Outcome.SUCCEEDED
    assert (hits(rig), misses(rig, "disk")) == (0, 1)


async def test_burst_is_served_whatever_stands_ready(rig: Rig) -> None:
    executions = [await rig.submit(f"print({number})") for number in range(12)]

    finished = [await rig.finish(execution) for execution in executions]

    assert [only(each.steps).stdout for each in finished] == [b"%d\n" % n for n in range(12)]
    assert hits(rig) >= 1
    assert hits(rig) + misses(rig, "empty") == 12


async def test_sandbox_that_broke_while_it_stood_is_replaced_unnoticed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def begin_and_die(self: rigs._FaultySandbox, limits: Limits) -> None:
        await self._sandbox.begin(limits)
        await self._sandbox.destroy()

    monkeypatch.setattr(rigs._FaultySandbox, "begin", begin_and_die)
    made = count_calls(monkeypatch, Sandboxes, "make")

    execution = await rig.run("print(1)")

    assert (execution.outcome, execution.attempt) == (Outcome.SUCCEEDED, 1)
    assert only(execution.steps).stdout == b"1\n"
    assert (hits(rig), len(made)) == (1, 1)
    started = [each for each in await rig.events(execution) if each.kind == "step_started"]
    assert len(started) == 1


async def test_sandbox_that_cannot_begin_is_replaced_unnoticed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self: object, limits: object) -> None:
        raise EngineError("it is gone")

    monkeypatch.setattr(rigs._FaultySandbox, "begin", refuse)
    made = count_calls(monkeypatch, Sandboxes, "make")

    execution = await rig.run("print(1)")

    assert (execution.outcome, execution.attempt) == (Outcome.SUCCEEDED, 1)
    assert (hits(rig), len(made)) == (1, 1)


async def test_sandbox_that_breaks_after_it_answered_is_not_replaced(rig: Rig) -> None:
    submitted = await rig.submit("from time import sleep\nprint('seen')\nsleep(60)")
    await rig.read_until(submitted, "seen\n")

    rig.faults.cut.set()
    execution = await rig.finish(submitted)

    assert (execution.outcome, execution.attempt) == (Outcome.INTERNAL_ERROR, 1)
    assert only(execution.steps).stdout == b"seen\n"


async def test_nothing_is_left_of_an_execution_that_is_cancelled_as_it_begins(rig: Rig) -> None:
    for _ in range(5):
        submitted = await rig.submit("import time; time.sleep(60)")
        await rig.executions.cancel(submitted.id)
        assert (await rig.finish(submitted)).outcome is Outcome.CANCELLED

    await eventually(lambda: rig.engine.count() <= STOCK.count_max)


async def test_closing_destroys_what_stands_ready(tmp_path: Path) -> None:
    async with open_rig(tmp_path, stock=STOCK) as rig:
        rig.pool.stock.expect(PYTHON)
        await eventually(lambda: rig.engine.count() == 1)
        engine = rig.engine

    assert engine.count() == 0


async def test_sandbox_that_cannot_be_destroyed_is_counted_and_gives_its_room_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: object) -> None:
        raise RuntimeError("it holds on")

    with monkeypatch.context() as patch:
        patch.setattr(rigs._FaultySandbox, "destroy", fail)
        for _ in range(4):
            assert (await rig.run("print(1)")).outcome is Outcome.SUCCEEDED
        assert b'unhandled_errors_total{where="pool"}' in rig.metrics.render()
    for sandbox in rig.engine._made:
        await sandbox.destroy()


async def test_pool_waits_for_room_and_not_for_what_is_being_made(rig: Rig) -> None:
    entered: list[int] = []

    async def use(number: int, go: asyncio.Event) -> None:
        async with rig.pool.open() as sandboxes:
            await sandboxes.take(PYTHON, StepKind.RUN, PYTHON.run_limits, None)
            entered.append(number)
            await go.wait()

    first, rest = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(use(0, first))]
    tasks += [asyncio.create_task(use(number, rest)) for number in (1, 2)]
    await eventually(lambda: len(entered) == 2)
    first.set()
    await eventually(lambda: len(entered) == 3)
    rest.set()
    await asyncio.gather(*tasks)


async def test_what_is_not_cleared_yet_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared = asyncio.Event()
    destroy = rigs._FaultySandbox.destroy

    async def hold(self: rigs._FaultySandbox) -> None:
        await cleared.wait()
        await destroy(self)

    monkeypatch.setattr(rigs._FaultySandbox, "destroy", hold)
    async with open_rig(tmp_path, concurrency=1) as rig:
        for _ in range(2):
            assert (await rig.run("print(1)")).outcome is Outcome.SUCCEEDED
        third = await rig.submit("print(1)")
        await eventually(lambda: rig.metrics.registry.get_sample_value(RUNNING) == 1)

        waiting = await rig.executions.wait(third.id, seconds_max=0.3)
        assert waiting.state is not State.FINISHED
        assert rig.engine.count() == 2
        cleared.set()
        assert (await rig.finish(third)).outcome is Outcome.SUCCEEDED
