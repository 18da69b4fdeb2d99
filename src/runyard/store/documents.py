"""What administrators keep: small JSON documents, each change with its entry in the audit log."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from runyard.domain.audit import AuditEntry
from runyard.store.admin_tables import documents
from runyard.store.audit import add_entry
from runyard.store.database import Database
from runyard.store.moments import from_us, to_us
from runyard.store.statements import insert_into


class DocumentKind(StrEnum):
    FAQ = "faq"
    PLATFORM = "platform"
    POLICY = "policy"
    RUNTIME = "runtime"
    SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`version` counts from 1 with each change."""

    kind: DocumentKind
    key: str
    body: Any
    version: int
    updated_at: datetime


# Makes the entry of a change from what there was to what there is; None is nothing.
Describe = Callable[[Any, Any], AuditEntry]


class Documents:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, kind: DocumentKind) -> Sequence[Document]:
        """Return all of a kind by key."""
        statement = select(documents).where(documents.c.kind == kind).order_by(documents.c.key)
        return await self._database.read(
            lambda connection: [_to_document(row) for row in connection.execute(statement)]
        )

    async def stamps(self, kind: DocumentKind) -> frozenset[tuple[str, int, int]]:
        """Return what differs whenever any document of the kind was added, changed or removed."""
        columns = (documents.c.key, documents.c.version, documents.c.updated_us)
        statement = select(*columns).where(documents.c.kind == kind)
        return await self._database.read(
            lambda connection: frozenset(
                (row.key, row.version, row.updated_us) for row in connection.execute(statement)
            )
        )

    async def find(self, kind: DocumentKind, key: str) -> Document | None:
        return await self._database.read(lambda connection: _find(connection, kind, key))

    async def put(
        self,
        kind: DocumentKind,
        key: str,
        body: Any,
        *,
        describe: Describe,
        base: int | None = None,
    ) -> Document | None:
        """Keep a document in place of what there was. With a `base`, None and nothing is changed if
        that is not the version there is; 0 stands for none at all.
        """

        def write(connection: Connection) -> Document | None:
            former = _find(connection, kind, key, is_locked=True)
            version = 0 if former is None else former.version
            if base is not None and base != version:
                return None
            entry = describe(None if former is None else former.body, body)
            row = {"body": json.dumps(body), "version": version + 1, "updated_us": to_us(entry.at)}
            if former is None:
                added = insert_into(connection, documents).values(kind=kind, key=key, **row)
                # Two who make the same one at once: the later one finds it there.
                if not connection.execute(added.on_conflict_do_nothing()).rowcount:
                    return write(connection)
            else:
                own = (documents.c.kind == kind) & (documents.c.key == key)
                connection.execute(update(documents).where(own).values(row))
            add_entry(connection, entry)
            return _find(connection, kind, key)

        return await self._database.write(write)

    async def delete(self, kind: DocumentKind, key: str, *, describe: Describe) -> bool:
        """False if there is none."""

        def write(connection: Connection) -> bool:
            former = _find(connection, kind, key, is_locked=True)
            if former is None:
                return False
            own = (documents.c.kind == kind) & (documents.c.key == key)
            connection.execute(delete(documents).where(own))
            add_entry(connection, describe(former.body, None))
            return True

        return await self._database.write(write)


def _find(
    connection: Connection, kind: DocumentKind, key: str, *, is_locked: bool = False
) -> Document | None:
    statement = select(documents).where(documents.c.kind == kind, documents.c.key == key)
    if is_locked:
        statement = statement.with_for_update()
    row = connection.execute(statement).one_or_none()
    return None if row is None else _to_document(row)


def _to_document(row: Row[Any]) -> Document:
    return Document(
        kind=DocumentKind(row.kind),
        key=row.key,
        body=json.loads(row.body),
        version=row.version,
        updated_at=from_us(row.updated_us),
    )
