"""What the SDK gives about projects: plain values, parsed from the API's JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a project is run."""

    runtime: str
    entry: str | None = None
    args: tuple[str, ...] = ()
    stdin: str | bytes = b""
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`revision` is the number of the newest one; `deleted_at` since when it is in the trash."""

    id: str
    name: str
    description: str
    runtime: str
    revision: int
    file_count: int
    size_bytes: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    visibility: str
    # Of an unlisted one, for those who may read it.
    link: str | None
    tags: tuple[str, ...]
    star_count: int
    forked_from: str | None
    # /data is there again at the next run.
    keeps_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """Those changed last first; `next_before` asks for the following page."""

    items: tuple[Project, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """`content` is None where contents were not asked for; `hash` is its SHA-256."""

    path: str
    size_bytes: int
    executable: bool
    hash: str
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A state of a project that was saved. `files` is empty in a list of revisions."""

    number: int
    created_at: datetime
    fingerprint: str
    restored_from: int | None
    setup: Setup
    files: tuple[ProjectFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionPage:
    """Newest first; `next_before` asks for the following page."""

    items: tuple[Revision, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file in a project's /data; `path` is relative to that."""

    path: str
    size_bytes: int
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret variable, without its value."""

    name: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSummary:
    """A project as others see it; `key` stands for it where it is read, copied and starred."""

    key: str
    name: str
    description: str
    owner: str
    runtime: str
    tags: tuple[str, ...]
    star_count: int
    forked_from: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedProject(SharedSummary):
    """`starred` by who asked; `revision` is the newest, with its files' contents."""

    starred: bool
    revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPage:
    """`next_offset` asks for the following page."""

    items: tuple[SharedSummary, ...]
    next_offset: int | None
