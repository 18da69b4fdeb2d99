"""A trial of a runtime as an administrator watches it: server-sent events while it goes on."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from runyard.client import Client
from tests.integration.administering import (
    API,
    SCRIPT,
    chief,
    script,
    served,
    toolchain,
)

__all__ = ["chief", "script", "served"]

# It prints, and then goes on until it is stopped.
ENDLESS = 'BEGIN { print "begun"; fflush(); while (1); }\n'
WALL_SECONDS = 2.0
MISSING = SCRIPT | toolchain(programs=["no-such-program"]) | {"extensions": []}


@contextmanager
def watch(chief: Client, name: str, **body: Any) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """Open a trial's events: their kinds and data, as they come."""
    http = chief._connection._http
    with http.stream(
        "POST", f"{API}/{name}/test", json=body, headers={"Accept": "text/event-stream"}, timeout=60
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream"), answer.read()
        yield _read_events(answer.iter_lines())


def _read_events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def endless(wall_seconds: float) -> dict[str, Any]:
    return {
        "definition": SCRIPT | {"extensions": [], "run_limits": {"wall_seconds": wall_seconds}},
        "program": {"files": [{"path": "main.script", "content": ENDLESS}]},
    }


def test_events_tell_each_step_and_then_the_verdict(chief: Client, script: str) -> None:
    with watch(chief, script) as events:
        seen = list(events)

    assert [kind for kind, _ in seen] == [
        "state",
        "state",
        "step_started",
        "output",
        "step_finished",
        "finished",
    ]
    assert [data["state"] for kind, data in seen if kind == "state"] == ["queued", "running"]
    assert seen[3][1] == {"stream": "stdout", "encoding": "utf-8", "text": "works\n"}
    trial = seen[-1][1]["trial"]
    assert (trial["passed"], trial["outcome"]) == (True, "succeeded")
    assert [step["stdout"] for step in trial["steps"]] == ["works\n"]


def test_output_is_told_while_the_program_runs(chief: Client, script: str) -> None:
    came: dict[str, float] = {}
    with watch(chief, script, **endless(WALL_SECONDS)) as events:
        for kind, data in events:
            came[kind] = time.monotonic()
            last = data

    assert came["finished"] - came["output"] > WALL_SECONDS / 2
    assert last["trial"]["outcome"] == "time_limit_exceeded"


def test_who_reads_no_further_ends_it(chief: Client, script: str) -> None:
    began = time.monotonic()
    with watch(chief, script, **endless(50.0)) as events:
        assert "output" in (kind for kind, _ in events)

    # They take turns, so this one would wait for an end that is far.
    assert chief.admin.runtimes.test(script).passed
    assert time.monotonic() - began < 40


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("never-made", {}, 404, "not_found"),
        ("python", {"definition": SCRIPT | {"image": "--privileged"}}, 422, "invalid_request"),
        ("missing", {"definition": MISSING}, 409, "runtime_unavailable"),
    ],
)
def test_what_is_refused_is_no_stream(
    chief: Client, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = chief._connection._http.post(
        f"{API}/{name}/test", json=body, headers={"Accept": "text/event-stream"}
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
