"""What a project keeps in /data from one run to the next, and how it passes through a sandbox.

Programs find it as /data, which leads to a folder in their work folder. Files are carried in and
out by the agent, as all others are: regular ones only, and only beneath that folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog

from runyard.agent.channel import Channel
from runyard.domain.errors import (
    EngineError,
    InvalidPathError,
    RunyardError,
    TooLargeError,
)
from runyard.domain.execution import Execution
from runyard.domain.files import File, Folder
from runyard.services.admission import check_distinct
from runyard.store.interface import LeftFiles
from runyard.store.kept_files import KeptFileRecords
from runyard.store.project_bytes import LISTED_FILE_BYTES
from runyard.store.projects import ProjectRecords

# In the work folder; /data leads there.
DATA_FOLDER = ".data"
FILE_COUNT_MAX = 1000
_PREFIX = f"{DATA_FOLDER}/"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBounds:
    """`bytes_of_owner` is what an account may keep in all projects."""

    bytes_of_project: int
    bytes_of_owner: int


class CarriedFiles:
    """The data of one attempt: what it begins with, and what is made of what it leaves."""

    def __init__(
        self,
        place: LeftFiles,
        *,
        bounds: KeptBounds,
        records: KeptFileRecords,
        project_records: ProjectRecords,
    ) -> None:
        self._former = place
        self._bounds = bounds
        self._records = records
        self._project_records = project_records

    @property
    def files(self) -> tuple[File | Folder, ...]:
        """What is to be put into the sandbox."""
        kept = (replace(file, path=_PREFIX + file.path) for file in self._former.files)
        return (Folder(DATA_FOLDER), *kept)

    async def collect(self, channel: Channel | None) -> tuple[LeftFiles | None, str | None]:
        """Return all of what is there, None if nothing of it is to be stored, and what to tell
        about that. Without a channel nobody could be asked.
        """
        reason = "it could not be collected"
        if channel is not None:
            try:
                return await self._collect(channel), None
            except EngineError as error:
                _log.warning("data_not_collected", reason=str(error))
            except RunyardError as error:
                reason = error.message
        return None, f"/data was not kept and stays as it was before: {reason}."

    async def _collect(self, channel: Channel) -> LeftFiles | None:
        """Return all of what is there, None if it is what was there before.

        Raises TooLargeError if not all can be kept, InvalidPathError, and EngineError.
        """
        bounds = self._bounds
        files, is_all = await channel.collect_tree(
            DATA_FOLDER, count_max=FILE_COUNT_MAX, bytes_max=bounds.bytes_of_project
        )
        if not is_all:
            raise TooLargeError(
                f"it is to be a folder with at most {FILE_COUNT_MAX} files and"
                f" {bounds.bytes_of_project} bytes together, readable and with plain names",
                limit="data_bytes_per_project_max",
            )
        if not all(file.path.startswith(_PREFIX) for file in files):
            raise EngineError("The agent sent files from elsewhere.")
        left = _in_order(replace(file, path=file.path.removeprefix(_PREFIX)) for file in files)
        check_distinct([file.path for file in left])
        if left == _in_order(self._former.files):
            return None
        await self._check_room(left)
        return replace(self._former, files=left)

    async def _check_room(self, left: tuple[File, ...]) -> None:
        """Two projects of one owner that end at the same moment may pass the bound by one's."""
        owner_id, project_id = self._former.owner_id, self._former.project_id
        others = await self._project_records.count_bytes(owner_id)
        others -= await self._records.count_bytes(project_id)
        size = sum(len(file.content) + LISTED_FILE_BYTES for file in left)
        if others + size > self._bounds.bytes_of_owner:
            raise TooLargeError(
                f"it would take {size} bytes, and with the other {others} bytes of all your"
                f" projects that is more than the {self._bounds.bytes_of_owner} you may keep",
                limit="project_bytes_max",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Finds the data of executions."""

    records: KeptFileRecords
    project_records: ProjectRecords
    bytes_of_project: int

    async def open(self, execution: Execution) -> CarriedFiles | None:
        """None for an execution that has no data, or whose project keeps none any more."""
        project_id, owner_id = execution.project_id, execution.owner_id
        if not execution.request.keeps_data or project_id is None or owner_id is None:
            return None
        project = await self.project_records.find(project_id)
        if project is None or project.owner_id != owner_id or not project.keeps_data:
            return None
        files = await self.records.read_all(project_id)
        return CarriedFiles(
            LeftFiles(project_id=project_id, owner_id=owner_id, files=files),
            bounds=KeptBounds(
                bytes_of_project=self.bytes_of_project,
                bytes_of_owner=execution.request.project_bytes_max,
            ),
            records=self.records,
            project_records=self.project_records,
        )


def _in_order(files: Iterable[File]) -> tuple[File, ...]:
    return tuple(sorted(files, key=lambda file: file.path))


def check_kept_folder(files: Iterable[File]) -> None:
    """Refuse files of a project that stand where its /data is to be."""
    for file in files:
        if file.path.partition("/")[0] == DATA_FOLDER:
            raise InvalidPathError(
                f"File path {file.path[:80]!r} is where the project's /data is; rename it, or let"
                " the project keep no data."
            )
