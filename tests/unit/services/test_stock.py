"""Sandboxes that stand ready: whom they fit, when they are made, when they go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from runyard.domain.execution import StepKind
from runyard.domain.limits import MIB
from runyard.domain.runtime import Command, Runtime, Start
from runyard.services import shelf as shelves
from runyard.services import stock as stocks
from runyard.services.commands import plain_request, run_command
from runyard.services.shelf import Ready
from runyard.services.stock import Stock, StockOptions
from runyard.telemetry import Metrics
from runyard.testing.unconfined_engine import UnconfinedEngine
from tests.unit.services.rig import BUILT, ENV, PYTHON, SHELL, FaultyEngine, eventually

WAITING = replace(
    SHELL, id="waiting", run=Command(argv=("/bin/sh", "main.sh"), env=ENV, start=Start.WAITING)
)
OPTIONS = StockOptions(count_max=8, bytes_max=1024 * MIB)


class Kept:
    """A stock that is kept filled, and what it did."""

    def __init__(self, engine: FaultyEngine, options: StockOptions) -> None:
        self.engine = engine
        self.metrics = Metrics()
        self.is_busy = False
        self.stock = Stock(
            engine, options=options, metrics=self.metrics, is_busy=lambda: self.is_busy
        )

    def count(self, runtime: Runtime, kind: StepKind = StepKind.RUN) -> int:
        start = self.stock.find_recipe(runtime, kind).start
        return self.number("ready", runtime=runtime.id, step=kind, start=start)

    def number(self, name: str, **labels: str) -> int:
        return int(self.metrics.registry.get_sample_value(f"runyard_pool_{name}", labels) or 0)

    async def turns(self) -> None:
        """Let everybody go on who can; a sandbox takes more turns than that to make."""
        for _ in range(20):
            await asyncio.sleep(0)  # tidy: gives the others a turn.

    async def wait_for(self, count: int, runtime: Runtime) -> None:
        await eventually(lambda: self.count(runtime) == count)

    def take(self, runtime: Runtime, **changes: Any) -> Ready | None:
        limits = replace(runtime.run_limits, **changes)
        command = run_command(plain_request(runtime), runtime.run, limits)
        return self.stock.take(runtime, StepKind.RUN, limits, command)

    async def use(self, runtime: Runtime, **changes: Any) -> str | None:
        """Return the id of the sandbox that was there, if one was, and why not otherwise."""
        ready = self.take(runtime, **changes)
        if ready is None:
            return None
        await self.stock.destroy(ready.sandbox)
        return ready.sandbox.id


@asynccontextmanager
async def keeping(options: StockOptions = OPTIONS) -> AsyncIterator[Kept]:
    engine = FaultyEngine(UnconfinedEngine())
    kept = Kept(engine, options)
    filling = asyncio.create_task(kept.stock.keep_filled())
    try:
        yield kept
    finally:
        filling.cancel()
        await asyncio.wait({filling})
        assert engine.count() == 0, "something was left behind"
        await engine.aclose()


class TestHits:
    async def test_first_request_finds_nothing_and_the_next_ones_are_expected(self) -> None:
        async with keeping() as kept:
            assert await kept.use(PYTHON) is None
            assert kept.number("misses_total", runtime="python", step="run", reason="empty") == 1

            used = set()
            for _ in range(3):
                await kept.wait_for(1, PYTHON)
                used.add(await kept.use(PYTHON))

            assert None not in used
            assert len(used) == 3, "each serves once"
            labels = {"runtime": "python", "step": "run", "start": "cold"}
            assert kept.number("hits_total", **labels) == 3
            assert kept.number("start_seconds_count", **labels) >= 3
            assert kept.number("age_seconds_count") == 3

    async def test_what_is_expected_is_there_before_anybody_asks(self) -> None:
        async with keeping() as kept:
            kept.stock.expect(PYTHON)
            kept.stock.expect(BUILT)
            await kept.wait_for(1, PYTHON)
            await eventually(lambda: kept.count(BUILT, StepKind.COMPILE) == 1)

            assert await kept.use(PYTHON) is not None

    async def test_empty_pool_keeps_nothing_and_notes_nothing(self) -> None:
        async with keeping(StockOptions()) as kept:
            assert await kept.use(PYTHON) is None

            assert kept.engine.created == 0
            assert kept.number("misses_total", runtime="python", step="run", reason="empty") == 0

    async def test_floor_stands_ready_of_what_costs_next_to_nothing(self) -> None:
        async with keeping(replace(OPTIONS, floor=3)) as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(3, PYTHON)

    async def test_floor_is_one_of_what_costs_a_start(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shelves, "_SLOW_SECONDS", 0.0)
        async with keeping(replace(OPTIONS, floor=3)) as kept:
            kept.stock.expect(WAITING)
            kept.stock.expect(PYTHON)
            await kept.wait_for(1, WAITING)
            await kept.wait_for(3, PYTHON)

            assert kept.count(WAITING) == 1

    async def test_program_that_starts_at_once_is_kept_like_an_empty_sandbox(self) -> None:
        async with keeping(replace(OPTIONS, floor=3)) as kept:
            kept.stock.expect(WAITING)
            await kept.wait_for(1, WAITING)
            kept.stock._shelves["waiting", StepKind.RUN].start_seconds = 0.001
            kept.stock.look_again()

            await kept.wait_for(3, WAITING)

    async def test_other_disk_is_a_miss_and_other_limits_are_none(self) -> None:
        async with keeping() as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(1, PYTHON)

            assert await kept.use(PYTHON, disk_bytes=MIB) is None
            assert kept.number("misses_total", runtime="python", step="run", reason="disk") == 1
            assert await kept.use(PYTHON, memory_bytes=16 * MIB, wall_seconds=1.0) is not None

    async def test_two_kinds_are_kept_apart(self) -> None:
        async with keeping() as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(1, PYTHON)

            assert await kept.use(SHELL) is None


class TestPrograms:
    async def test_program_that_waits_fits_only_its_own_command(self) -> None:
        async with keeping() as kept:
            kept.stock.expect(WAITING)
            await kept.wait_for(1, WAITING)
            other = run_command(
                replace(plain_request(WAITING), args=("x",)), WAITING.run, WAITING.run_limits
            )

            limits = WAITING.run_limits
            assert kept.stock.take(WAITING, StepKind.RUN, limits, other) is None
            assert kept.stock.take(WAITING, StepKind.RUN, limits, None) is None
            assert await kept.use(WAITING, memory_bytes=MIB) is None
            for reason, count in (("command", 2), ("memory", 1)):
                labels = {"runtime": "waiting", "step": "run", "reason": reason}
                assert kept.number("misses_total", **labels) == count
            assert await kept.use(WAITING, memory_bytes=2048 * MIB) is not None

    @pytest.mark.parametrize(
        "change", [{"merge_stderr": True}, {"env": {"A": "b"}}, {"entry": "other.sh"}]
    )
    async def test_program_that_waits_does_not_fit_an_unusual_request(
        self, change: dict[str, Any]
    ) -> None:
        # The entry is not part of this command, but it is of the next.
        runtime = replace(WAITING, run=replace(WAITING.run, argv=("/bin/sh", "{entry}")))
        async with keeping() as kept:
            kept.stock.expect(runtime)
            await kept.wait_for(1, runtime)
            request = replace(plain_request(runtime), **change)
            command = run_command(request, runtime.run, runtime.run_limits)

            taken = kept.stock.take(runtime, StepKind.RUN, runtime.run_limits, command)

            assert taken is None

    async def test_nothing_is_made_while_every_processor_is_busy(self) -> None:
        async with keeping() as kept:
            kept.stock.expect(PYTHON)
            kept.stock.expect(WAITING)
            await kept.wait_for(1, PYTHON)
            await kept.wait_for(1, WAITING)

            kept.is_busy = True
            assert await kept.use(PYTHON) is not None
            assert await kept.use(PYTHON) is None, "and the answer comes at once"
            kept.stock.look_again()
            await kept.turns()
            assert (kept.count(PYTHON), kept.engine.created) == (0, 2)
            kept.is_busy = False
            kept.stock.look_again()

            await kept.wait_for(1, PYTHON)

    async def test_executions_that_only_seem_to_be_busy_do_not_empty_the_pool(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stocks, "_REST_SECONDS", 0.05)
        monkeypatch.setattr(stocks, "_LOOK_AGAIN_SECONDS", 0.02)
        async with keeping() as kept:
            kept.is_busy = True
            for _ in range(3):
                kept.stock.expect(PYTHON)
                await kept.wait_for(1, PYTHON)
                assert await kept.use(PYTHON) is not None

    async def test_program_that_ends_instead_of_waiting_leaves_an_empty_sandbox(self) -> None:
        brief = replace(
            WAITING, run=replace(WAITING.run, argv=("/bin/echo", "main.sh")), id="brief"
        )
        async with keeping() as kept:
            kept.stock.expect(brief)
            await kept.wait_for(1, brief)

            ready = kept.take(brief)

            assert ready is not None
            assert ready.program is None
            await kept.stock.destroy(ready.sandbox)


class TestRoom:
    async def test_count_is_a_bound_and_each_kind_has_one_first(self) -> None:
        async with keeping(replace(OPTIONS, count_max=3, floor=3)) as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(3, PYTHON)

            kept.stock.expect(SHELL)

            await eventually(lambda: (kept.count(PYTHON), kept.count(SHELL)) == (1, 2))
            assert kept.number("dropped_total", reason="room") == 2
            await eventually(lambda: kept.engine.count() == 3)

    async def test_memory_is_a_bound(self) -> None:
        size = shelves._BYTES[Start.COLD]
        async with keeping(replace(OPTIONS, bytes_max=2 * size, floor=5)) as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(2, PYTHON)
            kept.stock.expect(SHELL)
            await eventually(lambda: (kept.count(PYTHON), kept.count(SHELL)) == (1, 1))

            assert kept.number("memory_bytes") == 2 * size

    async def test_what_nobody_asks_for_goes_and_what_is_expected_stays(self) -> None:
        async with keeping(replace(OPTIONS, floor=2)) as kept:
            kept.stock.expect(PYTHON)
            await kept.use(SHELL)
            await kept.wait_for(2, PYTHON)
            await kept.wait_for(2, SHELL)

            kept.stock._options = replace(OPTIONS, floor=2, idle_seconds=0.0)
            kept.stock.look_again()

            await kept.wait_for(0, SHELL)
            assert kept.number("dropped_total", reason="idle") == 2
            assert kept.count(PYTHON) >= 1

    async def test_sandbox_of_a_toolchain_that_was_replaced_goes(self) -> None:
        newer = replace(PYTHON, run=replace(PYTHON.run, env={**ENV, "NEW": "1"}))
        async with keeping() as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(1, PYTHON)

            assert await kept.use(newer) is None

            assert kept.number("dropped_total", reason="replaced") == 1
            await kept.wait_for(1, newer)
            assert await kept.use(newer) is not None

    async def test_sandbox_of_the_same_runtime_under_a_new_name_stays(self) -> None:
        async with keeping() as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(1, PYTHON)

            assert await kept.use(replace(PYTHON, version="3.99")) is not None


class TestFaults:
    @pytest.fixture(autouse=True)
    def _hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shelves, "_REST_SECONDS", 0.01)
        monkeypatch.setattr("runyard.services.stock._LOOK_AGAIN_SECONDS", 0.02)

    async def test_dead_sandbox_is_never_handed_out_and_is_replaced(self) -> None:
        async with keeping() as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(1, PYTHON)

            kept.engine.faults.cut.set()
            await eventually(lambda: kept.number("dropped_total", reason="dead") == 1)
            kept.engine.faults.cut.clear()

            await kept.wait_for(1, PYTHON)
            assert await kept.use(PYTHON) is not None

    async def test_sandbox_that_was_taken_is_not_watched_any_more(self) -> None:
        async with keeping() as kept:
            kept.stock.expect(PYTHON)
            await kept.wait_for(1, PYTHON)
            taken = kept.take(PYTHON)
            await kept.wait_for(1, PYTHON)

            kept.engine.faults.cut.set()
            await eventually(lambda: kept.number("dropped_total", reason="dead") == 1)
            kept.engine.faults.cut.clear()

            assert taken is not None
            await kept.wait_for(1, PYTHON)
            assert kept.number("dropped_total", reason="dead") == 1
            await kept.stock.destroy(taken.sandbox)

    async def test_platform_that_fails_is_tried_again_later(self) -> None:
        async with keeping() as kept:
            kept.engine.faults.failing_creates = 3
            kept.stock.expect(PYTHON)

            await kept.wait_for(1, PYTHON)
            assert kept.engine.created == 4

    async def test_sandbox_that_cannot_be_greeted_leaves_nothing_behind(self) -> None:
        async with keeping() as kept:
            kept.engine.faults.broken_sandboxes = 2
            kept.stock.expect(PYTHON)

            await kept.wait_for(1, PYTHON)
            await eventually(lambda: kept.engine.count() == 1)

    async def test_rest_after_failures_grows_and_is_bounded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 0.0
        monkeypatch.setattr("runyard.services.shelf.time.monotonic", lambda: now)
        kept = Kept(FaultyEngine(UnconfinedEngine()), OPTIONS)
        shelf = shelves.Shelf(kept.stock.find_recipe(PYTHON, StepKind.RUN), now=now)

        lengths = []
        for _ in range(20):
            shelf.rest()
            lengths.append(shelf._rests_until - now)
        shelf.note_use()
        shelf.rest()

        assert lengths[:3] == pytest.approx([0.01, 0.02, 0.04])
        assert max(lengths) == shelves._REST_SECONDS_MAX
        assert shelf._rests_until - now == pytest.approx(0.01)
        await kept.engine.aclose()
