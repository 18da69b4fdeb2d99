"""Projects that others may read: by a link, or in the gallery; copied, and starred."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from runyard.domain.account import Principal
from runyard.domain.errors import NotFoundError
from runyard.domain.files import File
from runyard.domain.project import (
    Change,
    Project,
    Revision,
    Visibility,
    check_tags,
)
from runyard.domain.runtime import RuntimeStatus
from runyard.services.accounts.sealing import new_secret
from runyard.services.projects import Projects
from runyard.store.projects import ProjectRecords
from runyard.store.sharing import Search, Shared, SharingRecords

# Longer than any key.
_KEY_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What somebody else reads: the newest revision with its contents, nothing of the others."""

    shared: Shared
    revision: Revision
    files: tuple[File, ...]
    is_starred: bool


class Sharing:
    """A `key` is what stands for a project in the addresses of those who may read it. Each method
    that takes one raises NotFoundError, for what nobody shares in the words for what there is not.
    `now_us` is the time in microseconds since 1970.
    """

    def __init__(
        self,
        *,
        records: SharingRecords,
        project_records: ProjectRecords,
        projects: Projects,
        list_runtimes: Callable[[], Iterable[RuntimeStatus]],
        now_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._project_records = project_records
        self._projects = projects
        self._list_runtimes = list_runtimes
        self._now_us = now_us

    async def share(
        self,
        principal: Principal,
        project_id: str,
        *,
        visibility: Visibility,
        tags: Iterable[str] | None,
    ) -> Project:
        """Say who may read a project of one's own. A link that was taken back never works again."""
        project = await self._projects.find(principal, project_id)
        link = None
        if visibility is Visibility.UNLISTED:
            is_kept = project.visibility is Visibility.UNLISTED
            link = project.link if is_kept else new_secret()
        await self._records.share(
            project_id,
            visibility=visibility,
            link=link,
            tags=project.tags if tags is None else check_tags(tags),
            now=self._now_us(),
        )
        return await self._projects.find(principal, project_id)

    async def search(self, search: Search, *, language: str | None) -> Sequence[Shared]:
        """Return what is public. `language` is its name in any case, "c++" for example."""
        if language is None:
            return await self._records.search(search)
        runtimes = [each.runtime for each in self._list_runtimes()]
        named = frozenset(each.id for each in runtimes if each.language.lower() == language.lower())
        names = named | {alias for each in runtimes if each.id in named for alias in each.aliases}
        return await self._records.search(replace(search, runtimes=names))

    async def read(self, principal: Principal, key: str) -> Reading:
        shared = await self._find(key)
        project = shared.project
        revision = await self._project_records.find_revision(project.id, project.revision)
        if revision is None:
            raise _not_found(key)
        account = principal.account
        return Reading(
            shared=shared,
            revision=revision,
            files=await self._project_records.read_files(project.id, revision.number),
            is_starred=account is not None and await self._records.has_star(project.id, account.id),
        )

    async def fork(self, principal: Principal, key: str) -> tuple[Project, Revision]:
        """Make a project of one's own of the newest revision. It says what it is a copy of."""
        reading = await self.read(principal, key)
        source = reading.shared.project
        return await self._projects.create(
            principal,
            name=source.name,
            description=source.description,
            change=Change(put=reading.files, setup=reading.revision.setup, replaces=True),
            forked_from=source.id,
        )

    async def star(self, principal: Principal, key: str, *, is_set: bool) -> int:
        """Return how many there are then."""
        shared = await self._find(key)
        account_id = principal.known_account.id
        return await self._records.star(shared.project.id, account_id, is_set=is_set)

    async def _find(self, key: str) -> Shared:
        is_sound = len(key) <= _KEY_CHARACTERS_MAX and key.isascii() and key.isprintable()
        found = await self._records.find(key) if is_sound else None
        if found is None:
            raise _not_found(key)
        return found


def _not_found(key: str) -> NotFoundError:
    return NotFoundError(f"There is no project {key[:80]!r}.")
