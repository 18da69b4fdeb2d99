"""How a finished execution becomes an exit code and a sentence."""

import pytest

from runyard.cli.output import describe_end, exit_code_of
from runyard.cli.runs import render_run
from runyard.client.models import Execution
from runyard.client.wire import parse_execution

STEP = {
    "kind": "run",
    "name": "run",
    "outcome": "failed",
    "exit_code": None,
    "signal": None,
    "limit_hit": None,
    "passed": None,
    "cached": False,
    "message": None,
    "usage": {
        "wall_seconds": 0,
        "cpu_seconds": None,
        "memory_peak_bytes": None,
        "stdout_bytes": 0,
        "stderr_bytes": 0,
    },
    "stdout_truncated": False,
    "stderr_truncated": False,
}


def ended(outcome: str, *, message: str | None = None, **step: object) -> Execution:
    return parse_execution(
        {
            "id": "x",
            "state": "finished",
            "outcome": outcome,
            "message": message,
            "attempt": 1,
            "runtime": "c",
            "entry": "main.c",
            "created_at": "2026-01-01T00:00:00+00:00",
            "started_at": None,
            "finished_at": None,
            "limits": {"wall_seconds": 10},
            "steps": [STEP | step] if step else [],
        }
    )


@pytest.mark.parametrize(
    ("execution", "code"),
    [
        (ended("succeeded", exit_code=0), 0),
        (ended("failed", exit_code=3), 3),
        (ended("signalled", signal=11), 139),
        (ended("compile_failed", exit_code=1), 1),
        (ended("compile_failed", exit_code=0), 1),
        (ended("time_limit_exceeded", signal=9, limit_hit="wall_seconds"), 124),
        (ended("memory_limit_exceeded", signal=9), 137),
        (ended("output_limit_exceeded", signal=9), 153),
        (ended("cancelled"), 130),
        (ended("internal_error"), 125),
        (ended("failed"), 1),
    ],
)
def test_exit_code(execution: Execution, code: int) -> None:
    assert exit_code_of(execution) == code


@pytest.mark.parametrize(
    ("execution", "text"),
    [
        (ended("succeeded", exit_code=0), None),
        (ended("failed", exit_code=3), None),
        (ended("failed", exit_code=127, message=None), None),
        (ended("signalled", signal=11), "the program was ended by signal 11"),
        (ended("compile_failed", exit_code=1), "the program does not compile"),
        (
            ended("compile_failed", limit_hit="wall_seconds"),
            "compiling reached its limit of wall_seconds",
        ),
        (
            ended("time_limit_exceeded", limit_hit="wall_seconds"),
            "the program reached its limit of wall_seconds (10)",
        ),
        (ended("memory_limit_exceeded"), "memory limit exceeded"),
        (ended("internal_error", message="why"), "why"),
        (ended("cancelled"), "cancelled"),
    ],
)
def test_description(execution: Execution, text: str | None) -> None:
    assert describe_end(execution) == text


@pytest.mark.parametrize("cached", [False, True])
def test_step_that_was_not_run_is_said_to_be_older(*, cached: bool) -> None:
    shown = render_run(ended("succeeded", kind="compile", exit_code=0, cached=cached))

    assert ("built before" in shown) is cached


def test_step_of_an_older_server_was_run() -> None:
    execution = ended("succeeded", exit_code=0)
    body = dict(execution.raw, steps=[{k: v for k, v in STEP.items() if k != "cached"}])

    assert [step.cached for step in parse_execution(body).steps] == [False]
