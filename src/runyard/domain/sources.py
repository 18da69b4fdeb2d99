"""What can be read off source files without understanding their language: enough to name the
class to start and to put files into the order in which a compiler wants them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from runyard.domain.files import File

_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)", re.MULTILINE)
_TYPE = re.compile(r"\b(?:class|interface|enum|record|object|trait)\s+(\w+)")
_MAIN = re.compile(r"\bmain\s*[(=]")
_MODULE = re.compile(r"^\s*module\s+(\w+)", re.MULTILINE | re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def main_class(entry: str, source: bytes) -> str:
    """Return the qualified name of the class to start in a Java-like source file: the one named
    like the file, else the last one that begins before `main`, else the file's name.
    """
    text = _COMMENT.sub(" ", source.decode(errors="replace"))
    name = PurePosixPath(entry).name.partition(".")[0]
    package = _PACKAGE.search(text)
    types = [(found.start(), found[1]) for found in _TYPE.finditer(text)]
    start = _MAIN.search(text)
    if types and start and name not in (declared for _, declared in types):
        before = [declared for position, declared in types if position < start.start()]
        name = before[-1] if before else name
    return f"{package[1]}.{name}" if package else name


def order_by_mention(paths: Sequence[str], files: Sequence[File], *, last: str) -> list[str]:
    """Return `paths` with each file after those whose module it mentions, and `last` at the end.

    A file's modules are its own name and every `module NAME` in it. Cycles and ties keep the
    order given, so a compiler still reports what is really wrong.
    """
    texts = {file.path: file.content.decode(errors="replace").lower() for file in files}
    provided = {path: _modules(path, texts.get(path, "")) for path in paths}
    mentions = {path: set(re.findall(r"\w+", texts.get(path, ""))) for path in paths}
    ordered: dict[str, None] = {}

    pending = [path for path in paths if path != last]
    while pending:
        ready = next(
            (path for path in pending if not _waits(path, pending, provided, mentions)), None
        )
        chosen = ready or pending[0]
        ordered[chosen] = None
        pending.remove(chosen)
    return [*ordered, *(path for path in paths if path == last)]


def _modules(path: str, text: str) -> set[str]:
    return {PurePosixPath(path).name.partition(".")[0].lower(), *_MODULE.findall(text)}


def _waits(
    path: str, pending: list[str], provided: dict[str, set[str]], mentions: dict[str, set[str]]
) -> bool:
    wanted = mentions[path] - provided[path]
    return any(other != path and wanted & provided[other] for other in pending)
