"""What projects are run with."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from runyard.store.database import Database
from runyard.store.project_tables import projects, revisions


class RuntimeUses:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_projects(self) -> Mapping[str, int]:
        """Return how many projects name each runtime in their newest revision, by what they call
        it: an id, an alias or a language. Those in the trash count: they can be taken back.
        """
        statement = (
            select(revisions.c.runtime, func.count().label("count"))
            .join(
                projects,
                (projects.c.id == revisions.c.project_id)
                & (projects.c.revision == revisions.c.number),
            )
            .group_by(revisions.c.runtime)
        )
        return await self._database.read(
            lambda connection: {
                str(row.runtime): int(row[1]) for row in connection.execute(statement)
            }
        )
