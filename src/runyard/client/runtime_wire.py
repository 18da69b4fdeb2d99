"""Between the SDK's values about administered runtimes and the API's JSON; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from runyard.client.models import Files
from runyard.client.runtime_models import AdministeredRuntime, RuntimeTrial
from runyard.client.wire import API_PREFIX, parse_step, render_content, render_files

RUNTIMES = f"{API_PREFIX}/admin/runtimes"


def runtime_path(runtime_id: str, suffix: str = "") -> str:
    return f"{RUNTIMES}/{quote(runtime_id, safe='')}{suffix}"


def render_trial(
    definition: Mapping[str, Any] | None, files: Files | None, stdin: str | bytes
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if definition is not None:
        body["definition"] = dict(definition)
    if files is not None:
        text, encoding = render_content(stdin)
        body["program"] = {
            "files": render_files(files),
            "stdin": text,
            "stdin_encoding": encoding,
        }
    return body


def parse_runtime(body: Mapping[str, Any]) -> AdministeredRuntime:
    return AdministeredRuntime(
        id=body["id"],
        source=body["source"],
        state=body["state"],
        reason=body["reason"],
        version=body["version"],
        lifecycle=body["lifecycle"],
        message=body["message"],
        replacement=body["replacement"],
        default=body["default"],
        projects=body["projects"],
        revision=body["revision"],
        edited=tuple(body["edited"]),
        definition=dict(body["definition"]),
    )


def parse_trial(body: Mapping[str, Any]) -> RuntimeTrial:
    return RuntimeTrial(
        version=body["version"],
        passed=body["passed"],
        reason=body["reason"],
        outcome=body["outcome"],
        steps=tuple(parse_step(step) for step in body["steps"]),
    )
