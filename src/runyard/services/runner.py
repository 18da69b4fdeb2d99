"""Runs one attempt of an execution from claim to end. Read this first.

Theory of operation
-------------------
A worker has claimed the execution; the store says *starting* and names the lease (owner, attempt).
Three things then run at the same time until the first of them decides:

- the work: take a sandbox from the pool and perform the request in it (`services.program`): put
  the files, compile unless its owner did before (`services.build_cache`), begin a new step so that
  nothing of the compiler survives, run the program or each test, collect artifacts. The first
  command travels together with the files;
- the steering: a client's input, signals and cancel (`services.steering`);
- a clock that moves a silent program to *running* in the store.

What is seen of it goes through a journal (`services.journal`). It holds the first output back until
the store has marked the attempt as *exchanged*; an attempt of which nothing was seen may be
repeated, one of which something was seen never is. A short program needs no such mark: its finish
records everything in one transaction.

There are four ways to end, and every one is a verdict:

- the work returns one. A failing program, compiler or test is a value, not an exception;
- somebody stops the attempt: a client cancels it, its lease is lost, or this process shuts down.
  The sandbox is destroyed, and what the interrupted step had printed is kept with a cancel;
- the sandbox fails (EngineError: the stream to the agent broke, no sandbox could be started).
  If memory explains it, it is the program's memory_limit_exceeded; otherwise the attempt goes back
  into the queue while nothing was exchanged and attempts are left, and ends internal_error if not;
- something here is wrong. It is logged with its traceback and ends internal_error.

`execution_wall_seconds` bounds all steps together and a margin bounds what is not a step, so no
attempt lasts for ever. Once the agent has told the end of everything, another execution has this
one's place. The verdict is stored before the sandbox is destroyed, which happens behind the answer.
Every write names the lease: if the store refuses it, another worker has the execution and this
attempt ends without a word. What a client reads never names a platform or an image; that stands in
the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import structlog

from runyard.bus.interface import Bus
from runyard.domain.errors import (
    EngineError,
    RuntimeUnavailableError,
    RunyardError,
    UnknownRuntimeError,
)
from runyard.domain.events import EventKind, last_sequence
from runyard.domain.execution import Execution, Outcome, State
from runyard.domain.runtime import Runtime
from runyard.services.build_cache import BuildCache
from runyard.services.carrying import Carrier
from runyard.services.checking import Checks
from runyard.services.completions import Completions
from runyard.services.journal import Journal
from runyard.services.pool import Pool, Sandboxes
from runyard.services.program import Program, Verdict
from runyard.services.secrets import SecretUnreadableError
from runyard.services.steering import Steering
from runyard.store.interface import ExecutionStore, Lease
from runyard.telemetry import Metrics

# After it a program that printed nothing is shown as running.
_SILENT_SECONDS = 0.25
# For all that is not a step: preparing, artifacts, and engines under load.
_MARGIN_SECONDS = 30.0
_BROKEN = "Runyard's sandbox failed; this is not the program's fault."

_log = structlog.get_logger(__name__)


class Stop(StrEnum):
    """Why an attempt ends before its work does."""

    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    LOST = "lost"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What attempts need; `begin` makes one of them."""

    store: ExecutionStore
    bus: Bus
    pool: Pool
    builds: BuildCache
    checks: Checks
    completions: Completions
    data: Carrier
    open_secrets: Callable[[Execution], Awaitable[dict[str, str]]]
    metrics: Metrics
    find_runtime: Callable[[str], Runtime]
    attempts_max: int

    def begin(self, execution: Execution, *, owner: str, on_over: Callable[[], None]) -> Attempt:
        """`on_over` is called, if it is known before the end is recorded that nothing runs."""
        return Attempt(self, execution, owner=owner, on_over=on_over)


class Attempt:
    def __init__(
        self, runner: Runner, execution: Execution, *, owner: str, on_over: Callable[[], None]
    ) -> None:
        self._runner = runner
        self._execution = execution
        self.lease = Lease(execution_id=execution.id, owner=owner, attempt=execution.attempt)
        self._journal = Journal(
            runner.bus, execution.id, record_exchange=lambda: self._mark_running(exchanged=True)
        )
        self._steering = Steering(
            runner.bus,
            execution.id,
            cancel=lambda: self.stop(Stop.CANCELLED),
            supersede=lambda: self.stop(Stop.SUPERSEDED),
            exchange=self._journal.exchange,
        )
        self._on_over = on_over
        self._sandboxes: Sandboxes | None = None
        self._program: Program | None = None
        self._stopped: Stop | None = None
        self._work: asyncio.Task[Verdict] | None = None

    def stop(self, reason: Stop) -> None:
        """End the attempt early; the first reason counts."""
        if self._stopped is None:
            self._stopped = reason
        if self._work is not None:
            self._work.cancel()

    async def run(self) -> None:
        """Run to the end, which is then in the store and announced. Never raises for what a
        program, a sandbox or a client did.
        """
        self._announce_start()
        async with AsyncExitStack() as sandbox_exit:
            verdict = await self._reach_verdict(sandbox_exit)
            # What was stopped from outside runs until its sandbox is gone.
            if self._sandboxes is not None and self._program is not None and self._program.is_over:
                self._sandboxes.note_over()
                self._on_over()
            if verdict is None:
                self._journal.discard()
            else:
                await self._finish(verdict)

    def _announce_start(self) -> None:
        execution, bus = self._execution, self._runner.bus
        if execution.attempt > 1:
            bus.skip_to(execution.id, last_sequence(execution.attempt - 1))
        self._journal.note(EventKind.STATE, {"state": State.STARTING, "attempt": execution.attempt})

    async def _reach_verdict(self, sandbox_exit: AsyncExitStack) -> Verdict | None:
        """Return None if this attempt has nothing to say."""
        self._work = asyncio.create_task(self._perform(sandbox_exit))
        if self._stopped is not None:
            self._work.cancel()
        beside: list[asyncio.Task[Any]] = [
            asyncio.create_task(part) for part in self._beside_the_work()
        ]
        # Few live until then, so the task is made when the time has come.
        silence = asyncio.get_running_loop().call_later(
            _SILENT_SECONDS,
            lambda: beside.append(asyncio.create_task(self._mark_running(exchanged=False))),
        )
        try:
            await asyncio.wait({self._work})
        finally:
            # When this task itself is cancelled nothing of it may go on.
            self._work.cancel()
            silence.cancel()
            for task in beside:
                task.cancel()
        error = None if self._work.cancelled() else self._work.exception()
        if error is None and not self._work.cancelled():
            return self._work.result()
        if error is None or self._stopped is not None:
            return await self._judge_stop()
        return await self._judge_error(error)

    def _beside_the_work(self) -> list[Coroutine[Any, Any, None]]:
        parts = [self._steering.steer()]
        if self._execution.request.interactive:
            parts.append(self._steering.feed())
        return parts

    async def _perform(self, sandbox_exit: AsyncExitStack) -> Verdict:
        runner, request = self._runner, self._execution.request
        runtime = runner.find_runtime(request.runtime_id)
        # Known to the program alone; the record of the execution goes on without them.
        secrets = await runner.open_secrets(self._execution)
        data = await runner.data.open(self._execution)
        compile_step = await runner.builds.find(request, runtime, owner_id=self._execution.owner_id)
        self._sandboxes = await sandbox_exit.enter_async_context(runner.pool.open())
        self._program = Program(
            replace(request, env=request.env | secrets) if secrets else request,
            runtime,
            sandboxes=self._sandboxes,
            notes=self._journal,
            checks=runner.checks,
            live=self._steering,
            compile_step=compile_step,
            data=data,
        )
        await self._program.enter()
        self._journal.note(EventKind.STATE, {"state": State.RUNNING, "attempt": self.lease.attempt})
        try:
            async with asyncio.timeout(request.execution_wall_seconds + _MARGIN_SECONDS):
                return await self._program.perform()
        except TimeoutError as error:
            raise EngineError("The sandbox did not answer in time.") from error

    async def _mark_running(self, *, exchanged: bool) -> bool:
        try:
            holds = await self._runner.store.mark_running(self.lease, exchanged=exchanged)
        except Exception:  # noqa: BLE001
            # Nothing may be shown that the store does not know of.
            _log.exception("attempt_not_marked", execution=self._execution.id)
            self._runner.metrics.unhandled_errors.labels(where="runner").inc()
            return False
        if not holds:
            self.stop(Stop.LOST)
        return holds

    async def _judge_stop(self) -> Verdict | None:
        match self._stopped:
            case Stop.CANCELLED | Stop.SUPERSEDED:
                outcome = Outcome(self._stopped.value)
                if self._program is not None:
                    await self._program.abandon(outcome)
                return Verdict(outcome=outcome)
            case Stop.SHUTDOWN:
                return await self._give_back(
                    "shutdown", otherwise="Runyard was stopped while the program ran."
                )
            case _:
                _log.warning("attempt_lost", execution=self._execution.id)
                self._runner.metrics.attempts_lost.labels(reason="lease").inc()
                return None

    async def _judge_error(self, error: BaseException) -> Verdict | None:
        if isinstance(error, EngineError):
            _log.warning(
                "attempt_failed", execution=self._execution.id, code=error.code, reason=str(error)
            )
            return await self._give_back("sandbox", otherwise=_BROKEN)
        if isinstance(error, (UnknownRuntimeError, RuntimeUnavailableError, SecretUnreadableError)):
            # It was there when the request was accepted.
            return Verdict(outcome=Outcome.INTERNAL_ERROR, message=error.message)
        if isinstance(error, RunyardError):
            # The agent refused the files: no room for them, for example.
            if self._program is not None:
                await self._program.abandon(Outcome.FAILED)
            return Verdict(outcome=Outcome.FAILED, message=error.message)
        _log.error("attempt_crashed", execution=self._execution.id, exc_info=error)
        self._runner.metrics.unhandled_errors.labels(where="runner").inc()
        return Verdict(outcome=Outcome.INTERNAL_ERROR, message="Runyard itself failed.")

    async def _give_back(self, reason: str, *, otherwise: str) -> Verdict | None:
        """Queue the execution for a further attempt if it may have one."""
        self._runner.metrics.attempts_lost.labels(reason=reason).inc()
        runner, lease = self._runner, self.lease
        # Closes the door for output that is still held.
        self._journal.discard()
        if await runner.store.requeue(lease, attempts_max=runner.attempts_max):
            runner.completions.announce_requeued(lease.execution_id, attempt=lease.attempt)
            return None
        if self._program is not None:
            await self._program.abandon(Outcome.INTERNAL_ERROR)
        return Verdict(outcome=Outcome.INTERNAL_ERROR, message=otherwise)

    async def _finish(self, verdict: Verdict) -> None:
        steps = [] if self._program is None else self._program.steps
        for step in steps:
            self._runner.metrics.step_seconds.labels(kind=step.kind).observe(
                step.usage.wall_seconds
            )
        finished = await self._runner.completions.finish(
            self._execution, verdict, lease=self.lease, steps=steps, journal=self._journal
        )
        if not finished:
            self._journal.discard()
            _log.warning("attempt_lost", execution=self._execution.id)
            self._runner.metrics.attempts_lost.labels(reason="lease").inc()
