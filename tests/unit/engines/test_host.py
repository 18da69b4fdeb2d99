"""The readers understand the kernel's formats, missing files included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runyard.engines.linux import host

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
90 22 0:55 / /proc/acpi ro,relatime - tmpfs tmpfs ro
91 22 0:21 /sys /proc/sys ro,nosuid shared:3 master:1 - proc proc rw
92 22 0:60 / /proc/sys/fs/binfmt_misc rw - binfmt_misc binfmt_misc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
50 27 8:1 / /mnt/with\\040blank\\134slash rw - ext4 /dev/sda1 rw
broken line
"""
STATUS = """\
Name:\tpython3
Uid:\t1000\t1001\t1000\t1000
CapEff:\t0000000000200040
Seccomp:\t2
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "proc/sys/kernel/osrelease": "6.1.0-28-cloud-amd64\n",
        "proc/sys/kernel/unprivileged_userns_clone": "0\n",
        "proc/sys/user/max_user_namespaces": "96365\n",
        "proc/self/status": STATUS,
        "proc/self/uid_map": "         0     100000      65536\n",
        "proc/self/mountinfo": MOUNTS,
        "proc/self/cgroup": "4:memory:/box\n2:cpu,cpuacct:/\n0::/user.slice/a:b\n",
        "sys/fs/cgroup/unified/user.slice/a:b/cgroup.controllers": "memory pids\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_read_host_collects_everything(root: Path) -> None:
    (root / ".dockerenv").touch()
    seen = host.read_host(root)

    assert seen.kernel == (6, 1)
    assert seen.credentials == host.Credentials(
        uid=1001, capabilities=0x200040, has_seccomp=True, is_in_user_namespace=True
    )
    assert (seen.user_namespaces_max, seen.unprivileged_userns_clone) == (96365, 0)
    assert seen.apparmor_restricts_userns is None
    assert seen.proc_masks == ("/proc/acpi", "/proc/sys")
    assert seen.container == "docker"


def test_read_groups_finds_every_hierarchy(root: Path) -> None:
    groups = host.read_groups(host.read_mounts(root), root)

    assert [(group.version, group.directory) for group in groups] == [
        (1, "/sys/fs/cgroup/cpu,cpuacct"),
        (1, "/sys/fs/cgroup/memory/box"),
        (2, "/sys/fs/cgroup/unified/user.slice/a:b"),
    ]
    assert [sorted(group.controllers) for group in groups] == [
        ["cpu", "cpuacct"],
        ["memory"],
        ["memory", "pids"],
    ]
    assert [group.is_read_only for group in groups] == [False, True, False]
    # The directories of version 1 do not exist below this root.
    assert [group.is_writable for group in groups] == [False, False, True]


def test_parse_mounts_reads_escapes(root: Path) -> None:
    assert "/mnt/with blank\\slash" in {mount.path for mount in host.read_mounts(root)}


@pytest.mark.parametrize(
    ("marker", "name"),
    [
        (None, None),
        ("run/.containerenv", "podman"),
        ("var/run/secrets/kubernetes.io/x", "kubernetes"),
    ],
)
def test_read_container_knows_the_markers(
    tmp_path: Path, marker: str | None, name: str | None
) -> None:
    if marker:
        (tmp_path / marker).parent.mkdir(parents=True)
        (tmp_path / marker).touch()

    assert host.read_container(tmp_path) == name


@pytest.mark.parametrize(
    ("release", "version"), [("5.4.0-generic", (5, 4)), ("6.18.44-fc", (6, 18)), ("", (0, 0))]
)
def test_read_kernel_takes_the_first_two_numbers(
    root: Path, release: str, version: tuple[int, int]
) -> None:
    (root / "proc/sys/kernel/osrelease").write_text(release)

    assert host.read_kernel(root) == version


def test_read_host_reads_the_real_machine() -> None:
    seen = host.read_host()

    assert seen.kernel > (3, 0)
    assert seen.credentials.uid == os.geteuid()
