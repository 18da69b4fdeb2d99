"""Makes the prepared files of a runtime with the real engine, and runs single steps with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from runyard.agent.channel import Channel, Command, Exited, Output
from runyard.domain.errors import EngineUnavailableError
from runyard.domain.execution import Request, StepKind
from runyard.domain.files import File
from runyard.domain.runtime import Runtime, expand_argv
from runyard.engines.interface import Engine, SandboxSpec
from runyard.engines.linux.engine import build
from runyard.engines.linux.launcher import start_launcher
from runyard.engines.linux.options import LinuxOptions
from runyard.services.build_cache import CompileStep
from runyard.services.checking import Checks
from runyard.services.commands import compile_command, run_command
from runyard.services.pool import Pool
from runyard.services.prepared import PreparedFiles
from runyard.services.preparing import Preparing
from runyard.services.probing import Probing
from runyard.services.runtimes import Runtimes
from runyard.services.shelf import Ready, Shelf, find_recipe
from runyard.services.toolchains import mount_sources
from runyard.telemetry import Metrics
from tests.conformance import platforms
from tests.conformance.runtimes.toolchains import FOUND

MAKE_SECONDS_MAX = 600.0


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A runtime by itself and with its prepared files."""

    engine: Engine
    plain: Runtime
    runtime: Runtime


@asynccontextmanager
async def open_prepared(runtime_id: str, folder: Path) -> AsyncIterator[Prepared]:
    found = FOUND[runtime_id]
    sources = (str(folder), *map(str, mount_sources([found])))
    try:
        launcher = start_launcher(LinuxOptions(sources=sources))
    except EngineUnavailableError as error:
        platforms.give_up("linux", error.message)
    engine = build(launcher, launcher.options)
    checks = Checks()
    pool = Pool(engine, size=2, metrics=Metrics())
    runtimes = Runtimes([found])
    preparing = Preparing(
        runtimes=runtimes,
        files=PreparedFiles(folder, is_alone=True),
        pool=pool,
        checks=checks,
        probing=Probing(pool=pool, checks=checks),
        works=lambda _: None,
    )
    settling = asyncio.create_task(preparing.settle())
    try:
        async with asyncio.timeout(MAKE_SECONDS_MAX):
            while (runtime := runtimes.find(runtime_id)) == found.candidates[0].runtime or (
                runtime.mounts == found.candidates[0].runtime.mounts
            ):
                assert not settling.done(), settling
                await asyncio.sleep(0.05)  # tidy: looks again, with a deadline.
        settling.cancel()
        plain = runtimes.chosen()[0][1]
        yield Prepared(engine=engine, plain=plain, runtime=runtime)
    finally:
        settling.cancel()
        await asyncio.wait({settling})
        await pool.aclose()
        await checks.aclose()
        await engine.aclose()
        launcher.close()


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a step came to; `was_waiting` whether its program was started ahead."""

    exit_code: int | None
    signal: int | None
    stdout: str
    stderr: str
    was_waiting: bool


async def run_cold(engine: Engine, runtime: Runtime, request: Request) -> tuple[Ended, ...]:
    """Compile and run in one sandbox, nothing of it started ahead."""
    assert runtime.compile is not None
    sandbox = await engine.create(SandboxSpec(mounts=runtime.mounts))
    try:
        await sandbox.prepare(request.compile_limits)
        command = compile_command(request, runtime.compile, request.compile_limits)
        compiled = await _finish(Channel(sandbox.stream), command, request.files)
        if compiled.exit_code != 0:
            return (compiled,)
        await sandbox.begin_step(request.run_limits)
        command = run_command(request, runtime.run, request.run_limits)
        return compiled, await _finish(Channel(sandbox.stream), command)
    finally:
        await sandbox.destroy()


async def run_ahead(engine: Engine, runtime: Runtime, request: Request) -> tuple[Ended, ...]:
    """Compile and run as the pool does it, each in a sandbox that was made ahead."""
    assert runtime.compile is not None
    limits = request.compile_limits
    command = compile_command(request, runtime.compile, limits)
    step = CompileStep(request, runtime)
    async with _open_ready(engine, runtime, StepKind.COMPILE) as ready:
        await ready.sandbox.begin(limits)
        is_waiting = ready.program is not None and ready.why_not(limits, command) is None
        compiled = await _finish(ready.channel, command, request.files, was_waiting=is_waiting)
        if compiled.exit_code != 0:
            return (compiled,)
        limits = request.run_limits
        command = run_command(request, runtime.run, limits)
        if not await step.collect(ready.channel):
            await ready.sandbox.begin_step(limits)
            return compiled, await _finish(Channel(ready.sandbox.stream), command)
    async with _open_ready(engine, runtime, StepKind.RUN) as ready:
        await ready.sandbox.begin(limits)
        is_waiting = ready.program is not None and ready.why_not(limits, command) is None
        ran = await _finish(ready.channel, command, step.files, was_waiting=is_waiting)
    return compiled, ran


@asynccontextmanager
async def _open_ready(engine: Engine, runtime: Runtime, kind: StepKind) -> AsyncIterator[Ready]:
    recipe = find_recipe(runtime, kind, has_images=False, forked_starts=False)
    ready = await Shelf(recipe, now=0.0).make(engine)
    try:
        yield ready
    finally:
        await ready.sandbox.destroy()


async def _finish(
    channel: Channel, command: Command, files: Sequence[File] = (), *, was_waiting: bool = False
) -> Ended:
    streams = {"stdout": bytearray(), "stderr": bytearray()}
    async for item in channel.exec(command, files=files):
        if isinstance(item, Exited):
            return Ended(
                exit_code=item.exit_code,
                signal=item.signal,
                stdout=streams["stdout"].decode(),
                stderr=streams["stderr"].decode(),
                was_waiting=was_waiting,
            )
        streams[item.stream] += item.data
    raise AssertionError("the program did not end")


@dataclass(frozen=True, kw_only=True)
class Compiled:
    exit_code: int | None
    signal: int | None
    stdout: bytes
    stderr: bytes
    outputs: tuple[File, ...]
    cpu_seconds: float


async def compile_files(
    engine: Engine, runtime: Runtime, files: Sequence[File], outputs: Sequence[str]
) -> Compiled:
    """Run the compile step alone and return all that it says and leaves."""
    assert runtime.compile is not None
    argv = expand_argv(
        runtime.compile,
        entry=runtime.entry,
        paths=tuple(file.path for file in files),
        files=tuple(files),
        memory_bytes=runtime.compile_limits.memory_bytes,
    )
    command = Command(argv=argv, env=runtime.compile.env, limits=runtime.compile_limits)
    sandbox = await engine.create(SandboxSpec(mounts=runtime.mounts))
    try:
        await sandbox.prepare(runtime.compile_limits)
        channel = Channel(sandbox.stream)
        streams = {"stdout": bytearray(), "stderr": bytearray()}
        exited: Exited | None = None
        async for item in channel.exec(command, files=files):
            if isinstance(item, Output):
                streams[item.stream] += item.data
            else:
                exited = item
        assert exited is not None
        left = await channel.get_files(outputs, count_max=100, bytes_max=1 << 24)
        usage = await sandbox.usage()
    finally:
        await sandbox.destroy()
    return Compiled(
        exit_code=exited.exit_code,
        signal=exited.signal,
        stdout=bytes(streams["stdout"]),
        stderr=bytes(streams["stderr"]),
        outputs=tuple(left),
        cpu_seconds=usage.cpu_seconds or 0.0,
    )
