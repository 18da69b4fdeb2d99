"""The records of executions: what clients read and what a finished attempt leaves behind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from runyard.domain.events import Event
from runyard.domain.execution import ArtifactRecord, Execution, State
from runyard.store import adding, queue, quotas
from runyard.store.database import Database
from runyard.store.interface import (
    Admission,
    Completion,
    Lease,
    LostAttempt,
    Progress,
    Quota,
    Renewal,
    Rivals,
    Spending,
)
from runyard.store.kept_files import lock_data, pack_data, replace_data
from runyard.store.moments import now_us, to_us
from runyard.store.packing import (
    pack,
    pack_events,
    pack_steps,
    pack_text,
    unpack,
    unpack_events,
    unpack_request,
    unpack_step,
)
from runyard.store.rows import to_execution
from runyard.store.statements import Statement
from runyard.store.tables import (
    FINISHED,
    TAKEN,
    artifacts,
    event_logs,
    executions,
    requests,
    steps,
)

_INSERT_STEPS = Statement(insert(steps))
_INSERT_ARTIFACTS = Statement(insert(artifacts))
_INSERT_EVENTS = Statement(insert(event_logs))

_ID: BindParameter[str] = bindparam("wanted_id")
_FIND = Statement(
    select(executions, requests.c.body, requests.c.contents)
    .join(requests)
    .where(executions.c.id == _ID)
)
_FIND_PROGRESS = Statement(
    select(executions.c.owner_id, executions.c.state, executions.c.is_interactive).where(
        executions.c.id == _ID
    )
)
_FIND_STEPS = select(steps).where(steps.c.execution_id == _ID).order_by(steps.c.position)
_FIND_ARTIFACTS = (
    select(artifacts.c.name, artifacts.c.size_bytes)
    .where(artifacts.c.execution_id == _ID)
    .order_by(artifacts.c.position)
)
_LIST = (
    select(executions, requests.c.body)
    .join(requests)
    .where(executions.c.owner_id == bindparam("wanted_owner"))
    .order_by(executions.c.id.desc())
    .limit(bindparam("count_max"))
)
_LIST_STEPS = (
    select(*[column for column in steps.c if column.name not in {"stdout", "stderr"}])
    .where(steps.c.execution_id.in_(bindparam("ids", expanding=True)))
    .order_by(steps.c.execution_id, steps.c.position)
)
_LIST_ARTIFACTS = (
    select(artifacts.c.execution_id, artifacts.c.name, artifacts.c.size_bytes)
    .where(artifacts.c.execution_id.in_(bindparam("ids", expanding=True)))
    .order_by(artifacts.c.execution_id, artifacts.c.position)
)
_FIND_EVENTS = select(event_logs.c.events).where(event_logs.c.execution_id == _ID)
_FIND_ARTIFACT = select(artifacts.c.content).where(
    artifacts.c.execution_id == _ID, artifacts.c.name == bindparam("wanted_name")
)
_FINISH = update(executions).values(
    state=State.FINISHED,
    outcome=bindparam("new_outcome"),
    message=bindparam("new_message"),
    finished_us=bindparam("new_finished_us"),
    lease_owner=None,
    lease_expires_us=None,
)
_FINISH_LEASED = Statement(
    _FINISH.where(
        executions.c.id == _ID,
        executions.c.lease_owner == bindparam("lease_holder"),
        executions.c.attempt == bindparam("lease_attempt"),
        TAKEN,
    )
)
_FINISH_QUEUED = Statement(
    _FINISH.where(executions.c.id == _ID, executions.c.state == State.QUEUED)
)
# Servers that clear up at the same time pass over each other's rows instead of waiting in a circle.
_OLD = (
    select(executions.c.id)
    .where(FINISHED, executions.c.finished_us < bindparam("limit"))
    .limit(bindparam("count_max"))
    .with_for_update(skip_locked=True)
    .cte("old")
)
_DELETE_FINISHED = (
    delete(executions)
    .where(executions.c.id.in_(select(_OLD.c.id)))
    # Counted, because the driver of SQLite does not count after WITH.
    .returning(executions.c.id)
)


class SqlExecutionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def keeps_order(self) -> bool:
        return self._database.keeps_order

    async def insert(
        self, execution: Execution, *, queue_length_max: int, quota: Quota | None = None
    ) -> Admission:
        new = adding.New(execution, queue_length_max=queue_length_max, quota=quota)
        return await self._database.write(new.add)

    async def insert_alone(
        self,
        execution: Execution,
        *,
        run_key: str,
        rivals: Rivals,
        queue_length_max: int,
        quota: Quota | None = None,
    ) -> Admission:
        new = adding.New(execution, queue_length_max=queue_length_max, quota=quota)
        return await self._database.write(partial(new.add_alone, run_key=run_key, rivals=rivals))

    async def find(self, execution_id: str) -> Execution | None:
        def read(connection: Connection) -> Execution | None:
            wanted = {"wanted_id": execution_id}
            row = _FIND.row(connection, wanted)
            if row is None:
                return None
            if row.state != State.FINISHED:
                return to_execution(row, unpack_request(row.body, row.contents))
            return to_execution(
                row,
                unpack_request(row.body, row.contents),
                steps=tuple(map(unpack_step, connection.execute(_FIND_STEPS, wanted))),
                artifacts=tuple(
                    ArtifactRecord(name=name, size_bytes=size)
                    for name, size in connection.execute(_FIND_ARTIFACTS, wanted)
                ),
            )

        return await self._database.read(read)

    async def find_progress(self, execution_id: str) -> Progress | None:
        def read(connection: Connection) -> Progress | None:
            row = _FIND_PROGRESS.row(connection, {"wanted_id": execution_id})
            if row is None:
                return None
            return Progress(
                owner_id=row.owner_id,
                state=State(row.state),
                is_interactive=bool(row.is_interactive),
            )

        return await self._database.read(read)

    async def list(
        self, *, owner_id: str, project_id: str | None = None, limit: int, before: str | None
    ) -> Sequence[Execution]:
        statement = _LIST
        values: dict[str, Any] = {"wanted_owner": owner_id, "count_max": limit}
        if project_id is not None:
            statement = statement.where(executions.c.project_id == project_id)
        if before is not None:
            statement = statement.where(executions.c.id < before)

        def read(connection: Connection) -> list[Execution]:
            rows = connection.execute(statement, values).all()
            ids = {"ids": [row.id for row in rows]}
            found_steps = connection.execute(_LIST_STEPS, ids).all()
            found_artifacts = connection.execute(_LIST_ARTIFACTS, ids).all()
            return [
                to_execution(
                    row,
                    unpack_request(row.body, None),
                    steps=tuple(
                        unpack_step(step, with_output=False)
                        for step in found_steps
                        if step.execution_id == row.id
                    ),
                    artifacts=tuple(
                        ArtifactRecord(name=artifact.name, size_bytes=artifact.size_bytes)
                        for artifact in found_artifacts
                        if artifact.execution_id == row.id
                    ),
                )
                for row in rows
            ]

        return await self._database.read(read)

    async def claim(self, *, owner: str, lease_seconds: float, count: int) -> Sequence[Execution]:
        now = now_us()
        expires = now + round(lease_seconds * 1e6)

        def take(connection: Connection) -> list[Execution]:
            claimed = queue.claim(connection, owner=owner, now=now, expires=expires, count=count)
            return [
                to_execution(row, unpack_request(request.body, request.contents))
                for row, request in claimed
            ]

        return await self._database.write(take)

    async def mark_running(self, lease: Lease, *, exchanged: bool) -> bool:
        return await self._database.write(
            lambda connection: queue.mark_running(connection, lease, exchanged=exchanged)
        )

    async def requeue(self, lease: Lease, *, attempts_max: int) -> bool:
        return await self._database.write(
            lambda connection: queue.requeue(connection, lease, attempts_max=attempts_max)
        )

    async def request_cancel(self, execution_id: str) -> bool:
        return await self._database.write(
            lambda connection: queue.request_cancel(connection, execution_id)
        )

    async def renew(
        self, *, owner: str, execution_ids: Collection[str], lease_seconds: float
    ) -> Sequence[Renewal]:
        expires = now_us() + round(lease_seconds * 1e6)
        return await self._database.write(
            lambda connection: queue.renew(
                connection, owner=owner, execution_ids=execution_ids, expires=expires
            )
        )

    async def lease_owners(self) -> Sequence[str]:
        return await self._database.read(queue.lease_owners)

    async def recover(
        self, *, dead_owners: Collection[str], attempts_max: int
    ) -> Sequence[LostAttempt]:
        now = now_us()

        def end(connection: Connection) -> list[LostAttempt]:
            return queue.recover(
                connection, dead_owners=dead_owners, attempts_max=attempts_max, now=now
            )

        lost = await self._database.write(end)
        # Apart from it: accounts are locked before executions are.
        await self._database.write(quotas.release_all)
        return lost

    async def finish(self, lease: Lease, completion: Completion) -> bool:
        fence = {"lease_holder": lease.owner, "lease_attempt": lease.attempt}
        return await self._finish(lease.execution_id, completion, _FINISH_LEASED, fence)

    async def finish_queued(self, execution_id: str, completion: Completion) -> bool:
        return await self._finish(execution_id, completion, _FINISH_QUEUED, {})

    async def _finish(
        self, execution_id: str, completion: Completion, statement: Statement, fence: dict[str, Any]
    ) -> bool:
        data = completion.data
        rows = None if data is None else await pack_data(data)

        def write(connection: Connection) -> bool:
            if completion.spender_id is not None:
                quotas.lock(connection, completion.spender_id)
            is_kept = data is not None and lock_data(connection, data)
            values = {
                "wanted_id": execution_id,
                "new_outcome": completion.outcome,
                "new_message": pack_text(completion.message),
                "new_finished_us": to_us(completion.finished_at),
            }
            if statement.change(connection, values | fence) != 1:
                return False
            _insert_results(connection, execution_id, completion)
            if completion.spender_id is not None:
                _settle(connection, completion.spender_id, completion)
            if is_kept and data is not None and rows is not None:
                replace_data(connection, data, rows)
            return True

        return await self._database.write(write)

    async def read_events(self, execution_id: str, *, after: int) -> Sequence[Event]:
        packed = await self._database.read(
            lambda connection: connection.scalar(_FIND_EVENTS, {"wanted_id": execution_id})
        )
        return [] if packed is None else unpack_events(packed, after=after)

    async def read_artifact(self, execution_id: str, name: str) -> bytes | None:
        packed = await self._database.read(
            lambda connection: connection.scalar(
                _FIND_ARTIFACT, {"wanted_id": execution_id, "wanted_name": name}
            )
        )
        return None if packed is None else unpack(packed)

    async def delete_finished(self, *, before: datetime, count_max: int) -> int:
        values = {"limit": to_us(before), "count_max": count_max}
        return await self._database.write(
            lambda connection: len(connection.execute(_DELETE_FINISHED, values).all())
        )

    async def count_queued(self) -> int:
        return await self._database.read(adding.count_queued)

    async def find_spending(self, owner_id: str) -> Spending:
        now = now_us()
        return await self._database.read(
            lambda connection: quotas.find_spending(connection, owner_id, now=now)
        )

    async def aclose(self) -> None:
        await self._database.aclose()


def _settle(connection: Connection, owner_id: str, completion: Completion) -> None:
    """Put down what an execution spent, and give its place to another one of its owner."""
    # What an earlier build spent was put down then.
    spent = sum(step.usage.cpu_seconds or 0.0 for step in completion.steps if not step.cached)
    now = to_us(completion.finished_at)
    quotas.add_spending(connection, owner_id, cpu_us=round(spent * 1e6), now=now)
    quotas.release(connection, owner_id)


def _insert_results(connection: Connection, execution_id: str, completion: Completion) -> None:
    if completion.steps:
        _INSERT_STEPS.change_each(connection, pack_steps(execution_id, completion.steps))
    if completion.artifacts:
        _INSERT_ARTIFACTS.change_each(
            connection,
            [
                {
                    "execution_id": execution_id,
                    "position": position,
                    "name": artifact.name,
                    "size_bytes": len(artifact.content),
                    "content": pack(artifact.content),
                }
                for position, artifact in enumerate(completion.artifacts)
            ],
        )
    _INSERT_EVENTS.change(
        connection, {"execution_id": execution_id, "events": pack_events(completion.events)}
    )
