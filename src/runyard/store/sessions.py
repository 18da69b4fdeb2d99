"""The records of where accounts have logged in, and of the refresh tokens that keep them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from runyard.domain.account import Account, Session
from runyard.store.account_tables import accounts, refresh_tokens, sessions
from runyard.store.accounts import to_account
from runyard.store.database import Database
from runyard.store.moments import from_us, to_us


class Rotation(StrEnum):
    DONE = "done"
    # The token had been used: somebody has a copy. Its session is ended.
    REPLAYED = "replayed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    outcome: Rotation
    account: Account | None = None
    session_id: str | None = None


class SessionRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(
        self, session: Session, *, refresh_hash: str, password_hash: str | None
    ) -> bool:
        """False if the account is gone, or has another password than the one of this hash: whoever
        chooses a password ends every session, also one that is just beginning.
        """
        # Held until this commits, so that a change of it comes before this or ends this as well.
        same = (
            select(accounts.c.id)
            .where(
                accounts.c.id == session.account_id,
                accounts.c.password_hash.is_not_distinct_from(password_hash),
            )
            .with_for_update(read=True)
        )
        row = {
            "id": session.id,
            "account_id": session.account_id,
            "created_us": to_us(session.created_at),
            "used_us": to_us(session.used_at),
            "expires_us": to_us(session.expires_at),
            "user_agent": session.user_agent,
            "address": session.address,
        }

        def add(connection: Connection) -> bool:
            if connection.execute(same).first() is None:
                return False
            connection.execute(insert(sessions).values(row))
            _add_refresh_token(connection, session.id, refresh_hash, now=to_us(session.created_at))
            return True

        return await self._database.write(add)

    async def find_account(self, session_id: str, *, now: int) -> Account | None:
        """Return whose session this is, if it is still open."""
        statement = (
            select(accounts)
            .join(sessions, sessions.c.account_id == accounts.c.id)
            .where(sessions.c.id == session_id, sessions.c.expires_us > now)
        )

        def read(connection: Connection) -> Account | None:
            row = connection.execute(statement).one_or_none()
            return None if row is None else to_account(row)

        return await self._database.read(read)

    async def rotate(
        self,
        refresh_hash: str,
        *,
        new_hash: str,
        now: int,
        retried_since: int,
        expires: int,
        address: str,
    ) -> Rotated:
        """Use up a refresh token and put another one in its place. `expires`: the session's new
        end. One that was used for the same other one, which is unused and not older than
        `retried_since`, is asked for once more because the answer got lost.
        """
        # A session is locked before its tokens, here as where it is deleted with them: two that
        # locked them in different orders would wait for each other.
        find = _find_by_refresh_token(refresh_hash).with_for_update(of=sessions)
        retried = select(refresh_tokens.c.hash).where(
            refresh_tokens.c.hash == new_hash,
            refresh_tokens.c.is_used.is_(False),
            refresh_tokens.c.created_us >= retried_since,
        )

        def write(connection: Connection) -> Rotated:
            row = connection.execute(find).one_or_none()
            if row is None or row.expires_us <= now:
                return Rotated(outcome=Rotation.UNKNOWN)
            used = connection.execute(
                update(refresh_tokens)
                .where(refresh_tokens.c.hash == refresh_hash, refresh_tokens.c.is_used.is_(False))
                .values(is_used=True)
            )
            if not used.rowcount and not connection.execute(retried).first():
                connection.execute(delete(sessions).where(sessions.c.id == row.session_id))
                return Rotated(outcome=Rotation.REPLAYED, account=to_account(row))
            if used.rowcount:
                _add_refresh_token(connection, row.session_id, new_hash, now=now)
            connection.execute(
                update(sessions)
                .where(sessions.c.id == row.session_id)
                .values(used_us=now, expires_us=expires, address=address)
            )
            return Rotated(
                outcome=Rotation.DONE, account=to_account(row), session_id=row.session_id
            )

        return await self._database.write(write)

    async def delete_by_refresh_token(self, refresh_hash: str) -> str | None:
        """End the session of a refresh token, used or not; return whose it was."""

        def write(connection: Connection) -> str | None:
            row = connection.execute(_find_by_refresh_token(refresh_hash)).one_or_none()
            if row is None:
                return None
            connection.execute(delete(sessions).where(sessions.c.id == row.session_id))
            return str(row.id)

        return await self._database.write(write)

    async def list(self, account_id: str, *, now: int) -> Sequence[Session]:
        """Return the open ones, the last used first."""
        statement = (
            select(sessions)
            .where(sessions.c.account_id == account_id, sessions.c.expires_us > now)
            .order_by(sessions.c.used_us.desc())
        )
        return await self._database.read(
            lambda connection: [_to_session(row) for row in connection.execute(statement)]
        )

    async def delete(self, account_id: str, session_id: str) -> bool:
        statement = delete(sessions).where(
            sessions.c.account_id == account_id, sessions.c.id == session_id
        )
        return await self._database.write(
            lambda connection: connection.execute(statement).rowcount > 0
        )

    async def delete_others(self, account_id: str, *, keep_id: str) -> int:
        statement = delete(sessions).where(
            sessions.c.account_id == account_id, sessions.c.id != keep_id
        )
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def delete_used(self, *, before: int) -> int:
        """Forget used refresh tokens that were given before a moment."""
        statement = delete(refresh_tokens).where(
            refresh_tokens.c.is_used, refresh_tokens.c.created_us < before
        )
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def delete_expired(self, *, now: int) -> int:
        statement = delete(sessions).where(sessions.c.expires_us <= now)
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)


def _find_by_refresh_token(refresh_hash: str) -> Any:
    return (
        select(accounts, sessions.c.id.label("session_id"), sessions.c.expires_us)
        .select_from(refresh_tokens)
        .join(sessions, sessions.c.id == refresh_tokens.c.session_id)
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .where(refresh_tokens.c.hash == refresh_hash)
    )


def _add_refresh_token(
    connection: Connection, session_id: str, refresh_hash: str, *, now: int
) -> None:
    row = {"hash": refresh_hash, "session_id": session_id, "is_used": False, "created_us": now}
    connection.execute(insert(refresh_tokens).values(row))


def _to_session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        account_id=row.account_id,
        created_at=from_us(row.created_us),
        used_at=from_us(row.used_us),
        expires_at=from_us(row.expires_us),
        user_agent=row.user_agent,
        address=row.address,
    )
