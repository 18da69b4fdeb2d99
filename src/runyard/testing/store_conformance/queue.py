"""Each execution goes to one worker, and only the holder of its lease may write."""

from __future__ import annotations

import asyncio

from runyard.domain.execution import Outcome, State
from runyard.domain.identifiers import new_identifier
from runyard.store.interface import ExecutionStore, Lease
from runyard.testing.store_conformance.samples import (
    ATTEMPTS_MAX,
    build_completion,
    claim_one,
    insert,
    load,
)


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

    async def test_who_has_many_waiting_keeps_nobody_from_his_turn(
        self, store: ExecutionStore
    ) -> None:
        hog = [(await insert(store, owner_id="hog")).id for _ in range(30)]
        first = (await insert(store, owner_id="ada")).id
        nobody = (await insert(store, owner_id=None)).id
        second = (await insert(store, owner_id="ada")).id

        claimed = await store.claim(owner="w", lease_seconds=60, count=6)

        ids = [execution.id for execution in claimed]
        assert ids == [hog[0], first, nobody, hog[1], second, hog[2]]

    async def test_who_comes_later_does_not_wait_for_what_was_before_him(
        self, store: ExecutionStore
    ) -> None:
        hog = [(await insert(store, owner_id="hog")).id for _ in range(30)]
        await store.claim(owner="w", lease_seconds=60, count=20)

        late = (await insert(store, owner_id="ada")).id
        claimed = await store.claim(owner="w", lease_seconds=60, count=2)

        assert [execution.id for execution in claimed] == [hog[20], late]

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
