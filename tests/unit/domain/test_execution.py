"""What became of a command follows from how it ended."""

import pytest

from runyard.domain.events import last_sequence
from runyard.domain.execution import LimitHit, Outcome, decide_outcome
from runyard.domain.identifiers import (
    IDENTIFIER_LENGTH,
    encode_identifier,
    is_identifier,
    new_identifier,
)


@pytest.mark.parametrize(
    ("exit_code", "signal", "limit_hit", "outcome"),
    [
        (0, None, None, Outcome.SUCCEEDED),
        (1, None, None, Outcome.FAILED),
        (None, 11, None, Outcome.SIGNALLED),
        (None, 9, LimitHit.WALL, Outcome.TIME_LIMIT_EXCEEDED),
        (None, 9, LimitHit.CPU, Outcome.TIME_LIMIT_EXCEEDED),
        (None, 9, LimitHit.MEMORY, Outcome.MEMORY_LIMIT_EXCEEDED),
        (None, 9, LimitHit.OUTPUT, Outcome.OUTPUT_LIMIT_EXCEEDED),
        (0, None, LimitHit.OUTPUT, Outcome.OUTPUT_LIMIT_EXCEEDED),
    ],
)
def test_decide_outcome(
    exit_code: int | None, signal: int | None, limit_hit: LimitHit | None, outcome: Outcome
) -> None:
    decided = decide_outcome(exit_code=exit_code, signal=signal, limit_hit=limit_hit)

    assert decided is outcome


def test_identifiers_are_distinct_and_recognised() -> None:
    identifiers = {new_identifier() for _ in range(1000)}

    assert len(identifiers) == 1000
    assert all(is_identifier(each) for each in identifiers)


def test_identifiers_sort_by_time_whatever_the_random_part() -> None:
    moments = [(1_700_000_000_000, 998), (1_700_000_000_000, 999), (1_700_000_000_001, 0)]
    identifiers = [
        encode_identifier(*moment, random_bits)
        for moment in moments
        for random_bits in (0, 2**70 - 1)
    ]

    assert identifiers == sorted(identifiers)
    assert {len(each) for each in identifiers} == {IDENTIFIER_LENGTH}


@pytest.mark.parametrize("text", ["", "A" * 25, "A" * 27, "a" * 26, "U" * 26, "../" + "A" * 23])
def test_is_identifier_of_anything_else_is_false(text: str) -> None:
    assert not is_identifier(text)


def test_last_sequence_leaves_room_for_each_attempt() -> None:
    assert last_sequence(0) == 0
    assert last_sequence(1) < last_sequence(2)
