"""What the SDK gives and takes of questions that people ask often."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FaqEntry:
    """`answer` is Markdown."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Faq:
    """What holds everywhere, and what holds for the runtime that was asked for, if one was."""

    general: tuple[FaqEntry, ...]
    runtime: tuple[FaqEntry, ...] | None = None
    runtime_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaqList:
    """`name` is "general" or a runtime's id. `version` is 0 for the list that ships."""

    name: str
    version: int
    entries: tuple[FaqEntry, ...]
