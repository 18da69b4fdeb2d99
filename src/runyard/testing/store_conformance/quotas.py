"""What one account may have altogether is what it has, whoever asks at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from runyard.domain.account import Account, Role
from runyard.domain.execution import Execution, Outcome, StepKind, StepResult
from runyard.domain.identifiers import new_identifier
from runyard.domain.limits import Usage
from runyard.store.accounts import AccountRecords
from runyard.store.database import Database
from runyard.store.interface import (
    Admission,
    Completion,
    ExecutionStore,
    Lease,
    Quota,
    Rivals,
)
from runyard.store.moments import DAY_US, SECOND_US, now_us
from runyard.store.quotas import delete_old
from runyard.testing.store_conformance.samples import (
    ATTEMPTS_MAX,
    LEASE_SECONDS,
    QUEUE_LENGTH_MAX,
    build_execution,
)

TWO_AT_ONCE = Quota(active_count_max=2)


async def _add(store: ExecutionStore, owner_id: str, quota: Quota | None) -> Admission:
    execution = build_execution(owner_id=owner_id)
    return await store.insert(execution, queue_length_max=QUEUE_LENGTH_MAX, quota=quota)


async def _add_alone(store: ExecutionStore, owner_id: str, project_id: str, key: str) -> None:
    execution = build_execution(owner_id=owner_id, project_id=project_id, revision=1)
    admission = await store.insert_alone(
        execution,
        run_key=key,
        rivals=Rivals.QUEUE,
        queue_length_max=QUEUE_LENGTH_MAX,
        quota=TWO_AT_ONCE,
    )
    assert admission.is_added


async def _claim(store: ExecutionStore, *, worker: str = "worker") -> list[Execution]:
    return list(await store.claim(owner=worker, lease_seconds=LEASE_SECONDS, count=10))


async def _finish(store: ExecutionStore, execution: Execution, *, cpu_seconds: float = 0.0) -> None:
    lease = Lease(execution_id=execution.id, owner="worker", attempt=execution.attempt)
    run = StepResult(
        kind=StepKind.RUN,
        name="run",
        outcome=Outcome.SUCCEEDED,
        exit_code=0,
        usage=Usage(cpu_seconds=cpu_seconds),
    )
    # What an earlier build spent is nobody's now.
    build = replace(run, kind=StepKind.COMPILE, cached=True, usage=Usage(cpu_seconds=100.0))
    completion = Completion(
        outcome=Outcome.SUCCEEDED,
        finished_at=datetime.now(UTC),
        steps=(build, run),
        spender_id=execution.owner_id,
    )
    assert await store.finish(lease, completion)


class QuotaConformance:
    """The fixture `database` is that of the store."""

    @pytest.fixture
    async def owner_id(self, database: Database) -> str:
        name = new_identifier().lower()
        account = Account(
            id=new_identifier(),
            name=name,
            email=f"{name}@example.org",
            role=Role.USER,
            created_at=datetime.now(UTC),
        )
        assert await AccountRecords(database).insert(account, password_hash=None)
        return account.id

    async def test_more_than_may_run_at_once_are_held(
        self, store: ExecutionStore, owner_id: str
    ) -> None:
        for _ in range(5):
            assert (await _add(store, owner_id, TWO_AT_ONCE)).is_added
        await _add(store, new_identifier(), None)
        taken = await _claim(store)
        own = [each for each in taken if each.owner_id == owner_id]
        counts = [len(own)]

        while own:
            await _finish(store, own.pop())
            own += await _claim(store)
            counts.append(len(own))

        assert len(taken) == 3
        assert counts == [2, 2, 2, 2, 1, 0]

    async def test_at_the_same_time_no_more_are_let_in(
        self, store: ExecutionStore, owner_id: str
    ) -> None:
        quota = Quota(active_count_max=2, executions_per_minute_max=8)
        added = await asyncio.gather(*(_add(store, owner_id, quota) for _ in range(12)))
        claims = await asyncio.gather(*(_claim(store, worker=f"w{n}") for n in range(4)))

        assert sum(each.is_added for each in added) == 8
        assert sum(map(len, claims)) == 2

    async def test_those_of_one_project_that_wait_take_no_place(
        self, store: ExecutionStore, owner_id: str
    ) -> None:
        first, second = new_identifier(), new_identifier()
        for number in range(3):
            await _add_alone(store, owner_id, first, f"{number}")
        await _add_alone(store, owner_id, second, "x")

        taken = await _claim(store)
        assert {each.project_id for each in taken} == {first, second}
        for each in taken:
            await _finish(store, each)
        [third] = await _claim(store)
        await _finish(store, third)
        [fourth] = await _claim(store)

        assert {third.project_id, fourth.project_id} == {first}

    async def test_place_of_one_whose_worker_died_is_given_on(
        self, store: ExecutionStore, owner_id: str
    ) -> None:
        for _ in range(2):
            await _add(store, owner_id, Quota(active_count_max=1))
        [lost] = await store.claim(owner="dead", lease_seconds=LEASE_SECONDS, count=5)
        lease = Lease(execution_id=lost.id, owner="dead", attempt=lost.attempt)
        assert await store.mark_running(lease, exchanged=True)

        ended = await store.recover(dead_owners=["dead"], attempts_max=ATTEMPTS_MAX)
        [taken] = await _claim(store)

        assert [each.outcome for each in ended] == [Outcome.INTERNAL_ERROR]
        assert taken.id != lost.id

    async def test_executions_of_a_minute_are_counted(
        self, store: ExecutionStore, owner_id: str
    ) -> None:
        quota = Quota(executions_per_minute_max=2)
        admissions = [await _add(store, owner_id, quota) for _ in range(3)]
        other = await _add(store, new_identifier(), quota)

        refusal = admissions[2].refusal
        assert [each.is_added for each in admissions] == [True, True, False]
        assert refusal is not None
        assert refusal.limit == "executions_per_minute_max"
        assert 0 < refusal.retry_after_seconds <= 60
        assert other.is_added

    async def test_cpu_time_that_is_granted_counts_until_it_is_spent(
        self, store: ExecutionStore, owner_id: str
    ) -> None:
        quota = Quota(cpu_us_per_day_max=20 * SECOND_US, cpu_us=10 * SECOND_US)
        granted = [await _add(store, owner_id, quota) for _ in range(3)]
        for each in await _claim(store):
            await _finish(store, each, cpu_seconds=4.0)
        again = await _add(store, owner_id, quota)
        [last] = await _claim(store)
        await _finish(store, last, cpu_seconds=30.0)
        spent = await _add(store, owner_id, quota)
        spending = await store.find_spending(owner_id)

        assert [each.is_added for each in granted] == [True, True, False]
        assert again.is_added
        assert granted[2].refusal is not None
        assert granted[2].refusal.cpu_granted_us == 20 * SECOND_US
        assert spent.refusal is not None
        assert spent.refusal.limit == "cpu_seconds_per_day_max"
        assert spent.refusal.cpu_us == 38 * SECOND_US
        assert (spending.cpu_us, spending.execution_count) == (38 * SECOND_US, 3)
        assert spending.cpu_granted_us == 0

    async def test_one_that_asks_for_more_than_a_day_has_is_let_in_first(
        self, store: ExecutionStore, owner_id: str
    ) -> None:
        """Its own limit ends it; refused, it could never run."""
        quota = Quota(cpu_us_per_day_max=SECOND_US, cpu_us=10 * SECOND_US)

        assert (await _add(store, owner_id, quota)).is_added
        assert not (await _add(store, owner_id, quota)).is_added

    async def test_what_was_spent_goes_with_the_account_and_with_the_years(
        self, store: ExecutionStore, database: Database, owner_id: str
    ) -> None:
        other_id = new_identifier()
        for each in (owner_id, other_id):
            await _add(store, each, None)
        for execution in await _claim(store):
            await _finish(store, execution, cpu_seconds=1.0)

        assert await AccountRecords(database).delete(owner_id)
        later = now_us() + 500 * DAY_US
        gone = await store.find_spending(owner_id)
        kept = await store.find_spending(other_id)
        deleted = await database.write(partial(delete_old, now=later))

        assert (gone.cpu_us, kept.cpu_us) == (0, SECOND_US)
        assert deleted >= 1
        assert (await store.find_spending(other_id)).cpu_us == 0
