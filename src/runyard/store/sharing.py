"""The records of who may read which project, of the gallery and of stars."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, or_, select, update

from runyard.domain.project import Project, Visibility
from runyard.store.account_tables import accounts
from runyard.store.database import Database
from runyard.store.project_tables import projects, revisions, stars
from runyard.store.projects import PROJECTS, pack_tags, to_project
from runyard.store.statements import insert_into


class Order(StrEnum):
    NEWEST = "newest"
    STARS = "stars"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """`query` is a part of name or description; `runtimes` None: all."""

    query: str = ""
    runtimes: Collection[str] | None = None
    tag: str | None = None
    order: Order = Order.NEWEST
    limit: int
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A project as others see it, with the name of its owner."""

    project: Project
    owner_name: str


class SharingRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def share(
        self,
        project_id: str,
        *,
        visibility: Visibility,
        link: str | None,
        tags: Sequence[str],
        now: int,
    ) -> None:
        """`now` is when it was published, if it was not public before."""
        first = func.coalesce(projects.c.published_us, now)
        statement = (
            update(projects)
            .where(projects.c.id == project_id)
            .values(
                visibility=visibility,
                link=link,
                tags=pack_tags(tags),
                published_us=first if visibility is Visibility.PUBLIC else None,
            )
        )
        await self._database.write(lambda connection: connection.execute(statement).rowcount)

    async def find(self, key: str) -> Shared | None:
        """Return what everybody may read under a key: a public project's id, or a link."""
        is_public = (projects.c.id == key) & (projects.c.visibility == Visibility.PUBLIC)
        is_linked = (projects.c.link == key) & (projects.c.visibility == Visibility.UNLISTED)
        statement = _SHARED.where(or_(is_public, is_linked))
        return await self._database.read(
            lambda connection: next(map(_to_shared, connection.execute(statement)), None)
        )

    async def search(self, search: Search) -> Sequence[Shared]:
        statement = _SHARED.where(projects.c.visibility == Visibility.PUBLIC)
        if search.query:
            statement = statement.where(
                or_(
                    func.lower(projects.c.name).contains(search.query, autoescape=True),
                    func.lower(projects.c.description).contains(search.query, autoescape=True),
                )
            )
        if search.tag is not None:
            statement = statement.where(
                projects.c.tags.contains(f" {search.tag} ", autoescape=True)
            )
        if search.runtimes is not None:
            statement = statement.where(revisions.c.runtime.in_(search.runtimes))
        newest = (projects.c.published_us.desc(), projects.c.id.desc())
        by_stars = (projects.c.star_count.desc(), *newest)
        statement = (
            statement.order_by(*(by_stars if search.order is Order.STARS else newest))
            .limit(search.limit)
            .offset(search.offset)
        )
        return await self._database.read(
            lambda connection: [_to_shared(row) for row in connection.execute(statement)]
        )

    async def star(self, project_id: str, account_id: str, *, is_set: bool) -> int:
        """Set or take back somebody's star; return how many there are."""
        row = {"project_id": project_id, "account_id": account_id}
        gone = delete(stars).where(
            stars.c.project_id == project_id, stars.c.account_id == account_id
        )
        count = (
            select(func.count())
            .select_from(stars)
            .where(stars.c.project_id == project_id)
            .scalar_subquery()
        )
        counted = (
            update(projects)
            .where(projects.c.id == project_id)
            .values(star_count=count)
            .returning(projects.c.star_count)
        )

        # Held while it is counted: of two at once the second sees the first one's.
        lock = select(projects.c.id).where(projects.c.id == project_id).with_for_update()

        def write(connection: Connection) -> int:
            connection.execute(lock)
            if is_set:
                add = insert_into(connection, stars).values(row)
                connection.execute(add.on_conflict_do_nothing())
            else:
                connection.execute(gone)
            return int(connection.execute(counted).scalar_one())

        return await self._database.write(write)

    async def has_star(self, project_id: str, account_id: str) -> bool:
        statement = select(stars.c.project_id).where(
            stars.c.project_id == project_id, stars.c.account_id == account_id
        )
        return await self._database.read(
            lambda connection: connection.execute(statement).first() is not None
        )


# What is in the trash, and what is of somebody who is suspended, is not shown.
_SHARED: Select[Any] = (
    PROJECTS.add_columns(accounts.c.name.label("owner_name"))
    .join(accounts, accounts.c.id == projects.c.owner_id)
    .where(projects.c.deleted_us.is_(None), accounts.c.is_suspended.is_(False))
)


def _to_shared(row: Row[Any]) -> Shared:
    return Shared(project=to_project(row), owner_name=row.owner_name)
