"""The codec: what was encoded comes back, in whatever pieces, and nothing else is accepted."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.agent.frames import (
    DATA_BYTES_MAX,
    Fields,
    Frame,
    FrameReader,
    FrameType,
    encode_frame,
    encode_number,
    encode_text,
)
from runyard.domain.errors import ProtocolError

FROM_AGENT = [kind for kind in FrameType if kind >= FrameType.HELLO_REPLY]
frames = st.builds(Frame, st.sampled_from(FROM_AGENT), st.binary(max_size=300))


def read_all(reader: FrameReader) -> list[Frame]:
    found = []
    while frame := reader.next():
        found.append(frame)
    return found


@given(st.lists(frames, max_size=8), st.data())
def test_frames_come_back_whatever_the_pieces(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(encode_frame(frame.type, frame.payload) for frame in sent)
    reader = FrameReader()
    got = []

    while stream:
        size = data.draw(st.integers(1, len(stream)))
        reader.feed(stream[:size])
        stream = stream[size:]
        got += read_all(reader)

    assert got == sent


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_frames_or_a_protocol_error(data: bytes) -> None:
    reader = FrameReader()
    reader.feed(data)

    try:
        found = read_all(reader)
    except ProtocolError:
        return

    assert all(frame.type in FROM_AGENT for frame in found)


@given(st.dictionaries(st.integers(1, 9), st.integers(0, 2**64 - 1), max_size=9))
def test_numbers_come_back(numbers: dict[int, int]) -> None:
    payload = b"".join(encode_number(tag, number) for tag, number in numbers.items())

    fields = Fields(payload, known=range(1, 10))

    assert {tag: fields.number(tag) for tag in numbers} == numbers
    assert all(fields.number(tag) is None for tag in range(1, 10) if tag not in numbers)


@given(st.text(max_size=100))
def test_text_comes_back(text: str) -> None:
    assert Fields(encode_text(3, text), known=range(1, 4)).text(3) == text


@given(st.binary(max_size=100))
def test_arbitrary_fields_are_read_or_a_protocol_error(payload: bytes) -> None:
    try:
        fields = Fields(payload, known=range(0x8000))
    except ProtocolError:
        return

    assert isinstance(fields.content(1), bytes)


def test_last_of_a_repeated_field_counts() -> None:
    fields = Fields(encode_number(1, 1) + encode_number(1, 2), known=range(1, 2))

    assert fields.number_required(1) == 2


def test_optional_field_of_a_later_version_is_passed_over() -> None:
    fields = Fields(encode_number(0x8000, 5) + encode_number(1, 2), known=range(1, 2))

    assert fields.number(1) == 2


def test_missing_values_have_their_neutral_forms() -> None:
    fields = Fields(b"", known=range(1, 2))

    assert fields.number(1) is None
    assert fields.text(1) is None
    assert fields.content(1) == b""
    with pytest.raises(ProtocolError, match="left out field 1"):
        fields.number_required(1)


def test_text_that_is_not_unicode_is_replaced() -> None:
    assert Fields(encode_text(1, b"a\xff"), known=range(1, 2)).text(1) == "a\ufffd"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"\x01\x00\x01", "half a field"),
        (struct.pack("<HI", 1, 5) + b"1234", "longer than its frame"),
        (encode_number(7, 1), "unknown field 7"),
    ],
)
def test_fields_that_do_not_add_up_are_refused(payload: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        Fields(payload, known=range(1, 3))


def test_number_of_another_size_is_refused() -> None:
    with pytest.raises(ProtocolError, match="with 4 bytes, not 8"):
        Fields(encode_text(1, b"1234"), known=range(1, 2)).number(1)


@pytest.mark.parametrize(
    "header",
    [
        struct.pack("<IBBH", 0, 0, 0, 0),
        struct.pack("<IBBH", 0, FrameType.EXEC, 0, 0),
        struct.pack("<IBBH", 0, 200, 0, 0),
        struct.pack("<IBBH", 0, FrameType.STDOUT, 1, 0),
        struct.pack("<IBBH", 0, FrameType.FILE, 2, 0),
        struct.pack("<IBBH", 0, FrameType.STDOUT, 0, 1),
        struct.pack("<IBBH", DATA_BYTES_MAX + 1, FrameType.STDOUT, 0, 0),
    ],
)
def test_header_that_makes_no_sense_is_refused(header: bytes) -> None:
    reader = FrameReader()
    reader.feed(header)

    with pytest.raises(ProtocolError):
        reader.next()


def test_largest_frame_is_read() -> None:
    reader = FrameReader()
    reader.feed(encode_frame(FrameType.STDOUT, b"x" * DATA_BYTES_MAX))

    frame = reader.next()

    assert frame is not None
    assert len(frame.payload) == DATA_BYTES_MAX


def test_more_is_told_for_files() -> None:
    reader = FrameReader()
    reader.feed(encode_frame(FrameType.FILE_CHUNK, b"x", has_more=True))

    assert reader.next() == Frame(FrameType.FILE_CHUNK, b"x", has_more=True)
