"""The records of projects and of what they were saved as."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from runyard.domain.files import File
from runyard.domain.project import Entry, Project, Revision, Setup, Visibility
from runyard.store.database import Database
from runyard.store.moments import from_us, to_us
from runyard.store.packing import pack, unpack
from runyard.store.project_bytes import count_bytes
from runyard.store.project_tables import blobs, projects, revision_files, revisions
from runyard.store.statements import insert_into


class Saving(StrEnum):
    DONE = "done"
    # Somebody else saved since.
    CONFLICT = "conflict"
    # All that the owner keeps would be more than he may.
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one owner may keep; 0 is nothing."""

    project_count: int
    revision_count: int
    bytes_of_owner: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContent:
    """`contents` are those of the entries that are not known to be kept, by their hashes."""

    revision: Revision
    contents: Mapping[str, bytes]


class ProjectRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert(self, project: Project, content: NewContent, bounds: Bounds) -> Saving:
        """Add a project with its first revision. TOO_LARGE also for too many projects."""
        row = {
            "id": project.id,
            "owner_id": project.owner_id,
            "name": project.name,
            "description": project.description,
            "revision": content.revision.number,
            "created_us": to_us(project.created_at),
            "updated_us": to_us(project.updated_at),
            "deleted_us": None,
            "visibility": project.visibility,
            "link": project.link,
            "tags": pack_tags(project.tags),
            "star_count": 0,
            "published_us": None,
            "forked_from": project.forked_from,
            "keeps_data": project.keeps_data,
        }
        count = (
            select(func.count())
            .select_from(projects)
            .where(projects.c.owner_id == project.owner_id)
        )

        packed = await _pack_blobs(project.owner_id, content)

        def write(connection: Connection) -> Saving:
            if connection.execute(count).scalar_one() >= bounds.project_count:
                raise _UndoneError(Saving.TOO_LARGE)
            connection.execute(insert(projects).values(row))
            _add_revision(connection, project.owner_id, content.revision, packed, bounds)
            return Saving.DONE

        return await self._save(write)

    async def save(self, owner_id: str, content: NewContent, bounds: Bounds) -> Saving:
        """Add the revision that follows the newest one, whole or not at all."""
        revision = content.revision
        packed = await _pack_blobs(owner_id, content)

        def write(connection: Connection) -> Saving:
            moved = connection.execute(
                update(projects)
                .where(
                    projects.c.id == revision.project_id,
                    projects.c.revision == revision.number - 1,
                )
                .values(revision=revision.number, updated_us=to_us(revision.created_at))
            )
            if not moved.rowcount:
                raise _UndoneError(Saving.CONFLICT)
            _add_revision(connection, owner_id, revision, packed, bounds)
            return Saving.DONE

        return await self._save(write)

    async def find(self, project_id: str) -> Project | None:
        statement = PROJECTS.where(projects.c.id == project_id)
        return await self._database.read(
            lambda connection: next(map(to_project, connection.execute(statement)), None)
        )

    async def list(
        self, owner_id: str, *, in_trash: bool, limit: int, before_us: int | None
    ) -> Sequence[Project]:
        """Return those that were changed last first."""
        is_there = (
            projects.c.deleted_us.is_not(None) if in_trash else projects.c.deleted_us.is_(None)
        )
        statement = (
            PROJECTS.where(projects.c.owner_id == owner_id, is_there)
            .order_by(projects.c.updated_us.desc(), projects.c.id.desc())
            .limit(limit)
        )
        if before_us is not None:
            statement = statement.where(projects.c.updated_us < before_us)
        return await self._database.read(
            lambda connection: [to_project(row) for row in connection.execute(statement)]
        )

    async def change(
        self, project_id: str, *, name: str, description: str, keeps_data: bool
    ) -> None:
        statement = (
            update(projects)
            .where(projects.c.id == project_id)
            .values(name=name, description=description, keeps_data=keeps_data)
        )
        await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def set_deleted(self, project_id: str, moment: datetime | None) -> None:
        """Put it into the trash, or take it out again."""
        statement = (
            update(projects)
            .where(projects.c.id == project_id)
            .values(deleted_us=None if moment is None else to_us(moment))
        )
        await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def delete(self, project_id: str) -> None:
        await self._database.write(
            lambda connection: _delete(connection, projects.c.id == project_id)
        )

    async def delete_trashed(self, *, before: datetime) -> int:
        return await self._database.write(
            lambda connection: _delete(connection, projects.c.deleted_us < to_us(before))
        )

    async def find_revision(self, project_id: str, number: int) -> Revision | None:
        wanted = select(revisions).where(
            revisions.c.project_id == project_id, revisions.c.number == number
        )

        def read(connection: Connection) -> Revision | None:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                return None
            return _to_revision(row, connection.execute(_files(project_id, number)).all())

        return await self._database.read(read)

    async def list_revisions(
        self, project_id: str, *, limit: int, before: int | None
    ) -> Sequence[Revision]:
        """Return the newest first, without their files."""
        statement = (
            select(revisions)
            .where(revisions.c.project_id == project_id)
            .order_by(revisions.c.number.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(revisions.c.number < before)
        return await self._database.read(
            lambda connection: [_to_revision(row, ()) for row in connection.execute(statement)]
        )

    async def read_files(self, project_id: str, number: int) -> tuple[File, ...]:
        """Return the files of a revision by path, with their contents."""
        statement = _files(project_id, number, blobs.c.content).join(
            blobs,
            (blobs.c.owner_id == revision_files.c.owner_id)
            & (blobs.c.hash == revision_files.c.hash),
        )
        return await self._database.read(
            lambda connection: tuple(
                File(row.path, unpack(row.content), executable=bool(row.executable))
                for row in connection.execute(statement)
            )
        )

    async def count_bytes(self, owner_id: str) -> int:
        return await self._database.read(lambda connection: count_bytes(connection, owner_id))

    async def _save(self, write: Any) -> Saving:
        try:
            saving: Saving = await self._database.write(write)
        except _UndoneError as error:
            return error.saving
        return saving


class _UndoneError(Exception):
    """Rolls a transaction back."""

    def __init__(self, saving: Saving) -> None:
        super().__init__(saving)
        self.saving = saving


PROJECTS: Select[Any] = select(
    projects, revisions.c.runtime, revisions.c.file_count, revisions.c.size_bytes
).join(
    revisions,
    (revisions.c.project_id == projects.c.id) & (revisions.c.number == projects.c.revision),
)


def _files(project_id: str, number: int, *more: Any) -> Select[Any]:
    return (
        select(revision_files, *more)
        .where(revision_files.c.project_id == project_id, revision_files.c.number == number)
        .order_by(revision_files.c.path)
    )


async def _pack_blobs(owner_id: str, content: NewContent) -> list[dict[str, Any]]:
    """Compress outside the transaction: everybody else's would wait for it."""

    def pack_each() -> list[dict[str, Any]]:
        return [
            {
                "owner_id": owner_id,
                "hash": hash_,
                "size_bytes": len(plain),
                "content": pack(plain),
            }
            for hash_, plain in content.contents.items()
        ]

    return await asyncio.to_thread(pack_each)


def _add_revision(
    connection: Connection,
    owner_id: str,
    revision: Revision,
    packed: Sequence[dict[str, Any]],
    bounds: Bounds,
) -> None:
    if packed:
        add = insert_into(connection, blobs).on_conflict_do_nothing()
        connection.execute(add, list(packed))
    connection.execute(insert(revisions).values(_revision_row(revision)))
    if revision.entries:
        rows = [_file_row(revision, owner_id, entry) for entry in revision.entries]
        connection.execute(insert(revision_files), rows)
    old = connection.execute(
        delete(revisions).where(
            revisions.c.project_id == revision.project_id,
            revisions.c.number <= revision.number - bounds.revision_count,
        )
    )
    if old.rowcount:
        _delete_loose_blobs(connection, owner_id)
    if count_bytes(connection, owner_id) > bounds.bytes_of_owner:
        raise _UndoneError(Saving.TOO_LARGE)


def _delete(connection: Connection, condition: Any) -> int:
    owners = connection.scalars(select(projects.c.owner_id).where(condition).distinct()).all()
    count = connection.execute(delete(projects).where(condition)).rowcount
    for owner_id in owners:
        _delete_loose_blobs(connection, owner_id)
    return count


def _delete_loose_blobs(connection: Connection, owner_id: str) -> None:
    is_used = (
        select(revision_files.c.hash)
        .where(revision_files.c.owner_id == blobs.c.owner_id, revision_files.c.hash == blobs.c.hash)
        .exists()
    )
    connection.execute(delete(blobs).where(blobs.c.owner_id == owner_id, ~is_used))


def _revision_row(revision: Revision) -> dict[str, Any]:
    setup = revision.setup
    return {
        "project_id": revision.project_id,
        "number": revision.number,
        "runtime": setup.runtime,
        "setup": json.dumps([setup.entry, setup.args, dict(setup.env)], separators=(",", ":")),
        "stdin": pack(setup.stdin),
        "fingerprint": revision.fingerprint,
        "restored_from": revision.restored_from,
        "file_count": len(revision.entries),
        "size_bytes": sum(entry.size_bytes for entry in revision.entries),
        "created_us": to_us(revision.created_at),
    }


def _file_row(revision: Revision, owner_id: str, entry: Entry) -> dict[str, Any]:
    return {
        "project_id": revision.project_id,
        "number": revision.number,
        "path": entry.path,
        "owner_id": owner_id,
        "hash": entry.hash,
        "size_bytes": entry.size_bytes,
        "executable": entry.executable,
    }


def pack_tags(tags: Sequence[str]) -> str:
    """Each can be found as a word: with a space before and behind it."""
    return f" {' '.join(tags)} " if tags else ""


def to_project(row: Row[Any]) -> Project:
    return Project(
        id=row.id,
        owner_id=row.owner_id,
        name=row.name,
        description=row.description,
        runtime=row.runtime,
        revision=row.revision,
        file_count=row.file_count,
        size_bytes=row.size_bytes,
        created_at=from_us(row.created_us),
        updated_at=from_us(row.updated_us),
        deleted_at=None if row.deleted_us is None else from_us(row.deleted_us),
        visibility=Visibility(row.visibility),
        link=row.link,
        tags=tuple(row.tags.split()),
        star_count=row.star_count,
        published_at=None if row.published_us is None else from_us(row.published_us),
        forked_from=row.forked_from,
        keeps_data=bool(row.keeps_data),
    )


def _to_revision(row: Row[Any], files: Sequence[Row[Any]]) -> Revision:
    entry, args, env = json.loads(row.setup)
    return Revision(
        project_id=row.project_id,
        number=row.number,
        setup=Setup(
            runtime=row.runtime,
            entry=entry,
            args=tuple(args),
            stdin=unpack(row.stdin),
            env=env,
        ),
        entries=tuple(
            Entry(
                path=file.path,
                hash=file.hash,
                size_bytes=file.size_bytes,
                executable=bool(file.executable),
            )
            for file in files
        ),
        created_at=from_us(row.created_us),
        fingerprint=row.fingerprint,
        restored_from=row.restored_from,
    )
