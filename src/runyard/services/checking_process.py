"""The process in which `services.checking` compares: answers questions on stdin until it ends.

It is killed when an answer takes too long, so it holds nothing and shares nothing.
"""

from __future__ import annotations

import json
import os
import resource
import sys

from runyard.domain.checkers import Checker, CheckerKind, accepts

# Several copies of the largest output and its tokens.
_MEMORY_BYTES_MAX = 2 * 1024**3


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while size := questions.read(8):
        kind, tolerance, expected, actual = json.loads(
            questions.read(int.from_bytes(size, "little"))
        )
        accepted = accepts(Checker(CheckerKind(kind), tolerance), expected=expected, actual=actual)
        answers.write(b"1" if accepted else b"0")
        answers.flush()


if __name__ == "__main__":
    main()
