"""Ways to decide whether a program's output is the expected one."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum


class CheckerKind(StrEnum):
    EXACT = "exact"
    LINES = "lines"
    TOKENS = "tokens"
    FLOAT = "float"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Checker:
    """`tolerance` is absolute or relative, whichever allows more, and used by FLOAT only."""

    kind: CheckerKind = CheckerKind.LINES
    tolerance: float = 1e-6


def accepts(checker: Checker, *, expected: str, actual: str) -> bool:
    """Return whether `actual` counts as `expected` under the checker.

    A regular expression is matched elsewhere: it comes from a client and can backtrack for ever.
    """
    match checker.kind:
        case CheckerKind.EXACT:
            return actual == expected
        case CheckerKind.LINES:
            return _trimmed_lines(actual) == _trimmed_lines(expected)
        case CheckerKind.TOKENS:
            return actual.split() == expected.split()
        case CheckerKind.FLOAT:
            return _floats_match(expected.split(), actual.split(), checker.tolerance)
        case CheckerKind.REGEX:
            return re.fullmatch(expected, actual.rstrip("\n"), re.DOTALL) is not None


def _trimmed_lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _floats_match(expected: list[str], actual: list[str], tolerance: float) -> bool:
    if len(expected) != len(actual):
        return False
    return all(_token_matches(*pair, tolerance) for pair in zip(expected, actual, strict=True))


def _token_matches(expected: str, actual: str, tolerance: float) -> bool:
    if expected == actual:
        return True
    try:
        wanted, got = float(expected), float(actual)
    except ValueError:
        return False
    return math.isclose(wanted, got, rel_tol=tolerance, abs_tol=tolerance)
