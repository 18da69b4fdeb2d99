"""A runtime as an administrator writes it down: the fields of the catalogue, with its files beside
them. Of a runtime that the catalogue has, only those that are to be different.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from runyard.domain.files import File
from runyard.domain.limits import MIB, Limits
from runyard.domain.runtime import Command, Start
from runyard.services.catalogue_entry import CatalogueEntry, Toolchain
from runyard.services.catalogue_tables import (
    ALIAS_PATTERN,
    EXTENSION_PATTERN,
    LimitsTable,
    Table,
    Text,
    ToolchainTable,
)

LANGUAGE_CHARACTERS_MAX = 60
FILE_COUNT_MAX = 50
FILES_BYTES_MAX = 512 * 1024
RANK_MAX = 1_000_000
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
IMAGE_PATTERN = r"^[a-z0-9][A-Za-z0-9._:/@-]*$"

STDIN_CHARACTERS_MAX = 64 * 1024
# What holds files, or consists of them.
FILE_FIELDS = frozenset({"example", "self_test", "extra_files"})


class FileTable(Table):
    path: Annotated[str, Field(min_length=1, max_length=512)]
    content: Annotated[str, Field(max_length=FILES_BYTES_MAX)]
    executable: bool = False


Files = Annotated[list[FileTable], Field(max_length=FILE_COUNT_MAX)]


class ExampleDefinition(Table):
    expected_stdout: Text | None = None
    files: Files | None = None


class SelfTestDefinition(Table):
    stdin: Annotated[str, Field(max_length=STDIN_CHARACTERS_MAX)] | None = None
    expected_stdout: Text | None = None
    files: Files | None = None


class RuntimeDefinition(Table):
    """What is left out is as in the catalogue, or as usual in a runtime that it does not have."""

    language: (
        Annotated[str, Field(min_length=1, max_length=LANGUAGE_CHARACTERS_MAX, pattern=PRINTABLE)]
        | None
    ) = None
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)] | None = None
    description: Text | None = None
    rank: Annotated[int, Field(ge=1, le=RANK_MAX)] | None = None
    entry: Text | None = None
    aliases: (
        Annotated[list[Annotated[str, Field(pattern=ALIAS_PATTERN)]], Field(max_length=16)] | None
    ) = None
    extensions: (
        Annotated[list[Annotated[str, Field(pattern=EXTENSION_PATTERN)]], Field(max_length=16)]
        | None
    ) = None
    image: Annotated[str, Field(max_length=400, pattern=IMAGE_PATTERN)] | None = None
    image_verified: bool | None = None
    compile_limits: LimitsTable | None = None
    run_limits: LimitsTable | None = None
    example: ExampleDefinition | None = None
    self_test: SelfTestDefinition | None = None
    extra_files: Files | None = None
    toolchain: Annotated[list[ToolchainTable], Field(min_length=1, max_length=16)] | None = None


def pack_definition(definition: RuntimeDefinition) -> dict[str, Any]:
    """Return the fields that are given, as JSON."""
    given = definition.model_dump(mode="json", exclude_unset=True)
    return {name: value for name, value in given.items() if value is not None}


def summarize_definition(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the audit log keeps: of files their names, sizes and hashes."""
    return {
        name: _summarize(value) if name in FILE_FIELDS else value for name, value in given.items()
    }


def render_definition(entry: CatalogueEntry) -> dict[str, Any]:
    """Return all fields of a runtime in the form in which they can be given."""
    return {
        "language": entry.language,
        "name": entry.name,
        "description": entry.description,
        "rank": entry.rank,
        "entry": entry.entry,
        "aliases": list(entry.aliases),
        "extensions": list(entry.extensions),
        "image": entry.image,
        "image_verified": entry.image_verified,
        "compile_limits": _render_limits(entry.compile_limits),
        "run_limits": _render_limits(entry.run_limits),
        "example": {
            "expected_stdout": entry.example_stdout,
            "files": _render_files((File(entry.entry, entry.example.encode()),)),
        },
        "self_test": {
            "stdin": entry.self_test.stdin.decode(errors="replace"),
            "expected_stdout": entry.self_test.expected_stdout,
            "files": _render_files(entry.self_test.files),
        },
        "extra_files": _render_files(entry.extra_files),
        "toolchain": [_render_toolchain(each) for each in entry.toolchains],
    }


def _summarize(value: Any) -> Any:
    files = value.get("files") if isinstance(value, dict) else value
    if files is None:
        return value
    listed = [
        {
            "path": file["path"],
            "size_bytes": len(file["content"].encode()),
            "sha256": hashlib.sha256(file["content"].encode()).hexdigest(),
        }
        for file in files
    ]
    return {**value, "files": listed} if isinstance(value, dict) else listed


def _render_limits(limits: Limits) -> dict[str, int | float]:
    return {
        "wall_seconds": limits.wall_seconds,
        "cpu_seconds": limits.cpu_seconds,
        "memory_mib": limits.memory_bytes // MIB,
        "processes": limits.processes,
        "disk_mib": limits.disk_bytes // MIB,
    }


def _render_files(files: Iterable[File]) -> list[dict[str, Any]]:
    return [
        {
            "path": file.path,
            "content": file.content.decode(errors="replace"),
            "executable": file.executable,
        }
        for file in files
    ]


def _render_toolchain(toolchain: Toolchain) -> dict[str, Any]:
    """Without what has the value that it has when it is left out."""
    home, compiler = toolchain.home, toolchain.compile
    fields: dict[str, Any] = {
        "programs": list(toolchain.programs),
        "packages": list(toolchain.packages),
        "hint": toolchain.hint,
        "home": home
        and {
            "target": home.target,
            "has": list(home.has),
            "candidates": list(home.candidates),
        },
        "compile": compiler and list(compiler.argv),
        "compile_start": compiler and _render_start(compiler),
        "run": list(toolchain.run.argv),
        "run_start": _render_start(toolchain.run),
        "build_outputs": list(toolchain.build_outputs),
        "env": dict(toolchain.run.env),
        "version": list(toolchain.version.argv),
        "version_stdin": toolchain.version_stdin.decode(errors="replace"),
        "version_pattern": toolchain.version_pattern,
    }
    return {name: value for name, value in fields.items() if value}


def _render_start(command: Command) -> str | None:
    return None if command.start is Start.COLD else command.start
