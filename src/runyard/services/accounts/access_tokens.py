"""Signed access tokens: who sends a request, for a quarter of an hour, without asking the database.

Each server of an installation signs with the newest key in the database and accepts the others for
as long as what they signed can be valid. A key is used for a month.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from runyard.domain.errors import InvalidTokenError
from runyard.domain.identifiers import is_identifier, new_identifier
from runyard.services.accounts.sealing import Sealer, SealError
from runyard.store.moments import DAY_US
from runyard.store.signing_keys import SigningKey, SigningKeyRecords

ACCESS_SECONDS = 900
KEY_DAYS = 30
_log = structlog.get_logger(__name__)
_ALGORITHM = "HS256"
_AUDIENCE = "runyard"
_KEY_US = KEY_DAYS * DAY_US
# Others may have made a key; whoever sends tokens with made-up keys must not make this ask often.
_LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Claims:
    account_id: str
    session_id: str
    expires_at_seconds: int


class AccessTokens:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(
        self, records: SigningKeyRecords, sealer: Sealer, *, now_us: Callable[[], int]
    ) -> None:
        self._records = records
        self._sealer = sealer
        self._now_us = now_us
        # The newest first.
        self._keys: list[tuple[SigningKey, bytes]] = []
        self._looked_at = -_LOOK_AGAIN_SECONDS
        self._making = asyncio.Lock()

    async def issue(self, *, account_id: str, session_id: str) -> str:
        import jwt  # noqa: PLC0415 - see the package.

        key, secret = await self._current()
        now = self._now_us() // 1_000_000
        claims = {
            "sub": account_id,
            "sid": session_id,
            "aud": _AUDIENCE,
            "iat": now,
            "exp": now + ACCESS_SECONDS,
        }
        return jwt.encode(claims, secret, algorithm=_ALGORITHM, headers={"kid": key.id})

    async def verify(self, token: str) -> Claims:
        """Raises InvalidTokenError for anything but a token of this installation that is valid."""
        import jwt  # noqa: PLC0415 - see the package.

        try:
            secret = await self._find(str(jwt.get_unverified_header(token).get("kid", "")))
            claims = jwt.decode(
                token,
                secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                # Compared below with the clock that was given.
                options={
                    "require": ["sub", "sid", "exp"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise _invalid() from error
        if claims["exp"] * 1_000_000 <= self._now_us():
            raise _invalid()
        return Claims(str(claims["sub"]), str(claims["sid"]), int(claims["exp"]))

    async def _current(self) -> tuple[SigningKey, bytes]:
        now = self._now_us()
        if self._is_fresh(now):
            return self._keys[0]
        # Who comes meanwhile waits for the key, instead of making another one.
        async with self._making:
            return await self._make(now)

    async def _make(self, now: int) -> tuple[SigningKey, bytes]:
        if not self._is_fresh(now):
            await self._load()
        if not self._is_fresh(now):
            key = SigningKey(
                id=new_identifier(),
                sealed_secret=self._sealer.seal(secrets.token_bytes(32)),
                created_us=now,
            )
            # What the former one signed last is valid for a little longer.
            await self._records.insert(key, delete_before=now - 2 * _KEY_US)
            await self._load()
        return self._keys[0]

    def _is_fresh(self, now: int) -> bool:
        return bool(self._keys) and now - self._keys[0][0].created_us < _KEY_US

    async def _find(self, key_id: str) -> bytes:
        if is_identifier(key_id):
            for may_load in (True, False):
                for key, secret in self._keys:
                    if key.id == key_id:
                        return secret
                if not may_load or time.monotonic() - self._looked_at < _LOOK_AGAIN_SECONDS:
                    break
                await self._load()
        raise _invalid()

    async def _load(self) -> None:
        self._looked_at = time.monotonic()
        stored = await self._records.list()
        self._keys = []
        for key in stored:
            try:
                self._keys.append((key, self._sealer.open(key.sealed_secret)))
            except SealError:
                # What it signed is not accepted, and another one is made.
                _log.warning("signing_key_sealed_with_another_key", key=key.id)


def _invalid() -> InvalidTokenError:
    return InvalidTokenError("The access token is unknown or expired; log in or refresh it.")
