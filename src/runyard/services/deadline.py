"""The time that all steps of an execution share."""

from __future__ import annotations

import time
from dataclasses import replace

from runyard.domain.limits import LIMITS_MIN, Limits


class Deadline:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends_at = time.monotonic() + seconds

    @property
    def remaining_seconds(self) -> float:
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def is_spent(self) -> bool:
        """Whether too little is left for a step to begin."""
        return self.remaining_seconds < LIMITS_MIN.wall_seconds

    def clamp(self, limits: Limits) -> Limits:
        return replace(limits, wall_seconds=min(limits.wall_seconds, self.remaining_seconds))
