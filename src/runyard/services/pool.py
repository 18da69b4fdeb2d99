"""Hands out sandboxes, no more at a time than this machine has room for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from runyard.domain.runtime import Runtime
from runyard.engines.interface import Engine, Sandbox, SandboxSpec
from runyard.telemetry import Metrics

_log = structlog.get_logger(__name__)


class Pool:
    def __init__(
        self, engine: Engine, *, size: int, metrics: Metrics, has_images: bool = False
    ) -> None:
        self._engine = engine
        self._has_images = has_images
        self._room = asyncio.Semaphore(size)
        self._metrics = metrics
        self._destroying: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def acquire(self, runtime: Runtime) -> AsyncIterator[Sandbox]:
        """Yield a fresh sandbox. It is destroyed behind the caller's back, and makes room for
        another only after that.
        """
        await self._room.acquire()
        try:
            started = time.perf_counter()
            sandbox = await self._engine.create(self._spec(runtime))
            self._metrics.sandbox_seconds.observe(time.perf_counter() - started)
        except BaseException:
            self._room.release()
            raise
        try:
            yield sandbox
        finally:
            task = asyncio.create_task(self._destroy(sandbox))
            self._destroying.add(task)
            task.add_done_callback(self._destroying.discard)

    async def aclose(self) -> None:
        """Wait until all that was given back is destroyed."""
        while self._destroying:
            await asyncio.wait(self._destroying)

    def _spec(self, runtime: Runtime) -> SandboxSpec:
        if self._has_images:
            return SandboxSpec(image=runtime.image)
        return SandboxSpec(mounts=runtime.mounts)

    async def _destroy(self, sandbox: Sandbox) -> None:
        try:
            await sandbox.destroy()
        except Exception:  # noqa: BLE001
            # The reaper finds it at the next start.
            _log.exception("sandbox_not_destroyed", sandbox=sandbox.id)
            self._metrics.unhandled_errors.labels(where="pool").inc()
        finally:
            self._room.release()
