"""What a dead worker held is queued again or ended, each for its own reason."""

from __future__ import annotations

from runyard.domain.events import EventKind, last_sequence
from runyard.domain.execution import Outcome, State
from runyard.store.interface import ExecutionStore
from runyard.testing.store_conformance.samples import (
    ATTEMPTS_MAX,
    build_completion,
    claim_one,
    insert,
    load,
)


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
