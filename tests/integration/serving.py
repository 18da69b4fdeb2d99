"""Servers and commands that see nothing of the caller's settings and records."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runyard.testing import server
from runyard.testing.server import Server


def environment(directory: Path, **settings: str) -> dict[str, str]:
    """The caller's environment with data, home and temporary files below the directory."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("RUNYARD_")},
        **{key: os.environ[key] for key in ("RUNYARD_ALLOW_WEAK_LIMITS",) if key in os.environ},
        "RUNYARD_DATA_DIR": str(directory / "data"),
        # They take half a minute of both processors, behind whatever a test does.
        "RUNYARD_PREPARED_FILES": "false",
        "XDG_DATA_HOME": str(directory / "home"),
        "XDG_CONFIG_HOME": str(directory / "config"),
        **settings,
    }


def reachable(directory: Path) -> Path:
    """Let everybody enter a directory of pytest's, which are for its user only: the server gives up
    being root.
    """
    # Side by side, each of pytest's processes has one of its own in that of the session.
    for path in (directory, *directory.parents[:3]):
        if path.stat().st_mode & 0o055 != 0o055:
            path.chmod(0o755)
    return directory


@contextmanager
def serve(directory: Path, *, profile: str = "development") -> Iterator[Server]:
    with server.serve(directory, profile=profile, environment=environment(directory)) as served:
        yield served
