"""Claims executions while there is room, runs them, and keeps their leases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from runyard.bus.interface import Bus
from runyard.domain.execution import Execution
from runyard.services.claiming import ClaimGate
from runyard.services.reaper import Reaper
from runyard.services.runner import Attempt, Runner, Stop
from runyard.store.interface import ExecutionStore
from runyard.telemetry import Metrics

# In case a wake was lost, or came from another process.
_LOOK_AGAIN_SECONDS = 2.0
_RETRY_SECONDS = 1.0
# Ends that wait for the store count as well, so that they do not gather.
_ATTEMPTS_PER_RUNNING = 2
# What an attempt that was stopped may take to record its end.
_FAREWELL_SECONDS = 10.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    owner: str
    concurrency: int
    lease_seconds: float
    drain_seconds: float


class Worker:
    def __init__(
        self,
        *,
        store: ExecutionStore,
        bus: Bus,
        runner: Runner,
        reaper: Reaper,
        metrics: Metrics,
        options: WorkerOptions,
        gate: ClaimGate | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._runner = runner
        self._reaper = reaper
        self._metrics = metrics
        self._options = options
        self._gate = gate or ClaimGate()
        self._attempts: dict[str, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Those of which something runs or is about to.
        self._running: set[Attempt] = set()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_stopping = False
        self._is_claiming = False

    @property
    def is_working(self) -> bool:
        """Whether new executions are being claimed."""
        return self._is_claiming

    @property
    def running_count(self) -> int:
        return len(self._running)

    @property
    def concurrency(self) -> int:
        return self._options.concurrency

    async def run(self) -> None:
        """Work until `stop`, then let what runs go on for a while."""
        beside = [
            asyncio.create_task(self._renew()),
            asyncio.create_task(self._reaper.run(interval_seconds=self._options.lease_seconds / 3)),
        ]
        try:
            await self._claim_until_stopped()
            await self._drain()
        finally:
            for task in beside:
                task.cancel()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when everything has ended. Repeating does nothing."""
        self._is_stopping = True
        self._has_room.set()
        self._bus.wake()

    async def _claim_until_stopped(self) -> None:
        self._is_claiming = True
        while not self._is_stopping:
            room = self._count_room()
            if room <= 0:
                self._has_room.clear()
                await self._has_room.wait()
                continue
            try:
                has_more = await self._claim_some(room)
            except Exception:  # noqa: BLE001  A database that is away comes back.
                _log.exception("claim_failed")
                self._metrics.unhandled_errors.labels(where="worker").inc()
                await self._bus.wait_for_work(_RETRY_SECONDS)
                continue
            if not has_more:
                await self._bus.wait_for_work(_LOOK_AGAIN_SECONDS)
        self._is_claiming = False

    async def _claim_some(self, room: int) -> bool:
        """Claim what there is room for; return whether there may be more."""
        async with self._gate.pass_through() as is_open:
            if not is_open:
                return False
            claimed = await self._claim(room)
            for execution in claimed:
                self._begin(execution)
            return len(claimed) >= room

    def _count_room(self) -> int:
        most = self._options.concurrency
        return min(most - len(self._running), _ATTEMPTS_PER_RUNNING * most - len(self._tasks))

    async def _claim(self, count: int) -> Sequence[Execution]:
        return await self._store.claim(
            owner=self._options.owner,
            lease_seconds=self._options.lease_seconds,
            count=count,
        )

    def _begin(self, execution: Execution) -> None:
        self._metrics.claim_seconds.observe(
            (datetime.now(UTC) - execution.created_at).total_seconds()
        )
        attempt = self._runner.begin(
            execution, owner=self._options.owner, on_over=lambda: self._note_over(attempt)
        )
        self._attempts[execution.id] = attempt
        self._running.add(attempt)
        self._metrics.running.set(len(self._running))
        task = asyncio.create_task(self._run(attempt))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _run(self, attempt: Attempt) -> None:
        execution_id = attempt.lease.execution_id
        try:
            await attempt.run()
        except Exception:  # noqa: BLE001  Its lease expires, and then it is recovered.
            _log.exception("attempt_not_recorded", execution=execution_id)
            self._metrics.unhandled_errors.labels(where="worker").inc()
        finally:
            self._note_over(attempt)
            # By now the execution may be back in the queue and claimed here once more.
            if self._attempts.get(execution_id) is attempt:
                del self._attempts[execution_id]

    def _note_over(self, attempt: Attempt) -> None:
        self._running.discard(attempt)
        self._metrics.running.set(len(self._running))
        self._has_room.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._has_room.set()

    async def _renew(self) -> None:
        options = self._options
        while True:
            await asyncio.sleep(options.lease_seconds / 3)
            held = dict(self._attempts)
            if not held:
                continue
            try:
                renewals = await self._store.renew(
                    owner=options.owner,
                    execution_ids=list(held),
                    lease_seconds=options.lease_seconds,
                )
            except Exception:  # noqa: BLE001  The fence protects what is lost meanwhile.
                _log.exception("renewal_failed")
                self._metrics.unhandled_errors.labels(where="worker").inc()
                continue
            kept = {renewal.execution_id: renewal for renewal in renewals}
            for execution_id, attempt in held.items():
                renewal = kept.get(execution_id)
                if renewal is None or renewal.attempt != attempt.lease.attempt:
                    attempt.stop(Stop.LOST)
                elif renewal.is_superseded:
                    attempt.stop(Stop.SUPERSEDED)
                elif renewal.is_cancel_requested:
                    attempt.stop(Stop.CANCELLED)

    async def _drain(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._options.drain_seconds)
        for attempt in list(self._attempts.values()):
            attempt.stop(Stop.SHUTDOWN)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_FAREWELL_SECONDS)
