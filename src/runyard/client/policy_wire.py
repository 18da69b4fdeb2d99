"""Policies and the audit log: what the client shows of them, and how it reads and asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from runyard.client.wire import API_PREFIX

POLICIES = f"{API_PREFIX}/admin/policies"
EFFECTIVE = f"{API_PREFIX}/admin/effective-policy"
AUDIT = f"{API_PREFIX}/admin/audit"
LIMITS = f"{API_PREFIX}/limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one layer says: "defaults", "role:user", "account:<id>" or "runtime:<id>"."""

    layer: str
    values: Mapping[str, Any]
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """`server` is what the server was started with."""

    server: Mapping[str, Any]
    items: tuple[Layer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedValue:
    """A value that holds, the layer that decided it, and what each layer says, the first first."""

    name: str
    value: Any
    source: str
    said: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Since midnight in UTC; `cpu_seconds_granted` to what waits or runs."""

    cpu_seconds: float
    cpu_seconds_granted: float
    executions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimits:
    """What one may ask for; `spent_today` is None for who has no account."""

    policy: Mapping[str, Any]
    spent_today: Spent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`actor_id` is None where the server did it, or its command line."""

    id: str
    at: datetime
    actor_id: str | None
    actor_name: str
    address: str
    action: str
    target: str
    before: Any
    after: Any
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """`next` is `before` of the next page, or None."""

    items: tuple[AuditEntry, ...]
    next: str | None


def layer_path(layer: str) -> str:
    return f"{POLICIES}/{quote(layer, safe='')}"


def parse_layer(body: Mapping[str, Any]) -> Layer:
    return Layer(
        layer=body["layer"],
        values=body["values"],
        version=body["version"],
        updated_at=datetime.fromisoformat(body["updated_at"]),
    )


def parse_layers(body: Mapping[str, Any]) -> Layers:
    return Layers(server=body["server"], items=tuple(parse_layer(each) for each in body["items"]))


def parse_explained(body: Mapping[str, Any]) -> Sequence[ExplainedValue]:
    return [
        ExplainedValue(
            name=each["name"],
            value=each["value"],
            source=each["source"],
            said=tuple((said["layer"], said["value"]) for said in each["said"]),
        )
        for each in body["items"]
    ]


def parse_limits(body: Mapping[str, Any]) -> OwnLimits:
    spent = body["spent_today"]
    return OwnLimits(policy=body["policy"], spent_today=None if spent is None else Spent(**spent))


def parse_audit(body: Mapping[str, Any]) -> AuditPage:
    return AuditPage(items=tuple(map(_parse_entry, body["items"])), next=body["next"])


def _parse_entry(body: Mapping[str, Any]) -> AuditEntry:
    names = ("id", "action", "target", "before", "after", "request_id")
    return AuditEntry(
        **{name: body[name] for name in names},
        at=datetime.fromisoformat(body["at"]),
        actor_id=body["actor"]["account_id"],
        actor_name=body["actor"]["name"],
        address=body["actor"]["address"],
    )
