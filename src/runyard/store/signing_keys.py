"""The keys that access tokens are signed with, sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from runyard.store.account_tables import signing_keys
from runyard.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    id: str
    sealed_secret: bytes
    created_us: int


class SigningKeyRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[SigningKey]:
        """Return the newest first."""
        statement = select(signing_keys).order_by(signing_keys.c.created_us.desc())
        return await self._database.read(
            lambda connection: [
                SigningKey(id=row.id, sealed_secret=row.secret, created_us=row.created_us)
                for row in connection.execute(statement)
            ]
        )

    async def insert(self, key: SigningKey, *, delete_before: int) -> None:
        """Add one, and drop those that were made before a moment."""
        row = {"id": key.id, "secret": key.sealed_secret, "created_us": key.created_us}
        old = delete(signing_keys).where(signing_keys.c.created_us < delete_before)

        def write(connection: Connection) -> None:
            connection.execute(old)
            connection.execute(insert(signing_keys).values(row))

        await self._database.write(write)
