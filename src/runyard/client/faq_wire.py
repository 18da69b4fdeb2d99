"""Between the SDK's questions and answers and the API's JSON; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from runyard.client.faq_models import Faq, FaqEntry, FaqList
from runyard.client.wire import API_PREFIX

FAQ = f"{API_PREFIX}/faq"
ADMIN_FAQ = f"{API_PREFIX}/admin/faq"
GENERAL = "general"


def faq_path(name: str) -> str:
    return f"{ADMIN_FAQ}/{quote(name, safe='')}"


def render_entries(entries: Iterable[FaqEntry]) -> list[dict[str, str]]:
    return [{"question": each.question, "answer": each.answer} for each in entries]


def parse_faq(body: Mapping[str, Any]) -> Faq:
    return Faq(
        general=parse_entries(body["general"]),
        runtime=None if body["runtime"] is None else parse_entries(body["runtime"]),
        runtime_id=body["runtime_id"],
    )


def parse_list(body: Mapping[str, Any]) -> FaqList:
    return FaqList(
        name=body["name"], version=body["version"], entries=parse_entries(body["entries"])
    )


def parse_entries(body: Iterable[Mapping[str, Any]]) -> tuple[FaqEntry, ...]:
    return tuple(FaqEntry(question=each["question"], answer=each["answer"]) for each in body)
