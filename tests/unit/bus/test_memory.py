"""The bus within one process keeps the port's promises, and keeps little."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from runyard.bus.memory import CONTROL_BYTES_MAX, OUTPUT_BYTES_MAX, MemoryBus
from runyard.domain.events import EventKind
from runyard.domain.identifiers import new_identifier
from runyard.testing.bus_conformance import BusConformance


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    bus = MemoryBus()
    yield bus
    await bus.aclose()


class TestMemoryBus(BusConformance):
    async def test_tiny_outputs_are_bounded_too(self, bus: MemoryBus) -> None:
        execution_id = new_identifier()

        for _ in range(20_000):
            bus.publish(execution_id, EventKind.OUTPUT, {"text": "x"})

        assert len(await bus.history(execution_id)) <= OUTPUT_BYTES_MAX // 512

    async def test_closed_executions_leave_nothing_behind(self, bus: MemoryBus) -> None:
        for _ in range(10):
            execution_id = new_identifier()
            bus.publish(execution_id, EventKind.FINISHED, {})
            bus.send_control(execution_id, {"kind": "eof"})
            bus.close(execution_id)

        assert bus._published == {}
        assert len(bus._controls) == 0

    async def test_follower_of_nothing_leaves_nothing_behind(self, bus: MemoryBus) -> None:
        following = asyncio.create_task(anext(bus.follow(new_identifier())))
        await asyncio.sleep(0)
        assert len(bus._awaited) == 1

        following.cancel()
        await asyncio.wait({following})
        del following
        gc.collect()

        assert len(bus._awaited) == 0

    async def test_read_controls_make_room_again(self, bus: MemoryBus) -> None:
        execution_id = new_identifier()
        message = {"kind": "stdin", "data": "x" * (CONTROL_BYTES_MAX // 2)}
        controls = bus.controls(execution_id)

        for _ in range(5):
            bus.send_control(execution_id, message)
            async with asyncio.timeout(5):
                assert await anext(controls) == message


async def test_who_only_waits_for_the_end_does_not_watch() -> None:
    bus, execution_id = MemoryBus(), new_identifier()
    bus.publish(execution_id, EventKind.STATE, {"state": "running"})
    finished, watching = bus.finished(execution_id), bus.follow(execution_id)
    assert not bus.is_watched(execution_id)

    await anext(watching)
    assert bus.is_watched(execution_id)

    bus.publish(execution_id, EventKind.FINISHED, {})
    assert [event.kind async for event in watching] == [EventKind.FINISHED]
    assert not bus.is_watched(execution_id)
    async with asyncio.timeout(5):
        await finished
