"""The records of links that work once: they make an account or let somebody choose a password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from runyard.domain.account import Role
from runyard.domain.audit import AuditEntry
from runyard.store.account_tables import accounts, tickets
from runyard.store.audit import add_entry
from runyard.store.database import Database
from runyard.store.moments import from_us, to_us


class TicketKind(StrEnum):
    # Makes the first administrator.
    SETUP = "setup"
    INVITATION = "invitation"
    PASSWORD = "password"  # noqa: S105  The word, not one.


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """`account_id` is whose password may be chosen. `email` is whom an invitation is for, if it is
    for nobody else, and `role` what he becomes.
    """

    id: str
    kind: TicketKind
    account_id: str | None = None
    email: str | None = None
    role: Role = Role.USER
    created_at: datetime
    expires_at: datetime


class TicketRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(
        self, ticket: Ticket, *, ticket_hash: str, entry: AuditEntry | None = None
    ) -> None:
        """Add one. Earlier ones for the set-up or for the same password are void."""
        row = {
            "hash": ticket_hash,
            "id": ticket.id,
            "kind": ticket.kind,
            "account_id": ticket.account_id,
            "email": ticket.email,
            "role": ticket.role,
            "created_us": to_us(ticket.created_at),
            "expires_us": to_us(ticket.expires_at),
        }
        same = delete(tickets).where(
            tickets.c.kind == ticket.kind,
            tickets.c.account_id.is_not_distinct_from(ticket.account_id),
        )

        # First, as where a password is set: of two links made at once, the later voids the earlier.
        lock = select(accounts.c.id).where(accounts.c.id == ticket.account_id).with_for_update()

        def add(connection: Connection) -> None:
            if ticket.account_id is not None:
                connection.execute(lock)
            if ticket.kind is not TicketKind.INVITATION:
                connection.execute(same)
            connection.execute(insert(tickets).values(row))
            add_entry(connection, entry)

        await self._database.write(add)

    async def find(self, kind: TicketKind, ticket_hash: str, *, now: int) -> Ticket | None:
        statement = select(tickets).where(
            tickets.c.hash == ticket_hash, tickets.c.kind == kind, tickets.c.expires_us > now
        )

        def read(connection: Connection) -> Ticket | None:
            row = connection.execute(statement).one_or_none()
            return None if row is None else _to_ticket(row)

        return await self._database.read(read)

    async def list(self, kind: TicketKind, *, now: int) -> Sequence[Ticket]:
        statement = (
            select(tickets)
            .where(tickets.c.kind == kind, tickets.c.expires_us > now)
            .order_by(tickets.c.id.desc())
        )
        return await self._database.read(
            lambda connection: [_to_ticket(row) for row in connection.execute(statement)]
        )

    async def delete(
        self, kind: TicketKind, ticket_id: str, *, entry: AuditEntry | None = None
    ) -> bool:
        statement = delete(tickets).where(tickets.c.kind == kind, tickets.c.id == ticket_id)

        def write(connection: Connection) -> bool:
            if not connection.execute(statement).rowcount:
                return False
            add_entry(connection, entry)
            return True

        return await self._database.write(write)

    async def delete_expired(self, *, now: int) -> int:
        statement = delete(tickets).where(tickets.c.expires_us <= now)
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)


def _to_ticket(row: Row[Any]) -> Ticket:
    return Ticket(
        id=row.id,
        kind=TicketKind(row.kind),
        account_id=row.account_id,
        email=row.email,
        role=Role(row.role),
        created_at=from_us(row.created_us),
        expires_at=from_us(row.expires_us),
    )
