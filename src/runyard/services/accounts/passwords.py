"""Hashes passwords with argon2id, a bounded number at a time and never on the event loop."""

from __future__ import annotations

import asyncio
import secrets
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pwdlib import PasswordHash


class Passwords:
    """Each hash takes 64 MiB for some tens of milliseconds of several processors."""

    def __init__(self, *, concurrency: int) -> None:
        self._room = asyncio.Semaphore(concurrency)

    async def hash(self, password: str) -> str:
        async with self._room:
            return await asyncio.to_thread(lambda: self._hasher.hash(password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Without a hash the same work is done, so that time does not tell who has an account."""
        async with self._room:
            matches = await asyncio.to_thread(
                lambda: self._hasher.verify(password, password_hash or self._nobodys_hash)
            )
        return matches and password_hash is not None

    async def prepare(self) -> None:
        """Do what the first password would wait for."""
        await asyncio.to_thread(lambda: self._nobodys_hash)

    @cached_property
    def _hasher(self) -> PasswordHash:
        from pwdlib import PasswordHash  # noqa: PLC0415 - see the package.
        from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: PLC0415

        return PasswordHash((Argon2Hasher(),))

    @cached_property
    def _nobodys_hash(self) -> str:
        return self._hasher.hash(secrets.token_hex(16))
