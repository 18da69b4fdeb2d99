"""The launcher alone: one job from order to empty slot, without a server around it."""

import asyncio
import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import bare
from bench.measurement import Bench, Measurement
from bench.results import Row, middle, milliseconds
from runyard.agent.frames import FrameType, encode_frame, encode_number
from runyard.agent.messages import Command, encode_command
from runyard.domain.limits import Limits
from runyard.engines.linux import spec
from runyard.engines.linux.launcher import LauncherHandle, start_launcher
from runyard.engines.linux.options import LinuxOptions
from runyard.engines.linux.spec import OrderFlag, OrderKind, ReportKind, RequestKind

PROGRAM = ("/bin/true",)
LIMITS = Limits()
WARM_UP_RUNS = 50
RUNS = 80
RATE_SECONDS = 1.0
_FRAME = struct.Struct("<IBBH")


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    yield Measurement("launcher", partial(_measure, bench))


def _measure(bench: Bench) -> Iterator[Row]:
    bare_times = [bare.run([list(PROGRAM)]) for _ in range(RUNS * bench.rounds)]
    starts = [partial(bare.run, [list(PROGRAM)])] * 2
    bare_rate = middle([bare.rate(starts, seconds=RATE_SECONDS) for _ in range(bench.rounds)])
    for suffix, title, options in (
        ("", "the launcher alone, /bin/true", LinuxOptions()),
        (".network", "the same, a new network for each", LinuxOptions(fresh_network=True)),
    ):
        with _slots(options, count=2) as slots:
            times = _latencies(slots[0], options, count=RUNS * bench.rounds)
            rates = [_rate(slots, options) for _ in range(bench.rounds)]
        yield Row(
            id=f"launcher{suffix}",
            title=f"{title}: order, job, empty slot",
            bare=milliseconds(bare_times),
            runyard=milliseconds(times),
        )
        yield Row(
            id=f"launcher{suffix}.rate",
            title=f"{title}, a second, two workers",
            unit="/s",
            bare=bare_rate,
            runyard=middle(rates),
        )


def run_job(slot: socket.socket, options: LinuxOptions, *, sequence: int) -> None:
    """Order one job and wait until nothing of it is left."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        start = spec.pack_start(LIMITS, options, sequence=sequence, flags=OrderFlag.NONE)
        socket.send_fds(slot, [start], [theirs.fileno()])
        theirs.close()
        ours.sendall(_CONVERSATION)
        _wait_for_end(ours)
        slot.send(spec.pack_order(OrderKind.RELEASE, sequence=sequence))
    report = spec.unpack_report(slot.recv(spec.PACKET_BYTES_MAX))
    # The agent may see the end of its stream before the slot sees the order.
    while report.kind is ReportKind.ENDED:
        report = spec.unpack_report(slot.recv(spec.PACKET_BYTES_MAX))
    if report.kind is not ReportKind.RELEASED:
        raise RuntimeError(f"The slot answered {report.kind.name}: {report.words}")


_CONVERSATION = encode_frame(
    FrameType.HELLO, encode_number(1, 1) + encode_number(2, 1)
) + encode_command(Command(argv=PROGRAM, env={}, limits=LIMITS))


def _wait_for_end(stream: socket.socket) -> None:
    """Read frames until the agent says that the program has ended."""
    received = b""
    while True:
        while len(received) >= _FRAME.size:
            size, kind, _, _ = _FRAME.unpack_from(received)
            if len(received) < _FRAME.size + size:
                break
            if kind == FrameType.EXITED:
                return
            if kind == FrameType.ERROR:
                raise RuntimeError(f"The agent refused: {received!r}")
            received = received[_FRAME.size + size :]
        data = stream.recv(65536)
        if not data:
            raise RuntimeError("The agent ended before its program.")
        received += data


@contextmanager
def _slots(options: LinuxOptions, *, count: int) -> Iterator[list[socket.socket]]:
    launcher = start_launcher(options)
    try:
        slots = asyncio.run(_open_slots(launcher, count))
        for slot in slots:
            report = spec.unpack_report(slot.recv(spec.PACKET_BYTES_MAX))
            if report.kind is not ReportKind.READY:
                raise RuntimeError(f"No slot could be made: {report.words}")
            for sequence in range(WARM_UP_RUNS):
                run_job(slot, options, sequence=sequence)
        yield slots
        for slot in slots:
            slot.close()
    finally:
        launcher.close()


async def _open_slots(launcher: LauncherHandle, count: int) -> list[socket.socket]:
    slots = []
    for _ in range(count):
        _, fds = await launcher.request(RequestKind.CREATE_SLOT)
        if not fds:
            raise RuntimeError("The launcher sent no socket.")
        slots.append(socket.socket(fileno=fds[0]))
        for fd in fds[1:]:
            os.close(fd)
    return slots


def _latencies(slot: socket.socket, options: LinuxOptions, *, count: int) -> list[float]:
    times = []
    for sequence in range(count):
        begun = time.perf_counter()
        run_job(slot, options, sequence=sequence)
        times.append(time.perf_counter() - begun)
    return times


def _rate(slots: list[socket.socket], options: LinuxOptions) -> float:
    """Return how many jobs a second the slots do, each driven by a process of its own."""
    begun = time.perf_counter()
    workers = [_start_worker(slot, options) for slot in slots]
    total = sum(_collect(*worker) for worker in workers)
    return total / (time.perf_counter() - begun)


def _start_worker(slot: socket.socket, options: LinuxOptions) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        count, deadline = 0, time.perf_counter() + RATE_SECONDS
        while time.perf_counter() < deadline:
            run_job(slot, options, sequence=count)
            count += 1
        os.write(writing, str(count).encode())
        os._exit(0)
    os.close(writing)
    return pid, reading


def _collect(pid: int, reading: int) -> int:
    select.select([reading], [], [])
    text = os.read(reading, 32)
    os.close(reading)
    os.waitpid(pid, 0)
    if not text:
        raise RuntimeError("A worker of the measurement failed.")
    return int(text)
