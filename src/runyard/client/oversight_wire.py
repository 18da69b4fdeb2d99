"""Between the SDK's values about everybody's executions and the API's JSON; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from runyard.client.oversight_models import (
    ExecutionFilter,
    Overview,
    OwnedExecution,
    OwnedExecutionPage,
    Share,
    Spread,
    Stopped,
)
from runyard.client.wire import API_PREFIX, execution_path, parse_execution

ADMIN = f"{API_PREFIX}/admin"
EXECUTIONS = f"{ADMIN}/executions"
STOP = f"{EXECUTIONS}/stop"
OVERVIEW = f"{ADMIN}/overview"


def cancel_path(execution_id: str) -> str:
    own = execution_path(execution_id, "/cancel")
    return own.replace(API_PREFIX, ADMIN, 1)


def render_filter(chosen: ExecutionFilter, *, limit: int, before: str | None) -> dict[str, str]:
    fields = {**chosen, "limit": limit, "before": before}
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in fields.items()
        if value is not None
    }


def parse_owned_page(body: Mapping[str, Any]) -> OwnedExecutionPage:
    return OwnedExecutionPage(
        items=tuple(
            OwnedExecution(
                execution=parse_execution(each), owner_id=each["owner_id"], owner=each["owner"]
            )
            for each in body["items"]
        ),
        next_before=body["next_before"],
    )


def parse_stopped(body: Mapping[str, Any]) -> Stopped:
    return Stopped(stopped=body["stopped"], left=body["left"])


def parse_overview(body: Mapping[str, Any]) -> Overview:
    return Overview(
        queued=body["queued"],
        running=body["running"],
        last_hour=body["last_hour"],
        last_day=body["last_day"],
        wait=_parse_spread(body["wait"]),
        duration=_parse_spread(body["duration"]),
        owners=tuple(_parse_share(each) for each in body["owners"]),
        runtimes=tuple(_parse_share(each) for each in body["runtimes"]),
        raw=dict(body),
    )


def _parse_spread(body: Mapping[str, Any]) -> Spread:
    return Spread(median_seconds=body["median_seconds"], p95_seconds=body["p95_seconds"])


def _parse_share(body: Mapping[str, Any]) -> Share:
    return Share(
        id=body["id"], name=body["name"], executions=body["executions"], seconds=body["seconds"]
    )
