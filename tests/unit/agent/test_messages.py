"""How a command becomes a frame."""

from __future__ import annotations

import struct

from runyard.agent.frames import DATA_BYTES_MAX, FrameType
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


def test_no_file_is_no_frame_and_an_empty_file_is_one() -> None:
    assert list(encode_files([])) == []
    assert len(list(encode_files([File("a", b"")]))) == 1
