"""Questions and answers, as they are read and as administrators keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from runyard.api.schemas.answers import StrictAnswer
from runyard.api.schemas.requests import StrictBody
from runyard.domain.faq import (
    ANSWER_CHARACTERS_MAX,
    ANSWER_PATTERN,
    ENTRY_COUNT_MAX,
    QUESTION_CHARACTERS_MAX,
    QUESTION_PATTERN,
    FaqEntry,
)
from runyard.services.faq import FaqList


class FaqEntryBody(StrictBody):
    question: str = Field(
        min_length=1, max_length=QUESTION_CHARACTERS_MAX, pattern=QUESTION_PATTERN
    )
    answer: str = Field(
        min_length=1,
        max_length=ANSWER_CHARACTERS_MAX,
        pattern=ANSWER_PATTERN,
        description="Markdown, with \\n between lines.",
    )


class FaqBody(RootModel[Annotated[list[FaqEntryBody], Field(max_length=ENTRY_COUNT_MAX)]]):
    """What is exported is what is imported."""

    model_config = ConfigDict(strict=True, frozen=True)


class FaqEntryAnswer(StrictAnswer):
    question: str
    answer: str = Field(description="Markdown.")


class FaqExportAnswer(RootModel[list[FaqEntryAnswer]]):
    """The body of an import."""


class FaqAnswer(StrictAnswer):
    general: list[FaqEntryAnswer]
    runtime: list[FaqEntryAnswer] | None = Field(
        description="Of the runtime that was asked for; null: none was."
    )
    runtime_id: str | None


class FaqListAnswer(StrictAnswer):
    name: str = Field(description='"general", or the id of a runtime.')
    version: int = Field(description="Counts changes; 0: the list that ships with Runyard.")
    entries: list[FaqEntryAnswer]


class FaqListsAnswer(StrictAnswer):
    items: list[FaqListAnswer]


BODIES: tuple[type[BaseModel], ...] = (FaqBody,)


def build_entries(body: FaqBody) -> list[FaqEntry]:
    return [FaqEntry(question=each.question, answer=each.answer) for each in body.root]


def render_faq(general: FaqList, runtime: FaqList | None) -> FaqAnswer:
    return FaqAnswer(
        general=render_entries(general.entries),
        runtime=None if runtime is None else render_entries(runtime.entries),
        runtime_id=None if runtime is None else runtime.name,
    )


def render_list(found: FaqList) -> FaqListAnswer:
    return FaqListAnswer(
        name=found.name, version=found.version, entries=render_entries(found.entries)
    )


def render_entries(entries: Sequence[FaqEntry]) -> list[FaqEntryAnswer]:
    return [FaqEntryAnswer(question=each.question, answer=each.answer) for each in entries]
