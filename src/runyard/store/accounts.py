"""The records of accounts, with their passwords and second factors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from runyard.domain.account import Account, Role
from runyard.domain.audit import AuditEntry
from runyard.domain.errors import ConflictError
from runyard.store.account_tables import accounts, recovery_codes, sessions, tickets
from runyard.store.audit import add_entry
from runyard.store.database import Database
from runyard.store.moments import from_us, to_us
from runyard.store.tables import executions, spendings

_LAST_ADMIN = "This is the last active administrator; make another one first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an account proves itself with. `totp_secret` is sealed."""

    account: Account
    password_hash: str | None
    totp_secret: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSearch:
    """`query` is a part of name or address, `after` the name that the last page ended with; what is
    None is not looked at.
    """

    query: str = ""
    role: Role | None = None
    is_suspended: bool | None = None
    after: str | None = None
    limit: int


class AccountRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(
        self,
        account: Account,
        *,
        password_hash: str | None,
        ticket_hash: str | None = None,
        entry: AuditEntry | None = None,
    ) -> bool:
        """Add an account and use up the ticket that allowed it, both or neither. False if the
        ticket is gone. Raises ConflictError if the name or the address is taken.
        """
        row = {
            "id": account.id,
            "name": account.name,
            "email": account.email,
            "password_hash": password_hash,
            "role": account.role,
            "is_suspended": account.is_suspended,
            "created_us": to_us(account.created_at),
            "totp_secret": None,
            "is_totp_confirmed": False,
            "totp_step": 0,
        }

        def add(connection: Connection) -> bool:
            if ticket_hash is not None and not use_ticket(connection, ticket_hash):
                return False
            connection.execute(insert(accounts).values(row))
            add_entry(connection, entry)
            return True

        try:
            return await self._database.write(add)
        except IntegrityError as error:
            raise ConflictError("The name or the e-mail address is taken.") from error

    async def find(self, account_id: str) -> Credentials | None:
        return await self._find(select(accounts).where(accounts.c.id == account_id))

    async def find_by_login(self, login: str) -> Credentials | None:
        """Return the account of this name or address."""
        if "\0" in login:
            # PostgreSQL takes no such text.
            return None
        column = accounts.c.email if "@" in login else accounts.c.name
        return await self._find(select(accounts).where(column == login))

    async def list(self, search: AccountSearch) -> Sequence[Account]:
        """Return them by name."""
        statement = select(accounts).order_by(accounts.c.name).limit(search.limit)
        if search.after is not None:
            statement = statement.where(accounts.c.name > search.after)
        if search.role is not None:
            statement = statement.where(accounts.c.role == search.role)
        if search.is_suspended is not None:
            statement = statement.where(accounts.c.is_suspended.is_(search.is_suspended))
        if search.query:
            statement = statement.where(
                or_(
                    accounts.c.name.contains(search.query, autoescape=True),
                    accounts.c.email.contains(search.query, autoescape=True),
                )
            )

        def read(connection: Connection) -> Sequence[Account]:
            return [to_account(row) for row in connection.execute(statement)]

        return await self._database.read(read)

    async def has_admin(self) -> bool:
        """Say whether there is an administrator, suspended or not."""
        statement = select(accounts.c.id).where(accounts.c.role == Role.ADMIN).limit(1)
        return await self._database.read(
            lambda connection: connection.execute(statement).first() is not None
        )

    async def change(
        self, account_id: str, *, entry: AuditEntry | None = None, **columns: Any
    ) -> bool:
        """Set `role`, `is_suspended` or `email`. Whoever is suspended is logged out everywhere.
        Raises ConflictError if the address is taken, or if no active administrator were left.
        """

        def write(connection: Connection) -> bool:
            admins = _lock_admins(connection)
            statement = update(accounts).where(accounts.c.id == account_id).values(columns)
            changed = connection.execute(statement).rowcount > 0
            if columns.get("is_suspended"):
                connection.execute(delete(sessions).where(sessions.c.account_id == account_id))
            if admins and not _lock_admins(connection):
                raise ConflictError(_LAST_ADMIN)
            if changed:
                add_entry(connection, entry)
            return changed

        try:
            return await self._database.write(write)
        except IntegrityError as error:
            raise ConflictError("The e-mail address is taken.") from error

    async def set_password(
        self,
        account_id: str,
        password_hash: str,
        *,
        keep_session_id: str | None = None,
        ticket_hash: str | None = None,
    ) -> bool:
        """Set it, end every session but one and void every link to choose another; use up the
        ticket that allowed it, if it was one. False if the ticket or the account is gone.
        """
        # First, so that two with a link each do not hold what the other one deletes.
        lock = select(accounts.c.id).where(accounts.c.id == account_id).with_for_update()

        def write(connection: Connection) -> bool:
            if connection.execute(lock).first() is None:
                return False
            if ticket_hash is not None and not use_ticket(connection, ticket_hash):
                return False
            connection.execute(
                update(accounts)
                .where(accounts.c.id == account_id)
                .values(password_hash=password_hash)
            )
            connection.execute(
                delete(sessions).where(
                    sessions.c.account_id == account_id, sessions.c.id != (keep_session_id or "")
                )
            )
            connection.execute(delete(tickets).where(tickets.c.account_id == account_id))
            return True

        return await self._database.write(write)

    async def delete(self, account_id: str, *, entry: AuditEntry | None = None) -> bool:
        """Remove an account and its executions. Raises ConflictError for the last administrator."""

        def write(connection: Connection) -> bool:
            if _lock_admins(connection) == [account_id]:
                raise ConflictError(_LAST_ADMIN)
            # Before its executions, as whoever adds or finishes one of them does.
            connection.execute(
                select(accounts.c.id).where(accounts.c.id == account_id).with_for_update()
            )
            connection.execute(delete(executions).where(executions.c.owner_id == account_id))
            connection.execute(delete(spendings).where(spendings.c.owner_id == account_id))
            gone = connection.execute(delete(accounts).where(accounts.c.id == account_id))
            if gone.rowcount:
                add_entry(connection, entry)
            return gone.rowcount > 0

        return await self._database.write(write)

    async def end_sessions(self, account_id: str, *, entry: AuditEntry) -> int:
        """Log an account out everywhere; return how many sessions that were."""

        def write(connection: Connection) -> int:
            gone = connection.execute(delete(sessions).where(sessions.c.account_id == account_id))
            add_entry(connection, entry)
            return gone.rowcount

        return await self._database.write(write)

    async def offer_totp(self, account_id: str, sealed_secret: bytes) -> bool:
        """Keep a secret that is not confirmed yet. False if a confirmed one is there."""
        statement = (
            update(accounts)
            .where(accounts.c.id == account_id, accounts.c.is_totp_confirmed.is_(False))
            .values(totp_secret=sealed_secret, totp_step=0)
        )
        return await self._database.write(
            lambda connection: connection.execute(statement).rowcount > 0
        )

    async def confirm_totp(
        self,
        account_id: str,
        *,
        sealed_secret: bytes,
        step: int,
        recovery_hashes: Collection[str],
    ) -> bool:
        """Ask for codes from now on. False if this is not the secret that waits for it."""

        def write(connection: Connection) -> bool:
            confirmed = connection.execute(
                update(accounts)
                .where(
                    accounts.c.id == account_id,
                    accounts.c.is_totp_confirmed.is_(False),
                    accounts.c.totp_secret == sealed_secret,
                )
                .values(is_totp_confirmed=True, totp_step=step)
            )
            if not confirmed.rowcount:
                return False
            _replace_codes(connection, account_id, recovery_hashes)
            return True

        return await self._database.write(write)

    async def remove_totp(self, account_id: str, *, entry: AuditEntry | None = None) -> None:
        def write(connection: Connection) -> None:
            connection.execute(
                update(accounts)
                .where(accounts.c.id == account_id)
                .values(totp_secret=None, is_totp_confirmed=False, totp_step=0)
            )
            _replace_codes(connection, account_id, ())
            add_entry(connection, entry)

        await self._database.write(write)

    async def replace_recovery_codes(self, account_id: str, hashes: Collection[str]) -> None:
        await self._database.write(
            lambda connection: _replace_codes(connection, account_id, hashes)
        )

    async def count_recovery_codes(self, account_id: str) -> int:
        statement = (
            select(func.count())
            .select_from(recovery_codes)
            .where(recovery_codes.c.account_id == account_id)
        )
        return await self._database.read(
            lambda connection: int(connection.execute(statement).scalar_one())
        )

    async def use_totp_step(self, account_id: str, step: int) -> bool:
        """Note that the code of a time step was used. False if it, or a later one, was before."""
        statement = (
            update(accounts)
            .where(accounts.c.id == account_id, accounts.c.totp_step < step)
            .values(totp_step=step)
        )
        return await self._database.write(
            lambda connection: connection.execute(statement).rowcount > 0
        )

    async def use_recovery_code(self, account_id: str, code_hash: str) -> bool:
        statement = delete(recovery_codes).where(
            and_(recovery_codes.c.account_id == account_id, recovery_codes.c.hash == code_hash)
        )
        return await self._database.write(
            lambda connection: connection.execute(statement).rowcount > 0
        )

    async def _find(self, statement: Select[Any]) -> Credentials | None:
        def read(connection: Connection) -> Credentials | None:
            row = connection.execute(statement).one_or_none()
            if row is None:
                return None
            return Credentials(
                account=to_account(row),
                password_hash=row.password_hash,
                totp_secret=row.totp_secret,
            )

        return await self._database.read(read)


def to_account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        is_suspended=bool(row.is_suspended),
        has_totp=bool(row.is_totp_confirmed),
        created_at=from_us(row.created_us),
    )


def use_ticket(connection: Connection, ticket_hash: str) -> bool:
    gone = connection.execute(delete(tickets).where(tickets.c.hash == ticket_hash))
    return gone.rowcount > 0


def _replace_codes(connection: Connection, account_id: str, hashes: Collection[str]) -> None:
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))
    if hashes:
        rows = [{"account_id": account_id, "hash": each} for each in hashes]
        connection.execute(insert(recovery_codes), rows)


def _lock_admins(connection: Connection) -> list[str]:
    """Return the active administrators. Nobody else changes who they are before this commits."""
    statement = (
        select(accounts.c.id)
        .where(accounts.c.role == Role.ADMIN, accounts.c.is_suspended.is_(False))
        .order_by(accounts.c.id)
        .with_for_update()
    )
    return list(connection.scalars(statement))
