"""Accounts and what they prove themselves with, to store; moments are fixed."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from runyard.domain.account import Account, ApiToken, Role, Scope, Session
from runyard.domain.identifiers import new_identifier
from runyard.store.accounts import AccountRecords
from runyard.store.api_tokens import ApiTokenRecords
from runyard.store.database import Database
from runyard.store.moments import SECOND_US, from_us
from runyard.store.sessions import SessionRecords
from runyard.store.tickets import Ticket, TicketKind, TicketRecords

NOW = 1_800_000_000 * SECOND_US
LATER = NOW + 3600 * SECOND_US
PASSWORD_HASH = "the hash of a password"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def build_account(**changes: object) -> Account:
    name = str(changes.get("name", f"n{new_identifier().lower()}"))
    fields: dict[str, object] = {
        "id": new_identifier(),
        "name": name,
        "email": f"{name}@example.org",
        "role": Role.USER,
        "created_at": from_us(NOW),
    }
    return Account(**(fields | changes))  # type: ignore[arg-type]


async def insert_account(database: Database, **changes: object) -> Account:
    account = build_account(**changes)
    assert await AccountRecords(database).insert(account, password_hash=PASSWORD_HASH)
    return account


def build_session(account_id: str, *, expires: int = LATER, used: int = NOW) -> Session:
    return Session(
        id=new_identifier(),
        account_id=account_id,
        created_at=from_us(NOW),
        used_at=from_us(used),
        expires_at=from_us(expires),
        user_agent="Firefox",
        address="192.0.2.1",
    )


async def insert_session(
    database: Database, account_id: str, *, refresh: str, expires: int = LATER, used: int = NOW
) -> Session:
    """`refresh` is the first refresh token of the session."""
    session = build_session(account_id, expires=expires, used=used)
    assert await SessionRecords(database).insert(
        session, refresh_hash=hash_of(refresh), password_hash=PASSWORD_HASH
    )
    return session


def build_token(account_id: str, **changes: object) -> ApiToken:
    fields: dict[str, object] = {
        "id": new_identifier(),
        "account_id": account_id,
        "name": "a program",
        "scopes": frozenset({Scope.EXECUTIONS_READ, Scope.ACCOUNT_READ}),
        "created_at": from_us(NOW),
        "expires_at": None,
        "used_at": None,
    }
    return ApiToken(**(fields | changes))  # type: ignore[arg-type]


async def insert_token(database: Database, account_id: str, **changes: object) -> ApiToken:
    token = build_token(account_id, **changes)
    records = ApiTokenRecords(database)
    assert await records.insert(token, token_hash=hash_of(token.id), count_max=100)
    return token


async def insert_ticket(
    database: Database, kind: TicketKind, *, secret: str, **changes: object
) -> Ticket:
    fields: dict[str, object] = {
        "id": new_identifier(),
        "kind": kind,
        "created_at": from_us(NOW),
        "expires_at": from_us(NOW) + timedelta(hours=1),
    }
    ticket = Ticket(**(fields | changes))  # type: ignore[arg-type]
    await TicketRecords(database).insert(ticket, ticket_hash=hash_of(secret))
    return ticket
