"""A user's saved code: a project, its revisions, and the files in one of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from runyard.domain.errors import InvalidRequestError
from runyard.domain.files import File

PROJECT_NAME_CHARACTERS_MAX = 100
DESCRIPTION_CHARACTERS_MAX = 2000
TAG_COUNT_MAX = 10
TAG_CHARACTERS_MAX = 30
_TAG = re.compile(rf"[a-z0-9+#-]{{1,{TAG_CHARACTERS_MAX}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a revision is run."""

    runtime: str
    entry: str | None = None
    args: tuple[str, ...] = ()
    stdin: bytes = b""
    # Plain values; whoever sees the revision sees them.
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of a revision, without its content."""

    path: str
    hash: str
    size_bytes: int
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A state of a project that was saved; it never changes. Numbers count from 1."""

    project_id: str
    number: int
    setup: Setup
    entries: tuple[Entry, ...]
    created_at: datetime
    # Of all that decides a run: two revisions with the same one run alike.
    fingerprint: str
    # The revision whose content was taken up again.
    restored_from: int | None = None


class Visibility(StrEnum):
    """Who may read the newest revision of a project."""

    PRIVATE = "private"
    # Whoever knows the link, which cannot be guessed.
    UNLISTED = "unlisted"
    # Everybody; it is in the gallery.
    PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`revision` is the number of the newest one, `size_bytes` that of its files."""

    id: str
    owner_id: str
    name: str
    description: str
    runtime: str
    revision: int
    file_count: int
    size_bytes: int
    created_at: datetime
    updated_at: datetime
    # In the trash since then.
    deleted_at: datetime | None = None
    visibility: Visibility = Visibility.PRIVATE
    # What stands for it in the addresses of those who may read it: its id where that is everybody.
    link: str | None = None
    tags: tuple[str, ...] = ()
    star_count: int = 0
    published_at: datetime | None = None
    # The project that it began as a copy of.
    forked_from: str | None = None
    # Whether what a run leaves in /data is there again at the next one.
    keeps_data: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """An environment variable of a project whose value is given to its programs and to nobody else.
    `version` grows with each change; it is the time of it in microseconds since 1970.
    """

    name: str
    # Of the value.
    size_bytes: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file in a project's /data, without its content; `path` is relative to that."""

    path: str
    size_bytes: int
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to make of a revision: files to put, paths and folders to remove, then names to change
    (from, to: of a file or a folder). `setup` None keeps the former.
    """

    put: tuple[File, ...] = ()
    remove: tuple[str, ...] = ()
    move: tuple[tuple[str, str], ...] = ()
    setup: Setup | None = None
    # Nothing of the former files stays.
    replaces: bool = False


def describe_file(file: File) -> Entry:
    return Entry(
        path=file.path,
        hash=hashlib.sha256(file.content).hexdigest(),
        size_bytes=len(file.content),
        executable=file.executable,
    )


def apply_change(entries: Iterable[Entry], change: Change) -> tuple[Entry, ...]:
    """Return the files of the next revision, by path. Raises InvalidRequestError for a path that is
    to be removed or moved and is not there.
    """
    tree = {} if change.replaces else {entry.path: entry for entry in entries}
    for path in change.remove:
        for found in _below(tree, path):
            del tree[found]
    for source, target in change.move:
        moved = {found: tree.pop(found) for found in _below(tree, source)}
        for path, entry in moved.items():
            renamed = target + path.removeprefix(source)
            tree[renamed] = Entry(
                path=renamed,
                hash=entry.hash,
                size_bytes=entry.size_bytes,
                executable=entry.executable,
            )
    for file in change.put:
        tree[file.path] = describe_file(file)
    return tuple(tree[path] for path in sorted(tree))


def fingerprint(setup: Setup, entries: Sequence[Entry]) -> str:
    """Return what is the same for revisions that run alike."""
    parts = [
        setup.runtime,
        setup.entry,
        setup.args,
        hashlib.sha256(setup.stdin).hexdigest(),
        sorted(setup.env.items()),
        [(entry.path, entry.hash, entry.executable) for entry in entries],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def check_project_name(name: str) -> str:
    stripped = " ".join(name.split())
    if not 0 < len(stripped) <= PROJECT_NAME_CHARACTERS_MAX or not stripped.isprintable():
        raise InvalidRequestError(
            f"The name of a project has 1 to {PROJECT_NAME_CHARACTERS_MAX} printable characters.",
            field="name",
        )
    return stripped


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return them in the spelling that is kept, each once."""
    found = tuple(dict.fromkeys(tag.strip().lower() for tag in tags))
    if len(found) > TAG_COUNT_MAX or not all(map(_TAG.fullmatch, found)):
        raise InvalidRequestError(
            f"A project has up to {TAG_COUNT_MAX} tags of up to {TAG_CHARACTERS_MAX} letters a-z,"
            " digits, '+', '#' and '-'.",
            field="tags",
        )
    return found


def check_description(description: str) -> str:
    if len(description) > DESCRIPTION_CHARACTERS_MAX or "\0" in description:
        raise InvalidRequestError(
            f"The description has {len(description)} characters; at most"
            f" {DESCRIPTION_CHARACTERS_MAX} are allowed, and no NUL.",
            field="description",
        )
    return description


def _below(tree: Mapping[str, Entry], path: str) -> list[str]:
    found = [each for each in tree if each == path or each.startswith(f"{path}/")]
    if not found:
        raise InvalidRequestError(f"There is no file or folder {path[:80]!r} in the project.")
    return found
