"""From domain values to the dicts that become JSON; `answers` describes the same shapes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from runyard.domain.execution import Execution, StepKind, StepResult
from runyard.domain.limits import Limits
from runyard.domain.runtime import Lifecycle, RuntimeState, RuntimeStatus
from runyard.services.steps import describe_step

# A character of UTF-8 has at most four bytes, so a cut leaves at most three of one.
CUT_BYTES_MAX = 3


def dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def render_summary(execution: Execution) -> dict[str, Any]:
    return {
        "id": execution.id,
        "state": execution.state,
        "outcome": execution.outcome,
        "message": execution.message,
        "attempt": execution.attempt,
        "runtime": execution.request.runtime_id,
        "entry": execution.request.entry,
        "project": execution.project_id,
        "revision": execution.revision,
        "created_at": execution.created_at.isoformat(),
        "started_at": _render_time(execution.started_at),
        "finished_at": _render_time(execution.finished_at),
    }


def render_execution(execution: Execution) -> dict[str, Any]:
    request = execution.request
    return render_summary(execution) | {
        "args": list(request.args),
        "interactive": request.interactive,
        "terminal": _render_terminal(request.terminal),
        "limits": render_limits(request.run_limits),
        "compile_limits": render_limits(request.compile_limits),
        "execution_wall_seconds": request.execution_wall_seconds,
        "steps": [render_step(step) for step in execution.steps],
        "tests": _count_tests(execution),
        "artifacts": [
            {"name": artifact.name, "size_bytes": artifact.size_bytes}
            for artifact in execution.artifacts
        ],
    }


def render_page(executions: Sequence[Execution], *, limit: int) -> dict[str, Any]:
    """Render up to `limit` of `limit + 1` executions; the extra one tells that there are more."""
    shown = executions[:limit]
    has_more = len(executions) > limit
    return {
        "items": [render_summary(execution) for execution in shown],
        "next_before": shown[-1].id if has_more else None,
    }


def render_step(step: StepResult) -> dict[str, Any]:
    stdout, stdout_encoding = render_output(step.stdout, truncated=step.stdout_truncated)
    stderr, stderr_encoding = render_output(step.stderr, truncated=step.stderr_truncated)
    return describe_step(step) | {
        "stdout": stdout,
        "stdout_encoding": stdout_encoding,
        "stderr": stderr,
        "stderr_encoding": stderr_encoding,
    }


def render_output(data: bytes, *, truncated: bool) -> tuple[str, str]:
    """Return the output as text if it is text. A character that the cap cut in two is dropped."""
    try:
        return data.decode(), "utf-8"
    except UnicodeDecodeError as error:
        if truncated and len(data) - error.start <= CUT_BYTES_MAX:
            return data[: error.start].decode(), "utf-8"
        return base64.b64encode(data).decode("ascii"), "base64"


def render_runtime(status: RuntimeStatus) -> dict[str, Any]:
    runtime, support = status.runtime, status.support
    is_retired = support.lifecycle is Lifecycle.RETIRED
    return {
        "id": runtime.id,
        "language": runtime.language,
        "name": runtime.name,
        "version": runtime.version,
        "description": runtime.description,
        "state": RuntimeState.UNAVAILABLE if is_retired else status.state,
        "reason": support.explain() if is_retired else status.reason,
        "deprecated": support.lifecycle is Lifecycle.DEPRECATED,
        "message": support.message or None,
        "replacement": support.replacement,
        "default": status.is_default,
        "entry": runtime.entry,
        "aliases": list(runtime.aliases),
        "extensions": list(runtime.extensions),
        "compiled": runtime.compile is not None,
        "limits": render_limits(runtime.run_limits),
        "compile_limits": render_limits(runtime.compile_limits),
        "example": runtime.example,
    }


def render_limits(limits: Limits) -> dict[str, int | float]:
    return asdict(limits)


def _render_terminal(terminal: tuple[int, int] | None) -> dict[str, int] | None:
    return None if terminal is None else {"rows": terminal[0], "columns": terminal[1]}


def _count_tests(execution: Execution) -> dict[str, int] | None:
    if not execution.request.tests:
        return None
    tests = [step for step in execution.steps if step.kind is StepKind.TEST]
    return {
        "total": len(execution.request.tests),
        "passed": sum(step.passed is True for step in tests),
    }


def _render_time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
