"""Keeps sandboxes ready before anybody asks for them, and hands them out.

Theory of operation. There is a shelf for each runtime and kind of step that a sandbox begins with.
Every request notes its demand there and takes what stands ready if that is exactly what it needs;
it never waits for one that is being made. Behind the requests two lanes make what is missing, each
one sandbox at a time: one for sandboxes that are ready at once, and one for those in which a
program is started that takes its time. Both rest while as many executions run as there are
processors: what is made then takes time from them, and whoever finds nothing starts the same by
himself with fewer messages. An execution may also sit and wait for a person, so that rest has an
end.

How many to keep of each kind follows from how often it is asked for and how long one takes to
make (`services.demand`), within a count and the memory that was measured. What nobody has asked
for in a while goes, and what there is too much of goes when another kind needs its room. What is
ready belongs to nobody: it has no deadline until it is taken, and what takes long to get there has
the least weight until then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from runyard.agent.channel import Command as AgentCommand
from runyard.domain.errors import EngineError
from runyard.domain.execution import StepKind
from runyard.domain.limits import Limits
from runyard.domain.runtime import Runtime
from runyard.engines.interface import Engine, Sandbox
from runyard.services.demand import Wish, share
from runyard.services.shelf import Kind, Ready, Recipe, Shelf, find_recipe
from runyard.telemetry import Metrics

# Most executions are over by then, and leave a slot that is warm.
_BEHIND_SECONDS = 0.05
_LOOK_AGAIN_SECONDS = 5.0
# Executions that run for so long do not all need their processor.
_REST_SECONDS = 2.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockOptions:
    """`count_max` 0 keeps nothing ready. `floor` are kept of each kind in use that costs next to
    nothing, one of each other. What was not asked for in `idle_seconds` is not in use.
    """

    count_max: int = 0
    bytes_max: int = 0
    floor: int = 1
    idle_seconds: float = 300.0
    has_images: bool = False
    forked_starts: bool = True


class Stock:
    """`is_busy` says whether every processor has an execution already."""

    def __init__(
        self,
        engine: Engine,
        *,
        options: StockOptions,
        metrics: Metrics,
        is_busy: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._options = options
        self._metrics = metrics
        self._is_busy = is_busy
        self._shelves: dict[Kind, Shelf] = {}
        self._standing: set[Kind] = set()
        # One for each lane, the slow one second.
        self._changed = (asyncio.Event(), asyncio.Event())
        self._made_at = [0.0, 0.0]
        self._being_made = 0
        self._is_paused = False
        self._shown: dict[Kind, int] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def find_recipe(self, runtime: Runtime, kind: StepKind) -> Recipe:
        shelf, options = self._shelves.get((runtime.id, kind)), self._options
        if shelf is not None and shelf.recipe.runtime is runtime:
            return shelf.recipe
        return find_recipe(
            runtime, kind, has_images=options.has_images, forked_starts=options.forked_starts
        )

    def expect(self, runtime: Runtime) -> None:
        """Keep one for this runtime's first step ready from now on, asked for or not."""
        kind = StepKind.RUN if runtime.compile is None else StepKind.COMPILE
        self._standing.add((runtime.id, kind))
        self._shelf(runtime, kind)
        self.look_again()

    def take(
        self, runtime: Runtime, kind: StepKind, limits: Limits, command: AgentCommand | None
    ) -> Ready | None:
        """Return a sandbox that fits, if one stands ready; it is the caller's to destroy. It may
        have ended just now.
        """
        if not self._options.count_max:
            return None
        shelf, now = self._shelf(runtime, kind), time.monotonic()
        shelf.demand.note(now)
        self._look_soon()
        reason = "empty"
        for ready in shelf.ready:
            why_not = ready.why_not(limits, command)
            if why_not is None:
                self._remove(shelf, ready)
                shelf.note_use()
                self._metrics.pool.hits.labels(*_labels(shelf)).inc()
                self._metrics.pool.age_seconds.observe(now - ready.since)
                return ready
            reason = why_not
        self._metrics.pool.misses.labels(runtime.id, kind, reason).inc()
        return None

    def look_again(self) -> None:
        """Something ended: there may be room for more."""
        for changed in self._changed:
            changed.set()

    @property
    def ready_count(self) -> int:
        return sum(len(shelf.ready) for shelf in self._shelves.values())

    async def pause(self) -> None:
        """Destroy what stands ready, and keep nothing ready until `resume`."""
        self._is_paused = True
        for shelf in self._shelves.values():
            for ready in tuple(shelf.ready):
                self._drop(shelf, ready, reason="disabled")
        while self._ending:
            await asyncio.wait(self._ending)

    def resume(self) -> None:
        self._is_paused = False
        self.look_again()

    async def keep_filled(self) -> None:
        """Make what is missing until cancelled; then destroy what stands ready."""
        if not self._options.count_max:
            return
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._fill(is_slow=False))
                lanes.create_task(self._fill(is_slow=True))
        finally:
            await self.drain()

    async def drain(self) -> None:
        """Destroy what stands ready and wait until all that was discarded is gone."""
        for shelf in self._shelves.values():
            for ready in tuple(shelf.ready):
                self._drop(shelf, ready, reason="closing")
        while self._ending:
            await asyncio.wait(self._ending)

    async def destroy(self, sandbox: Sandbox) -> None:
        """Destroy a sandbox, whatever its platform says to that."""
        try:
            await sandbox.destroy()
        except Exception:  # noqa: BLE001
            # The reaper finds it at the next start.
            _log.exception("sandbox_not_destroyed", sandbox=sandbox.id)
            self._metrics.unhandled_errors.labels(where="pool").inc()

    def _look_soon(self) -> None:
        if self._alarm is None:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(_BEHIND_SECONDS, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.look_again()

    def _discard(self, sandbox: Sandbox) -> None:
        """Destroy a sandbox behind the caller's back."""
        task = asyncio.create_task(self.destroy(sandbox))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _shelf(self, runtime: Runtime, kind: StepKind) -> Shelf:
        shelf = self._shelves.get((runtime.id, kind))
        if shelf is not None and shelf.recipe.runtime is runtime:
            return shelf
        recipe = self.find_recipe(runtime, kind)
        if shelf is not None and shelf.recipe.makes_the_same_as(recipe):
            shelf.recipe = recipe
            return shelf
        if shelf is not None:
            # Another toolchain provides the runtime now.
            for ready in tuple(shelf.ready):
                self._drop(shelf, ready, reason="replaced")
        shelf = Shelf(recipe, now=time.monotonic())
        self._shelves[runtime.id, kind] = shelf
        return shelf

    async def _fill(self, *, is_slow: bool) -> None:
        """Make one sandbox after the other, as long as any is missing."""
        changed = self._changed[is_slow]
        while True:
            changed.clear()
            targets = self._find_targets()
            self._show_targets(targets)
            shelf = self._find_missing(targets, is_slow=is_slow)
            if shelf is not None and self._make_room(shelf, targets):
                await self._make(shelf)
                self._made_at[is_slow] = time.monotonic()
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                        await changed.wait()

    async def _make(self, shelf: Shelf) -> None:
        kind = (shelf.recipe.runtime.id, shelf.recipe.kind)
        started = time.perf_counter()
        self._being_made += 1
        try:
            ready = await shelf.make(self._engine)
        except Exception as error:  # noqa: BLE001
            shelf.rest()
            _log.warning("sandbox_not_prepared", runtime=kind[0], reason=str(error))
            if not isinstance(error, EngineError):
                _log.exception("preparing_failed")
                self._metrics.unhandled_errors.labels(where="pool").inc()
            return
        finally:
            self._being_made -= 1
        seconds = time.perf_counter() - started
        shelf.learn(seconds)
        self._metrics.pool.start_seconds.labels(*_labels(shelf)).observe(seconds)
        if self._shelves.get(kind) is not shelf or self._is_paused:
            self._discard(ready.sandbox)
            return
        shelf.ready.append(ready)
        ready.sandbox.watch(partial(self._note_dead, shelf, ready))
        self._show(shelf)

    def _find_targets(self) -> dict[Kind, int]:
        """Return how many of each kind to keep, and give up what nobody asks for any more."""
        now, options = time.monotonic(), self._options
        wishes: list[Wish[Kind]] = []
        for kind, shelf in self._shelves.items():
            is_idle = now - shelf.demand.last > options.idle_seconds
            if is_idle and kind not in self._standing:
                self._give_up(shelf)
                continue
            wishes.append(
                Wish(
                    key=kind,
                    floor=1 if is_idle or shelf.is_slow else options.floor,
                    rate=shelf.demand.rate(now),
                    start_seconds=shelf.start_seconds,
                    sandbox_bytes=shelf.sandbox_bytes,
                    last=shelf.demand.last,
                )
            )
        return share(wishes, count_max=options.count_max, bytes_max=options.bytes_max)

    def _find_missing(self, targets: dict[Kind, int], *, is_slow: bool) -> Shelf | None:
        """Return the shelf to fill next: an empty one first, then the most recently asked for."""
        now = time.monotonic()
        if self._is_paused or (self._is_busy() and now - self._made_at[is_slow] < _REST_SECONDS):
            return None
        missing = [
            shelf
            for kind, shelf in self._shelves.items()
            if shelf.is_slow is is_slow
            and len(shelf.ready) < targets.get(kind, 0)
            and not shelf.is_resting(now)
        ]
        return min(missing, key=lambda each: (len(each.ready) > 0, -each.demand.last), default=None)

    def _make_room(self, wanting: Shelf, targets: dict[Kind, int]) -> bool:
        """Drop what there is too much of until one more fits; false if that is not enough."""
        options = self._options
        while True:
            shelves = self._shelves.values()
            count = self._being_made + sum(len(each.ready) for each in shelves)
            held = sum(len(each.ready) * each.sandbox_bytes for each in shelves)
            if count < options.count_max and held + wanting.sandbox_bytes <= options.bytes_max:
                return True
            surplus = [
                shelf
                for kind, shelf in self._shelves.items()
                if len(shelf.ready) > targets.get(kind, 0)
            ]
            if not surplus:
                return False
            victim = min(surplus, key=lambda each: each.demand.last)
            self._drop(victim, victim.ready[0], reason="room")

    def _give_up(self, shelf: Shelf) -> None:
        for ready in tuple(shelf.ready):
            self._drop(shelf, ready, reason="idle")

    def _note_dead(self, shelf: Shelf, ready: Ready) -> None:
        """A sandbox ended, which it should not."""
        _log.warning("sandbox_died_waiting", runtime=shelf.recipe.runtime.id)
        shelf.rest()
        self._drop(shelf, ready, reason="dead")
        self.look_again()

    def _remove(self, shelf: Shelf, ready: Ready) -> None:
        """Take a sandbox off its shelf."""
        ready.sandbox.watch(None)
        shelf.ready.remove(ready)
        self._show(shelf)

    def _drop(self, shelf: Shelf, ready: Ready, *, reason: str) -> None:
        self._remove(shelf, ready)
        self._discard(ready.sandbox)
        self._metrics.pool.dropped.labels(reason=reason).inc()

    def _show(self, shelf: Shelf) -> None:
        self._metrics.pool.ready.labels(*_labels(shelf)).set(len(shelf.ready))
        held = sum(len(each.ready) * each.sandbox_bytes for each in self._shelves.values())
        self._metrics.pool.memory_bytes.set(held)

    def _show_targets(self, targets: dict[Kind, int]) -> None:
        if targets != self._shown:
            self._shown = targets
            for kind, shelf in self._shelves.items():
                self._metrics.pool.wanted.labels(*_labels(shelf)).set(targets.get(kind, 0))


def _labels(shelf: Shelf) -> tuple[str, str, str]:
    return shelf.recipe.runtime.id, shelf.recipe.kind, shelf.recipe.start
