"""Files that come out of a sandbox, against an agent that says what the test wants."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from runyard.agent.channel import Channel
from runyard.agent.frames import FrameType, encode_frame
from runyard.domain.errors import ProtocolError
from runyard.domain.files import File
from tests.unit.agent.scripted import file, files_done, finished, output


async def test_files_come_back_whole() -> None:
    chunk = encode_frame(FrameType.FILE_CHUNK, b"two", has_more=True)
    last = encode_frame(FrameType.FILE_CHUNK, b"three")
    stream = finished(file("a", b"one", has_more=True), chunk + last, file("b", b""), files_done(2))

    files = await Channel(stream).get_files(["*"], count_max=2, bytes_max=11)

    assert files == [
        File("a", b"onetwothree", executable=True),
        File("b", b"", executable=True),
    ]


async def test_file_whose_name_is_not_unicode_is_left_out() -> None:
    stream = finished(file(b"\xff", b"x"), file("b", b""), files_done(2))

    files = await Channel(stream).get_files(["*"], count_max=2, bytes_max=10)

    assert [found.path for found in files] == ["b"]


@pytest.mark.parametrize(
    ("pieces", "is_whole"),
    [
        ((file("a", b"1"), files_done(1)), True),
        ((files_done(0),), True),
        ((file("a", b"1"), files_done(1, is_partial=True)), False),
        ((file(b"\xff", b"x"), file("b", b""), files_done(2)), False),
    ],
)
async def test_collection_says_whether_it_is_whole(
    pieces: tuple[bytes, ...], *, is_whole: bool
) -> None:
    _, whole = await Channel(finished(*pieces)).collect(["*"], count_max=2, bytes_max=10)

    assert whole is is_whole


@pytest.mark.parametrize(
    "pieces",
    [
        (file("../a", b""),),
        (file("/a", b""),),
        (file("", b""),),
        (file("a", b"12345678901"),),
        (file("a", b"123456"), file("b", b"123456")),
        (file("a", b"1", has_more=True), encode_frame(FrameType.FILE_CHUNK, b"x" * 10)),
        (file("a", b"1", has_more=True), file("b", b"")),
        (file("a", b""), file("b", b""), file("c", b"")),
        (output(b"x"),),
    ],
)
async def test_files_that_were_not_asked_for_are_a_protocol_error(pieces: Iterable[bytes]) -> None:
    channel = Channel(finished(*pieces, files_done()))

    with pytest.raises(ProtocolError):
        await channel.get_files(["*"], count_max=2, bytes_max=10)
