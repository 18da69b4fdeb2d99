"""The records of projects' secret environment variables. What is sealed here nobody reads again but
the server that is to run the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, select

from runyard.domain.project import Secret
from runyard.store.database import Database
from runyard.store.project_tables import project_secrets, projects
from runyard.store.statements import insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """`size_bytes` is that of the value."""

    project_id: str
    name: str
    sealed: bytes
    size_bytes: int


class SecretRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, project_id: str) -> Sequence[Secret]:
        return await self._database.read(lambda connection: _list(connection, project_id))

    async def put(
        self, secret: NewSecret, *, now: int, check: Callable[[Sequence[Secret]], None]
    ) -> Secret | None:
        """Add or replace one. `check` is given all that there will be and may refuse by raising.
        None if the project is gone.
        """

        def write(connection: Connection) -> Secret | None:
            # Whoever else changes this project's secrets waits here.
            project = select(projects.c.id).where(projects.c.id == secret.project_id)
            if connection.execute(project.with_for_update()).one_or_none() is None:
                return None
            kept = {each.name: each for each in _list(connection, secret.project_id)}
            former = kept.get(secret.name)
            # A version never comes again, whatever the clocks of servers say.
            version = now if former is None else max(now, former.version + 1)
            changed = Secret(name=secret.name, size_bytes=secret.size_bytes, version=version)
            check(list((kept | {secret.name: changed}).values()))
            values = {"sealed": secret.sealed, "size_bytes": changed.size_bytes}
            values |= {"updated_us": version}
            key = {"project_id": secret.project_id, "name": secret.name}
            connection.execute(
                insert_into(connection, project_secrets)
                .values(key | values)
                .on_conflict_do_update(index_elements=list(key), set_=values)
            )
            return changed

        return await self._database.write(write)

    async def delete(self, project_id: str, name: str) -> bool:
        """False if there is none of this name."""
        statement = delete(project_secrets).where(
            project_secrets.c.project_id == project_id, project_secrets.c.name == name
        )
        return await self._database.write(
            lambda connection: bool(connection.execute(statement).rowcount)
        )

    async def read(self, project_id: str, *, owner_id: str) -> Mapping[str, bytes]:
        """Return what is sealed by its name; nothing if the project is not this owner's."""
        statement = (
            select(project_secrets.c.name, project_secrets.c.sealed)
            .join(projects, projects.c.id == project_secrets.c.project_id)
            .where(projects.c.id == project_id, projects.c.owner_id == owner_id)
        )
        return await self._database.read(
            lambda connection: {row.name: row.sealed for row in connection.execute(statement)}
        )


def _list(connection: Connection, project_id: str) -> list[Secret]:
    statement: Select[Any] = (
        select(project_secrets.c.name, project_secrets.c.size_bytes, project_secrets.c.updated_us)
        .where(project_secrets.c.project_id == project_id)
        .order_by(project_secrets.c.name)
    )
    return [
        Secret(name=row.name, size_bytes=row.size_bytes, version=row.updated_us)
        for row in connection.execute(statement)
    ]
