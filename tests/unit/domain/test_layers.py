"""What a policy in layers comes to, and what a layer may say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runyard.domain.errors import InvalidRequestError, LimitError
from runyard.domain.layers import (
    build_policy,
    check_layer,
    check_values,
    explain,
    flatten,
    resolve,
)
from runyard.domain.limits import ANONYMOUS_POLICY, Policy, ProjectRuns

BASE = Policy()
LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("defaults", {"limits_max": {"wall_seconds": 20.0, "processes": 100}, "file_count_max": 5}),
    ("role:user", {"limits_max": {"wall_seconds": 30.0}, "active_count_max": None}),
    ("runtime:java", {"limits_max": {"processes": 400}, "project_runs": "queue"}),
]


def test_policy_is_the_same_after_being_flat() -> None:
    assert build_policy(flatten(BASE)) == BASE


def test_last_layer_decides() -> None:
    policy = resolve(BASE, LAYERS, narrows=False)

    assert policy.limits_max == replace(BASE.limits_max, wall_seconds=30.0, processes=400)
    assert policy.file_count_max == 5
    assert policy.active_count_max is None
    assert policy.project_runs is ProjectRuns.QUEUE
    assert policy.source_bytes_max == BASE.source_bytes_max


def test_runtime_raises_nothing_for_who_has_no_account() -> None:
    layers = [
        ("role:anonymous", {"file_count_max": 40}),
        ("runtime:java", {"limits_max": {"processes": 400, "wall_seconds": 3.0}}),
    ]

    policy = resolve(ANONYMOUS_POLICY, layers, narrows=True)

    assert policy.file_count_max == 40
    assert policy.limits_max.processes == ANONYMOUS_POLICY.limits_max.processes
    assert policy.limits_max.wall_seconds == 3.0


def test_every_value_is_explained() -> None:
    explained = {each.name: each for each in explain(BASE, LAYERS, narrows=False)}

    wall = explained["limits_max.wall_seconds"]
    assert (wall.value, wall.source) == (30.0, "role:user")
    assert wall.said == (("server", 60.0), ("defaults", 20.0), ("role:user", 30.0))
    assert explained["active_count_max"].source == "role:user"
    assert explained["source_bytes_max"].source == "server"
    assert set(explained) == set(flatten(BASE))


@pytest.mark.parametrize(
    "key",
    ["", "default", "role:root", "account:x", "runtime:", "runtime:A b", "account:", "role:\0"],
)
def test_layer_that_there_is_not_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequestError):
        check_layer(key)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("defaults", {"wall": 3}),
        ("defaults", {"limits_max": {"cores": 3}}),
        ("defaults", {"limits_max": {"wall_seconds": 61.0}}),
        ("defaults", {"limits_max": {"wall_seconds": 0.0}}),
        ("defaults", {"limits_max": {"memory_bytes": 1}}),
        ("defaults", {"source_bytes_max": BASE.source_bytes_max + 1}),
        ("defaults", {"source_bytes_max": None}),
        ("defaults", {"source_bytes_max": True}),
        ("defaults", {"source_bytes_max": 1.5}),
        ("defaults", {"execution_wall_seconds": float("nan")}),
        ("defaults", {"active_count_max": 0}),
        ("defaults", {"active_count_max": -1}),
        ("defaults", {"project_bytes_max": 2**60}),
        ("defaults", {"project_runs": "never"}),
        ("defaults", {"project_runs": None}),
        ("runtime:python", {"active_count_max": 3}),
    ],
)
def test_value_that_cannot_be_is_refused(key: str, values: dict[str, Any]) -> None:
    with pytest.raises((InvalidRequestError, LimitError)):
        check_values(key, values, ceiling=BASE)


def test_values_are_kept_as_they_were_given() -> None:
    values = {"limits_max": {"wall_seconds": 3}, "active_count_max": None, "project_runs": "queue"}

    assert check_values("role:user", values, ceiling=BASE) == values
