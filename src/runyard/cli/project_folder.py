"""A folder that is kept in step with a project: what it has, and what of it belongs to the project.

`runyard.toml` in it names the project, its runtime and entry, and the revision that the folder was
last in step with. Hidden files, what tools leave beside sources, and what `exclude` names neither
leave the folder nor come into it: a project that somebody else wrote could else bring a `.git`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from runyard.cli.output import UsageError, say
from runyard.cli.sources import SKIPPED
from runyard.client.models import SourceFile
from runyard.domain.errors import InvalidPathError
from runyard.domain.files import check_path

MANIFEST = "runyard.toml"
FILE_COUNT_MAX = 1000
_REVISION = re.compile(r"^revision\s*=.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`revision` is the one that the folder was last in step with."""

    project: str
    runtime: str
    entry: str | None
    revision: int
    exclude: tuple[str, ...] = ()

    def excludes(self, path: str) -> bool:
        """Whether this file belongs to the folder alone."""
        parts = path.split("/")
        if path == MANIFEST or any(part[0] == "." or part in SKIPPED for part in parts):
            return True
        return any(_matches(pattern, parts) for pattern in self.exclude)


class ProjectFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def has_manifest(self) -> bool:
        return (self.path / MANIFEST).is_file()

    def read_manifest(self) -> Manifest:
        path = self.path / MANIFEST
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UsageError(
                f"{path} is missing. `runyard projects pull ID FOLDER` gets a project,"
                " `runyard projects create NAME FOLDER` makes one of a folder."
            ) from error
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}.") from error
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"{path} is no TOML: {error}.") from error
        return _parse_manifest(found, path)

    def write_manifest(self, manifest: Manifest) -> None:
        """What somebody wrote into it beside stays where only the revision is another."""
        path = self.path / MANIFEST
        if (
            self.has_manifest
            and replace(self.read_manifest(), revision=manifest.revision) == manifest
        ):
            line = f"revision = {manifest.revision}"
            text = _REVISION.sub(line, path.read_text(encoding="utf-8"), count=1)
            self.write(SourceFile(MANIFEST, text))
        else:
            self.write(SourceFile(MANIFEST, _render_manifest(manifest)))

    def read_files(self, manifest: Manifest) -> dict[str, SourceFile]:
        """Return the files that belong to the project, by path."""
        found: dict[str, SourceFile] = {}
        root = self.path.resolve()
        for path in self._walk():
            name = path.relative_to(self.path).as_posix()
            if manifest.excludes(name):
                continue
            if not path.resolve().is_relative_to(root):
                say(f"{name} is left out: it is a link that leads out of the folder")
                continue
            found[_check_name(name)] = _read(path, name)
            if len(found) > FILE_COUNT_MAX:
                raise UsageError(
                    f"{self.path} has more than {FILE_COUNT_MAX} files; name in {MANIFEST} what"
                    ' does not belong to the project: exclude = ["build/"].'
                )
        return found

    def write(self, file: SourceFile) -> None:
        """Write a file whole or not at all, never through a link."""
        target = self.path / check_path(file.path)
        content = file.content.encode() if isinstance(file.content, str) else file.content
        try:
            self._make_parent(target)
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as new:
                new.write(content)
            # As an ordinary new file would be; temporary ones are for their owner only.
            Path(new.name).chmod((0o777 if file.executable else 0o666) & ~_umask())
            Path(new.name).replace(target)
        except OSError as error:
            raise UsageError(f"{target}: {error.strerror}.") from error

    def delete(self, name: str) -> None:
        target = self.path / check_path(name)
        self._require_inside(target.parent)
        with suppress(FileNotFoundError):
            target.unlink()
        # The folders that are empty then go too, as they do in the project.
        for parent in target.relative_to(self.path).parents[:-1]:
            with suppress(OSError):
                (self.path / parent).rmdir()

    def _make_parent(self, target: Path) -> None:
        self._require_inside(target.parent)
        target.parent.mkdir(parents=True, exist_ok=True)

    def _require_inside(self, folder: Path) -> None:
        if not folder.resolve().is_relative_to(self.path.resolve()):
            raise UsageError(f"{folder} is a link that leads out of {self.path}; remove it first.")

    def _walk(self) -> Iterator[Path]:
        """Yield regular files; links to folders are not followed."""
        for parent, names, files in os.walk(self.path):
            names[:] = sorted(name for name in names if name not in SKIPPED and name[0] != ".")
            for name in sorted(files):
                path = Path(parent, name)
                if path.is_file():
                    yield path


def hash_content(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def find_changes(
    local: Mapping[str, SourceFile], base: Mapping[str, tuple[str, bool]]
) -> tuple[list[SourceFile], list[str]]:
    """Return what to put and what to remove to make of `base` (hash and executable by path) what
    there is here.
    """
    put = [
        file
        for path, file in local.items()
        if base.get(path) != (hash_content(file.content), file.executable)
    ]
    return put, [path for path in base if path not in local]


def _render_manifest(manifest: Manifest) -> str:
    lines = [f"project = {_quote(manifest.project)}", f"runtime = {_quote(manifest.runtime)}"]
    if manifest.entry is not None:
        lines.append(f"entry = {_quote(manifest.entry)}")
    lines.append("# The revision that this folder was last in step with.")
    lines.append(f"revision = {manifest.revision}")
    if manifest.exclude:
        lines.append(f"exclude = [{', '.join(map(_quote, manifest.exclude))}]")
    return "\n".join(lines) + "\n"


def _parse_manifest(found: Mapping[str, Any], path: Path) -> Manifest:
    kinds: dict[str, type] = {"project": str, "runtime": str, "revision": int}
    for name, kind in kinds.items():
        if type(found.get(name)) is not kind:
            raise UsageError(f"{path} has no {name}, or it is no {kind.__name__}.")
    entry, exclude = found.get("entry"), found.get("exclude", [])
    if not (entry is None or isinstance(entry, str)) or not _is_texts(exclude):
        raise UsageError(f"{path}: entry is a text, exclude a list of texts.")
    return Manifest(
        project=found["project"],
        runtime=found["runtime"],
        entry=entry,
        revision=found["revision"],
        exclude=tuple(exclude),
    )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def _matches(pattern: str, parts: Iterable[str]) -> bool:
    """As in .gitignore: a name in any folder, or a path from the top; a folder with all in it."""
    *folders, name = parts
    is_folder, text = pattern.endswith("/"), pattern.strip("/")
    paths = ["/".join([*folders, name][:count]) for count in range(1, len(folders) + 2)]
    if is_folder:
        paths.pop()
    if "/" in text or pattern.startswith("/"):
        return any(fnmatchcase(path, text) for path in paths)
    return any(fnmatchcase(path.rpartition("/")[2], text) for path in paths)


def _check_name(name: str) -> str:
    try:
        return check_path(name)
    except InvalidPathError as error:
        raise UsageError(f"{error.message} Rename it, or exclude it in {MANIFEST}.") from error


def _read(path: Path, name: str) -> SourceFile:
    try:
        return SourceFile(name, path.read_bytes(), executable=os.access(path, os.X_OK))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from error


def _quote(text: str) -> str:
    """JSON's texts are texts of TOML, but for DEL and what is beyond 16 bits if it is escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
