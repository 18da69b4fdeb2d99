"""Compiles the hostile programs, once per content: into .cache, so that a machine without a
compiler can bring them along."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tests.security.manifest import PROGRAMS, Program, load_programs

CACHE = Path(__file__).parents[2] / ".cache" / "security-programs"
HEADER = PROGRAMS / "probe.h"
FLAGS = ("-static", "-O1", "-s", "-w", "-pthread", f"-I{PROGRAMS}")


def build(program: Program) -> bytes:
    """Return what to put into the work directory: an executable, a script, or the source where
    compiling it is the attack."""
    source = program.path
    if source.suffix != ".c" or program.command is not None:
        return source.read_bytes()
    target = CACHE / f"{source.parent.name}-{source.stem}-{_digest(source)}"
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        building = target.with_name(f"{target.name}.{os.getpid()}")
        subprocess.run([*_compiler(), *FLAGS, "-o", building, source], check=True, timeout=120)
        building.rename(target)
    return target.read_bytes()


def build_all() -> None:
    """Build what the manifests name, and remove what former versions left."""
    shutil.rmtree(CACHE, ignore_errors=True)
    for manifest in sorted(PROGRAMS.glob("*/manifest.toml")):
        for program in load_programs(manifest.parent.name).values():
            build(program)


def _digest(source: Path) -> str:
    content = source.read_bytes() + HEADER.read_bytes() + platform.machine().encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _compiler() -> tuple[str, ...]:
    if found := shutil.which("gcc"):
        return (found,)
    return (sys.executable, "-m", "ziglang", "cc", "-target", f"{platform.machine()}-linux-musl")


if __name__ == "__main__":
    build_all()
