"""Everything about accounts over a real database, with a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pyotp
from sqlalchemy import Connection

from runyard.domain.account import Account, Role
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts.attempts import Claim, Rule
from runyard.services.accounts.parts import Accounts, Options, open_accounts
from runyard.services.accounts.sealing import Sealer
from runyard.services.accounts.second_factor import STEP_SECONDS
from runyard.services.accounts.sessions import LoggedIn, Visitor
from runyard.services.accounts.sign_up import Applicant
from runyard.services.audit import Audit
from runyard.store.accounts import AccountRecords
from runyard.store.audit import AuditRecords
from runyard.store.database import Database
from runyard.store.moments import from_us

T = TypeVar("T")

KEY = "k" * 32
PASSWORD = "correct horse battery"
WRONG = "wrong horse battery"
OTHER = "another horse, another battery"
HERE = Visitor(address="192.0.2.1", user_agent="Firefox")
THERE = Visitor(address="198.51.100.1", user_agent="curl")
DAY_SECONDS = 86_400


@dataclass
class Clock:
    # In the middle of a step of authenticators.
    seconds: float = 1_800_000_015

    def __call__(self) -> int:
        return round(self.seconds * 1_000_000)

    def advance(self, *, seconds: float = 0, days: float = 0) -> None:
        self.seconds += seconds + days * DAY_SECONDS


@dataclass(kw_only=True)
class Office:
    database: Database
    # Of PASSWORD.
    password_hash: str
    clock: Clock = field(default_factory=Clock)
    sealer: Sealer = field(default_factory=lambda: Sealer(lambda: [KEY]))
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        self.accounts = self.open()

    def open(self, options: Options | None = None, database: Database | None = None) -> Accounts:
        """Return what another server on the same database has."""
        database = database or self.database
        return open_accounts(
            database,
            self.sealer,
            options or self.options,
            audit=Audit(AuditRecords(database), now_us=self.clock),
            now_us=self.clock,
        )

    async def admit(
        self,
        name: str,
        *,
        email: str | None = None,
        role: Role = Role.USER,
        is_suspended: bool = False,
    ) -> Account:
        """Make an account without the work of hashing its password."""
        account = Account(
            id=new_identifier(),
            name=name,
            email=email or f"{name}@example.org",
            role=role,
            is_suspended=is_suspended,
            created_at=from_us(self.clock()),
        )
        records = AccountRecords(self.database)
        assert await records.insert(account, password_hash=self.password_hash)
        return account

    async def log_in(
        self,
        login: str = "ada",
        password: str = PASSWORD,
        *,
        code: str | None = None,
        visitor: Visitor = HERE,
    ) -> LoggedIn:
        return await self.accounts.sessions.log_in(login, password, code, visitor)

    async def enrol(self, account: Account) -> Authenticator:
        """Give an account a second factor, whose codes can be used from the next step on."""
        offer = await self.accounts.second_factor.offer(account)
        authenticator = Authenticator(offer.secret, self.clock)
        authenticator.recovery_codes = list(
            await self.accounts.second_factor.confirm(account.id, authenticator.code())
        )
        self.clock.advance(seconds=STEP_SECONDS)
        return authenticator

    async def exhaust(self, rule: Rule, key: str) -> Claim:
        for _ in range(rule.count_max):
            await self.accounts.attempts.spend((rule, key))
        return rule, key


@dataclass
class Authenticator:
    secret: str
    clock: Clock
    recovery_codes: list[str] = field(default_factory=list)

    def code(self, *, steps: int = 0) -> str:
        """Return the code of this step, or of another one."""
        return pyotp.TOTP(self.secret).at(int(self.clock.seconds) + steps * STEP_SECONDS)

    def wrong_code(self) -> str:
        near = {self.code(steps=steps) for steps in range(-2, 3)}
        return next(
            code for code in ("000000", *map(str, range(100_000, 100_006))) if code not in near
        )


class HeldDatabase:
    """A database whose readers have read and are not told before `release` is set."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.has_read = asyncio.Event()
        self.release = asyncio.Event()

    @property
    def keeps_order(self) -> bool:
        return self._database.keeps_order

    async def write(self, transaction: Callable[[Connection], T]) -> T:
        return await self._database.write(transaction)

    async def read(self, transaction: Callable[[Connection], T]) -> T:
        result = await self._database.read(transaction)
        self.has_read.set()
        await self.release.wait()
        return result

    async def aclose(self) -> None:
        await self._database.aclose()


def applicant(
    name: str = "bob", *, password: str = PASSWORD, email: str | None = None
) -> Applicant:
    return Applicant(name=name, email=email or f"{name}@example.org", password=password)
