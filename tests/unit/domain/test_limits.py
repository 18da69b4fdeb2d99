"""A request may move within the bounds and not past them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.domain.errors import LimitError
from runyard.domain.limits import LIMIT_NAMES, LIMITS_MIN, Limits, Policy, choose_limits

MAXIMUM = Policy().limits_max


@pytest.mark.parametrize("name", LIMIT_NAMES)
def test_choose_limits_at_either_bound_is_accepted(name: str) -> None:
    for bound in (LIMITS_MIN, MAXIMUM):
        value = getattr(bound, name)

        assert getattr(choose_limits(Limits(), {name: value}, MAXIMUM), name) == value


@pytest.mark.parametrize("name", LIMIT_NAMES)
def test_choose_limits_past_either_bound_is_refused_with_the_numbers(name: str) -> None:
    for value in (getattr(LIMITS_MIN, name) - 1, getattr(MAXIMUM, name) + 1):
        with pytest.raises(LimitError) as refusal:
            choose_limits(Limits(), {name: value}, MAXIMUM)

        assert f"limits.{name} is {value}" in refusal.value.message
        assert str(getattr(MAXIMUM, name)) in refusal.value.message
        assert refusal.value.detail == {"limit": name}


def test_choose_limits_of_another_group_says_its_name() -> None:
    with pytest.raises(LimitError, match=r"compile_limits\.wall_seconds is 99"):
        choose_limits(Limits(), {"wall_seconds": 99}, MAXIMUM, group="compile_limits")


def test_choose_limits_without_requests_keeps_the_defaults() -> None:
    defaults = replace(Limits(), memory_bytes=2**40)

    assert choose_limits(defaults, {}, MAXIMUM) == defaults


def test_choose_limits_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(LimitError, match="seconds is not a limit; there are wall_seconds"):
        choose_limits(Limits(), {"seconds": 1}, MAXIMUM)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_choose_limits_of_no_number_is_refused(value: float) -> None:
    with pytest.raises(LimitError):
        choose_limits(Limits(), {"wall_seconds": value}, MAXIMUM)


def test_choose_limits_of_half_a_byte_is_refused() -> None:
    with pytest.raises(LimitError, match="whole number"):
        choose_limits(Limits(), {"memory_bytes": 5_000_000.5}, MAXIMUM)


def test_choose_limits_gives_each_limit_its_type() -> None:
    chosen = choose_limits(Limits(), {"wall_seconds": 3, "memory_bytes": 5_000_000.0}, MAXIMUM)

    assert isinstance(chosen.wall_seconds, float)
    assert isinstance(chosen.memory_bytes, int)


@given(st.dictionaries(st.sampled_from(LIMIT_NAMES), st.floats() | st.integers()))
def test_choose_limits_never_leaves_the_bounds(requested: dict[str, float]) -> None:
    try:
        chosen = choose_limits(Limits(), requested, MAXIMUM)
    except LimitError:
        return

    for name in LIMIT_NAMES:
        assert getattr(LIMITS_MIN, name) <= getattr(chosen, name) <= getattr(MAXIMUM, name)
