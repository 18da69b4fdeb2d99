"""Questions that people ask often, and their answers."""

from __future__ import annotations

from dataclasses import dataclass

ENTRY_COUNT_MAX = 50
QUESTION_CHARACTERS_MAX = 200
ANSWER_CHARACTERS_MAX = 4000
# Neither what a terminal obeys nor what a database refuses; an answer has several lines.
QUESTION_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]+$"
ANSWER_PATTERN = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaqEntry:
    """`answer` is Markdown."""

    question: str
    answer: str
