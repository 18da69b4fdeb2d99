"""Turns what a request proves itself with into a principal.

What was found is believed for some seconds: a session that was ended, or an account that was
suspended, is out at once on the server that did it and within that time on the others.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from runyard.domain.account import Account, Principal, Role
from runyard.domain.errors import InvalidTokenError, SuspendedError
from runyard.domain.identifiers import is_identifier
from runyard.services.accounts.access_tokens import AccessTokens
from runyard.services.accounts.sealing import hash_secret
from runyard.store.api_tokens import ApiTokenRecords
from runyard.store.moments import to_us
from runyard.store.sessions import SessionRecords

TOKEN_PREFIX = "ry_"  # noqa: S105  What an API token begins with.
BELIEVED_SECONDS = 5.0
_BELIEVED_COUNT_MAX = 10_000
# Longer than any token of ours.
_CHARACTERS_MAX = 2000


@dataclass(frozen=True, slots=True)
class _Believed:
    principal: Principal
    until: float
    # Of them depends what a principal must do first.
    totp_roles: frozenset[Role]


class Authentication:
    """`totp_roles` returns those that must have a second factor. `now_us` is the time in
    microseconds since 1970.
    """

    def __init__(
        self,
        *,
        access_tokens: AccessTokens,
        sessions: SessionRecords,
        api_tokens: ApiTokenRecords,
        totp_roles: Callable[[], Collection[Role]],
        now_us: Callable[[], int],
    ) -> None:
        self._access_tokens = access_tokens
        self._sessions = sessions
        self._api_tokens = api_tokens
        self._totp_roles = totp_roles
        self._now_us = now_us
        self._believed: OrderedDict[str, _Believed] = OrderedDict()
        self._forget_count = 0

    async def authenticate(self, token: str) -> Principal:
        """Raises InvalidTokenError, or SuspendedError for a token that would be good otherwise."""
        known, totp_roles = self._believed.get(token), frozenset(self._totp_roles())
        if known is not None and known.until > time.monotonic() and known.totp_roles == totp_roles:
            return known.principal
        if len(token) > _CHARACTERS_MAX:
            raise _invalid()
        forget_count = self._forget_count
        if token.startswith(TOKEN_PREFIX):
            principal, seconds = await self._authenticate_program(token)
        else:
            principal, seconds = await self._authenticate_session(token)
        assert principal.account is not None
        if principal.account.is_suspended:
            raise SuspendedError("An administrator suspended this account.")
        # What was revoked meanwhile may have been read before it was.
        if forget_count == self._forget_count:
            self._believe(token, principal, seconds, totp_roles)
        return principal

    def forget(self, account_id: str) -> None:
        """Look again at whatever this account proves itself with."""
        self._forget_count += 1
        stale = [token for token, each in self._believed.items() if _is_of(each, account_id)]
        for token in stale:
            del self._believed[token]

    def describe(self, account: Account, *, session_id: str) -> Principal:
        """Return the principal of an account that has logged in."""
        return Principal(
            owner_id=account.id,
            account=account,
            session_id=session_id,
            must_enrol_totp=self._must_enrol(account),
        )

    async def _authenticate_session(self, token: str) -> tuple[Principal, float]:
        claims = await self._access_tokens.verify(token)
        account = await self._sessions.find_account(claims.session_id, now=self._now_us())
        if account is None or account.id != claims.account_id:
            raise InvalidTokenError("The session has ended; log in again.")
        left = claims.expires_at_seconds - self._now_us() / 1e6
        return self.describe(account, session_id=claims.session_id), left

    async def _authenticate_program(self, token: str) -> tuple[Principal, float]:
        token_id, _, secret = token.removeprefix(TOKEN_PREFIX).partition("_")
        known = None
        if is_identifier(token_id):
            known = await self._api_tokens.find(token_id)
        if known is None or not hmac.compare_digest(known.hash, hash_secret(secret)):
            raise _invalid()
        now = self._now_us()
        left = float("inf")
        if known.token.expires_at is not None:
            left = (to_us(known.token.expires_at) - now) / 1e6
        if left <= 0:
            raise InvalidTokenError("The API token has expired; make another one.")
        await self._api_tokens.note_use(known.token, now=now)
        principal = Principal(
            owner_id=known.account.id,
            account=known.account,
            token_id=token_id,
            scopes=known.token.scopes,
            must_enrol_totp=self._must_enrol(known.account),
        )
        return principal, left

    def _must_enrol(self, account: Account) -> bool:
        return account.role in self._totp_roles() and not account.has_totp

    def _believe(
        self, token: str, principal: Principal, seconds: float, totp_roles: frozenset[Role]
    ) -> None:
        until = time.monotonic() + min(seconds, BELIEVED_SECONDS)
        self._believed[token] = _Believed(principal, until, totp_roles)
        self._believed.move_to_end(token)
        while len(self._believed) > _BELIEVED_COUNT_MAX:
            self._believed.popitem(last=False)


def _is_of(believed: _Believed, account_id: str) -> bool:
    account = believed.principal.account
    return account is not None and account.id == account_id


def _invalid() -> InvalidTokenError:
    return InvalidTokenError("The API token is unknown.")
