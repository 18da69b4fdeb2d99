"""What a crash left open is ended, what is old is deleted, and watchers are told."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runyard.domain.errors import EngineError
from runyard.domain.events import EventKind
from runyard.domain.execution import Outcome, State
from runyard.engines.interface import SandboxSpec
from runyard.services.reaper import destroy_orphans
from runyard.services.recent import RecentExecutions
from runyard.store.interface import Lease
from runyard.testing.store_conformance import build_completion, build_execution
from tests.unit.services.rig import open_rig


async def test_recover_tells_followers_what_became_of_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, is_working=False) as rig:
        execution = await rig.submit("print(1)")
        [claimed] = await rig.store.claim(owner="dead", lease_seconds=60, count=1)
        lease = Lease(execution_id=claimed.id, owner="dead", attempt=1)
        await rig.store.mark_running(lease, exchanged=True)
        following = asyncio.create_task(rig.events(execution))
        await asyncio.sleep(0)

        assert await rig.reaper.recover() == 1

        last = (await following)[-1]
        assert last.kind is EventKind.FINISHED
        assert last.data["outcome"] == Outcome.INTERNAL_ERROR
        assert (await rig.events(execution))[-1].sequence == last.sequence
        assert b'attempts_lost_total{reason="worker"} 1.0' in rig.metrics.render()


async def test_recover_without_losses_does_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, is_working=False) as rig:
        execution = await rig.submit("print(1)")

        assert await rig.reaper.recover() == 0

        assert (await rig.executions.get(execution.id)).state is State.QUEUED


async def test_delete_old_forgets_what_finished_too_long_ago(tmp_path: Path) -> None:
    async with open_rig(tmp_path, is_working=False) as rig:
        ids = []
        for days in (2, 0):
            execution = await rig.submit("print(1)")
            await rig.store.claim(owner="w", lease_seconds=60, count=1)
            finished_at = datetime.now(UTC) - timedelta(days=days)
            lease = Lease(execution_id=execution.id, owner="w", attempt=1)
            assert await rig.store.finish(lease, build_completion(finished_at=finished_at))
            ids.append(execution.id)

        assert await rig.reaper.delete_old() == 1

        assert await rig.store.find(ids[0]) is None
        assert await rig.store.find(ids[1]) is not None


async def test_run_goes_on_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_rig(tmp_path, is_working=False) as rig:
        calls = asyncio.Queue[None]()

        async def fail() -> list[str]:
            calls.put_nowait(None)
            raise OSError("the database is away")

        monkeypatch.setattr(rig.store, "lease_owners", fail)
        running = asyncio.create_task(rig.reaper.run(interval_seconds=0.001))

        async with asyncio.timeout(10):
            for _ in range(3):
                await calls.get()
        running.cancel()


async def test_orphans_are_destroyed_although_one_resists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, is_working=False) as rig:
        first, second = [await rig.engine.create(SandboxSpec()) for _ in range(2)]
        working = rig.engine.destroy

        async def destroy(sandbox_id: str) -> None:
            if sandbox_id == first.id:
                raise EngineError("it resists")
            await working(sandbox_id)

        monkeypatch.setattr(rig.engine, "destroy", destroy)

        assert await destroy_orphans(rig.engine) == 2

        assert second.id not in await rig.engine.list_ids()


def test_recent_executions_are_bounded_by_count_and_bytes() -> None:
    recent = RecentExecutions()
    small = [build_execution() for _ in range(300)]
    for execution in small:
        recent.add(execution)
    assert recent.find(small[0].id) is None
    assert recent.find(small[-1].id) == small[-1]

    request = replace(small[0].request, stdin=b"x" * 20_000_000)
    large = [build_execution(request=request) for _ in range(2)]
    for execution in large:
        recent.add(execution)

    assert recent.find(large[0].id) is None
    assert recent.find(large[1].id) == large[1]


def test_recent_execution_that_is_added_again_counts_once() -> None:
    recent = RecentExecutions()
    execution = build_execution()

    for _ in range(1000):
        recent.add(execution)
    recent.forget(execution.id)

    assert recent.find(execution.id) is None
    assert recent._bytes == 0
