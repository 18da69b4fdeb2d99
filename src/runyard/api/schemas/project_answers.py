"""What the server answers about projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from runyard.api.schemas.answers import Encoding, StrictAnswer
from runyard.api.schemas.rendering import render_output
from runyard.domain.files import File
from runyard.domain.project import Entry, KeptFile, Project, Revision, Secret, Setup, Visibility
from runyard.services.sharing import Reading
from runyard.store.moments import from_us, to_us
from runyard.store.sharing import Shared


class ProjectAnswer(StrictAnswer):
    id: str
    name: str
    description: str
    runtime: str
    revision: int = Field(description="The number of the newest one.")
    file_count: int
    size_bytes: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = Field(description="In the trash since then.")
    visibility: Visibility
    link: str | None = Field(
        description="Of an unlisted one: who knows it may read /shared/{link}."
    )
    tags: list[str]
    star_count: int
    published_at: datetime | None
    forked_from: str | None
    keeps_data: bool = Field(description="/data is there again at the next run.")


class ProjectsAnswer(StrictAnswer):
    """Those changed last first; pass `next_before` as `before` for the following page."""

    items: list[ProjectAnswer]
    next_before: int | None


class SetupAnswer(StrictAnswer):
    runtime: str
    entry: str | None
    args: list[str]
    stdin: str
    stdin_encoding: Encoding
    env: dict[str, str]


class EntryAnswer(StrictAnswer):
    path: str
    size_bytes: int
    executable: bool
    hash: str = Field(description="SHA-256 of the content.")
    content: str | None = Field(default=None, description="Where contents were asked for.")
    encoding: Encoding | None = None


class RevisionSummary(StrictAnswer):
    number: int
    created_at: datetime
    fingerprint: str = Field(description="The same for revisions that run alike.")
    restored_from: int | None
    setup: SetupAnswer


class RevisionAnswer(RevisionSummary):
    files: list[EntryAnswer]


class RevisionsAnswer(StrictAnswer):
    """Newest first; pass `next_before` as `before` for the following page."""

    items: list[RevisionSummary]
    next_before: int | None


class NewProjectAnswer(StrictAnswer):
    project: ProjectAnswer
    revision: RevisionAnswer


class SecretAnswer(StrictAnswer):
    name: str
    updated_at: datetime


class SecretsAnswer(StrictAnswer):
    """By name."""

    items: list[SecretAnswer]


class KeptFileAnswer(StrictAnswer):
    path: str = Field(description="Relative to /data.")
    size_bytes: int
    executable: bool


class KeptFilesAnswer(StrictAnswer):
    """By path."""

    items: list[KeptFileAnswer]
    size_bytes_max: int = Field(description="Of all files together.")


class SharedSummary(StrictAnswer):
    """A project as others see it."""

    key: str = Field(description="Stands for it in /shared/{key}.")
    name: str
    description: str
    owner: str
    runtime: str
    tags: list[str]
    star_count: int
    published_at: datetime | None
    updated_at: datetime
    forked_from: str | None


class SharedAnswer(SharedSummary):
    starred: bool = Field(description="By who asks.")
    revision: RevisionAnswer


class GalleryAnswer(StrictAnswer):
    """Pass `next_offset` as `offset` for the following page."""

    items: list[SharedSummary]
    next_offset: int | None


class StarsAnswer(StrictAnswer):
    star_count: int


class DifferenceAnswer(StrictAnswer):
    path: str
    kind: Literal["added", "removed", "changed"]
    former_hash: str | None
    hash: str | None


class DifferencesAnswer(StrictAnswer):
    setup_changed: bool
    items: list[DifferenceAnswer]


def render_project(project: Project) -> ProjectAnswer:
    return ProjectAnswer(
        id=project.id,
        name=project.name,
        description=project.description,
        runtime=project.runtime,
        revision=project.revision,
        file_count=project.file_count,
        size_bytes=project.size_bytes,
        created_at=project.created_at,
        updated_at=project.updated_at,
        deleted_at=project.deleted_at,
        visibility=project.visibility,
        link=project.link,
        tags=list(project.tags),
        star_count=project.star_count,
        published_at=project.published_at,
        forked_from=project.forked_from,
        keeps_data=project.keeps_data,
    )


def render_data(files: Sequence[KeptFile], *, size_bytes_max: int) -> KeptFilesAnswer:
    return KeptFilesAnswer(
        size_bytes_max=size_bytes_max,
        items=[
            KeptFileAnswer(path=file.path, size_bytes=file.size_bytes, executable=file.executable)
            for file in files
        ],
    )


def render_secret(secret: Secret) -> SecretAnswer:
    return SecretAnswer(name=secret.name, updated_at=from_us(secret.version))


def render_secrets(secrets: Sequence[Secret]) -> SecretsAnswer:
    return SecretsAnswer(items=[render_secret(each) for each in secrets])


def render_shared(reading: Reading, key: str) -> SharedAnswer:
    summary = render_summary(reading.shared)
    return SharedAnswer(
        **summary.model_dump() | {"key": key},
        starred=reading.is_starred,
        revision=render_revision(reading.revision, reading.files),
    )


def render_summary(shared: Shared) -> SharedSummary:
    project = shared.project
    return SharedSummary(
        key=project.id,
        name=project.name,
        description=project.description,
        owner=shared.owner_name,
        runtime=project.runtime,
        tags=list(project.tags),
        star_count=project.star_count,
        published_at=project.published_at,
        updated_at=project.updated_at,
        forked_from=project.forked_from,
    )


def render_gallery(found: Sequence[Shared], *, limit: int, offset: int) -> GalleryAnswer:
    """Render up to `limit` of `limit + 1`; the extra one tells that there are more."""
    return GalleryAnswer(
        items=[render_summary(each) for each in found[:limit]],
        next_offset=offset + limit if len(found) > limit else None,
    )


def render_projects(projects: Sequence[Project], *, limit: int) -> ProjectsAnswer:
    """Render up to `limit` of `limit + 1`; the extra one tells that there are more."""
    shown = projects[:limit]
    return ProjectsAnswer(
        items=[render_project(each) for each in shown],
        next_before=to_us(shown[-1].updated_at) if len(projects) > limit else None,
    )


def render_revision(revision: Revision, files: Sequence[File] = ()) -> RevisionAnswer:
    contents = {file.path: file.content for file in files}
    return RevisionAnswer(
        **_summarize(revision).model_dump(),
        files=[_render_entry(entry, contents) for entry in revision.entries],
    )


def render_revisions(revisions: Sequence[Revision], *, limit: int) -> RevisionsAnswer:
    """Render up to `limit` of `limit + 1`; the extra one tells that there are more."""
    shown = revisions[:limit]
    return RevisionsAnswer(
        items=[_summarize(each) for each in shown],
        next_before=shown[-1].number if len(revisions) > limit else None,
    )


def render_differences(former: Revision, later: Revision) -> DifferencesAnswer:
    before = {entry.path: entry for entry in former.entries}
    after = {entry.path: entry for entry in later.entries}
    items = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        kind: Literal["added", "removed", "changed"] = "changed"
        if old is None or new is None:
            kind = "added" if old is None else "removed"
        items.append(
            DifferenceAnswer(
                path=path,
                kind=kind,
                former_hash=old and old.hash,
                hash=new and new.hash,
            )
        )
    return DifferencesAnswer(setup_changed=former.setup != later.setup, items=items)


def _summarize(revision: Revision) -> RevisionSummary:
    return RevisionSummary(
        number=revision.number,
        created_at=revision.created_at,
        fingerprint=revision.fingerprint,
        restored_from=revision.restored_from,
        setup=_render_setup(revision.setup),
    )


def _render_setup(setup: Setup) -> SetupAnswer:
    stdin, encoding = render_output(setup.stdin, truncated=False)
    return SetupAnswer.model_validate(
        {
            "runtime": setup.runtime,
            "entry": setup.entry,
            "args": list(setup.args),
            "stdin": stdin,
            "stdin_encoding": encoding,
            "env": dict(setup.env),
        }
    )


def _render_entry(entry: Entry, contents: Mapping[str, bytes]) -> EntryAnswer:
    content, encoding = None, None
    if entry.path in contents:
        content, encoding = render_output(contents[entry.path], truncated=False)
    return EntryAnswer.model_validate(
        {
            "path": entry.path,
            "size_bytes": entry.size_bytes,
            "executable": entry.executable,
            "hash": entry.hash,
            "content": content,
            "encoding": encoding,
        }
    )
