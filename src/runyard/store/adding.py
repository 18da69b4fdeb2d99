"""Adds executions to the queue, if there is room for them and their owners may have more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select

from runyard.domain.execution import Execution, State
from runyard.store import alone, queue, quotas
from runyard.store.interface import Admission, Quota, Rivals
from runyard.store.moments import now_us
from runyard.store.packing import pack_request
from runyard.store.rows import insertable
from runyard.store.statements import Statement
from runyard.store.tables import UNFINISHED, executions, requests

_INSERT_EXECUTION = Statement(insert(executions))
_INSERT_REQUEST = Statement(insert(requests))
_COUNT_QUEUED = Statement(
    select(func.count().label("count"))
    .select_from(executions)
    .where(executions.c.state == State.QUEUED, UNFINISHED)
)


class New:
    """An execution, packed outside the transaction that adds it."""

    def __init__(self, execution: Execution, *, queue_length_max: int, quota: Quota | None) -> None:
        body, contents = pack_request(execution.request)
        self._request = {"execution_id": execution.id, "body": body, "contents": contents}
        self._execution = execution
        self._queue_length_max = queue_length_max
        self._quota = quota

    def add(self, connection: Connection) -> Admission:
        refused = self._refuse(connection)
        if refused is None:
            self._insert(connection, insertable(self._execution), is_behind=False)
        return refused or Admission(is_added=True)

    def add_alone(self, connection: Connection, *, run_key: str, rivals: Rivals) -> Admission:
        refused = self._refuse(connection)
        if refused is not None:
            return refused
        admission = alone.admit(connection, self._execution, run_key=run_key, rivals=rivals)
        if admission.is_added:
            row = insertable(self._execution, run_key=run_key)
            is_behind = alone.is_busy(connection, self._execution)
            self._insert(connection, row, is_behind=is_behind)
        return admission

    def _refuse(self, connection: Connection) -> Admission | None:
        """Return what becomes of an execution that may not be added."""
        owner_id, quota = self._execution.owner_id, self._quota
        if count_queued(connection) >= self._queue_length_max:
            return Admission(is_full=True)
        if quota is None or owner_id is None:
            return None
        refusal = quotas.refuse(connection, owner_id, quota, now=now_us())
        return None if refusal is None else Admission(refusal=refusal)

    def _insert(self, connection: Connection, row: dict[str, Any], *, is_behind: bool) -> None:
        owner_id = self._execution.owner_id
        row |= quotas.columns(connection, owner_id, self._quota, is_behind=is_behind)
        row["turn"] = queue.find_turn(connection, owner_id)
        _INSERT_EXECUTION.change(connection, row)
        _INSERT_REQUEST.change(connection, self._request)


def count_queued(connection: Connection) -> int:
    [row] = _COUNT_QUEUED.rows(connection, {})
    return int(row[0])
