"""Builds a running Runyard out of settings; the only place that names concrete stores and buses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import make_url

from runyard.bus.memory import MemoryBus
from runyard.domain.runtime import Runtime
from runyard.engines.interface import Capabilities, Engine
from runyard.engines.linux.launcher import LauncherHandle, start_launcher
from runyard.engines.linux.privileges import code_paths, drop_privileges
from runyard.opening import find_kinds, open_platform
from runyard.options import (
    linux_options,
    worker_options,
)
from runyard.parts import (
    Footing,
    Parts,
    Services,
    build_data_carrier,
    build_live_settings,
    build_parts,
    build_services,
    build_vault,
)
from runyard.services.catalogue import load_catalogue
from runyard.services.clearing import HOUR_SECONDS, repeat
from runyard.services.platforms import Platforms
from runyard.services.prepared import PreparedFiles, prepared_folder
from runyard.services.preparing import Preparing
from runyard.services.reaper import Reaper, destroy_orphans
from runyard.services.runner import Runner
from runyard.services.runtimes import Runtimes
from runyard.services.toolchains import Found, ToolchainSearch, find_toolchains
from runyard.settings import Settings
from runyard.store import schema
from runyard.store.database import Database, open_database
from runyard.store.executions import SqlExecutionStore
from runyard.store.interface import ExecutionStore
from runyard.telemetry import Metrics, configure_logs
from runyard.worker.lease import anybody_but, hold_lock, is_dead, new_owner
from runyard.worker.loop import Worker

_HEALTH_SECONDS_MAX = 2.0
# Until another process obeys what administrators changed here.
_LOOK_AGAIN_SECONDS, _LOOK_SOON_SECONDS = 3.0, 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groundwork:
    """What is found and started while the process still has its first rights."""

    found: tuple[Found, ...]
    launcher: LauncherHandle


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`checks` says for each part ("store", "engine", "worker") whether it works."""

    is_ready: bool
    checks: dict[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Services):
    settings: Settings
    worker: Worker
    engine: Engine
    capabilities: Capabilities
    metrics: Metrics
    store: ExecutionStore

    async def health(self) -> Health:
        checks = {
            "store": await self._is_store_answering(),
            "engine": self.capabilities.usable,
            "worker": self.worker.is_working,
        }
        return Health(is_ready=all(checks.values()), checks=checks)

    async def _is_store_answering(self) -> bool:
        try:
            async with asyncio.timeout(_HEALTH_SECONDS_MAX):
                self.metrics.queued.set(await self.store.count_queued())
        except Exception:  # noqa: BLE001  Whatever it is, the store does not answer.
            _log.exception("store_not_answering")
            return False
        return True


def lay_groundwork(settings: Settings, *, keep_user: bool = False) -> Groundwork:
    """Set up logs, look for toolchains, start the launcher, and stop being root.

    Call it first, in the main thread, before there are other threads or an event loop.
    `keep_user` is for whoever serves nobody else.
    """
    configure_logs(log_format=settings.log_format, level=settings.log_level)
    found = _find_toolchains(settings)
    if not keep_user:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        prepared_folder(settings.data_dir).mkdir(exist_ok=True)
    launcher = start_launcher(linux_options(settings, found))
    if os.geteuid() == 0 and not keep_user:
        try:
            drop_privileges(
                user=settings.user,
                writable=[settings.data_dir],
                readable=(*code_paths(), *_site_folders(settings)),
            )
        except BaseException:
            launcher.close()
            raise
    return Groundwork(found=found, launcher=launcher)


def _site_folders(settings: Settings) -> tuple[Path, ...]:
    """The scripts of the site are code: like the rest of it, not the server's to change."""
    folder = settings.web_dir
    return (folder.absolute(),) if settings.web and folder and folder.is_dir() else ()


@asynccontextmanager
async def open_application(
    settings: Settings,
    launcher: LauncherHandle | None,
    *,
    engine: Engine | None = None,
    found: Sequence[Found] | None = None,
    self_tests: bool = True,
) -> AsyncIterator[Application]:
    """Open everything, run a worker behind it, and close it all in reverse order.

    `engine` takes the place of the linux engine, which needs a launcher; it stays the caller's to
    close. `found` are the toolchains, looked for here if left out. `self_tests` tries the runtimes
    behind. Raises EngineUnavailableError if programs cannot be run safely here, and
    ConflictError if another server uses the data.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if found is None:
        found = _find_toolchains(settings)
    async with _open_ground(settings, launcher, engine) as ground:
        runtimes = Runtimes(
            found,
            cache_file=settings.data_dir / "runtimes.json",
            context=ground.platform.capabilities.isolation,
        )
        async with _run(settings, ground, runtimes=runtimes, self_tests=self_tests) as application:
            yield application


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground(Footing):
    """What everything else stands on."""

    owner: str
    is_dead: Callable[[str], bool]
    prepared: PreparedFiles | None


@asynccontextmanager
async def _open_ground(
    settings: Settings, launcher: LauncherHandle | None, engine: Engine | None
) -> AsyncIterator[_Ground]:
    owner = new_owner()
    with _lock(settings) as is_alone:
        database = await open_records(settings)
        try:
            kinds, groundwork = find_kinds(launcher, engine)
            async with open_platform(settings, database, kinds, groundwork) as platform:
                if is_alone:
                    await destroy_orphans(platform.engine)
                yield _Ground(
                    database=database,
                    store=SqlExecutionStore(database),
                    platform=platform,
                    kinds=kinds,
                    groundwork=groundwork,
                    live_settings=build_live_settings(settings, database),
                    owner=owner,
                    is_dead=anybody_but(owner) if is_alone else is_dead,
                    prepared=_open_prepared(settings, launcher, is_alone=is_alone),
                )
        finally:
            await database.aclose()


@asynccontextmanager
async def _run(
    settings: Settings, ground: _Ground, *, runtimes: Runtimes, self_tests: bool
) -> AsyncIterator[Application]:
    bus = MemoryBus()
    parts = build_parts(settings, platform=ground.platform, store=ground.store, bus=bus)
    metrics, pool = parts.metrics, parts.pool
    reaper = Reaper(
        store=ground.store,
        completions=parts.completions,
        recent=parts.recent,
        metrics=metrics,
        is_dead=ground.is_dead,
        attempts_max=settings.attempts_max,
        retention=lambda: ground.live_settings.retention,
    )
    worker = _build_worker(settings, ground, parts, reaper=reaper, runtimes=runtimes)
    # Before anything new is claimed, so that nobody waits for what died.
    await reaper.recover()
    services = build_services(settings, parts, ground, runtimes=runtimes, worker=worker)
    await services.policies.load()
    await services.runtime_administration.load()
    # Before anything is claimed or served.
    await services.live_settings.look_again()
    await services.platforms.look_again()
    preparing = _offer_runtimes(settings, ground, parts, runtimes)
    try:
        async with (
            _work(worker),
            _behind(pool.stock.keep_filled()),
            _behind(parts.builds.count()),
            _behind(services.mailer.run()),
            _together(_repeated(services)),
            _behind(_settle(preparing, services.platforms) if self_tests else None),
        ):
            yield Application(
                **{each.name: getattr(services, each.name) for each in fields(services)},
                settings=settings,
                worker=worker,
                engine=ground.platform.engine,
                capabilities=ground.platform.capabilities,
                metrics=metrics,
                store=ground.store,
            )
    finally:
        await parts.aclose()


def _repeated(services: Services) -> list[Coroutine[Any, Any, None]]:
    """What is cleared, and what other processes on the same database may have changed."""
    return [
        repeat(services.accounts.sweep.run, every_seconds=HOUR_SECONDS, name="accounts"),
        repeat(services.projects.empty_trash, every_seconds=HOUR_SECONDS, name="trash"),
        repeat(services.policies.load, every_seconds=_LOOK_AGAIN_SECONDS, name="policies"),
        repeat(
            services.runtime_administration.load, every_seconds=_LOOK_AGAIN_SECONDS, name="runtimes"
        ),
        repeat(
            services.live_settings.look_again, every_seconds=_LOOK_SOON_SECONDS, name="settings"
        ),
        repeat(services.platforms.look_again, every_seconds=_LOOK_SOON_SECONDS, name="platforms"),
    ]


def _build_worker(
    settings: Settings, ground: _Ground, parts: Parts, *, reaper: Reaper, runtimes: Runtimes
) -> Worker:
    runner = Runner(
        store=ground.store,
        bus=parts.bus,
        pool=parts.pool,
        builds=parts.builds,
        checks=parts.checks,
        completions=parts.completions,
        data=build_data_carrier(settings, ground.database),
        open_secrets=build_vault(settings, ground.database).open,
        metrics=parts.metrics,
        find_runtime=runtimes.find_accepted,
        attempts_max=settings.attempts_max,
    )
    return Worker(
        store=ground.store,
        bus=parts.bus,
        runner=runner,
        reaper=reaper,
        metrics=parts.metrics,
        options=worker_options(settings, ground.owner),
        gate=parts.gate,
    )


def _offer_runtimes(
    settings: Settings, ground: _Ground, parts: Parts, runtimes: Runtimes
) -> Preparing:
    def expect(runtime: Runtime) -> None:
        if runtime.id in settings.pool_runtimes:
            parts.pool.stock.expect(runtime)

    preparing = Preparing(
        runtimes=runtimes,
        files=ground.prepared,
        pool=parts.pool,
        checks=parts.checks,
        probing=parts.probing,
        works=expect,
    )
    preparing.offer()
    return preparing


async def _settle(preparing: Preparing, platforms: Platforms) -> None:
    await platforms.wait_until_enabled()
    await preparing.settle()


@asynccontextmanager
async def _work(worker: Worker) -> AsyncIterator[None]:
    working = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await working


@asynccontextmanager
async def _together(works: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Let several go on until the block ends."""
    async with AsyncExitStack() as stack:
        for work in works:
            await stack.enter_async_context(_behind(work))
        yield


@asynccontextmanager
async def _behind(work: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Let `work` go on until the block ends."""
    task = None if work is None else asyncio.create_task(work)
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.wait({task})


def _find_toolchains(settings: Settings) -> tuple[Found, ...]:
    search = ToolchainSearch(toolchain_dirs=settings.resolved_toolchain_dirs)
    return find_toolchains(load_catalogue(), search)


def _open_prepared(
    settings: Settings, launcher: LauncherHandle | None, *, is_alone: bool
) -> PreparedFiles | None:
    """Return them if they are wanted and sandboxes can be shown what is in there."""
    folder = prepared_folder(settings.data_dir)
    if not settings.prepared_files:
        return None
    is_shown = launcher is not None and str(folder) in launcher.options.sources
    return PreparedFiles(folder, is_alone=is_alone) if is_shown and folder.is_dir() else None


def _lock(settings: Settings) -> AbstractContextManager[bool]:
    """Hold the lock of a database that is a file; yield whether nobody else can be at it."""
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return nullcontext(enter_result=False)
    return hold_lock(Path(f"{url.database}.lock"))


async def open_records(settings: Settings) -> Database:
    """Open the database and bring its tables up to date."""
    database = open_database(settings.resolved_database_url, synchronous=settings.store_synchronous)
    try:
        await schema.upgrade(database)
    except BaseException:
        await database.aclose()
        raise
    return database
