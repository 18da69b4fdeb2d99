"""The store on SQLite keeps the port's promises."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ClauseElement, Connection, text
from sqlalchemy.dialects import postgresql, sqlite

from runyard.store import adding, executions, queue, quotas, schema
from runyard.store.database import Database, Synchronous, open_database
from runyard.store.executions import SqlExecutionStore
from runyard.store.tables import metadata
from runyard.testing.store_conformance import StoreConformance, build_execution


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'runyard.db'}")
    await schema.upgrade(database)
    yield database
    await database.aclose()


@pytest.fixture
def store(database: Database) -> SqlExecutionStore:
    return SqlExecutionStore(database)


class TestSqliteStore(StoreConformance):
    pass


async def test_migrations_make_the_tables_that_the_code_uses(database: Database) -> None:
    def difference(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await database.read(difference) == []


@pytest.mark.parametrize(("synchronous", "number"), [("normal", 1), ("full", 2)])
async def test_commits_wait_for_the_disk_as_chosen(
    tmp_path: Path, synchronous: Synchronous, number: int
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}", synchronous=synchronous)

    def look(connection: Connection) -> tuple[object, object]:
        rows = (
            connection.exec_driver_sql(f"PRAGMA {name}") for name in ("journal_mode", "synchronous")
        )
        mode, level = (row.scalar() for row in rows)
        return mode, level

    assert await database.write(look) == ("wal", number)
    await database.aclose()


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "runyard.store:migrations")

    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


async def test_upgrade_of_a_current_database_changes_nothing(
    database: Database, store: SqlExecutionStore
) -> None:
    execution = build_execution()
    await store.insert(execution, queue_length_max=10)

    await schema.upgrade(database)

    assert await store.find(execution.id) == execution


async def test_write_that_raises_leaves_nothing_behind(database: Database) -> None:
    def broken(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await database.write(broken)

    tables = await database.read(
        lambda connection: connection.scalars(text("SELECT name FROM sqlite_master")).all()
    )
    assert "half" not in tables


async def test_pragmas_hold_on_every_connection(database: Database) -> None:
    def ask(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.scalar(text(f"PRAGMA {name}")) for name in names]

    assert await database.write(ask) == ["wal", 1, 1]
    assert await database.read(ask) == ["wal", 1, 1]


async def test_two_databases_on_one_file_write_at_the_same_time(tmp_path: Path) -> None:
    """Another process, a command line for example, waits for its turn instead of failing."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    databases = [open_database(url), open_database(url)]
    await asyncio.gather(*(schema.upgrade(database) for database in databases))
    stores = [SqlExecutionStore(database) for database in databases]

    inserted = await asyncio.gather(
        *(
            store.insert(build_execution(), queue_length_max=1000)
            for _ in range(50)
            for store in stores
        )
    )
    claims = await asyncio.gather(
        *(store.claim(owner="w", lease_seconds=60, count=10) for _ in range(5) for store in stores)
    )

    assert all(inserted)
    assert len({execution.id for claim in claims for execution in claim}) == 100
    for database in databases:
        await database.aclose()


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(queue.CLAIM.executable, id="claim"),
        pytest.param(queue._LEASE_OWNERS, id="lease_owners"),
        pytest.param(queue._FIND_LOST.params(now_us=0, dead=["w"]), id="find_lost"),
        pytest.param(queue._FIRST_TURN.executable, id="first_turn"),
        pytest.param(queue._LAST_TURN.executable, id="last_turn"),
        pytest.param(queue._LAST_TURN_OF_NOBODY.executable, id="last_turn_of_nobody"),
        pytest.param(adding._COUNT_QUEUED.executable, id="count_queued"),
        pytest.param(executions._DELETE_FINISHED, id="delete_finished"),
        pytest.param(quotas._COUNT_SEATS.executable, id="count_seats"),
        pytest.param(quotas._FIND_HELD.executable, id="find_held"),
        pytest.param(quotas._NEXT, id="next_held"),
        pytest.param(quotas._GRANTED.executable, id="granted"),
        pytest.param(quotas._OWNERS_OF_HELD, id="owners_of_held"),
    ],
)
async def test_statements_of_the_queue_never_read_all_records(
    database: Database, statement: ClauseElement
) -> None:
    """Months of finished executions must not slow down the next one."""
    compiled = statement.compile(
        dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}
    )
    values = tuple(None for _ in compiled.positiontup or ())

    def explain(connection: Connection) -> list[str]:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
        return [row.detail for row in rows]

    plan = await database.read(explain)

    assert [step for step in plan if step.startswith("SCAN executions")] == []
    assert any("USING" in step and "INDEX" in step for step in plan)


def test_claim_on_postgresql_skips_what_others_lock() -> None:
    statement = str(queue.CLAIM.executable.compile(dialect=postgresql.dialect()))

    assert "FOR UPDATE SKIP LOCKED" in statement
    assert "RETURNING" in statement


def test_database_whose_driver_is_missing_says_what_to_install() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"runyard\[server,postgres\]"):
        open_database("postgresql+psycopg2://nobody@localhost/nothing")
