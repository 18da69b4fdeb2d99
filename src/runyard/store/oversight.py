"""The records of everybody's executions, as administrators look at them and stop them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Select, case, func, or_, select, update

from runyard.domain.audit import AuditEntry
from runyard.domain.execution import Execution, Outcome, State
from runyard.domain.identifiers import encode_identifier
from runyard.store import quotas
from runyard.store.account_tables import accounts
from runyard.store.audit import add_entry
from runyard.store.database import Database
from runyard.store.moments import to_us
from runyard.store.packing import unpack_request
from runyard.store.rows import to_execution
from runyard.store.tables import FINISHED, UNFINISHED, executions, requests

# An id is made when an execution is, but for the clocks of several servers.
_CLOCKS_APART_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose executions are meant; `id` None: of nobody in particular."""

    id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSearch:
    """What is None is not looked at; `until` itself is not included. `before` is an id."""

    state: State | None = None
    outcome: Outcome | None = None
    owner: Owner | None = None
    runtime_id: str | None = None
    project_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedExecution:
    """`owner_name` is None where no account has the owner's id."""

    execution: Execution
    owner_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """Executions whose end is asked for, and how many more there are of the same owner."""

    ids: tuple[str, ...]
    left: int


class OversightRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, search: ExecutionSearch) -> Sequence[OwnedExecution]:
        """Return executions, the newest first, without contents and output."""
        statement = _select(search)

        def read(connection: Connection) -> list[OwnedExecution]:
            return [
                OwnedExecution(
                    execution=to_execution(row, unpack_request(row.body, None)),
                    owner_name=row.owner_name,
                )
                for row in connection.execute(statement)
            ]

        return await self._database.read(read)

    async def request_cancel(self, execution_id: str, *, entry: AuditEntry) -> bool:
        """Leave word that an execution is to end. False if it is finished: then nobody did it."""
        statement = (
            update(executions)
            .where(executions.c.id == execution_id, UNFINISHED)
            .values(is_cancel_requested=True)
        )

        def write(connection: Connection) -> bool:
            if not connection.execute(statement).rowcount:
                return False
            add_entry(connection, entry)
            return True

        return await self._database.write(write)

    async def request_stop(self, owner: Owner, *, count_max: int, entry: AuditEntry) -> Stopping:
        """Leave the same word for an owner's, those that run first, then the oldest. The entry is
        added unless there is nothing to stop, with the number of executions as what came of it.
        """
        # Who runs and knows already is on its way; who is queued may have been left by a server
        # that died.
        is_open = UNFINISHED & (executions.c.owner_id.is_not_distinct_from(owner.id))
        is_due = is_open & or_(
            executions.c.state == State.QUEUED, executions.c.is_cancel_requested.is_(False)
        )
        is_queued = case((executions.c.state == State.QUEUED, 1), else_=0)
        # The same order in each transaction that locks several of them.
        due = (
            select(executions.c.id)
            .where(is_due)
            .order_by(is_queued, executions.c.turn, executions.c.id)
            .limit(count_max)
        )
        count = select(func.count()).select_from(executions).where(is_due)

        def write(connection: Connection) -> Stopping:
            if owner.id is not None:
                # Before its executions, as whoever adds or finishes one of them does.
                quotas.lock(connection, owner.id)
            total = connection.scalar(count) or 0
            ids = tuple(connection.scalars(due))
            left = max(0, total - len(ids))
            if ids:
                connection.execute(
                    update(executions)
                    .where(executions.c.id.in_(ids), UNFINISHED)
                    .values(is_cancel_requested=True)
                )
                add_entry(connection, replace(entry, after={"stopped": len(ids), "left": left}))
            return Stopping(ids=ids, left=left)

        return await self._database.write(write)


def _select(search: ExecutionSearch) -> Select[tuple[object, ...]]:
    statement: Select[tuple[object, ...]] = (
        select(executions, requests.c.body, accounts.c.name.label("owner_name"))
        .join(requests)
        .outerjoin(accounts, accounts.c.id == executions.c.owner_id)
        .order_by(executions.c.id.desc())
        .limit(search.limit)
    )
    table = executions.c
    if search.state is not None:
        part = FINISHED if search.state is State.FINISHED else UNFINISHED
        statement = statement.where(part, table.state == search.state)
    if search.outcome is not None:
        statement = statement.where(table.outcome == search.outcome)
    if search.owner is not None:
        statement = statement.where(
            table.owner_id.is_(None)
            if search.owner.id is None
            else table.owner_id == search.owner.id
        )
    if search.runtime_id is not None:
        statement = statement.where(table.runtime_id == search.runtime_id)
    if search.project_id is not None:
        statement = statement.where(table.project_id == search.project_id)
    if search.since is not None:
        since = to_us(search.since)
        earliest = _first_identifier(since - _CLOCKS_APART_US)
        statement = statement.where(table.created_us >= since, table.id >= earliest)
    if search.until is not None:
        until = to_us(search.until)
        latest = _first_identifier(until + _CLOCKS_APART_US)
        statement = statement.where(table.created_us < until, table.id < latest)
    if search.before is not None:
        statement = statement.where(table.id < search.before)
    return statement


def _first_identifier(moment_us: int) -> str:
    """Return what sorts before all identifiers of later moments."""
    milliseconds, microseconds = divmod(max(0, moment_us), 1000)
    return encode_identifier(milliseconds, microseconds, 0)
