"""Each checker accepts what it promises and nothing else."""

import pytest

from runyard.domain.checkers import Checker, CheckerKind, accepts

EXACT, LINES, TOKENS, FLOAT, REGEX = CheckerKind


@pytest.mark.parametrize(
    ("kind", "expected", "actual", "accepted"),
    [
        (EXACT, "a\n", "a\n", True),
        (EXACT, "a\n", "a", False),
        (EXACT, "a", "a ", False),
        (LINES, "a\nb\n", "a  \nb\n\n\n", True),
        (LINES, "a\nb", "a\r\nb\r\n", True),
        (LINES, "a\nb", "a\n\nb", False),
        (LINES, "a", " a", False),
        (LINES, "", "\n\n", True),
        (TOKENS, "1 2\n3", "1\n2   3\n", True),
        (TOKENS, "1 2", "12", False),
        (TOKENS, "1 2", "2 1", False),
        (FLOAT, "0.1 x", "0.10000001 x", True),
        (FLOAT, "0.1", "0.2", False),
        (FLOAT, "1 2", "1", False),
        (FLOAT, "1", "one", False),
        (FLOAT, "x", "y", False),
        (FLOAT, "1000000", "1000000.5", True),
        (FLOAT, "inf", "inf", True),
        (FLOAT, "1", "nan", False),
        (REGEX, r"a+b", "aaab\n", True),
        (REGEX, r"a+b", "xaaab", False),
        (REGEX, r"a.b", "a\nb", True),
    ],
)
def test_accepts(kind: CheckerKind, expected: str, actual: str, *, accepted: bool) -> None:
    assert accepts(Checker(kind), expected=expected, actual=actual) is accepted


def test_accepts_float_within_a_chosen_tolerance() -> None:
    checker = Checker(FLOAT, tolerance=0.5)

    assert accepts(checker, expected="1.0", actual="1.5")
    assert not accepts(checker, expected="1.0", actual="2.1")
