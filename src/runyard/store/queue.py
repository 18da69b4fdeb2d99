"""The queue side of the executions table: claims, leases and the fence around a worker's writes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, func, insert, or_, select, update

from runyard.domain.events import Event, EventKind, last_sequence
from runyard.domain.execution import Outcome, State
from runyard.store.interface import Lease, LostAttempt, Renewal
from runyard.store.packing import pack_events
from runyard.store.statements import Statement
from runyard.store.tables import TAKEN, UNFINISHED, WAITED_FOR, event_logs, executions, requests

_INTERRUPTED = "Runyard was interrupted while the program ran, so its result is unknown."
_ATTEMPTS_SPENT = "Runyard was interrupted before the program began, {attempt} times."

_ID: BindParameter[str] = bindparam("wanted_id")
_IDS: BindParameter[list[str]] = bindparam("ids", expanding=True)
_FENCED = update(executions).where(
    executions.c.id == _ID,
    executions.c.lease_owner == bindparam("lease_holder"),
    executions.c.attempt == bindparam("lease_attempt"),
    TAKEN,
)

# Of those that run alone in their project only the oldest that is not finished is taken, so that no
# two of them are ever taken at the same time.
_waited_for = executions.alias("waited_for")
_IS_FREE = or_(
    executions.c.run_key.is_(None),
    ~select(_waited_for.c.id)
    .where(
        WAITED_FOR,
        _waited_for.c.project_id == executions.c.project_id,
        _waited_for.c.owner_id == executions.c.owner_id,
        _waited_for.c.id < executions.c.id,
    )
    .exists(),
)

# A common table expression is evaluated once; PostgreSQL may evaluate a plain subquery with a limit
# again and so lock more rows than it returns.
_OLDEST = (
    select(executions.c.id)
    .where(
        executions.c.state == State.QUEUED,
        executions.c.is_held.is_(False),
        UNFINISHED,
        _IS_FREE,
    )
    .order_by(executions.c.turn, executions.c.id)
    .limit(bindparam("count_max"))
    .with_for_update(skip_locked=True)
    .cte("oldest")
)
CLAIM = Statement(
    update(executions)
    .where(executions.c.id.in_(select(_OLDEST.c.id)))
    .values(
        state=State.STARTING,
        attempt=executions.c.attempt + 1,
        lease_owner=bindparam("new_owner"),
        lease_expires_us=bindparam("new_expires_us"),
        started_us=bindparam("new_started_us"),
    )
    .returning(executions)
)
_FIRST_TURN = Statement(
    select(func.min(executions.c.turn).label("turn")).where(
        executions.c.state == State.QUEUED, UNFINISHED
    )
)
_LAST = select(func.max(executions.c.turn).label("turn")).where(UNFINISHED)
_LAST_TURN = Statement(_LAST.where(executions.c.owner_id == bindparam("wanted_owner")))
# Those without an account share their turns.
_LAST_TURN_OF_NOBODY = Statement(_LAST.where(executions.c.owner_id.is_(None)))
_FIND_REQUEST = Statement(
    select(requests.c.body, requests.c.contents).where(requests.c.execution_id == _ID)
)
_MARK_RUNNING = Statement(_FENCED.values(state=State.RUNNING))
_MARK_EXCHANGED = Statement(_FENCED.values(state=State.RUNNING, is_exchanged=True))
_REQUEUED = {"state": State.QUEUED, "lease_owner": None, "lease_expires_us": None}
_REQUEUE = _FENCED.where(
    executions.c.is_exchanged.is_(False),
    executions.c.is_cancel_requested.is_(False),
    executions.c.attempt < bindparam("attempts_max"),
).values(**_REQUEUED)
_REQUEST_CANCEL = (
    update(executions)
    .where(executions.c.id == _ID, executions.c.state != State.FINISHED)
    .values(is_cancel_requested=True)
)
_RENEW = (
    update(executions)
    .where(
        executions.c.lease_owner == bindparam("lease_holder"),
        TAKEN,
        executions.c.id.in_(_IDS),
    )
    .values(lease_expires_us=bindparam("new_expires_us"))
    .returning(
        executions.c.id,
        executions.c.attempt,
        executions.c.is_cancel_requested,
        executions.c.is_superseded,
    )
)
_LEASE_OWNERS = select(executions.c.lease_owner).where(TAKEN, UNFINISHED).distinct()
_FIND_LOST = (
    select(
        executions.c.id,
        executions.c.attempt,
        executions.c.is_exchanged,
        executions.c.is_cancel_requested,
        executions.c.is_superseded,
    )
    .where(
        TAKEN,
        UNFINISHED,
        or_(
            executions.c.lease_expires_us < bindparam("now_us"),
            executions.c.lease_owner.in_(bindparam("dead", expanding=True)),
        ),
    )
    .order_by(executions.c.id)
    .with_for_update(skip_locked=True)
)
_REQUEUE_LOST = update(executions).where(executions.c.id.in_(_IDS)).values(**_REQUEUED)
_FINISH_LOST = (
    update(executions)
    .where(executions.c.id == _ID)
    .values(
        state=State.FINISHED,
        outcome=bindparam("new_outcome"),
        message=bindparam("new_message"),
        finished_us=bindparam("new_finished_us"),
        lease_owner=None,
        lease_expires_us=None,
    )
)
_INSERT_EVENTS = insert(event_logs)


def find_turn(connection: Connection, owner_id: str | None) -> int:
    """Return the turn of an owner's next execution: behind his others, not before anybody's."""
    first = _FIRST_TURN.row(connection, {})
    if owner_id is None:
        last = _LAST_TURN_OF_NOBODY.row(connection, {})
    else:
        last = _LAST_TURN.row(connection, {"wanted_owner": owner_id})
    assert first is not None
    assert last is not None
    own = 0 if last.turn is None else last.turn + 1
    return max(own, first.turn or 0)


def claim(
    connection: Connection, *, owner: str, now: int, expires: int, count: int
) -> list[tuple[Any, Any]]:
    """Return the claimed rows with their requests, by turn."""
    values = {
        "count_max": count,
        "new_owner": owner,
        "new_expires_us": expires,
        "new_started_us": now,
    }
    rows = sorted(CLAIM.rows(connection, values), key=lambda row: (row.turn, row.id))
    return [(row, _FIND_REQUEST.row(connection, {"wanted_id": row.id})) for row in rows]


def mark_running(connection: Connection, lease: Lease, *, exchanged: bool) -> bool:
    statement = _MARK_EXCHANGED if exchanged else _MARK_RUNNING
    return statement.change(connection, _fence(lease)) == 1


def requeue(connection: Connection, lease: Lease, *, attempts_max: int) -> bool:
    values = _fence(lease) | {"attempts_max": attempts_max}
    return connection.execute(_REQUEUE, values).rowcount == 1


def request_cancel(connection: Connection, execution_id: str) -> bool:
    return connection.execute(_REQUEST_CANCEL, {"wanted_id": execution_id}).rowcount == 1


def renew(
    connection: Connection, *, owner: str, execution_ids: Collection[str], expires: int
) -> list[Renewal]:
    values = {"lease_holder": owner, "ids": list(execution_ids), "new_expires_us": expires}
    return [
        Renewal(
            execution_id=row.id,
            attempt=row.attempt,
            is_cancel_requested=row.is_cancel_requested,
            is_superseded=row.is_superseded,
        )
        for row in connection.execute(_RENEW, values)
    ]


def lease_owners(connection: Connection) -> list[str]:
    return [owner for owner in connection.scalars(_LEASE_OWNERS) if owner is not None]


def recover(
    connection: Connection, *, dead_owners: Collection[str], attempts_max: int, now: int
) -> list[LostAttempt]:
    rows = connection.execute(_FIND_LOST, {"now_us": now, "dead": list(dead_owners)}).all()
    lost = [_judge(row, attempts_max=attempts_max) for row in rows]
    requeued = [attempt.execution_id for attempt in lost if attempt.outcome is None]
    ended = [attempt for attempt in lost if attempt.outcome is not None]
    if requeued:
        connection.execute(_REQUEUE_LOST, {"ids": requeued})
    if ended:
        connection.execute(_FINISH_LOST, [_ending(attempt, now) for attempt in ended])
        connection.execute(_INSERT_EVENTS, [_last_event(attempt) for attempt in ended])
    return lost


def _judge(row: Row[*tuple[Any, ...]], *, attempts_max: int) -> LostAttempt:
    outcome: Outcome | None = Outcome.INTERNAL_ERROR
    message: str | None = None
    if row.is_cancel_requested:
        outcome = Outcome.SUPERSEDED if row.is_superseded else Outcome.CANCELLED
    elif row.is_exchanged:
        message = _INTERRUPTED
    elif row.attempt >= attempts_max:
        message = _ATTEMPTS_SPENT.format(attempt=row.attempt)
    else:
        outcome = None
    return LostAttempt(execution_id=row.id, attempt=row.attempt, outcome=outcome, message=message)


def _ending(attempt: LostAttempt, now: int) -> dict[str, Any]:
    return {
        "wanted_id": attempt.execution_id,
        "new_outcome": attempt.outcome,
        "new_message": attempt.message,
        "new_finished_us": now,
    }


def _last_event(attempt: LostAttempt) -> dict[str, Any]:
    event = Event(
        last_sequence(attempt.attempt),
        EventKind.FINISHED,
        {"outcome": attempt.outcome, "message": attempt.message},
    )
    return {"execution_id": attempt.execution_id, "events": pack_events([event])}


def _fence(lease: Lease) -> dict[str, Any]:
    return {
        "wanted_id": lease.execution_id,
        "lease_holder": lease.owner,
        "lease_attempt": lease.attempt,
    }
