"""The hostile programs as data: what each runs, what it may spend, what must become of it.

`programs/<class>/manifest.toml` has one table per program. A program prints one line for every
probe in it, `ESCAPED <probe> <detail>` or `BLOCKED <probe> <detail>`; inside the sandbox no probe
may escape, and in the proof every one has to.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from runyard.domain.execution import LimitHit
from runyard.domain.limits import KIB, MIB, Limits

PROGRAMS = Path(__file__).parent / "programs"
INSIDE_LIMITS = Limits(
    wall_seconds=8.0,
    cpu_seconds=8.0,
    memory_bytes=64 * MIB,
    processes=32,
    output_bytes=256 * KIB,
    disk_bytes=8 * MIB,
)
# How the proof of a probe is run (see outside.py).
PROOFS = ("outside", "namespace_root", "root")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the program ends inside. It may hit any one of `limit_hits`; None stands for ending by
    itself, with the exit code or by the signal."""

    exit_code: int | None = 0
    signal: int | None = None
    limit_hits: tuple[LimitHit | None, ...] = (None,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`probes` maps each probe to the proof in which it has to escape."""

    kind: str
    name: str
    source: str
    args: tuple[str, ...] = ()
    proof_args: tuple[str, ...] = ()
    # A shell command around the source, which is then not compiled beforehand; args are $1, $2 …
    command: str | None = None
    # A program of the host without which the attack cannot be tried.
    needs: str | None = None
    limits: Limits = INSIDE_LIMITS
    inside: Ending = field(default_factory=Ending)
    probes: dict[str, str] = field(default_factory=dict)
    # Probes that are stopped only where the engine was started by root; docs/security-model.md
    # says why.
    only_as_root: tuple[str, ...] = ()
    # Bounds of the proof run.
    proof_seconds: float = 10.0
    proof_rlimits: dict[str, int] = field(default_factory=dict)
    # What it starts does not end: the proof is over when every probe was reported.
    is_endless: bool = False
    terminal: bool = False
    # Run inside by a test of its own; only its proof is like the others'.
    is_driven: bool = False

    @property
    def path(self) -> Path:
        return PROGRAMS / self.kind / self.source

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    def argv(self, args: tuple[str, ...]) -> tuple[str, ...]:
        if self.command is not None:
            return ("/bin/sh", "-c", self.command, self.name, *args)
        interpreter = {".py": ("/usr/bin/python3",), ".sh": ("/bin/sh",)}
        return (*interpreter.get(self.path.suffix, ()), f"./{self.file_name}", *args)

    @property
    def file_name(self) -> str:
        return self.source if self.command is not None else self.name


def load_programs(kind: str) -> dict[str, Program]:
    """Return the programs of one class by name."""
    tables = tomllib.loads((PROGRAMS / kind / "manifest.toml").read_text())
    return {name: _parse(kind, name, table) for name, table in tables.items()}


def _parse(kind: str, name: str, table: dict[str, Any]) -> Program:
    known = {item.name for item in fields(Program)} - {"kind", "name"}
    unknown = set(table) - known
    if unknown:
        raise ValueError(f"{kind}/{name}: unknown keys {sorted(unknown)}")
    values = {
        **table,
        "source": table.get("source", f"{name}.c"),
        "args": tuple(table.get("args", ())),
        "proof_args": tuple(table.get("proof_args", table.get("args", ()))),
        "limits": replace(INSIDE_LIMITS, **table.get("limits", {})),
        "only_as_root": tuple(table.get("only_as_root", ())),
        "inside": _parse_ending(dict(table.get("inside", {}))),
    }
    wrong = set(values.get("probes", {}).values()) - set(PROOFS)
    if wrong:
        raise ValueError(f"{kind}/{name}: unknown proofs {sorted(wrong)}")
    return Program(kind=kind, name=name, **values)


def _parse_ending(table: dict[str, Any]) -> Ending:
    """`signal` replaces the exit code; the limit hit is one name or a list, "" meaning none."""
    hits = table.pop("limit_hit", "")
    if "signal" in table:
        table["exit_code"] = None
    names = [hits] if isinstance(hits, str) else hits
    return Ending(limit_hits=tuple(LimitHit(hit) if hit else None for hit in names), **table)
