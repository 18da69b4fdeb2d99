"""How a command becomes a frame."""

from __future__ import annotations

import struct

import pytest

from runyard.agent.frames import (
    DATA_BYTES_MAX,
    FrameType,
    encode_frame,
    encode_number,
    encode_text,
)
from runyard.agent.messages import Command, encode_command, encode_files
from runyard.domain.files import File
from runyard.domain.limits import Limits

LIMITS = Limits(wall_seconds=1.5, cpu_seconds=1e-12, memory_bytes=7, output_bytes=8)


def fields(frame: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 8
    while at < len(frame):
        tag, size = struct.unpack_from("<HI", frame, at)
        found.append((tag, frame[at + 6 : at + 6 + size]))
        at += 6 + size
    return found


def number(value: int) -> bytes:
    return struct.pack("<Q", value)


def test_every_part_of_a_command_is_encoded() -> None:
    command = Command(
        argv=("run", "it"),
        env={"A": "b=c"},
        cwd="sub",
        limits=LIMITS,
        stdin=b"in",
        keep_stdin_open=True,
        terminal=(20, 80),
        merge_stderr=True,
    )

    frame = encode_command(command)

    assert frame[4] == FrameType.EXEC
    assert fields(frame) == [
        (1, b"run"),
        (1, b"it"),
        (2, b"A=b=c"),
        (3, b"sub"),
        (4, number(1_500_000_000)),
        (5, number(1)),  # Never nothing: the agent refuses a limit of 0.
        (6, number(7)),
        (7, number(8)),
        (8, b"in"),
        (9, number(1)),
        (12, number(1)),
        (10, number(20)),
        (11, number(80)),
    ]


def test_stdin_that_fits_closes_and_stdin_that_does_not_stays_open() -> None:
    for size, stays_open in ((DATA_BYTES_MAX, 0), (DATA_BYTES_MAX + 1, 1)):
        frame = encode_command(Command(argv=("x",), env={}, limits=LIMITS, stdin=b"x" * size))

        assert dict(fields(frame))[9] == number(stays_open)
        assert len(dict(fields(frame))[8]) == DATA_BYTES_MAX


@pytest.mark.parametrize("size", [0, 1, 262_144, 262_145, 800_000])
def test_file_is_one_frame_and_what_does_not_fit_follows_in_others(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    words = encode_text(1, "a") + encode_number(2, 1) + encode_text(3, content[:262_144])
    expected = encode_frame(FrameType.PUT_FILE, words, has_more=size > 262_144)
    for start in range(262_144, size, 262_144):
        chunk = content[start : start + 262_144]
        is_last = start + 262_144 >= size
        expected += encode_frame(FrameType.PUT_CHUNK, chunk, has_more=not is_last)

    assert b"".join(encode_files([File("a", content, executable=True)])) == expected


def test_no_file_is_no_frame() -> None:
    assert not list(encode_files([]))
