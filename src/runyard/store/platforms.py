"""The records of platforms, and which of them is the default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runyard.domain.platform import LOCAL_PLATFORM, Platform, PlatformDraft, PlatformState
from runyard.store.documents import Describe, Document, DocumentKind, Documents

# Beside the settings: one document, so that there is one default at any time.
_DEFAULT_KEY = "default_platform"


class PlatformRecords:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def list(self) -> Sequence[Platform]:
        """Return them by name."""
        return [_parse(each) for each in await self._documents.list(DocumentKind.PLATFORM)]

    async def find(self, name: str) -> Platform | None:
        found = await self._documents.find(DocumentKind.PLATFORM, name)
        return None if found is None else _parse(found)

    async def put(
        self,
        name: str,
        draft: PlatformDraft,
        state: PlatformState,
        *,
        base: int,
        describe: Describe,
    ) -> Platform | None:
        """None if `base` is not the version there is; 0 stands for none at all."""
        kept = await self._documents.put(
            DocumentKind.PLATFORM, name, _render(draft, state), describe=describe, base=base
        )
        return None if kept is None else _parse(kept)

    async def delete(self, name: str, *, describe: Describe) -> bool:
        return await self._documents.delete(DocumentKind.PLATFORM, name, describe=describe)

    async def default_name(self) -> str:
        """Return the name of the default, of which there may be no record."""
        found = await self._documents.find(DocumentKind.SETTING, _DEFAULT_KEY)
        return LOCAL_PLATFORM if found is None else str(found.body)

    async def set_default(self, name: str, *, describe: Describe) -> None:
        await self._documents.put(DocumentKind.SETTING, _DEFAULT_KEY, name, describe=describe)


def _render(draft: PlatformDraft, state: PlatformState) -> dict[str, Any]:
    return {
        "engine": draft.engine,
        "options": dict(draft.options),
        "description": draft.description,
        "state": state,
    }


def _parse(document: Document) -> Platform:
    body = document.body
    return Platform(
        name=document.key,
        draft=PlatformDraft(
            engine=body["engine"], options=body["options"], description=body["description"]
        ),
        state=PlatformState(body["state"]),
        version=document.version,
        updated_at=document.updated_at,
    )
