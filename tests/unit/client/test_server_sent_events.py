"""Reading server-sent events out of bytes that come in any portions."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.client.errors import UnexpectedAnswerError
from runyard.client.models import Event
from runyard.client.server_sent_events import EVENT_BYTES_MAX, EventReader

STREAM = (
    b": hello\n\n"
    b'id: 1\nevent: output\ndata: {"text":"h\xc3\xa9"}\n\n'
    b": heartbeat\n\n"
    b'id: 2\r\nevent: finished\r\ndata: {"a":\r\ndata: 1}\r\n\r\n'
)
EVENTS = [
    Event(sequence=1, kind="output", data={"text": "hé"}),
    Event(sequence=2, kind="finished", data={"a": 1}),
]


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=8))
def test_portions_do_not_matter(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    reader = EventReader()

    events = [event for start, end in pairwise(places) for event in reader.feed(STREAM[start:end])]

    assert events == EVENTS


@pytest.mark.parametrize(
    "stream",
    [b"id: x\ndata: {}\n\n", b"id: 1\ndata: {\n\n", b"data: {}\n\n"],
    ids=["id", "data", "no id"],
)
def test_malformed_event_is_an_error(stream: bytes) -> None:
    with pytest.raises(UnexpectedAnswerError):
        EventReader().feed(stream)


def test_endless_line_is_an_error() -> None:
    with pytest.raises(UnexpectedAnswerError):
        EventReader().feed(b"data: " + b"x" * EVENT_BYTES_MAX)


def test_event_without_data_is_none() -> None:
    assert EventReader().feed(b"id: 1\nevent: a\n\nretry: 5\n\n") == []
