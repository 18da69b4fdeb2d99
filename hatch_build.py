"""The wheel's build hook: builds the agent for every architecture and puts it into the package."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AgentBuildHook(BuildHookInterface[Any]):
    """An editable install needs nothing here: the binaries are found in the source tree, where
    `make agent` puts them.
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        agent = runpy.run_path(str(Path(self.root) / "agent" / "build.py"))
        for binary in agent["build"]():
            build_data["force_include"][str(binary)] = f"runyard/_binaries/{binary.name}"
