"""The files of the repository, as git sees them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def _listed() -> list[str]:
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others"]
    listing = subprocess.run(
        [*command, "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True
    )
    return listing.stdout.decode().rstrip("\0").split("\0")


def tracked_files(*suffixes: str) -> list[Path]:
    """Return the paths, relative to the root, that end in one of `suffixes` (all without)."""
    return sorted(
        Path(name)
        for name in _listed()
        if (ROOT / name).is_file() and (not suffixes or name.endswith(suffixes))
    )
