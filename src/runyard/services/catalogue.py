"""Reads the catalogue of runtimes and refuses what is wrong in it, naming the file and the key.

A `CatalogueEntry` is what a person sees of a runtime and, in order of preference, the toolchains
that can provide it. Which of them a machine has is found by `runyard.services.toolchains`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runyard.domain.errors import CatalogueError, InvalidPathError
from runyard.domain.files import File, check_path
from runyard.domain.limits import COMPILE_LIMITS, MIB, RUN_LIMITS, Limits
from runyard.domain.runtime import Command, SelfTest, Start

PACKAGED = Path(__file__).parent.parent / "catalogue"
ID_PATTERN = r"^[a-z][a-z0-9-]{0,31}$"
ALIAS_PATTERN = r"^[a-z0-9][a-z0-9.+#-]{0,31}$"
EXTENSION_PATTERN = r"^\.[A-Za-z0-9_+-]{1,15}$"
VERSION_PATTERN = r"\d+(?:\.\d+)+"
FOLDER_FILE_COUNT_MAX = 50
FOLDER_FILE_BYTES_MAX = 256 * 1024

_WHOLE_WORD = re.compile(r"^\{(?:sources|others|ordered):(?:-[\w-]+ )?[^\s{}|]+(?:\|[^\s{}|]+)*\}$")
_INSIDE_WORD = re.compile(r"\{(?:entry|stem|name|class|heap_mib)\}")
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "fish", "busybox"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolchainHome:
    """A toolchain outside the standard places, shown at `target`. Each candidate is a pattern in
    which `~` is the operator's home and `{toolchains}` each configured toolchain directory.
    """

    target: str
    has: tuple[str, ...]
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Files that are made once for a toolchain, each command in a sandbox of its own that holds
    `files`, and shown read-only at `target` from then on. `compile` and `run` then take the place
    of the toolchain's own; None leaves them as they are.
    """

    target: str
    files: tuple[File, ...]
    commands: tuple[Command, ...]
    # Globs of what is kept of each sandbox; a file that ends in .gz is unpacked.
    outputs: tuple[str, ...]
    # A file of each sandbox: the paths that the outputs were made from, a line each.
    sources: str
    compile: Command | None = None
    run: Command | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """One way to provide a runtime. `programs` must exist; `hint` says how to get them where no
    Debian package brings them.
    """

    programs: tuple[str, ...]
    packages: tuple[str, ...] = ()
    hint: str = ""
    home: ToolchainHome | None = None
    compile: Command | None = None
    run: Command
    build_outputs: tuple[str, ...] = ()
    preparation: Preparation | None = None
    version: Command
    version_stdin: bytes = b""
    version_pattern: str = VERSION_PATTERN


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    id: str
    language: str
    name: str
    description: str
    # Lower is used more: the order of lists and of self-tests.
    rank: int
    entry: str
    aliases: tuple[str, ...]
    extensions: tuple[str, ...]
    image: str | None
    # Whether anybody has run this runtime from that image.
    image_verified: bool
    extra_files: tuple[File, ...]
    compile_limits: Limits
    run_limits: Limits
    example: str
    example_stdout: str
    self_test: SelfTest
    toolchains: tuple[Toolchain, ...]
    # Changes whenever anything in the entry's folder does.
    digest: str


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


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Word = Annotated[str, Field(min_length=1, max_length=1000)]
_Words = Annotated[list[_Word], Field(min_length=1, max_length=64)]
_Text = Annotated[str, Field(min_length=1, max_length=400)]


class _LimitsTable(_Table):
    wall_seconds: Annotated[float, Field(gt=0)] | None = None
    cpu_seconds: Annotated[float, Field(gt=0)] | None = None
    memory_mib: Annotated[int, Field(ge=4)] | None = None
    processes: Annotated[int, Field(ge=1)] | None = None
    disk_mib: Annotated[int, Field(ge=1)] | None = None

    def over(self, defaults: Limits) -> Limits:
        given = self.model_dump(exclude_none=True)
        for name in ("memory", "disk"):
            if f"{name}_mib" in given:
                given[f"{name}_bytes"] = given.pop(f"{name}_mib") * MIB
        return replace(defaults, **given)


class _HomeTable(_Table):
    target: Annotated[str, Field(pattern=r"^/(?:opt|var/lib)/[a-z0-9_./-]+$")]
    has: _Words
    candidates: _Words


class _PreparedTable(_Table):
    target: Annotated[str, Field(pattern=r"^/opt(/[a-z0-9_][a-z0-9_.-]*)+$")]
    commands: Annotated[list[_Words], Field(min_length=1, max_length=16)]
    outputs: _Words
    sources: _Word
    compile: _Words | None = None
    compile_start: Literal["waiting"] | None = None
    run: _Words | None = None
    run_start: Literal["waiting"] | None = None


class _ToolchainTable(_Table):
    programs: _Words
    packages: list[_Word] = []
    hint: str = ""
    home: _HomeTable | None = None
    compile: _Words | None = None
    compile_start: Literal["waiting"] | None = None
    run: _Words
    # Only an interpreter that is given its program forks; a compiler is handed files.
    run_start: Literal["waiting", "forked"] | None = None
    build_outputs: Annotated[list[_Word], Field(max_length=16)] = []
    prepared: _PreparedTable | None = None
    env: dict[str, str] = {}
    version: _Words
    version_stdin: str = ""
    version_pattern: str = VERSION_PATTERN


class _SelfTestTable(_Table):
    stdin: str = ""
    expected_stdout: _Text


class _ExampleTable(_Table):
    expected_stdout: _Text


class _RuntimeTable(_Table):
    language: _Text
    name: _Text
    description: _Text
    rank: Annotated[int, Field(ge=1)]
    entry: _Text
    aliases: list[Annotated[str, Field(pattern=ALIAS_PATTERN)]] = []
    extensions: list[Annotated[str, Field(pattern=EXTENSION_PATTERN)]] = []
    image: _Text | None = None
    image_verified: bool = False
    compile_limits: _LimitsTable = _LimitsTable()
    run_limits: _LimitsTable = _LimitsTable()
    example: _ExampleTable
    self_test: _SelfTestTable
    toolchain: Annotated[list[_ToolchainTable], Field(min_length=1, max_length=16)]


def _load_entry(file: Path) -> CatalogueEntry:
    folder = file.parent
    refuse = partial(_refuse, file)
    if not re.match(ID_PATTERN, folder.name):
        raise refuse("id", f"the folder's name must match {ID_PATTERN}")
    raw = file.read_bytes()
    try:
        table = _RuntimeTable.model_validate(tomllib.loads(raw.decode()))
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
            _build_toolchain(file, number, toolchain, prepared)
            for number, toolchain in enumerate(table.toolchain)
        ),
        digest=_digest(raw, (*self_test, *extra, *prepared)),
    )


def _build_toolchain(
    file: Path, number: int, table: _ToolchainTable, prepared: tuple[File, ...]
) -> Toolchain:
    key = f"toolchain.{number}"
    for name, argv in (("compile", table.compile), ("run", table.run), ("version", table.version)):
        _check_argv(file, f"{key}.{name}", argv or [])
    try:
        re.compile(table.version_pattern)
    except re.error as error:
        raise _refuse(file, f"{key}.version_pattern", str(error)) from error
    _check_build(file, key, table)
    if not table.packages and not table.hint:
        raise _refuse(file, f"{key}.packages", "say which package brings it, or give a hint")
    return Toolchain(
        programs=tuple(table.programs),
        packages=tuple(table.packages),
        hint=table.hint,
        home=_build_home(table.home) if table.home else None,
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


def _check_build(file: Path, key: str, table: _ToolchainTable) -> None:
    """Refuse what only a compile step can have, and outputs that are not below /work."""
    for name in ("compile_start", "build_outputs", "prepared"):
        if getattr(table, name) and not table.compile:
            raise _refuse(file, f"{key}.{name}", "there is no compile command")
    _check_paths(file, f"{key}.build_outputs", table.build_outputs)
    if table.prepared:
        key = f"{key}.prepared"
        for argv in table.prepared.commands:
            _check_argv(file, f"{key}.commands", argv)
        for name, words in (("compile", table.prepared.compile), ("run", table.prepared.run)):
            _check_argv(file, f"{key}.{name}", words or [])
        _check_paths(file, f"{key}.outputs", [*table.prepared.outputs, table.prepared.sources])


def _check_paths(file: Path, key: str, paths: Iterable[str]) -> None:
    for path in paths:
        try:
            check_path(path)
        except InvalidPathError as error:
            raise _refuse(file, key, error.message.rstrip(".")) from error


def _build_preparation(
    table: _PreparedTable, env: dict[str, str], files: tuple[File, ...]
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


def _build_home(table: _HomeTable) -> ToolchainHome:
    return ToolchainHome(
        target=table.target, has=tuple(table.has), candidates=tuple(table.candidates)
    )


def _check_argv(file: Path, key: str, argv: Sequence[str]) -> None:
    if len(argv) > 1 and Path(argv[0]).name in _SHELLS and argv[1].startswith("-c"):
        raise _refuse(file, key, "a shell string is not a command; list the arguments")
    for word in argv:
        rest = "" if _WHOLE_WORD.match(word) else _INSIDE_WORD.sub("", word)
        if re.search(r"\{[a-z]+[:}]", rest):
            raise _refuse(file, key, f"unknown placeholder in {word!r}")


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
