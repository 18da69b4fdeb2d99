"""Splits a line into numbers, names and operators."""

import re
from collections.abc import Iterator
from typing import NamedTuple

PATTERN = re.compile(r"\s*(?:(?P<number>\d+\.?\d*)|(?P<name>[a-z]\w*)|(?P<operator>[-+*/^()=]))")


class SyntaxProblem(Exception):
    """The line is not an expression."""


class Token(NamedTuple):
    kind: str
    text: str


def tokenize(line: str) -> Iterator[Token]:
    position = 0
    while position < len(line):
        found = PATTERN.match(line, position)
        if found is None:
            raise SyntaxProblem(f"unexpected {line[position:].strip()[0]!r}")
        position = found.end()
        yield Token(found.lastgroup or "", found[found.lastgroup or ""])
