"""Executions of which one runs at a time in each project."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, select, update

from runyard.domain.execution import Execution, State
from runyard.store.interface import Admission, Rivals
from runyard.store.project_tables import projects
from runyard.store.tables import UNFINISHED, executions


def is_busy(connection: Connection, execution: Execution) -> bool:
    """Say whether another one of its owner in its project is not finished."""
    statement = select(executions.c.id).where(_of_project(execution), UNFINISHED).limit(1)
    return connection.execute(statement).first() is not None


def admit(
    connection: Connection, execution: Execution, *, run_key: str, rivals: Rivals
) -> Admission:
    """Decide whether an execution may be added, and mark those whose place it takes."""
    # Whoever else adds one to this project waits here.
    lock = select(projects.c.id).where(projects.c.id == execution.project_id).with_for_update()
    connection.execute(lock)
    found = connection.execute(
        select(
            executions.c.id,
            executions.c.state,
            executions.c.run_key,
            executions.c.is_cancel_requested,
        )
        .where(_of_project(execution), UNFINISHED)
        .order_by(executions.c.id)
        .with_for_update()
    ).all()
    lasting = [row for row in found if not row.is_cancel_requested]
    for row in lasting:
        if row.run_key == run_key:
            return Admission(same=row.id)
    if lasting and rivals is Rivals.REJECT:
        return Admission(rival=lasting[0].id)
    if found and execution.id <= found[-1].id:
        return Admission(behind=found[-1].id)
    if not lasting or rivals is not Rivals.SUPERSEDE:
        return Admission(is_added=True)
    ids = [row.id for row in lasting]
    connection.execute(
        update(executions)
        .where(executions.c.id.in_(ids))
        .values(is_cancel_requested=True, is_superseded=True)
    )
    superseded = tuple((row.id, row.state == State.QUEUED) for row in lasting)
    return Admission(is_added=True, superseded=superseded)


def _of_project(execution: Execution) -> ColumnElement[bool]:
    return and_(
        executions.c.project_id == execution.project_id,
        executions.c.owner_id == execution.owner_id,
        executions.c.run_key.is_not(None),
    )
