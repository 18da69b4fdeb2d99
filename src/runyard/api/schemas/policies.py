"""Policies as administrators send and see them, and as they hold for who asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, JsonValue, create_model

from runyard.api.schemas.answers import StrictAnswer
from runyard.api.schemas.requests import StrictBody
from runyard.domain.layers import UNBOUNDED, Explained, Values
from runyard.domain.limits import Limits, Policy
from runyard.store.documents import Document
from runyard.store.interface import Spending

_GROUP = "limits_max"


def _fields(kind: type[Limits | Policy]) -> dict[str, Any]:
    """Return those of a body, each of which may be left out; null stands for no bound where there
    may be none.
    """
    found: dict[str, Any] = {}
    for each in fields(kind):
        if each.name != _GROUP:
            number: Any = type(each.default)
            found[each.name] = (number | None if each.name in UNBOUNDED else number, None)
    return found


# Made of the domain's own fields, so that a value that a policy gets can be set at once.
LimitsMaxBody: type[BaseModel] = create_model(
    "LimitsMaxBody", __base__=StrictBody, **_fields(Limits)
)
_POLICY_FIELDS = _fields(Policy) | {_GROUP: (LimitsMaxBody, None)}
PolicyBody: type[BaseModel] = create_model("PolicyBody", __base__=StrictBody, **_POLICY_FIELDS)
BODIES: tuple[type[BaseModel], ...] = (PolicyBody,)


class LayerAnswer(StrictAnswer):
    layer: str = Field(examples=["role:user"])
    values: dict[str, JsonValue]
    version: int
    updated_at: datetime


class LayersAnswer(StrictAnswer):
    server: dict[str, JsonValue] = Field(
        description="What the server was started with, and the most that a request may have."
    )
    items: list[LayerAnswer]


class SaidAnswer(StrictAnswer):
    layer: str
    value: JsonValue


class ExplainedAnswer(StrictAnswer):
    name: str = Field(examples=["limits_max.wall_seconds"])
    value: JsonValue
    source: str = Field(description="The layer that decided it.", examples=["role:user"])
    said: list[SaidAnswer] = Field(description="What each layer says, the first one first.")


class EffectivePolicyAnswer(StrictAnswer):
    items: list[ExplainedAnswer]


class SpentAnswer(StrictAnswer):
    cpu_seconds: float
    cpu_seconds_granted: float = Field(description="To what waits or runs.")
    executions: int


class OwnLimitsAnswer(StrictAnswer):
    policy: dict[str, JsonValue]
    spent_today: SpentAnswer | None = Field(description="Since midnight in UTC; of an account.")


def read_values(body: BaseModel) -> dict[str, Any]:
    """Return what was given, also where it is null."""
    return body.model_dump(exclude_unset=True)


def render_layer(document: Document) -> LayerAnswer:
    return LayerAnswer(
        layer=document.key,
        values=document.body,
        version=document.version,
        updated_at=document.updated_at,
    )


def render_layers(base: Policy, documents: Sequence[Document]) -> LayersAnswer:
    return LayersAnswer(server=_render(base), items=[render_layer(each) for each in documents])


def render_explained(explained: Sequence[Explained]) -> EffectivePolicyAnswer:
    return EffectivePolicyAnswer(
        items=[
            ExplainedAnswer(
                name=each.name,
                value=each.value,
                source=each.source,
                said=[SaidAnswer(layer=layer, value=value) for layer, value in each.said],
            )
            for each in explained
        ]
    )


def render_own(policy: Policy, spending: Spending | None) -> OwnLimitsAnswer:
    spent = None if spending is None else render_spending(spending)
    return OwnLimitsAnswer(policy=_render(policy), spent_today=spent)


def render_spending(spending: Spending) -> SpentAnswer:
    return SpentAnswer(
        cpu_seconds=spending.cpu_us / 1e6,
        cpu_seconds_granted=spending.cpu_granted_us / 1e6,
        executions=spending.execution_count,
    )


def _render(policy: Policy) -> Values:
    return asdict(policy)
