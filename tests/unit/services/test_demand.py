"""How many to keep of what, from how often it is asked for."""

from typing import Any

import pytest

from runyard.services.demand import Demand, Wish, share


def wish(key: str, **changes: Any) -> Wish[str]:
    plain: dict[str, Any] = {
        "floor": 1,
        "rate": 0.0,
        "start_seconds": 0.1,
        "sandbox_bytes": 10,
        "last": 0.0,
    }
    return Wish(key=key, **(plain | changes))


def test_steady_requests_give_their_rate() -> None:
    demand = Demand(now=0.0)
    for number in range(1000):
        demand.note(number * 0.2)

    assert demand.rate(999 * 0.2) == pytest.approx(5.0, rel=0.02)


def test_rate_fades_when_nobody_asks() -> None:
    demand = Demand(now=0.0)
    demand.note(100.0)

    assert 0 < demand.rate(130.0) < demand.rate(100.0) / 2
    assert demand.rate(1000.0) < 1e-9
    assert demand.last == 100.0


@pytest.mark.parametrize(
    ("rate", "start_seconds", "floor", "count"),
    [(0.0, 9.0, 2, 2), (10.0, 0.5, 1, 10), (10.0, 0.001, 1, 1), (0.3, 1.0, 1, 1)],
)
def test_wish_covers_those_who_come_while_one_is_started(
    rate: float, start_seconds: float, floor: int, count: int
) -> None:
    assert wish("a", rate=rate, start_seconds=start_seconds, floor=floor).count == count


def test_one_of_each_comes_first_and_the_most_recent_before_the_others() -> None:
    wishes = [wish("old", floor=3, last=1.0), wish("new", floor=3, last=2.0)]

    assert share(wishes, count_max=1, bytes_max=1000) == {"new": 1}
    assert share(wishes, count_max=2, bytes_max=1000) == {"new": 1, "old": 1}
    assert share(wishes, count_max=3, bytes_max=1000) == {"new": 2, "old": 1}
    assert share(wishes, count_max=100, bytes_max=1000) == {"new": 3, "old": 3}


def test_memory_is_a_bound_and_what_is_too_large_leaves_room_for_the_small() -> None:
    wishes = [wish("large", sandbox_bytes=100, last=2.0), wish("small", floor=5)]

    assert share(wishes, count_max=100, bytes_max=30) == {"small": 3}
    assert share(wishes, count_max=100, bytes_max=120) == {"large": 1, "small": 2}


def test_nothing_is_shared_out_without_room_or_wishes() -> None:
    assert share([wish("a", rate=1e9)], count_max=0, bytes_max=1000) == {}
    assert share([wish("a", rate=1e9)], count_max=2, bytes_max=1000) == {"a": 2}
    assert share([], count_max=5, bytes_max=1000) == {}
