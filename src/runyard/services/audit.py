"""The audit log: who changed what, when, and from where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from runyard.domain.audit import Actor, AuditEntry
from runyard.domain.identifiers import new_identifier
from runyard.store.audit import AuditRecords, AuditSearch
from runyard.store.documents import Describe
from runyard.store.moments import from_us


class Audit:
    """Entries are written in the transaction of what they tell of, so that there is neither a
    change without its entry nor an entry of what did not happen. `now_us` is the time in
    microseconds since 1970.
    """

    def __init__(self, records: AuditRecords, *, now_us: Callable[[], int]) -> None:
        self._records = records
        self._now_us = now_us

    def entry(
        self, actor: Actor, action: str, target: str, *, before: Any = None, after: Any = None
    ) -> AuditEntry:
        return AuditEntry(
            id=new_identifier(),
            at=from_us(self._now_us()),
            actor=actor,
            action=action,
            target=target,
            before=before,
            after=after,
        )

    def describe(self, actor: Actor, action: str, target: str) -> Describe:
        """Return what makes the entry of a changed document."""

        def make(before: Any, after: Any) -> AuditEntry:
            return self.entry(actor, action, target, before=before, after=after)

        return make

    async def note(self, entry: AuditEntry) -> None:
        """Add an entry of what has no transaction of its own."""
        await self._records.add(entry)

    async def list(self, search: AuditSearch) -> Sequence[AuditEntry]:
        """Return the entries, the newest first."""
        return await self._records.list(search)
