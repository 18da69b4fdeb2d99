"""Which runtime a name means: a language's default, an id, an alias, or a language."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import structlog

from runyard.services.catalogue_entry import CatalogueEntry

_SHOWN_CHARACTERS_MAX = 40

_log = structlog.get_logger(__name__)


class RuntimeNames:
    """`defaults` are the ids that were chosen for languages, by the language's name in lower case;
    they come before an id of the same name. `retired` are not found by their language. `entries`
    come most used first. Of two that claim a name the first one has it.
    """

    def __init__(
        self,
        entries: Iterable[CatalogueEntry],
        *,
        defaults: Mapping[str, str] | None = None,
        retired: frozenset[str] = frozenset(),
    ) -> None:
        entries = list(entries)
        known = {entry.id for entry in entries} - retired
        self._names: dict[str, str] = {entry.id: entry.id for entry in entries}
        self._languages: dict[str, str] = {}
        of_language: dict[str, str] = {}
        for entry in entries:
            language = entry.language.lower()
            for alias in entry.aliases:
                if self._names.setdefault(alias.lower(), entry.id) != entry.id:
                    _log.warning("runtime_alias_taken", runtime=entry.id, alias=alias)
            of_language[entry.id] = language
            if entry.id in known:
                self._languages.setdefault(language, entry.id)
        # What was chosen may be of another language now.
        self._chosen = {
            language: name
            for language, name in (defaults or {}).items()
            if name in known and of_language[name] == language
        }
        for language in self._languages:
            # The one that the language's name meant all along.
            named = self._names.get(language)
            if named in known and of_language[named] == language:
                self._languages[language] = named
        self._languages |= self._chosen

    def resolve(self, name: str) -> str | None:
        """Return the id of the runtime, or None."""
        key = name.strip().lower()
        return self._chosen.get(key) or self._names.get(key) or self._languages.get(key)

    def is_default(self, entry: CatalogueEntry) -> bool:
        return self._languages.get(entry.language.lower()) == entry.id

    def explain_unknown(self, name: str) -> str:
        shown = name if len(name) <= _SHOWN_CHARACTERS_MAX else name[:37] + "..."
        wanted = name.strip().lower()[:_SHOWN_CHARACTERS_MAX]
        close = difflib.get_close_matches(wanted, self._names, n=3, cutoff=0.6)
        suggested = dict.fromkeys(self._names[each] for each in close)
        hint = f" Did you mean {' or '.join(map(repr, suggested))}?" if suggested else ""
        return f"There is no runtime {shown!r}.{hint}"
