"""How often sandboxes of a kind are asked for, and how many of each kind are worth keeping ready.
Pure: whoever asks says what time it is.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

# What was asked for this long ago counts a third of what is asked for now.
_MEMORY_SECONDS = 30.0
# Requests do not come evenly: twice what the mean would need.
_HEADROOM = 2.0

_Key = TypeVar("_Key", bound=Hashable)


class Demand:
    """The rate of requests for one kind, exponentially weighted."""

    def __init__(self, *, now: float) -> None:
        self.last = now
        self._rate = 0.0

    def note(self, now: float) -> None:
        self._rate = self.rate(now) + 1.0 / _MEMORY_SECONDS
        self.last = now

    def rate(self, now: float) -> float:
        """Return requests per second."""
        return self._rate * math.exp((self.last - now) / _MEMORY_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Generic[_Key]):
    """What one kind would like: at least `floor`, and enough for those who come while the next one
    is started. `sandbox_bytes` is what one of them takes.
    """

    key: _Key
    floor: int
    rate: float
    start_seconds: float
    sandbox_bytes: int
    last: float

    @property
    def count(self) -> int:
        return max(self.floor, math.ceil(self.rate * self.start_seconds * _HEADROOM))


def share(wishes: Iterable[Wish[_Key]], *, count_max: int, bytes_max: int) -> dict[_Key, int]:
    """Return how many of each kind to keep: one of each first, the most recently asked for before
    the others, then what more they wish for, as long as there is room.
    """
    granted: dict[_Key, int] = {}
    ordered = sorted(wishes, key=lambda wish: wish.last, reverse=True)
    turns = max((wish.count for wish in ordered), default=0)
    for turn in range(min(turns, count_max)):
        for wish in ordered:
            if wish.count <= turn or granted.get(wish.key, 0) < turn:
                continue
            if count_max < 1 or wish.sandbox_bytes > bytes_max:
                continue
            granted[wish.key] = turn + 1
            count_max -= 1
            bytes_max -= wish.sandbox_bytes
    return granted
