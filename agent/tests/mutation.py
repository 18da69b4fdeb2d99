"""Deterministic mutations of good and bad conversations, for the fuzz tests."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
# Sizes and numbers at which arithmetic goes wrong.
_EDGES = (
    0,
    1,
    5,
    6,
    7,
    8,
    0x7FFF,
    0x8000,
    65_535,
    65_536,
    1 << 20,
    (1 << 20) + 1,
    2**31,
    2**32 - 1,
)


def seeds() -> list[bytes]:
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Yield `count` inputs; the same for the same seed and corpus."""
    random_ = random.Random(seed)
    corpus = seeds()
    for _ in range(count):
        data = bytearray(random_.choice(corpus))
        for _ in range(random_.randint(1, 6)):
            _mutate(random_, data, corpus)
        yield bytes(data)


def _mutate(random_: random.Random, data: bytearray, corpus: list[bytes]) -> None:
    at = random_.randrange(len(data) + 1)
    match random_.randrange(7):
        case 0 if data:
            data[at % len(data)] ^= 1 << random_.randrange(8)
        case 1 if data:
            data[at % len(data)] = random_.randrange(256)
        case 2:
            data[at : at + 4] = struct.pack("<I", random_.choice(_EDGES))
        case 3:
            data[at : at + 2] = struct.pack("<H", random_.choice(_EDGES) & 0xFFFF)
        case 4:
            del data[at : at + random_.randint(1, 16)]
        case 5:
            data[at:at] = random_.randbytes(random_.randint(1, 16))
        case _:
            other = random_.choice(corpus)
            data[at:] = other[random_.randrange(len(other) + 1) :]
