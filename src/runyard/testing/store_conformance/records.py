"""What is written is read again, whole and in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from runyard.domain.execution import ArtifactRecord, State
from runyard.domain.files import File
from runyard.domain.identifiers import new_identifier
from runyard.store.interface import ExecutionStore, Progress
from runyard.testing.store_conformance.samples import (
    build_completion,
    build_execution,
    build_request,
    claim_one,
    insert,
    load,
)


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

        assert (await store.insert(rejected, queue_length_max=1)).is_full

        assert await store.find(rejected.id) is None

    async def test_list_returns_the_newest_first_without_contents(
        self, store: ExecutionStore
    ) -> None:
        ids = [(await insert(store, owner_id="ada")).id for _ in range(3)]
        _, lease = await claim_one(store)
        await store.finish(lease, build_completion())

        listed = await store.list(owner_id="ada", limit=10, before=None)

        assert [each.id for each in listed] == sorted(ids, reverse=True)
        assert listed[0].request.files[0] == File("main.py", b"")
        finished = next(each for each in listed if each.state is State.FINISHED)
        assert finished.steps[0].usage.wall_seconds == 1.25
        assert finished.steps[0].stdout == b""
        assert finished.artifacts == (ArtifactRecord(name="out.txt", size_bytes=10_000),)

    async def test_list_pages_by_id(self, store: ExecutionStore) -> None:
        ids = sorted([(await insert(store, owner_id="ada")).id for _ in range(5)], reverse=True)

        page = await store.list(owner_id="ada", limit=2, before=ids[1])

        assert [each.id for each in page] == ids[2:4]

    async def test_list_has_an_owners_own_only(self, store: ExecutionStore) -> None:
        own = await insert(store, owner_id="ada")
        await insert(store, owner_id="bob")
        await insert(store, owner_id=None)

        listed = await store.list(owner_id="ada", limit=10, before=None)

        assert [(each.id, each.owner_id) for each in listed] == [(own.id, "ada")]

    async def test_progress_tells_the_owner(self, store: ExecutionStore) -> None:
        own = await insert(store, owner_id="ada")

        progress = await store.find_progress(own.id)

        assert progress == Progress(owner_id="ada", state=State.QUEUED, is_interactive=False)

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

    async def test_finish_survives_a_message_with_nul(self, store: ExecutionStore) -> None:
        """Part of a message may come from inside a sandbox."""
        await insert(store)
        claimed, lease = await claim_one(store)
        plain = build_completion()
        [step] = plain.steps
        steps = (replace(step, message="c\0d"),)

        assert await store.finish(lease, replace(plain, message="a\0b", steps=steps))

        found = await load(store, claimed.id)
        assert (found.message, found.steps[0].message) == ("a\ufffdb", "c\ufffdd")

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
