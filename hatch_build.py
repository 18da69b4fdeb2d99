"""The build hook: builds the agent for every architecture, and puts it and the built web site into
the package.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackageBuildHook(BuildHookInterface[Any]):
    """An editable install needs nothing here: what was built is found in the source tree, where
    `make agent` and `make web` put it.
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        # Git ignores both, and what git ignores is left out unless it is named here.
        included: dict[str, str] = build_data["force_include"]
        site = Path(self.root) / "src" / "runyard" / "_web"
        if self.target_name == "sdist":
            # Whoever installs from it compiles the agent, but need not have Node.
            if self._is_built(site):
                included[str(site)] = "src/runyard/_web"
            return
        agent = runpy.run_path(str(Path(self.root) / "agent" / "build.py"))
        for binary in agent["build"]():
            included[str(binary)] = f"runyard/_binaries/{binary.name}"
        if self._is_built(site):
            included[str(site)] = "runyard/_web"

    def _is_built(self, site: Path) -> bool:
        if (site / "index.html").is_file():
            return True
        self.app.display_warning(f"{site} has no build: this package will show no web site.")
        return False
