"""Keeps secrets that have to be read again unreadable for whoever has only the database, and those
that are only compared unreadable for everybody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from runyard.domain.errors import RunyardError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_CHARACTERS_MIN = 32


class SealError(RunyardError):
    """What was sealed was sealed with another key, or is damaged."""

    code = "sealed_with_another_key"


class Sealer:
    """Seals with the first key and opens with each of them. Keys are any long random text, asked
    for when the first secret is sealed or opened.
    """

    def __init__(self, find_keys: Callable[[], Sequence[str]]) -> None:
        self._find_keys = find_keys

    def seal(self, plain: bytes) -> bytes:
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes, *, seconds_max: int | None = None) -> bytes:
        """Raises SealError, also for what was sealed longer ago."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - see the package.

        try:
            return self._fernet.decrypt(sealed, ttl=seconds_max)
        except InvalidToken as error:
            raise SealError(
                "A secret in the database was sealed with another key. All servers of one database"
                " need the same RUNYARD_SECRET_KEYS, former keys included."
            ) from error

    def derive(self, secret: str, *, purpose: str) -> str:
        """Return the 43 characters that follow from a secret, which only who has the key can
        tell.
        """
        key = f"runyard {purpose}\0{self._find_keys()[0]}".encode()
        derived = hmac.digest(key, secret.encode(errors="surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(derived).decode().rstrip("=")

    @cached_property
    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - see the package.

        digests = (
            hashlib.sha256(b"runyard seal\0" + key.encode()).digest() for key in self._find_keys()
        )
        return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in digests])


def load_key(path: Path) -> str:
    """Return the key in this file, which is made if it is missing. Raises SealError for a file
    that has none.
    """
    if not path.exists():
        _make_key(path)
    key = path.read_text(encoding="ascii").strip()
    if len(key) < KEY_CHARACTERS_MIN:
        raise SealError(
            f"{path} has no key of {KEY_CHARACTERS_MIN} characters. Put back the one that was"
            " there, or delete the file if nothing was sealed with it yet."
        )
    return key


def _make_key(path: Path) -> None:
    """Whoever looks at the same time finds no key or all of it, and that of one maker only."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        # What is sealed with it may outlive a loss of power.
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)


def new_secret() -> str:
    """Return 43 characters nobody guesses, fit for addresses."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return what is kept of a long random secret: there is nothing to try out."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
