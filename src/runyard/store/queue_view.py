"""What administrators see of the queue and of the clocks of those who write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from runyard.domain.execution import State
from runyard.store.database import Database
from runyard.store.tables import UNFINISHED, executions

_QUEUED = select(func.count(), func.min(executions.c.created_us)).where(
    executions.c.state == State.QUEUED, UNFINISHED
)
_NEWEST = select(executions.c.created_us).order_by(executions.c.id.desc()).limit(1)
_SERVER_CLOCK = select(func.extract("epoch", func.clock_timestamp()))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """Times are in microseconds since 1970, None where there is nothing. `database_us` is what the
    clock of the database's own machine says, None where that is this one.
    """

    count: int
    oldest_us: int | None
    newest_execution_us: int | None
    database_us: int | None


class QueueRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def view(self) -> QueueView:
        return await self._database.read(_view)


def _view(connection: Connection) -> QueueView:
    count, oldest = connection.execute(_QUEUED).one()
    seconds: Any = None
    if connection.dialect.name == "postgresql":
        seconds = connection.execute(_SERVER_CLOCK).scalar_one()
    return QueueView(
        count=count,
        oldest_us=oldest,
        newest_execution_us=connection.execute(_NEWEST).scalar(),
        database_us=None if seconds is None else int(seconds * 1_000_000),
    )
