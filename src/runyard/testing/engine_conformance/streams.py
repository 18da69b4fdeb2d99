"""Output comes in order and complete up to its limit; stdin may come late."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib

import pytest

from runyard.domain.execution import LimitHit
from runyard.domain.limits import KIB, MIB
from runyard.engines.interface import Capabilities
from runyard.testing.engine_conformance.session import DEADLINE_SECONDS, LIMITS, SHELL, Session
from runyard.testing.engine_conformance.surroundings import Surroundings

# Each line is one write, alternately to both streams.
ALTERNATE = """
import os
for number in range(2000):
    os.write(1 + number % 2, b"%d\\n" % number)
"""
WRITE_RANDOM = """
import hashlib, os, sys
digest, left = hashlib.sha256(), int(sys.argv[1])
while left:
    piece = os.urandom(min(left, 100_003))
    sys.stdout.buffer.write(piece)
    digest.update(piece)
    left -= len(piece)
sys.stderr.write(digest.hexdigest())
"""
ANSWER_LINES = """
import sys
print("ready")
for line in sys.stdin:
    print("got", line.strip())
print("end")
"""


class StreamConformance(Surroundings):
    async def test_each_stream_is_in_order(self, session: Session) -> None:
        ended = await session.python(ALTERNATE)

        assert ended.stdout.split() == [b"%d" % number for number in range(0, 2000, 2)]
        assert ended.stderr.split() == [b"%d" % number for number in range(1, 2000, 2)]

    async def test_merged_streams_are_in_order_of_writing(self, session: Session) -> None:
        ended = await session.python(ALTERNATE, merge_stderr=True)

        assert ended.stdout.split() == [b"%d" % number for number in range(2000)]
        assert ended.stderr == b""

    async def test_output_arrives_while_the_program_runs(self, session: Session) -> None:
        running = session.launch(SHELL, "-c", "echo first; exec sleep 1000")
        await running.read_until(b"first\n")
        session.channel.kill()

        assert (await running.finish()).exited.signal == 9

    async def test_ten_megabytes_come_through_unchanged(self, session: Session) -> None:
        limits = dataclasses.replace(LIMITS, output_bytes=16 * MIB)
        ended = await session.python(WRITE_RANDOM, str(10 * MIB), limits=limits)

        assert len(ended.stdout) == 10 * MIB
        assert hashlib.sha256(ended.stdout).hexdigest().encode() == ended.stderr
        assert not ended.exited.stdout_truncated
        assert ended.exited.usage.stdout_bytes == 10 * MIB

    async def test_a_slow_reader_loses_nothing(self, session: Session) -> None:
        limits = dataclasses.replace(LIMITS, output_bytes=16 * MIB)
        running = session.launch_python(WRITE_RANDOM, str(4 * MIB), limits=limits)
        await running.read_one()
        for _ in range(200):
            await asyncio.sleep(0)
        ended = await running.finish()

        assert hashlib.sha256(ended.stdout).hexdigest().encode() == ended.stderr

    async def test_output_limit_under_at_and_over(self, session: Session) -> None:
        for stream in ("stdout", "stderr"):
            for excess in (-1, 0, 1, 5 * MIB):
                await self._exceed_output(session, stream, excess)

    async def _exceed_output(self, session: Session, stream: str, excess: int) -> None:
        limit = 100 * KIB
        program = f"import sys; sys.{stream}.buffer.write(b'x' * {limit + excess})"
        limits = dataclasses.replace(LIMITS, output_bytes=limit)
        ended = await session.python(program, limits=limits)

        exited, is_over = ended.exited, excess > 0
        assert len(getattr(ended, stream)) == min(limit + excess, limit)
        assert exited.limit_hit == (LimitHit.OUTPUT if is_over else None)
        truncated = {"stdout": exited.stdout_truncated, "stderr": exited.stderr_truncated}
        assert truncated == {"stdout": False, "stderr": False} | {stream: is_over}
        if not is_over:
            assert exited.exit_code == 0

    async def test_output_limit_of_zero_stops_the_first_byte(self, session: Session) -> None:
        limits = dataclasses.replace(LIMITS, output_bytes=0)
        silent = await session.run("/bin/true", limits=limits)
        ended = await session.run("/bin/echo", limits=limits)

        assert silent.exited.exit_code == 0
        assert ended.exited.limit_hit == LimitHit.OUTPUT
        assert ended.stdout == b""

    async def test_endless_output_ends_the_program(self, session: Session) -> None:
        ended = await session.run(SHELL, "-c", "exec cat /dev/zero")

        assert ended.exited.limit_hit == LimitHit.OUTPUT
        assert len(ended.stdout) == LIMITS.output_bytes
        assert ended.seconds < DEADLINE_SECONDS / 2

    async def test_late_stdin_is_delivered_piece_by_piece(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        _require_late_stdin(capabilities)
        running = session.launch_python(ANSWER_LINES, stdin=b"early\n", keep_stdin_open=True)
        await running.read_until(b"got early\n")
        session.channel.write_stdin(b"la")
        session.channel.write_stdin(b"te\n")
        await running.read_until(b"got late\n")
        session.channel.close_stdin()
        ended = await running.finish()

        assert ended.text == "ready\ngot early\ngot late\nend"

    async def test_late_stdin_of_a_megabyte_arrives_whole(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        _require_late_stdin(capabilities)
        data = bytes(range(256)) * 4096
        running = session.launch(SHELL, "-c", "echo up; exec sha256sum", keep_stdin_open=True)
        await running.read_until(b"up")
        for start in range(0, len(data), 65536):
            session.channel.write_stdin(data[start : start + 65536])
        session.channel.close_stdin()

        assert hashlib.sha256(data).hexdigest() in (await running.finish()).text

    async def test_late_stdin_for_a_program_that_is_gone_harms_nothing(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        _require_late_stdin(capabilities)
        running = session.launch("/bin/true", keep_stdin_open=True)
        await running.finish()
        session.channel.write_stdin(b"too late\n")
        session.channel.close_stdin()

        assert (await session.run("/bin/cat", stdin=b"next")).text == "next"


def _require_late_stdin(capabilities: Capabilities) -> None:
    if not capabilities.has_late_stdin:
        pytest.skip("declared: no late stdin")
