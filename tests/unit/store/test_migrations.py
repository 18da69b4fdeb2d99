"""What older versions stored is read by this one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from runyard.domain.execution import State
from runyard.store import schema
from runyard.store.database import Database, open_database
from runyard.store.executions import SqlExecutionStore
from runyard.store.packing import pack_steps
from runyard.testing.store_conformance import build_completion, build_execution


async def test_steps_of_the_first_tables_were_not_cached(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'runyard.db'}")
    try:
        await database.write(_make_first_tables)
        execution = build_execution()
        store = SqlExecutionStore(database)
        await store.insert(execution, queue_length_max=1)
        await _finish_as_before(database, execution.id)

        await schema.upgrade(database)

        found = await store.find(execution.id)
        assert found is not None
        assert [step.cached for step in found.steps] == [False]
    finally:
        await database.aclose()


def _make_first_tables(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "runyard.store:migrations")
    config.attributes["connection"] = connection
    # Alembic would commit, in front of the store, a transaction that it had to begin itself.
    connection.execute(text("SELECT 1"))
    command.upgrade(config, "0001")


async def _finish_as_before(database: Database, execution_id: str) -> None:
    (row,) = pack_steps(execution_id, build_completion().steps)
    del row["cached"]
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)

    def write(connection: Connection) -> None:
        connection.execute(text(f"INSERT INTO steps ({names}) VALUES ({values})"), row)
        connection.execute(text("UPDATE executions SET state = :state"), {"state": State.FINISHED})

    await database.write(write)
