"""Which runtimes work on this machine.

A runtime whose programs are there is offered at once and its self-test runs behind, so that a
server answers before dozens of compilers have been tried. One whose self-test fails is
unavailable, with the reason, from then on. What passed is remembered by a fingerprint of the
toolchain and the catalogue's entry; what failed is tried again at the next start, because a full
disk or a busy machine must not condemn a compiler for ever.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import structlog

from runyard.domain.errors import EngineError, RuntimeUnavailableError, UnknownRuntimeError
from runyard.domain.execution import Outcome
from runyard.domain.runtime import (
    Command,
    Runtime,
    RuntimeState,
    RuntimeStatus,
    SelfTest,
    Start,
)
from runyard.services.catalogue import CatalogueEntry
from runyard.services.toolchains import Candidate, Found, build_runtime

REASON_CHARS_MAX = 300
VERSION_CHARS_MAX = 40
# On a busy machine a compiler can run out of time or memory once; twice is a verdict.
TRIES_MAX = 2
# Self-tests give way to people's programs, but not until they starve.
_NICE, _NICENESS = "/usr/bin/nice", "10"

_log = structlog.get_logger(__name__)


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


@dataclass(slots=True)
class _Standing:
    """How one runtime stands. `chosen` is the candidate that passed its self-test."""

    found: Found
    runtime: Runtime
    state: RuntimeState
    reason: str | None = None
    chosen: Candidate | None = None


class Runtimes:
    """`context` names what else a self-test's result depends on, such as the engine."""

    def __init__(
        self, found: Sequence[Found], *, cache_file: Path | None = None, context: str = ""
    ) -> None:
        self._standings = {each.entry.id: _first_standing(each) for each in found}
        self._ids = {
            name.lower(): each.entry.id
            for each in found
            for name in (each.entry.id, *each.entry.aliases)
        }
        self._cache_file = cache_file
        self._context = context
        self._versions = _read_cache(cache_file)
        for standing in self._standings.values():
            self._recall(standing)

    def list(self) -> list[RuntimeStatus]:
        """Return every runtime of the catalogue, most used first."""
        return [
            RuntimeStatus(runtime=each.runtime, state=each.state, reason=each.reason)
            for each in self._standings.values()
        ]

    def failing(self) -> Sequence[RuntimeStatus]:
        """Return those that have what they need and whose self-test does not pass."""
        return [
            RuntimeStatus(runtime=each.runtime, state=each.state, reason=each.reason)
            for each in self._standings.values()
            if each.state is RuntimeState.UNAVAILABLE and each.found.candidates
        ]

    def find(self, name_or_alias: str) -> Runtime:
        """Return the runtime to run. One that has not been probed yet is offered: it has what it
        needs, and its own error would tell the truth as well as the self-test's.

        Raises UnknownRuntimeError or RuntimeUnavailableError.
        """
        runtime_id = self._ids.get(name_or_alias.strip().lower())
        if runtime_id is None:
            raise UnknownRuntimeError(self._unknown(name_or_alias))
        standing = self._standings[runtime_id]
        if standing.state is RuntimeState.UNAVAILABLE:
            raise RuntimeUnavailableError(
                f"Runtime {runtime_id!r} is not available: {standing.reason}.",
                runtime=runtime_id,
                reason=standing.reason,
            )
        return standing.runtime

    async def probe_all(
        self, run: ProbeRun, *, works: Callable[[Runtime], None] = lambda _: None
    ) -> None:
        """Try every runtime that is not known to work, one after the other, most used first.
        `works` is told each that does, also those that were known.
        """
        for runtime_id, standing in self._standings.items():
            if standing.state is RuntimeState.UNKNOWN:
                await self.probe(runtime_id, run)
            if standing.state is RuntimeState.AVAILABLE:
                works(standing.runtime)

    async def probe(self, runtime_id: str, run: ProbeRun) -> RuntimeStatus:
        """Run the self-test of one runtime with each toolchain until one passes.

        Without a working sandbox nothing is learned and its state stays as it was.
        """
        standing = self._standings[runtime_id]
        reasons: list[str] = []
        for candidate in standing.found.candidates:
            try:
                version, reason = await _try_candidate(candidate, run)
            except EngineError as error:
                _log.warning("runtime_not_probed", runtime=runtime_id, reason=str(error))
                break
            if reason is None:
                self._accept(standing, candidate, version)
                self._remember(candidate, version)
                break
            reasons.append(reason)
        else:
            if reasons:
                standing.state = RuntimeState.UNAVAILABLE
                standing.reason = reasons[0]
                _log.warning("runtime_unavailable", runtime=runtime_id, reason=reasons[0])
        return RuntimeStatus(runtime=standing.runtime, state=standing.state, reason=standing.reason)

    def chosen(self) -> tuple[tuple[Candidate, Runtime], ...]:
        """Return the toolchains that passed, each with the runtime that it makes by itself."""
        return tuple(
            (each.chosen, replace(each.chosen.runtime, version=each.runtime.version))
            for each in self._standings.values()
            if each.chosen is not None
        )

    def offer(self, runtime: Runtime) -> None:
        """Let the same toolchain provide its runtime in another way from here on."""
        self._standings[runtime.id].runtime = runtime

    def _accept(self, standing: _Standing, candidate: Candidate, version: str) -> None:
        standing.chosen = candidate
        standing.runtime = replace(candidate.runtime, version=version)
        standing.state = RuntimeState.AVAILABLE
        standing.reason = None

    def _recall(self, standing: _Standing) -> None:
        for candidate in standing.found.candidates:
            version = self._versions.get(self._key(candidate))
            if version is not None:
                self._accept(standing, candidate, version)
                return

    def _remember(self, candidate: Candidate, version: str) -> None:
        self._versions[self._key(candidate)] = version
        if self._cache_file is None:
            return
        # A key nobody has any more is a toolchain that was replaced.
        current = {
            self._key(each) for one in self._standings.values() for each in one.found.candidates
        }
        kept = {key: value for key, value in self._versions.items() if key in current}
        try:
            _write_cache(self._cache_file, kept)
        except OSError as error:
            _log.warning("runtime_cache_not_written", reason=str(error))

    def _key(self, candidate: Candidate) -> str:
        return f"{candidate.runtime.id} {candidate.fingerprint} {self._context}".strip()

    def _unknown(self, name: str) -> str:
        shown = repr(name if len(name) <= 40 else name[:37] + "...")
        close = difflib.get_close_matches(name.strip().lower()[:40], self._ids, n=3, cutoff=0.6)
        suggested = list(dict.fromkeys(self._ids[each] for each in close))
        hint = f" Did you mean {_listed(suggested)}?" if suggested else ""
        return f"There is no runtime {shown}.{hint}"


def _first_standing(found: Found) -> _Standing:
    if found.candidates:
        return _Standing(
            found=found, runtime=found.candidates[0].runtime, state=RuntimeState.UNKNOWN
        )
    return _Standing(
        found=found,
        runtime=_absent(found.entry),
        state=RuntimeState.UNAVAILABLE,
        reason=found.missing,
    )


def _absent(entry: CatalogueEntry) -> Runtime:
    return build_runtime(entry, entry.toolchains[0])


async def _try_candidate(candidate: Candidate, run: ProbeRun) -> tuple[str, str | None]:
    """Return the version, and why the self-test did not pass (None if it did)."""
    test = candidate.runtime.self_test
    assert test is not None, "every entry of the catalogue has a self-test"
    asked = await run(
        _patiently(candidate.version_runtime), replace(test, stdin=candidate.version_stdin)
    )
    version = _parse_version(asked.stdout + b"\n" + asked.stderr, candidate.version_pattern)
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
        reason = _judge(result, test)
        if reason is None:
            break
    return reason


def _parse_version(output: bytes, pattern: str) -> str:
    found = re.search(pattern, output.decode(errors="replace"))
    if found is None:
        return ""
    return (found[1] if found.groups() else found[0])[:VERSION_CHARS_MAX]


def _judge(result: ProbeResult, test: SelfTest) -> str | None:
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


def _listed(names: Iterable[str]) -> str:
    return " or ".join(repr(name) for name in names)


def _read_cache(file: Path | None) -> dict[str, str]:
    """Return what is remembered; an unreadable file only means that everything is tried anew."""
    if file is None:
        return {}
    with suppress(OSError, ValueError):
        content = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return {key: value for key, value in content.items() if isinstance(value, str)}
    return {}


def _write_cache(file: Path, versions: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(json.dumps(versions, indent=1, sort_keys=True), encoding="utf-8")
    fresh.replace(file)
