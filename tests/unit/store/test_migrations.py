"""What older versions stored is read by this one."""

import json
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from runyard.domain.execution import Execution, State
from runyard.store import schema
from runyard.store.database import Database, open_database
from runyard.store.executions import SqlExecutionStore
from runyard.store.packing import pack_request, pack_steps
from runyard.store.rows import insertable
from runyard.testing.store_conformance import build_completion, build_execution


async def test_steps_of_the_first_tables_were_not_cached(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'runyard.db'}")
    try:
        await database.write(_make_first_tables)
        execution = build_execution()
        store = SqlExecutionStore(database)
        await _finish_as_before(database, execution)

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


async def _finish_as_before(database: Database, execution: Execution) -> None:
    row = insertable(execution) | {"state": State.FINISHED}
    body, contents = pack_request(execution.request)
    (step,) = pack_steps(execution.id, build_completion().steps)
    later = ("project_id", "revision", "run_key", "is_superseded")
    for name in (*later, "runtime_id", "active_count_max", "cpu_granted_us", "is_held"):
        del row[name]
    del step["cached"]
    later = ("secrets", "keeps_data", "project_bytes_max")
    stored = {key: value for key, value in json.loads(body).items() if key not in later}
    request = {"execution_id": execution.id, "body": json.dumps(stored), "contents": contents}

    def write(connection: Connection) -> None:
        for table, values in (("executions", row), ("requests", request), ("steps", step)):
            names = ", ".join(values)
            places = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)

    await database.write(write)
