"""What a follower of an execution sees, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    STATE = "state"  # data: state, attempt
    STEP_STARTED = "step_started"  # data: kind, name
    OUTPUT = "output"  # data: stream ("stdout" | "stderr"), encoding ("utf-8" | "base64"), text
    STEP_FINISHED = "step_finished"  # data: the step without its output
    FINISHED = "finished"  # data: outcome, message


@dataclass(frozen=True, slots=True)
class Event:
    """`sequence` counts from 1 without gaps within one attempt of an execution, and each further
    attempt begins at the next million; data is JSON-compatible.
    """

    sequence: int
    kind: EventKind
    data: dict[str, Any] = field(default_factory=dict)


# More than the events one attempt can have, so that a follower who saw a part of a lost attempt
# misses nothing of the next, whoever numbers it.
_ATTEMPT_EVENTS = 1_000_000


def last_sequence(attempt: int) -> int:
    """Return the highest number an event of this attempt (counted from 1) can have."""
    return attempt * _ATTEMPT_EVENTS
