"""Read what decides whether sandboxes can be made here. Each reader takes the root it reads below.

Nothing is judged here; `runyard.engines.linux.findings` turns these values into words.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_HERE = Path("/")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class MountPoint:
    path: str
    kind: str
    is_read_only: bool
    # The options of the file system: for cgroup v1 the controllers.
    options: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    uid: int
    capabilities: int
    has_seccomp: bool
    # Whether this is a user namespace made by somebody outside, as in a rootless container.
    is_in_user_namespace: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One cgroup hierarchy and the place of this process in it."""

    version: int
    directory: str
    is_read_only: bool
    is_writable: bool
    controllers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A switch that this kernel does not have is None."""

    kernel: tuple[int, int]
    credentials: Credentials
    user_namespaces_max: int | None
    unprivileged_userns_clone: int | None
    apparmor_restricts_userns: int | None
    proc_masks: tuple[str, ...]
    groups: tuple[Group, ...]
    container: str | None = None


def read_host(root: Path = _HERE) -> Host:
    mounts = read_mounts(root)
    return Host(
        kernel=read_kernel(root),
        credentials=read_credentials(root),
        user_namespaces_max=read_switch("user/max_user_namespaces", root),
        unprivileged_userns_clone=read_switch("kernel/unprivileged_userns_clone", root),
        apparmor_restricts_userns=read_switch("kernel/apparmor_restrict_unprivileged_userns", root),
        proc_masks=find_proc_masks(mounts),
        groups=read_groups(mounts, root),
        container=read_container(root),
    )


def read_kernel(root: Path = _HERE) -> tuple[int, int]:
    release = _read(root / "proc/sys/kernel/osrelease")
    match = re.match(r"(\d+)\.(\d+)", release)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def read_credentials(root: Path = _HERE) -> Credentials:
    lines = _read(root / "proc/self/status").splitlines()
    status = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
    # The initial namespace maps every id to itself.
    uid_map = _read(root / "proc/self/uid_map").split()
    return Credentials(
        uid=int(status["Uid"][1]),
        capabilities=int(status["CapEff"][0], 16),
        has_seccomp=status.get("Seccomp", ["0"])[0] != "0",
        is_in_user_namespace=uid_map not in (["0", "0", "4294967295"], []),
    )


def read_switch(name: str, root: Path = _HERE) -> int | None:
    text = _read(root / "proc/sys" / name).strip()
    return int(text) if text.isdigit() else None


def read_mounts(root: Path = _HERE) -> tuple[MountPoint, ...]:
    return parse_mounts(_read(root / "proc/self/mountinfo"))


def parse_mounts(text: str) -> tuple[MountPoint, ...]:
    mounts = []
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        fields, system = left.split(" "), right.split(" ")
        if not separator or len(fields) < 6 or len(system) < 3:
            continue
        options = frozenset(system[2].split(","))
        mounts.append(
            MountPoint(
                path=_ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4]),
                kind=system[0],
                is_read_only="ro" in fields[5].split(",") or "ro" in options,
                options=options,
            )
        )
    return tuple(mounts)


def find_proc_masks(mounts: tuple[MountPoint, ...]) -> tuple[str, ...]:
    """Container engines cover parts of /proc; the kernel then refuses a new proc to anybody who
    could look under the covers with it. Empty directories may be mounted over: they hide nothing.
    """
    allowed = {"/proc/sys/fs/binfmt_misc", "/proc/fs/nfsd"}
    return tuple(
        mount.path
        for mount in mounts
        if mount.path.startswith("/proc/") and mount.path not in allowed
    )


def read_groups(mounts: tuple[MountPoint, ...], root: Path = _HERE) -> tuple[Group, ...]:
    places = parse_places(_read(root / "proc/self/cgroup"))
    groups = []
    for mount in mounts:
        if mount.kind == "cgroup2" and "" in places:
            directory = _below(mount.path, places[""])
            controllers = frozenset(_read(root / directory[1:] / "cgroup.controllers").split())
            groups.append(_group(2, directory, mount, controllers, root))
        elif mount.kind == "cgroup":
            controllers = frozenset(mount.options & places.keys())
            if controllers:
                directory = _below(mount.path, places[min(controllers)])
                groups.append(_group(1, directory, mount, controllers, root))
    return tuple(groups)


def parse_places(text: str) -> dict[str, str]:
    """Map each v1 controller, and "" for version 2, to the path within its hierarchy."""
    places = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        places.update(dict.fromkeys(controllers.split(","), path))
    return places


def read_container(root: Path = _HERE) -> str | None:
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    if (root / "var/run/secrets/kubernetes.io").exists():
        return "kubernetes"
    return None


def _group(
    version: int, directory: str, mount: MountPoint, controllers: frozenset[str], root: Path
) -> Group:
    return Group(
        version=version,
        directory=directory,
        is_read_only=mount.is_read_only,
        is_writable=os.access(root / directory[1:], os.W_OK),
        controllers=controllers,
    )


def _below(mount: str, path: str) -> str:
    return mount + path.rstrip("/")


def _read(path: Path) -> str:
    """A file that is absent or closed says nothing."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
