"""The disks that carry the checkout and its virtual environment into the guest, both read-only."""

from __future__ import annotations

import compileall
import hashlib
import shutil
import tempfile
from pathlib import Path

from tests.vm.image import forget_others, make_disk

# What the suites never import is most of the environment by size: compilers and linters.
LEFT_OUT = (
    "clang_format*",
    "mypy*",
    "pip*",
    "ruff*",
    "schemathesis*",
    "setuptools*",
    "ziglang*",
)
CARRIED = (
    ".cache/security-programs",
    "agent",
    "docs",
    "examples",
    "pyproject.toml",
    "src",
    "tests",
)
VENV_IN_GUEST = Path("/venv")
CHECKOUT_IN_GUEST = Path("/checkout")
SPARE_MEBIBYTES = 32
BLOCK_BYTES = 4096


def make_venv_disk(checkout: Path, cache: Path, python_version: str) -> Path:
    """Copy the environment's packages, without what only a build or a linter needs; cached."""
    library = Path("lib", f"python{python_version}", "site-packages")
    packages = checkout / ".venv" / library
    listing = "\n".join(sorted(entry.name for entry in packages.iterdir()))
    recipe = hashlib.sha256(Path(__file__).read_bytes() + listing.encode()).hexdigest()[:12]
    disk = cache / f"venv-{recipe}.ext4"
    if disk.exists():
        return disk
    with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as scratch:
        root = Path(scratch) / "venv"
        shutil.copytree(packages, root / library, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for pointer in (root / library).glob("*.pth"):
            pointer.unlink()
        (root / library / "checkout.pth").write_text(f"{CHECKOUT_IN_GUEST}/src\n")
        (root / "bin").mkdir()
        for name in ("python", "python3"):
            (root / "bin" / name).symlink_to("/usr/bin/python3")
        settings = "home = /usr/bin\ninclude-system-site-packages = false\n"
        (root / "pyvenv.cfg").write_text(settings)
        compileall.compile_dir(root / library, quiet=2)
        _write(root, disk)
    forget_others(disk)
    return disk


def make_checkout_disk(checkout: Path, disk: Path, sessions: str) -> None:
    """Copy sources, tests and the built agent, compiled, with the list of sessions to run."""
    with tempfile.TemporaryDirectory(dir=disk.parent, prefix="build-") as scratch:
        root = Path(scratch) / "checkout"
        root.mkdir()
        unwanted = shutil.ignore_patterns("__pycache__", "node_modules")
        for name in CARRIED:
            source = checkout / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=unwanted, symlinks=True)
            elif source.exists():
                shutil.copy2(source, root / name)
        (root / ".venv").symlink_to(VENV_IN_GUEST)
        (root / ".vm").mkdir()
        (root / ".vm" / "sessions").write_text(sessions)
        # Compiling takes the emulated processor forty times as long as this one.
        compileall.compile_dir(root, quiet=2, stripdir=str(root), prependdir="/checkout")
        _write(root, disk)


def _write(root: Path, disk: Path) -> None:
    sizes = [path.lstat().st_size for path in root.rglob("*")]
    # Every entry rounds up to a block, and has an inode.
    used = sum(size // BLOCK_BYTES + 2 for size in sizes) * BLOCK_BYTES
    partial = disk.with_suffix(".partial")
    make_disk(root, partial, used // 2**20 + SPARE_MEBIBYTES)
    partial.rename(disk)
