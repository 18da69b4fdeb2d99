"""What is going on, in numbers, counted by the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, case, func, select

from runyard.domain.execution import Outcome, State
from runyard.store.account_tables import accounts
from runyard.store.database import Database
from runyard.store.tables import FINISHED, UNFINISHED, executions

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
TOP_COUNT_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """None where there was nothing to measure."""

    median_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one owner's executions or those of one runtime took of the day. `seconds` is the time
    between their starts and ends; `name` that of an owner's account.
    """

    id: str | None
    name: str | None
    execution_count: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`wait` is from the request to the start, `duration` from there to the end: both of those that
    were started and finished in the last hour.
    """

    queued: int
    running: int
    last_hour: Mapping[Outcome, int]
    last_day: Mapping[Outcome, int]
    wait: Spread
    duration: Spread
    owners: Sequence[Share]
    runtimes: Sequence[Share]


class FigureRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, *, now: int) -> Figures:
        """`now` is in microseconds since 1970."""

        def read(connection: Connection) -> Figures:
            standing = {row.state: row.total for row in connection.execute(_STANDING)}
            hour, day = {"since": now - HOUR_US}, {"since": now - DAY_US}
            spread = connection.execute(_SPREAD, hour).one()
            return Figures(
                queued=standing.get(State.QUEUED, 0),
                running=standing.get(State.STARTING, 0) + standing.get(State.RUNNING, 0),
                last_hour=_count_outcomes(connection, hour),
                last_day=_count_outcomes(connection, day),
                wait=_to_spread(spread.wait_median_us, spread.wait_p95_us),
                duration=_to_spread(spread.duration_median_us, spread.duration_p95_us),
                owners=[_to_share(row) for row in connection.execute(_OWNERS, day)],
                runtimes=[_to_share(row) for row in connection.execute(_RUNTIMES, day)],
            )

        return await self._database.read(read)


_STANDING = (
    select(executions.c.state, func.count().label("total"))
    .where(UNFINISHED)
    .group_by(executions.c.state)
)
_FINISHED_SINCE = (FINISHED, executions.c.finished_us >= bindparam("since"))
_OUTCOMES = (
    select(executions.c.outcome, func.count().label("total"))
    .where(*_FINISHED_SINCE)
    .group_by(executions.c.outcome)
)


def _rank() -> Select[Any]:
    """Return the statement of both spreads: the least value that enough of them do not exceed."""
    wait = executions.c.started_us - executions.c.created_us
    duration = executions.c.finished_us - executions.c.started_us
    ranked = (
        select(
            wait.label("wait"),
            duration.label("duration"),
            func.row_number().over(order_by=wait).label("wait_rank"),
            func.row_number().over(order_by=duration).label("duration_rank"),
            func.count().over().label("total"),
        )
        .where(*_FINISHED_SINCE, executions.c.started_us.is_not(None))
        .subquery()
    )
    found = []
    for name in ("wait", "duration"):
        for label, percent in (("median", 50), ("p95", 95)):
            is_reached = ranked.c[f"{name}_rank"] * 100 >= ranked.c.total * percent
            least = func.min(case((is_reached, ranked.c[name])))
            found.append(least.label(f"{name}_{label}_us"))
    return select(*found)


_SPREAD = _rank()


def _top(key: str) -> Any:
    """Return the statement that finds who or what had the most executions."""
    column = executions.c[key]
    count = func.count().label("execution_count")
    spent = executions.c.finished_us - executions.c.started_us
    return (
        select(column.label("id"), count, func.sum(spent).label("spent_us"))
        .where(*_FINISHED_SINCE)
        .group_by(column)
        .order_by(count.desc(), column)
        .limit(TOP_COUNT_MAX)
        .subquery()
    )


def _name_owners() -> Select[Any]:
    top = _top("owner_id")
    return (
        select(top, accounts.c.name)
        .select_from(top.outerjoin(accounts, accounts.c.id == top.c.id))
        .order_by(top.c.execution_count.desc(), top.c.id)
    )


_OWNERS = _name_owners()
_TOP_RUNTIMES = _top("runtime_id")
_RUNTIMES = select(_TOP_RUNTIMES, _TOP_RUNTIMES.c.id.label("name")).order_by(
    _TOP_RUNTIMES.c.execution_count.desc(), _TOP_RUNTIMES.c.id
)


def _count_outcomes(connection: Connection, since: Mapping[str, int]) -> dict[Outcome, int]:
    return {Outcome(row.outcome): row.total for row in connection.execute(_OUTCOMES, since)}


def _to_spread(median_us: int | None, p95_us: int | None) -> Spread:
    return Spread(median_seconds=_to_seconds(median_us), p95_seconds=_to_seconds(p95_us))


def _to_seconds(microseconds: float | None) -> float | None:
    # A clock that was set back makes no time negative.
    return None if microseconds is None else max(0.0, float(microseconds) / 1e6)


def _to_share(row: Row[Any]) -> Share:
    return Share(
        id=row.id,
        name=row.name,
        execution_count=row.execution_count,
        seconds=_to_seconds(row.spent_us) or 0.0,
    )
