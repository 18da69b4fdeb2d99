"""One sandbox under test and the agent in it, with the few verbs that the cases need."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from runyard.agent.channel import Channel, Command, Exited, Output
from runyard.domain.files import File
from runyard.domain.limits import MIB, Limits
from runyard.engines.interface import Capabilities, Engine, Sandbox, SandboxSpec

# Every sandbox of a conformance run must have these two.
PYTHON = "/usr/bin/python3"
SHELL = "/bin/sh"

# Small, so that a limit is cheap to reach; the disk above all, which memory limits add to.
LIMITS = Limits(
    wall_seconds=20.0,
    cpu_seconds=10.0,
    memory_bytes=256 * MIB,
    processes=32,
    output_bytes=1 * MIB,
    disk_bytes=16 * MIB,
)

# How long a thing may take that is expected to happen soon; generous, for busy machines.
DEADLINE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of one command."""

    exited: Exited
    outputs: tuple[Output, ...] = ()
    seconds: float = 0.0

    @property
    def stdout(self) -> bytes:
        return b"".join(output.data for output in self.outputs if output.stream == "stdout")

    @property
    def stderr(self) -> bytes:
        return b"".join(output.data for output in self.outputs if output.stream == "stderr")

    @property
    def text(self) -> str:
        """The stdout of a command that must have succeeded."""
        assert self.exited.exit_code == 0, (self.exited, self.stdout[-2000:], self.stderr[-2000:])
        assert self.exited.limit_hit is None, self.exited
        return self.stdout.decode().strip()


@dataclass(slots=True)
class Running:
    """A command that was started, read piece by piece."""

    stream: AsyncIterator[Output | Exited]
    outputs: list[Output] = field(default_factory=list)
    exited: Exited | None = None

    async def read_until(self, text: bytes) -> bytes:
        """Read on until `text` has come on stdout; return all of stdout so far."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while text not in (seen := self._seen("stdout")):
                await self.read_one()
                if self.exited is not None:
                    seen = self._seen("stdout")
                    assert text in seen, (text, seen, self._seen("stderr"), self.exited)
        return seen

    async def finish(self) -> Ended:
        async with asyncio.timeout(DEADLINE_SECONDS * 6):
            while self.exited is None:
                await self.read_one()
        return Ended(exited=self.exited, outputs=tuple(self.outputs))

    async def read_one(self) -> None:
        item = await anext(self.stream)
        if isinstance(item, Exited):
            self.exited = item
        else:
            self.outputs.append(item)

    def _seen(self, stream: str) -> bytes:
        return b"".join(output.data for output in self.outputs if output.stream == stream)


class Session:
    """A sandbox and the channel to the agent of its present step."""

    def __init__(self, sandbox: Sandbox, limits: Limits) -> None:
        self.sandbox = sandbox
        self.limits = limits
        self.channel = Channel(sandbox.stream)

    async def start(self, limits: Limits | None = None) -> None:
        await self.sandbox.prepare(limits or self.limits)
        await self._connect(limits or self.limits)

    async def begin_step(self, limits: Limits | None = None) -> None:
        await self.sandbox.begin_step(limits or self.limits)
        await self._connect(limits or self.limits)

    async def put(self, files: dict[str, str | bytes]) -> None:
        await self.channel.put_files(
            [
                File(path, content.encode() if isinstance(content, str) else content)
                for path, content in files.items()
            ]
        )

    async def get(self, *globs: str, count_max: int = 100) -> dict[str, bytes]:
        files = await self.channel.get_files(globs, count_max=count_max, bytes_max=8 * MIB)
        return {file.path: file.content for file in files}

    def launch(self, *argv: str, **options: object) -> Running:
        """Start a command; `options` are the other fields of Command."""
        fields: dict[str, object] = {"env": {"PATH": "/usr/bin:/bin"}, "limits": self.limits}
        command = Command(argv=argv, **(fields | options))  # type: ignore[arg-type]
        return Running(self.channel.exec(command))

    async def run(self, *argv: str, **options: object) -> Ended:
        started = time.monotonic()
        ended = await self.launch(*argv, **options).finish()
        return Ended(exited=ended.exited, outputs=ended.outputs, seconds=time.monotonic() - started)

    async def python(self, program: str, *args: str, **options: object) -> Ended:
        return await self.run(PYTHON, "-c", program, *args, **options)

    def launch_python(self, program: str, *args: str, **options: object) -> Running:
        # Unbuffered: what is printed before a wait must arrive before it.
        return self.launch(PYTHON, "-u", "-c", program, *args, **options)

    async def _connect(self, limits: Limits) -> None:
        self.limits = limits
        self.channel = Channel(self.sandbox.stream)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self.channel.open()


@asynccontextmanager
async def open_session(
    engine: Engine, spec: SandboxSpec, limits: Limits = LIMITS
) -> AsyncIterator[Session]:
    sandbox = await engine.create(spec)
    try:
        session = Session(sandbox, limits)
        await session.start()
        yield session
    finally:
        await sandbox.destroy()


@asynccontextmanager
async def open_sessions(
    engine: Engine, spec: SandboxSpec, count: int
) -> AsyncIterator[Sequence[Session]]:
    """Open `count` sandboxes that exist at the same time."""
    sandboxes: list[Sandbox] = []
    try:
        for _ in range(count):
            sandboxes.append(await engine.create(spec))  # noqa: PERF401  All are destroyed below.
        sessions = [Session(sandbox, LIMITS) for sandbox in sandboxes]
        for session in sessions:
            await session.start()
        yield sessions
    finally:
        for sandbox in sandboxes:
            await sandbox.destroy()


async def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds()`; fail after the deadline. For effects that nothing announces."""
    ends_at = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < ends_at, f"not within {DEADLINE_SECONDS} s: {what}"
        await asyncio.sleep(0.02)


def require_limit(capabilities: Capabilities, name: str) -> None:
    """Skip what the engine declares as not enforced; a limit it does not name is a failure."""
    if not capabilities.limits[name].enforced:
        pytest.skip(f"declared: {name} is enforced by {capabilities.limits[name].by}")


def require_isolation(capabilities: Capabilities) -> None:
    if capabilities.isolation == "nothing":
        pytest.skip("declared: no isolation")


def require_measured(capabilities: Capabilities, name: str) -> None:
    """What only the agent measures, by looking at processes, a program can hide from."""
    by = capabilities.limits[name].by
    if by in {"agent", "nothing"}:
        pytest.skip(f"declared: {name} is measured by {by} only")
