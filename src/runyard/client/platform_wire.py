"""Between the SDK's values about platforms, settings and health and the API's JSON; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from runyard.client.platform_models import (
    Capabilities,
    Enforcement,
    EngineKind,
    HealthPart,
    Platform,
    ServerHealth,
    Setting,
    SmokeResult,
    Trial,
    TrialStep,
)
from runyard.client.wire import API_PREFIX

PLATFORMS = f"{API_PREFIX}/admin/platforms"
ENGINES = f"{API_PREFIX}/admin/engines"
SETTINGS = f"{API_PREFIX}/admin/settings"
HEALTH = f"{API_PREFIX}/admin/health"


def platform_path(name: str, suffix: str = "") -> str:
    return f"{PLATFORMS}/{quote(name, safe='')}{suffix}"


def setting_path(name: str) -> str:
    return f"{SETTINGS}/{quote(name, safe='')}"


def render_draft(
    engine: str, options: Mapping[str, Any] | None, description: str
) -> dict[str, Any]:
    return {"engine": engine, "options": dict(options or {}), "description": description}


def parse_platform(body: Mapping[str, Any]) -> Platform:
    fields = {
        name: body[name]
        for name in (
            *("name", "engine", "options", "description", "state", "default", "in_use"),
            *("needs_restart", "version", "running", "ready"),
        )
    }
    return Platform(
        **fields,
        updated_at=datetime.fromisoformat(body["updated_at"]),
        capabilities=_parse_capabilities(body["capabilities"]),
    )


def parse_engine(body: Mapping[str, Any]) -> EngineKind:
    return EngineKind(name=body["name"], description=body["description"], options=body["options"])


def parse_trial(body: Mapping[str, Any]) -> Trial:
    names = ("name", "title", "status", "milliseconds", "detail", "advice")
    return Trial(
        passed=body["passed"],
        steps=tuple(TrialStep(**{name: step[name] for name in names}) for step in body["steps"]),
        capabilities=_parse_capabilities(body["capabilities"]),
    )


def parse_smoke(body: Mapping[str, Any]) -> tuple[SmokeResult, ...]:
    names = ("runtime", "passed", "reason", "milliseconds")
    return tuple(SmokeResult(**{name: each[name] for name in names}) for each in body["results"])


def parse_setting(body: Mapping[str, Any]) -> Setting:
    names = ("name", "variable", "description", "value", "default", "source", "changeable")
    return Setting(**{name: body[name] for name in names}, secret=body["secret"])


def parse_health(body: Mapping[str, Any]) -> ServerHealth:
    names = ("name", "status", "message", "values")
    return ServerHealth(
        status=body["status"],
        parts=tuple(HealthPart(**{name: part[name] for name in names}) for part in body["parts"]),
    )


def _parse_capabilities(body: Mapping[str, Any] | None) -> Capabilities | None:
    if body is None:
        return None
    return Capabilities(
        usable=body["usable"],
        isolation=body["isolation"],
        network_cut=body["network_cut"],
        limits={
            name: Enforcement(enforced=each["enforced"], by=each["by"], advice=each["advice"])
            for name, each in body["limits"].items()
        },
        raw=body,
    )
