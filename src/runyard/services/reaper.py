"""Ends what a crash left open and deletes what has become old.

Theory of operation
-------------------
A worker that dies leaves rows behind that are starting or running under its lease. They are found
in two ways: the lease has expired, or its owner is known to be dead. The second makes a restart
quick: the name of an owner tells host, boot and process, and a server that holds the lock of its
data directory knows that nobody else can be alive behind it. What is found is decided in one
transaction by the store: queued again if nothing was exchanged with a client and attempts are left,
finished otherwise. The dead worker itself, should it only have been asleep, is shut out by the
fence on every write.

Sandboxes die with the process that made them wherever the platform can arrange that; whatever the
engine still lists when a server that is alone on its data starts belongs to nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from runyard.domain.errors import EngineError
from runyard.engines.interface import Engine
from runyard.services.completions import Completions
from runyard.services.recent import RecentExecutions
from runyard.store.interface import ExecutionStore
from runyard.telemetry import Metrics

_RETENTION_SECONDS = 3600.0
# Few enough that nobody waits noticeably for the transaction.
_DELETED_AT_ONCE_MAX = 200

_log = structlog.get_logger(__name__)


class Reaper:
    """`is_dead` tells from a lease owner's name whether its process is known to be gone;
    `retention` how long what is finished is kept.
    """

    def __init__(
        self,
        *,
        store: ExecutionStore,
        completions: Completions,
        recent: RecentExecutions,
        metrics: Metrics,
        is_dead: Callable[[str], bool],
        attempts_max: int,
        retention: Callable[[], timedelta],
    ) -> None:
        self._store = store
        self._completions = completions
        self._recent = recent
        self._metrics = metrics
        self._is_dead = is_dead
        self._attempts_max = attempts_max
        self._retention = retention

    async def run(self, *, interval_seconds: float) -> None:
        """Do all of it again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        retention_due = loop.time()
        while True:
            try:
                await self.recover()
                if loop.time() >= retention_due:
                    await self.delete_old()
                    retention_due = loop.time() + _RETENTION_SECONDS
                self._metrics.queued.set(await self._store.count_queued())
            except Exception:  # noqa: BLE001  A database that is away comes back.
                _log.exception("reaper_failed")
                self._metrics.unhandled_errors.labels(where="reaper").inc()
            await asyncio.sleep(interval_seconds)

    async def recover(self) -> int:
        """End the attempts of dead workers; return how many there were."""
        dead = [owner for owner in await self._store.lease_owners() if self._is_dead(owner)]
        lost = await self._store.recover(dead_owners=dead, attempts_max=self._attempts_max)
        for attempt in lost:
            _log.warning(
                "attempt_recovered",
                execution=attempt.execution_id,
                attempt=attempt.attempt,
                outcome=attempt.outcome,
            )
            self._completions.announce_lost(attempt)
        return len(lost)

    async def delete_old(self) -> int:
        """Delete what finished longer ago than it is kept; return how many there were."""
        before = datetime.now(UTC) - self._retention()
        total = 0
        while deleted := await self._store.delete_finished(
            before=before, count_max=_DELETED_AT_ONCE_MAX
        ):
            total += deleted
        if total:
            self._recent.forget_all()
            _log.info("executions_deleted", count=total)
        return total


async def destroy_orphans(engine: Engine) -> int:
    """Destroy the sandboxes that a crashed server left. Only for a server that is alone."""
    orphans = await engine.list_ids()
    for sandbox_id in orphans:
        try:
            await engine.destroy(sandbox_id)
        except EngineError as error:
            _log.warning("orphan_not_destroyed", sandbox=sandbox_id, reason=str(error))
    return len(orphans)
