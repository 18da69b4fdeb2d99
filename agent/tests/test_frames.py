"""The frame reader: what is understood, and what ends the stream."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from agent.tests.driver import HELLO, LIMITS, AgentProcess, wait_gone
from runyard.agent.frames import (
    ErrorCode,
    Fields,
    FrameType,
    encode_frame,
    encode_number,
    encode_text,
)
from runyard.agent.messages import Command, encode_command

Start = Callable[..., AgentProcess]


def header(size: int, kind: int, flags: int = 0, reserved: int = 0) -> bytes:
    return struct.pack("<IBBH", size, kind, flags, reserved)


def exec_frame(*fields: bytes, without: tuple[int, ...] = ()) -> bytes:
    """A good EXEC with the fields `without` left out and others added at its end."""
    usual = {
        1: encode_text(1, "true"),
        4: encode_number(4, 10**9),
        5: encode_number(5, 10**9),
        7: encode_number(7, 1000),
    }
    kept = b"".join(value for tag, value in usual.items() if tag not in without)
    return encode_frame(FrameType.EXEC, kept + b"".join(fields))


MALFORMED = {
    "unknown type": header(0, 99),
    "type zero": header(0, 0),
    "type of an answer": header(0, FrameType.EXITED),
    "unknown flag": header(0, FrameType.KILL, flags=2),
    "MORE on a frame without chunks": header(0, FrameType.KILL, flags=1),
    "reserved bits": header(0, FrameType.KILL, reserved=1),
    "second HELLO": HELLO,
    "KILL with content": encode_frame(FrameType.KILL, b"x"),
    "STDIN_EOF with content": encode_frame(FrameType.STDIN_EOF, b"x"),
    "PUT_DONE with content": encode_frame(FrameType.PUT_DONE, b"x"),
    "chunk without a file": encode_frame(FrameType.PUT_CHUNK, b"x"),
    "other frame in a file": encode_frame(FrameType.PUT_FILE, encode_text(1, "a"), has_more=True)
    + encode_frame(FrameType.KILL),
    "half a field": encode_frame(FrameType.SIGNAL, b"\x01\x00\x08"),
    "field beyond the frame": encode_frame(FrameType.SIGNAL, struct.pack("<HI", 1, 100)),
    "field of the largest size": encode_frame(FrameType.SIGNAL, struct.pack("<HI", 1, 2**32 - 1)),
    "short number": encode_frame(FrameType.SIGNAL, encode_text(1, b"\x01\x00")),
    "unknown field": encode_frame(FrameType.SIGNAL, encode_number(2, 9)),
    "signal 0": encode_frame(FrameType.SIGNAL, encode_number(1, 0)),
    "signal 65": encode_frame(FrameType.SIGNAL, encode_number(1, 65)),
    "SIGNAL without a number": encode_frame(FrameType.SIGNAL),
    "no rows": encode_frame(FrameType.RESIZE, encode_number(2, 80)),
    "too many rows": encode_frame(FrameType.RESIZE, encode_number(1, 10**6) + encode_number(2, 80)),
    "executable twice over": encode_frame(
        FrameType.PUT_FILE, encode_text(1, "a") + encode_number(2, 2)
    ),
    "EXEC without argv": exec_frame(without=(1,)),
    "EXEC without wall": exec_frame(without=(4,)),
    "EXEC without cpu": exec_frame(without=(5,)),
    "EXEC without output_bytes": exec_frame(without=(7,)),
    "EXEC with wall beyond a century": exec_frame(encode_number(4, 2**63)),
    "EXEC with rows only": exec_frame(encode_number(10, 20)),
    "EXEC with NUL in an argument": exec_frame(encode_text(1, b"a\0b")),
    "EXEC with NUL in a variable": exec_frame(encode_text(2, b"a=\0b")),
    "EXEC with NUL in the folder": exec_frame(encode_text(3, b"a\0b")),
    "EXEC with an odd switch": exec_frame(encode_number(9, 2)),
    "EXEC with more stdin than the window": exec_frame(encode_text(8, b"x" * 262_145)),
    "glob with NUL": encode_frame(FrameType.GET_FILES, encode_text(1, b"a\0")),
}

TOO_LARGE = {
    "length": header(1_048_577, FrameType.STDIN),
    "largest length": header(2**32 - 1, FrameType.EXEC),
    "arguments": exec_frame(encode_text(1, "x") * 4096),
    "variables": exec_frame(encode_text(2, "x=y") * 4097),
    "globs": encode_frame(FrameType.GET_FILES, encode_text(1, "x") * 65),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_frame_is_answered_and_ends_the_stream(agent: AgentProcess, name: str) -> None:
    agent.send(MALFORMED[name])

    assert agent.receive_error() == (ErrorCode.MALFORMED, True)
    agent.receive_end()
    assert agent.close() == 1


@pytest.mark.parametrize("name", TOO_LARGE)
def test_too_large_frame_is_answered_and_ends_the_stream(agent: AgentProcess, name: str) -> None:
    agent.send(TOO_LARGE[name])

    assert agent.receive_error() == (ErrorCode.TOO_LARGE, True)
    agent.receive_end()


def test_malformed_frame_ends_the_running_program(agent: AgentProcess) -> None:
    agent.start("sh", "-c", "echo $$; exec sleep 1000")
    agent.receive_until(b"\n")

    agent.send(encode_frame(FrameType.SIGNAL))

    assert agent.receive_error() == (ErrorCode.MALFORMED, True)
    agent.receive_end()
    assert agent.close() == 1


def test_frame_before_hello_is_malformed(start_agent: Start) -> None:
    agent = start_agent()

    agent.send(exec_frame())

    assert agent.receive_error() == (ErrorCode.MALFORMED, True)
    agent.receive_end()


@pytest.mark.parametrize(
    ("low", "high", "code"),
    [(2, 9, ErrorCode.VERSION), (0, 1, ErrorCode.MALFORMED), (2, 1, ErrorCode.MALFORMED)],
)
def test_hello_without_a_common_version_is_refused(
    start_agent: Start, low: int, high: int, code: ErrorCode
) -> None:
    agent = start_agent()

    agent.send(encode_frame(FrameType.HELLO, encode_number(1, low) + encode_number(2, high)))

    assert agent.receive_error() == (code, True)
    agent.receive_end()


def test_hello_is_answered_with_the_version_and_what_the_agent_is(
    start_agent: Start, variant: str
) -> None:
    agent = start_agent()

    agent.send(encode_frame(FrameType.HELLO, encode_number(1, 1) + encode_number(2, 7)))

    frame = agent.receive()
    fields = Fields(frame.payload, known=range(1, 5))
    assert frame.type is FrameType.HELLO_REPLY
    assert fields.number(1) == 1
    assert (fields.text(2) or "").startswith("runyard-agent ")
    assert fields.number(3) == (variant == "init")
    assert fields.number(4) == 0


def test_agent_never_speaks_first(start_agent: Start) -> None:
    agent = start_agent()

    agent.shut()

    agent.receive_end()
    assert agent.close() == 0


def test_stream_cut_in_the_middle_of_a_frame_ends_quietly(agent: AgentProcess) -> None:
    agent.send(exec_frame()[:-1])
    agent.shut()

    agent.receive_end()
    assert agent.close() == 0


def test_unknown_optional_field_is_skipped(agent: AgentProcess) -> None:
    agent.send(exec_frame(encode_text(0x8000, b"from the future")))

    assert agent.finish().exited.exit_code == 0


def test_last_of_a_repeated_field_counts(agent: AgentProcess) -> None:
    agent.send(exec_frame(encode_number(4, 0), encode_number(4, 10**10)))

    assert agent.finish().exited.exit_code == 0


def test_frames_that_arrive_byte_by_byte_are_understood(start_agent: Start) -> None:
    agent = start_agent()

    for byte in HELLO + exec_frame():
        agent.send(bytes([byte]))

    assert agent.receive().type is FrameType.HELLO_REPLY
    assert agent.finish().exited.exit_code == 0


def test_many_requests_in_one_write_are_served_in_order(start_agent: Start) -> None:
    agent = start_agent()
    commands = [
        encode_command(Command(argv=("sh", "-c", f"exit {code}"), env={}, limits=LIMITS))
        for code in range(5)
    ]

    agent.send(HELLO, *commands)

    assert agent.receive().type is FrameType.HELLO_REPLY
    assert [agent.finish().exited.exit_code for _ in commands] == [0, 1, 2, 3, 4]


def test_frames_for_a_program_are_ignored_when_none_runs(agent: AgentProcess) -> None:
    size = encode_number(1, 1) + encode_number(2, 1)
    agent.send(
        encode_frame(FrameType.STDIN, b"x" * 1000),
        encode_frame(FrameType.STDIN_EOF),
        encode_frame(FrameType.KILL),
        encode_frame(FrameType.SIGNAL, encode_number(1, 9)),
        encode_frame(FrameType.RESIZE, size),
    )

    assert agent.run("true").exited.exit_code == 0


def test_largest_frame_is_accepted(agent: AgentProcess) -> None:
    content = b"x" * (1_048_576 - 6 - 1 - 6)
    payload = encode_text(1, "a") + encode_text(3, content)

    agent.send(encode_frame(FrameType.PUT_FILE, payload), encode_frame(FrameType.PUT_DONE))

    assert agent.receive().type is FrameType.PUT_REPLY
    assert (agent.work / "a").read_bytes() == content


def test_stdin_of_the_size_of_the_window_is_accepted(agent: AgentProcess) -> None:
    agent.send(exec_frame(encode_text(8, b"x" * 262_144)))

    assert agent.finish().exited.exit_code == 0


def test_end_of_the_stream_ends_the_program(agent: AgentProcess) -> None:
    agent.start("sh", "-c", "sleep 1000 & echo up; wait")
    agent.receive_until(b"up")
    pids = agent.programs()
    assert len(pids) == 2

    agent.shut()

    for pid in pids:
        wait_gone(pid)
    assert agent.close() == 0
