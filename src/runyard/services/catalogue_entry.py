"""What a runtime is before a machine was looked at: what a person sees of it and, in order of
preference, the toolchains that can provide it.
"""

from __future__ import annotations

from dataclasses import dataclass

from runyard.domain.files import File
from runyard.domain.limits import Limits
from runyard.domain.runtime import Command, SelfTest

VERSION_PATTERN = r"\d+(?:\.\d+)+"


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
