"""Files that go into and come out of a sandbox, and the rule for their names."""

from __future__ import annotations

from dataclasses import dataclass

from runyard.domain.errors import InvalidPathError

PATH_BYTES_MAX = 512
NAME_BYTES_MAX = 200


@dataclass(frozen=True, slots=True)
class File:
    """One regular file below /work; `path` is relative, with forward slashes."""

    path: str
    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder below /work that is there although nothing may be in it."""

    path: str


def check_path(path: str) -> str:
    """Return `path` if it names a file below the work directory, else raise InvalidPathError.

    The agent checks again inside the sandbox; this is where the person gets a readable answer.
    """
    if not path:
        raise InvalidPathError("A file path is empty; give a name such as 'main.py'.")
    try:
        encoded = path.encode()
    except UnicodeEncodeError as error:
        raise InvalidPathError(f"File path {path!r} is not valid Unicode.") from error
    shown = repr(path if len(path) <= 80 else path[:77] + "...")
    if len(encoded) > PATH_BYTES_MAX:
        raise InvalidPathError(
            f"File path {shown} has {len(encoded)} bytes; at most {PATH_BYTES_MAX} are allowed."
        )
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in path):
        raise InvalidPathError(f"File path {shown} contains a control character.")
    if path.startswith("/"):
        raise InvalidPathError(f"File path {shown} is absolute; use a relative path.")
    for part in path.split("/"):
        if part in ("", ".", ".."):
            raise InvalidPathError(
                f"File path {shown} has the part {part!r}; use plain names separated by '/'."
            )
        if len(part.encode()) > NAME_BYTES_MAX:
            raise InvalidPathError(
                f"File path {shown} has a part of more than {NAME_BYTES_MAX} bytes."
            )
    return path
