"""What is kept of runtimes that administrators changed: the bodies of their documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runyard.domain.runtime import Lifecycle, Support
from runyard.services.runtime_definition import summarize_definition
from runyard.store.documents import Document

# Of the documents that say what a language's name means; no id has a colon.
DEFAULT_PREFIX = "default:"
VERBS = {
    Lifecycle.ACTIVE: "activate",
    Lifecycle.DEPRECATED: "deprecate",
    Lifecycle.RETIRED: "retire",
}


@dataclass(frozen=True, slots=True)
class KeptRuntime:
    """`definition` holds the fields that were given."""

    definition: Mapping[str, Any]
    support: Support
    version: int


UNTOUCHED = KeptRuntime({}, Support(), 0)


def is_default(document: Document) -> bool:
    return document.key.startswith(DEFAULT_PREFIX)


def pack_runtime(kept: KeptRuntime) -> dict[str, Any]:
    return {
        "definition": dict(kept.definition),
        "lifecycle": kept.support.lifecycle,
        "message": kept.support.message,
        "replacement": kept.support.replacement,
    }


def unpack_runtime(document: Document) -> KeptRuntime:
    body = document.body
    support = Support(
        lifecycle=Lifecycle(body["lifecycle"]),
        message=body["message"],
        replacement=body["replacement"],
    )
    return KeptRuntime(body["definition"], support, document.version)


def summarize_runtime(body: Any) -> Any:
    """Return what the audit log keeps of a body."""
    if body is None:
        return None
    return {**body, "definition": summarize_definition(body["definition"])}
