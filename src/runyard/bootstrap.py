"""Builds a running Runyard out of settings; the only place that names concrete stores and buses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runyard.engines.interface import Capabilities, Engine
from runyard.services.executions import Executions
from runyard.settings import Settings
from runyard.telemetry import Metrics

if TYPE_CHECKING:
    from runyard.engines.linux.launcher import LauncherHandle
    from runyard.services.runtimes import Runtimes
    from runyard.worker.loop import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`checks` says for each part ("store", "engine", "worker") whether it works."""

    is_ready: bool
    checks: dict[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    settings: Settings
    executions: Executions
    runtimes: Runtimes
    worker: Worker
    engine: Engine
    capabilities: Capabilities
    metrics: Metrics

    async def health(self) -> Health:
        raise NotImplementedError


@asynccontextmanager
async def open_application(
    settings: Settings, launcher: LauncherHandle | None, *, engine: Engine | None = None
) -> AsyncIterator[Application]:
    """Open everything, run a worker behind it, and close it all in reverse order.

    `engine` takes the place of the linux engine, which needs a launcher.
    """
    raise NotImplementedError
    yield
