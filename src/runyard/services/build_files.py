"""What builds left, on disk: one file for each, in a folder for each owner.

The folders are the whole index: a file's name is its key, and it was modified when it was last
used. So several servers may share the folder, and a restart forgets nothing. All names are hashes;
nothing that a client chose becomes one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from runyard.domain.limits import KIB, MIB

# Of one entry, with all it holds. A larger one would take its owner's share for itself, and most of
# the disk that its program is granted.
ENTRY_BYTES_MAX = 16 * MIB

# What a file takes beside its content, in whole blocks.
_BLOCK_BYTES = 4 * KIB
# Less than all that is too much is never removed, so that folders are not read for each new entry.
_SLACK = 10
_CHECKSUM_BYTES = 32
_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    used_ns: int
    size_bytes: int
    folder: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`used_seconds` is a time of the file system's clock, since the epoch."""

    size_bytes: int
    used_seconds: float


class BuildFiles:
    """Every method waits for the disk, and may be called from several threads at once."""

    def __init__(self, folder: Path, *, bytes_max: int, bytes_per_owner_max: int) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        self._bytes_per_owner_max = min(bytes_per_owner_max, bytes_max)
        self._writing = threading.Lock()
        # By folder. What other servers do to a folder shows when it is read next.
        self._sizes: dict[str, int] | None = None

    def read(self, owner_id: str, key: str) -> memoryview | None:
        """Return what was stored and note that it was used. A damaged entry is removed."""
        try:
            with self._open_folder(_folder_of(owner_id)) as folder:
                file = os.open(key, os.O_RDONLY | _OPEN, dir_fd=folder)
                try:
                    content = _read_regular(file)
                    os.utime(file)
                finally:
                    os.close(file)
                body = memoryview(content)[_CHECKSUM_BYTES:]
                if content[:_CHECKSUM_BYTES] == _checksum(owner_id, key, (body,)):
                    return body
                os.unlink(key, dir_fd=folder)
        except OSError as error:
            # None is the usual case; a link is no entry, and is not followed.
            if error.errno not in (errno.ENOENT, errno.ELOOP):
                _log.warning("build_not_read", reason=error.strerror)
            return None
        _log.warning("build_damaged")
        return None

    def look(self, owner_id: str, key: str) -> Facts | None:
        """Return what is known of an entry without reading it; None if it is not there any more."""
        try:
            facts = os.lstat(self._folder / _folder_of(owner_id) / key)
        except OSError:
            return None
        return Facts(size_bytes=facts.st_size, used_seconds=facts.st_mtime)

    def touch(self, owner_id: str, key: str) -> None:
        """Note that an entry was used, if it is still there."""
        with suppress(OSError), self._open_folder(_folder_of(owner_id)) as folder:
            os.utime(key, dir_fd=folder, follow_symlinks=False)

    def write(self, owner_id: str, key: str, parts: Sequence[bytes]) -> bool:
        """Store an entry, or replace it, and remove what was not used for longest where there is
        too much. False if it is larger than entries may be. Raises OSError.
        """
        checksum = _checksum(owner_id, key, parts)
        size = len(checksum) + sum(map(len, parts))
        if size > min(ENTRY_BYTES_MAX, _low_water(self._bytes_per_owner_max)):
            return False
        name = _folder_of(owner_id)
        with self._writing:
            for folder in (self._folder, self._folder / name):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sizes = self._count()
            with self._open_folder(name) as opened:
                replaced = _size_of(opened, key)
                _write_whole(opened, key, (checksum, *parts))
            sizes[name] = sizes.get(name, 0) + _taken(size) - replaced
            self._evict(sizes, name)
        return True

    def count(self) -> int:
        """Return how many bytes all entries take."""
        with self._writing:
            return sum(self._count().values())

    def _count(self) -> dict[str, int]:
        if self._sizes is None:
            self._sizes = {}
            for entry in self._list(self._list_folders()):
                taken = self._sizes.get(entry.folder, 0) + entry.size_bytes
                self._sizes[entry.folder] = taken
        return self._sizes

    def _evict(self, sizes: dict[str, int], folder: str) -> None:
        if sizes[folder] > self._bytes_per_owner_max:
            sizes |= self._shrink([folder], _low_water(self._bytes_per_owner_max))
        if sum(sizes.values()) > self._bytes_max:
            folders = self._list_folders()
            left = self._shrink(folders, _low_water(self._bytes_max))
            sizes.clear()
            sizes.update(left)
            for empty in set(folders) - left.keys():
                # Another server may just be writing there.
                with suppress(OSError):
                    (self._folder / empty).rmdir()

    def _shrink(self, folders: Iterable[str], bytes_max: int) -> dict[str, int]:
        """Remove what was not used for longest; return what is left in which folder."""
        entries = sorted(self._list(folders))
        too_many = sum(entry.size_bytes for entry in entries) - bytes_max
        left: dict[str, int] = {}
        for entry in entries:
            if too_many > 0:
                too_many -= entry.size_bytes
                with suppress(OSError), self._open_folder(entry.folder) as opened:
                    os.unlink(entry.name, dir_fd=opened)
            else:
                left[entry.folder] = left.get(entry.folder, 0) + entry.size_bytes
        return left

    def _list_folders(self) -> list[str]:
        try:
            with os.scandir(self._folder) as found:
                return [each.name for each in found if each.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return []

    def _list(self, folders: Iterable[str]) -> Iterator[_Entry]:
        for folder in folders:
            with (
                suppress(FileNotFoundError),
                self._open_folder(folder) as opened,
                os.scandir(opened) as found,
            ):
                for each in found:
                    # Gone since then: another server removed it.
                    with suppress(FileNotFoundError):
                        facts = each.stat(follow_symlinks=False)
                        yield _Entry(facts.st_mtime_ns, _taken(facts.st_size), folder, each.name)

    @contextmanager
    def _open_folder(self, name: str) -> Iterator[int]:
        opened = os.open(self._folder / name, os.O_RDONLY | os.O_DIRECTORY | _OPEN)
        try:
            yield opened
        finally:
            os.close(opened)


def _folder_of(owner_id: str) -> str:
    return hashlib.sha256(b"owner\0" + owner_id.encode()).hexdigest()[:40]


def _checksum(owner_id: str, key: str, parts: Iterable[bytes | memoryview]) -> bytes:
    """A file that was moved to another name or owner does not fit either."""
    hashed = hashlib.sha256(f"{len(owner_id)} {owner_id} {key} ".encode())
    for part in parts:
        hashed.update(part)
    return hashed.digest()


def _read_regular(file: int) -> bytes:
    facts = os.fstat(file)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > ENTRY_BYTES_MAX:
        return b""
    return os.read(file, facts.st_size)


def _write_whole(folder: int, name: str, parts: Iterable[bytes]) -> None:
    """Write a file that is seen as a whole or not at all."""
    fresh = f"{name}.{secrets.token_hex(8)}"
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600, dir_fd=folder)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.writelines(parts)
        os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh, dir_fd=folder)
        raise


def _size_of(folder: int, name: str) -> int:
    try:
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return 0
    return _taken(facts.st_size)


def _taken(size: int) -> int:
    return (size // _BLOCK_BYTES + 1) * _BLOCK_BYTES


def _low_water(bytes_max: int) -> int:
    return bytes_max - bytes_max // _SLACK
