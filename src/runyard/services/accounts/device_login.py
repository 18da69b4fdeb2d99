"""Logging a program in that shows no page: it tells a short code, and somebody who has logged in
elsewhere approves of it. (After RFC 8628; the program is given an API token.)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from runyard.domain.account import Account, Scope
from runyard.domain.errors import (
    AuthorizationPendingError,
    ForbiddenError,
    InvalidTokenError,
    NotFoundError,
)
from runyard.services.accounts.api_tokens import ApiTokens, NewToken
from runyard.services.accounts.attempts import (
    DEVICE_FROM_ADDRESS,
    USER_CODE_OF_ACCOUNT,
    Attempts,
    group_address,
)
from runyard.services.accounts.sealing import hash_secret, new_secret
from runyard.store.accounts import AccountRecords
from runyard.store.device_logins import DeviceLogin, DeviceLoginRecords, DeviceState

EXPIRES_SECONDS = 600
INTERVAL_SECONDS = 2
TOKEN_DAYS = 90
# All that a person needs who works with it, and nothing of an administrator's.
SCOPES = frozenset(Scope) - {Scope.ADMIN}
# Without vowels and without what looks like something else.
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_GROUP_CHARACTERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOffer:
    """`device_code` is the program's to ask with, `user_code` the person's to type."""

    device_code: str
    user_code: str


class DeviceLogins:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(
        self,
        *,
        records: DeviceLoginRecords,
        accounts: AccountRecords,
        api_tokens: ApiTokens,
        attempts: Attempts,
        now_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._accounts = accounts
        self._api_tokens = api_tokens
        self._attempts = attempts
        self._now_us = now_us

    async def begin(self, client: str, *, address: str) -> DeviceOffer:
        await self._attempts.spend((DEVICE_FROM_ADDRESS, group_address(address)))
        offer = DeviceOffer(device_code=new_secret(), user_code=_new_user_code())
        login = DeviceLogin(user_code=_plain(offer.user_code), client=client, scopes=SCOPES)
        await self._records.insert(
            login,
            device_hash=hash_secret(offer.device_code),
            expires=self._now_us() + EXPIRES_SECONDS * 1_000_000,
        )
        return offer

    async def view(self, account: Account, user_code: str) -> DeviceLogin:
        """Tell who waits, before one approves. Raises NotFoundError."""
        claim = (USER_CODE_OF_ACCOUNT, account.id)
        await self._attempts.spend(claim)
        login = await self._records.find_waiting(_plain(user_code), now=self._now_us())
        if login is None:
            raise _nobody_waits()
        await self._attempts.give_back(claim)
        return login

    async def decide(self, account: Account, user_code: str, *, approve: bool) -> None:
        """Raises NotFoundError if nobody waits with this code, and ConflictError if the account
        could not have one more token.
        """
        if approve:
            await self._api_tokens.require_room(account.id)
        claim = (USER_CODE_OF_ACCOUNT, account.id)
        await self._attempts.spend(claim)
        state = DeviceState.APPROVED if approve else DeviceState.DENIED
        decided = await self._records.decide(
            _plain(user_code), account_id=account.id, state=state, now=self._now_us()
        )
        if not decided:
            raise _nobody_waits()
        await self._attempts.give_back(claim)

    async def take(self, device_code: str) -> NewToken:
        """Return the program's token, once. Raises AuthorizationPendingError while nobody has
        decided, ForbiddenError if it was denied, InvalidTokenError for a code that is unknown or
        expired.
        """
        login = await self._records.take(hash_secret(device_code), now=self._now_us())
        if login is None:
            raise InvalidTokenError("The code is unknown or expired; begin again.")
        match login.state:
            case DeviceState.WAITING:
                raise AuthorizationPendingError(
                    "Nobody has approved yet.", interval_seconds=INTERVAL_SECONDS
                )
            case DeviceState.DENIED:
                raise ForbiddenError("The login was denied.")
            case DeviceState.APPROVED:
                pass
        found = await self._accounts.find(login.account_id or "")
        if found is None or found.account.is_suspended:
            raise InvalidTokenError("The account that approved is gone.")
        return await self._api_tokens.create(
            found.account, name=login.client, scopes=login.scopes, days=TOKEN_DAYS
        )


def _new_user_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARACTERS)) for _ in "12")
    return "-".join(groups)


def _plain(user_code: str) -> str:
    return "".join(character for character in user_code.upper() if character in _ALPHABET)[:16]


def _nobody_waits() -> NotFoundError:
    return NotFoundError("No program waits with this code; it may have expired.")
