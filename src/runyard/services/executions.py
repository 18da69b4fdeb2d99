"""Submitting, following and steering executions: everything a client can do with one."""

from __future__ import annotations

from collections.abc import AsyncIterator

from runyard.domain.events import Event
from runyard.domain.execution import Execution
from runyard.domain.submission import Submission


class Executions:
    """Every method that takes an id raises NotFoundError for one that does not exist."""

    async def submit(self, submission: Submission, *, owner_id: str | None = None) -> Execution:
        """Check, store and queue. Raises InvalidRequestError and its kin, TooLargeError,
        UnknownRuntimeError, RuntimeUnavailableError, or BusyError when the queue is full; then
        nothing was stored.
        """
        raise NotImplementedError

    async def get(self, execution_id: str) -> Execution:
        raise NotImplementedError

    async def list(self, *, limit: int, before: str | None = None) -> list[Execution]:
        """Return the newest first, those older than the id `before`. The content of files, stdin
        and the output of steps are left out.
        """
        raise NotImplementedError

    async def cancel(self, execution_id: str) -> Execution:
        """Ask for the end of an execution; a finished one stays as it is."""
        raise NotImplementedError

    async def wait(self, execution_id: str, *, seconds_max: float) -> Execution:
        """Return the record once it is finished, or as it is after `seconds_max`."""
        raise NotImplementedError

    def follow(self, execution_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Yield the events above the sequence `after`, past ones first, until FINISHED."""
        raise NotImplementedError

    async def write_stdin(self, execution_id: str, data: bytes) -> None:
        """Raises ConflictError if the execution is finished or not interactive, TooLargeError for
        more than one message may carry, BusyError if the program reads too slowly.
        """
        raise NotImplementedError

    async def close_stdin(self, execution_id: str) -> None:
        raise NotImplementedError

    async def resize(self, execution_id: str, rows: int, columns: int) -> None:
        raise NotImplementedError

    async def signal(self, execution_id: str, number: int) -> None:
        """Send a signal to the running program."""
        raise NotImplementedError

    async def read_artifact(self, execution_id: str, name: str) -> bytes:
        raise NotImplementedError
