"""What the SDK gives about platforms, settings and health: plain values from the API's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcement:
    """Whether a limit holds, and by what."""

    enforced: bool
    by: str
    advice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform was found to do; `raw` has all that the server told."""

    usable: bool
    isolation: str
    network_cut: bool
    limits: Mapping[str, Enforcement]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """`state` is enabled, draining or disabled; `capabilities` are known of the one in use, and the
    counts are those of the server that answered.
    """

    name: str
    engine: str
    options: Mapping[str, Any]
    description: str
    state: str
    default: bool
    in_use: bool
    needs_restart: bool
    version: int
    updated_at: datetime
    capabilities: Capabilities | None
    running: int
    ready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineKind:
    """`options` is the JSON schema of a platform's options."""

    name: str
    description: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStep:
    """`status` is ok, failed or skipped."""

    name: str
    title: str
    status: str
    milliseconds: float
    detail: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    passed: bool
    steps: tuple[TrialStep, ...]
    capabilities: Capabilities | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeResult:
    runtime: str
    passed: bool
    reason: str | None
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`source` is environment, database or default; `value` is without secrets."""

    name: str
    variable: str
    description: str
    value: Any
    default: Any
    source: str
    changeable: bool
    secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPart:
    """`status` is ok, warning or failing; `message` says what to do."""

    name: str
    status: str
    message: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHealth:
    status: str
    parts: tuple[HealthPart, ...]
