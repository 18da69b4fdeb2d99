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
_ZYGOTE = _ROOT / "agent" / "zygote"
_TESTS = _ROOT / "agent" / "tests"
_BINARIES = _ROOT / "src" / "runyard" / "_binaries"
_CACHE = _ROOT / ".cache"
_WARNINGS = ("-std=gnu17", "-Wall", "-Wextra", "-Werror")
_STATIC = ("-O2", "-static", "-s", "-fno-strict-aliasing", "-fstack-protector-strong")
_SHARED = ("-O2", "-shared", "-fPIC", "-s", "-fvisibility=hidden", "-fno-builtin")
# What a program does to itself when it is forked is what a job does.
_ZYGOTE_SHARES = ("credentials.c", "fault.c", "seccomp.c", "seccomp_table.c")
_SANITIZED = (
    *("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "-fno-omit-frame-pointer",
)


def build(machines: Sequence[str] = MACHINES) -> list[Path]:
    """Return the static binaries for `machines`, built if they are not current."""
    outputs = []
    for machine in machines:
        output = _BINARIES / f"runyard-agent-{machine}"
        compiler = _compiler(f"{machine}-linux-musl")
        _build_agent(output, machine, compiler, (*_WARNINGS, *_STATIC))
        outputs.append(output)
    return outputs


def build_sanitized() -> Path:
    """Return the agent with AddressSanitizer and UndefinedBehaviorSanitizer."""
    output = _CACHE / "agent" / "runyard-agent-sanitized"
    _build_agent(output, host_machine(), ["gcc"], (*_WARNINGS, *_SANITIZED))
    return output


def build_fuzz() -> Path:
    """Return the frame reader alone, under the sanitizers, that reads inputs from stdin."""
    output = _CACHE / "agent" / "fuzz-frames"
    flags = (*_WARNINGS, *_SANITIZED, "-DFUZZ_MAIN", "-DAGENT_WITHOUT_MAIN", f"-I{_SOURCES}")
    extra = (_TESTS / "fuzz_frames.c",)
    _build_agent(output, host_machine(), ["gcc"], flags, extra=extra)
    return output


def host_machine() -> str:
    machine = platform.machine().lower()
    return MACHINE_ALIASES.get(machine, machine)


def _build_agent(
    output: Path,
    machine: str,
    compiler: Sequence[str],
    flags: Sequence[str],
    extra: Sequence[Path] = (),
) -> None:
    library = _build_zygote(machine)
    # The compiler's cache does not see what .incbin reads: another library has another flag.
    digest = hashlib.sha256(library.read_bytes()).hexdigest()
    place = os.path.relpath(library, _SOURCES)
    extra_flags = (f'-DZYGOTE_LIBRARY="{place}"', f"-DZYGOTE_DIGEST={digest}")
    sources = [*sorted(_SOURCES.glob("*.c")), *extra]
    _build_one(output, compiler, (*flags, *extra_flags), sources)


def _build_zygote(machine: str) -> Path:
    """Return the library that is preloaded into zygotes. It is part of the agent's binary."""
    output = _CACHE / "agent" / f"zygote-{machine}.so"
    # What it calls of the C library is in every one since 2012.
    compiler = _compiler(f"{machine}-linux-gnu.2.17")
    sources = [*sorted(_ZYGOTE.glob("*.c")), *(_SOURCES / name for name in _ZYGOTE_SHARES)]
    _build_one(output, compiler, (*_WARNINGS, *_SHARED, f"-I{_SOURCES}"), sources)
    return output


def _compiler(target: str) -> list[str]:
    return [sys.executable, "-m", "ziglang", "cc", "-target", target]


def _build_one(
    output: Path,
    compiler: Sequence[str],
    flags: Sequence[str],
    sources: Sequence[Path],
) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time():
        stamp = _CACHE / "agent" / f"{output.name}.stamp"
        wanted = _digest([*compiler, *flags], sources)
        if output.exists() and stamp.exists() and stamp.read_text() == wanted:
            return
        partial = output.with_name(f".{output.name}.partial")
        places = [os.path.relpath(source, _SOURCES) for source in sources]
        command = [*compiler, *flags, *places, "-o", str(partial)]
        # The working directory keeps this machine's paths out of the binary.
        finished = subprocess.run(command, cwd=_SOURCES, env=_environment(), check=False)
        if finished.returncode != 0:
            raise SystemExit(f"Building {output.name} failed; see the compiler's messages above.")
        partial.chmod(0o755)
        partial.replace(output)
        stamp.write_text(wanted)


def _digest(command: Sequence[str], files: Sequence[Path]) -> str:
    digest = hashlib.sha256("\0".join(command).encode())
    headers = [*_SOURCES.glob("*.h"), *_ZYGOTE.glob("*.h")]
    for path in (*sorted(headers), *files):
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
