"""Makes a runtime of what an administrator wrote down, or says which field is wrong.

What the catalogue may do and this may not: show a directory of the host that was not found at the
start (`home`), keep an interpreter beside the sandboxes that is not the catalogue's own
(`run_start = "forked"`), have files prepared, and read a version with any regular expression.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runyard.domain.errors import InvalidRequestError, RunyardError, TooLargeError
from runyard.domain.files import File, check_path
from runyard.domain.limits import COMPILE_LIMITS, RUN_LIMITS, Limits, choose_limits
from runyard.domain.runtime import Command, SelfTest, Start
from runyard.services.admission import check_distinct
from runyard.services.catalogue_entry import CatalogueEntry, Toolchain, ToolchainHome
from runyard.services.catalogue_tables import (
    LimitsTable,
    ToolchainTable,
    build_home,
    build_toolchain,
)
from runyard.services.runtime_definition import (
    FILE_FIELDS,
    FILES_BYTES_MAX,
    STDIN_CHARACTERS_MAX,
    FileTable,
    RuntimeDefinition,
    pack_definition,
    summarize_definition,
)

# Without the contents of files; the audit log keeps this twice for each change.
DEFINITION_BYTES_MAX = 64 * 1024
# Behind everything that the catalogue has.
RANK = 1000

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENV_COUNT_MAX = 64
_ENV_CHARACTERS_MAX = 4096
# Plain text and then digits: it cannot backtrack for long.
_VERSION_PATTERN = re.compile(
    r"(?:[A-Za-z0-9_ /:=,-]|\\[().])*\(?\\d\+(?:\(\?:\\\.\\d\+\)[+*])?\)?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionBounds:
    """What definitions may ask for: limits, and what the catalogue itself names."""

    limits_max: Limits
    homes: frozenset[ToolchainHome]
    # Commands that the catalogue has forked.
    forked: tuple[Command, ...]
    version_patterns: frozenset[str]


def find_bounds(entries: Iterable[CatalogueEntry], limits_max: Limits) -> DefinitionBounds:
    toolchains = [toolchain for entry in entries for toolchain in entry.toolchains]
    return DefinitionBounds(
        limits_max=limits_max,
        homes=frozenset(each.home for each in toolchains if each.home is not None),
        forked=tuple(each.run for each in toolchains if each.run.start is Start.FORKED),
        version_patterns=frozenset(each.version_pattern for each in toolchains),
    )


def define(
    runtime_id: str,
    definition: RuntimeDefinition,
    *,
    base: CatalogueEntry | None,
    bounds: DefinitionBounds,
) -> CatalogueEntry:
    """Return the entry that the definition makes of `base`, or by itself.

    Raises InvalidRequestError and its kin, and TooLargeError.
    """
    given = pack_definition(definition)
    _check_size(given)
    entry = _take_texts(base or _blank(runtime_id), definition)
    entry = _take_limits(entry, definition, bounds)
    entry = _take_files(entry, definition)
    if definition.toolchain is not None:
        toolchains = _take_toolchains(definition.toolchain, base, bounds)
        entry = replace(entry, toolchains=toolchains)
    _check_complete(entry, definition, is_new=base is None)
    if base is not None and _what_is_run(entry) == _what_is_run(base):
        return entry
    # No secret and not hidden: it tells one state from another.
    digest = hashlib.sha256(repr(_what_is_run(entry)).encode()).hexdigest()
    return replace(entry, digest=digest)


def _blank(runtime_id: str) -> CatalogueEntry:
    return CatalogueEntry(
        id=runtime_id,
        language="",
        name="",
        description="",
        rank=RANK,
        entry="",
        aliases=(),
        extensions=(),
        image=None,
        image_verified=False,
        extra_files=(),
        compile_limits=COMPILE_LIMITS,
        run_limits=RUN_LIMITS,
        example="",
        example_stdout="",
        self_test=SelfTest(files=(), expected_stdout=""),
        toolchains=(),
        digest="",
    )


def _take_texts(entry: CatalogueEntry, definition: RuntimeDefinition) -> CatalogueEntry:
    names = ("language", "name", "description", "rank", "entry", "image", "image_verified")
    given: dict[str, Any] = {name: getattr(definition, name) for name in names}
    for name in ("aliases", "extensions"):
        values = getattr(definition, name)
        given[name] = None if values is None else tuple(dict.fromkeys(values))
    if definition.entry is not None:
        check_path(definition.entry)
    return replace(entry, **{name: value for name, value in given.items() if value is not None})


def _take_limits(
    entry: CatalogueEntry, definition: RuntimeDefinition, bounds: DefinitionBounds
) -> CatalogueEntry:
    def choose(former: Limits, table: LimitsTable | None, group: str) -> Limits:
        given = {} if table is None else table.given()
        return choose_limits(former, given, bounds.limits_max, group=group)

    return replace(
        entry,
        compile_limits=choose(entry.compile_limits, definition.compile_limits, "compile_limits"),
        run_limits=choose(entry.run_limits, definition.run_limits, "run_limits"),
    )


def _take_files(entry: CatalogueEntry, definition: RuntimeDefinition) -> CatalogueEntry:
    example, test = definition.example, definition.self_test
    if example is not None and example.files is not None:
        sources = {file.path: file.content for file in _build_files(example.files)}
        if entry.entry not in sources:
            raise _refuse("example.files", f"there is no {entry.entry!r}, the entry")
        entry = replace(entry, example=sources[entry.entry].decode())
    if example is not None and example.expected_stdout is not None:
        entry = replace(entry, example_stdout=example.expected_stdout)
    if test is not None:
        former = entry.self_test
        made = SelfTest(
            files=former.files if test.files is None else _build_files(test.files),
            stdin=former.stdin if test.stdin is None else test.stdin.encode(),
            expected_stdout=test.expected_stdout or former.expected_stdout,
        )
        entry = replace(entry, self_test=made)
    if definition.extra_files is not None:
        entry = replace(entry, extra_files=_build_files(definition.extra_files))
    return entry


def _build_files(files: Sequence[FileTable]) -> tuple[File, ...]:
    built = tuple(
        File(check_path(file.path), file.content.encode(), executable=file.executable)
        for file in files
    )
    check_distinct([file.path for file in built])
    return built


def _take_toolchains(
    tables: Sequence[ToolchainTable], base: CatalogueEntry | None, bounds: DefinitionBounds
) -> tuple[Toolchain, ...]:
    known = () if base is None else base.toolchains
    made: list[Toolchain] = []
    for number, table in enumerate(tables):
        key = f"toolchain[{number}]"
        _check_toolchain(table, bounds, key=key)
        toolchain = build_toolchain(table, key=key, refuse=_refuse)
        # One that is given as it is keeps what cannot be given.
        same = (each for each in known if replace(each, preparation=None) == toolchain)
        made.append(next(same, toolchain))
    return tuple(made)


def _check_toolchain(table: ToolchainTable, bounds: DefinitionBounds, *, key: str) -> None:
    for program in table.programs:
        if "/" in program or program in {".", ".."}:
            raise _refuse(f"{key}.programs", f"{program[:80]!r} is a path; give a name")
    if table.prepared is not None:
        raise _refuse(f"{key}.prepared", "only the catalogue has prepared files; leave it out")
    if table.home is not None and build_home(table.home) not in bounds.homes:
        raise _refuse(
            f"{key}.home",
            "only a directory that the catalogue itself names can be shown; give one of its homes"
            " unchanged",
        )
    _check_env(table.env, key=f"{key}.env")
    if len(table.version_pattern) > 200 or not (
        table.version_pattern in bounds.version_patterns
        or _VERSION_PATTERN.fullmatch(table.version_pattern)
    ):
        raise _refuse(
            f"{key}.version_pattern",
            r"give plain text and then (\d+(?:\.\d+)+), such as 'go(\d+(?:\.\d+)+)'",
        )
    if table.run_start == "forked" and not any(
        command.argv == tuple(table.run) and command.env == table.env for command in bounds.forked
    ):
        raise _refuse(f"{key}.run_start", "this command cannot be forked; give 'waiting' or none")
    if len(table.hint) > 400 or len(table.version_stdin) > STDIN_CHARACTERS_MAX:
        raise _refuse(key, "hint or version_stdin is too long")


def _check_env(env: Mapping[str, str], *, key: str) -> None:
    if len(env) > _ENV_COUNT_MAX:
        raise _refuse(key, f"there are {len(env)} variables; at most {_ENV_COUNT_MAX} are allowed")
    for name, value in env.items():
        if not _ENV_NAME.fullmatch(name) or len(name) > 100:
            raise _refuse(key, f"{name[:80]!r} is not a variable's name")
        if "\0" in value or len(value) > _ENV_CHARACTERS_MAX:
            raise _refuse(
                f"{key}.{name}", f"at most {_ENV_CHARACTERS_MAX} characters without NUL are allowed"
            )


def _check_size(given: Mapping[str, Any]) -> None:
    size = len(json.dumps(summarize_definition(given)))
    if size > DEFINITION_BYTES_MAX:
        raise TooLargeError(
            f"The definition has {size} bytes beside its files; at most {DEFINITION_BYTES_MAX} are"
            " allowed.",
            limit="definition_bytes_max",
        )
    files = len(json.dumps({name: given[name] for name in given if name in FILE_FIELDS}))
    if files > FILES_BYTES_MAX:
        raise TooLargeError(
            f"The definition's files have {files} bytes together; at most {FILES_BYTES_MAX} are"
            " allowed.",
            limit="files_bytes_max",
        )


def _check_complete(entry: CatalogueEntry, definition: RuntimeDefinition, *, is_new: bool) -> None:
    if is_new:
        for name in ("language", "name", "description", "entry", "toolchain"):
            if getattr(definition, name) is None:
                raise _refuse(name, "a new runtime needs it")
        for key, value in (
            ("example.files", entry.example),
            ("example.expected_stdout", entry.example_stdout),
            ("self_test.expected_stdout", entry.self_test.expected_stdout),
        ):
            if not value:
                raise _refuse(key, "a new runtime needs it")
    if entry.entry not in {file.path for file in entry.self_test.files}:
        raise _refuse("self_test.files", f"there is no {entry.entry!r}, the entry")


def _what_is_run(entry: CatalogueEntry) -> tuple[object, ...]:
    return (entry.entry, entry.extra_files, entry.self_test, entry.toolchains)


def _refuse(key: str, message: str) -> RunyardError:
    return InvalidRequestError(
        f"{key}: {message}.", errors=[{"field": key, "message": f"{message}."}]
    )
