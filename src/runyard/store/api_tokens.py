"""The records of tokens that programs prove themselves with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from runyard.domain.account import Account, ApiToken, Scope
from runyard.store.account_tables import accounts, api_tokens
from runyard.store.accounts import to_account
from runyard.store.database import Database
from runyard.store.moments import from_us, to_us

# Enough to tell which ones nobody uses, without a write for each request.
_USED_EVERY_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    token: ApiToken
    hash: str
    account: Account


class ApiTokenRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, token: ApiToken, *, token_hash: str, count_max: int) -> bool:
        """False if the account has that many already, or is gone."""
        row = {
            "id": token.id,
            "account_id": token.account_id,
            "name": token.name,
            "hash": token_hash,
            "scopes": pack_scopes(token.scopes),
            "created_us": to_us(token.created_at),
            "expires_us": None if token.expires_at is None else to_us(token.expires_at),
            "used_us": None,
        }
        count = (
            select(func.count())
            .select_from(api_tokens)
            .where(api_tokens.c.account_id == token.account_id)
        )

        # Who adds at the same time waits, and counts this one as well.
        lock = select(accounts.c.id).where(accounts.c.id == token.account_id).with_for_update()

        def add(connection: Connection) -> bool:
            if connection.execute(lock).first() is None:
                return False
            if connection.execute(count).scalar_one() >= count_max:
                return False
            connection.execute(insert(api_tokens).values(row))
            return True

        return await self._database.write(add)

    async def find(self, token_id: str) -> KnownToken | None:
        statement = (
            select(api_tokens, accounts.c.id.label("owner"))
            .join(accounts, accounts.c.id == api_tokens.c.account_id)
            .where(api_tokens.c.id == token_id)
        )

        def read(connection: Connection) -> KnownToken | None:
            row = connection.execute(statement).one_or_none()
            if row is None:
                return None
            owner = connection.execute(select(accounts).where(accounts.c.id == row.owner)).one()
            return KnownToken(token=_to_token(row), hash=row.hash, account=to_account(owner))

        return await self._database.read(read)

    async def note_use(self, token: ApiToken, *, now: int) -> None:
        if token.used_at is not None and now - to_us(token.used_at) < _USED_EVERY_US:
            return
        statement = update(api_tokens).where(api_tokens.c.id == token.id).values(used_us=now)
        await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def list(self, account_id: str) -> Sequence[ApiToken]:
        statement = (
            select(api_tokens)
            .where(api_tokens.c.account_id == account_id)
            .order_by(api_tokens.c.id.desc())
        )
        return await self._database.read(
            lambda connection: [_to_token(row) for row in connection.execute(statement)]
        )

    async def delete(self, account_id: str, token_id: str) -> bool:
        statement = delete(api_tokens).where(
            api_tokens.c.account_id == account_id, api_tokens.c.id == token_id
        )
        return await self._database.write(
            lambda connection: connection.execute(statement).rowcount > 0
        )


def pack_scopes(scopes: frozenset[Scope]) -> str:
    return " ".join(sorted(scopes))


def unpack_scopes(words: str) -> frozenset[Scope]:
    return frozenset(map(Scope, words.split()))


def _to_token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        scopes=unpack_scopes(row.scopes),
        created_at=from_us(row.created_us),
        expires_at=None if row.expires_us is None else from_us(row.expires_us),
        used_at=None if row.used_us is None else from_us(row.used_us),
    )
