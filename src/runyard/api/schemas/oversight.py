"""Everybody's executions, as administrators are told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from runyard.api.schemas.account_requests import Text
from runyard.api.schemas.answers import ExecutionSummary, StrictAnswer
from runyard.api.schemas.rendering import render_summary
from runyard.api.schemas.requests import StrictBody
from runyard.domain.execution import Outcome
from runyard.services.oversight import ANONYMOUS
from runyard.store.figures import Figures, Share, Spread
from runyard.store.oversight import OwnedExecution


class StopBody(StrictBody):
    owner: Text = Field(description='An account\'s id, name or address, or "anonymous".')


class OwnedSummary(ExecutionSummary):
    owner_id: str | None
    owner: str | None = Field(
        description='The account\'s name; "anonymous" for none; null where the account is gone.'
    )


class OwnedExecutionsAnswer(StrictAnswer):
    """Newest first; pass `next_before` as `before` for the following page."""

    items: list[OwnedSummary]
    next_before: str | None


class StoppedAnswer(StrictAnswer):
    stopped: int = Field(description="How many are asked to end.")
    left: int = Field(description="How many are unfinished beside them; ask again.")


class SpreadAnswer(StrictAnswer):
    """Null where there was nothing to measure."""

    median_seconds: float | None
    p95_seconds: float | None


class ShareAnswer(StrictAnswer):
    id: str | None
    name: str | None
    executions: int
    seconds: float = Field(description="Between their starts and ends.")


class OverviewAnswer(StrictAnswer):
    queued: int
    running: int
    last_hour: dict[Outcome, int] = Field(description="What finished, by outcome.")
    last_day: dict[Outcome, int]
    wait: SpreadAnswer = Field(description="From request to start, of the last hour.")
    duration: SpreadAnswer = Field(description="From start to end, of the last hour.")
    owners: list[ShareAnswer] = Field(description="With the most executions of the last day.")
    runtimes: list[ShareAnswer]


BODIES: tuple[type[BaseModel], ...] = (StopBody,)


def render_owned_page(found: Sequence[OwnedExecution], *, limit: int) -> dict[str, Any]:
    """Render up to `limit` of `limit + 1`; the extra one tells that there are more."""
    shown = found[:limit]
    return {
        "items": [_render_owned(each) for each in shown],
        "next_before": shown[-1].execution.id if len(found) > limit else None,
    }


def render_overview(figures: Figures) -> OverviewAnswer:
    return OverviewAnswer(
        queued=figures.queued,
        running=figures.running,
        last_hour=_render_counts(figures.last_hour),
        last_day=_render_counts(figures.last_day),
        wait=_render_spread(figures.wait),
        duration=_render_spread(figures.duration),
        owners=[_render_share(each, name=_name(each.id, each.name)) for each in figures.owners],
        runtimes=[_render_share(each, name=each.name) for each in figures.runtimes],
    )


def _render_owned(found: OwnedExecution) -> dict[str, Any]:
    owner_id = found.execution.owner_id
    return render_summary(found.execution) | {
        "owner_id": owner_id,
        "owner": _name(owner_id, found.owner_name),
    }


def _name(owner_id: str | None, name: str | None) -> str | None:
    return ANONYMOUS if owner_id is None else name


def _render_counts(counts: Mapping[Outcome, int]) -> dict[Outcome, int]:
    return {outcome: counts.get(outcome, 0) for outcome in Outcome}


def _render_spread(spread: Spread) -> SpreadAnswer:
    return SpreadAnswer(median_seconds=spread.median_seconds, p95_seconds=spread.p95_seconds)


def _render_share(share: Share, *, name: str | None) -> ShareAnswer:
    return ShareAnswer(
        id=share.id, name=name, executions=share.execution_count, seconds=share.seconds
    )
