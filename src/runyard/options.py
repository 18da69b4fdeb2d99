"""What the settings mean for each of the parts that bootstrap puts together."""

from __future__ import annotations

from runyard.engines.interface import Capabilities
from runyard.services.build_files import BuildFiles
from runyard.services.machine import find_memory_bytes
from runyard.services.program import ArtifactCaps
from runyard.services.stock import StockOptions
from runyard.settings import Settings
from runyard.worker.loop import WorkerOptions

# One self-test may run beside a full worker.
_SANDBOXES_BESIDE = 1
_POOL_MEMORY_SHARE = 8


def pool_size(settings: Settings) -> int:
    """Return how many executions have a sandbox at once."""
    return settings.worker_concurrency + _SANDBOXES_BESIDE


def stock_options(settings: Settings, capabilities: Capabilities) -> StockOptions:
    bytes_max = settings.pool_bytes_max
    if bytes_max is None:
        bytes_max = find_memory_bytes() // _POOL_MEMORY_SHARE
    return StockOptions(
        count_max=settings.pool_count_max,
        bytes_max=bytes_max,
        floor=settings.pool_floor_count,
        idle_seconds=settings.pool_idle_seconds,
        has_images=capabilities.has_images,
        forked_starts=settings.forked_starts,
    )


def build_files(settings: Settings) -> BuildFiles | None:
    if not settings.build_cache_bytes_max or not settings.build_cache_bytes_per_owner_max:
        return None
    return BuildFiles(
        settings.data_dir / "builds",
        bytes_max=settings.build_cache_bytes_max,
        bytes_per_owner_max=settings.build_cache_bytes_per_owner_max,
    )


def artifact_caps(settings: Settings) -> ArtifactCaps:
    policy = settings.policy
    return ArtifactCaps(count_max=policy.artifact_count_max, bytes_max=policy.artifact_bytes_max)


def worker_options(settings: Settings, owner: str) -> WorkerOptions:
    return WorkerOptions(
        owner=owner,
        concurrency=settings.worker_concurrency,
        lease_seconds=settings.lease_seconds,
        drain_seconds=settings.drain_seconds,
    )
