"""What administrators make of the catalogue: runtimes that are added, edited, deprecated or
retired, and which one a language's name means.

All of it is documents. They are read at the start and whenever they have changed, by whatever
server of this database, and the runtimes are arranged by them; a definition that is wrong by now is
logged and left out. What was accepted before a change is run as the runtime is then; only what was
removed altogether ends with an error that says so.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from pydantic import ValidationError

from runyard.domain.audit import Actor
from runyard.domain.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RevisionConflictError,
    RuntimeUnavailableError,
    RunyardError,
    TooLargeError,
)
from runyard.domain.events import Event
from runyard.domain.limits import Limits
from runyard.domain.runtime import Lifecycle, Runtime, RuntimeStatus, Support
from runyard.domain.submission import Submission
from runyard.services.audit import Audit
from runyard.services.catalogue_entry import CatalogueEntry
from runyard.services.catalogue_tables import ID_PATTERN
from runyard.services.journal import Notes
from runyard.services.runtime_definition import (
    RuntimeDefinition,
    pack_definition,
)
from runyard.services.runtime_documents import (
    DEFAULT_PREFIX,
    UNTOUCHED,
    VERBS,
    KeptRuntime,
    is_default,
    pack_runtime,
    summarize_runtime,
    unpack_runtime,
)
from runyard.services.runtime_overlay import define, find_bounds
from runyard.services.runtime_trials import RuntimeTrials, Trial
from runyard.services.runtimes import Runtimes
from runyard.services.toolchains import (
    Found,
    ToolchainSearch,
    find_toolchains,
    known_homes,
    revise,
)
from runyard.store.documents import Describe, DocumentKind, Documents
from runyard.store.runtime_uses import RuntimeUses

ADDED_COUNT_MAX = 100
MESSAGE_CHARACTERS_MAX = 400
_KIND = DocumentKind.RUNTIME

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministeredRuntime:
    """`source` is "catalogue", "edited" or "added", `given` the fields that are other than the
    catalogue's. `revision` counts the changes, from 0.
    """

    status: RuntimeStatus
    entry: CatalogueEntry
    source: str
    given: tuple[str, ...]
    revision: int
    project_count: int


class RuntimeAdministration:
    """Every method that takes an id raises NotFoundError for one that does not exist. `by` is who
    changes it.
    """

    def __init__(
        self,
        *,
        runtimes: Runtimes,
        documents: Documents,
        uses: RuntimeUses,
        trials: RuntimeTrials,
        audit: Audit,
        limits_max: Limits,
    ) -> None:
        self._runtimes = runtimes
        self._documents = documents
        self._uses = uses
        self._trials = trials
        self._audit = audit
        self._catalogue = {each.entry.id: each for each in runtimes.catalogue}
        self._bounds = find_bounds([each.entry for each in runtimes.catalogue], limits_max)
        self._search = ToolchainSearch(homes=known_homes(runtimes.catalogue))
        self._kept: dict[str, KeptRuntime] = {}
        self._stamps: frozenset[tuple[str, int, int]] = frozenset()
        # Who changes something sees what those before him changed.
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Arrange the runtimes by what is kept, if that is other than it was."""
        async with self._turn:
            await self._load()

    async def list(self) -> Sequence[AdministeredRuntime]:
        """Return all of them, most used first."""
        counts = await self._count_projects()
        return [self._describe(status, counts) for status in self._runtimes.list()]

    async def view(self, runtime_id: str) -> AdministeredRuntime:
        self._require(runtime_id)
        counts = await self._count_projects()
        status = next(each for each in self._runtimes.list() if each.runtime.id == runtime_id)
        return self._describe(status, counts)

    async def put(
        self, runtime_id: str, definition: RuntimeDefinition, *, base: int, by: Actor
    ) -> AdministeredRuntime:
        """Have a runtime be as defined: one of the catalogue in the fields that are given, another
        one altogether. `base` is the revision that this is based on.

        Raises InvalidRequestError and its kin, TooLargeError, ConflictError for a name that is
        another one's, and RevisionConflictError.
        """
        if not re.fullmatch(ID_PATTERN, runtime_id):
            raise InvalidRequestError(
                f"The id {runtime_id[:40]!r} must begin with a letter and have up to 32 small"
                " letters, digits and '-'."
            )
        async with self._turn:
            await self._load()
            kept, catalogued = self._kept.get(runtime_id), self._catalogue.get(runtime_id)
            if kept is None and catalogued is None:
                self._check_room()
            found = self._find(runtime_id, definition)
            self._check_names(found.entry)
            is_there = kept is not None or catalogued is not None
            given = pack_definition(definition)
            body = pack_runtime(replace(kept or UNTOUCHED, definition=given))
            action = "runtime.edit" if is_there else "runtime.add"
            document = await self._documents.put(
                _KIND, runtime_id, body, describe=self._audited(by, action, runtime_id), base=base
            )
            await self._load()
            if document is None:
                raise _conflict(runtime_id, self._kept.get(runtime_id), base)
        return await self.view(runtime_id)

    async def reset(self, runtime_id: str, *, by: Actor) -> None:
        """Have a runtime be as the catalogue says, or remove one that was added. Raises
        ConflictError while projects use that.
        """
        async with self._turn:
            await self._load()
            if runtime_id not in self._kept:
                self._require(runtime_id)
            is_removed = runtime_id not in self._catalogue
            if is_removed:
                count = (await self._count_projects()).get(runtime_id, 0)
                if count:
                    raise ConflictError(
                        f"{count} projects use {runtime_id!r}; retire it instead, and they are told"
                        " what to use.",
                        projects=count,
                    )
            action = "runtime.remove" if is_removed else "runtime.reset"
            describe = self._audited(by, action, runtime_id)
            await self._documents.delete(_KIND, runtime_id, describe=describe)
            if is_removed:
                await self._forget_default(runtime_id, by=by)
            await self._load()

    async def _forget_default(self, runtime_id: str, *, by: Actor) -> None:
        """So that another runtime that is called so one day does not become one."""
        for each in await self._documents.list(_KIND):
            if is_default(each) and each.body["runtime"] == runtime_id:
                language = each.key.removeprefix(DEFAULT_PREFIX)
                describe = self._audit.describe(by, "runtime.default", f"language {language}")
                await self._documents.delete(_KIND, each.key, describe=describe)

    async def set_support(
        self, runtime_id: str, support: Support, *, by: Actor
    ) -> AdministeredRuntime:
        """Deprecate or retire a runtime, or neither. Raises InvalidRequestError for a replacement
        that is none.
        """
        async with self._turn:
            await self._load()
            self._require(runtime_id)
            support = replace(support, replacement=self._check_replacement(runtime_id, support))
            kept = self._kept.get(runtime_id, UNTOUCHED)
            document = await self._documents.put(
                _KIND,
                runtime_id,
                pack_runtime(replace(kept, support=support)),
                describe=self._audited(by, f"runtime.{VERBS[support.lifecycle]}", runtime_id),
                base=kept.version,
            )
            await self._load()
            if document is None:
                raise _conflict(runtime_id, self._kept.get(runtime_id), kept.version)
        return await self.view(runtime_id)

    async def set_default(self, runtime_id: str, *, by: Actor) -> AdministeredRuntime:
        """Have the name of the runtime's language mean this one."""
        async with self._turn:
            await self._load()
            found = self._require(runtime_id)
            if self._is_retired(runtime_id):
                raise ConflictError(f"{runtime_id!r} is retired; nothing new runs with it.")
            language = found.entry.language.lower()
            await self._documents.put(
                _KIND,
                f"{DEFAULT_PREFIX}{language}",
                {"runtime": runtime_id},
                describe=self._audit.describe(by, "runtime.default", f"language {language}"),
            )
            await self._load()
        return await self.view(runtime_id)

    async def try_out(
        self,
        runtime_id: str,
        definition: RuntimeDefinition | None,
        submission: Submission | None,
        notes: Notes | None = None,
    ) -> Trial:
        """Run the self-test, or a program, with a runtime as it is or as a definition would make
        it. Raises RuntimeUnavailableError if this machine has none of its toolchains.
        """
        if definition is None:
            found = self._require(runtime_id)
            status = next(each for each in self._runtimes.list() if each.runtime.id == runtime_id)
            runtime: Runtime | None = status.runtime
        else:
            if not re.fullmatch(ID_PATTERN, runtime_id):
                raise _unknown(runtime_id)
            found = await asyncio.to_thread(self._find, runtime_id, definition)
            runtime = found.candidates[0].runtime if found.candidates else None
        if not found.candidates or runtime is None:
            raise RuntimeUnavailableError(
                f"Runtime {runtime_id!r} is not available: {found.missing}.", reason=found.missing
            )
        # One that has not passed its self-test is offered with the first.
        candidates = (each for each in found.candidates if each.fingerprint == runtime.digest)
        candidate = next(candidates, found.candidates[0])
        return await self._trials.run(candidate, runtime, submission, notes)

    def watch(
        self,
        runtime_id: str,
        definition: RuntimeDefinition | None,
        submission: Submission | None,
    ) -> AsyncGenerator[Event | Trial, None]:
        """Do the same as `try_out`, and yield what happens meanwhile."""
        return self._trials.watch(
            lambda notes: self.try_out(runtime_id, definition, submission, notes)
        )

    async def _load(self) -> None:
        stamps = await self._documents.stamps(_KIND)
        if stamps == self._stamps:
            return
        documents = await self._documents.list(_KIND)
        kept = {each.key: unpack_runtime(each) for each in documents if not is_default(each)}
        found = await asyncio.to_thread(self._find_all, kept)
        self._runtimes.arrange(
            sorted(found, key=lambda each: (each.entry.rank, each.entry.id)),
            support={name: each.support for name, each in kept.items()},
            defaults={
                each.key.removeprefix(DEFAULT_PREFIX): str(each.body["runtime"])
                for each in documents
                if is_default(each)
            },
        )
        self._kept, self._stamps = kept, stamps

    def _find_all(self, kept: Mapping[str, KeptRuntime]) -> Iterable[Found]:
        found = dict(self._catalogue)
        for name, each in kept.items():
            if not each.definition:
                continue
            try:
                found[name] = self._find(name, RuntimeDefinition.model_validate(each.definition))
            except (RunyardError, ValidationError, OSError) as error:
                _log.warning("runtime_definition_unusable", runtime=name, reason=str(error))
        return found.values()

    def _find(self, runtime_id: str, definition: RuntimeDefinition) -> Found:
        """Return what this machine has for a runtime that is so defined."""
        catalogued = self._catalogue.get(runtime_id)
        base = None if catalogued is None else catalogued.entry
        entry = define(runtime_id, definition, base=base, bounds=self._bounds)
        if catalogued is not None and entry.toolchains == catalogued.entry.toolchains:
            return revise(catalogued, entry)
        (found,) = find_toolchains([entry], self._search)
        return found

    def _require(self, runtime_id: str) -> Found:
        found = self._runtimes.found(runtime_id)
        if found is None:
            raise _unknown(runtime_id)
        return found

    def _check_room(self) -> None:
        count = sum(name not in self._catalogue for name in self._kept)
        if count >= ADDED_COUNT_MAX:
            raise TooLargeError(
                f"There are {count} added runtimes; at most {ADDED_COUNT_MAX} are possible.",
                limit="added_count_max",
            )

    def _check_names(self, entry: CatalogueEntry) -> None:
        """Refuse what another runtime is called: which one is meant must be certain."""
        own = {entry.id, *entry.aliases, *entry.extensions}
        for status in self._runtimes.list():
            other = status.runtime
            if other.id == entry.id:
                continue
            for word in (other.id, *other.aliases, *other.extensions):
                if word in own:
                    raise ConflictError(f"{word!r} already belongs to {other.id!r}.", name=word)

    def _check_replacement(self, runtime_id: str, support: Support) -> str | None:
        if support.replacement is None or support.lifecycle is Lifecycle.ACTIVE:
            return None
        found = self._runtimes.resolve(support.replacement)
        if found is None or found == runtime_id or self._is_retired(found):
            raise InvalidRequestError(
                f"replacement: {support.replacement[:40]!r} is no other runtime that can be used.",
                errors=[{"field": "replacement", "message": "name another runtime"}],
            )
        return found

    def _is_retired(self, runtime_id: str) -> bool:
        return self._kept.get(runtime_id, UNTOUCHED).support.lifecycle is Lifecycle.RETIRED

    async def _count_projects(self) -> Mapping[str, int]:
        """Return how many projects use each runtime, by its id."""
        counts: dict[str, int] = {}
        for name, count in (await self._uses.count_projects()).items():
            runtime_id = self._runtimes.resolve(name)
            if runtime_id is not None:
                counts[runtime_id] = counts.get(runtime_id, 0) + count
        return counts

    def _describe(self, status: RuntimeStatus, counts: Mapping[str, int]) -> AdministeredRuntime:
        runtime_id = status.runtime.id
        kept = self._kept.get(runtime_id, UNTOUCHED)
        source = "catalogue" if not kept.definition else "edited"
        return AdministeredRuntime(
            status=status,
            entry=self._require(runtime_id).entry,
            source=source if runtime_id in self._catalogue else "added",
            given=tuple(sorted(kept.definition)),
            revision=kept.version,
            project_count=counts.get(runtime_id, 0),
        )

    def _audited(self, by: Actor, action: str, runtime_id: str) -> Describe:
        make = self._audit.describe(by, action, f"runtime {runtime_id}")
        return lambda before, after: make(summarize_runtime(before), summarize_runtime(after))


def _unknown(runtime_id: str) -> NotFoundError:
    return NotFoundError(f"There is no runtime {runtime_id[:40]!r}.")


def _conflict(runtime_id: str, kept: KeptRuntime | None, base: int) -> RevisionConflictError:
    newest = 0 if kept is None else kept.version
    return RevisionConflictError(
        f"{runtime_id!r} was changed since revision {base}: the newest is {newest}. Load it, and"
        " change again what is still wanted.",
        revision=newest,
    )
