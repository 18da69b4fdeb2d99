"""What is said to the agent and what it answers, as values; and how they become frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from runyard.agent.frames import (
    DATA_BYTES_MAX,
    VERSION,
    ErrorCode,
    Fields,
    Frame,
    FrameType,
    encode_field_header,
    encode_frame,
    encode_header,
    encode_number,
    encode_text,
)
from runyard.domain.errors import (
    EngineError,
    InvalidPathError,
    ProtocolError,
    RunyardError,
    TooLargeError,
)
from runyard.domain.execution import LimitHit
from runyard.domain.files import File, Folder
from runyard.domain.limits import Limits, Usage
from runyard.domain.runtime import Start

# 256 KiB: more than a socket's buffer, so a larger frame would not travel in one go anyway.
FILE_CHUNK_BYTES = 262_144
_NS_PER_SECOND = 1_000_000_000
_EXIT_CODE_MAX = 255
_SIGNAL_MAX = 64
# Nanoseconds of 36 years, or 1 EiB: what databases and JSON readers can hold.
_MEASURE_MAX = 1 << 60
# A field of PUT_FILE.
_IS_FOLDER = 0x8001
_STARTS = {None: Start.COLD, 1: Start.WAITING, 2: Start.FORKED}
_HITS = {1: LimitHit.WALL, 2: LimitHit.CPU, 3: LimitHit.MEMORY, 4: LimitHit.OUTPUT}
_REFUSALS: dict[int, type[RunyardError]] = {
    ErrorCode.BAD_PATH: InvalidPathError,
    ErrorCode.NO_SPACE: TooLargeError,
    ErrorCode.STORAGE: EngineError,
}


@dataclass(frozen=True, slots=True)
class Hello:
    """`is_init`: the agent is pid 1. `has_meter`: a cgroup measures what programs spend."""

    version: int
    agent: str
    is_init: bool
    has_meter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`cwd` is relative to the work folder. A terminal is (rows, columns)."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str = ""
    limits: Limits
    stdin: bytes = b""
    keep_stdin_open: bool = False
    terminal: tuple[int, int] | None = None
    merge_stderr: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    stream: Literal["stdout", "stderr"]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """How a command ended. `message` says why it could not start (exit code 126 or 127)."""

    exit_code: int | None
    signal: int | None
    limit_hit: LimitHit | None
    usage: Usage
    stdout_truncated: bool
    stderr_truncated: bool
    message: str | None
    started: Start = Start.COLD


@dataclass(frozen=True, slots=True)
class Warmed:
    """Whether the program stands at its first touch of the work folder; if not, why."""

    is_waiting: bool
    message: str | None


def encode_files(files: Sequence[File | Folder]) -> Iterator[bytes | memoryview]:
    """Yield frames in pieces. Contents are not copied: what a compiler made may be large."""
    for file in files:
        if isinstance(file, Folder):
            payload = encode_text(1, file.path) + encode_number(_IS_FOLDER, 1)
            yield encode_frame(FrameType.PUT_FILE, payload)
            continue
        content = memoryview(file.content)
        first, size = content[:FILE_CHUNK_BYTES], len(content)
        payload = encode_text(1, file.path) + encode_number(2, int(file.executable))
        payload += encode_field_header(3, len(first))
        has_more = size > FILE_CHUNK_BYTES
        yield encode_header(FrameType.PUT_FILE, len(payload) + len(first), has_more=has_more)
        yield payload
        yield first
        for start in range(FILE_CHUNK_BYTES, size, FILE_CHUNK_BYTES):
            chunk = content[start : start + FILE_CHUNK_BYTES]
            has_more = start + FILE_CHUNK_BYTES < size
            yield encode_header(FrameType.PUT_CHUNK, len(chunk), has_more=has_more)
            yield chunk


def encode_command(command: Command, kind: FrameType = FrameType.EXEC) -> bytes:
    limits = command.limits
    stays_open = command.keep_stdin_open or len(command.stdin) > DATA_BYTES_MAX
    parts = [encode_text(1, word) for word in command.argv]
    parts += [encode_text(2, f"{name}={value}") for name, value in command.env.items()]
    parts += [
        encode_text(3, command.cwd),
        encode_number(4, max(1, round(limits.wall_seconds * _NS_PER_SECOND))),
        encode_number(5, max(1, round(limits.cpu_seconds * _NS_PER_SECOND))),
        encode_number(6, limits.memory_bytes),
        encode_number(7, limits.output_bytes),
        encode_text(8, command.stdin[:DATA_BYTES_MAX]),
        encode_number(9, int(stays_open)),
        encode_number(12, int(command.merge_stderr)),
    ]
    if command.terminal is not None:
        parts += [encode_number(10, command.terminal[0]), encode_number(11, command.terminal[1])]
    return encode_frame(kind, b"".join(parts))


def parse_hello(frame: Frame) -> Hello:
    if frame.type is not FrameType.HELLO_REPLY:
        raise ProtocolError(f"The agent answered HELLO with {frame.type.name}.")
    fields = Fields(frame.payload, known=range(1, 5))
    version = fields.number_required(1)
    if version != VERSION:
        raise ProtocolError(f"The agent chose version {version}; this server speaks {VERSION}.")
    return Hello(
        version=version,
        agent=fields.message(2) or "",
        is_init=fields.number(3) == 1,
        has_meter=fields.number(4) == 1,
    )


def parse_output(frame: Frame, *, left: int) -> Output:
    if left < 0:
        raise ProtocolError("The agent sent more output than the limit allows.")
    if not frame.payload:
        raise ProtocolError("The agent sent output without a byte.")
    return Output("stdout" if frame.type is FrameType.STDOUT else "stderr", frame.payload)


def parse_exited(frame: Frame) -> Exited:
    fields = Fields(frame.payload, known=range(1, 12))
    exit_code, signal, hit = fields.number(1), fields.number(2), fields.number(3)
    is_plain = (exit_code is None) != (signal is None) and (hit is None or hit in _HITS)
    if not is_plain or (exit_code or 0) > _EXIT_CODE_MAX or not 1 <= (signal or 1) <= _SIGNAL_MAX:
        raise ProtocolError("The agent reported an end that makes no sense.")
    if any((fields.number(tag) or 0) > _MEASURE_MAX for tag in range(4, 9)):
        raise ProtocolError("The agent reported usage that makes no sense.")
    started = fields.number(11)
    if started not in _STARTS:
        raise ProtocolError("The agent reported a start that makes no sense.")
    cpu_ns = fields.number(5)
    truncated = fields.number(9) or 0
    return Exited(
        exit_code=exit_code,
        signal=signal,
        limit_hit=None if hit is None else _HITS[hit],
        usage=Usage(
            wall_seconds=fields.number_required(4) / _NS_PER_SECOND,
            cpu_seconds=None if cpu_ns is None else cpu_ns / _NS_PER_SECOND,
            memory_peak_bytes=fields.number(6),
            stdout_bytes=fields.number(7) or 0,
            stderr_bytes=fields.number(8) or 0,
        ),
        stdout_truncated=bool(truncated & 1),
        stderr_truncated=bool(truncated & 2),
        message=fields.message(10),
        started=_STARTS[started],
    )


def parse_warmed(frame: Frame) -> Warmed:
    if frame.type is not FrameType.WARMED:
        raise ProtocolError(f"The agent answered WARM with {frame.type.name}.")
    fields = Fields(frame.payload, known=range(1, 3))
    return Warmed(is_waiting=fields.number_required(1) == 1, message=fields.message(2))


def parse_error(frame: Frame) -> RunyardError:
    fields = Fields(frame.payload, known=range(1, 4))
    code, message = fields.number_required(1), fields.message(2) or "no reason"
    if fields.number(3) == 1 or code not in _REFUSALS:
        return ProtocolError(f"The agent gave up: {message}.")
    return _REFUSALS[code](f"The sandbox refused: {message}.")
