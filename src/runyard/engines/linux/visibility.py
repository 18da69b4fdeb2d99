"""Show a user the needed paths below directories it may not enter, and nothing else of them.

In a mount namespace of its own, an empty tmpfs takes the place of each closed directory (/root,
say), and the needed paths are attached again below it: code read-only, data writable. The
siblings of the needed paths are then out of reach whatever their modes are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from runyard.engines.linux import system_calls

# As many as the kernel follows in one path.
_LINKS_MAX = 40
# Each round opens one more closed directory on the way to a path; real trees need one or two.
_ROUNDS_MAX = 8

_TMPFS_FLAGS = system_calls.MS_NOSUID | system_calls.MS_NODEV | system_calls.MS_NOEXEC
_DATA_ATTRIBUTES = system_calls.MOUNT_ATTR_NOSUID | system_calls.MOUNT_ATTR_NODEV
_CODE_ATTRIBUTES = _DATA_ATTRIBUTES | system_calls.MOUNT_ATTR_RDONLY

ActingAs = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """How a path is reached: directories entered, symbolic links followed, where it ends."""

    directories: tuple[Path, ...]
    links: tuple[Path, ...]
    end: Path


def show_only(*, readable: Sequence[Path], writable: Sequence[Path], acting_as: ActingAs) -> None:
    """Rebuild every directory that stands in the way of these paths; do nothing if none does.

    Raises OSError, FileNotFoundError for a path that does not exist included.
    """
    folder = Path.cwd()
    is_private = False
    for _ in range(_ROUNDS_MAX):
        routes = [trace(path) for path in (*readable, *writable)]
        data = {trace(path).end for path in writable}
        with acting_as():
            closed = {_first_closed(route) for route in routes} - {None}
        if not closed:
            break
        if not is_private:
            _make_namespace()
            is_private = True
        for directory in closed:
            assert directory is not None
            _rebuild(directory, routes, data)
    if is_private:
        _enter_again(folder)


def trace(path: Path) -> Route:
    """Follow `path` part by part, as the kernel does."""
    here = Path("/")
    directories: list[Path] = []
    links: list[Path] = []
    pending = list(reversed(path.absolute().parts[1:]))
    while pending:
        part = pending.pop()
        if part == "..":
            here = here.parent
            continue
        directories.append(here)
        step = here / part
        if not step.is_symlink():
            here = step
            continue
        links.append(step)
        if len(links) > _LINKS_MAX:
            raise OSError(f"{path} goes through more than {_LINKS_MAX} symbolic links")
        target = step.readlink()
        here = Path("/") if target.is_absolute() else here
        pending += [part for part in reversed(target.parts) if part != "/"]
    here.stat()
    if here.is_dir():
        directories.append(here)
    return Route(tuple(directories), tuple(links), here)


def _first_closed(route: Route) -> Path | None:
    for directory in route.directories:
        # The last directory is listed too, by the import system for example.
        wanted = os.X_OK | (os.R_OK if directory == route.end else 0)
        if not os.access(directory, wanted, effective_ids=True):
            return directory
    return None


def _make_namespace() -> None:
    system_calls.unshare(system_calls.CLONE_NEWNS)
    # A slave still sees what the administrator mounts later, and shows nothing of its own.
    system_calls.mount(None, Path("/"), flags=system_calls.MS_REC | system_calls.MS_SLAVE)


def _rebuild(directory: Path, routes: Iterable[Route], data: set[Path]) -> None:
    if directory == Path("/"):
        raise PermissionError("the root directory is closed to other users; run `chmod 755 /`")
    links = {
        link: str(link.readlink())
        for route in routes
        for link in route.links
        if directory in link.parents
    }
    ends = _outermost(_ends_below(directory, routes), data)
    copies = {
        end: system_calls.clone_mount(
            end, attributes=_DATA_ATTRIBUTES if _is_data(end, data) else _CODE_ATTRIBUTES
        )
        for end in ends
        if not end.is_symlink()
    }
    links |= {end: str(end.readlink()) for end in ends if end.is_symlink()}
    files = {end for end in copies if not end.is_dir()}
    umask = os.umask(0o022)
    try:
        system_calls.mount("tmpfs", directory, flags=_TMPFS_FLAGS, options="mode=0755,size=1m")
        for place in sorted({*links, *copies}, key=lambda path: len(path.parts)):
            _restore(place, link=links.get(place), copy=copies.get(place), is_file=place in files)
        flags = system_calls.MS_REMOUNT | system_calls.MS_BIND | system_calls.MS_RDONLY
        system_calls.mount(None, directory, flags=flags | _TMPFS_FLAGS)
    finally:
        os.umask(umask)
        for copy in copies.values():
            os.close(copy)


def _ends_below(directory: Path, routes: Iterable[Route]) -> set[Path]:
    ends: set[Path] = set()
    for route in routes:
        if route.end == directory:
            # The needed path is itself closed: a new directory with the same entries replaces it.
            ends.update(directory.iterdir())
        elif directory in route.end.parents:
            ends.add(route.end)
    return ends


def _outermost(ends: set[Path], data: set[Path]) -> set[Path]:
    """Leave out what an attached parent of the same kind brings along."""
    return {
        end
        for end in ends
        if not any(
            parent in ends and _is_data(parent, data) == _is_data(end, data)
            for parent in end.parents
        )
    }


def _is_data(path: Path, data: set[Path]) -> bool:
    return any(path == top or top in path.parents for top in data)


def _restore(place: Path, *, link: str | None, copy: int | None, is_file: bool) -> None:
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if link is not None:
        if not place.is_symlink():
            place.symlink_to(link)
        return
    assert copy is not None
    if is_file:
        if not place.exists():
            place.touch(mode=0o644)
    else:
        place.mkdir(mode=0o755, exist_ok=True)
    system_calls.attach_mount(copy, place)


def _enter_again(folder: Path) -> None:
    """The working directory still is the one in the hidden tree: enter its visible twin."""
    try:
        os.chdir(folder)
    except OSError:
        os.chdir("/")
