"""The form in which runtimes are written down, and what is refused in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runyard.domain.errors import InvalidPathError, RunyardError
from runyard.domain.files import File, check_path
from runyard.domain.limits import MIB, Limits
from runyard.domain.runtime import Command, Start
from runyard.services.catalogue_entry import (
    VERSION_PATTERN,
    Preparation,
    Toolchain,
    ToolchainHome,
)

ID_PATTERN = r"^[a-z][a-z0-9-]{0,31}$"
ALIAS_PATTERN = r"^[a-z0-9][a-z0-9.+#-]{0,31}$"
EXTENSION_PATTERN = r"^\.[A-Za-z0-9_+-]{1,15}$"

_WHOLE_WORD = re.compile(r"^\{(?:sources|others|ordered):(?:-[\w-]+ )?[^\s{}|]+(?:\|[^\s{}|]+)*\}$")
_INSIDE_WORD = re.compile(r"\{(?:entry|stem|name|class|heap_mib)\}")
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "fish", "busybox"}
# Also joined with other options, as in -ec.
_SHELL_STRING = re.compile(r"-[A-Za-z]*c")

# Makes the error of what is wrong with a key.
Refuse = Callable[[str, str], RunyardError]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Word = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]
Words = Annotated[list[Word], Field(min_length=1, max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[^\x00]+$")]


class LimitsTable(Table):
    wall_seconds: Annotated[float, Field(gt=0)] | None = None
    cpu_seconds: Annotated[float, Field(gt=0)] | None = None
    memory_mib: Annotated[int, Field(ge=4)] | None = None
    processes: Annotated[int, Field(ge=1)] | None = None
    disk_mib: Annotated[int, Field(ge=1)] | None = None

    def given(self) -> dict[str, Any]:
        """Return the limits that are named, as the domain calls them."""
        given = self.model_dump(exclude_none=True)
        for name in ("memory", "disk"):
            if f"{name}_mib" in given:
                given[f"{name}_bytes"] = given.pop(f"{name}_mib") * MIB
        return given

    def over(self, defaults: Limits) -> Limits:
        return replace(defaults, **self.given())


class HomeTable(Table):
    target: Annotated[str, Field(pattern=r"^/(?:opt|var/lib)/[a-z0-9_./-]+$")]
    has: Words
    candidates: Words


class PreparedTable(Table):
    target: Annotated[str, Field(pattern=r"^/opt(/[a-z0-9_][a-z0-9_.-]*)+$")]
    commands: Annotated[list[Words], Field(min_length=1, max_length=16)]
    outputs: Words
    sources: Word
    compile: Words | None = None
    compile_start: Literal["waiting"] | None = None
    run: Words | None = None
    run_start: Literal["waiting"] | None = None


class ToolchainTable(Table):
    programs: Words
    packages: list[Word] = []
    hint: str = ""
    home: HomeTable | None = None
    compile: Words | None = None
    compile_start: Literal["waiting"] | None = None
    run: Words
    # Only an interpreter that is given its program forks; a compiler is handed files.
    run_start: Literal["waiting", "forked"] | None = None
    build_outputs: Annotated[list[Word], Field(max_length=16)] = []
    prepared: PreparedTable | None = None
    env: dict[str, str] = {}
    version: Words
    version_stdin: str = ""
    version_pattern: str = VERSION_PATTERN


class SelfTestTable(Table):
    stdin: str = ""
    expected_stdout: Text


class ExampleTable(Table):
    expected_stdout: Text


class RuntimeTable(Table):
    language: Text
    name: Text
    description: Text
    rank: Annotated[int, Field(ge=1)]
    entry: Text
    aliases: list[Annotated[str, Field(pattern=ALIAS_PATTERN)]] = []
    extensions: list[Annotated[str, Field(pattern=EXTENSION_PATTERN)]] = []
    image: Text | None = None
    image_verified: bool = False
    compile_limits: LimitsTable = LimitsTable()
    run_limits: LimitsTable = LimitsTable()
    example: ExampleTable
    self_test: SelfTestTable
    toolchain: Annotated[list[ToolchainTable], Field(min_length=1, max_length=16)]


def build_toolchain(
    table: ToolchainTable, *, key: str, refuse: Refuse, prepared: tuple[File, ...] = ()
) -> Toolchain:
    """`key` is where the table stands; `prepared` are the files of its preparation."""
    for name, argv in (("compile", table.compile), ("run", table.run), ("version", table.version)):
        _check_argv(refuse, f"{key}.{name}", argv or [])
    try:
        re.compile(table.version_pattern)
    except re.error as error:
        raise refuse(f"{key}.version_pattern", str(error)) from error
    _check_build(refuse, key, table)
    if not table.packages and not table.hint:
        raise refuse(f"{key}.packages", "say which package brings it, or give a hint")
    return Toolchain(
        programs=tuple(table.programs),
        packages=tuple(table.packages),
        hint=table.hint,
        home=build_home(table.home) if table.home else None,
        compile=_build_command(table.compile, table.compile_start, table.env)
        if table.compile
        else None,
        run=_build_command(table.run, table.run_start, table.env),
        build_outputs=tuple(table.build_outputs),
        preparation=_build_preparation(table.prepared, table.env, prepared)
        if table.prepared
        else None,
        version=Command(argv=tuple(table.version), env=table.env),
        version_stdin=table.version_stdin.encode(),
        version_pattern=table.version_pattern,
    )


def _build_command(argv: Sequence[str], start: str | None, env: dict[str, str]) -> Command:
    return Command(argv=tuple(argv), env=env, start=Start(start or "cold"))


def _check_build(refuse: Refuse, key: str, table: ToolchainTable) -> None:
    """Refuse what only a compile step can have, and outputs that are not below /work."""
    for name in ("compile_start", "build_outputs", "prepared"):
        if getattr(table, name) and not table.compile:
            raise refuse(f"{key}.{name}", "there is no compile command")
    _check_paths(refuse, f"{key}.build_outputs", table.build_outputs)
    if table.prepared:
        key = f"{key}.prepared"
        for argv in table.prepared.commands:
            _check_argv(refuse, f"{key}.commands", argv)
        for name, words in (("compile", table.prepared.compile), ("run", table.prepared.run)):
            _check_argv(refuse, f"{key}.{name}", words or [])
        _check_paths(refuse, f"{key}.outputs", [*table.prepared.outputs, table.prepared.sources])


def _check_paths(refuse: Refuse, key: str, paths: Iterable[str]) -> None:
    for path in paths:
        try:
            check_path(path)
        except InvalidPathError as error:
            raise refuse(key, error.message.rstrip(".")) from error


def _build_preparation(
    table: PreparedTable, env: dict[str, str], files: tuple[File, ...]
) -> Preparation:
    return Preparation(
        target=table.target,
        files=files,
        commands=tuple(Command(argv=tuple(argv), env=env) for argv in table.commands),
        outputs=tuple(table.outputs),
        sources=table.sources,
        compile=_build_command(table.compile, table.compile_start, env) if table.compile else None,
        run=_build_command(table.run, table.run_start, env) if table.run else None,
    )


def build_home(table: HomeTable) -> ToolchainHome:
    return ToolchainHome(
        target=table.target, has=tuple(table.has), candidates=tuple(table.candidates)
    )


def _check_argv(refuse: Refuse, key: str, argv: Sequence[str]) -> None:
    for word, following in pairwise(argv):
        if Path(word).name in _SHELLS and _SHELL_STRING.match(following):
            raise refuse(key, "a shell string is not a command; list the arguments")
    for word in argv:
        rest = "" if _WHOLE_WORD.match(word) else _INSIDE_WORD.sub("", word)
        if re.search(r"\{[a-z]+[:}]", rest):
            raise refuse(key, f"unknown placeholder in {word!r}")
