"""What the SDK gives of everybody's executions, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from runyard.client.models import Execution


class ExecutionFilter(TypedDict, total=False):
    """What to look for; `owner` is an account's id, name or address, or "anonymous"."""

    state: str
    outcome: str
    owner: str
    runtime: str
    project: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedExecution:
    """`owner` is the account's name, "anonymous" for none; None where the account is gone."""

    execution: Execution
    owner_id: str | None
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedExecutionPage:
    """Newest first; `next_before` asks for the following page and is None on the last one."""

    items: tuple[OwnedExecution, ...]
    next_before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """How many executions were asked to end, and how many are left for another call."""

    stopped: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """None where there was nothing to measure."""

    median_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What an account or a runtime took of the last day."""

    id: str | None
    name: str | None
    executions: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What runs now, what finished lately by outcome, how long it took, and whose it was."""

    queued: int
    running: int
    last_hour: Mapping[str, int]
    last_day: Mapping[str, int]
    wait: Spread
    duration: Spread
    owners: tuple[Share, ...]
    runtimes: tuple[Share, ...]
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
