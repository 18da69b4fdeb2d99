"""An engine without isolation: the agent as a plain process in a temporary directory.

For testing what lies above engines. Programs run as the caller, see the whole machine, its network
and its /tmp, and only the agent's own limits hold (weakly: it polls /proc). Never run untrusted
code with it.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from runyard.agent.binary import agent_path
from runyard.domain.errors import EngineError, EngineUnavailableError
from runyard.domain.limits import LIMIT_NAMES, Limits, Usage
from runyard.engines.interface import Capabilities, Enforcement, Sandbox, SandboxSpec, Stream

_ENFORCED_BY_AGENT = ("wall_seconds", "cpu_seconds", "memory_bytes", "output_bytes")
# The agent ends at the end of its stream; this is for one that cannot.
_EXIT_SECONDS_MAX = 15.0


class UnconfinedEngine:
    """Keeps its sandboxes below one temporary directory, so another instance finds none of them."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="runyard-unconfined-"))
        self._sandboxes: dict[str, _Sandbox] = {}

    async def probe(self) -> Capabilities:
        try:
            agent_path()
        except EngineUnavailableError as error:
            return Capabilities(usable=False, reason=error.message, isolation="nothing")
        return Capabilities(
            usable=True,
            isolation="nothing",
            limits={
                name: Enforcement(enforced=True, by="agent")
                if name in _ENFORCED_BY_AGENT
                else Enforcement(enforced=False, by="nothing", advice="Use the linux engine.")
                for name in LIMIT_NAMES
            },
        )

    async def create(self, spec: SandboxSpec) -> Sandbox:
        if spec.image is not None or any(mount.source != mount.target for mount in spec.mounts):
            raise EngineError("Without isolation there is neither an image nor a mount.")
        sandbox_id = f"unconfined-{uuid4().hex[:12]}"
        sandbox = _Sandbox(sandbox_id, self._folder / sandbox_id)
        self._sandboxes[sandbox_id] = sandbox
        try:
            await sandbox.start()
        except BaseException:
            await self.destroy(sandbox_id)
            raise
        return sandbox

    async def list_ids(self) -> list[str]:
        return [key for key, sandbox in self._sandboxes.items() if not sandbox.is_destroyed]

    async def destroy(self, sandbox_id: str) -> None:
        sandbox = self._sandboxes.pop(sandbox_id, None)
        if sandbox is not None:
            await sandbox.destroy()

    async def aclose(self) -> None:
        for sandbox_id in list(self._sandboxes):
            await self.destroy(sandbox_id)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


class _SocketStream:
    """One end of a socket pair as an engine's stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, size_max: int) -> bytes:
        try:
            return await self._reader.read(size_max)
        except ConnectionError:
            return b""

    def write(self, data: bytes | memoryview) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


class _Sandbox:
    def __init__(self, sandbox_id: str, folder: Path) -> None:
        self._id = sandbox_id
        self._folder = folder
        self._work = folder / "work"
        self._frozen = folder / "frozen"
        self._stream: _SocketStream | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._ahead: Limits | None = None
        self._watching: asyncio.Task[None] | None = None
        self.is_destroyed = False

    @property
    def id(self) -> str:
        return self._id

    @property
    def stream(self) -> Stream:
        if self._stream is None:
            raise EngineError(f"Sandbox {self._id} is destroyed.")
        return self._stream

    async def start(self) -> None:
        self._work.mkdir(parents=True)
        await self._start_agent()

    async def prepare(
        self, limits: Limits, *, network: bool = False, ahead: bool = False, light: bool = False
    ) -> None:
        """Limits travel with each command; the network cannot be cut, so any wish is met."""
        del network, light
        self._ahead = limits if ahead else None

    async def begin(self, limits: Limits) -> None:
        if self._ahead is None or self._ahead.disk_bytes != limits.disk_bytes:
            raise EngineError("The sandbox does not wait for such a request.")
        self._ahead = None

    def watch(self, ended: Callable[[], None] | None) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._watching = None if ended is None else asyncio.create_task(self._tell(ended))

    async def begin_step(self, limits: Limits) -> None:
        del limits
        await self._end_agent()
        if not await asyncio.to_thread(self._frozen.exists):
            await asyncio.to_thread(self._work.rename, self._frozen)
        else:
            await asyncio.to_thread(shutil.rmtree, self._work)
        await asyncio.to_thread(shutil.copytree, self._frozen, self._work, symlinks=True)
        await self._start_agent()

    async def usage(self) -> Usage:
        """Nothing measures from outside; see the usage in Exited."""
        return Usage()

    async def destroy(self) -> None:
        if self.is_destroyed:
            return
        self.is_destroyed = True
        await self._end_agent()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _start_agent(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    str(agent_path()),
                    "serve",
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    cwd=self._work,
                    env={},
                    start_new_session=True,
                )
            self._stream = _SocketStream(*await asyncio.open_connection(sock=ours))
        except BaseException:
            # A cancelled start has no stream yet that destroy() could close.
            ours.close()
            raise

    async def _tell(self, ended: Callable[[], None]) -> None:
        if self._process is not None:
            await self._process.wait()
        self._watching = None
        ended()

    async def _end_agent(self) -> None:
        self.watch(None)
        if self._stream is not None:
            await self._stream.aclose()
            self._stream = None
        if self._process is None:
            return
        try:
            await asyncio.wait_for(self._process.wait(), _EXIT_SECONDS_MAX)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._process = None
