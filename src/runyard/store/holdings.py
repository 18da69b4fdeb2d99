"""What an account has: what administrators look at, and name before they delete it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.sql.elements import ColumnElement

from runyard.store.account_tables import api_tokens, sessions
from runyard.store.database import Database
from runyard.store.project_bytes import count_bytes
from runyard.store.project_tables import projects
from runyard.store.tables import UNFINISHED, executions


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Projects in the trash count, as their bytes do."""

    sessions: int
    tokens: int
    projects: int
    project_bytes: int
    executions: int
    unfinished: int


class HoldingRecords:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(self, database: Database, *, now_us: Callable[[], int]) -> None:
        self._database = database
        self._now_us = now_us

    async def count(self, account_id: str) -> Holdings:
        now = self._now_us()
        is_owned = executions.c.owner_id == account_id

        def read(connection: Connection) -> Holdings:
            return Holdings(
                sessions=_count(
                    connection,
                    sessions,
                    sessions.c.account_id == account_id,
                    sessions.c.expires_us > now,
                ),
                tokens=_count(connection, api_tokens, api_tokens.c.account_id == account_id),
                projects=_count(connection, projects, projects.c.owner_id == account_id),
                project_bytes=count_bytes(connection, account_id),
                executions=_count(connection, executions, is_owned),
                unfinished=_count(
                    connection, executions, is_owned, executions.c.state.in_(UNFINISHED)
                ),
            )

        return await self._database.read(read)


def _count(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(table).where(*conditions)
    return int(connection.execute(statement).scalar_one())
