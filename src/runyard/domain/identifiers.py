"""Identifiers that sort by their time and cannot be guessed."""

from __future__ import annotations

import re
import secrets
import time

# Crockford's alphabet: no I, L, O or U, so that an id survives being read aloud.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
IDENTIFIER_LENGTH = 26
_PATTERN = re.compile(f"[{_ALPHABET}]{{{IDENTIFIER_LENGTH}}}")


def new_identifier() -> str:
    """Return 48 bits of milliseconds and 80 random bits in 26 characters."""
    return encode_identifier(time.time_ns() // 1_000_000, secrets.randbits(_RANDOM_BITS))


def encode_identifier(milliseconds: int, random_bits: int) -> str:
    value = (milliseconds << _RANDOM_BITS) | random_bits
    characters = []
    for _ in range(IDENTIFIER_LENGTH):
        characters.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(characters))


def is_identifier(text: str) -> bool:
    return _PATTERN.fullmatch(text) is not None
