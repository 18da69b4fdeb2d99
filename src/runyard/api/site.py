"""A build of the web site: its files, read once, so that no request ever opens one."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import runyard
from runyard.domain.errors import InvalidRequestError
from runyard.domain.limits import KIB, MIB

INDEX = "index.html"
# Where a build puts what has a hash of its content in its name.
IMMUTABLE_FOLDER = "_app/immutable/"
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "gif": "image/gif",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xml": "application/xml",
}
OTHER_MEDIA_TYPE = "application/octet-stream"
_COMPRESSIBLE = frozenset(
    {"css", "html", "ico", "js", "json", "map", "mjs", "svg", "ttf", "txt", "wasm", "webmanifest"}
    | {"xml"}
)
# Below it the head of a gzip stream and its decoding cost more than is spared.
_COMPRESSED_BYTES_MIN = KIB // 2
_GZIP_LEVEL = 6
# A build has a few MiB; more is a folder that was named by mistake.
_BYTES_MAX = 64 * MIB
_FILE_COUNT_MAX = 10_000


@dataclass(slots=True, kw_only=True)
class SiteFile:
    content: bytes
    media_type: str
    digest: str
    is_immutable: bool
    is_compressible: bool
    _compressed: bytes | None = None

    async def compress(self) -> bytes:
        """Return the content as gzip; made in a thread the first time, so that nobody waits."""
        if self._compressed is None:
            self._compressed = await asyncio.to_thread(
                gzip.compress, self.content, _GZIP_LEVEL, mtime=0
            )
        return self._compressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`files` by their path below the folder."""

    files: Mapping[str, SiteFile]

    @property
    def index(self) -> SiteFile:
        return self.files[INDEX]


def open_site(chosen: Path | None) -> Site | None:
    """Read the build in the folder that was chosen, or the one in the package if there is one.

    Raises InvalidRequestError if the chosen folder has none.
    """
    folder = packaged_folder() if chosen is None else chosen
    if not (folder / INDEX).is_file():
        if chosen is None:
            return None
        raise InvalidRequestError(
            f"RUNYARD_WEB_DIR is {str(chosen)!r}, which has no {INDEX} that the server can read;"
            " name the folder of a build of the web site, or unset it."
        )
    try:
        files = dict(_read_files(folder))
    except OSError as error:
        raise InvalidRequestError(
            f"The web site cannot be read: {error}. Make it readable for the server's user"
            f" (chmod -R a+rX {folder}), or serve without it (RUNYARD_WEB=false)."
        ) from error
    return Site(files=files)


def packaged_folder() -> Path:
    return Path(runyard.__file__).with_name("_web")


def _read_files(folder: Path) -> Iterator[tuple[str, SiteFile]]:
    """Return regular files; nothing hidden, and no link, wherever it leads."""
    bytes_read = 0
    for count, path in enumerate(_walk(folder)):
        bytes_read += path.stat().st_size
        if bytes_read > _BYTES_MAX or count >= _FILE_COUNT_MAX:
            raise InvalidRequestError(
                f"The folder {str(folder)!r} has more than {_FILE_COUNT_MAX} files or"
                f" {_BYTES_MAX // MIB} MiB, the most that is served as a web site;"
                " RUNYARD_WEB_DIR has to name the folder of its build."
            )
        name = path.relative_to(folder).as_posix()
        yield name, _build_file(name, path.read_bytes())


def _walk(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(parent, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if stat.S_ISREG(path.lstat().st_mode))


def _build_file(name: str, content: bytes) -> SiteFile:
    suffix = name.rpartition(".")[2].lower()
    return SiteFile(
        content=content,
        media_type=MEDIA_TYPES.get(suffix, OTHER_MEDIA_TYPE),
        digest=hashlib.sha256(content).hexdigest()[:32],
        is_immutable=name.startswith(IMMUTABLE_FOLDER),
        is_compressible=suffix in _COMPRESSIBLE and len(content) >= _COMPRESSED_BYTES_MIN,
    )
