"""Builds the guest's kernel and root disk once per recipe: a small Debian and its cloud kernel."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.vm.host_packages import SetupError, debian_sources

KERNEL_PACKAGE = "linux-image-cloud-amd64"
# systemd and what its user instances need; gcc because the suites compile hostile C programs.
GUEST_PACKAGES = (
    "busybox-static",
    "dbus",
    "dbus-user-session",
    "gcc",
    "kmod",
    "libc6-dev",
    "libpam-systemd",
    "passwd",
    "procps",
    "python3",
    "systemd",
    "systemd-sysv",
)
GUEST_USER = "tester"
DISK_MEBIBYTES = 1536
BOOT_SCRIPT = Path(__file__).parent / "guest" / "boot.sh"


@dataclass(frozen=True, slots=True)
class Image:
    kernel: Path
    root_disk: Path


def prepare_image(cache: Path, python_version: str) -> Image:
    """Return the image of the current recipe, building it when the cache has none."""
    folder = cache / f"image-{_recipe_hash(python_version)}"
    with _lock(cache / "image.lock"):
        if not folder.is_dir():
            _build(folder, python_version)
            forget_others(folder)
    return Image(folder / "vmlinuz", folder / "root.ext4")


def make_disk(source: Path, disk: Path, mebibytes: int) -> None:
    """Write the tree as an ext4 disk image, sparse where it is empty."""
    command = ["mke2fs", "-q", "-t", "ext4", "-d", str(source), "-m", "0", "-O", "^has_journal"]
    command += ["-b", "4096", "-i", "4096"]
    command += ["-E", "root_owner=0:0", str(disk)]
    with disk.open("wb") as stream:
        stream.truncate(mebibytes * 2**20)
    subprocess.run(command, check=True)


def forget_others(current: Path) -> None:
    """Remove what former recipes left in the cache."""
    kind = current.name.split("-")[0]
    for entry in current.parent.glob(f"{kind}-*"):
        if entry.is_dir() and entry != current:
            shutil.rmtree(entry)
        elif entry != current:
            entry.unlink()


def _recipe_hash(python_version: str) -> str:
    recipe = hashlib.sha256(python_version.encode())
    for path in (Path(__file__), BOOT_SCRIPT):
        recipe.update(path.read_bytes())
    return recipe.hexdigest()[:12]


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _build(folder: Path, python_version: str) -> None:
    if os.geteuid() != 0:
        raise SetupError("Building the image of the virtual machine needs root, once: use sudo.")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="build-") as scratch:
        built = Path(scratch) / "image"
        built.mkdir()
        root = Path(scratch) / "root"
        _make_root(root)
        if not (root / f"usr/bin/python{python_version}").exists():
            raise SetupError(
                f"The guest's packages are built for Python {python_version}, which this machine's "
                "Debian archive does not have: make .venv with Debian's own python3."
            )
        _add_kernel(Path(scratch), root, built)
        _configure(root)
        make_disk(root, built / "root.ext4", DISK_MEBIBYTES)
        built.rename(folder)


def _make_root(root: Path) -> None:
    suite, sources = debian_sources()
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"]
    command += [f"--include={','.join(GUEST_PACKAGES)}"]
    command += [
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
    ]
    command += ["--dpkgopt=path-exclude=/usr/share/locale/*", suite, str(root), "-"]
    subprocess.run(command, check=True, input=sources, text=True)


def _add_kernel(scratch: Path, root: Path, built: Path) -> None:
    """Unpack the kernel package: its image beside the disk, its modules into the root."""
    depends = subprocess.run(
        ["apt-cache", "depends", KERNEL_PACKAGE], check=True, capture_output=True, text=True
    ).stdout
    package = next(word for word in depends.split() if word.startswith("linux-image-6"))
    download = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
    subprocess.run(download, check=True, cwd=scratch, stdout=subprocess.DEVNULL)
    unpacked = scratch / "kernel"
    subprocess.run(["dpkg-deb", "-x", next(scratch.glob("*.deb")), unpacked], check=True)
    shutil.copy(next(unpacked.glob("boot/vmlinuz-*")), built / "vmlinuz")
    modules = next(unpacked.glob("lib/modules/*"))
    shutil.copytree(modules, root / "usr/lib/modules" / modules.name)
    subprocess.run(["chroot", root, "depmod", modules.name], check=True)


def _configure(root: Path) -> None:
    for mount_point in ("checkout", "venv"):
        (root / mount_point).mkdir()
    shutil.copy(BOOT_SCRIPT, root / "boot.sh")
    (root / "boot.sh").chmod(0o755)
    subprocess.run(["chroot", root, "useradd", "-m", "-s", "/bin/bash", GUEST_USER], check=True)
    lingering = root / "var/lib/systemd/linger"
    lingering.mkdir(parents=True, exist_ok=True)
    (lingering / GUEST_USER).touch()
