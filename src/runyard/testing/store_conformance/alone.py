"""Of the executions that are to run alone in their project one is taken at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from runyard.domain.account import Account, Role
from runyard.domain.execution import Execution, Outcome, State
from runyard.domain.identifiers import new_identifier
from runyard.domain.project import Project, Revision, Setup, fingerprint
from runyard.store.accounts import AccountRecords
from runyard.store.database import Database
from runyard.store.interface import Admission, ExecutionStore, Lease, Rivals
from runyard.store.projects import Bounds, NewContent, ProjectRecords, Saving
from runyard.testing.store_conformance.samples import (
    LEASE_SECONDS,
    QUEUE_LENGTH_MAX,
    build_completion,
    build_execution,
)

_OWNER = new_identifier()
_PROJECT = new_identifier()


def _build(*, owner_id: str = _OWNER, project_id: str = _PROJECT) -> Execution:
    return build_execution(owner_id=owner_id, project_id=project_id, revision=1)


async def _add(
    store: ExecutionStore,
    key: str,
    *,
    rivals: Rivals = Rivals.SUPERSEDE,
    execution: Execution | None = None,
) -> tuple[Execution, Admission]:
    added = execution or _build()
    admission = await store.insert_alone(
        added, run_key=key, rivals=rivals, queue_length_max=QUEUE_LENGTH_MAX
    )
    return added, admission


async def _claim(store: ExecutionStore, *, count: int = 10) -> list[Execution]:
    return list(await store.claim(owner="worker", lease_seconds=LEASE_SECONDS, count=count))


async def _finish(store: ExecutionStore, execution: Execution) -> None:
    lease = Lease(execution_id=execution.id, owner="worker", attempt=execution.attempt)
    assert await store.finish(lease, build_completion())


class AloneConformance:
    """The fixture `database` is that of the store."""

    async def test_one_of_a_project_is_taken_at_a_time(self, store: ExecutionStore) -> None:
        added = [(await _add(store, f"{n}", rivals=Rivals.QUEUE))[0] for n in range(3)]
        taken = []

        for _ in added:
            [one] = await _claim(store)
            assert await _claim(store) == []
            taken.append(one.id)
            await _finish(store, one)

        assert taken == sorted(each.id for each in added)

    async def test_projects_and_owners_do_not_wait_for_each_other(
        self, store: ExecutionStore
    ) -> None:
        await _add(store, "a")
        await _add(store, "a", execution=_build(project_id=new_identifier()))
        await _add(store, "a", execution=_build(owner_id=new_identifier()))
        other = _build()
        await store.insert(other, queue_length_max=QUEUE_LENGTH_MAX)

        assert len(await _claim(store)) == 4

    async def test_same_request_is_the_one_that_is_there(self, store: ExecutionStore) -> None:
        for rivals in Rivals:
            first, _ = await _add(store, f"{rivals}", rivals=Rivals.QUEUE)

            _, admission = await _add(store, f"{rivals}", rivals=rivals)

            assert admission == Admission(same=first.id)

    async def test_changed_request_supersedes_all_others(self, store: ExecutionStore) -> None:
        running, _ = await _add(store, "a", rivals=Rivals.QUEUE)
        queued, _ = await _add(store, "b", rivals=Rivals.QUEUE)
        await _claim(store)

        added, admission = await _add(store, "c")

        assert admission == Admission(
            is_added=True, superseded=((running.id, False), (queued.id, True))
        )
        [renewal] = await store.renew(
            owner="worker", execution_ids=[running.id], lease_seconds=LEASE_SECONDS
        )
        assert (renewal.is_cancel_requested, renewal.is_superseded) == (True, True)
        assert await store.finish_queued(queued.id, build_completion(outcome=Outcome.SUPERSEDED))
        assert await _claim(store) == []
        await store.finish(
            Lease(execution_id=running.id, owner="worker", attempt=1), build_completion()
        )
        assert [each.id for each in await _claim(store)] == [added.id]

    async def test_request_that_is_being_stopped_is_not_returned(
        self, store: ExecutionStore
    ) -> None:
        first, _ = await _add(store, "a")
        await store.request_cancel(first.id)

        second, admission = await _add(store, "a")

        assert admission == Admission(is_added=True)
        assert second.id > first.id

    async def test_rejected_request_is_not_added(self, store: ExecutionStore) -> None:
        first, _ = await _add(store, "a")

        second, admission = await _add(store, "b", rivals=Rivals.REJECT)

        assert admission == Admission(rival=first.id)
        assert await store.find(second.id) is None

    async def test_id_that_would_sort_before_the_others_is_refused(
        self, store: ExecutionStore
    ) -> None:
        early = _build()
        first, _ = await _add(store, "a")

        _, admission = await _add(store, "b", rivals=Rivals.QUEUE, execution=early)

        assert admission == Admission(behind=first.id)
        assert await store.find(early.id) is None

    async def test_full_queue_supersedes_nothing(self, store: ExecutionStore) -> None:
        await _add(store, "a")

        admission = await store.insert_alone(
            _build(), run_key="b", rivals=Rivals.SUPERSEDE, queue_length_max=1
        )

        assert admission == Admission(is_full=True)
        assert len(await _claim(store)) == 1

    async def test_superseded_one_whose_worker_dies_ends_superseded(
        self, store: ExecutionStore
    ) -> None:
        first, _ = await _add(store, "a")
        await _claim(store)
        await _add(store, "b")

        [lost] = await store.recover(dead_owners=["worker"], attempts_max=3)

        assert (lost.execution_id, lost.outcome) == (first.id, Outcome.SUPERSEDED)

    async def test_many_at_once_are_taken_one_after_the_other(
        self, store: ExecutionStore, database: Database
    ) -> None:
        """Also where servers add and claim at the same moments."""
        project = await _make_project(database)

        async def add(key: str) -> str:
            while True:
                execution = _build(owner_id=project.owner_id, project_id=project.id)
                _, admission = await _add(store, key, rivals=Rivals.QUEUE, execution=execution)
                if admission.is_added:
                    return execution.id

        added = set(await asyncio.gather(*(add(f"{n}") for n in range(20))))
        taken: list[str] = []

        while len(taken) < len(added):
            batches = await asyncio.gather(*(_claim(store, count=3) for _ in range(5)))
            claimed = [execution for batch in batches for execution in batch]
            assert len(claimed) <= 1
            for execution in claimed:
                assert execution.state is State.STARTING
                taken.append(execution.id)
                await _finish(store, execution)

        assert set(taken) == added


async def _make_project(database: Database) -> Project:
    """Make one whose row exists: it is what those who add at once wait for."""
    number, now = new_identifier(), datetime.now(UTC)
    account = Account(
        id=number,
        name=number.lower(),
        email=f"{number}@example.org",
        role=Role.USER,
        created_at=now,
    )
    project = Project(
        id=new_identifier(),
        owner_id=account.id,
        name="alone",
        description="",
        runtime="python",
        revision=1,
        file_count=0,
        size_bytes=0,
        created_at=now,
        updated_at=now,
    )
    setup = Setup(runtime="python")
    revision = Revision(
        project_id=project.id,
        number=1,
        setup=setup,
        entries=(),
        created_at=now,
        fingerprint=fingerprint(setup, ()),
    )
    bounds = Bounds(project_count=1, revision_count=1, bytes_of_owner=1)
    await AccountRecords(database).insert(account, password_hash=None)
    content = NewContent(revision=revision, contents={})
    assert await ProjectRecords(database).insert(project, content, bounds) is Saving.DONE
    return project
