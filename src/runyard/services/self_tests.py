"""Runs a toolchain's self-test and says in words why it did not pass."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from runyard.domain.errors import EngineError
from runyard.domain.execution import Outcome
from runyard.domain.runtime import Command, Runtime, SelfTest, Start
from runyard.services.toolchains import Candidate

REASON_CHARS_MAX = 300
VERSION_CHARS_MAX = 40
# Of each stream: looking for a version in more could take long.
_VERSION_BYTES_MAX = 4096
# On a busy machine a compiler can run out of time or memory once; twice is a verdict.
TRIES_MAX = 2
# Self-tests give way to people's programs, but not until they starve.
_NICE, _NICENESS = "/usr/bin/nice", "10"


class ProbeResult(Protocol):
    """What became of a self-test; a `StepResult` is one: that of the step that failed, or the
    last.
    """

    @property
    def outcome(self) -> Outcome: ...
    @property
    def message(self) -> str | None: ...
    @property
    def stdout(self) -> bytes: ...
    @property
    def stderr(self) -> bytes: ...


# Runs one self-test in a sandbox of its own; raises EngineError if there is none to be had.
ProbeRun = Callable[[Runtime, SelfTest], Awaitable[ProbeResult]]


async def try_candidate(candidate: Candidate, run: ProbeRun) -> tuple[str, str | None]:
    """Return the version, and why the self-test did not pass (None if it did)."""
    test = candidate.runtime.self_test
    assert test is not None, "every entry of the catalogue has a self-test"
    asked = await run(
        _patiently(candidate.version_runtime), replace(test, stdin=candidate.version_stdin)
    )
    version = read_version(asked, candidate.version_pattern)
    return version, await try_self_test(candidate.runtime, run)


async def try_self_test(runtime: Runtime, run: ProbeRun) -> str | None:
    """Return why the self-test did not pass, or None if it did."""
    test = runtime.self_test
    assert test is not None, "every entry of the catalogue has a self-test"
    runtime = _patiently(runtime)
    reason: str | None = None
    for _ in range(TRIES_MAX):
        result = await run(runtime, test)
        if result.outcome is Outcome.INTERNAL_ERROR:
            raise EngineError(result.message or "the sandbox failed")
        reason = judge(result, test)
        if reason is None:
            break
    return reason


def read_version(asked: ProbeResult, pattern: str) -> str:
    said = asked.stdout[:_VERSION_BYTES_MAX] + b"\n" + asked.stderr[:_VERSION_BYTES_MAX]
    found = re.search(pattern, said.decode(errors="replace"))
    if found is None:
        return ""
    return (found[1] if found.groups() else found[0])[:VERSION_CHARS_MAX]


def judge(result: ProbeResult, test: SelfTest) -> str | None:
    """Return why a self-test that ended so did not pass, or None if it did."""
    if result.outcome is Outcome.SUCCEEDED:
        actual = result.stdout.decode(errors="replace")
        if actual == test.expected_stdout:
            return None
        return _shortened(f"its self-test printed {actual!r}, not {test.expected_stdout!r}")
    said = result.message or _last_line(result.stderr) or _last_line(result.stdout)
    return _shortened(f"its self-test ended {result.outcome.value}: {said}")


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it printed nothing")


def _shortened(text: str) -> str:
    plain = "".join(each if each.isprintable() else " " for each in text)
    return plain if len(plain) <= REASON_CHARS_MAX else plain[: REASON_CHARS_MAX - 1] + "…"


def _patiently(runtime: Runtime) -> Runtime:
    """Return the runtime as a self-test runs it: after people's programs, so with more time."""
    seconds = max(runtime.compile_limits.wall_seconds, runtime.run_limits.wall_seconds)
    runtime = replace(runtime, run_limits=replace(runtime.run_limits, wall_seconds=seconds))
    return replace(
        runtime, compile=runtime.compile and nicely(runtime.compile), run=nicely(runtime.run)
    )


def nicely(command: Command) -> Command:
    """Return the command as it runs behind people's programs: cold, and giving way to them."""
    if not os.access(_NICE, os.X_OK):
        return replace(command, start=Start.COLD)
    return replace(command, argv=(_NICE, "-n", _NICENESS, *command.argv), start=Start.COLD)
