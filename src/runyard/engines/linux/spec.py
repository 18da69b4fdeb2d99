"""What travels between the server and the launcher, and between the server and a slot: pure
translation to and from the structures of agent/src/launcher.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from runyard.domain.errors import EngineError, LimitError
from runyard.domain.limits import Limits, Usage
from runyard.domain.runtime import Command, Mount
from runyard.engines.linux.options import LinuxOptions

PACKET_BYTES_MAX = 65536
_HEADER = struct.Struct("<IIII")
_ORDER = struct.Struct("<IIQQQQII")
_REPORT = struct.Struct("<IIQQQQiI240s")
_PART = struct.Struct("<HH")
_PATH_BYTES_MAX = 1023
_PART_COUNT_MAX = 32
_COUNTS = struct.Struct("<HH")
_WORD_COUNT_MAX = 4096
_NS = 1_000_000_000
_HAS_CPU, _HAS_MEMORY = 1, 2


class RequestKind(IntEnum):
    CREATE_SLOT = 1
    DESTROY_SLOT = 2
    LIST = 3
    REAP = 4


class ReplyKind(IntEnum):
    OK = 100
    ERROR = 101
    HELLO = 102


class OrderKind(IntEnum):
    START = 1
    USAGE = 2
    RELEASE = 3
    BEGIN = 4


class OrderFlag(IntFlag):
    NONE = 0
    NEXT_STEP = 1
    PROBE = 2
    AHEAD = 4


class ReportKind(IntEnum):
    READY = 1
    ENDED = 2
    USAGE = 3
    RELEASED = 4
    FAILED = 5


@dataclass(frozen=True, slots=True)
class Reply:
    kind: ReplyKind
    request_id: int
    slot: int
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """`status` is an exit code, or a negative signal number."""

    kind: ReportKind
    sequence: int
    oom_kills: int
    usage: Usage
    status: int
    words: str


def launcher_arguments(options: LinuxOptions, *, sources: tuple[str, ...], fd: int) -> list[str]:
    most = options.limits_max
    values = {
        "--fd": fd,
        "--memory-bytes-max": most.memory_bytes,
        "--disk-bytes-max": most.disk_bytes,
        "--processes-max": most.processes,
        "--job-ms-max": int(options.job_seconds_max * 1000),
        "--slots-max": options.slot_count_max,
        "--uid-base": options.uid_base,
        "--fresh-network": int(options.fresh_network),
    }
    words = [word for name, value in values.items() for word in (name, str(value))]
    return words + [word for source in sources for word in ("--source", source)]


def pack_request(
    kind: RequestKind, *, request_id: int, slot: int = 0, count: int = 0, body: bytes = b""
) -> bytes:
    return _HEADER.pack(kind, request_id, slot, count) + body


def pack_mounts(mounts: tuple[Mount, ...]) -> bytes:
    if len(mounts) > _PART_COUNT_MAX:
        raise EngineError(f"{len(mounts)} mounts; at most {_PART_COUNT_MAX} are possible.")
    return b"".join(_pack_mount(mount) for mount in mounts)


def _pack_mount(mount: Mount) -> bytes:
    source, target = mount.source.encode(), mount.target.encode()
    if max(len(source), len(target)) > _PATH_BYTES_MAX:
        raise EngineError(f"The path {mount.source[:80]!r} is too long for a mount.")
    return _PART.pack(len(source), len(target)) + source + target


def pack_zygote(zygote: Command | None) -> bytes:
    """Return the block that follows the mounts; its size travels in the header's `slot`."""
    if zygote is None:
        return b""
    env = [f"{name}={value}" for name, value in zygote.env.items()]
    words = [word.encode() for word in (*zygote.argv, *env)]
    if any(b"\0" in word for word in words):
        raise EngineError("A word of a command to start ahead contains a NUL.")
    if max(len(zygote.argv), len(env)) > _WORD_COUNT_MAX:
        raise EngineError(f"A command to start ahead has more than {_WORD_COUNT_MAX} words.")
    return _COUNTS.pack(len(zygote.argv), len(env)) + b"".join(word + b"\0" for word in words)


def unpack_reply(packet: bytes) -> Reply:
    try:
        kind, request_id, slot, _ = _HEADER.unpack_from(packet)
        words = packet[_HEADER.size :].decode(errors="replace")
        return Reply(ReplyKind(kind), request_id, slot, words)
    except (struct.error, ValueError) as error:
        raise EngineError("The launcher sent something that is not a reply.") from error


def check_limits(limits: Limits, options: LinuxOptions) -> None:
    """Refuse what the launcher would refuse, in words for the person who asked."""
    for name in ("memory_bytes", "disk_bytes", "processes"):
        value, most = getattr(limits, name), getattr(options.limits_max, name)
        if value > most:
            raise LimitError(f"limits.{name} is {value}; at most {most} here.", limit=name)


def pack_start(limits: Limits, options: LinuxOptions, *, sequence: int, flags: OrderFlag) -> bytes:
    return _pack_limits(OrderKind.START, flags, limits, options, sequence=sequence)


def pack_begin(limits: Limits, options: LinuxOptions, *, sequence: int) -> bytes:
    return _pack_limits(OrderKind.BEGIN, OrderFlag.NONE, limits, options, sequence=sequence)


def _pack_limits(
    kind: OrderKind, flags: OrderFlag, limits: Limits, options: LinuxOptions, *, sequence: int
) -> bytes:
    seconds = min(limits.wall_seconds + options.grace_seconds, options.job_seconds_max)
    return _ORDER.pack(
        kind,
        flags,
        sequence,
        limits.memory_bytes,
        limits.disk_bytes,
        int(seconds * 1000),
        limits.processes,
        0,
    )


def pack_order(kind: OrderKind, *, sequence: int) -> bytes:
    return _ORDER.pack(kind, 0, sequence, 0, 0, 0, 0, 0)


def unpack_report(packet: bytes) -> Report:
    try:
        kind, oom_kills, sequence, cpu_ns, peak, wall_ns, status, has, words = _REPORT.unpack(
            packet
        )
        report_kind = ReportKind(kind)
    except (struct.error, ValueError) as error:
        raise EngineError("A slot sent something that is not a report.") from error
    usage = Usage(
        wall_seconds=wall_ns / _NS,
        cpu_seconds=cpu_ns / _NS if has & _HAS_CPU else None,
        memory_peak_bytes=peak if has & _HAS_MEMORY else None,
    )
    text = words.partition(b"\0")[0].decode(errors="replace")
    return Report(report_kind, sequence, oom_kills, usage, status, text)
