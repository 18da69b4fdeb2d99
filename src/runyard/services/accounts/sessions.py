"""Logging in, staying logged in, and logging out.

An access token is valid for a quarter of an hour. A refresh token gets the next one and is then
used up: one that comes a second time was copied, and ends its session. Only if it comes at once,
and nobody used the one that it got, was it sent again because the answer got lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from runyard.domain.account import Account, Session
from runyard.domain.errors import (
    AuthenticationError,
    InvalidTokenError,
    NotFoundError,
    SuspendedError,
    TotpRequiredError,
)
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts.access_tokens import ACCESS_SECONDS, AccessTokens
from runyard.services.accounts.attempts import (
    LOGIN_FROM_ADDRESS,
    LOGIN_OF_ACCOUNT,
    LOGIN_OF_ACCOUNT_FROM_ADDRESS,
    LOGIN_ON_DEVICE,
    PASSWORD_OF_ACCOUNT,
    Attempts,
    Claim,
    group_address,
)
from runyard.services.accounts.authentication import Authentication
from runyard.services.accounts.passwords import Passwords
from runyard.services.accounts.sealing import Sealer, SealError, hash_secret, new_secret
from runyard.services.accounts.second_factor import SecondFactor
from runyard.store.accounts import AccountRecords, Credentials
from runyard.store.moments import DAY_US, SECOND_US, from_us
from runyard.store.sessions import Rotation, SessionRecords

# Without a visit in this time one has to log in again.
SESSION_DAYS = 30
DEVICE_DAYS = 365
# A page that is left while it asks never sees the answer; the next page asks with the same token.
RETRY_SECONDS = 30
_USER_AGENT_CHARACTERS_MAX = 200
_WRONG = "The name or the password is wrong."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What is known of a client before it has proved anything. `device` is what it was given when
    somebody logged in there before.
    """

    address: str
    user_agent: str = ""
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    account: Account
    session_id: str
    access_token: str
    access_seconds: int
    refresh_token: str
    # To be kept by the client; None: it has one.
    device: str | None


class Sessions:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(
        self,
        *,
        accounts: AccountRecords,
        records: SessionRecords,
        access_tokens: AccessTokens,
        authentication: Authentication,
        passwords: Passwords,
        second_factor: SecondFactor,
        attempts: Attempts,
        sealer: Sealer,
        now_us: Callable[[], int],
    ) -> None:
        self._accounts = accounts
        self._records = records
        self._access_tokens = access_tokens
        self._authentication = authentication
        self._passwords = passwords
        self._second_factor = second_factor
        self._attempts = attempts
        self._sealer = sealer
        self._now_us = now_us

    async def log_in(
        self, login: str, password: str, code: str | None, visitor: Visitor
    ) -> LoggedIn:
        """`login` is a name or an address, `code` one of the authenticator or for recovery. Raises
        AuthenticationError and its kin, SuspendedError, or TooManyAttemptsError.
        """
        login = login.strip().lower()
        credentials = await self._accounts.find_by_login(login)
        account_id = credentials.account.id if credentials else ""
        device = None if credentials is None else self._find_device(visitor.device, credentials)
        claims = _claims(account_id or login, visitor, device=device)
        await self._attempts.spend(*claims)
        await self._verify(credentials, password, code, claims)
        assert credentials is not None
        await self._attempts.give_back(*claims)
        return await self.open(
            credentials.account,
            visitor,
            password_hash=credentials.password_hash,
            is_known_device=device is not None,
        )

    async def open(
        self,
        account: Account,
        visitor: Visitor,
        *,
        password_hash: str | None,
        is_known_device: bool = False,
    ) -> LoggedIn:
        """Begin a session of an account that has proved who it is by a password of this hash.
        Raises AuthenticationError if it has another one meanwhile, or is gone.
        """
        if account.is_suspended:
            raise SuspendedError("An administrator suspended this account.")
        now = from_us(self._now_us())
        refresh_token = new_secret()
        session = Session(
            id=new_identifier(),
            account_id=account.id,
            created_at=now,
            used_at=now,
            expires_at=now + timedelta(days=SESSION_DAYS),
            user_agent=visitor.user_agent[:_USER_AGENT_CHARACTERS_MAX].replace("\0", ""),
            address=visitor.address[:64],
        )
        if not await self._records.insert(
            session, refresh_hash=hash_secret(refresh_token), password_hash=password_hash
        ):
            raise AuthenticationError(_WRONG)
        return LoggedIn(
            account=account,
            session_id=session.id,
            access_token=await self._access_tokens.issue(
                account_id=account.id, session_id=session.id
            ),
            access_seconds=ACCESS_SECONDS,
            refresh_token=refresh_token,
            device=None if is_known_device else self._new_device(account.id, password_hash),
        )

    async def refresh(self, refresh_token: str, visitor: Visitor) -> LoggedIn:
        """Raises InvalidTokenError for a token that is unknown, used or expired, SuspendedError."""
        new_token = self._sealer.derive(refresh_token, purpose="refresh")
        now = self._now_us()
        rotated = await self._records.rotate(
            hash_secret(refresh_token),
            new_hash=hash_secret(new_token),
            now=now,
            retried_since=now - RETRY_SECONDS * SECOND_US,
            expires=now + SESSION_DAYS * DAY_US,
            address=visitor.address[:64],
        )
        account, session_id = rotated.account, rotated.session_id
        match rotated.outcome:
            case Rotation.REPLAYED:
                assert account is not None
                self._authentication.forget(account.id)
                raise InvalidTokenError(
                    "The refresh token was used before, so that somebody may have a copy of it. Its"
                    " session is ended; log in again."
                )
            case Rotation.UNKNOWN:
                raise InvalidTokenError("The session has ended; log in again.")
            case Rotation.DONE:
                pass
        assert account is not None
        assert session_id is not None
        if account.is_suspended:
            raise SuspendedError("An administrator suspended this account.")
        return LoggedIn(
            account=account,
            session_id=session_id,
            access_token=await self._access_tokens.issue(
                account_id=account.id, session_id=session_id
            ),
            access_seconds=ACCESS_SECONDS,
            refresh_token=new_token,
            device=None,
        )

    async def log_out(self, refresh_token: str) -> None:
        """End the session that a refresh token belongs to, if there is one."""
        account_id = await self._records.delete_by_refresh_token(hash_secret(refresh_token))
        if account_id is not None:
            self._authentication.forget(account_id)

    async def confirm_password(
        self, account_id: str, password: str, *, field: str = "password"
    ) -> Credentials:
        """Have somebody who has logged in prove again who it is. Raises AuthenticationError that
        names `field`, in which the client sent it.
        """
        claim = (PASSWORD_OF_ACCOUNT, account_id)
        await self._attempts.spend(claim)
        credentials = await self._accounts.find(account_id)
        password_hash = credentials.password_hash if credentials else None
        if not await self._passwords.verify(password, password_hash) or credentials is None:
            raise AuthenticationError("The password is wrong.", field=field)
        await self._attempts.give_back(claim)
        return credentials

    async def list(self, account_id: str) -> Sequence[Session]:
        return await self._records.list(account_id, now=self._now_us())

    async def end(self, account_id: str, session_id: str) -> None:
        """Raises NotFoundError for a session that the account does not have."""
        if not await self._records.delete(account_id, session_id):
            raise NotFoundError("There is no such session.")
        self._authentication.forget(account_id)

    async def end_others(self, account_id: str, *, keep_id: str) -> int:
        count = await self._records.delete_others(account_id, keep_id=keep_id)
        self._authentication.forget(account_id)
        return count

    async def _verify(
        self,
        credentials: Credentials | None,
        password: str,
        code: str | None,
        claims: Sequence[Claim],
    ) -> None:
        password_hash = credentials.password_hash if credentials else None
        if not await self._passwords.verify(password, password_hash) or credentials is None:
            raise AuthenticationError(_WRONG)
        # Only who knows the password is told.
        if credentials.account.is_suspended:
            raise SuspendedError("An administrator suspended this account.")
        try:
            await self._second_factor.require(credentials, code)
        except TotpRequiredError:
            # Not a guess: the client did not know that it had to ask for one.
            await self._attempts.give_back(*claims)
            raise

    def _new_device(self, account_id: str, password_hash: str | None) -> str:
        plain = f"{_owner_of_device(account_id, password_hash)}:{new_identifier()}"
        return self._sealer.seal(plain.encode()).decode()

    def _find_device(self, device: str | None, credentials: Credentials) -> str | None:
        """Return what tells a device of this account from its others. That is what was sealed:
        characters that its text may have besides change nothing.
        """
        sealed = (device or "").encode(errors="replace")
        try:
            plain = self._sealer.open(sealed, seconds_max=DEVICE_DAYS * 86_400)
        except SealError:
            return None
        text = plain.decode(errors="replace")
        owner = _owner_of_device(credentials.account.id, credentials.password_hash)
        return text if text.rpartition(":")[0] == owner else None


def _owner_of_device(account_id: str, password_hash: str | None) -> str:
    """A device is known until the account has another password: who had the former one may be the
    reason for it.
    """
    return f"{account_id}:{hash_secret(password_hash or '')[:16]}"


def _claims(account: str, visitor: Visitor, *, device: str | None) -> tuple[Claim, ...]:
    if device is not None:
        return ((LOGIN_ON_DEVICE, device),)
    address = group_address(visitor.address)
    return (
        (LOGIN_FROM_ADDRESS, address),
        (LOGIN_OF_ACCOUNT_FROM_ADDRESS, f"{account} {address}"),
        (LOGIN_OF_ACCOUNT, account),
    )
