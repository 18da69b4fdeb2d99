"""Decides whether a test's output is the expected one, in bounded time.

A regular expression of a client can backtrack for ever and comparing megabytes takes long, so
both happen in processes of their own that are killed when they take too long; only small plain
comparisons are made in place.
"""

from __future__ import annotations

import asyncio
import json
import sys

from runyard.domain.checkers import Checker, CheckerKind, accepts
from runyard.domain.execution import TestCase

CHECK_SECONDS_MAX = 2.0
_IN_PLACE_CHARACTERS_MAX = 64 * 1024
_MODULE = "runyard.services.checking_process"

DIFFERS = "The output differs from the expected output."
TOO_SLOW = "Comparing the output with the expected output took too long."


class Checks:
    """Keeps idle processes for the next check; there are as many as checks at one time."""

    def __init__(self) -> None:
        self._idle: list[asyncio.subprocess.Process] = []

    async def explain_failure(
        self, test: TestCase, stdout: bytes, *, seconds_max: float = CHECK_SECONDS_MAX
    ) -> str | None:
        """Return None if the test accepts the output, else the reason why not."""
        if test.expected_stdout is None:
            return None
        # Bytes that are no UTF-8 must stay distinct from each other.
        actual = stdout.decode(errors="surrogateescape")
        size = len(actual) + len(test.expected_stdout)
        if test.checker.kind is not CheckerKind.REGEX and size <= _IN_PLACE_CHARACTERS_MAX:
            accepted = accepts(test.checker, expected=test.expected_stdout, actual=actual)
            return None if accepted else DIFFERS
        answer = await self._ask(test.checker, test.expected_stdout, actual, seconds_max)
        if answer is None:
            return TOO_SLOW
        return None if answer else DIFFERS

    async def aclose(self) -> None:
        idle, self._idle = self._idle, []
        for process in idle:
            await _kill(process)

    async def _ask(
        self, checker: Checker, expected: str, actual: str, seconds_max: float
    ) -> bool | None:
        process = self._idle.pop() if self._idle else await _start()
        question = json.dumps([checker.kind, checker.tolerance, expected, actual]).encode()
        is_reusable = False
        try:
            async with asyncio.timeout(seconds_max):
                answer = await _converse(process, question)
            is_reusable = answer in {b"0", b"1"}
        except TimeoutError:
            return None
        finally:
            if is_reusable:
                self._idle.append(process)
            else:
                await asyncio.shield(_kill(process))
        if not is_reusable:
            # It ran out of memory; nothing else ends it.
            return None
        return answer == b"1"


async def _converse(process: asyncio.subprocess.Process, question: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(len(question).to_bytes(8, "little") + question)
        await process.stdin.drain()
        return await process.stdout.read(1)
    except ConnectionError:
        return b""


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        _MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={},
    )


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()
