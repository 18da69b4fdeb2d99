"""Moments as columns hold them: microseconds since 1970."""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND_US = 1_000_000
DAY_US = 86_400_000_000


def now_us() -> int:
    return time.time_ns() // 1000


def to_us(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


def from_us(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
