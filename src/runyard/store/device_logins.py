"""The records of programs that wait until somebody who has logged in elsewhere approves of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from runyard.domain.account import Scope
from runyard.store.account_tables import device_logins
from runyard.store.api_tokens import pack_scopes, unpack_scopes
from runyard.store.database import Database


class DeviceState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLogin:
    user_code: str
    # What the program calls itself.
    client: str
    scopes: frozenset[Scope]
    state: DeviceState = DeviceState.WAITING
    account_id: str | None = None


class DeviceLoginRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, login: DeviceLogin, *, device_hash: str, expires: int) -> None:
        row = {
            "device_hash": device_hash,
            "user_code": login.user_code,
            "client": login.client,
            "scopes": pack_scopes(login.scopes),
            "expires_us": expires,
            "state": login.state,
            "account_id": None,
        }
        statement = insert(device_logins).values(row)
        await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def find_waiting(self, user_code: str, *, now: int) -> DeviceLogin | None:
        statement = select(device_logins).where(
            device_logins.c.user_code == user_code,
            device_logins.c.state == DeviceState.WAITING,
            device_logins.c.expires_us > now,
        )

        def read(connection: Connection) -> DeviceLogin | None:
            row = connection.execute(statement).one_or_none()
            return None if row is None else _to_login(row)

        return await self._database.read(read)

    async def decide(
        self, user_code: str, *, account_id: str, state: DeviceState, now: int
    ) -> bool:
        """Approve or deny. False if nobody waits with this code."""
        statement = (
            update(device_logins)
            .where(
                device_logins.c.user_code == user_code,
                device_logins.c.state == DeviceState.WAITING,
                device_logins.c.expires_us > now,
            )
            .values(state=state, account_id=account_id)
        )
        return await self._database.write(
            lambda connection: connection.execute(statement).rowcount > 0
        )

    async def take(self, device_hash: str, *, now: int) -> DeviceLogin | None:
        """Return what became of it; once it is decided, it is told once and gone."""

        def write(connection: Connection) -> DeviceLogin | None:
            mine = device_logins.c.device_hash == device_hash
            found = select(device_logins).where(mine, device_logins.c.expires_us > now)
            row = connection.execute(found.with_for_update()).one_or_none()
            if row is None:
                return None
            login = _to_login(row)
            if login.state is not DeviceState.WAITING:
                connection.execute(delete(device_logins).where(mine))
            return login

        return await self._database.write(write)

    async def delete_expired(self, *, now: int) -> int:
        statement = delete(device_logins).where(device_logins.c.expires_us <= now)
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)


def _to_login(row: Row[Any]) -> DeviceLogin:
    return DeviceLogin(
        user_code=row.user_code,
        client=row.client,
        scopes=unpack_scopes(row.scopes),
        state=DeviceState(row.state),
        account_id=row.account_id,
    )
