"""Say in words what stands in the way of sandboxes on this machine, and what to do about it.

Pure functions over the values that `runyard.engines.linux.host` reads. What the launcher failed
at decides whether something works; the values here say why.
"""

from __future__ import annotations

from dataclasses import dataclass

from runyard.engines.linux.host import Group, Host

# Overlay in user namespaces came with 5.11, mount_setattr with 5.12; clone3 and openat2 before.
KERNEL_MIN = (5, 12)

_YOUNGER_THINGS = (
    ((5, 3), "clone3"),
    ((5, 6), "openat2"),
    ((5, 11), "overlay file systems in user namespaces"),
    ((5, 12), "mount_setattr"),
)
_CAP_SETGID, _CAP_SETUID, _CAP_SYS_ADMIN = 6, 7, 21
_CAPABILITIES_NEEDED = {
    "SETGID": _CAP_SETGID,
    "SETUID": _CAP_SETUID,
    "SYS_ADMIN": _CAP_SYS_ADMIN,
}
_CONTROLLERS_NEEDED = {2: ("memory", "pids", "cpu"), 1: ("memory", "pids", "cpuacct")}
_LIMITS_OF = {
    "memory": "memory_bytes",
    "pids": "processes",
    "cpu": "cpu_seconds",
    "cpuacct": "cpu_seconds",
}

# Words of the launcher's failures and the finding that explains them best, most telling first.
_SUSPECTS = (
    (("overlay",), "kernel"),
    (("proc",), "proc"),
    (("cgroup", "memory.max", "pids.max"), "cgroup"),
    (("clone", "unshare", "uid_map", "gid_map", "namespace", "mount"), "user_namespaces"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well, and if not, what it means and what to do."""

    tried: str
    is_well: bool
    advice: str = ""

    @property
    def check(self) -> tuple[str, bool, str]:
        """The form in which Capabilities carries it."""
        return (self.tried, self.is_well, self.advice)


def explain(host: Host) -> tuple[Finding, ...]:
    """Look at everything that commonly stands in the way, whether or not something failed."""
    return (
        explain_kernel(host),
        explain_capabilities(host),
        explain_user_namespaces(host),
        explain_proc(host),
        explain_seccomp(host),
        explain_groups(host),
    )


def explain_failure(words: str, host: Host) -> Finding:
    """Connect what the launcher could not do with the likeliest reason on this host."""
    tried = "starting a sandbox"
    explanations = {
        "kernel": explain_kernel(host),
        "proc": explain_proc(host),
        "cgroup": explain_groups(host),
        "user_namespaces": explain_user_namespaces(host),
        "capabilities": explain_capabilities(host),
    }
    lowered = words.lower()
    likely = [name for needles, name in _SUSPECTS if any(needle in lowered for needle in needles)]
    for name in dict.fromkeys((*likely, *explanations)):
        if not explanations[name].is_well:
            return Finding(tried, is_well=False, advice=f"{words}. {explanations[name].advice}")
    if host.credentials.has_seccomp:
        return Finding(tried, is_well=False, advice=f"{words}. {_seccomp_advice(host)}")
    return Finding(
        tried,
        is_well=False,
        advice=f"{words}. None of the known obstacles is present; please report this.",
    )


def explain_kernel(host: Host) -> Finding:
    name = ".".join(map(str, host.kernel))
    tried = f"a kernel of version {KERNEL_MIN[0]}.{KERNEL_MIN[1]} or newer"
    if host.kernel >= KERNEL_MIN:
        return Finding(tried, is_well=True)
    missing = ", ".join(thing for since, thing in _YOUNGER_THINGS if host.kernel < since)
    return Finding(
        tried,
        is_well=False,
        advice=f"Linux {name} lacks {missing}; sandboxes need them. Install a newer kernel.",
    )


def explain_capabilities(host: Host) -> Finding:
    tried = "the rights to make sandboxes"
    if host.credentials.uid != 0:
        # An ordinary user gets every right inside a user namespace of its own.
        return Finding(tried, is_well=True)
    lacking = [
        name
        for name, bit in _CAPABILITIES_NEEDED.items()
        if not host.credentials.capabilities >> bit & 1
    ]
    if not lacking:
        return Finding(tried, is_well=True)
    how = {
        "kubernetes": "add them to securityContext.capabilities.add of the container",
        None: "start Runyard with them",
    }.get(
        host.container,
        "give the container " + " ".join(f"--cap-add {name}" for name in lacking),
    )
    return Finding(
        tried,
        is_well=False,
        advice=f"This is root without CAP_{', CAP_'.join(lacking)}: {how}, or start Runyard as an "
        "ordinary user.",
    )


def explain_user_namespaces(host: Host) -> Finding:
    tried = "user namespaces"
    if host.user_namespaces_max == 0:
        return Finding(
            tried,
            is_well=False,
            advice="They are switched off: run `sysctl -w user.max_user_namespaces=15000` as root "
            "and write the setting to /etc/sysctl.d/ to keep it.",
        )
    if host.credentials.capabilities >> _CAP_SYS_ADMIN & 1:
        return Finding(tried, is_well=True)
    if host.unprivileged_userns_clone == 0:
        return Finding(
            tried,
            is_well=False,
            advice="Only root may make them: run `sysctl -w kernel.unprivileged_userns_clone=1` as "
            "root, or start Runyard as root (it gives up root after starting).",
        )
    if host.apparmor_restricts_userns:
        return Finding(
            tried,
            is_well=False,
            advice="AppArmor takes their rights away from programs without a profile. Either allow "
            "the launcher alone, with a profile in /etc/apparmor.d/runyard for the installed file "
            "runyard/_binaries/runyard-agent-* that has flags=(unconfined) and the rule `userns,`; "
            "or run `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`; or start Runyard "
            "as root (it gives up root after starting).",
        )
    return Finding(tried, is_well=True)


def explain_proc(host: Host) -> Finding:
    tried = "mounting a fresh /proc"
    if not host.proc_masks:
        return Finding(tried, is_well=True)
    covered = ", ".join(host.proc_masks[:3]) + (", ..." if len(host.proc_masks) > 3 else "")
    how = {
        "docker": "run the container with --security-opt systempaths=unconfined",
        "podman": "run the container with --security-opt unmask=ALL",
        "kubernetes": "set securityContext.procMount: Unmasked (with hostUsers: false)",
    }.get(host.container or "", "unmount what covers it, or start Runyard outside this container")
    return Finding(
        tried,
        is_well=False,
        advice=f"Parts of /proc are covered here ({covered}), so the kernel refuses a new one "
        f"in a user namespace: {how}.",
    )


def explain_seccomp(host: Host) -> Finding:
    tried = "system calls for namespaces and mounts"
    # A filter cannot be read; only together with a failure it is the reason for it.
    if host.credentials.has_seccomp:
        return Finding(
            tried,
            is_well=True,
            advice="A seccomp filter of the surroundings is active. If sandboxes fail to start: "
            + _seccomp_advice(host),
        )
    return Finding(tried, is_well=True)


def explain_groups(host: Host) -> Finding:
    """Say whether memory, processes and CPU time can be limited by the kernel, and by which."""
    tried = "control groups for memory, processes and CPU time"
    if not host.groups:
        return Finding(
            tried,
            is_well=False,
            advice="No cgroup file system is mounted. Mount it with `mount -t cgroup2 none "
            "/sys/fs/cgroup`; until then limits are weak: memory is polled, processes "
            "are counted by user.",
        )
    complaints = {version: _complain(host, version) for version in (2, 1)}
    if None in complaints.values():
        return Finding(tried, is_well=True)
    # Where version 2 has nothing to offer, its groups are not what should be repaired.
    has_v2 = any(group.version == 2 and group.controllers for group in host.groups)
    has_v1 = any(group.version == 1 for group in host.groups)
    advice = complaints[2 if has_v2 or not has_v1 else 1]
    return Finding(tried, is_well=False, advice=str(advice))


def _complain(host: Host, version: int) -> str | None:
    groups = [group for group in host.groups if group.version == version]
    needed = _CONTROLLERS_NEEDED[version]
    offered = {name: group for group in groups for name in group.controllers}
    missing = [name for name in needed if name not in offered]
    if missing:
        return _missing_controllers(host, version, missing)
    for name in needed:
        if offered[name].is_read_only:
            return _read_only(host, offered[name])
        if not offered[name].is_writable:
            return _not_delegated(host, offered[name])
    return None


def _missing_controllers(host: Host, version: int, missing: list[str]) -> str:
    limits = ", ".join(dict.fromkeys(_LIMITS_OF[name] for name in missing))
    names = " ".join(missing)
    what = f"The controllers {names} are not available to Runyard's group, so {limits} are weak: "
    if version == 1:
        return what + "boot without `cgroup_disable=` for them, or use cgroup v2."
    if host.credentials.uid == 0:
        return (
            what + f"give its service `Delegate={names}`, or write "
            f"`{' '.join('+' + name for name in missing)}` to cgroup.subtree_control of every "
            "parent group."
        )
    return (
        what + "as root run `systemctl edit user@.service`, add `[Service]` and "
        "`Delegate=cpu memory pids`, and log in again; then start Runyard with "
        "`systemd-run --user --scope -p Delegate=yes runyard ...`."
    )


def _read_only(host: Host, group: Group) -> str:
    how = {
        "docker": "run it with --privileged, or with --cgroupns=private and a writable "
        "/sys/fs/cgroup (`--security-opt writable-cgroups=true` where Docker has it)",
        "podman": "run it with --security-opt unmask=/sys/fs/cgroup --cgroupns=private",
        "kubernetes": "run the worker outside of Kubernetes or in a privileged pod",
    }.get(host.container or "", f"remount it with `mount -o remount,rw {group.directory}`")
    return (
        f"Control groups are mounted read-only at {group.directory}, so limits on memory, "
        f"processes and CPU time are weak: {how}."
    )


def _not_delegated(host: Host, group: Group) -> str:
    if host.credentials.uid == 0:
        return (
            f"Root may not write to {group.directory}: this is a container in a user namespace; "
            "let its engine delegate the group to it."
        )
    if group.version == 1:
        return (
            f"{group.directory} belongs to another user and cgroup v1 cannot be delegated safely: "
            "start Runyard as root (it gives up root after starting) or boot with cgroup v2."
        )
    return (
        f"The group {group.directory} is not delegated to this user: start Runyard with "
        "`systemd-run --user --scope -p Delegate=yes runyard ...`, or give its service "
        "`Delegate=yes`."
    )


def _seccomp_advice(host: Host) -> str:
    how = {
        "kubernetes": "set securityContext.seccompProfile.type: Unconfined",
        None: "have the service manager or container engine lift its filter for Runyard",
    }.get(host.container, "run the container with --security-opt seccomp=unconfined")
    return (
        "The surroundings' seccomp filter forbids namespaces and mounts (the sandboxes have a "
        f"filter of their own): {how}."
    )
