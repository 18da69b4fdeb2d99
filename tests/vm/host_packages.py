"""The Debian packages needed on this machine, and the archives they come from."""

from __future__ import annotations

import os
import shutil
import subprocess

# Program looked for, and the package that brings it.
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "dpkg-deb": "dpkg",
}
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class SetupError(Exception):
    """The virtual machine cannot be prepared here; the message says what to do."""


def require_packages() -> None:
    """Install the missing packages with apt; an ordinary user is told the command instead."""
    missing = sorted(
        package
        for program, package in PROGRAMS.items()
        if not shutil.which(program, path=SEARCH_PATH)
    )
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        raise SetupError(f"The virtual machine needs packages: run `sudo {' '.join(install)}`.")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], install):
        subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL)


def debian_sources() -> tuple[str, str]:
    """Return this machine's suite and archives, as sources.list lines: no host is named here."""
    fields = "$(ORIGIN) $(CODENAME) [arch=$(ARCHITECTURE)] $(REPO_URI) $(CODENAME) $(COMPONENT)"
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    lines = [line.split(" ", 2) for line in listing.splitlines() if line.startswith("Debian ")]
    if not lines:
        raise SetupError("apt has no Debian archive: run `apt-get update` and see sources.list(5).")
    # Updates and security follow the suite they belong to: bookworm-updates, bookworm-security.
    suite = min((line[1] for line in lines), key=len)
    return suite, "".join(f"deb {line[2]}\n" for line in lines)
