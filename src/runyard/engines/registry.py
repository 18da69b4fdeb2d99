"""Engines are found by entry point, the built-in ones too, so that one from elsewhere is no
different.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from runyard.domain.errors import EngineUnavailableError
from runyard.engines.interface import Engine, EngineKind

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


def load_kinds() -> dict[str, EngineKind]:
    """Return what can be configured of each engine that is installed, by name. An engine without a
    `KIND` can be used, but not by an administrator of a running server.
    """
    modules = {each.name: import_module(each.module) for each in entry_points(group=GROUP)}
    return {
        name: cast("EngineKind", module.KIND)
        for name, module in sorted(modules.items())
        if hasattr(module, "KIND")
    }
