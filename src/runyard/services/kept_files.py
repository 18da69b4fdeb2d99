"""What one's projects keep in /data, read and deleted by their owners."""

from __future__ import annotations

from collections.abc import Sequence

from runyard.domain.account import Principal
from runyard.domain.errors import InvalidPathError, NotFoundError, ProjectBusyError
from runyard.domain.files import File, check_path
from runyard.domain.project import KeptFile
from runyard.services.projects import Projects
from runyard.store.kept_files import KeptFileRecords


class KeptFiles:
    """Every method raises NotFoundError for a project that the principal may not see."""

    def __init__(
        self, *, records: KeptFileRecords, projects: Projects, bytes_of_project: int
    ) -> None:
        self._records = records
        self._projects = projects
        self.bytes_of_project = bytes_of_project

    async def list(self, principal: Principal, project_id: str) -> Sequence[KeptFile]:
        project = await self._projects.find(principal, project_id)
        return await self._records.list(project.id)

    async def read(self, principal: Principal, project_id: str, path: str) -> bytes:
        """Raises NotFoundError also for a file that there is not."""
        project = await self._projects.find(principal, project_id)
        content = await self._records.read(project.id, _check(path))
        if content is None:
            raise _not_found(path)
        return content

    async def read_all(self, principal: Principal, project_id: str) -> tuple[File, ...]:
        project = await self._projects.find(principal, project_id)
        return await self._records.read_all(project.id)

    async def delete(self, principal: Principal, project_id: str, path: str) -> None:
        """Raises NotFoundError also for a file that there is not, ProjectBusyError while the
        project runs, and ConflictError in the trash.
        """
        if not await self._delete(principal, project_id, _check(path)):
            raise _not_found(path)

    async def clear(self, principal: Principal, project_id: str) -> None:
        """Delete every file; raises as `delete` does."""
        await self._delete(principal, project_id, None)

    async def _delete(self, principal: Principal, project_id: str, path: str | None) -> int:
        project = await self._projects.find(principal, project_id, is_changed=True)
        count, unfinished = await self._records.delete(project.id, path)
        if unfinished is not None:
            raise ProjectBusyError(
                "The project runs and has its data; wait for the end, or cancel it.",
                execution=unfinished,
            )
        return count


def _check(path: str) -> str:
    try:
        return check_path(path)
    except InvalidPathError as error:
        raise _not_found(path) from error


def _not_found(path: str) -> NotFoundError:
    return NotFoundError(f"There is no {path[:80]!r} in the data of the project.")
