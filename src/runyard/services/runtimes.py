"""Which runtimes work on this machine.

A runtime whose programs are there is offered at once and its self-test runs behind, so that a
server answers before dozens of compilers have been tried. One whose self-test fails is
unavailable, with the reason, from then on. What passed is remembered by a fingerprint of the
toolchain and the catalogue's entry; what failed is tried again at the next start, because a full
disk or a busy machine must not condemn a compiler for ever.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from runyard.domain.errors import EngineError, RuntimeUnavailableError, UnknownRuntimeError
from runyard.domain.runtime import (
    Lifecycle,
    Runtime,
    RuntimeState,
    RuntimeStatus,
    Support,
)
from runyard.services.catalogue_entry import CatalogueEntry
from runyard.services.runtime_names import RuntimeNames
from runyard.services.self_tests import ProbeRun, try_candidate
from runyard.services.toolchains import Candidate, Found, build_runtime

_log = structlog.get_logger(__name__)


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
        self.catalogue = tuple(found)
        self._standings: dict[str, _Standing] = {}
        self._names = RuntimeNames(())
        self._support: Mapping[str, Support] = {}
        self._cache_file = cache_file
        self._context = context
        self._versions = _read_cache(cache_file)
        self._changed: dict[str, None] = {}
        self._has_changed = asyncio.Event()
        self.arrange(found)

    def arrange(
        self,
        found: Sequence[Found],
        *,
        support: Mapping[str, Support] | None = None,
        defaults: Mapping[str, str] | None = None,
    ) -> None:
        """Have these runtimes from now on, most used first. Those that are as they were keep what
        is known of them.
        """
        former, self._standings = self._standings, {}
        for each in found:
            standing = former.get(each.entry.id)
            if standing is None or standing.found != each:
                standing = _first_standing(each)
                self._recall(standing)
                if former:
                    self._changed[each.entry.id] = None
                    self._has_changed.set()
            self._standings[each.entry.id] = standing
        self._support = dict(support or {})
        retired = frozenset(
            name for name, each in self._support.items() if each.lifecycle is Lifecycle.RETIRED
        )
        entries = [each.entry for each in found]
        self._names = RuntimeNames(entries, defaults=defaults, retired=retired)

    async def take_changed(self) -> list[str]:
        """Wait for runtimes that are new or other than they were, and return their ids."""
        await self._has_changed.wait()
        self._has_changed.clear()
        changed, self._changed = self._changed, {}
        return list(changed)

    def list(self) -> list[RuntimeStatus]:
        """Return every runtime, most used first."""
        return [self._status(standing) for standing in self._standings.values()]

    def failing(self) -> Sequence[RuntimeStatus]:
        """Return those that have what they need and whose self-test does not pass."""
        return [
            self._status(each)
            for each in self._standings.values()
            if each.state is RuntimeState.UNAVAILABLE and each.found.candidates
        ]

    def view(self, name: str) -> RuntimeStatus:
        """Return what is known of a runtime, of any state. Raises UnknownRuntimeError."""
        return self._status(self._standings[self._resolve(name)])

    def found(self, runtime_id: str) -> Found | None:
        standing = self._standings.get(runtime_id)
        return None if standing is None else standing.found

    def resolve(self, name: str) -> str | None:
        """Return the id of the runtime that a name means."""
        return self._names.resolve(name)

    def find(self, name: str) -> Runtime:
        """Return the runtime to run. One that has not been probed yet is offered: it has what it
        needs, and its own error would tell the truth as well as the self-test's.

        Raises UnknownRuntimeError or RuntimeUnavailableError.
        """
        runtime_id = self._resolve(name)
        support = self._support.get(runtime_id, Support())
        if support.lifecycle is Lifecycle.RETIRED:
            raise RuntimeUnavailableError(
                f"Runtime {runtime_id!r} is not available: {support.explain()}.",
                runtime=runtime_id,
                reason=support.explain(),
                replacement=support.replacement,
            )
        return self._require(runtime_id)

    def find_accepted(self, runtime_id: str) -> Runtime:
        """Return the runtime of a request that was accepted, also if it was retired since.

        Raises UnknownRuntimeError or RuntimeUnavailableError.
        """
        if runtime_id not in self._standings:
            raise UnknownRuntimeError(
                f"Runtime {runtime_id!r} was removed after this was accepted; choose another one."
            )
        return self._require(runtime_id)

    def _require(self, runtime_id: str) -> Runtime:
        standing = self._standings[runtime_id]
        if standing.state is RuntimeState.UNAVAILABLE:
            raise RuntimeUnavailableError(
                f"Runtime {runtime_id!r} is not available: {standing.reason}.",
                runtime=runtime_id,
                reason=standing.reason,
            )
        return standing.runtime

    def _resolve(self, name: str) -> str:
        runtime_id = self._names.resolve(name)
        if runtime_id is None:
            raise UnknownRuntimeError(self._names.explain_unknown(name))
        return runtime_id

    def _status(self, standing: _Standing) -> RuntimeStatus:
        return RuntimeStatus(
            runtime=standing.runtime,
            state=standing.state,
            reason=standing.reason,
            support=self._support.get(standing.runtime.id, Support()),
            is_default=self._names.is_default(standing.found.entry),
        )

    async def probe_all(
        self, run: ProbeRun, *, works: Callable[[Runtime], None] = lambda _: None
    ) -> None:
        """Try every runtime that is not known to work, one after the other, most used first.
        `works` is told each that does, also those that were known.
        """
        for runtime_id in tuple(self._standings):
            await self.try_out(runtime_id, run, works=works)

    async def try_out(
        self, runtime_id: str, run: ProbeRun, *, works: Callable[[Runtime], None]
    ) -> None:
        """Try one runtime if it is not known to work; tell `works` if it does."""
        standing = self._standings.get(runtime_id)
        if standing is not None and standing.state is RuntimeState.UNKNOWN:
            await self.probe(runtime_id, run)
        # Meanwhile it may have become another one.
        standing = self._standings.get(runtime_id)
        if standing is not None and standing.state is RuntimeState.AVAILABLE:
            works(standing.runtime)

    async def probe(self, runtime_id: str, run: ProbeRun) -> RuntimeStatus:
        """Run the self-test of one runtime with each toolchain until one passes.

        Without a working sandbox nothing is learned and its state stays as it was.
        """
        standing = self._standings[runtime_id]
        reasons: list[str] = []
        for candidate in standing.found.candidates:
            try:
                version, reason = await try_candidate(candidate, run)
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
        return self._status(standing)

    def chosen(self) -> tuple[tuple[Candidate, Runtime], ...]:
        """Return the toolchains that passed, each with the runtime that it makes by itself."""
        return tuple(
            (each.chosen, replace(each.chosen.runtime, version=each.runtime.version))
            for each in self._standings.values()
            if each.chosen is not None
        )

    def offer(self, candidate: Candidate, runtime: Runtime) -> bool:
        """Let the same toolchain provide its runtime in another way from here on. False if it is
        offered so already, or the toolchain does not provide it any more.
        """
        standing = self._standings.get(runtime.id)
        if standing is None or standing.chosen is not candidate or standing.runtime == runtime:
            return False
        standing.runtime = runtime
        return True

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
