"""What is saved is there whole or not at all, and is read by those with whom it is shared."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from runyard.domain.files import File
from runyard.domain.identifiers import new_identifier
from runyard.domain.project import (
    Change,
    Project,
    Revision,
    Setup,
    Visibility,
    apply_change,
    fingerprint,
)
from runyard.store.accounts import AccountRecords
from runyard.store.database import Database
from runyard.store.moments import from_us
from runyard.store.projects import Bounds, NewContent, ProjectRecords, Saving
from runyard.store.sharing import Order, Search, SharingRecords
from runyard.testing.store_conformance.people_samples import NOW, insert_account

_BOUNDS = Bounds(project_count=10, revision_count=3, bytes_of_owner=1_000_000)
_SETUP = Setup(runtime="bash", entry="a", args=("x", "ä"), stdin=b"\0\xff", env={"A": "b"})


def _build_revision(project_id: str, number: int, files: Iterable[File]) -> NewContent:
    put = tuple(files)
    entries = apply_change((), Change(put=put))
    revision = Revision(
        project_id=project_id,
        number=number,
        setup=_SETUP,
        entries=entries,
        created_at=from_us(NOW + number),
        fingerprint=fingerprint(_SETUP, entries),
    )
    hashes = {entry.path: entry.hash for entry in entries}
    return NewContent(revision=revision, contents={hashes[file.path]: file.content for file in put})


async def _insert(
    database: Database, *, name: str = "p", owner_id: str | None = None, bounds: Bounds = _BOUNDS
) -> Project:
    owner = owner_id or (await insert_account(database)).id
    content = _build_revision(new_identifier(), 1, [File("a", b"first")])
    project = Project(
        id=content.revision.project_id,
        owner_id=owner,
        name=name,
        description="100% of it",
        runtime="bash",
        revision=1,
        file_count=1,
        size_bytes=5,
        created_at=from_us(NOW),
        updated_at=from_us(NOW),
    )
    assert await ProjectRecords(database).insert(project, content, bounds) is Saving.DONE
    return project


async def _share(
    database: Database,
    project: Project,
    visibility: Visibility,
    *,
    link: str | None = None,
    tags: tuple[str, ...] = (),
    now: int = NOW,
) -> None:
    await SharingRecords(database).share(
        project.id, visibility=visibility, link=link, tags=tags, now=now
    )


class ProjectConformance:
    """The fixture `database` yields a migrated one without accounts."""

    async def test_project_is_read_as_it_was_saved(self, database: Database) -> None:
        project = await _insert(database)
        records = ProjectRecords(database)

        found = await records.find(project.id)
        revision = await records.find_revision(project.id, 1)

        assert found == project
        assert revision == _build_revision(project.id, 1, [File("a", b"first")]).revision
        assert await records.read_files(project.id, 1) == (File("a", b"first"),)
        assert await records.find(new_identifier()) is None
        assert await records.find_revision(project.id, 2) is None

    async def test_of_many_who_save_at_once_one_does(self, database: Database) -> None:
        project = await _insert(database)
        records = ProjectRecords(database)

        savings = await asyncio.gather(
            *(
                records.save(
                    project.owner_id,
                    _build_revision(project.id, 2, [File("a", b"%d" % n)]),
                    _BOUNDS,
                )
                for n in range(10)
            )
        )

        assert sorted(savings) == [Saving.CONFLICT] * 9 + [Saving.DONE]
        winner = savings.index(Saving.DONE)
        assert await records.read_files(project.id, 2) == (File("a", b"%d" % winner),)

    async def test_old_revisions_and_their_contents_go(self, database: Database) -> None:
        project = await _insert(database)
        records = ProjectRecords(database)
        large = b"x" * 10_000

        for number in range(2, 7):
            files = [File("a", b"%d" % number), File("large", large)]
            content = _build_revision(project.id, number, files)
            assert await records.save(project.owner_id, content, _BOUNDS) is Saving.DONE

        listed = await records.list_revisions(project.id, limit=10, before=None)
        assert [each.number for each in listed] == [6, 5, 4]
        assert await records.read_files(project.id, 4) == (File("a", b"4"), File("large", large))
        assert await records.count_bytes(project.owner_id) == 3 + 10_000 + 6 * 1024

    async def test_what_is_too_much_is_not_saved_at_all(self, database: Database) -> None:
        project = await _insert(database)
        records = ProjectRecords(database)
        before = await records.count_bytes(project.owner_id)
        content = _build_revision(project.id, 2, [File("b", b"x" * 2_000_000)])

        saving = await records.save(project.owner_id, content, _BOUNDS)

        assert saving is Saving.TOO_LARGE
        assert await records.find(project.id) == project
        assert await records.count_bytes(project.owner_id) == before

    async def test_owners_do_not_share_contents(self, database: Database) -> None:
        one, other = await _insert(database), await _insert(database)
        records = ProjectRecords(database)

        await records.delete(one.id)

        assert await records.count_bytes(one.owner_id) == 0
        assert await records.read_files(other.id, 1) == (File("a", b"first"),)

    async def test_trash_is_emptied_of_what_is_old(self, database: Database) -> None:
        old, young, kept = [await _insert(database) for _ in range(3)]
        records = ProjectRecords(database)
        await records.set_deleted(old.id, from_us(NOW))
        await records.set_deleted(young.id, from_us(NOW) + timedelta(days=2))

        count = await records.delete_trashed(before=from_us(NOW) + timedelta(days=1))

        assert count == 1
        assert await records.find(old.id) is None
        assert await records.count_bytes(old.owner_id) == 0
        assert await records.find(young.id) is not None
        assert await records.find(kept.id) is not None

    async def test_projects_go_with_their_account(self, database: Database) -> None:
        project = await _insert(database)

        await AccountRecords(database).delete(project.owner_id)

        assert await ProjectRecords(database).find(project.id) is None
        assert await ProjectRecords(database).count_bytes(project.owner_id) == 0

    async def test_shared_project_is_found_by_its_key_only(self, database: Database) -> None:
        public, linked, private = [await _insert(database) for _ in range(3)]
        link = new_identifier()
        await _share(database, public, Visibility.PUBLIC)
        await _share(database, linked, Visibility.UNLISTED, link=link)
        sharing = SharingRecords(database)

        found = [
            await sharing.find(key) for key in (public.id, link, linked.id, private.id, "", "%")
        ]

        assert [each and each.project.id for each in found] == [
            *(public.id, linked.id),
            *(None, None, None, None),
        ]

    async def test_gallery_escapes_what_people_search_for(self, database: Database) -> None:
        owner = (await insert_account(database)).id
        names = ("Fib 100%", "fib_x", "Sorting")
        projects = [await _insert(database, name=name, owner_id=owner) for name in names]
        for number, project in enumerate(projects):
            tags = ("maths", "c++") if number else ()
            await _share(database, project, Visibility.PUBLIC, tags=tags, now=NOW + number)
        sharing = SharingRecords(database)

        async def search(**fields: object) -> list[str]:
            search = Search(**({"limit": 10} | fields))  # type: ignore[arg-type]
            return [each.project.name for each in await sharing.search(search)]

        assert await search() == ["Sorting", "fib_x", "Fib 100%"]
        assert await search(query="fib") == ["fib_x", "Fib 100%"]
        assert await search(query="0%") == list(reversed(names))
        assert await search(query="b_") == ["fib_x"]
        assert await search(tag="c++") == ["Sorting", "fib_x"]
        assert await search(tag="math") == []
        assert await search(runtimes=["python"]) == []
        assert await search(runtimes=["bash"], limit=1, offset=1) == ["fib_x"]
        await sharing.star(projects[0].id, owner, is_set=True)
        assert await search(order=Order.STARS) == ["Fib 100%", "Sorting", "fib_x"]

    async def test_stars_set_at_once_are_all_counted(self, database: Database) -> None:
        project = await _insert(database)
        accounts = [await insert_account(database) for _ in range(8)]
        sharing = SharingRecords(database)

        await asyncio.gather(
            *(
                sharing.star(project.id, account.id, is_set=True)
                for account in accounts
                for _ in range(2)
            )
        )

        found = await ProjectRecords(database).find(project.id)
        assert found is not None
        assert found.star_count == len(accounts)
        assert await sharing.has_star(project.id, accounts[0].id)
