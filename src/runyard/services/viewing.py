"""Executions as one principal may see and steer them: all others do not exist."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from runyard.domain.account import Principal
from runyard.domain.errors import NotFoundError
from runyard.domain.events import Event
from runyard.domain.execution import Execution
from runyard.domain.limits import Policy
from runyard.domain.submission import Submission
from runyard.services.executions import Executions, check_message


class ViewedExecutions:
    """Has the methods of Executions, for a principal. What he may not see raises the same
    NotFoundError as what there is not. `policy` is what holds for him.
    """

    def __init__(
        self, executions: Executions, principal: Principal, *, policy: Policy | None = None
    ) -> None:
        self._executions = executions
        self._principal = principal
        self._policy = policy

    async def submit(self, submission: Submission, *, policy: Policy | None = None) -> Execution:
        """`policy` is what holds for the principal with this runtime."""
        return await self._executions.submit(
            submission, owner_id=self._principal.owner_id, policy=policy
        )

    async def list(
        self, *, project_id: str | None = None, limit: int, before: str | None = None
    ) -> Sequence[Execution]:
        """Return his own; who is nobody in particular has none."""
        if self._principal.owner_id is None:
            return ()
        return await self._executions.list(
            owner_id=self._principal.owner_id,
            project_id=project_id,
            limit=limit,
            before=before,
        )

    async def get(self, execution_id: str) -> Execution:
        execution = await self._executions.get(execution_id)
        self._require(execution_id, execution.owner_id)
        return execution

    async def wait(self, execution_id: str, *, seconds_max: float) -> Execution:
        await self._look(execution_id)
        return await self._executions.wait(execution_id, seconds_max=seconds_max)

    async def cancel(self, execution_id: str) -> Execution:
        await self._look(execution_id)
        return await self._executions.cancel(execution_id)

    async def follow(self, execution_id: str, *, after: int = 0) -> AsyncGenerator[Event, None]:
        await self._look(execution_id)
        async with aclosing(self._executions.follow(execution_id, after=after)) as events:
            async for event in events:
                yield event

    async def write_stdin(self, execution_id: str, data: bytes) -> None:
        await self._look(execution_id)
        if self._policy is not None:
            check_message(data, self._policy)
        await self._executions.write_stdin(execution_id, data)

    async def close_stdin(self, execution_id: str) -> None:
        await self._look(execution_id)
        await self._executions.close_stdin(execution_id)

    async def resize(self, execution_id: str, rows: int, columns: int) -> None:
        await self._look(execution_id)
        await self._executions.resize(execution_id, rows, columns)

    async def signal(self, execution_id: str, number: int) -> None:
        await self._look(execution_id)
        await self._executions.signal(execution_id, number)

    async def read_artifact(self, execution_id: str, name: str) -> bytes:
        await self._look(execution_id)
        return await self._executions.read_artifact(execution_id, name)

    async def _look(self, execution_id: str) -> None:
        progress = await self._executions.progress(execution_id)
        self._require(execution_id, progress.owner_id)

    def _require(self, execution_id: str, owner_id: str | None) -> None:
        if not self._principal.may_see(owner_id):
            raise NotFoundError(f"There is no execution {execution_id[:40]!r}.")
