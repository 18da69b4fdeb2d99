"""Engines are found by entry point, the built-in ones too, so that one from elsewhere is no
different.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import cast

from runyard.domain.errors import EngineUnavailableError
from runyard.engines.interface import Engine

GROUP = "runyard.engines"


def list_names() -> list[str]:
    return sorted(entry_points(group=GROUP).names)


def load_build(name: str) -> Callable[..., Engine]:
    """Return the `build` of an engine; what it takes is the engine's own. Raises
    EngineUnavailableError if nothing of that name is installed.
    """
    found = tuple(entry_points(group=GROUP, name=name))
    if not found:
        known = ", ".join(list_names()) or "none"
        raise EngineUnavailableError(f"There is no engine {name!r}; installed are: {known}.")
    return cast("Callable[..., Engine]", found[0].load())
