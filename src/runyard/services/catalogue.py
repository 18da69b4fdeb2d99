"""Reads the catalogue of runtimes and refuses what is wrong in it, naming the file and the key.

A `CatalogueEntry` is what a person sees of a runtime and, in order of preference, the toolchains
that can provide it. Which of them a machine has is found by `runyard.services.toolchains`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from runyard.domain.errors import CatalogueError
from runyard.domain.files import File, check_path
from runyard.domain.limits import COMPILE_LIMITS, RUN_LIMITS
from runyard.domain.runtime import SelfTest
from runyard.services.catalogue_entry import CatalogueEntry
from runyard.services.catalogue_tables import ID_PATTERN, RuntimeTable, build_toolchain

PACKAGED = Path(__file__).parent.parent / "catalogue"
FOLDER_FILE_COUNT_MAX = 50
FOLDER_FILE_BYTES_MAX = 256 * 1024


def load_catalogue(folders: Sequence[Path] = (PACKAGED,)) -> tuple[CatalogueEntry, ...]:
    """Return every runtime of these folders, most used first.

    A later folder's runtime replaces one of the same id. Raises CatalogueError.
    """
    entries: dict[str, CatalogueEntry] = {}
    for folder in folders:
        if not folder.is_dir():
            raise CatalogueError(f"There is no catalogue at {folder}: it is not a directory.")
        for file in sorted(folder.glob("*/runtime.toml")):
            entry = _load_entry(file)
            entries[entry.id] = entry
    _refuse_duplicates(entries.values())
    return tuple(sorted(entries.values(), key=lambda entry: (entry.rank, entry.id)))


def _load_entry(file: Path) -> CatalogueEntry:
    folder = file.parent
    refuse = partial(_refuse, file)
    if not re.match(ID_PATTERN, folder.name):
        raise refuse("id", f"the folder's name must match {ID_PATTERN}")
    raw = file.read_bytes()
    try:
        table = RuntimeTable.model_validate(tomllib.loads(raw.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{file}: not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise refuse(".".join(map(str, first["loc"])), first["msg"]) from error
    example, self_test = _read_files(folder / "example"), _read_files(folder / "selftest")
    extra, prepared = _read_files(folder / "extra"), _read_files(folder / "prepared")
    for name, files in (("example", example), ("selftest", self_test)):
        if table.entry not in (found.path for found in files):
            raise refuse("entry", f"there is no {name}/{table.entry}")
    return CatalogueEntry(
        id=folder.name,
        language=table.language,
        name=table.name,
        description=table.description,
        rank=table.rank,
        entry=table.entry,
        aliases=tuple(table.aliases),
        extensions=tuple(table.extensions),
        image=table.image,
        image_verified=table.image_verified,
        extra_files=extra,
        compile_limits=table.compile_limits.over(COMPILE_LIMITS),
        run_limits=table.run_limits.over(RUN_LIMITS),
        example=next(found.content.decode() for found in example if found.path == table.entry),
        example_stdout=table.example.expected_stdout,
        self_test=SelfTest(
            files=self_test,
            stdin=table.self_test.stdin.encode(),
            expected_stdout=table.self_test.expected_stdout,
        ),
        toolchains=tuple(
            build_toolchain(toolchain, key=f"toolchain.{number}", refuse=refuse, prepared=prepared)
            for number, toolchain in enumerate(table.toolchain)
        ),
        digest=_digest(raw, (*self_test, *extra, *prepared)),
    )


def _read_files(folder: Path) -> tuple[File, ...]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(paths) > FOLDER_FILE_COUNT_MAX:
        raise CatalogueError(f"{folder}: more than {FOLDER_FILE_COUNT_MAX} files.")
    files = [
        File(path=check_path(path.relative_to(folder).as_posix()), content=path.read_bytes())
        for path in paths
        if "__pycache__" not in path.parts
    ]
    for file in files:
        if len(file.content) > FOLDER_FILE_BYTES_MAX:
            raise CatalogueError(f"{folder / file.path}: over {FOLDER_FILE_BYTES_MAX} bytes.")
    return tuple(files)


def _digest(raw: bytes, files: Iterable[File]) -> str:
    digest = hashlib.sha256(raw)
    for file in files:
        digest.update(f"{file.path}\0{len(file.content)}\0".encode() + file.content)
    return digest.hexdigest()


def _refuse_duplicates(entries: Iterable[CatalogueEntry]) -> None:
    """Refuse a name or extension that two runtimes claim: which one is meant must be certain."""
    names: dict[str, str] = {}
    for entry in entries:
        for word in (entry.id, *entry.aliases, *entry.extensions):
            if word in names:
                raise CatalogueError(
                    f"{entry.id}/runtime.toml: {word!r} already belongs to {names[word]!r}."
                )
            names[word] = entry.id


def _refuse(file: Path, key: str, message: str) -> CatalogueError:
    return CatalogueError(f"{file}: {key}: {message}.", file=str(file), key=key)
