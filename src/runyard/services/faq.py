"""The questions that people ask often: those that ship with Runyard, or an administrator's own.

There is one list of what holds everywhere, and one for each runtime. A list of an administrator's
takes the place of the shipped one as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from runyard.domain.audit import Actor
from runyard.domain.errors import RevisionConflictError, UnknownRuntimeError
from runyard.domain.faq import FaqEntry
from runyard.domain.runtime import RuntimeStatus
from runyard.services.audit import Audit
from runyard.store.documents import DocumentKind, Documents

GENERAL = "general"
_OF_RUNTIME = "runtime:"
# Beside the catalogue's folders, and in each of them.
_FILE = "faq.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaqList:
    """`name` is "general" or a runtime's id. `version` is 0 for the shipped one."""

    name: str
    entries: Sequence[FaqEntry]
    version: int = 0


class Faq:
    """Every method that takes a name raises UnknownRuntimeError for one that is neither "general"
    nor a runtime's id or alias.
    """

    def __init__(
        self,
        documents: Documents,
        audit: Audit,
        *,
        list_runtimes: Callable[[], Iterable[RuntimeStatus]],
    ) -> None:
        self._documents = documents
        self._audit = audit
        self._list_runtimes = list_runtimes
        self._shipped = load_shipped()

    async def find(self, name: str = GENERAL) -> FaqList:
        name = await self._resolve(name)
        document = await self._documents.find(DocumentKind.FAQ, _key(name))
        if document is None:
            return FaqList(name=name, entries=self._shipped.get(name, ()))
        return FaqList(name=name, entries=_parse(document.body), version=document.version)

    async def list(self) -> Sequence[FaqList]:
        """Return the general one and those of runtimes that have one, by id."""
        found = {
            name: FaqList(name=name, entries=entries) for name, entries in self._shipped.items()
        }
        for document in await self._documents.list(DocumentKind.FAQ):
            name = document.key.removeprefix(_OF_RUNTIME)
            found[name] = FaqList(
                name=name, entries=_parse(document.body), version=document.version
            )
        general = found.pop(GENERAL, FaqList(name=GENERAL, entries=()))
        return [general, *(found[name] for name in sorted(found))]

    async def replace(
        self, name: str, entries: Sequence[FaqEntry], *, by: Actor, base: int | None = None
    ) -> FaqList:
        """Put a list in the place of what there was. Raises RevisionConflictError if a `base` is
        given that is not the version there is.
        """
        name = await self._resolve(name)
        document = await self._documents.put(
            DocumentKind.FAQ,
            _key(name),
            [asdict(each) for each in entries],
            describe=self._audit.describe(by, "faq.change", _target(name)),
            base=base,
        )
        if document is None:
            version = (await self.find(name)).version
            raise RevisionConflictError(
                f"Somebody else has changed this list: it is at version {version}, not {base}.",
                revision=version,
            )
        return FaqList(name=name, entries=tuple(entries), version=document.version)

    async def reset(self, name: str, *, by: Actor) -> FaqList:
        """Return to the shipped list."""
        name = await self._resolve(name)
        describe = self._audit.describe(by, "faq.reset", _target(name))
        await self._documents.delete(DocumentKind.FAQ, _key(name), describe=describe)
        return FaqList(name=name, entries=self._shipped.get(name, ()))

    async def _resolve(self, name: str) -> str:
        wanted = name.strip().lower()
        if wanted == GENERAL:
            return GENERAL
        for status in self._list_runtimes():
            if wanted == status.runtime.id or wanted in status.runtime.aliases:
                return status.runtime.id
        # A runtime that was taken away can leave a list behind.
        for document in await self._documents.list(DocumentKind.FAQ):
            if document.key == f"{_OF_RUNTIME}{wanted}":
                return wanted
        raise UnknownRuntimeError(f"There is no runtime {name[:100]!r}.", runtime=name[:100])


def load_shipped() -> Mapping[str, Sequence[FaqEntry]]:
    """Return the lists that ship with Runyard, by name."""
    catalogue = files("runyard.catalogue")
    shipped = {GENERAL: _read(catalogue / _FILE)}
    for folder in catalogue.iterdir():
        file = folder / _FILE
        if folder.is_dir() and file.is_file():
            shipped[folder.name] = _read(file)
    return shipped


def _read(file: Traversable) -> Sequence[FaqEntry]:
    return _parse(json.loads(file.read_text(encoding="utf-8")))


def _parse(body: Iterable[Mapping[str, Any]]) -> Sequence[FaqEntry]:
    return tuple(FaqEntry(question=each["question"], answer=each["answer"]) for each in body)


def _key(name: str) -> str:
    return GENERAL if name == GENERAL else f"{_OF_RUNTIME}{name}"


def _target(name: str) -> str:
    return "faq" if name == GENERAL else f"faq of {name}"
