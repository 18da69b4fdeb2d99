"""The worker claims while there is room, keeps its leases, and ends in order."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from runyard.domain.execution import Outcome, State
from runyard.store.interface import Completion, Lease
from runyard.worker import loop
from tests.unit.services.rig import Rig, eventually, only, open_rig

WAITING = "print('ready')\nfrom time import sleep\nsleep(60)"


def hold_ends(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let no end be stored before the event that is returned is set."""
    stored, finish = asyncio.Event(), rig.store.finish

    async def hold(lease: Lease, completion: Completion) -> bool:
        await stored.wait()
        return await finish(lease, completion)

    monkeypatch.setattr(rig.store, "finish", hold)
    return stored


async def test_no_more_than_the_concurrency_run_at_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, concurrency=2) as rig:
        executions = [await rig.submit(WAITING) for _ in range(4)]
        for execution in executions[:2]:
            await rig.read_until(execution, "ready")

        assert rig.engine.created == 2
        assert await rig.store.count_queued() == 2
        await rig.executions.cancel(executions[0].id)
        await rig.read_until(executions[2], "ready")
        assert await rig.store.count_queued() == 1
        for execution in executions:
            await rig.executions.cancel(execution.id)


async def test_oldest_is_run_first(tmp_path: Path) -> None:
    async with open_rig(tmp_path, concurrency=1) as rig:
        executions = [await rig.submit("print(1)") for _ in range(5)]

        finished = [await rig.finish(each) for each in executions]

    started = [each.started_at for each in sorted(finished, key=lambda each: each.id)]
    assert started == sorted(started, key=str)


async def test_stop_lets_running_executions_end(tmp_path: Path) -> None:
    async with open_rig(tmp_path, drain_seconds=30) as rig:
        execution = await rig.submit(
            "print('ready')\nfrom time import sleep\nsleep(0.3)\nprint('end')"
        )
        await rig.read_until(execution, "ready")

        rig.worker.stop()

        finished = await rig.finish(execution)
        assert only(finished.steps).stdout == b"ready\nend\n"
        later = await rig.submit("print(1)")
        await eventually(lambda: not rig.worker.is_working)
        assert (await rig.executions.get(later.id)).state is State.QUEUED


async def test_stop_gives_back_what_nobody_saw_and_ends_the_rest(tmp_path: Path) -> None:
    async with open_rig(tmp_path, drain_seconds=0.05) as rig:
        silent = await rig.submit("from time import sleep; sleep(60)")
        talking = await rig.submit(WAITING)
        await rig.read_until(talking, "ready")

        rig.worker.stop()

        ended = await rig.finish(talking)
        assert ended.outcome is Outcome.INTERNAL_ERROR
        assert ended.message == "Runyard was stopped while the program ran."
        assert only(ended.steps).stdout == b"ready\n"
        await _until_state(rig, silent.id, State.QUEUED)


async def test_lease_that_another_took_ends_the_attempt_without_a_word(tmp_path: Path) -> None:
    async with open_rig(tmp_path, lease_seconds=0.3) as rig:
        execution = await rig.submit("from time import sleep; sleep(60)")
        await _until_state(rig, execution.id, State.RUNNING)
        await rig.store.recover(dead_owners=[rig.owner], attempts_max=9)

        [theirs] = await rig.store.claim(owner="other", lease_seconds=60, count=1)

        await eventually(lambda: rig.engine.count() == 0)
        assert theirs.attempt == 2
        record = await rig.store.find(execution.id)
        assert record is not None
        assert (record.state, record.steps) == (State.STARTING, ())


async def test_finish_of_a_lost_lease_is_not_announced(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig:
        execution = await rig.submit("from time import sleep; sleep(0.5)")
        await _until_state(rig, execution.id, State.RUNNING)
        await rig.store.recover(dead_owners=[rig.owner], attempts_max=9)
        [theirs] = await rig.store.claim(owner="other", lease_seconds=60, count=1)

        await eventually(lambda: rig.engine.count() == 0)

        assert rig.recent.find(execution.id) is None
        lease = Lease(execution_id=theirs.id, owner="other", attempt=theirs.attempt)
        completion = Completion(outcome=Outcome.SUCCEEDED, finished_at=theirs.created_at)
        assert await rig.store.finish(lease, completion)


async def test_cancel_that_only_the_store_knows_is_found_at_renewal(tmp_path: Path) -> None:
    async with open_rig(tmp_path, lease_seconds=0.3) as rig:
        execution = await rig.submit(WAITING)
        await rig.read_until(execution, "ready")

        await rig.store.request_cancel(execution.id)

        assert (await rig.finish(execution)).outcome is Outcome.CANCELLED


async def test_leases_are_kept_while_programs_run(tmp_path: Path) -> None:
    async with open_rig(tmp_path, lease_seconds=0.6, is_dead=lambda _: False) as rig:
        execution = await rig.submit("from time import sleep; sleep(2)")

        finished = await rig.finish(execution)

        assert (finished.outcome, finished.attempt) == (Outcome.SUCCEEDED, 1)


async def test_expired_lease_of_another_worker_is_taken_over(tmp_path: Path) -> None:
    async with open_rig(tmp_path, is_working=False) as rig:
        execution = await rig.submit("print(1)")
        await rig.store.claim(owner="asleep", lease_seconds=-1, count=1)

    async with open_rig(tmp_path, lease_seconds=0.3, is_dead=lambda _: False) as rig:
        finished = await rig.finish(execution)

    assert (finished.outcome, finished.attempt) == (Outcome.SUCCEEDED, 2)


async def test_store_that_is_away_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_RETRY_SECONDS", 0.01)
    async with open_rig(tmp_path, is_working=False) as rig:
        monkeypatch.setattr(rig.store, "claim", _failing(3, rig.store.claim))
        execution = await rig.submit("print(1)")
        working = asyncio.create_task(rig.worker.run())

        finished = await rig.finish(execution)

        rig.worker.stop()
        await working
    assert finished.outcome is Outcome.SUCCEEDED
    assert b'unhandled_errors_total{where="worker"} 3.0' in rig.metrics.render()


async def test_finish_that_cannot_be_stored_is_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, lease_seconds=0.6, is_dead=lambda _: False) as rig:
        monkeypatch.setattr(rig.store, "finish", _failing(1, rig.store.finish))

        finished = await rig.finish(await rig.submit("print(1)"))

    assert (finished.outcome, finished.attempt) == (Outcome.SUCCEEDED, 2)


def _failing(times: int, working: Callable[..., object]) -> Callable[..., object]:
    left = [times]

    async def call(*args: object, **fields: object) -> object:
        if left[0]:
            left[0] -= 1
            raise OSError("the database is away")
        return await working(*args, **fields)  # type: ignore[misc]

    return call


async def _until_state(rig: Rig, execution_id: str, state: State) -> None:
    async with asyncio.timeout(30):
        progress = await rig.store.find_progress(execution_id)
        while progress is None or progress.state is not state:
            progress = await rig.store.find_progress(execution_id)


async def test_next_one_runs_while_the_end_of_the_last_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, concurrency=1) as rig:
        stored = hold_ends(rig, monkeypatch)
        executions = [await rig.submit("print('ready')") for _ in range(3)]
        await rig.read_until(executions[1], "ready")

        # What is over waits for the store, and no more than one beside the one that runs.
        assert (await rig.executions.get(executions[0].id)).state is not State.FINISHED
        assert await rig.store.count_queued() == 1
        stored.set()
        for execution in executions:
            assert (await rig.finish(execution)).outcome is Outcome.SUCCEEDED


async def test_what_was_stopped_keeps_its_place_until_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, concurrency=1) as rig:
        stored = hold_ends(rig, monkeypatch)
        running, queued = await rig.submit(WAITING), await rig.submit("print(1)")
        await rig.read_until(running, "ready")
        cancelling = asyncio.create_task(rig.executions.cancel(running.id))

        waiting = await rig.executions.wait(queued.id, seconds_max=0.3)
        assert waiting.state is State.QUEUED
        stored.set()
        await cancelling
        assert (await rig.finish(running)).outcome is Outcome.CANCELLED
        assert (await rig.finish(queued)).outcome is Outcome.SUCCEEDED
