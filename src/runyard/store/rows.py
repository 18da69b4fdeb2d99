"""Between executions and the rows they are kept in."""

from __future__ import annotations

from typing import Any

from runyard.domain.execution import Execution, Outcome, Request, State
from runyard.store.moments import from_us, to_us


def insertable(execution: Execution, *, run_key: str | None = None) -> dict[str, Any]:
    """Return all columns but the turn, which depends on the others that wait."""
    return {
        "id": execution.id,
        "owner_id": execution.owner_id,
        "project_id": execution.project_id,
        "revision": execution.revision,
        "state": State.QUEUED,
        "attempt": execution.attempt,
        "is_interactive": execution.request.interactive,
        "created_us": to_us(execution.created_at),
        "started_us": None,
        "finished_us": None,
        "outcome": None,
        "message": None,
        "lease_owner": None,
        "lease_expires_us": None,
        "is_exchanged": False,
        "is_cancel_requested": False,
        "run_key": run_key,
        "is_superseded": False,
        "runtime_id": execution.request.runtime_id,
        "active_count_max": None,
        "cpu_granted_us": None,
        "is_held": False,
    }


def to_execution(row: Any, request: Request, **results: Any) -> Execution:
    return Execution(
        id=row.id,
        owner_id=row.owner_id,
        project_id=row.project_id,
        revision=row.revision,
        state=State(row.state),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        message=row.message,
        attempt=row.attempt,
        request=request,
        created_at=from_us(row.created_us),
        started_at=None if row.started_us is None else from_us(row.started_us),
        finished_at=None if row.finished_us is None else from_us(row.finished_us),
        **results,
    )
