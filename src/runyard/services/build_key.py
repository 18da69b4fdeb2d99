"""What decides the result of a compile step, as one hash: equal keys mean equal builds.

All that goes in has its length in front, so nothing can pass for something else. What only concerns
the run (its arguments, environment, input and limits) stays out; a compile limit counts only where
it becomes an argument.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
from contextlib import suppress
from pathlib import Path

from runyard.domain.execution import Request
from runyard.domain.runtime import Command, Runtime, expand_argv

# Another way to compute keys or to store builds must find nothing of the former.
FORMAT = "1"

# They change whenever a package does, and with it a header, a library or a part of a compiler
# that is not itself started by a command of the catalogue.
_PACKAGE_RECORDS = (
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
    "/var/lib/pacman/local",
    "/etc/ld.so.cache",
    "/usr/local/include",
    "/usr/local/lib",
)
_PROCESSOR = Path("/proc/cpuinfo")


def compute_key(request: Request, runtime: Runtime, *, context: str) -> str | None:
    """Return the key of the request's compile step, or None if its result must not be kept:
    it is not known what decides it, or what a run needs of it.
    """
    command = runtime.compile
    if command is None or not runtime.build_outputs or not runtime.digest:
        return None
    if _is_script_replaced(command, request, runtime):
        return None
    argv = expand_argv(
        command,
        entry=request.entry,
        paths=tuple(file.path for file in request.files),
        files=request.files,
        memory_bytes=request.compile_limits.memory_bytes,
    )
    lists = _Lists()
    image = runtime.image or ""
    lists.add(FORMAT, context, runtime.id, runtime.version, runtime.digest, image)
    lists.add(*argv)
    lists.add(*(text for item in sorted(command.env.items()) for text in item))
    lists.add(*runtime.build_outputs)
    for file in sorted(request.files, key=lambda file: file.path):
        lists.add(file.path, str(int(file.executable)), file.content)
    return lists.hexdigest()


def describe_host() -> str:
    """Return a text that changes when the machine's packages or its processor do."""
    parts = [platform.machine(), _processor_features()]
    for path in _PACKAGE_RECORDS:
        with suppress(OSError):
            facts = os.stat(path)  # noqa: PTH116
            parts.append(f"{path} {facts.st_size} {facts.st_mtime_ns}")
    return "\n".join(parts)


def _is_script_replaced(command: Command, request: Request, runtime: Runtime) -> bool:
    """Whether the request brings its own version of a script that the command runs. That one may
    leave anything, not only what the runtime says that a run needs.
    """
    scripts = {file.path: file for file in runtime.extra_files if file.path in command.argv}
    return any(scripts.get(file.path, file) != file for file in request.files)


@functools.cache
def _processor_features() -> str:
    """A compiler may build for the processor it runs on, and the folder may be moved."""
    with suppress(OSError):
        for line in _PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return ""


class _Lists:
    """The hash of lists of texts and bytes, each with its length in front."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, *parts: str | bytes) -> None:
        self._hash.update(_number(len(parts)))
        for part in parts:
            encoded = part.encode() if isinstance(part, str) else part
            self._hash.update(_number(len(encoded)))
            self._hash.update(encoded)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _number(value: int) -> bytes:
    return value.to_bytes(8, "little")
