"""What works together on executions in one process, whatever keeps and announces them."""

from __future__ import annotations

from dataclasses import dataclass

from runyard.bus.interface import Bus
from runyard.engines.interface import Capabilities, Engine
from runyard.options import build_files, pool_size, stock_options
from runyard.services.build_cache import BuildCache
from runyard.services.build_key import describe_host
from runyard.services.checking import Checks
from runyard.services.completions import Completions
from runyard.services.machine import count_processors
from runyard.services.pool import Pool
from runyard.services.recent import RecentExecutions
from runyard.settings import Settings
from runyard.store.interface import ExecutionStore
from runyard.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    metrics: Metrics
    bus: Bus
    recent: RecentExecutions
    checks: Checks
    pool: Pool
    builds: BuildCache
    completions: Completions

    async def aclose(self) -> None:
        await self.pool.aclose()
        await self.builds.aclose()
        await self.checks.aclose()
        await self.bus.aclose()


def build_parts(
    settings: Settings,
    *,
    engine: Engine,
    capabilities: Capabilities,
    store: ExecutionStore,
    bus: Bus,
) -> Parts:
    metrics, recent = Metrics(), RecentExecutions()
    return Parts(
        metrics=metrics,
        bus=bus,
        recent=recent,
        checks=Checks(),
        pool=Pool(
            engine,
            size=pool_size(settings),
            metrics=metrics,
            processors=count_processors(),
            stock=stock_options(settings, capabilities),
        ),
        builds=BuildCache(
            build_files(settings),
            metrics=metrics,
            context=lambda: f"{capabilities.isolation}\n{describe_host()}",
        ),
        completions=Completions(store=store, bus=bus, recent=recent, metrics=metrics),
    )
