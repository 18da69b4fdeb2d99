"""`runyard admin overview`: what is going on, for administrators."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from runyard.cli.connection import connect_as_known
from runyard.client.oversight_models import Overview, Share, Spread


def show_overview(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what is going on, and what the last hour and the last day were like."""
    with connect_as_known(context) as client:
        overview = client.admin.overview()
    if as_json:
        typer.echo(json.dumps(overview.raw, ensure_ascii=False, indent=2))
        return
    typer.echo("\n".join(render_overview(overview)))


def render_overview(overview: Overview) -> list[str]:
    return [
        f"{overview.running} running, {overview.queued} queued",
        f"last hour: {_render_counts(overview.last_hour)}",
        f"last day:  {_render_counts(overview.last_day)}",
        f"wait:      {_render_spread(overview.wait)}",
        f"duration:  {_render_spread(overview.duration)}",
        *_render_shares("users", overview.owners),
        *_render_shares("runtimes", overview.runtimes),
    ]


def _render_counts(counts: Mapping[str, int]) -> str:
    parts = [f"{count} {outcome}" for outcome, count in counts.items() if count]
    return ", ".join(parts) or "nothing finished"


def _render_spread(spread: Spread) -> str:
    if spread.median_seconds is None or spread.p95_seconds is None:
        return "nothing to measure"
    return f"median {spread.median_seconds:.3f} s, 95th percentile {spread.p95_seconds:.3f} s"


def _render_shares(title: str, shares: Sequence[Share]) -> list[str]:
    if not shares:
        return []
    rows = [(each.name or each.id or "unknown", each) for each in shares]
    width = max(len(name) for name, _ in rows)
    return [
        f"{title} of the last day:",
        *(f"  {name:<{width}}  {each.executions} in {each.seconds:.1f} s" for name, each in rows),
    ]
