"""The store on PostgreSQL keeps the port's promises, between several servers too."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from runyard.bootstrap import open_application
from runyard.domain.execution import Outcome, State
from runyard.domain.files import File
from runyard.domain.submission import Submission
from runyard.settings import Settings
from runyard.store import queue, schema
from runyard.store.database import Database, ServerDatabase, open_database
from runyard.store.executions import SqlExecutionStore
from runyard.store.interface import Lease
from runyard.store.tables import metadata
from runyard.testing.store_conformance import (
    StoreConformance,
    build_completion,
    build_execution,
)
from runyard.testing.unconfined_engine import UnconfinedEngine
from tests.conformance.clusters import Cluster, open_cluster

T = TypeVar("T")

DEADLINE_SECONDS = 10.0
OWNER = "ada"

_numbers = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with open_cluster() as cluster:
        yield cluster


@pytest.fixture
def empty_url(cluster: Cluster) -> str:
    return cluster.create_database(f"empty_{next(_numbers)}")


@pytest_asyncio.fixture(scope="session")
async def migrated_url(cluster: Cluster) -> str:
    url = cluster.create_database("migrated")
    async with _open(url) as database:
        await schema.upgrade(database)
    return url


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    async with _open(migrated_url) as database:
        await database.write(
            lambda connection: connection.execute(text("TRUNCATE executions CASCADE"))
        )
        yield database


@pytest.fixture
async def other_database(migrated_url: str, database: Database) -> AsyncIterator[Database]:
    """What another server has open."""
    async with _open(migrated_url) as other:
        yield other


@pytest.fixture
def store(database: Database) -> SqlExecutionStore:
    return SqlExecutionStore(database)


@pytest.fixture
def other_store(other_database: Database) -> SqlExecutionStore:
    return SqlExecutionStore(other_database)


class TestPostgresqlStore(StoreConformance):
    pass


async def test_store_runs_on_postgresql(database: Database) -> None:
    version = await database.read(lambda connection: connection.scalar(text("SELECT version()")))

    assert isinstance(database, ServerDatabase)
    assert str(version).startswith("PostgreSQL ")


async def test_migrations_make_the_tables_that_the_code_uses(empty_url: str) -> None:
    def difference(connection: Connection) -> object:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with _open(empty_url) as database:
        await schema.upgrade(database)

        assert await database.read(difference) == []


async def test_servers_that_start_together_migrate_once(empty_url: str) -> None:
    async with _open(empty_url) as one, _open(empty_url) as other:
        await asyncio.gather(*(schema.upgrade(database) for database in (one, other, one, other)))

        versions = await one.read(
            lambda connection: connection.scalars(
                text("SELECT version_num FROM alembic_version")
            ).all()
        )

    assert list(versions) == [schema.HEAD]


async def test_write_that_raises_leaves_nothing_behind(database: Database) -> None:
    def broken(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await database.write(broken)

    assert await database.read(_ask("SELECT to_regclass('half')")) is None


async def test_readers_see_one_moment_and_cannot_write(
    database: Database, other_store: SqlExecutionStore
) -> None:
    def count_twice(connection: Connection) -> tuple[object, object]:
        before = count(connection)
        await_only(other_store.insert(build_execution(), queue_length_max=10))
        return before, count(connection)

    count = _ask("SELECT count(*) FROM executions")

    assert await database.read(count_twice) == (0, 0)
    assert await database.read(count) == 1
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await database.read(_ask("DELETE FROM executions RETURNING id"))
    assert await database.read(count) == 1


async def test_connections_that_the_server_dropped_are_replaced(
    store: SqlExecutionStore, other_database: Database
) -> None:
    assert await store.count_queued() == 0
    dropped = await other_database.write(
        _ask(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )

    assert dropped == 1
    assert await store.count_queued() == 0


async def test_claim_passes_over_what_another_server_is_claiming(
    database: Database, store: SqlExecutionStore, other_store: SqlExecutionStore
) -> None:
    inserted = [await _insert(store) for _ in range(5)]

    def claim(connection: Connection) -> list[str]:
        rows = queue.claim(connection, owner="one", now=1, expires=2, count=2)
        return [row.id for row, _ in rows]

    async with _open_transaction(database, claim) as first:
        claimed = await _soon(other_store.claim(owner="other", lease_seconds=60, count=5))

    assert first == sorted(inserted)[:2]
    assert [each.id for each in claimed] == sorted(inserted)[2:]


async def test_two_workers_share_a_queue_without_meeting(
    store: SqlExecutionStore, other_store: SqlExecutionStore
) -> None:
    inserted = [await _insert(store) for _ in range(60)]

    async def work(store: SqlExecutionStore, owner: str) -> list[str]:
        done = []
        while claimed := await store.claim(owner=owner, lease_seconds=60, count=2):
            for each in claimed:
                lease = Lease(execution_id=each.id, owner=owner, attempt=each.attempt)
                assert await store.mark_running(lease, exchanged=True)
                assert await store.finish(lease, build_completion())
                done.append(each.id)
        return done

    shares = await _soon(
        asyncio.gather(
            *(work(store, f"one/{n}") for n in range(2)),
            *(work(other_store, f"other/{n}") for n in range(2)),
        )
    )

    assert all(shares)
    assert sorted(itertools.chain(*shares)) == sorted(inserted)
    found = await store.list(owner_id=OWNER, limit=100, before=None)
    assert {(each.state, each.attempt) for each in found} == {(State.FINISHED, 1)}


async def test_finish_that_waits_for_a_recovery_comes_too_late(
    database: Database, store: SqlExecutionStore, other_store: SqlExecutionStore
) -> None:
    execution_id = await _insert(store)
    lease = await _claim(other_store, owner="slow")

    def recover(connection: Connection) -> int:
        return len(queue.recover(connection, dead_owners=["slow"], attempts_max=3, now=1))

    async with _open_transaction(database, recover) as lost:
        finishing = asyncio.create_task(other_store.finish(lease, build_completion()))
        await _until_somebody_waits(database)

    assert lost == 1
    assert not await _soon(finishing)
    assert not await other_store.mark_running(lease, exchanged=True)
    assert not await other_store.requeue(lease, attempts_max=3)
    assert await store.renew(owner="slow", execution_ids=[execution_id], lease_seconds=60) == []
    assert await store.read_events(execution_id, after=0) == []
    again = await _claim(store, owner="quick")
    assert (again.execution_id, again.attempt) == (execution_id, 2)


async def test_recovery_passes_over_what_its_worker_is_writing(
    database: Database, store: SqlExecutionStore, other_store: SqlExecutionStore
) -> None:
    execution_id = await _insert(store)
    lease = await _claim(store, owner="slow")

    def exchange(connection: Connection) -> bool:
        return queue.mark_running(connection, lease, exchanged=True)

    async with _open_transaction(database, exchange) as marked:
        assert marked
        assert await _soon(other_store.recover(dead_owners=["slow"], attempts_max=3)) == []

    [lost] = await other_store.recover(dead_owners=["slow"], attempts_max=3)
    assert (lost.execution_id, lost.outcome) == (execution_id, Outcome.INTERNAL_ERROR)


async def test_two_servers_clear_up_side_by_side(
    database: Database, store: SqlExecutionStore, other_store: SqlExecutionStore
) -> None:
    for _ in range(5):
        await _insert(store)
        await store.finish(await _claim(store, owner="worker"), build_completion())
    later = datetime.now(UTC) + timedelta(days=1)
    lock = _ask("SELECT id FROM executions ORDER BY finished_us LIMIT 1 FOR UPDATE")

    async with _open_transaction(database, lock) as locked:
        assert await _soon(other_store.delete_finished(before=later, count_max=5)) == 4

    [left] = await store.list(owner_id=OWNER, limit=10, before=None)
    assert left.id == locked


async def test_two_servers_on_one_database_run_everything_once(
    migrated_url: str, store: SqlExecutionStore, tmp_path: Path
) -> None:
    engine = UnconfinedEngine()
    submission = Submission(runtime="bash", files=(File("main.sh", b"echo $((6 * 7))"),))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.aclose)
        servers = [
            await stack.enter_async_context(
                open_application(
                    Settings(data_dir=tmp_path / name, database_url=migrated_url),
                    None,
                    engine=engine,
                    self_tests=False,
                )
            )
            for name in ("one", "other")
        ]
        submitted = [
            await server.executions.submit(submission, owner_id=OWNER)
            for _ in range(3)
            for server in servers
        ]
        # Each is asked of both, so also of the one that did not run it.
        finished = await asyncio.gather(
            *(
                server.executions.wait(execution.id, seconds_max=30)
                for execution in submitted
                for server in servers
            )
        )
        health = [await server.health() for server in servers]

    assert {(each.outcome, each.attempt, each.steps[0].stdout) for each in finished} == {
        (Outcome.SUCCEEDED, 1, b"42\n")
    }
    assert all(each.is_ready for each in health)
    assert finished[::2] == finished[1::2]
    assert len(await store.list(owner_id=OWNER, limit=100, before=None)) == len(submitted)


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        await database.aclose()


@asynccontextmanager
async def _open_transaction(
    database: Database, transaction: Callable[[Connection], T]
) -> AsyncIterator[T]:
    """Commit `transaction` only at the end of the block."""
    result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    released = asyncio.Event()

    def run(connection: Connection) -> None:
        result.set_result(transaction(connection))
        await_only(released.wait())

    running = asyncio.create_task(database.write(run))
    try:
        await asyncio.wait(
            {running, result}, timeout=DEADLINE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if running.done():
            await running
        yield result.result()
    finally:
        released.set()
        await running


async def _until_somebody_waits(database: Database) -> None:
    waiting = _ask("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await database.read(waiting) == 0:
            pass


async def _soon(result: Awaitable[T]) -> T:
    return await asyncio.wait_for(result, DEADLINE_SECONDS)


def _ask(query: str) -> Callable[[Connection], object]:
    return lambda connection: connection.scalar(text(query))


async def _insert(store: SqlExecutionStore) -> str:
    execution = build_execution(owner_id=OWNER)
    assert (await store.insert(execution, queue_length_max=1000)).is_added
    return execution.id


async def _claim(store: SqlExecutionStore, *, owner: str) -> Lease:
    [claimed] = await store.claim(owner=owner, lease_seconds=60, count=1)
    return Lease(execution_id=claimed.id, owner=owner, attempt=claimed.attempt)
