"""What every store must do.

A store's author writes a fixture `store` that yields an empty one and
`class TestMyStore(StoreConformance)`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from runyard.domain.checkers import Checker, CheckerKind
from runyard.domain.events import Event, EventKind, last_sequence
from runyard.domain.execution import (
    ArtifactRecord,
    Execution,
    LimitHit,
    Outcome,
    Request,
    State,
    StepKind,
    StepResult,
    TestCase,
)
from runyard.domain.files import File
from runyard.domain.identifiers import new_identifier
from runyard.domain.limits import COMPILE_LIMITS, Limits, Usage
from runyard.store.interface import Artifact, Completion, ExecutionStore, Lease

QUEUE_LENGTH_MAX = 1000
LEASE_SECONDS = 60.0
ATTEMPTS_MAX = 3


def build_request(**changes: object) -> Request:
    fields: dict[str, object] = {
        "runtime_id": "python",
        "files": (File("main.py", b"print(1)"), File("data/x.bin", b"\0\xff" * 5000, True)),
        "entry": "main.py",
        "args": ("a", "ä b"),
        "env": {"NAME": "value"},
        "stdin": b"in\xffput",
        "merge_stderr": True,
        "terminal": (24, 80),
        "compile_limits": COMPILE_LIMITS,
        "run_limits": Limits(wall_seconds=1.5),
        "execution_wall_seconds": 12.0,
        "tests": (
            TestCase(
                name="one",
                stdin=b"1",
                args=("x",),
                expected_stdout="1\n",
                checker=Checker(CheckerKind.FLOAT, 0.5),
            ),
            TestCase(name="two", stdin=b"22"),
        ),
        "artifacts": ("*.txt",),
    }
    return Request(**(fields | changes))  # type: ignore[arg-type]


def build_execution(**changes: object) -> Execution:
    fields: dict[str, object] = {
        "id": new_identifier(),
        "owner_id": None,
        "state": State.QUEUED,
        "request": build_request(),
        "created_at": datetime.now(UTC),
    }
    return Execution(**(fields | changes))  # type: ignore[arg-type]


def build_completion(**changes: object) -> Completion:
    step = StepResult(
        kind=StepKind.RUN,
        name="run",
        outcome=Outcome.TIME_LIMIT_EXCEEDED,
        exit_code=None,
        signal=9,
        limit_hit=LimitHit.WALL,
        passed=False,
        message="too slow",
        usage=Usage(
            wall_seconds=1.25,
            cpu_seconds=None,
            memory_peak_bytes=3_000_000_000,
            stdout_bytes=20_000,
            stderr_bytes=1,
        ),
        stdout=b"\xff" * 20_000,
        stderr=b"e",
        stdout_truncated=True,
    )
    fields: dict[str, object] = {
        "outcome": Outcome.TIME_LIMIT_EXCEEDED,
        "message": "The program was too slow.",
        "finished_at": datetime.now(UTC),
        "steps": (step,),
        "artifacts": (Artifact(name="out.txt", content=b"o" * 10_000),),
        "events": (
            Event(1, EventKind.STATE, {"state": "queued"}),
            Event(2, EventKind.FINISHED, {"outcome": "time_limit_exceeded"}),
        ),
    }
    return Completion(**(fields | changes))  # type: ignore[arg-type]


async def insert(store: ExecutionStore, **changes: object) -> Execution:
    execution = build_execution(**changes)
    assert await store.insert(execution, queue_length_max=QUEUE_LENGTH_MAX)
    return execution


async def claim_one(store: ExecutionStore, *, owner: str = "worker") -> tuple[Execution, Lease]:
    [claimed] = await store.claim(owner=owner, lease_seconds=LEASE_SECONDS, count=1)
    return claimed, Lease(execution_id=claimed.id, owner=owner, attempt=claimed.attempt)


async def load(store: ExecutionStore, execution_id: str) -> Execution:
    found = await store.find(execution_id)
    assert found is not None
    return found


class RecordConformance:
    async def test_find_after_insert_returns_the_same(self, store: ExecutionStore) -> None:
        execution = await insert(store, owner_id="somebody")

        assert await store.find(execution.id) == execution

    async def test_find_of_an_unknown_id_returns_none(self, store: ExecutionStore) -> None:
        assert await store.find(new_identifier()) is None
        assert await store.find_progress(new_identifier()) is None

    async def test_find_progress_says_state_and_whether_input_is_taken(
        self, store: ExecutionStore
    ) -> None:
        execution = await insert(store, request=build_request(interactive=True))

        progress = await store.find_progress(execution.id)

        assert progress is not None
        assert (progress.state, progress.is_interactive) == (State.QUEUED, True)

    async def test_insert_into_a_full_queue_stores_nothing(self, store: ExecutionStore) -> None:
        await insert(store)
        rejected = build_execution()

        assert not await store.insert(rejected, queue_length_max=1)

        assert await store.find(rejected.id) is None

    async def test_list_returns_the_newest_first_without_contents(
        self, store: ExecutionStore
    ) -> None:
        ids = [(await insert(store)).id for _ in range(3)]
        _, lease = await claim_one(store)
        await store.finish(lease, build_completion())

        listed = await store.list(limit=10, before=None)

        assert [each.id for each in listed] == sorted(ids, reverse=True)
        assert listed[0].request.files[0] == File("main.py", b"")
        finished = next(each for each in listed if each.state is State.FINISHED)
        assert finished.steps[0].usage.wall_seconds == 1.25
        assert finished.steps[0].stdout == b""
        assert finished.artifacts == (ArtifactRecord(name="out.txt", size_bytes=10_000),)

    async def test_list_pages_by_id(self, store: ExecutionStore) -> None:
        ids = sorted([(await insert(store)).id for _ in range(5)], reverse=True)

        page = await store.list(limit=2, before=ids[1])

        assert [each.id for each in page] == ids[2:4]

    async def test_finish_records_everything(self, store: ExecutionStore) -> None:
        await insert(store)
        claimed, lease = await claim_one(store)
        completion = build_completion()

        assert await store.finish(lease, completion)

        found = await load(store, claimed.id)
        assert found.state is State.FINISHED
        assert found.outcome is completion.outcome
        assert found.message == completion.message
        assert found.steps == completion.steps
        assert found.artifacts == (ArtifactRecord(name="out.txt", size_bytes=10_000),)
        assert found.finished_at == completion.finished_at
        assert await store.read_artifact(claimed.id, "out.txt") == b"o" * 10_000
        assert await store.read_events(claimed.id, after=0) == list(completion.events)
        assert await store.read_events(claimed.id, after=1) == [completion.events[1]]

    async def test_read_artifact_that_does_not_exist_returns_none(
        self, store: ExecutionStore
    ) -> None:
        execution = await insert(store)

        assert await store.read_artifact(execution.id, "out.txt") is None

    async def test_delete_finished_takes_only_the_old_ones_with_all_they_own(
        self, store: ExecutionStore
    ) -> None:
        old, recent, queued = [await insert(store) for _ in range(3)]
        now = datetime.now(UTC)
        for moment in (now - timedelta(days=2), now):
            _, lease = await claim_one(store)
            await store.finish(lease, build_completion(finished_at=moment))

        deleted = await store.delete_finished(before=now - timedelta(days=1), count_max=10)

        assert deleted == 1
        assert await store.find(old.id) is None
        assert await store.read_artifact(old.id, "out.txt") is None
        assert await store.read_events(old.id, after=0) == []
        assert await store.find(recent.id) is not None
        assert await store.find(queued.id) is not None

    async def test_delete_finished_is_bounded(self, store: ExecutionStore) -> None:
        for _ in range(3):
            await insert(store)
            _, lease = await claim_one(store)
            await store.finish(lease, build_completion())

        later = datetime.now(UTC) + timedelta(days=1)
        assert await store.delete_finished(before=later, count_max=2) == 2
        assert await store.delete_finished(before=later, count_max=2) == 1

    async def test_count_queued(self, store: ExecutionStore) -> None:
        for _ in range(3):
            await insert(store)
        await claim_one(store)

        assert await store.count_queued() == 2


class QueueConformance:
    async def test_claim_takes_the_oldest_and_names_the_lease(self, store: ExecutionStore) -> None:
        first = await insert(store)
        await insert(store)

        claimed, _ = await claim_one(store)

        assert claimed.id == min(first.id, claimed.id)
        assert (claimed.state, claimed.attempt) == (State.STARTING, 1)
        assert claimed.started_at is not None
        assert claimed.request == first.request
        assert await store.lease_owners() == ["worker"]

    async def test_claim_of_an_empty_queue_returns_nothing(self, store: ExecutionStore) -> None:
        assert list(await store.claim(owner="w", lease_seconds=1, count=5)) == []

    async def test_claims_at_the_same_time_never_get_the_same(self, store: ExecutionStore) -> None:
        ids = {(await insert(store)).id for _ in range(20)}

        claims = await asyncio.gather(
            *(store.claim(owner=f"w{n}", lease_seconds=60, count=3) for n in range(10))
        )

        claimed = [execution.id for batch in claims for execution in batch]
        assert len(claimed) == 20
        assert set(claimed) == ids

    async def test_mark_running_moves_on(self, store: ExecutionStore) -> None:
        await insert(store)
        claimed, lease = await claim_one(store)

        assert await store.mark_running(lease, exchanged=False)

        assert (await load(store, claimed.id)).state is State.RUNNING

    async def test_writes_of_another_lease_change_nothing(self, store: ExecutionStore) -> None:
        await insert(store)
        claimed, lease = await claim_one(store)
        for strange in (
            Lease(execution_id=claimed.id, owner="other", attempt=lease.attempt),
            Lease(execution_id=claimed.id, owner=lease.owner, attempt=lease.attempt + 1),
            Lease(execution_id=new_identifier(), owner=lease.owner, attempt=lease.attempt),
        ):
            assert not await store.mark_running(strange, exchanged=True)
            assert not await store.finish(strange, build_completion())
            assert not await store.requeue(strange, attempts_max=ATTEMPTS_MAX)

        assert await store.find(claimed.id) == claimed
        assert await store.read_events(claimed.id, after=0) == []

    async def test_nothing_finishes_twice(self, store: ExecutionStore) -> None:
        await insert(store)
        claimed, lease = await claim_one(store)
        assert await store.finish(lease, build_completion())

        assert not await store.finish(lease, build_completion(outcome=Outcome.FAILED))
        assert not await store.mark_running(lease, exchanged=True)
        assert not await store.requeue(lease, attempts_max=ATTEMPTS_MAX)
        assert not await store.finish_queued(claimed.id, build_completion())
        assert not await store.request_cancel(claimed.id)

        assert (await load(store, claimed.id)).outcome is Outcome.TIME_LIMIT_EXCEEDED

    async def test_requeue_makes_it_claimable_with_a_new_attempt(
        self, store: ExecutionStore
    ) -> None:
        await insert(store)
        _, lease = await claim_one(store)

        assert await store.requeue(lease, attempts_max=ATTEMPTS_MAX)

        again, _ = await claim_one(store, owner="other")
        assert again.attempt == 2
        assert not await store.finish(lease, build_completion())

    async def test_requeue_is_refused_after_an_exchange(self, store: ExecutionStore) -> None:
        await insert(store)
        claimed, lease = await claim_one(store)
        await store.mark_running(lease, exchanged=True)
        await store.mark_running(lease, exchanged=False)

        assert not await store.requeue(lease, attempts_max=ATTEMPTS_MAX)

        assert (await load(store, claimed.id)).state is State.RUNNING

    async def test_requeue_is_refused_when_attempts_are_spent_or_a_cancel_is_wanted(
        self, store: ExecutionStore
    ) -> None:
        execution = await insert(store)
        _, lease = await claim_one(store)

        assert not await store.requeue(lease, attempts_max=1)
        assert await store.request_cancel(execution.id)
        assert not await store.requeue(lease, attempts_max=ATTEMPTS_MAX)

    async def test_finish_queued_ends_only_what_nobody_claimed(self, store: ExecutionStore) -> None:
        queued = await insert(store)
        assert await store.finish_queued(queued.id, build_completion(outcome=Outcome.CANCELLED))
        assert list(await store.claim(owner="w", lease_seconds=1, count=1)) == []

        await insert(store)
        claimed, _ = await claim_one(store)
        assert not await store.finish_queued(claimed.id, build_completion())
        assert (await load(store, queued.id)).outcome is Outcome.CANCELLED

    async def test_renew_returns_what_is_held_and_who_wants_a_cancel(
        self, store: ExecutionStore
    ) -> None:
        for _ in range(3):
            await insert(store)
        mine, _ = await claim_one(store)
        cancelled, _ = await claim_one(store)
        other, _ = await claim_one(store, owner="other")
        await store.request_cancel(cancelled.id)

        renewals = await store.renew(
            owner="worker", execution_ids=[mine.id, cancelled.id, other.id], lease_seconds=60
        )

        assert {each.execution_id: each.is_cancel_requested for each in renewals} == {
            mine.id: False,
            cancelled.id: True,
        }


class RecoveryConformance:
    async def test_recover_leaves_living_leases_alone(self, store: ExecutionStore) -> None:
        await insert(store)
        claimed, _ = await claim_one(store)

        lost = await store.recover(dead_owners=["other"], attempts_max=ATTEMPTS_MAX)

        assert list(lost) == []
        assert await store.find(claimed.id) == claimed

    async def test_recover_queues_again_what_nobody_saw(self, store: ExecutionStore) -> None:
        await insert(store)
        claimed, lease = await claim_one(store)
        await store.mark_running(lease, exchanged=False)

        [lost] = await store.recover(dead_owners=["worker"], attempts_max=ATTEMPTS_MAX)

        assert (lost.execution_id, lost.attempt, lost.outcome) == (claimed.id, 1, None)
        assert (await load(store, claimed.id)).state is State.QUEUED
        again, _ = await claim_one(store)
        assert again.attempt == 2
        assert not await store.finish(lease, build_completion())

    async def test_recover_ends_what_somebody_saw(self, store: ExecutionStore) -> None:
        await insert(store)
        claimed, lease = await claim_one(store)
        await store.mark_running(lease, exchanged=True)

        [lost] = await store.recover(dead_owners=["worker"], attempts_max=ATTEMPTS_MAX)

        found = await load(store, claimed.id)
        assert lost.outcome is found.outcome is Outcome.INTERNAL_ERROR
        assert found.message == lost.message
        assert found.finished_at is not None
        [event] = await store.read_events(claimed.id, after=0)
        assert event.kind is EventKind.FINISHED
        assert event.sequence == last_sequence(1)
        assert not await store.finish(lease, build_completion())

    async def test_recover_ends_what_was_tried_too_often(self, store: ExecutionStore) -> None:
        execution = await insert(store)
        for _ in range(ATTEMPTS_MAX - 1):
            await claim_one(store)
            [lost] = await store.recover(dead_owners=["worker"], attempts_max=ATTEMPTS_MAX)
            assert lost.outcome is None
        await claim_one(store)

        [lost] = await store.recover(dead_owners=["worker"], attempts_max=ATTEMPTS_MAX)

        assert lost.outcome is Outcome.INTERNAL_ERROR
        assert (await load(store, execution.id)).attempt == ATTEMPTS_MAX

    async def test_recover_honours_a_cancel(self, store: ExecutionStore) -> None:
        execution = await insert(store)
        await claim_one(store)
        await store.request_cancel(execution.id)

        [lost] = await store.recover(dead_owners=["worker"], attempts_max=ATTEMPTS_MAX)

        assert lost.outcome is Outcome.CANCELLED
        assert (await load(store, execution.id)).outcome is Outcome.CANCELLED

    async def test_recover_finds_expired_leases_of_unknown_owners(
        self, store: ExecutionStore
    ) -> None:
        await insert(store)
        [claimed] = await store.claim(owner="asleep", lease_seconds=-1, count=1)

        [lost] = await store.recover(dead_owners=[], attempts_max=ATTEMPTS_MAX)

        assert lost.execution_id == claimed.id

    async def test_recover_of_many_decides_each_for_itself(self, store: ExecutionStore) -> None:
        for _ in range(4):
            await insert(store)
        leases = [(await claim_one(store))[1] for _ in range(4)]
        await store.mark_running(leases[1], exchanged=True)
        await store.mark_running(leases[3], exchanged=True)

        lost = await store.recover(dead_owners=["worker"], attempts_max=ATTEMPTS_MAX)

        assert {each.execution_id: each.outcome for each in lost} == {
            leases[0].execution_id: None,
            leases[1].execution_id: Outcome.INTERNAL_ERROR,
            leases[2].execution_id: None,
            leases[3].execution_id: Outcome.INTERNAL_ERROR,
        }
        assert await store.count_queued() == 2


class StoreConformance(RecordConformance, QueueConformance, RecoveryConformance):
    """The whole suite."""
