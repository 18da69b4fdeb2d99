"""Files as ZIP archives that people bring and take away."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath

from runyard.domain.errors import InvalidRequestError, TooLargeError
from runyard.domain.files import File, check_path
from runyard.domain.limits import Policy

_EXECUTABLE = 0o755 << 16
_ORDINARY = 0o644 << 16
# What the systems of those who pack put beside their files.
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_KIND_MASK, _LINK = 0o170000, 0o120000


def read_archive(content: bytes, *, policy: Policy) -> tuple[File, ...]:
    """Return the files. An only folder around all of them is left out. Raises InvalidRequestError
    and its kin; never unpacks more than a project may have.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _without_folder(_read_members(archive, policy))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InvalidRequestError(f"The archive cannot be read: {error}.") from error


def pack_archive(files: Sequence[File]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            member = zipfile.ZipInfo(file.path)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = _EXECUTABLE if file.executable else _ORDINARY
            archive.writestr(member, file.content)
    return packed.getvalue()


def _read_members(archive: zipfile.ZipFile, policy: Policy) -> list[File]:
    members = [each for each in archive.infolist() if not each.is_dir()]
    members = [each for each in members if not _is_litter(each.filename)]
    if len(members) > policy.file_count_max:
        raise TooLargeError(
            f"The archive has {len(members)} files; at most {policy.file_count_max} are allowed.",
            limit="file_count_max",
        )
    files, left = [], policy.source_bytes_max
    for member in members:
        path = check_path(member.filename)
        if member.external_attr >> 16 & _KIND_MASK == _LINK:
            raise InvalidRequestError(f"{path[:80]!r} is a link; only files are taken.")
        with archive.open(member) as opened:
            # What it says of its size may be a lie.
            content = opened.read(min(policy.file_bytes_max, left) + 1)
        if len(content) > min(policy.file_bytes_max, left):
            raise TooLargeError(
                f"File {path[:80]!r} is too large: at most {policy.file_bytes_max} bytes for one"
                f" and {policy.source_bytes_max} for all are allowed.",
                limit="file_bytes_max",
            )
        left -= len(content)
        is_executable = bool(member.external_attr >> 16 & 0o100)
        files.append(File(path, content, executable=is_executable))
    return files


def _without_folder(files: list[File]) -> tuple[File, ...]:
    tops = {PurePosixPath(file.path).parts[0] for file in files}
    if len(tops) != 1 or any("/" not in file.path for file in files):
        return tuple(files)
    return tuple(
        File(file.path.partition("/")[2], file.content, executable=file.executable)
        for file in files
    )


def _is_litter(name: str) -> bool:
    return name.startswith(_LITTER[0]) or PurePosixPath(name).name in _LITTER
