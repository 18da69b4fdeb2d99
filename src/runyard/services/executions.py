"""Submitting, following and steering executions: everything a client can do with one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from runyard.bus.interface import Bus
from runyard.domain.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    ProjectBusyError,
    TooLargeError,
)
from runyard.domain.events import Event, EventKind
from runyard.domain.execution import Execution, Outcome, State
from runyard.domain.identifiers import following, is_identifier, new_identifier
from runyard.domain.limits import Policy
from runyard.domain.runtime import Runtime
from runyard.domain.submission import Submission
from runyard.services.admission import admit, check_size
from runyard.services.completions import Completions
from runyard.services.quotas import explain_refusal, find_quota
from runyard.services.recent import RecentExecutions
from runyard.services.steering import input_topic
from runyard.store.interface import (
    Admission,
    ExecutionStore,
    Progress,
    Quota,
    Rivals,
    Spending,
)
from runyard.store.packing import fingerprint

_SIGNAL_MAX = 64
# A cancel usually takes effect within milliseconds; the answer then tells the end.
_CANCEL_WAIT_SECONDS = 2.0
# The store is asked again this often, in case the bus lost what a follower waits for.
_LOOK_AGAIN_SECONDS = 5.0


class Executions:
    """Every method that takes an id raises NotFoundError for one that does not exist."""

    def __init__(
        self,
        *,
        store: ExecutionStore,
        bus: Bus,
        completions: Completions,
        recent: RecentExecutions,
        find_runtime: Callable[[str], Runtime],
        policy: Policy,
        queue_length_max: int,
    ) -> None:
        self._store = store
        self._bus = bus
        self._completions = completions
        self._recent = recent
        self._find_runtime = find_runtime
        self._policy = policy
        self._queue_length_max = queue_length_max

    async def submit(
        self,
        submission: Submission,
        *,
        owner_id: str | None = None,
        project_id: str | None = None,
        revision: int | None = None,
        rivals: Rivals | None = None,
        policy: Policy | None = None,
    ) -> Execution:
        """Check, store and queue. `policy` is what holds for the owner, else that of the server.
        `rivals` says what becomes of the owner's others in this project, among which it is to run
        alone; an unfinished one of the same request is returned in its place.

        Raises InvalidRequestError and its kin, TooLargeError, UnknownRuntimeError,
        RuntimeUnavailableError, ProjectBusyError, QuotaError, or BusyError when the queue is full;
        then nothing was stored.
        """
        runtime = self._find_runtime(submission.runtime)
        policy = policy or self._policy
        execution = Execution(
            id=new_identifier(),
            owner_id=owner_id,
            project_id=project_id,
            revision=revision,
            state=State.QUEUED,
            request=admit(submission, runtime=runtime, policy=policy),
            created_at=datetime.now(UTC),
        )
        quota = find_quota(execution, runtime, policy)
        if rivals is not None:
            return await self._queue_alone(execution, rivals, quota)
        # First, because a worker may tell of it as soon as it is stored.
        self._announce(execution)
        try:
            await self._queue(execution, quota)
        except Exception:
            self._bus.close(execution.id)
            raise
        return execution

    async def _queue_alone(
        self, execution: Execution, rivals: Rivals, quota: Quota | None
    ) -> Execution:
        run_key = fingerprint(execution.request)
        while True:
            self._announce(execution)
            admission = Admission()
            try:
                admission = await self._store.insert_alone(
                    execution,
                    run_key=run_key,
                    rivals=rivals,
                    queue_length_max=self._queue_length_max,
                    quota=quota,
                )
            finally:
                if not admission.is_added:
                    self._bus.close(execution.id)
            if admission.behind is None:
                break
            # The clock of the server that added the other one is ahead.
            execution = replace(execution, id=following(admission.behind))
        self._require_room(admission, quota)
        if admission.rival is not None:
            raise ProjectBusyError("The project runs already.", execution=admission.rival)
        if admission.same is not None:
            return await self.get(admission.same)
        for execution_id, is_queued in admission.superseded:
            await self._supersede(execution_id, is_queued=is_queued)
        self._bus.wake()
        return execution

    async def _supersede(self, execution_id: str, *, is_queued: bool) -> None:
        if is_queued:
            queued = await self.get(execution_id)
            if await self._completions.cancel_queued(queued, outcome=Outcome.SUPERSEDED):
                return
        self._bus.send_control(execution_id, {"kind": "supersede"})

    async def _queue(self, execution: Execution, quota: Quota | None) -> None:
        if self._store.keeps_order:
            # The claim comes right behind the insert, often within the same transaction.
            self._bus.wake()
        admission = await self._store.insert(
            execution, queue_length_max=self._queue_length_max, quota=quota
        )
        self._require_room(admission, quota)
        if not self._store.keeps_order:
            self._bus.wake()

    def _announce(self, execution: Execution) -> None:
        fields = {"state": State.QUEUED, "attempt": 0}
        self._bus.publish(execution.id, EventKind.STATE, fields)

    def _require_room(self, admission: Admission, quota: Quota | None) -> None:
        if admission.is_full:
            raise BusyError(
                f"{self._queue_length_max} executions are waiting already; try again later.",
                limit="queue_length_max",
            )
        if admission.refusal is not None and quota is not None:
            raise explain_refusal(admission.refusal, quota)

    async def find_spending(self, owner_id: str) -> Spending:
        """Return what an owner's executions spent today, and what is granted to unfinished ones."""
        return await self._store.find_spending(owner_id)

    async def get(self, execution_id: str) -> Execution:
        _check_id(execution_id)
        found = self._recent.find(execution_id) or await self._store.find(execution_id)
        if found is None:
            raise _not_found(execution_id)
        return found

    async def list(
        self,
        *,
        owner_id: str,
        project_id: str | None = None,
        limit: int,
        before: str | None = None,
    ) -> Sequence[Execution]:
        """Return an owner's, or those of one project of his, the newest first, those older than the
        id `before`. The content of files, stdin and the output of steps are left out.
        """
        return await self._store.list(
            owner_id=owner_id, project_id=project_id, limit=limit, before=before
        )

    async def cancel(self, execution_id: str) -> Execution:
        """Ask for the end of an execution; a finished one stays as it is."""
        execution = await self.get(execution_id)
        if execution.state is State.FINISHED:
            return execution
        # First the word in the store: it outlives the worker and this process.
        await self._store.request_cancel(execution_id)
        if await self._end(execution):
            return await self.get(execution_id)
        return await self.wait(execution_id, seconds_max=_CANCEL_WAIT_SECONDS)

    async def end(self, execution_id: str) -> None:
        """Make an execution end for which a cancel was requested in the store; wait for nothing."""
        await self._end(await self.get(execution_id))

    async def _end(self, execution: Execution) -> bool:
        """Return whether it has ended at once, because nobody had taken it."""
        if await self._completions.cancel_queued(execution):
            return True
        self._bus.send_control(execution.id, {"kind": "cancel"})
        return False

    async def wait(self, execution_id: str, *, seconds_max: float) -> Execution:
        """Return the record once it is finished, or as it is after `seconds_max`."""
        _check_id(execution_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds_max):
                await self._wait_finished(execution_id)
        return await self.get(execution_id)

    async def follow(self, execution_id: str, *, after: int = 0) -> AsyncGenerator[Event, None]:
        """Yield the events above the sequence `after`, past ones first, until FINISHED."""
        _check_id(execution_id)
        seen = after
        async with aclosing(self._follow_live(execution_id, after=after)) as events:
            async for event in events:
                seen = event.sequence
                yield event
                if event.kind is EventKind.FINISHED:
                    return
        for event in await self._store.read_events(execution_id, after=seen):
            yield event

    async def write_stdin(self, execution_id: str, data: bytes) -> None:
        """Raises ConflictError if the execution is finished or not interactive, TooLargeError for
        more than one message may carry, BusyError if the program reads too slowly.
        """
        check_message(data, self._policy)
        encoded = base64.b64encode(data).decode("ascii")
        await self._send_input(execution_id, {"kind": "stdin", "data": encoded})

    async def close_stdin(self, execution_id: str) -> None:
        await self._send_input(execution_id, {"kind": "eof"})

    async def resize(self, execution_id: str, rows: int, columns: int) -> None:
        check_size(rows, columns)
        await self._require_unfinished(execution_id)
        self._bus.send_control(execution_id, {"kind": "resize", "rows": rows, "columns": columns})

    async def signal(self, execution_id: str, number: int) -> None:
        """Send a signal to the running program."""
        if not 1 <= number <= _SIGNAL_MAX:
            raise InvalidRequestError(
                f"There is no signal {number}; give a number from 1 to {_SIGNAL_MAX}."
            )
        await self._require_unfinished(execution_id)
        self._bus.send_control(execution_id, {"kind": "signal", "number": number})

    async def read_artifact(self, execution_id: str, name: str) -> bytes:
        _check_id(execution_id)
        content = await self._store.read_artifact(execution_id, name)
        if content is None:
            await self.progress(execution_id)
            raise NotFoundError(f"Execution {execution_id} has no artifact {name[:80]!r}.")
        return content

    async def _send_input(self, execution_id: str, message: dict[str, Any]) -> None:
        progress = await self._require_unfinished(execution_id)
        if not progress.is_interactive:
            raise ConflictError(
                f"Execution {execution_id} takes no input; submit it with interactive: true."
            )
        self._bus.send_control(input_topic(execution_id), message)

    async def _require_unfinished(self, execution_id: str) -> Progress:
        _check_id(execution_id)
        progress = await self.progress(execution_id)
        if progress.state is State.FINISHED:
            raise ConflictError(f"Execution {execution_id} is finished.")
        return progress

    async def progress(self, execution_id: str) -> Progress:
        """Return whose it is and how far it got, which costs less than `get`."""
        _check_id(execution_id)
        recent = self._recent.find(execution_id)
        if recent is not None:
            return Progress(
                owner_id=recent.owner_id,
                state=recent.state,
                is_interactive=recent.request.interactive,
            )
        progress = await self._store.find_progress(execution_id)
        if progress is None:
            raise _not_found(execution_id)
        return progress

    async def _wait_finished(self, execution_id: str) -> None:
        # What the bus carries is not finished yet or says so itself.
        is_known = bool(await self._bus.history(execution_id))
        while True:
            # Asked for before the store is: nothing slips between the two.
            finished = self._bus.finished(execution_id)
            if not is_known and (await self.progress(execution_id)).state is State.FINISHED:
                return
            is_known = False
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                    await finished
                return

    async def _follow_live(self, execution_id: str, *, after: int) -> AsyncGenerator[Event, None]:
        """Yield what the bus carries, until FINISHED or until the store knows of the end."""
        # Followed before the store is asked: nothing slips between the two.
        source = self._bus.follow(execution_id, after=after)
        # What the bus carries is not finished yet or says so itself.
        is_known = bool(await self._bus.history(execution_id))
        while is_known or (await self.progress(execution_id)).state is not State.FINISHED:
            is_known = True
            try:
                async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                    event = await anext(source)
            except StopAsyncIteration:
                return
            except TimeoutError:
                source = self._bus.follow(execution_id, after=after)
                is_known = False
                continue
            after = event.sequence
            yield event


def check_message(data: bytes, policy: Policy) -> None:
    """Refuse more input than one message may carry. Raises TooLargeError."""
    if len(data) > policy.stdin_bytes_max:
        raise TooLargeError(
            f"The input has {len(data)} bytes; at most {policy.stdin_bytes_max} are allowed in one"
            " message.",
            limit="stdin_bytes_max",
        )


def _check_id(execution_id: str) -> None:
    if not is_identifier(execution_id):
        raise _not_found(execution_id)


def _not_found(execution_id: str) -> NotFoundError:
    return NotFoundError(f"There is no execution {execution_id[:40]!r}.")
