"""What one owner may have altogether: executions at once, in a minute, and CPU time in a day.

Executions of an owner beyond those that may run at once are held: no worker sees them, so that they
cost the queue nothing, until another one of his is finished. Everything here happens in the
transaction that adds or finishes an execution, one after the other for each account, so that no two
servers count at the same time.
"""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    bindparam,
    delete,
    func,
    select,
    update,
)

from runyard.store.account_tables import accounts
from runyard.store.attempts import Bound, count_attempt
from runyard.store.interface import Quota, Refusal, Spending
from runyard.store.moments import DAY_US
from runyard.store.statements import Statement, Upsert
from runyard.store.tables import UNFINISHED, executions, spendings

_MINUTE_US = 60_000_000
# Until something of the same owner is finished.
_SOON_SECONDS = 5
_DAYS_KEPT = 400

_OWNER: BindParameter[str] = bindparam("wanted_owner")
_OF_OWNER = (executions.c.owner_id == _OWNER) & UNFINISHED
_LOCK_ACCOUNT = select(accounts.c.id).where(accounts.c.id == _OWNER).with_for_update(key_share=True)
_COUNT_SEATS = Statement(
    select(func.count().label("count"))
    .select_from(executions)
    .where(_OF_OWNER, executions.c.is_held.is_(False))
)
_FIND_HELD = Statement(
    select(executions.c.active_count_max)
    .where(_OF_OWNER, executions.c.is_held.is_(True))
    .order_by(executions.c.turn, executions.c.id)
    .limit(1)
)
_others = executions.alias("others")
# One whose project is at work already would take a place and wait in it.
_IS_PROJECT_BUSY = (
    select(_others.c.id)
    .where(
        _others.c.project_id == executions.c.project_id,
        _others.c.owner_id == executions.c.owner_id,
        _others.c.run_key.is_not(None),
        _others.c.is_held.is_(False),
        _others.c.state != "finished",
    )
    .exists()
)
_NEXT = (
    select(executions.c.id)
    .where(_OF_OWNER, executions.c.is_held.is_(True), ~_IS_PROJECT_BUSY)
    .order_by(executions.c.turn, executions.c.id)
    .limit(bindparam("count_max"))
)
_GRANTED = Statement(
    select(func.coalesce(func.sum(executions.c.cpu_granted_us), 0).label("cpu_us")).where(_OF_OWNER)
)
_SPENT = Statement(
    select(spendings.c.cpu_us, spendings.c.execution_count).where(
        spendings.c.owner_id == _OWNER, spendings.c.day == bindparam("wanted_day")
    )
)


_OWNERS_OF_HELD = (
    select(executions.c.owner_id)
    .where(executions.c.state == "queued", executions.c.is_held.is_(True), UNFINISHED)
    .distinct()
    .order_by(executions.c.owner_id)
)


def lock(connection: Connection, owner_id: str) -> None:
    """Let nobody else add or finish an execution of this account before this commits. It comes
    before any lock on an execution, so that two who wait for each other cannot be.
    """
    if connection.dialect.name != "sqlite":
        # SQLite has one writer.
        connection.execute(_LOCK_ACCOUNT, {"wanted_owner": owner_id})


def refuse(connection: Connection, owner_id: str, quota: Quota, *, now: int) -> Refusal | None:
    """Count one more execution, and return what speaks against it."""
    lock(connection, owner_id)
    if quota.executions_per_minute_max is not None:
        bound = Bound(
            key=f"executions:{owner_id}",
            window_us=_MINUTE_US,
            count_max=quota.executions_per_minute_max,
        )
        count, began = count_attempt(connection, bound, now=now)
        if count > quota.executions_per_minute_max:
            seconds = max(1, math.ceil((began + _MINUTE_US - now) / 1e6))
            return Refusal(limit="executions_per_minute_max", retry_after_seconds=seconds)
    if quota.cpu_us_per_day_max is not None:
        return _refuse_cpu(connection, owner_id, quota, quota.cpu_us_per_day_max, now=now)
    return None


def _refuse_cpu(
    connection: Connection, owner_id: str, quota: Quota, maximum: int, *, now: int
) -> Refusal | None:
    spending = find_spending(connection, owner_id, now=now)
    if spending.cpu_us >= maximum:
        seconds = max(1, (DAY_US - now % DAY_US) // 1_000_000)
    elif (
        spending.cpu_granted_us
        and spending.cpu_us + spending.cpu_granted_us + quota.cpu_us > maximum
    ):
        seconds = _SOON_SECONDS
    else:
        return None
    return Refusal(
        limit="cpu_seconds_per_day_max",
        retry_after_seconds=seconds,
        cpu_us=spending.cpu_us,
        cpu_granted_us=spending.cpu_granted_us,
    )


def columns(
    connection: Connection, owner_id: str | None, quota: Quota | None, *, is_behind: bool
) -> dict[str, Any]:
    """Return those of an execution that say what it takes of its owner's quota. `is_behind`: it
    waits for another one of its project, and so needs no place yet.
    """
    if owner_id is None or quota is None:
        return {}
    is_held = False
    if quota.active_count_max is not None:
        [row] = _COUNT_SEATS.rows(connection, {"wanted_owner": owner_id})
        is_held = is_behind or row[0] >= quota.active_count_max
    return {
        "active_count_max": quota.active_count_max,
        "cpu_granted_us": None if quota.cpu_us_per_day_max is None else quota.cpu_us,
        "is_held": is_held,
    }


def release(connection: Connection, owner_id: str) -> None:
    """Let those follow that were held, now that one of an owner's executions is finished. The
    account is locked already.
    """
    wanted = {"wanted_owner": owner_id}
    held = _FIND_HELD.row(connection, wanted)
    if held is None:
        return
    [row] = _COUNT_SEATS.rows(connection, wanted)
    free = (held.active_count_max or 0) - row[0]
    if free > 0:
        ids = list(connection.scalars(_NEXT, wanted | {"count_max": free}))
        connection.execute(update(executions).where(executions.c.id.in_(ids)).values(is_held=False))


def release_all(connection: Connection) -> None:
    """Let those follow that are held and were not released because a server died in between."""
    for owner_id in connection.scalars(_OWNERS_OF_HELD).all():
        lock(connection, owner_id)
        release(connection, owner_id)


def add_spending(connection: Connection, owner_id: str, *, cpu_us: int, now: int) -> None:
    values = {"new_owner": owner_id, "new_day": now // DAY_US, "more_us": cpu_us}
    _SPEND.on(connection).change(connection, values)


def delete_old(connection: Connection, *, now: int) -> int:
    """Delete what was spent on days of which nobody asks any more."""
    old = delete(spendings).where(spendings.c.day < now // DAY_US - _DAYS_KEPT)
    return connection.execute(old).rowcount


def _build_spend(insert: Any) -> Executable:
    more: BindParameter[int] = bindparam("more_us")
    added = insert(spendings).values(
        owner_id=bindparam("new_owner"), day=bindparam("new_day"), cpu_us=more, execution_count=1
    )
    executable: Executable = added.on_conflict_do_update(
        index_elements=["owner_id", "day"],
        set_={
            "cpu_us": spendings.c.cpu_us + more,
            "execution_count": spendings.c.execution_count + 1,
        },
    )
    return executable


_SPEND = Upsert(_build_spend)


def find_spending(connection: Connection, owner_id: str, *, now: int) -> Spending:
    wanted = {"wanted_owner": owner_id}
    spent = _SPENT.row(connection, wanted | {"wanted_day": now // DAY_US})
    [granted] = _GRANTED.rows(connection, wanted)
    return Spending(
        cpu_us=0 if spent is None else spent.cpu_us,
        execution_count=0 if spent is None else spent.execution_count,
        cpu_granted_us=int(granted.cpu_us),
    )
