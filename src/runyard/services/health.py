"""How this server is doing, part by part, in sentences that say what to do."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from runyard.domain.limits import GIB, MIB
from runyard.domain.platform import PlatformState
from runyard.domain.runtime import RuntimeState
from runyard.services.platforms import Platforms
from runyard.services.runtimes import Runtimes
from runyard.services.trials import weak_limits
from runyard.store.queue_view import QueueRecords, QueueView

_ANSWER_SECONDS_MAX = 5.0
_SLOW_STORE_SECONDS = 0.25
# Somebody waits for so long before anything runs.
_OLD_SECONDS = 60.0
_CLOCK_SECONDS_MAX = 5.0
_DISK_BYTES_LOW, _DISK_SHARE_LOW = 2 * GIB, 0.05
_DISK_BYTES_MIN = 200 * MIB
_NAMED_MAX = 5

_log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """`message` says what is wrong and what to do, or that all is well; `values` are measured."""

    name: str
    status: Status
    message: str
    values: Mapping[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    parts: tuple[PartHealth, ...]

    @property
    def status(self) -> Status:
        found = {part.status for part in self.parts}
        return next(each for each in (Status.FAILING, Status.WARNING, Status.OK) if each in found)


class WorkerView(Protocol):
    @property
    def is_working(self) -> bool: ...

    @property
    def running_count(self) -> int: ...

    @property
    def concurrency(self) -> int: ...


class HealthChecks:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(
        self,
        *,
        queue: QueueRecords,
        worker: WorkerView,
        platforms: Platforms,
        runtimes: Runtimes,
        data_dir: Path,
        queue_length_max: int,
        version: str,
        now_us: Callable[[], int],
    ) -> None:
        self._queue = queue
        self._worker = worker
        self._platforms = platforms
        self._runtimes = runtimes
        self._data_dir = data_dir
        self._queue_length_max = queue_length_max
        self._version = version
        self._now_us = now_us
        self._started = time.monotonic()

    async def look(self) -> Report:
        """Look at everything now; takes seconds where something does not answer."""
        started, view = time.perf_counter(), await _try(self._queue.view())
        seconds = time.perf_counter() - started
        platform, disk = await asyncio.gather(
            self._judge_platform(), asyncio.to_thread(self._judge_disk)
        )
        return Report(
            parts=(
                _judge_store(view, seconds),
                self._judge_queue(view),
                self._judge_worker(),
                platform,
                disk,
                self._judge_toolchains(),
                self._judge_clock(view),
                self._describe_server(),
            )
        )

    def _judge_queue(self, view: QueueView | None) -> PartHealth:
        if view is None:
            return PartHealth(
                name="queue", status=Status.FAILING, message="It is in the store; see there."
            )
        age = 0.0 if view.oldest_us is None else max(0.0, (self._now_us() - view.oldest_us) / 1e6)
        values = {"length": view.count, "oldest_seconds": round(age, 1)}
        status, message = Status.OK, "Executions begin without a long wait."
        if view.count >= self._queue_length_max:
            status = Status.FAILING
            message = (
                "It is full, so submissions are refused: add a worker, or raise"
                " RUNYARD_QUEUE_LENGTH_MAX."
            )
        elif age > _OLD_SECONDS:
            status = Status.WARNING
            message = (
                f"The oldest execution has waited for {age:.0f} s: see that a platform is enabled,"
                " raise RUNYARD_WORKER_CONCURRENCY, or add a worker."
            )
        return PartHealth(name="queue", status=status, message=message, values=values)

    def _judge_worker(self) -> PartHealth:
        worker = self._worker
        values = {"running": worker.running_count, "concurrency": worker.concurrency}
        if not worker.is_working:
            return PartHealth(
                name="worker",
                status=Status.FAILING,
                message="It claims no executions; the log says why. Start the server again.",
                values=values,
            )
        return PartHealth(name="worker", status=Status.OK, message="It works.", values=values)

    async def _judge_platform(self) -> PartHealth:
        in_use, state = self._platforms.in_use, self._platforms.state
        values = {
            "name": in_use.name,
            "state": state.value,
            "isolation": in_use.capabilities.isolation,
        }
        status, message = Status.OK, "Sandboxes can be started and all limits are enforced."
        weak = weak_limits(in_use.capabilities)
        if await _try(in_use.engine.list_ids()) is None:
            status = Status.FAILING
            message = (
                f"Platform {in_use.name} does not answer, so nothing can be run: test it, and start"
                " the server again if its launcher is gone."
            )
        elif state is not PlatformState.ENABLED:
            status = Status.WARNING
            message = (
                f"Platform {in_use.name} is {state}: executions wait in the queue until it is"
                " enabled."
            )
        elif weak:
            status = Status.WARNING
            message = (
                f"These limits are not enforced here: {', '.join(weak)}. `runyard doctor` says what"
                " to do."
            )
        return PartHealth(name="platform", status=status, message=message, values=values)

    def _judge_disk(self) -> PartHealth:
        try:
            usage = shutil.disk_usage(self._data_dir)
        except OSError as error:
            return PartHealth(
                name="disk",
                status=Status.FAILING,
                message=f"The data directory is gone ({error.strerror}): bring it back.",
            )
        values = {"free_bytes": usage.free, "total_bytes": usage.total}
        status, message = Status.OK, "There is room in the data directory."
        if usage.free < _DISK_BYTES_MIN:
            status = Status.FAILING
        elif usage.free < max(_DISK_BYTES_LOW, usage.total * _DISK_SHARE_LOW):
            status = Status.WARNING
        if status is not Status.OK:
            message = (
                f"Only {usage.free // MIB} MiB are free where the data directory lies: free some,"
                " or lower retention_days or RUNYARD_BUILD_CACHE_BYTES_MAX."
            )
        return PartHealth(name="disk", status=status, message=message, values=values)

    def _judge_toolchains(self) -> PartHealth:
        states = [each.state for each in self._runtimes.list()]
        failing = [each.runtime.id for each in self._runtimes.failing()]
        values = {
            "available": states.count(RuntimeState.AVAILABLE),
            "untested": states.count(RuntimeState.UNKNOWN),
            "failing": len(failing),
            "missing": states.count(RuntimeState.UNAVAILABLE) - len(failing),
        }
        status, message = Status.OK, "Every toolchain that was found passes its self-test."
        if failing:
            status = Status.WARNING
            more = ", …" if len(failing) > _NAMED_MAX else ""
            message = (
                f"The self-tests of {', '.join(failing[:_NAMED_MAX])}{more} fail: `runyard runtimes"
                " list --all` has the reasons; repair the toolchains and start the server again."
            )
        elif RuntimeState.AVAILABLE not in states and RuntimeState.UNKNOWN not in states:
            status = Status.FAILING
            message = "No toolchain was found: install one, such as Python, and start again."
        elif RuntimeState.UNKNOWN in states:
            message = "Some self-tests have not run yet; none has failed."
        return PartHealth(name="toolchains", status=status, message=message, values=values)

    def _judge_clock(self, view: QueueView | None) -> PartHealth:
        now, ahead = self._now_us(), 0.0
        if view is not None:
            if view.database_us is not None:
                ahead = (view.database_us - now) / 1e6
            # What was written already cannot be of the future.
            newest = max(0, (view.newest_execution_us or 0) - now) / 1e6
            ahead = max(ahead, newest, key=abs)
        values = {"now_us": now, "difference_seconds": round(ahead, 3)}
        if abs(ahead) > _CLOCK_SECONDS_MAX:
            return PartHealth(
                name="clock",
                status=Status.WARNING,
                message=(
                    f"This machine's clock differs by {abs(ahead):.0f} s from that of the database"
                    " or of another server: set it, and keep it by NTP."
                ),
                values=values,
            )
        return PartHealth(name="clock", status=Status.OK, message="It is right.", values=values)

    def _describe_server(self) -> PartHealth:
        uptime = round(time.monotonic() - self._started, 1)
        return PartHealth(
            name="server",
            status=Status.OK,
            message=f"Runyard {self._version} serves.",
            values={"version": self._version, "uptime_seconds": uptime},
        )


def _judge_store(view: QueueView | None, seconds: float) -> PartHealth:
    values = {"latency_seconds": round(seconds, 6)}
    if view is None:
        return PartHealth(
            name="store",
            status=Status.FAILING,
            message="The database does not answer: see that it runs and that its disk has room.",
            values=values,
        )
    if seconds > _SLOW_STORE_SECONDS:
        return PartHealth(
            name="store",
            status=Status.WARNING,
            message=(
                f"The database took {seconds:.2f} s to answer: look at its disk and what else its"
                " machine does."
            ),
            values=values,
        )
    return PartHealth(name="store", status=Status.OK, message="It answers.", values=values)


async def _try(work: Awaitable[Answer]) -> Answer | None:
    """Return the answer, or None if there is none in time."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS_MAX):
            return await work
    except Exception:  # noqa: BLE001  Whatever it is, it does not answer.
        _log.exception("part_not_answering")
        return None
