"""Tokens of one's own for programs: with scopes, for a time, shown once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from runyard.domain.account import Account, ApiToken, Role, Scope
from runyard.domain.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts.authentication import TOKEN_PREFIX, Authentication
from runyard.services.accounts.sealing import hash_secret, new_secret
from runyard.store.api_tokens import ApiTokenRecords
from runyard.store.moments import from_us

COUNT_MAX = 50
DAYS_MAX = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    token: ApiToken
    # Told this once.
    secret: str


class ApiTokens:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(
        self,
        records: ApiTokenRecords,
        authentication: Authentication,
        *,
        now_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._authentication = authentication
        self._now_us = now_us

    async def create(
        self, account: Account, *, name: str, scopes: Collection[Scope], days: float | None
    ) -> NewToken:
        """`days` None: until it is deleted. Raises InvalidRequestError, ForbiddenError for a scope
        that the account does not have itself, ConflictError for too many.
        """
        if not scopes:
            raise InvalidRequestError("scopes: name at least one.", field="scopes")
        if Scope.ADMIN in scopes and account.role is not Role.ADMIN:
            raise ForbiddenError("Only administrators have the scope admin.", scope=Scope.ADMIN)
        now = from_us(self._now_us())
        token = ApiToken(
            id=new_identifier(),
            account_id=account.id,
            name=name,
            scopes=frozenset(scopes),
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
            used_at=None,
        )
        secret = new_secret()
        stored = await self._records.insert(
            token, token_hash=hash_secret(secret), count_max=COUNT_MAX
        )
        if not stored:
            raise _full()
        return NewToken(token=token, secret=f"{TOKEN_PREFIX}{token.id}_{secret}")

    async def require_room(self, account_id: str) -> None:
        """Raises ConflictError if the account has as many tokens as it may."""
        if len(await self._records.list(account_id)) >= COUNT_MAX:
            raise _full()

    async def list(self, account_id: str) -> Sequence[ApiToken]:
        return await self._records.list(account_id)

    async def delete(self, account_id: str, token_id: str) -> None:
        """Raises NotFoundError for a token that the account does not have."""
        if not await self._records.delete(account_id, token_id):
            raise NotFoundError("There is no such token.")
        self._authentication.forget(account_id)


def _full() -> ConflictError:
    return ConflictError(
        f"The account has {COUNT_MAX} tokens, the most allowed; delete one first.",
        limit="token_count_max",
    )
