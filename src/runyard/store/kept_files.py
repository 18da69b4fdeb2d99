"""The records of what projects keep in /data."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from runyard.domain.files import File
from runyard.domain.project import KeptFile
from runyard.store.database import Database
from runyard.store.interface import LeftFiles
from runyard.store.packing import pack, unpack
from runyard.store.project_bytes import LISTED_FILE_BYTES
from runyard.store.project_tables import project_data, projects
from runyard.store.tables import UNFINISHED, executions

_LISTED = select(project_data.c.path, project_data.c.size_bytes, project_data.c.executable)


class KeptFileRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, project_id: str) -> Sequence[KeptFile]:
        statement = _LISTED.where(project_data.c.project_id == project_id)
        return await self._database.read(
            lambda connection: [
                KeptFile(path=row.path, size_bytes=row.size_bytes, executable=bool(row.executable))
                for row in connection.execute(statement.order_by(project_data.c.path))
            ]
        )

    async def read(self, project_id: str, path: str) -> bytes | None:
        statement = select(project_data.c.content).where(
            project_data.c.project_id == project_id, project_data.c.path == path
        )
        packed = await self._database.read(lambda connection: connection.scalar(statement))
        return None if packed is None else await asyncio.to_thread(unpack, packed)

    async def read_all(self, project_id: str) -> tuple[File, ...]:
        """Return the files by path."""
        statement = (
            select(project_data)
            .where(project_data.c.project_id == project_id)
            .order_by(project_data.c.path)
        )
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return await asyncio.to_thread(_unpack_rows, rows)

    async def count_bytes(self, project_id: str) -> int:
        """Return what it counts for among all that its owner keeps."""
        each = project_data.c.size_bytes + LISTED_FILE_BYTES
        statement = select(func.coalesce(func.sum(each), 0)).where(
            project_data.c.project_id == project_id
        )
        return await self._database.read(
            lambda connection: int(connection.execute(statement).scalar_one())
        )

    async def delete(self, project_id: str, path: str | None) -> tuple[int, str | None]:
        """Delete one file, or all. Return how many there were, and the id of an unfinished
        execution because of which nothing was deleted: it would bring back what it began with.
        """
        statement = delete(project_data).where(project_data.c.project_id == project_id)
        if path is not None:
            statement = statement.where(project_data.c.path == path)

        def write(connection: Connection) -> tuple[int, str | None]:
            _lock(connection, project_id)
            unfinished = select(executions.c.id).where(
                executions.c.project_id == project_id, executions.c.run_key.is_not(None), UNFINISHED
            )
            found = connection.scalar(unfinished.limit(1))
            return (0, found) if found else (connection.execute(statement).rowcount, None)

        return await self._database.write(write)


async def pack_data(data: LeftFiles) -> list[dict[str, Any]]:
    """Compress outside the transaction: everybody else's would wait for it."""

    def pack_each() -> list[dict[str, Any]]:
        return [
            {
                "project_id": data.project_id,
                "path": file.path,
                "owner_id": data.owner_id,
                "size_bytes": len(file.content),
                "executable": file.executable,
                "content": pack(file.content),
            }
            for file in data.files
        ]

    return await asyncio.to_thread(pack_each)


def lock_data(connection: Connection, data: LeftFiles) -> bool:
    """Whether the project still keeps data of this owner. Comes before any lock of an execution,
    as where executions are added, so that the two never wait for each other.
    """
    _lock(connection, data.project_id)
    wanted = select(projects.c.id).where(
        projects.c.id == data.project_id,
        projects.c.owner_id == data.owner_id,
        projects.c.keeps_data,
    )
    return connection.scalar(wanted) is not None


def replace_data(connection: Connection, data: LeftFiles, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(delete(project_data).where(project_data.c.project_id == data.project_id))
    if rows:
        connection.execute(insert(project_data), list(rows))


def _lock(connection: Connection, project_id: str) -> None:
    connection.execute(select(projects.c.id).where(projects.c.id == project_id).with_for_update())


def _unpack_rows(rows: Sequence[Row[Any]]) -> tuple[File, ...]:
    return tuple(
        File(row.path, unpack(row.content), executable=bool(row.executable)) for row in rows
    )
