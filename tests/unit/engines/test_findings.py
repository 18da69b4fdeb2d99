"""Each obstacle is named, with what it means and how to remove it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from runyard.engines.linux import findings
from runyard.engines.linux.host import Credentials, Group, Host

ALL_CAPABILITIES = (1 << 41) - 1
ROOT = Credentials(
    uid=0, capabilities=ALL_CAPABILITIES, has_seccomp=False, is_in_user_namespace=False
)
USER = dataclasses.replace(ROOT, uid=1000, capabilities=0)
DELEGATED = Group(
    version=2,
    directory="/sys/fs/cgroup/user.slice",
    is_read_only=False,
    is_writable=True,
    controllers=frozenset({"cpu", "memory", "pids"}),
)
VERSION_1 = tuple(
    Group(
        version=1,
        directory=f"/sys/fs/cgroup/{name}",
        is_read_only=False,
        is_writable=True,
        controllers=frozenset({name}),
    )
    for name in ("memory", "pids", "cpuacct")
)
GOOD = Host(
    kernel=(6, 1),
    credentials=USER,
    user_namespaces_max=15000,
    unprivileged_userns_clone=1,
    apparmor_restricts_userns=0,
    proc_masks=(),
    groups=(DELEGATED,),
)


def host(**changes: Any) -> Host:
    return dataclasses.replace(GOOD, **changes)


def group(**changes: Any) -> Host:
    return host(groups=(dataclasses.replace(DELEGATED, **changes),))


@pytest.mark.parametrize(
    "good",
    [
        GOOD,
        host(credentials=ROOT),
        host(groups=VERSION_1, credentials=ROOT),
        host(unprivileged_userns_clone=None, apparmor_restricts_userns=None),
        # Root is not subject to what restricts ordinary users.
        host(credentials=ROOT, unprivileged_userns_clone=0, apparmor_restricts_userns=1),
        # Hybrid: version 2 is mounted and offers nothing, version 1 has everything.
        host(groups=(dataclasses.replace(DELEGATED, controllers=frozenset()), *VERSION_1)),
    ],
)
def test_explain_good_host_finds_nothing(good: Host) -> None:
    assert [finding for finding in findings.explain(good) if not finding.is_well] == []


@pytest.mark.parametrize(
    ("bad", "tried", "words"),
    [
        (host(kernel=(5, 4)), "kernel", ["5.4", "openat2", "overlay", "newer kernel"]),
        (host(kernel=(5, 11)), "kernel", ["5.11", "mount_setattr"]),
        (host(kernel=(4, 19)), "kernel", ["clone3"]),
        (host(user_namespaces_max=0), "user namespaces", ["sysctl -w user.max_user_namespaces"]),
        (
            host(user_namespaces_max=0, credentials=ROOT),
            "user namespaces",
            ["sysctl -w user.max_user_namespaces"],
        ),
        (
            host(unprivileged_userns_clone=0),
            "user namespaces",
            ["sysctl -w kernel.unprivileged_userns_clone=1"],
        ),
        (
            host(apparmor_restricts_userns=1),
            "user namespaces",
            ["AppArmor", "/etc/apparmor.d/runyard", "apparmor_restrict_unprivileged_userns=0"],
        ),
        (
            host(proc_masks=("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/scsi")),
            "/proc",
            ["/proc/acpi, /proc/kcore, /proc/keys, ..."],
        ),
        (
            host(proc_masks=("/proc/acpi",), container="docker"),
            "/proc",
            ["systempaths=unconfined"],
        ),
        (host(proc_masks=("/proc/acpi",), container="podman"), "/proc", ["unmask=ALL"]),
        (host(proc_masks=("/proc/acpi",), container="kubernetes"), "/proc", ["procMount"]),
        (
            host(credentials=dataclasses.replace(ROOT, capabilities=0xA80425FB)),
            "rights",
            ["CAP_SYS_ADMIN", "ordinary user"],
        ),
        (
            host(credentials=dataclasses.replace(ROOT, capabilities=0), container="docker"),
            "rights",
            ["--cap-add SETGID --cap-add SETUID --cap-add SYS_ADMIN"],
        ),
        (host(groups=()), "control groups", ["mount -t cgroup2", "polled"]),
        (
            group(is_read_only=True, is_writable=False),
            "control groups",
            ["read-only at /sys/fs/cgroup/user.slice"],
        ),
        (
            dataclasses.replace(group(is_read_only=True), container="docker"),
            "control groups",
            ["--privileged"],
        ),
        (group(is_writable=False), "control groups", ["systemd-run --user --scope"]),
        (
            group(controllers=frozenset({"memory", "pids"})),
            "control groups",
            ["controllers cpu are", "cpu_seconds", "systemctl edit user@.service"],
        ),
        (
            dataclasses.replace(group(controllers=frozenset({"cpu"})), credentials=ROOT),
            "control groups",
            ["memory_bytes, processes", "Delegate=memory pids", "+memory +pids"],
        ),
        (
            host(groups=VERSION_1[:2]),
            "control groups",
            ["cpuacct", "cgroup_disable"],
        ),
        (
            host(groups=tuple(dataclasses.replace(each, is_writable=False) for each in VERSION_1)),
            "control groups",
            ["cannot be delegated safely", "start Runyard as root"],
        ),
    ],
)
def test_explain_obstacle_says_what_it_is_and_what_to_do(
    bad: Host, tried: str, words: list[str]
) -> None:
    wrong = [finding for finding in findings.explain(bad) if not finding.is_well]

    assert len(wrong) == 1
    assert tried in wrong[0].tried
    assert all(word in wrong[0].advice for word in words), wrong[0].advice


def test_explain_foreign_seccomp_filter_is_mentioned_and_no_obstacle_by_itself() -> None:
    filtered = host(credentials=dataclasses.replace(USER, has_seccomp=True))
    mentioned = [finding for finding in findings.explain(filtered) if finding.advice]

    assert [finding.is_well for finding in mentioned] == [True]
    assert "seccomp" in mentioned[0].advice


@pytest.mark.parametrize(
    ("words", "bad", "expected"),
    [
        ("clone3: Operation not permitted", host(user_namespaces_max=0), "max_user_namespaces"),
        (
            "clone3: Operation not permitted",
            host(credentials=dataclasses.replace(USER, has_seccomp=True), container="docker"),
            "seccomp=unconfined",
        ),
        (
            "mount proc: Operation not permitted",
            host(proc_masks=("/proc/kcore",), groups=(), container="docker"),
            "systempaths",
        ),
        ("cgroup: mkdir: Read-only file system", group(is_read_only=True), "read-only"),
        ("mount overlay: Invalid argument", host(kernel=(5, 4)), "newer kernel"),
        # The words point elsewhere, but only one thing is wrong.
        ("something: No such device", host(unprivileged_userns_clone=0), "userns_clone"),
        ("something: No such device", GOOD, "please report"),
    ],
)
def test_explain_failure_names_the_likeliest_reason(words: str, bad: Host, expected: str) -> None:
    finding = findings.explain_failure(words, bad)

    assert not finding.is_well
    assert finding.advice.startswith(words)
    assert expected in finding.advice


def test_finding_as_check_has_the_ports_form() -> None:
    finding = findings.Finding("a thing", is_well=False, advice="mend it")

    assert finding.check == ("a thing", False, "mend it")
