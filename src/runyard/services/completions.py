"""Ends executions: first in the store, then for everybody who watches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from runyard.bus.interface import Bus
from runyard.domain.events import EventKind, last_sequence
from runyard.domain.execution import ArtifactRecord, Execution, Outcome, State, StepResult
from runyard.services.journal import Journal
from runyard.services.program import Verdict
from runyard.services.quotas import has_account
from runyard.services.recent import RecentExecutions
from runyard.services.steering import input_topic
from runyard.store.interface import Completion, ExecutionStore, Lease, LostAttempt
from runyard.telemetry import Metrics


class Completions:
    def __init__(
        self, *, store: ExecutionStore, bus: Bus, recent: RecentExecutions, metrics: Metrics
    ) -> None:
        self._store = store
        self._bus = bus
        self._recent = recent
        self._metrics = metrics

    async def finish(
        self,
        execution: Execution,
        verdict: Verdict,
        *,
        lease: Lease,
        steps: Iterable[StepResult],
        journal: Journal,
    ) -> bool:
        """Record the end of an attempt. False if it had been lost: then nobody hears of it."""
        completion = Completion(
            outcome=verdict.outcome,
            message=verdict.message,
            finished_at=datetime.now(UTC),
            steps=tuple(steps),
            artifacts=verdict.artifacts,
            data=verdict.data,
            events=await journal.close(_last_fields(verdict), attempt=lease.attempt),
            spender_id=execution.owner_id if has_account(execution) else None,
        )
        if not await self._store.finish(lease, completion):
            return False
        self._remember(execution, completion)
        journal.publish_rest()
        self._close(execution.id)
        self._wake_next(execution)
        return True

    async def cancel_queued(
        self, execution: Execution, *, outcome: Outcome = Outcome.CANCELLED
    ) -> bool:
        """End an execution that no worker has taken. False if one was quicker."""
        journal = Journal(self._bus, execution.id, record_exchange=_nothing_to_record)
        verdict = Verdict(outcome=outcome)
        completion = Completion(
            outcome=verdict.outcome,
            finished_at=datetime.now(UTC),
            events=await journal.close(_last_fields(verdict), attempt=max(1, execution.attempt)),
            spender_id=execution.owner_id if has_account(execution) else None,
        )
        if not await self._store.finish_queued(execution.id, completion):
            return False
        self._remember(execution, completion)
        journal.publish_rest()
        self._close(execution.id)
        self._wake_next(execution)
        return True

    def announce_lost(self, lost: LostAttempt) -> None:
        """Tell watchers what became of an attempt whose worker died."""
        self._metrics.attempts_lost.labels(reason="worker").inc()
        if lost.outcome is None:
            self.announce_requeued(lost.execution_id, attempt=lost.attempt)
            return
        self._bus.skip_to(lost.execution_id, last_sequence(lost.attempt) - 1)
        verdict = Verdict(outcome=lost.outcome, message=lost.message)
        self._bus.publish(lost.execution_id, EventKind.FINISHED, _last_fields(verdict))
        self._close(lost.execution_id)
        self._bus.wake()

    def announce_requeued(self, execution_id: str, *, attempt: int) -> None:
        self._bus.skip_to(execution_id, last_sequence(attempt))
        fields = {"state": State.QUEUED, "attempt": attempt}
        self._bus.publish(execution_id, EventKind.STATE, fields)
        self._bus.wake()

    def _remember(self, execution: Execution, completion: Completion) -> None:
        self._metrics.executions.labels(
            runtime=execution.request.runtime_id, outcome=completion.outcome
        ).inc()
        self._recent.add(
            replace(
                execution,
                state=State.FINISHED,
                outcome=completion.outcome,
                message=completion.message,
                steps=completion.steps,
                artifacts=tuple(
                    ArtifactRecord(name=artifact.name, size_bytes=len(artifact.content))
                    for artifact in completion.artifacts
                ),
                finished_at=completion.finished_at,
            )
        )

    def _wake_next(self, execution: Execution) -> None:
        """Another one of its project, or of its owner, may wait until this one is finished."""
        if execution.project_id is not None or has_account(execution):
            self._bus.wake()

    def _close(self, execution_id: str) -> None:
        self._bus.close(execution_id)
        self._bus.close(input_topic(execution_id))


def _last_fields(verdict: Verdict) -> dict[str, Any]:
    return {"outcome": verdict.outcome, "message": verdict.message}


async def _nothing_to_record() -> bool:
    return True
