"""Nothing of a program is seen before the store knows, and then everything in order."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from runyard.bus.memory import MemoryBus
from runyard.domain.events import Event, EventKind, last_sequence
from runyard.services import journal as journal_module
from runyard.services.journal import Journal

ID = "execution"


class Marks:
    """The store's side: counts the marks, and may answer late or no."""

    def __init__(self, *, answer: bool = True) -> None:
        self.count = 0
        self.answer = answer
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self) -> bool:
        self.count += 1
        self.was_asked.set()
        await self.may_answer.wait()
        return self.answer


def open_journal(marks: Marks) -> tuple[Journal, MemoryBus]:
    bus = MemoryBus()
    return Journal(bus, ID, record_exchange=marks), bus


async def seen(bus: MemoryBus) -> list[tuple[str, dict[str, Any]]]:
    return [(event.kind.value, event.data) for event in await bus.history(ID)]


async def read(bus: MemoryBus, count: int) -> list[Event]:
    async with asyncio.timeout(10):
        events = bus.follow(ID)
        return [await anext(events) for _ in range(count)]


def text(of: str, *, stream: str = "stdout") -> tuple[str, dict[str, Any]]:
    return "output", {"stream": stream, "encoding": "utf-8", "text": of}


def joined(events: Sequence[tuple[str, dict[str, Any]]]) -> str:
    return "".join(fields["text"] for _, fields in events)


async def test_notes_are_seen_at_once() -> None:
    journal, bus = open_journal(Marks())

    journal.note(EventKind.STATE, {"state": "starting"})

    assert await seen(bus) == [("state", {"state": "starting"})]


async def test_output_is_seen_only_after_the_mark() -> None:
    marks = Marks()
    marks.may_answer.clear()
    journal, bus = open_journal(marks)

    journal.output("stdout", b"a")
    journal.note(EventKind.STEP_FINISHED, {})
    async with asyncio.timeout(10):
        await marks.was_asked.wait()
    assert await seen(bus) == []
    marks.may_answer.set()

    await read(bus, 2)
    assert await seen(bus) == [text("a"), ("step_finished", {})]


async def test_output_is_marked_once() -> None:
    marks = Marks()
    journal, bus = open_journal(marks)

    for number in range(5):
        journal.output("stdout", b"%d" % number)
        await read(bus, number + 1)

    assert marks.count == 1


async def test_output_of_a_lost_lease_is_never_seen() -> None:
    marks = Marks(answer=False)
    journal, bus = open_journal(marks)

    journal.output("stdout", b"a")
    assert not await journal.exchange()
    journal.discard()

    assert await seen(bus) == []


async def test_short_program_needs_no_mark() -> None:
    marks = Marks()
    journal, bus = open_journal(marks)
    journal.note(EventKind.STEP_STARTED, {})
    journal.output("stdout", b"a")

    log = await journal.close({"outcome": "succeeded"}, attempt=1)

    assert marks.count == 0
    assert [event.kind.value for event in await bus.history(ID)] == ["step_started"]
    journal.publish_rest()
    assert tuple(await bus.history(ID)) == log
    assert [event.sequence for event in log] == [1, 2, 3]
    assert log[-1].data == {"outcome": "succeeded"}


async def test_log_of_a_lost_bus_is_numbered_within_its_attempt() -> None:
    journal, _ = open_journal(Marks())

    log = await journal.close({}, attempt=3)

    assert [event.sequence for event in log] == [last_sequence(2) + 1]


async def test_output_is_joined_by_stream_in_order_of_arrival() -> None:
    journal, bus = open_journal(Marks())

    for stream, data in (("stdout", b"a"), ("stdout", b"b"), ("stderr", b"c"), ("stdout", b"d")):
        journal.output(stream, data)
    await journal.exchange()

    assert await seen(bus) == [text("ab"), text("c", stream="stderr"), text("d")]


async def test_joined_output_is_bounded() -> None:
    journal, bus = open_journal(Marks())

    for _ in range(3):
        journal.output("stdout", b"x" * 40_000)
    await journal.exchange()

    assert [len(fields["text"]) for _, fields in await seen(bus)] == [40_000] * 3


async def test_character_cut_in_two_is_put_together() -> None:
    journal, bus = open_journal(Marks())
    data = "aä€😀z".encode()

    for position in range(len(data)):
        journal.output("stdout", data[position : position + 1])
        await journal.exchange()

    events = await seen(bus)
    assert joined(events) == "aä€😀z"
    assert {fields["encoding"] for _, fields in events} == {"utf-8"}


async def test_cut_character_of_one_stream_does_not_mix_with_the_other() -> None:
    journal, bus = open_journal(Marks())

    journal.output("stdout", "ä".encode()[:1])
    journal.output("stderr", b"x")
    journal.output("stdout", "ä".encode()[1:])
    await journal.exchange()

    assert await seen(bus) == [text("x", stream="stderr"), text("ä")]


async def test_character_that_is_never_completed_comes_before_the_end_of_the_step() -> None:
    journal, bus = open_journal(Marks())

    journal.output("stdout", b"a\xc3")
    await journal.exchange()
    journal.note(EventKind.STEP_FINISHED, {})

    assert await seen(bus) == [
        text("a"),
        ("output", {"stream": "stdout", "encoding": "base64", "text": "ww=="}),
        ("step_finished", {}),
    ]


async def test_bytes_that_are_no_text_are_base64() -> None:
    journal, bus = open_journal(Marks())

    journal.output("stdout", b"\xff\x00")
    await journal.exchange()

    assert await seen(bus) == [
        ("output", {"stream": "stdout", "encoding": "base64", "text": "/wA="})
    ]


async def test_first_output_is_not_held_where_somebody_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_module, "_HOLD_SECONDS", 3600.0)
    marks = Marks()
    journal, bus = open_journal(marks)
    journal.note(EventKind.STATE, {"state": "running"})
    watching = bus.follow(ID)
    await anext(watching)

    journal.output("stdout", b"now")
    async with asyncio.timeout(10):
        event = await anext(watching)

    assert (event.kind.value, event.data) == text("now")
    assert marks.count == 1
