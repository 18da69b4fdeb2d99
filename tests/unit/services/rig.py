"""A whole Runyard above the engine port, on the engine without isolation, with faults on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from runyard.bus.memory import MemoryBus
from runyard.domain.errors import EngineError, UnknownRuntimeError
from runyard.domain.events import Event
from runyard.domain.execution import Execution, StepResult
from runyard.domain.files import File
from runyard.domain.limits import Limits, Policy, Usage
from runyard.domain.runtime import Command, Runtime
from runyard.domain.submission import Submission
from runyard.engines.interface import Capabilities, Sandbox, SandboxSpec, Stream
from runyard.services.build_cache import BuildCache
from runyard.services.build_files import BuildFiles
from runyard.services.carrying import Carrier
from runyard.services.checking import Checks
from runyard.services.completions import Completions
from runyard.services.executions import Executions
from runyard.services.pool import Pool
from runyard.services.reaper import Reaper
from runyard.services.recent import RecentExecutions
from runyard.services.runner import Runner
from runyard.services.stock import StockOptions
from runyard.store import schema
from runyard.store.database import open_database
from runyard.store.executions import SqlExecutionStore
from runyard.store.tables import executions
from runyard.telemetry import Metrics
from runyard.testing.unconfined_engine import UnconfinedEngine
from runyard.worker.lease import anybody_but, new_owner
from runyard.worker.loop import Worker, WorkerOptions
from tests.unit.services.project_parts import build_carrier, open_no_secrets

DEADLINE_SECONDS = 30.0
ATTEMPTS_MAX = 3
ENV = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
LIMITS = Limits(wall_seconds=20.0)

PYTHON = Runtime(
    id="python",
    language="python",
    name="Python",
    version="3",
    entry="main.py",
    extensions=(".py",),
    run=Command(argv=("/usr/bin/python3", "-u", "{entry}"), env=ENV),
    run_limits=LIMITS,
)
SHELL = replace(
    PYTHON, id="shell", entry="main.sh", run=Command(argv=("/bin/sh", "{entry}"), env=ENV)
)
# "Compiles" by running build.sh, which may do anything a compiler can.
BUILT = replace(SHELL, id="built", compile=Command(argv=("/bin/sh", "build.sh"), env=ENV))
# What it leaves in out/ is all that a run needs.
KEPT = replace(BUILT, id="kept", build_outputs=("out/**",), digest="one toolchain")
MISSING = replace(PYTHON, id="missing", run=Command(argv=("/no/such/program",), env=ENV))
RUNTIMES = {runtime.id: runtime for runtime in (PYTHON, SHELL, BUILT, KEPT, MISSING)}


def find_runtime(name: str) -> Runtime:
    if name not in RUNTIMES:
        raise UnknownRuntimeError(f"There is no runtime {name!r}.")
    return RUNTIMES[name]


@dataclass
class Faults:
    """What goes wrong with the sandboxes from now on."""

    # The next calls of create fail.
    failing_creates: int = 0
    # The streams of the next sandboxes end before they say anything.
    broken_sandboxes: int = 0
    # Set: every stream there is ends.
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    # The agent says nothing any more.
    is_mute: bool = False
    usage: Usage = field(default_factory=Usage)


class FaultyEngine:
    """The engine without isolation, until a fault is set."""

    def __init__(self, engine: UnconfinedEngine) -> None:
        self.faults = Faults()
        self.created = 0
        self._engine = engine
        self._made: list[_FaultySandbox] = []

    async def probe(self) -> Capabilities:
        return await self._engine.probe()

    async def create(self, spec: SandboxSpec) -> Sandbox:
        self.created += 1
        if self.faults.failing_creates:
            self.faults.failing_creates -= 1
            raise EngineError("platform X on host Y is on fire")
        is_broken = self.faults.broken_sandboxes > 0
        self.faults.broken_sandboxes -= is_broken
        sandbox = _FaultySandbox(await self._engine.create(spec), self.faults, is_broken=is_broken)
        self._made.append(sandbox)
        return sandbox

    def count(self) -> int:
        return len([each for each in self._made if not each.is_destroyed])

    async def list_ids(self) -> list[str]:
        return await self._engine.list_ids()

    async def destroy(self, sandbox_id: str) -> None:
        await self._engine.destroy(sandbox_id)

    async def aclose(self) -> None:
        await self._engine.aclose()


class _FaultySandbox:
    def __init__(self, sandbox: Sandbox, faults: Faults, *, is_broken: bool) -> None:
        self._sandbox = sandbox
        self._faults = faults
        self._is_broken = is_broken
        self._watching: asyncio.Task[None] | None = None
        self.is_destroyed = False

    @property
    def id(self) -> str:
        return self._sandbox.id

    @property
    def stream(self) -> Stream:
        return _FaultyStream(self._sandbox.stream, self._faults, is_broken=self._is_broken)

    async def prepare(
        self, limits: Limits, *, network: bool = False, ahead: bool = False, light: bool = False
    ) -> None:
        await self._sandbox.prepare(limits, network=network, ahead=ahead, light=light)

    async def begin(self, limits: Limits) -> None:
        await self._sandbox.begin(limits)

    async def begin_step(self, limits: Limits) -> None:
        await self._sandbox.begin_step(limits)

    def watch(self, ended: Callable[[], None] | None) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._watching = None
        if ended is not None:
            self._watching = asyncio.create_task(self._tell(ended))

    async def _tell(self, ended: Callable[[], None]) -> None:
        await self._faults.cut.wait()
        self._watching = None
        ended()

    async def usage(self) -> Usage:
        return self._faults.usage

    async def destroy(self) -> None:
        self.watch(None)
        await self._sandbox.destroy()
        self.is_destroyed = True


class _FaultyStream:
    def __init__(self, stream: Stream, faults: Faults, *, is_broken: bool) -> None:
        self._stream = stream
        self._faults = faults
        self._is_broken = is_broken

    async def read(self, size_max: int) -> bytes:
        if self._faults.is_mute:
            await asyncio.Event().wait()
        if self._is_broken:
            return b""
        reading = asyncio.ensure_future(self._stream.read(size_max))
        cut = asyncio.ensure_future(self._faults.cut.wait())
        try:
            await asyncio.wait({reading, cut}, return_when=asyncio.FIRST_COMPLETED)
            return b"" if cut.done() else reading.result()
        finally:
            reading.cancel()
            cut.cancel()

    def write(self, data: bytes | memoryview) -> None:
        self._stream.write(data)

    async def drain(self) -> None:
        await self._stream.drain()

    async def aclose(self) -> None:
        await self._stream.aclose()


@dataclass(frozen=True, kw_only=True)
class Rig:
    executions: Executions
    store: SqlExecutionStore
    bus: MemoryBus
    engine: FaultyEngine
    metrics: Metrics
    worker: Worker
    reaper: Reaper
    recent: RecentExecutions
    owner: str
    pool: Pool
    builds: BuildCache

    @property
    def faults(self) -> Faults:
        return self.engine.faults

    async def submit(
        self, code: str, *, runtime: str = "python", owner_id: str | None = None, **fields: Any
    ) -> Execution:
        files = (File(RUNTIMES[runtime].entry, code.encode()),)
        submission = Submission(**({"runtime": runtime, "files": files} | fields))
        return await self.executions.submit(submission, owner_id=owner_id)

    async def load_all(self) -> Sequence[Execution]:
        """Return all there are, the newest first, without what they printed."""
        statement = select(executions.c.id).order_by(executions.c.id.desc())
        ids = await self.store._database.read(
            lambda connection: connection.scalars(statement).all()
        )
        return [await self.executions.get(each) for each in ids]

    async def run(self, code: str, **fields: Any) -> Execution:
        return await self.finish(await self.submit(code, **fields))

    async def build(self, build: str, run: str, **fields: Any) -> Execution:
        files = (File("build.sh", build.encode()), File("main.sh", run.encode()))
        return await self.run("", runtime="built", files=files, entry="main.sh", **fields)

    async def finish(self, execution: Execution) -> Execution:
        return await self.executions.wait(execution.id, seconds_max=DEADLINE_SECONDS)

    async def events(self, execution: Execution, *, after: int = 0) -> list[Event]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return [event async for event in self.executions.follow(execution.id, after=after)]

    async def read_until(self, execution: Execution, text: str) -> None:
        """Return once the program has printed `text`."""
        seen = ""
        async with asyncio.timeout(DEADLINE_SECONDS):
            async for event in self.executions.follow(execution.id):
                seen += event.data.get("text", "")
                if text in seen:
                    return
        raise AssertionError(f"{text!r} never came, only {seen!r}")


@dataclass(frozen=True, kw_only=True)
class RigOptions:
    concurrency: int = 2
    policy: Policy = field(default_factory=Policy)
    queue_length_max: int = 100
    lease_seconds: float = 30.0
    drain_seconds: float = 0.0
    is_working: bool = True
    is_dead: Callable[[str], bool] | None = None
    stock: StockOptions | None = None
    builds: BuildFiles | None = None


@asynccontextmanager
async def open_rig(folder: Path, **chosen: Any) -> AsyncIterator[Rig]:
    """Open a rig; `chosen` are fields of RigOptions."""
    options = RigOptions(**chosen)
    database = open_database(f"sqlite:///{folder / 'runyard.db'}")
    await schema.upgrade(database)
    store, metrics, checks = SqlExecutionStore(database), Metrics(), Checks()
    engine = FaultyEngine(UnconfinedEngine())
    pool = Pool(engine, size=options.concurrency, metrics=metrics, stock=options.stock)
    builds = BuildCache(options.builds, metrics=metrics, context=lambda: "rig")
    rig = _build(
        options,
        store=store,
        carrier=build_carrier(database),
        engine=engine,
        pool=pool,
        builds=builds,
        checks=checks,
        metrics=metrics,
    )
    working = asyncio.create_task(rig.worker.run()) if options.is_working else None
    filling = asyncio.create_task(pool.stock.keep_filled())
    try:
        yield rig
    finally:
        filling.cancel()
        await asyncio.wait({filling})
        if working is not None:
            rig.worker.stop()
            await working
        await pool.aclose()
        await builds.aclose()
        await checks.aclose()
        await engine.aclose()
        await rig.bus.aclose()
        await store.aclose()


def _build(
    options: RigOptions,
    *,
    store: SqlExecutionStore,
    carrier: Carrier,
    engine: FaultyEngine,
    pool: Pool,
    builds: BuildCache,
    checks: Checks,
    metrics: Metrics,
) -> Rig:
    bus, recent, owner, policy = MemoryBus(), RecentExecutions(), new_owner(), options.policy
    shared: dict[str, Any] = {
        "store": store,
        "completions": Completions(store=store, bus=bus, recent=recent, metrics=metrics),
    }
    runner = Runner(
        bus=bus,
        pool=pool,
        builds=builds,
        checks=checks,
        metrics=metrics,
        find_runtime=find_runtime,
        open_secrets=open_no_secrets,
        attempts_max=ATTEMPTS_MAX,
        data=carrier,
        **shared,
    )
    reaper = Reaper(
        recent=recent,
        metrics=metrics,
        is_dead=options.is_dead or anybody_but(owner),
        attempts_max=ATTEMPTS_MAX,
        retention=lambda: timedelta(days=1),
        **shared,
    )
    worker_options = WorkerOptions(
        owner=owner,
        concurrency=options.concurrency,
        lease_seconds=options.lease_seconds,
        drain_seconds=options.drain_seconds,
    )
    return Rig(
        executions=Executions(
            bus=bus,
            recent=recent,
            find_runtime=find_runtime,
            policy=policy,
            queue_length_max=options.queue_length_max,
            **shared,
        ),
        store=store,
        bus=bus,
        engine=engine,
        metrics=metrics,
        worker=Worker(
            store=store,
            bus=bus,
            runner=runner,
            reaper=reaper,
            metrics=metrics,
            options=worker_options,
        ),
        reaper=reaper,
        recent=recent,
        owner=owner,
        pool=pool,
        builds=builds,
    )


def only(steps: Sequence[StepResult]) -> StepResult:
    assert len(steps) == 1, steps
    return steps[0]


async def eventually(holds: Callable[[], bool]) -> None:
    """Return once `holds()`; for what nothing announces."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # tidy: looks again, with a deadline.
