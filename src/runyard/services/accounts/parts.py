"""Everything about accounts, put together over one database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from runyard.domain.account import Role
from runyard.services.accounts.access_tokens import AccessTokens
from runyard.services.accounts.api_tokens import ApiTokens
from runyard.services.accounts.attempts import WINDOW_SECONDS_MAX, Attempts
from runyard.services.accounts.authentication import Authentication
from runyard.services.accounts.device_login import DeviceLogins
from runyard.services.accounts.directory import Directory
from runyard.services.accounts.passwords import Passwords
from runyard.services.accounts.post import Post
from runyard.services.accounts.sealing import Sealer
from runyard.services.accounts.second_factor import SecondFactor
from runyard.services.accounts.sessions import SESSION_DAYS, Sessions
from runyard.services.accounts.sign_up import SignUp, SignUpMode
from runyard.services.audit import Audit
from runyard.services.mail import Mailer
from runyard.store import quotas
from runyard.store.accounts import AccountRecords
from runyard.store.api_tokens import ApiTokenRecords
from runyard.store.attempts import AttemptRecords
from runyard.store.database import Database
from runyard.store.device_logins import DeviceLoginRecords
from runyard.store.holdings import HoldingRecords
from runyard.store.moments import DAY_US
from runyard.store.moments import now_us as read_clock
from runyard.store.sessions import SessionRecords
from runyard.store.signing_keys import SigningKeyRecords
from runyard.store.tickets import TicketRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    # Both are asked for each time: an administrator may change them.
    sign_up: Callable[[], SignUpMode] = lambda: SignUpMode.INVITATION
    # Whoever has one of these must have a second factor.
    totp_roles: Callable[[], Collection[Role]] = tuple
    # Passwords that are hashed at a time.
    concurrency: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    sign_up: SignUp
    sessions: Sessions
    authentication: Authentication
    second_factor: SecondFactor
    api_tokens: ApiTokens
    device_logins: DeviceLogins
    directory: Directory
    attempts: Attempts
    post: Post
    sweep: Sweep


class Sweep:
    """Deletes what has expired."""

    def __init__(self, database: Database, *, now_us: Callable[[], int]) -> None:
        self._sessions = SessionRecords(database)
        self._tickets = TicketRecords(database)
        self._device_logins = DeviceLoginRecords(database)
        self._attempts = AttemptRecords(database)
        self._database = database
        self._now_us = now_us

    async def run(self) -> None:
        now = self._now_us()
        await self._sessions.delete_expired(now=now)
        await self._sessions.delete_used(before=now - SESSION_DAYS * DAY_US)
        await self._tickets.delete_expired(now=now)
        await self._device_logins.delete_expired(now=now)
        await self._attempts.delete_old(before=now - WINDOW_SECONDS_MAX * 1_000_000)
        await self._database.write(partial(quotas.delete_old, now=now))


def open_accounts(
    database: Database,
    sealer: Sealer,
    options: Options,
    *,
    audit: Audit,
    mailer: Mailer | None = None,
    now_us: Callable[[], int] = read_clock,
) -> Accounts:
    """`now_us` is the time in microseconds since 1970. Without a `mailer` no mail is sent."""
    records, session_records = AccountRecords(database), SessionRecords(database)
    token_records, holdings = ApiTokenRecords(database), HoldingRecords(database, now_us=now_us)
    access_tokens = AccessTokens(SigningKeyRecords(database), sealer, now_us=now_us)
    authentication = Authentication(
        access_tokens=access_tokens,
        sessions=session_records,
        api_tokens=token_records,
        totp_roles=options.totp_roles,
        now_us=now_us,
    )
    passwords = Passwords(concurrency=options.concurrency)
    attempts = Attempts(AttemptRecords(database), now_us=now_us)
    second_factor = SecondFactor(records, sealer, attempts, authentication, now_us=now_us)
    sessions = Sessions(
        accounts=records,
        records=session_records,
        access_tokens=access_tokens,
        authentication=authentication,
        passwords=passwords,
        second_factor=second_factor,
        attempts=attempts,
        sealer=sealer,
        now_us=now_us,
    )
    api_tokens = ApiTokens(token_records, authentication, now_us=now_us)
    sign_up = SignUp(
        accounts=records,
        tickets=TicketRecords(database),
        passwords=passwords,
        attempts=attempts,
        sessions=sessions,
        authentication=authentication,
        audit=audit,
        mode=options.sign_up,
        now_us=now_us,
    )
    return Accounts(
        sign_up=sign_up,
        sessions=sessions,
        authentication=authentication,
        second_factor=second_factor,
        api_tokens=api_tokens,
        device_logins=DeviceLogins(
            records=DeviceLoginRecords(database),
            accounts=records,
            api_tokens=api_tokens,
            attempts=attempts,
            now_us=now_us,
        ),
        directory=Directory(records, holdings, authentication, audit),
        attempts=attempts,
        post=Post(
            mailer=mailer or Mailer(None),
            accounts=records,
            sign_up=sign_up,
            attempts=attempts,
            audit=audit,
        ),
        sweep=Sweep(database, now_us=now_us),
    )
