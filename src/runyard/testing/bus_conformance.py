"""What every bus must do.

A bus's author writes a fixture `bus` and `class TestMyBus(BusConformance)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable

import pytest

from runyard.bus.interface import Bus
from runyard.domain.errors import BusyError
from runyard.domain.events import Event, EventKind
from runyard.domain.identifiers import new_identifier

DEADLINE_SECONDS = 10.0


async def collect(events: AsyncIterator[Event]) -> list[Event]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return [event async for event in events]


async def _await(finished: Awaitable[None]) -> None:
    await finished


class BusConformance:
    @pytest.fixture
    def execution_id(self) -> str:
        return new_identifier()

    async def test_who_watches_is_known(self, bus: Bus, execution_id: str) -> None:
        bus.publish(execution_id, EventKind.STATE, {"state": "running"})
        watching = bus.follow(execution_id)

        await anext(watching)

        assert bus.is_watched(execution_id)

    async def test_follow_after_publishing_yields_everything_in_order(
        self, bus: Bus, execution_id: str
    ) -> None:
        bus.publish(execution_id, EventKind.STATE, {"state": "queued"})
        bus.publish(execution_id, EventKind.OUTPUT, {"text": "a"})
        bus.publish(execution_id, EventKind.FINISHED, {"outcome": "succeeded"})

        events = await collect(bus.follow(execution_id))

        assert events == [
            Event(1, EventKind.STATE, {"state": "queued"}),
            Event(2, EventKind.OUTPUT, {"text": "a"}),
            Event(3, EventKind.FINISHED, {"outcome": "succeeded"}),
        ]

    async def test_follow_before_publishing_waits_and_misses_nothing(
        self, bus: Bus, execution_id: str
    ) -> None:
        following = asyncio.create_task(collect(bus.follow(execution_id)))
        await asyncio.sleep(0)

        bus.publish(execution_id, EventKind.OUTPUT, {"text": "a"})
        await asyncio.sleep(0)
        bus.publish(execution_id, EventKind.FINISHED, {})

        assert [event.sequence for event in await following] == [1, 2]

    async def test_follow_that_was_only_asked_for_misses_nothing(
        self, bus: Bus, execution_id: str
    ) -> None:
        """What happens between `follow` and the first read is seen, also after a close."""
        events = bus.follow(execution_id)

        bus.publish(execution_id, EventKind.FINISHED, {})
        bus.close(execution_id)

        assert [event.kind for event in await collect(events)] == [EventKind.FINISHED]

    async def test_the_end_that_was_asked_for_is_not_missed(
        self, bus: Bus, execution_id: str
    ) -> None:
        finished = bus.finished(execution_id)

        bus.publish(execution_id, EventKind.STATE, {"state": "running"})
        waiting = asyncio.create_task(_await(finished))
        await asyncio.sleep(0)
        assert not waiting.done()
        bus.publish(execution_id, EventKind.FINISHED, {})
        bus.close(execution_id)

        async with asyncio.timeout(DEADLINE_SECONDS):
            await waiting

    async def test_follow_after_a_sequence_yields_only_later_events(
        self, bus: Bus, execution_id: str
    ) -> None:
        for text in "abc":
            bus.publish(execution_id, EventKind.OUTPUT, {"text": text})
        bus.publish(execution_id, EventKind.FINISHED, {})

        events = await collect(bus.follow(execution_id, after=2))

        assert [event.sequence for event in events] == [3, 4]

    async def test_several_followers_see_the_same(self, bus: Bus, execution_id: str) -> None:
        following = [asyncio.create_task(collect(bus.follow(execution_id))) for _ in range(3)]
        await asyncio.sleep(0)

        bus.publish(execution_id, EventKind.OUTPUT, {"text": "a"})
        bus.publish(execution_id, EventKind.FINISHED, {})

        first, *others = [await each for each in following]
        assert len(first) == 2
        assert all(each == first for each in others)

    async def test_executions_do_not_mix(self, bus: Bus) -> None:
        one, other = new_identifier(), new_identifier()
        bus.publish(one, EventKind.OUTPUT, {"text": "one"})
        bus.publish(other, EventKind.FINISHED, {"text": "other"})
        bus.publish(one, EventKind.FINISHED, {})

        assert [event.data.get("text") for event in await collect(bus.follow(one))] == [
            "one",
            None,
        ]

    async def test_history_is_what_was_published(self, bus: Bus, execution_id: str) -> None:
        assert await bus.history(execution_id) == []

        bus.publish(execution_id, EventKind.STATE, {"state": "queued"})

        assert await bus.history(execution_id) == [Event(1, EventKind.STATE, {"state": "queued"})]

    async def test_skip_to_leaves_a_gap_and_never_goes_back(
        self, bus: Bus, execution_id: str
    ) -> None:
        bus.publish(execution_id, EventKind.STATE, {})
        bus.skip_to(execution_id, 100)
        bus.publish(execution_id, EventKind.STATE, {})
        bus.skip_to(execution_id, 50)
        bus.publish(execution_id, EventKind.FINISHED, {})

        assert [event.sequence for event in await bus.history(execution_id)] == [1, 101, 102]

    async def test_output_without_bound_drops_the_oldest_output_only(
        self, bus: Bus, execution_id: str
    ) -> None:
        bus.publish(execution_id, EventKind.STATE, {})
        for _ in range(100):
            bus.publish(execution_id, EventKind.OUTPUT, {"text": "x" * 65536})
        bus.publish(execution_id, EventKind.FINISHED, {})

        events = await collect(bus.follow(execution_id))

        sequences = [event.sequence for event in events]
        assert sequences[0] == 1
        assert sequences[-1] == 102
        assert 2 not in sequences
        assert 101 in sequences
        assert sequences == sorted(sequences)

    async def test_controls_come_in_order_and_early_ones_are_kept(
        self, bus: Bus, execution_id: str
    ) -> None:
        bus.send_control(execution_id, {"kind": "eof"})
        controls = bus.controls(execution_id)
        bus.send_control(execution_id, {"kind": "signal", "number": 2})

        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await anext(controls) == {"kind": "eof"}
            assert await anext(controls) == {"kind": "signal", "number": 2}

    async def test_controls_that_nobody_reads_are_bounded_but_cancel_passes(
        self, bus: Bus, execution_id: str
    ) -> None:
        with pytest.raises(BusyError):
            for _ in range(1000):
                bus.send_control(execution_id, {"kind": "stdin", "data": "x" * 65536})

        bus.send_control(execution_id, {"kind": "cancel"})

    async def test_wake_ends_the_wait_for_work(self, bus: Bus) -> None:
        waiting = asyncio.create_task(bus.wait_for_work(3600))
        await asyncio.sleep(0)

        bus.wake()

        async with asyncio.timeout(DEADLINE_SECONDS):
            await waiting

    async def test_wake_before_the_wait_is_not_lost(self, bus: Bus) -> None:
        bus.wake()

        async with asyncio.timeout(DEADLINE_SECONDS):
            await bus.wait_for_work(3600)

    async def test_wait_for_work_without_a_wake_ends_by_itself(self, bus: Bus) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await bus.wait_for_work(0.01)
