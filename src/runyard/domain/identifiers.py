"""Identifiers that sort by their time and cannot be guessed."""

from __future__ import annotations

import re
import secrets
import time

# Crockford's alphabet: no I, L, O or U, so that an id survives being read aloud.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MICROSECOND_BITS = 10
_RANDOM_BITS = 70
IDENTIFIER_LENGTH = 26
_PATTERN = re.compile(f"[{_ALPHABET}]{{{IDENTIFIER_LENGTH}}}")


def new_identifier() -> str:
    """Return 26 characters that stand for 48 bits of milliseconds, 10 of the microseconds beyond
    them, so that what one client asks for at once stays in its order, and 70 random bits.
    """
    milliseconds, microseconds = divmod(time.time_ns() // 1000, 1000)
    return encode_identifier(milliseconds, microseconds, secrets.randbits(_RANDOM_BITS))


def encode_identifier(milliseconds: int, microseconds: int, random_bits: int) -> str:
    value = (milliseconds << _MICROSECOND_BITS | microseconds) << _RANDOM_BITS | random_bits
    characters = []
    for _ in range(IDENTIFIER_LENGTH):
        characters.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(characters))


def following(identifier: str) -> str:
    """Return a new one that sorts behind another, whatever the clock says."""
    value = 0
    for character in identifier:
        value = value << 5 | _ALPHABET.index(character)
    milliseconds, microseconds = divmod((value >> _RANDOM_BITS) + 1, 1 << _MICROSECOND_BITS)
    return encode_identifier(milliseconds, microseconds, secrets.randbits(_RANDOM_BITS))


def is_identifier(text: str) -> bool:
    return _PATTERN.fullmatch(text) is not None
