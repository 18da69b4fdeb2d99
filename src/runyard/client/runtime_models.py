"""What the SDK gives administrators about runtimes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runyard.client.models import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministeredRuntime:
    """`source` is catalogue, edited or added; `lifecycle` active, deprecated or retired.
    `definition` has all fields as they could be given; `edited` names those that are other than the
    catalogue's.
    """

    id: str
    source: str
    state: str
    reason: str | None
    version: str
    lifecycle: str
    message: str
    replacement: str | None
    default: bool
    projects: int
    revision: int
    edited: tuple[str, ...]
    definition: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeTrial:
    """`passed` is None for a program of one's own."""

    version: str
    passed: bool | None
    reason: str | None
    outcome: str
    steps: tuple[Step, ...]
