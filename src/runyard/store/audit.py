"""The records of what administrators did. They are added and read; nothing changes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from runyard.domain.audit import Actor, AuditEntry
from runyard.store.admin_tables import audit_entries
from runyard.store.database import Database
from runyard.store.moments import from_us, to_us


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """`action` is one, or the beginning of several up to a dot; `query` a part of what it was done
    to or of who did it; `until` itself is not included; `before` the id of the entry that the last
    page ended with.
    """

    actor_id: str | None = None
    action: str = ""
    query: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int


class AuditRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> None:
        await self._database.write(lambda connection: add_entry(connection, entry))

    async def list(self, search: AuditSearch) -> Sequence[AuditEntry]:
        """Return them, the newest first."""
        table = audit_entries.c
        statement = select(audit_entries).order_by(table.id.desc()).limit(search.limit)
        if search.before is not None:
            statement = statement.where(table.id < search.before)
        if search.actor_id is not None:
            statement = statement.where(table.actor_id == search.actor_id)
        if search.action:
            group = table.action.startswith(f"{search.action}.", autoescape=True)
            statement = statement.where((table.action == search.action) | group)
        if search.since is not None:
            statement = statement.where(table.at_us >= to_us(search.since))
        if search.until is not None:
            statement = statement.where(table.at_us < to_us(search.until))
        if search.query:
            statement = statement.where(
                table.target.contains(search.query, autoescape=True)
                | table.actor_name.contains(search.query, autoescape=True)
            )
        return await self._database.read(
            lambda connection: [_to_entry(row) for row in connection.execute(statement)]
        )


def add_entry(connection: Connection, entry: AuditEntry | None) -> None:
    """Add an entry within the transaction of what it tells of; None adds nothing."""
    if entry is None:
        return
    row = {
        "id": entry.id,
        "at_us": to_us(entry.at),
        "actor_id": entry.actor.account_id,
        "actor_name": entry.actor.name,
        "address": entry.actor.address,
        "request_id": entry.actor.request_id,
        "action": entry.action,
        "target": entry.target,
        "before": None if entry.before is None else json.dumps(entry.before),
        "after": None if entry.after is None else json.dumps(entry.after),
    }
    connection.execute(insert(audit_entries).values(row))


def _to_entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=from_us(row.at_us),
        actor=Actor(
            account_id=row.actor_id,
            name=row.actor_name,
            address=row.address,
            request_id=row.request_id,
        ),
        action=row.action,
        target=row.target,
        before=None if row.before is None else json.loads(row.before),
        after=None if row.after is None else json.loads(row.after),
    )
