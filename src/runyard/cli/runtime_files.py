"""Reads what an administrator wrote down of a runtime: TOML as in the catalogue, or JSON."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

from runyard.cli.output import UsageError

FILE_COUNT_MAX = 50
_OF_CATALOGUE = "runtime.toml"
# Folders beside the file, as the catalogue has them, and where their files belong.
_FOLDERS = {"example": "example", "selftest": "self_test", "extra": "extra_files"}


def load_definition(path: Path) -> dict[str, Any]:
    """Return the fields of the file and the files of the folders beside a runtime.toml, unless the
    file itself has those.
    """
    definition = _parse(path)
    if path.name != _OF_CATALOGUE:
        return definition
    for folder, name in _FOLDERS.items():
        files = _read_folder(path.parent / folder)
        if not files:
            continue
        if name == "extra_files":
            definition.setdefault(name, files)
        elif isinstance(definition.setdefault(name, {}), dict):
            definition[name].setdefault("files", files)
    return definition


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        parsed = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}.") from error
    if not isinstance(parsed, dict):
        raise UsageError(f"{path}: a runtime has fields; this is none.")
    return parsed


def _read_folder(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(paths) > FILE_COUNT_MAX:
        raise UsageError(f"{folder}: more than {FILE_COUNT_MAX} files.")
    return [_read(path, folder) for path in paths if "__pycache__" not in path.parts]


def _read(path: Path, folder: Path) -> dict[str, Any]:
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not text in UTF-8.") from error
    return {
        "path": path.relative_to(folder).as_posix(),
        "content": content,
        "executable": os.access(path, os.X_OK),
    }
