"""A slot from the server's side, with the other end of its socket in the test's hand."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from runyard.domain.errors import EngineError
from runyard.domain.limits import Limits
from runyard.engines.interface import SandboxSpec
from runyard.engines.linux.launcher import HostFacts
from runyard.engines.linux.options import LinuxOptions
from runyard.engines.linux.sandbox import LinuxSandbox
from runyard.engines.linux.slot import Slot
from runyard.engines.linux.spec import OrderFlag, OrderKind, ReportKind

LIMITS = Limits()


@dataclass
class Bench:
    """A slot whose process is the test: `orders` come in, `report` answers."""

    slot: Slot
    sandbox: LinuxSandbox
    process: socket.socket
    given_back: list[bool] = field(default_factory=list)

    def order(self) -> tuple[int, ...]:
        """Return kind, flags and sequence of the next order."""
        packet, fds, _, _ = socket.recv_fds(self.process, 4096, 1)
        for fd in fds:
            os.close(fd)
        return struct.unpack_from("<IIQ", packet)

    def report(self, kind: ReportKind, sequence: int, words: str = "") -> None:
        packet = struct.pack("<IIQQQQiI240s", kind, 0, sequence, 0, 0, 0, 0, 0, words.encode())
        self.process.send(packet)


FACTS = HostFacts(
    is_root=True,
    cgroup_version=2,
    has_memory=True,
    has_processes=True,
    has_cpu=True,
    group="",
    why_no_cgroup="",
)


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.settimeout(10)
    slot = Slot(number=1, spec=SandboxSpec(), fds=[ours.detach()], on_lost=lambda _: None)

    async def give_back(_sandbox: LinuxSandbox, _slot: Slot, *, is_clean: bool) -> None:
        bench.given_back.append(is_clean)

    sandbox = LinuxSandbox(
        slot, sandbox_id="one", options=LinuxOptions(), facts=FACTS, give_back=give_back
    )
    bench = Bench(slot, sandbox, theirs)
    yield bench
    sandbox.stream.close()
    slot.close()
    theirs.close()


async def test_sandbox_prepared_ahead_is_begun_by_an_order_of_the_same_sequence(
    bench: Bench,
) -> None:
    await bench.sandbox.prepare(LIMITS, ahead=True)
    await bench.sandbox.begin(LIMITS)

    assert bench.order() == (OrderKind.START, OrderFlag.AHEAD, 1)
    assert bench.order() == (OrderKind.BEGIN, OrderFlag.NONE, 1)


async def test_sandbox_that_cannot_begin_ends_with_the_reason(bench: Bench) -> None:
    await bench.sandbox.prepare(LIMITS, ahead=True)
    await bench.sandbox.begin(LIMITS)

    bench.report(ReportKind.FAILED, 1, "write memory.max: Device or resource busy")

    async with asyncio.timeout(10):
        with pytest.raises(EngineError, match=r"memory\.max"):
            await bench.sandbox.stream.read(1)


async def test_end_that_follows_a_failure_does_not_hide_its_reason(bench: Bench) -> None:
    await bench.sandbox.prepare(LIMITS, ahead=True)
    await bench.sandbox.begin(LIMITS)

    bench.report(ReportKind.FAILED, 1, "no such group")
    bench.report(ReportKind.ENDED, 1)

    async with asyncio.timeout(10):
        with pytest.raises(EngineError, match="no such group"):
            await bench.sandbox.stream.read(1)


async def test_only_what_was_prepared_ahead_begins_and_only_once(bench: Bench) -> None:
    await bench.sandbox.prepare(LIMITS)
    with pytest.raises(EngineError, match="does not wait"):
        await bench.sandbox.begin(LIMITS)


async def test_the_disk_of_a_prepared_sandbox_stays_as_it_is(bench: Bench) -> None:
    await bench.sandbox.prepare(LIMITS, ahead=True)

    with pytest.raises(EngineError, match="disk"):
        await bench.sandbox.begin(dataclasses.replace(LIMITS, disk_bytes=LIMITS.disk_bytes * 2))

    await bench.sandbox.begin(LIMITS)
    with pytest.raises(EngineError, match="does not wait"):
        await bench.sandbox.begin(LIMITS)


async def test_processes_that_no_group_counts_stay_bounded_as_they_are(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = dataclasses.replace(FACTS, has_processes=False)
    monkeypatch.setattr(bench.sandbox, "_facts", facts)
    await bench.sandbox.prepare(LIMITS, ahead=True)

    with pytest.raises(EngineError, match="processes"):
        await bench.sandbox.begin(dataclasses.replace(LIMITS, processes=LIMITS.processes - 1))

    await bench.sandbox.begin(LIMITS)
