"""Hands out sandboxes: no more executions at a time than this machine has room for, a sandbox that
stands ready if one fits, and a fresh one at once if none does. Each serves one execution.

An execution is over when nothing of it runs any more. Its result is then stored and its sandboxes
are cleared, which leaves processors idle; another one has its place meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from runyard.agent.channel import Channel
from runyard.agent.channel import Command as AgentCommand
from runyard.domain.errors import EngineError
from runyard.domain.execution import StepKind
from runyard.domain.limits import Limits
from runyard.domain.runtime import Runtime
from runyard.engines.interface import Engine, Sandbox
from runyard.services.stock import Stock, StockOptions
from runyard.telemetry import Metrics


@dataclass(eq=False, slots=True)
class Place:
    """A sandbox and the channel to the agent of its present step. `is_proven` once its failure is
    no longer that of a sandbox which stood too long: it is fresh, or it has answered.
    """

    sandbox: Sandbox
    channel: Channel
    is_proven: bool

    async def begin_step(self, limits: Limits) -> None:
        await self.sandbox.begin_step(limits)
        self.channel = Channel(self.sandbox.stream)
        self.is_proven = True


# One that is over is cleared while the next one runs. More would gather where clearing is slow.
_CLEARING_COUNT_MAX = 1


class Pool:
    """`size` executions at a time; `processors` of them keep the machine busy."""

    def __init__(
        self,
        engine: Engine,
        *,
        size: int,
        metrics: Metrics,
        stock: StockOptions | None = None,
        processors: int = 1,
    ) -> None:
        self._engine = engine
        self._metrics = metrics
        self._existing = asyncio.Semaphore(size + _CLEARING_COUNT_MAX)
        self._room = asyncio.Semaphore(size)
        self._running = 0
        self._leaving: set[asyncio.Task[None]] = set()
        self.stock = Stock(
            engine,
            options=stock or StockOptions(),
            metrics=metrics,
            is_busy=lambda: self._running >= processors,
        )

    @asynccontextmanager
    async def open(self, *, uses_stock: bool = True) -> AsyncIterator[Sandboxes]:
        """Yield the sandboxes of one execution once there is room for it. They are destroyed
        behind the caller's back.
        """
        await self._acquire()
        sandboxes = Sandboxes(
            self._engine,
            self.stock,
            self._metrics,
            uses_stock=uses_stock,
            make_room=self._make_room,
        )
        try:
            yield sandboxes
        finally:
            sandboxes.note_over()
            task = asyncio.create_task(self._clear(sandboxes))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def aclose(self) -> None:
        """Wait until all that was given back or stood ready is destroyed."""
        while self._leaving:
            await asyncio.wait(self._leaving)
        await self.stock.drain()

    async def _acquire(self) -> None:
        await self._existing.acquire()
        try:
            await self._room.acquire()
        except BaseException:
            self._existing.release()
            raise
        self._running += 1

    def _make_room(self) -> None:
        self._running -= 1
        self._room.release()

    async def _clear(self, sandboxes: Sandboxes) -> None:
        await sandboxes.aclose()
        self._existing.release()
        self.stock.look_again()


class Sandboxes:
    """Those of one execution. `uses_stock` False: what stands ready is for others. `make_room` is
    called once, when the execution is over.
    """

    def __init__(
        self,
        engine: Engine,
        stock: Stock,
        metrics: Metrics,
        *,
        uses_stock: bool,
        make_room: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._stock = stock
        self._metrics = metrics
        self._uses_stock = uses_stock
        self._make_room = make_room
        self._is_over = False
        self._places: set[Place] = set()
        self._ending: set[asyncio.Task[None]] = set()

    async def take(
        self, runtime: Runtime, kind: StepKind, limits: Limits, command: AgentCommand | None
    ) -> Place:
        """Return a sandbox with these limits for a step that begins with `command`, or with
        something else than a program. Raises EngineError if there is none to be had.
        """
        started = time.perf_counter()
        place = await self.take_ready(runtime, kind, limits, command)
        if place is None:
            place = await self.make(runtime, kind, limits)
        self._metrics.sandbox_seconds.observe(time.perf_counter() - started)
        return place

    async def take_ready(
        self, runtime: Runtime, kind: StepKind, limits: Limits, command: AgentCommand | None
    ) -> Place | None:
        """Return one that stands ready and fits, or None at once."""
        if not self._uses_stock:
            return None
        ready = self._stock.take(runtime, kind, limits, command)
        if ready is None:
            return None
        place = Place(ready.sandbox, ready.channel, is_proven=False)
        self._places.add(place)
        try:
            await ready.sandbox.begin(limits)
        except EngineError:
            self.give_back(place)
            return None
        return place

    async def make(self, runtime: Runtime, kind: StepKind, limits: Limits) -> Place:
        """Return a fresh one."""
        sandbox = await self._engine.create(self._stock.find_recipe(runtime, kind).spec)
        place = Place(sandbox, Channel(sandbox.stream), is_proven=True)
        self._places.add(place)
        await sandbox.prepare(limits)
        return place

    def give_back(self, place: Place) -> None:
        """Destroy it behind the caller's back."""
        self._places.discard(place)
        task = asyncio.create_task(self._stock.destroy(place.sandbox))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def note_over(self) -> None:
        """Nothing runs here any more. Idempotent."""
        if not self._is_over:
            self._is_over = True
            self._make_room()

    async def aclose(self) -> None:
        """Give everything back and wait until it is destroyed."""
        while self._places:
            await self._stock.destroy(self._places.pop().sandbox)
        while self._ending:
            await asyncio.wait(self._ending)
