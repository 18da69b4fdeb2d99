"""Where the agent's program for this machine is."""

from __future__ import annotations

import platform
from pathlib import Path

from runyard.domain.errors import EngineUnavailableError

_FOLDER = Path(__file__).resolve().parent.parent / "_binaries"
# What platform.machine() says elsewhere for the same processors.
_ALIASES = {"amd64": "x86_64", "arm64": "aarch64"}


def agent_path(machine: str | None = None) -> Path:
    """Return the static binary for `machine`, by default the one Python runs on.

    Raises EngineUnavailableError if it was not built.
    """
    wanted = (machine or platform.machine()).lower()
    path = _FOLDER / f"runyard-agent-{_ALIASES.get(wanted, wanted)}"
    if not path.is_file():
        raise EngineUnavailableError(
            f"The agent for {wanted} is not there: {path} is missing. Build it with `make agent`."
        )
    return path
