"""One's projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from runyard.client import project_wire as wire
from runyard.client.async_connection import AsyncConnection
from runyard.client.models import Execution, Files, RunOptions
from runyard.client.project_models import (
    GalleryPage,
    KeptFile,
    Project,
    ProjectPage,
    Revision,
    RevisionPage,
    Secret,
    Setup,
    SharedProject,
)
from runyard.client.wire import parse_execution, render_given, render_if_match

ZIP = {"Content-Type": "application/zip"}


class AsyncProjects:
    """`client.projects`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self, name: str, setup: Setup, files: Files | None = None, *, description: str = ""
    ) -> Project:
        """Make a project with its first revision.

        Args:
            name: What it is called; several may have the same name.
            setup: How it is run.
            files: A mapping of path to content, or SourceFile values, or paths to read.
            description: For people.
        """
        body = wire.render_project(name, setup, files, description)
        answer = await self._connection.call("POST", wire.PROJECTS, json=body)
        return wire.parse_project(answer["project"])

    async def load_archive(self, name: str, runtime: str, archive: bytes) -> Project:
        """Make a project of the files in a ZIP archive."""
        query = {"name": name, "runtime": runtime}
        answer = await self._connection.call(
            "POST", wire.IMPORTS, params=query, content=archive, headers=ZIP
        )
        return wire.parse_project(answer["project"])

    async def get(self, project_id: str) -> Project:
        return wire.parse_project(await self._connection.call("GET", wire.project_path(project_id)))

    async def list(
        self, *, limit: int = 20, before: int | None = None, trash: bool = False
    ) -> ProjectPage:
        query: dict[str, Any] = {"limit": limit, "trash": trash}
        query |= {} if before is None else {"before": before}
        return wire.parse_page(await self._connection.call("GET", wire.PROJECTS, params=query))

    async def rename(
        self, project_id: str, *, name: str | None = None, description: str | None = None
    ) -> Project:
        """Change what is given."""
        body = {"name": name, "description": description}
        path = wire.project_path(project_id)
        return wire.parse_project(await self._connection.call("PATCH", path, json=body))

    async def save(
        self,
        project_id: str,
        *,
        base: int,
        put: Files | None = None,
        remove: Sequence[str] = (),
        move: Mapping[str, str] | None = None,
        setup: Setup | None = None,
        replaces: bool = False,
    ) -> Revision:
        """Make the next revision. RevisionConflictError if somebody saved since `base`.

        Args:
            project_id: The project.
            base: The number of the revision that the change is based on.
            put: New files, and new contents.
            remove: Paths of files and folders.
            move: From path to path, of files and folders.
            setup: None leaves it as it was.
            replaces: `put` has all files there are to be.
        """
        body = wire.render_save(
            put=put, remove=remove, move=move or {}, setup=setup, replaces=replaces
        )
        path, headers = wire.project_path(project_id, "/revisions"), render_if_match(base)
        return wire.parse_revision(
            await self._connection.call("POST", path, json=body, headers=headers)
        )

    async def revision(self, project_id: str, number: int, *, contents: bool = False) -> Revision:
        query = {"contents": contents}
        path = wire.revision_path(project_id, number)
        return wire.parse_revision(await self._connection.call("GET", path, params=query))

    async def revisions(
        self, project_id: str, *, limit: int = 20, before: int | None = None
    ) -> RevisionPage:
        query = {"limit": limit} | ({} if before is None else {"before": before})
        path = wire.project_path(project_id, "/revisions")
        return wire.parse_revisions(await self._connection.call("GET", path, params=query))

    async def restore(self, project_id: str, number: int, *, base: int) -> Revision:
        """Make the next revision of the content of an earlier one."""
        path = wire.revision_path(project_id, number, "/restore")
        return wire.parse_revision(
            await self._connection.call("POST", path, headers=render_if_match(base))
        )

    async def archive(self, project_id: str, number: int) -> bytes:
        """Return the files of a revision in a ZIP archive."""
        path = wire.revision_path(project_id, number, "/archive")
        return await self._connection.download(path)

    async def run(
        self, project_id: str, *, revision: int | None = None, **options: Unpack[RunOptions]
    ) -> Execution:
        """Run a revision, the newest by default, and return at once. What runs already for the same
        request is returned.
        """
        body = wire.render_run(revision, options)
        path = wire.project_path(project_id, "/run")
        return parse_execution(await self._connection.call("POST", path, json=body))

    async def secrets(self, project_id: str) -> tuple[Secret, ...]:
        """Return the names of its secret variables; their values nobody reads again."""
        path = wire.project_path(project_id, "/secrets")
        return wire.parse_secrets(await self._connection.call("GET", path))

    async def set_secret(self, project_id: str, name: str, value: str) -> Secret:
        """Set a variable of the project's programs whose value nobody reads again."""
        path = wire.secret_path(project_id, name)
        return wire.parse_secret(await self._connection.call("PUT", path, json={"value": value}))

    async def delete_secret(self, project_id: str, name: str) -> None:
        await self._connection.call("DELETE", wire.secret_path(project_id, name))

    async def keep_data(self, project_id: str, *, keeps: bool = True) -> Project:
        """Say whether what a run leaves in /data is there again at the next one."""
        path, body = wire.project_path(project_id), {"keeps_data": keeps}
        return wire.parse_project(await self._connection.call("PATCH", path, json=body))

    async def data(self, project_id: str) -> tuple[KeptFile, ...]:
        """Return what is in its /data, without contents."""
        path = wire.data_path(project_id)
        return wire.parse_data(await self._connection.call("GET", path))

    async def read_data(self, project_id: str, path: str) -> bytes:
        return await self._connection.download(wire.data_path(project_id, path))

    async def delete_data(self, project_id: str, path: str) -> None:
        """Delete one file. ConflictError while the project runs."""
        await self._connection.call("DELETE", wire.data_path(project_id, path))

    async def clear_data(self, project_id: str) -> None:
        """Delete all there is in /data. ConflictError while the project runs."""
        await self._connection.call("DELETE", wire.data_path(project_id))

    async def share(
        self, project_id: str, visibility: str, *, tags: Sequence[str] | None = None
    ) -> Project:
        """Say who may read it: "private", "unlisted" (`link` of the answer) or "public"."""
        body = {"visibility": visibility, "tags": None if tags is None else list(tags)}
        path = wire.project_path(project_id, "/sharing")
        return wire.parse_project(await self._connection.call("PATCH", path, json=body))

    async def search(
        self,
        query: str = "",
        *,
        language: str | None = None,
        tag: str | None = None,
        sort: str = "newest",
        limit: int = 24,
        offset: int = 0,
    ) -> GalleryPage:
        """Find public projects; `sort` is "newest" or "stars"."""
        params = render_given(
            query=query, language=language, tag=tag, sort=sort, limit=limit, offset=offset
        )
        return wire.parse_gallery(await self._connection.call("GET", wire.GALLERY, params=params))

    async def read(self, key: str) -> SharedProject:
        """Read what somebody shares, by its id or its link."""
        return wire.parse_shared(await self._connection.call("GET", wire.shared_path(key)))

    async def fork(self, key: str) -> Project:
        """Make a project of one's own of it."""
        answer = await self._connection.call("POST", wire.shared_path(key, "/fork"))
        return wire.parse_project(answer["project"])

    async def star(self, key: str, *, starred: bool = True) -> int:
        """Set or take back one's star; return how many there are."""
        method = "POST" if starred else "DELETE"
        answer = await self._connection.call(method, wire.shared_path(key, "/star"))
        return int(answer["star_count"])

    async def throw_away(self, project_id: str) -> Project:
        """Put it into the trash."""
        return wire.parse_project(
            await self._connection.call("DELETE", wire.project_path(project_id))
        )

    async def take_back(self, project_id: str) -> Project:
        """Take it out of the trash."""
        path = wire.project_path(project_id, "/take-back")
        return wire.parse_project(await self._connection.call("POST", path))

    async def delete(self, project_id: str) -> None:
        """Delete what is in the trash."""
        await self._connection.call("POST", wire.project_path(project_id, "/delete"))
