"""No program lives longer or computes more than its limits allow."""

import asyncio
import time

import pytest

from runyard.domain.execution import LimitHit
from tests.security.attacks import GRACE_SECONDS, Attacks
from tests.security.belongings import leaves_nothing
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import load_programs

RACE = load_programs("time")["race"]


class TestTime(Attacks):
    kind = "time"


async def test_ending_at_the_limit_is_one_or_the_other(laboratory: Laboratory) -> None:
    """A program that ends by itself in the moment its time is up has either ended or been ended."""
    seen = []
    async with laboratory.sandbox(RACE.limits) as session:
        for _ in range(20):
            inside = await laboratory.run_in(session, RACE)
            seen.append((inside.exited.exit_code, inside.exited.signal, inside.exited.limit_hit))

    for exit_code, signal, limit_hit in seen:
        assert (limit_hit is LimitHit.WALL) == (exit_code is None), seen
        assert (exit_code == 7 and signal is None) or limit_hit is LimitHit.WALL, seen


async def test_program_that_waits_for_input_ends_at_its_limit(laboratory: Laboratory) -> None:
    async with laboratory.sandbox(RACE.limits) as session:
        started = time.monotonic()
        running = session.launch("/bin/cat", env=ENV, limits=RACE.limits, keep_stdin_open=True)
        ended = await running.finish()

    assert ended.exited.limit_hit is LimitHit.WALL
    assert time.monotonic() - started < RACE.limits.wall_seconds + GRACE_SECONDS


async def test_program_that_reads_no_input_ends_at_its_limit(laboratory: Laboratory) -> None:
    """More input is offered than every buffer on the way holds."""
    async with laboratory.sandbox(RACE.limits) as session:
        running = session.launch(
            "/bin/sh", "-c", "echo up; exec sleep 9", env=ENV, limits=RACE.limits,
            stdin=b"x" * (4 << 20), keep_stdin_open=True,
        )  # fmt: skip
        await running.read_until(b"up")
        session.channel.write_stdin(b"y" * (4 << 20))
        ended = await running.finish()

    assert ended.exited.limit_hit is LimitHit.WALL


@pytest.mark.parametrize("seconds", [0.05, 0.2])
async def test_limit_is_kept_to_within_a_tenth_of_a_second_of_cpu(
    laboratory: Laboratory, seconds: float
) -> None:
    limits = RACE.limits.__class__(wall_seconds=5, cpu_seconds=seconds)
    async with laboratory.sandbox(limits) as session:
        program = "(while :; do :; done) & while :; do :; done"
        ended = await session.run("/bin/sh", "-c", program, env=ENV, limits=limits)

    assert ended.exited.limit_hit is LimitHit.CPU
    assert ended.exited.usage.cpu_seconds is not None
    assert ended.exited.usage.cpu_seconds < seconds + 0.1


async def test_sandboxes_reach_their_limits_at_the_same_time(laboratory: Laboratory) -> None:
    async def sleep_on() -> float:
        async with laboratory.sandbox_alone(RACE.limits) as session:
            started = time.monotonic()
            await session.run("/bin/sleep", "9", env=ENV, limits=RACE.limits)
            return time.monotonic() - started

    async with leaves_nothing(laboratory.engine):
        seconds = await asyncio.gather(*(sleep_on() for _ in range(3)))

    assert max(seconds) < RACE.limits.wall_seconds + GRACE_SECONDS
