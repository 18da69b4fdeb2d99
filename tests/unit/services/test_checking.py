"""Outputs are compared in bounded time, whatever a client sends."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from runyard.domain.checkers import Checker, CheckerKind
from runyard.domain.execution import TestCase as Case
from runyard.services.checking import DIFFERS, TOO_SLOW, Checks

# It backtracks 2^40 times.
ENDLESS = "(a+)+$"
ENDLESS_OUTPUT = b"a" * 40 + b"b"


@pytest.fixture
async def checks() -> AsyncIterator[Checks]:
    checks = Checks()
    yield checks
    await checks.aclose()


def build_test(expected: str | None, kind: CheckerKind = CheckerKind.LINES) -> Case:
    return Case(name="t", expected_stdout=expected, checker=Checker(kind))


async def test_explain_failure_of_an_unchecked_test_is_none(checks: Checks) -> None:
    assert await checks.explain_failure(build_test(None), b"anything") is None


async def test_explain_failure_in_place(checks: Checks) -> None:
    assert await checks.explain_failure(build_test("1"), b"1\n") is None
    assert await checks.explain_failure(build_test("1"), b"2\n") == DIFFERS


async def test_explain_failure_keeps_invalid_bytes_apart(checks: Checks) -> None:
    exact = build_test("�", CheckerKind.EXACT)

    assert await checks.explain_failure(exact, b"\xff") == DIFFERS


async def test_explain_failure_by_a_regular_expression(checks: Checks) -> None:
    regex = build_test("a+b", CheckerKind.REGEX)

    assert await checks.explain_failure(regex, b"aab\n") is None
    assert await checks.explain_failure(regex, b"b\n") == DIFFERS
    assert await checks.explain_failure(regex, b"\xff") == DIFFERS


async def test_explain_failure_of_an_endless_expression_ends_in_time(checks: Checks) -> None:
    endless = build_test(ENDLESS, CheckerKind.REGEX)
    started = time.monotonic()

    failure = await checks.explain_failure(endless, ENDLESS_OUTPUT, seconds_max=0.3)

    assert failure == TOO_SLOW
    assert time.monotonic() - started < 5


async def test_endless_expression_does_not_hold_up_the_loop(checks: Checks) -> None:
    endless = build_test(ENDLESS, CheckerKind.REGEX)
    checking = asyncio.create_task(checks.explain_failure(endless, ENDLESS_OUTPUT, seconds_max=0.5))

    turns = 0
    while not checking.done():
        await asyncio.sleep(0)
        turns += 1

    assert await checking == TOO_SLOW
    assert turns > 100


async def test_checks_work_on_after_a_killed_one(checks: Checks) -> None:
    endless = build_test(ENDLESS, CheckerKind.REGEX)
    await checks.explain_failure(endless, ENDLESS_OUTPUT, seconds_max=0.1)

    regex = build_test("a", CheckerKind.REGEX)
    assert await checks.explain_failure(regex, b"a", seconds_max=10) is None


async def test_large_outputs_are_compared(checks: Checks) -> None:
    """Megabytes go to another process; the answer is the same."""
    text = "line of output\n" * 200_000

    same = await checks.explain_failure(build_test(text), text.encode(), seconds_max=20)
    other = await checks.explain_failure(build_test(text), text.encode() + b"x", seconds_max=20)

    assert (same, other) == (None, DIFFERS)


async def test_checks_at_the_same_time_do_not_mix(checks: Checks) -> None:
    tests = [build_test(f"a{n}", CheckerKind.REGEX) for n in range(4)]

    failures = await asyncio.gather(
        *(
            checks.explain_failure(test, f"a{n % 2}".encode(), seconds_max=20)
            for n, test in enumerate(tests)
        )
    )

    assert failures == [None, None, DIFFERS, DIFFERS]


async def test_aclose_ends_every_process() -> None:
    checks = Checks()
    await checks.explain_failure(build_test("a", CheckerKind.REGEX), b"a", seconds_max=20)
    [process] = checks._idle

    await checks.aclose()

    assert process.returncode is not None
