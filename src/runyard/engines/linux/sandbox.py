"""One execution's place: a job in a slot that nobody else uses meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from runyard.domain.errors import EngineError
from runyard.domain.limits import Limits, Usage
from runyard.engines.linux import spec
from runyard.engines.linux.launcher import HostFacts
from runyard.engines.linux.options import LinuxOptions
from runyard.engines.linux.slot import Slot
from runyard.engines.linux.spec import OrderFlag
from runyard.engines.linux.stream import SocketStream


class GiveBack(Protocol):
    async def __call__(self, sandbox: LinuxSandbox, slot: Slot, *, is_clean: bool) -> None: ...


class LinuxSandbox:
    """`give_back` gets the slot in the end, and whether it can be used again."""

    def __init__(
        self,
        slot: Slot,
        *,
        sandbox_id: str,
        options: LinuxOptions,
        facts: HostFacts,
        give_back: GiveBack,
    ) -> None:
        self._slot = slot
        self._id = sandbox_id
        self._options = options
        self._facts = facts
        self._give_back = give_back
        self._sequence = 0
        # What a job that waits for its request was started with.
        self._ahead: Limits | None = None
        self._end: asyncio.Task[None] | None = None
        self._stream = self._new_stream()

    @property
    def id(self) -> str:
        return self._id

    @property
    def stream(self) -> SocketStream:
        return self._stream

    async def prepare(
        self, limits: Limits, *, network: bool = False, ahead: bool = False, light: bool = False
    ) -> None:
        if network:
            raise EngineError("Sandboxes on this machine have no network.")
        if self._sequence:
            raise EngineError("The sandbox is prepared already.")
        self._start(limits, OrderFlag.AHEAD if ahead else OrderFlag.NONE, is_light=light)
        self._ahead = limits if ahead else None

    async def begin(self, limits: Limits) -> None:
        self._check(limits)
        if self._ahead is None:
            raise EngineError("The sandbox does not wait for a request.")
        if self._ahead.disk_bytes != limits.disk_bytes:
            raise EngineError("The disk of a sandbox that is prepared cannot be changed.")
        if not self._facts.has_processes and self._ahead.processes != limits.processes:
            raise EngineError("Without a control group its processes are bounded from the start.")
        self._slot.begin(limits, self._options)
        self._ahead = None

    async def begin_step(self, limits: Limits) -> None:
        if not self._sequence:
            raise EngineError("The sandbox is not prepared.")
        self._ahead = None
        self._stream.close()
        self._stream = self._new_stream()
        self._start(limits, OrderFlag.NEXT_STEP)

    async def probe_walls(self, limits: Limits) -> None:
        """Start a job that tries its walls and writes what it found, in place of an agent."""
        self._start(limits, OrderFlag.PROBE)

    def watch(self, ended: Callable[[], None] | None) -> None:
        self._stream.watch(ended)

    async def usage(self) -> Usage:
        if self._end is not None:
            raise EngineError("The sandbox is destroyed.")
        if not self._sequence:
            return Usage()
        report = await self._slot.measure()
        return report.usage

    async def destroy(self) -> None:
        if self._end is None:
            self._end = asyncio.create_task(self._destroy())
        await asyncio.shield(self._end)

    def _start(self, limits: Limits, flags: OrderFlag, *, is_light: bool = False) -> None:
        self._check(limits)
        self._sequence = self._slot.start(
            limits,
            self._options,
            flags=flags,
            is_light=is_light,
            job_end=self._stream.job_end,
            on_failed=self._stream.close,
        )
        self._stream.drop_job_end()

    def _check(self, limits: Limits) -> None:
        if self._end is not None:
            raise EngineError("The sandbox is destroyed.")
        spec.check_limits(limits, self._options)

    def _new_stream(self) -> SocketStream:
        return SocketStream(self._explain_end)

    async def _explain_end(self) -> None:
        await self._slot.explain_end(self._sequence)

    async def _destroy(self) -> None:
        self._stream.close()
        is_clean = True
        if self._sequence:
            try:
                await self._slot.release()
            except EngineError:
                is_clean = False
        await self._give_back(self, self._slot, is_clean=is_clean)
