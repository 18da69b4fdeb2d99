"""Find out what a sandbox on this machine withstands by starting one and trying."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from runyard.domain.errors import BusyError, EngineError
from runyard.domain.limits import MIB, Limits, Usage
from runyard.engines.interface import Capabilities, Enforcement, SandboxSpec
from runyard.engines.linux import findings
from runyard.engines.linux.host import Host, read_host

if TYPE_CHECKING:
    from runyard.engines.linux.engine import LinuxEngine
    from runyard.engines.linux.launcher import HostFacts
    from runyard.engines.linux.stream import SocketStream

# Small, so that trying to exceed them takes milliseconds.
_LIMITS = Limits(
    wall_seconds=20.0, cpu_seconds=20.0, memory_bytes=16 * MIB, processes=8, disk_bytes=1 * MIB
)
# What may be used on top: files in memory, and what the kernel charges.
_MEMORY_SLACK_BYTES = 8 * MIB
_ANSWER_BYTES_MAX = 64 * 1024


async def find_capabilities(engine: LinuxEngine, facts: HostFacts) -> Capabilities:
    host = read_host()
    try:
        found, usage = await _try_walls(engine)
    except BusyError:
        raise
    except EngineError as error:
        failure = findings.explain_failure(error.message, host)
        checks = (failure, *findings.explain(host))
        return Capabilities(
            usable=False,
            reason=failure.advice,
            limits=_no_limits(),
            checks=tuple(finding.check for finding in checks),
        )
    groups = findings.explain_groups(host)
    limits = {
        "wall_seconds": Enforcement(enforced=True, by="agent"),
        "output_bytes": Enforcement(enforced=True, by="agent"),
        "cpu_seconds": _cpu(facts, usage, groups.advice),
        "memory_bytes": _memory(facts, found["memory_bytes"], groups.advice),
        "processes": _processes(facts, found["processes"], groups.advice),
        "disk_bytes": _disk(found),
    }
    walls = _walls(found)
    missing = [finding.tried for finding in walls if not finding.is_well]
    return Capabilities(
        usable=not missing,
        reason=f"Sandboxes here do not withstand: {', '.join(missing)}." if missing else None,
        limits=limits,
        network_cut=found["network_errno"] == errno.ENETUNREACH and found["interfaces"] == 1,
        root_read_only=found["root_errno"] == found["usr_errno"] == errno.EROFS,
        has_terminal=found["terminal_errno"] == 0,
        checks=tuple(finding.check for finding in (*walls, *_surroundings(host, facts))),
    )


async def _try_walls(engine: LinuxEngine) -> tuple[dict[str, int], Usage]:
    sandbox = await engine.create(SandboxSpec())
    try:
        await sandbox.probe_walls(_LIMITS)
        found = _parse(await _read_all(sandbox.stream))
        usage = await sandbox.usage()
    finally:
        await sandbox.destroy()
    return found, usage


async def _read_all(stream: SocketStream) -> bytes:
    answer = b""
    while data := await stream.read(_ANSWER_BYTES_MAX):
        answer += data
        if len(answer) > _ANSWER_BYTES_MAX:
            break
    return answer


def _parse(answer: bytes) -> dict[str, int]:
    pairs = (line.partition("=") for line in answer.decode(errors="replace").splitlines())
    found = {name: int(value) for name, _, value in pairs if value.isdigit()}
    if "memory_bytes" not in found:
        raise EngineError(f"The sandbox ended while it was being tried; it got as far as {found}.")
    return found


def _cpu(facts: HostFacts, usage: Usage, advice: str) -> Enforcement:
    if facts.has_cpu and usage.cpu_seconds:
        return Enforcement(enforced=True, by=f"cgroup v{facts.cgroup_version}")
    return Enforcement(enforced=False, by="agent", advice=advice)


def _memory(facts: HostFacts, used_bytes: int, advice: str) -> Enforcement:
    most = _LIMITS.memory_bytes + 2 * _LIMITS.disk_bytes + _MEMORY_SLACK_BYTES
    if facts.has_memory and used_bytes <= most:
        return Enforcement(enforced=True, by=f"cgroup v{facts.cgroup_version}")
    return Enforcement(enforced=False, by="agent", advice=advice)


def _processes(facts: HostFacts, count: int, advice: str) -> Enforcement:
    if count > _LIMITS.processes:
        return Enforcement(enforced=False, by="nothing", advice=advice)
    by = f"cgroup v{facts.cgroup_version}" if facts.has_processes else "rlimit"
    return Enforcement(enforced=True, by=by)


def _disk(found: dict[str, int]) -> Enforcement:
    is_enforced = max(found["work_bytes"], found["tmp_bytes"]) <= _LIMITS.disk_bytes
    return Enforcement(enforced=is_enforced, by="tmpfs" if is_enforced else "nothing")


def _no_limits() -> dict[str, Enforcement]:
    names = ("wall_seconds", "cpu_seconds", "memory_bytes", "processes", "output_bytes")
    return {name: Enforcement(enforced=False, by="nothing") for name in (*names, "disk_bytes")}


def _walls(found: dict[str, int]) -> tuple[findings.Finding, ...]:
    refused = errno.EPERM
    return (
        _wall("being an ordinary user", found["uid"], 1000),
        _wall("writing to /", found["root_errno"], errno.EROFS),
        _wall("writing to /usr", found["usr_errno"], errno.EROFS),
        _wall("connecting to another machine", found["network_errno"], errno.ENETUNREACH),
        _wall("seeing no interface but loopback", found["interfaces"], 1),
        _wall("seeing the agent in /proc", found["init_errno"], errno.ENOENT),
        _wall("making a user namespace", found["namespace_errno"], refused),
        _wall("mounting", found["mount_errno"], refused),
    )


def _wall(tried: str, value: int, expected: int) -> findings.Finding:
    is_well = value == expected
    name = errno.errorcode.get(value, str(value)) if tried != "being an ordinary user" else value
    advice = "" if is_well else f"expected {os.strerror(expected)!r}, found {name}"
    return findings.Finding(tried, is_well=is_well, advice=advice)


def _surroundings(host: Host, facts: HostFacts) -> tuple[findings.Finding, ...]:
    found = findings.explain(host)
    if facts.cgroup_version or not facts.why_no_cgroup:
        return found
    words = f"The launcher found no usable control group: {facts.why_no_cgroup}."
    return (*found, findings.Finding("making control groups", is_well=False, advice=words))
