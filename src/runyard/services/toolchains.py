"""Finds which toolchains of the catalogue this host has, without running any of them.

Must be done while the process may still read everything: once privileges are dropped, a
toolchain in an operator's home can be shown in a sandbox but no longer be looked at.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runyard.domain.runtime import Command, Mount, Runtime
from runyard.services.catalogue_entry import CatalogueEntry, Preparation, Toolchain, ToolchainHome

STANDARD_DIRS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/go/bin")
# These only choose a toolchain from the caller's home, which a sandbox does not have.
_PROXIES = {"rustup", "rustup-init"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHome:
    """A toolchain outside the standard places that was found while everything could be read.
    `programs` are the paths that a sandbox sees; `fingerprint` changes with them.
    """

    source: Path
    programs: Mapping[str, str]
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolchainSearch:
    """Where to look. `toolchain_dirs` hold one folder for each toolchain, such as typescript/."""

    home: Path = field(default_factory=Path.home)
    toolchain_dirs: tuple[Path, ...] = ()
    program_dirs: tuple[str, ...] = STANDARD_DIRS
    # What every sandbox shows of the host; a program that is really elsewhere needs a mount.
    visible_roots: tuple[str, ...] = ("/usr",)
    # What was found before, beside which no home is looked for; None: look for them.
    homes: Mapping[ToolchainHome, KnownHome] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A toolchain that is there: the runtime it would make, and how to ask its version."""

    runtime: Runtime
    version_runtime: Runtime
    version_stdin: bytes
    version_pattern: str
    # Changes when the catalogue's entry or any of the toolchain's programs does.
    fingerprint: str
    preparation: Preparation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a host has for one entry: candidates, the preferred one first, or what is missing."""

    entry: CatalogueEntry
    candidates: tuple[Candidate, ...]
    missing: str | None
    homes: Mapping[ToolchainHome, KnownHome] = field(default_factory=dict)


def find_toolchains(
    entries: Sequence[CatalogueEntry], search: ToolchainSearch
) -> tuple[Found, ...]:
    return tuple(_find_entry(entry, search) for entry in entries)


def known_homes(found: Iterable[Found]) -> Mapping[ToolchainHome, KnownHome]:
    return {home: known for each in found for home, known in each.homes.items()}


def revise(found: Found, entry: CatalogueEntry) -> Found:
    """Return what there is for an entry of the same toolchains that differs in other fields."""
    candidates = tuple(_revise(each, found.entry, entry) for each in found.candidates)
    return replace(found, entry=entry, candidates=candidates)


def mount_sources(found: Sequence[Found]) -> tuple[Path, ...]:
    """Return the host directories that runtimes want to show beside the standard root."""
    sources = {
        mount.source: None
        for each in found
        for candidate in each.candidates
        for mount in candidate.runtime.mounts
    }
    return tuple(Path(source) for source in sources)


def build_runtime(
    entry: CatalogueEntry, toolchain: Toolchain, located: _Located | None = None
) -> Runtime:
    """Return the runtime of this entry with this toolchain; `located` None: as on no host."""
    located = located or _Located(programs={}, mount=None, path=":".join(STANDARD_DIRS))
    return Runtime(
        id=entry.id,
        version="",
        compile=toolchain.compile and located.resolve(toolchain.compile),
        run=located.resolve(toolchain.run),
        build_outputs=toolchain.build_outputs,
        mounts=(located.mount,) if located.mount else (),
        **_describe(entry),
    )


def _describe(entry: CatalogueEntry) -> dict[str, Any]:
    """Return the fields of a runtime that no toolchain decides."""
    names = (
        *("language", "name", "description", "image", "entry", "aliases", "extensions"),
        *("extra_files", "compile_limits", "run_limits", "example", "self_test"),
    )
    return {name: getattr(entry, name) for name in names}


def _revise(candidate: Candidate, former: CatalogueEntry, entry: CatalogueEntry) -> Candidate:
    fingerprint = candidate.fingerprint
    if entry.digest != former.digest:
        fingerprint = hashlib.sha256(f"{fingerprint}\0{entry.digest}".encode()).hexdigest()
    runtime = replace(candidate.runtime, digest=fingerprint, **_describe(entry))
    return replace(
        candidate,
        runtime=runtime,
        version_runtime=_only_running(runtime, candidate.version_runtime.run),
        fingerprint=fingerprint,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Located:
    """Where a toolchain's programs are, as a sandbox sees them."""

    programs: dict[str, str]
    mount: Mount | None
    path: str
    # What was known of its home before, if anything.
    known: str = ""

    def resolve(self, command: Command) -> Command:
        """Return the command with its program's full path and the environment all have."""
        program, *rest = command.argv
        env = {"PATH": self.path, "HOME": "/tmp", "LANG": "C.UTF-8", **command.env}  # noqa: S108
        return replace(command, argv=(self.programs.get(program, program), *rest), env=env)


def _find_entry(entry: CatalogueEntry, search: ToolchainSearch) -> Found:
    candidates: list[Candidate] = []
    homes: dict[ToolchainHome, KnownHome] = {}
    missing: str | None = None
    said_package = False
    for toolchain in entry.toolchains:
        located = _locate(toolchain, search)
        if isinstance(located, str):
            # A package is easier to install than a toolchain is to unpack.
            if missing is None or (toolchain.packages and not said_package):
                missing, said_package = located, bool(toolchain.packages)
            continue
        runtime = build_runtime(entry, toolchain, located)
        fingerprint = _fingerprint(entry, runtime, located)
        runtime = replace(runtime, digest=fingerprint)
        if toolchain.home is not None and located.mount is not None:
            homes[toolchain.home] = KnownHome(
                source=Path(located.mount.source),
                programs=located.programs,
                fingerprint=fingerprint,
            )
        version = located.resolve(toolchain.version)
        candidates.append(
            Candidate(
                runtime=runtime,
                version_runtime=_only_running(runtime, version),
                version_stdin=toolchain.version_stdin,
                version_pattern=toolchain.version_pattern,
                fingerprint=fingerprint,
                preparation=_prepare(toolchain, located),
            )
        )
    return Found(entry=entry, candidates=tuple(candidates), missing=missing, homes=homes)


def _prepare(toolchain: Toolchain, located: _Located) -> Preparation | None:
    preparation = toolchain.preparation
    if preparation is None:
        return None
    return replace(
        preparation,
        commands=tuple(located.resolve(command) for command in preparation.commands),
        compile=preparation.compile and located.resolve(preparation.compile),
        run=preparation.run and located.resolve(preparation.run),
    )


def _only_running(runtime: Runtime, command: Command) -> Runtime:
    return Runtime(
        id=runtime.id,
        language=runtime.language,
        name=runtime.name,
        version="",
        entry=runtime.entry,
        run=command,
        # A compiler may want more merely to say its version than its programs get.
        run_limits=runtime.compile_limits,
        mounts=runtime.mounts,
    )


def _locate(toolchain: Toolchain, search: ToolchainSearch) -> _Located | str:
    """Return where the toolchain is, or in words what is missing."""
    mount: Mount | None = None
    known: KnownHome | None = None
    if toolchain.home:
        if search.homes is None:
            source = _find_home(toolchain.home, search)
        else:
            known = search.homes.get(toolchain.home)
            source = known.source if known else None
        if source is None:
            return _not_installed(toolchain, toolchain.home.target)
        mount = Mount(source=str(source), target=toolchain.home.target)
    own_dirs = [f"{mount.target}/bin", mount.target] if mount else []
    programs: dict[str, str] = {}
    for program in toolchain.programs:
        path = known.programs.get(program) if known else None
        path = path or _find_program(program, mount, search)
        if path is None:
            return _not_installed(toolchain, program)
        programs[program] = path
    used = {os.path.dirname(path) for path in programs.values()}  # noqa: PTH120
    path = ":".join([*(each for each in own_dirs if each in used), *STANDARD_DIRS])
    return _Located(
        programs=programs, mount=mount, path=path, known=known.fingerprint if known else ""
    )


def _not_installed(toolchain: Toolchain, what: str) -> str:
    if toolchain.packages:
        plural = "s" if len(toolchain.packages) > 1 else ""
        how = f"apt package{plural} {' '.join(toolchain.packages)}"
    else:
        how = toolchain.hint
    return f"not installed: {how} ({what} was not found)"


def _find_home(home: ToolchainHome, search: ToolchainSearch) -> Path | None:
    for pattern in _expand(home.candidates, search):
        parts = Path(pattern).parts[1:]
        # The newest version first where several match.
        for path in sorted(Path("/").glob("/".join(parts)), key=_version_key, reverse=True):
            if all(_exists(path / name) for name in home.has):
                return path.resolve()
    return None


def _expand(candidates: Sequence[str], search: ToolchainSearch) -> list[str]:
    expanded: list[str] = []
    for candidate in candidates:
        if "{toolchains}" in candidate:
            expanded += [
                candidate.replace("{toolchains}", str(folder.resolve()))
                for folder in search.toolchain_dirs
            ]
        elif candidate.startswith("~/"):
            expanded.append(f"{search.home}/{candidate[2:]}")
        else:
            expanded.append(candidate)
    return expanded


def _version_key(path: Path) -> tuple[tuple[int, ...], str]:
    return tuple(int(digits) for digits in re.findall(r"\d+", path.name)), path.name


def _find_program(program: str, mount: Mount | None, search: ToolchainSearch) -> str | None:
    """Return the program's path as a sandbox sees it."""
    if mount:
        for folder in ("/bin", ""):
            if os.access(f"{mount.source}{folder}/{program}", os.X_OK):
                return f"{mount.target}{folder}/{program}"
    for folder in search.program_dirs:
        path = f"{folder}/{program}"
        if _is_usable(path, search.visible_roots):
            return path
    return None


def _is_usable(path: str, visible_roots: Sequence[str]) -> bool:
    real = os.path.realpath(path)
    visible = any(real.startswith(f"{root}/") for root in visible_roots)
    return visible and os.access(real, os.X_OK) and os.path.basename(real) not in _PROXIES  # noqa: PTH119


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _fingerprint(entry: CatalogueEntry, runtime: Runtime, located: _Located) -> str:
    digest = hashlib.sha256(entry.digest.encode())
    digest.update(repr((runtime.compile, runtime.run, runtime.mounts)).encode())
    for path in sorted(located.programs.values()):
        host = path
        if located.mount and path.startswith(f"{located.mount.target}/"):
            host = located.mount.source + path.removeprefix(located.mount.target)
        real = os.path.realpath(host)
        if located.known:
            # It may no longer be looked at.
            digest.update(f"{real}\0{located.known}\0".encode())
            continue
        facts = os.stat(real)  # noqa: PTH116
        digest.update(f"{real}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()
