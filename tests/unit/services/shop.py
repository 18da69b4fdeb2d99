"""A rig with a build cache, and a count of the compile steps that ran."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.domain.execution import Execution
from runyard.domain.files import File
from runyard.domain.limits import MIB
from runyard.domain.submission import Submission
from runyard.services import build_cache
from runyard.services.build_files import BuildFiles
from tests.unit.services.rig import Rig, open_rig

BUILD = "mkdir out; echo made > out/made; echo warning >&2"
RUN = "cat out/made - ; ls -R"


@dataclass
class Shop:
    """`count` is a file outside that gets a line for each compile step."""

    rig: Rig
    files: BuildFiles
    folder: Path
    count: Path

    async def run(
        self, build: str = BUILD, *, run: str = RUN, owner: str | None = "ann", **fields: Any
    ) -> Execution:
        script = f"echo built >> {self.count}\n{build}"
        files = (File("build.sh", script.encode()), File("main.sh", run.encode()))
        plain: dict[str, Any] = {"runtime": "kept", "files": files, "entry": "main.sh"}
        submitted = await self.rig.executions.submit(Submission(**(plain | fields)), owner_id=owner)
        execution = await self.rig.finish(submitted)
        # What follows is to find it on the disk.
        await self.rig.builds.aclose()
        return execution

    def forget(self) -> None:
        """Leave only what is on the disk, as a restart does."""
        self.rig.builds._recent = build_cache._RecentBuilds()

    def compiled(self) -> int:
        return len(self.count.read_text().splitlines()) if self.count.exists() else 0

    def entries(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def number(self, name: str) -> int:
        found = self.rig.metrics.registry.get_sample_value(f"runyard_build_cache_{name}")
        return int(found or 0)


@asynccontextmanager
async def open_shop(tmp_path: Path, *, keeps: bool = True, **chosen: Any) -> AsyncIterator[Shop]:
    folder = tmp_path / "builds"
    files = BuildFiles(folder, bytes_max=4 * MIB, bytes_per_owner_max=2 * MIB)
    async with open_rig(tmp_path, builds=files if keeps else None, **chosen) as rig:
        yield Shop(rig, files, folder, tmp_path / "count")


def cached(execution: Execution) -> list[bool]:
    return [step.cached for step in execution.steps]
