"""Builds the agent: static binaries for every architecture by ziglang, and a sanitizer build by the
system's gcc for the tests. Does nothing when the sources and the flags are those of the last build.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

MACHINES = ("x86_64", "aarch64")
# What platform.machine() says elsewhere for the same processors.
MACHINE_ALIASES = {"amd64": "x86_64", "arm64": "aarch64"}

_ROOT = Path(__file__).resolve().parent.parent
_SOURCES = _ROOT / "agent" / "src"
_TESTS = _ROOT / "agent" / "tests"
_BINARIES = _ROOT / "src" / "runyard" / "_binaries"
_CACHE = _ROOT / ".cache"
_WARNINGS = ("-std=gnu17", "-Wall", "-Wextra", "-Werror")
_STATIC = ("-O2", "-static", "-s", "-fno-strict-aliasing", "-fstack-protector-strong")
_SANITIZED = (
    *("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "-fno-omit-frame-pointer",
)


def build(machines: Sequence[str] = MACHINES) -> list[Path]:
    """Return the static binaries for `machines`, built if they are not current."""
    outputs = []
    for machine in machines:
        compiler = [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-musl"]
        output = _BINARIES / f"runyard-agent-{machine}"
        _build_one(output, compiler, (*_WARNINGS, *_STATIC))
        outputs.append(output)
    return outputs


def build_sanitized() -> Path:
    """Return the agent with AddressSanitizer and UndefinedBehaviorSanitizer."""
    output = _CACHE / "agent" / "runyard-agent-sanitized"
    _build_one(output, ["gcc"], (*_WARNINGS, *_SANITIZED))
    return output


def build_fuzz() -> Path:
    """Return the frame reader alone, under the sanitizers, that reads inputs from stdin."""
    output = _CACHE / "agent" / "fuzz-frames"
    flags = (*_WARNINGS, *_SANITIZED, "-DFUZZ_MAIN", "-DAGENT_WITHOUT_MAIN", f"-I{_SOURCES}")
    _build_one(output, ["gcc"], flags, extra=(_TESTS / "fuzz_frames.c",))
    return output


def host_machine() -> str:
    machine = platform.machine().lower()
    return MACHINE_ALIASES.get(machine, machine)


def _build_one(
    output: Path, compiler: Sequence[str], flags: Sequence[str], extra: Sequence[Path] = ()
) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    sources = [*sorted(path.name for path in _SOURCES.glob("*.c")), *map(str, extra)]
    with _one_at_a_time():
        stamp = _CACHE / "agent" / f"{output.name}.stamp"
        wanted = _digest([*compiler, *flags], extra)
        if output.exists() and stamp.exists() and stamp.read_text() == wanted:
            return
        partial = output.with_name(f".{output.name}.partial")
        command = [*compiler, *flags, *sources, "-o", str(partial)]
        # The working directory keeps this machine's paths out of the binary.
        finished = subprocess.run(command, cwd=_SOURCES, env=_environment(), check=False)
        if finished.returncode != 0:
            raise SystemExit(f"Building {output.name} failed; see the compiler's messages above.")
        partial.chmod(0o755)
        partial.replace(output)
        stamp.write_text(wanted)


def _digest(command: Sequence[str], extra: Sequence[Path]) -> str:
    digest = hashlib.sha256("\0".join(command).encode())
    for path in (*sorted(_SOURCES.glob("*.[ch]")), *extra):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _environment() -> dict[str, str]:
    zig = _CACHE / "zig"
    return os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(zig), "ZIG_LOCAL_CACHE_DIR": str(zig)}


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    folder = _CACHE / "agent"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host-only", action="store_true", help="only for this machine")
    parser.add_argument("--sanitized", action="store_true", help="the build for the tests")
    options = parser.parse_args()
    outputs = (
        [build_sanitized()]
        if options.sanitized
        else build([host_machine()] if options.host_only else MACHINES)
    )
    for output in outputs:
        sys.stdout.write(f"{output.relative_to(_ROOT)}\n")


if __name__ == "__main__":
    _main()
