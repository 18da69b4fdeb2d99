"""The process around a proof (see outside.py): JSON in as the argument, JSON out on stdout.

    this ─► init of a pid namespace ─► parent (the proof's user) ─► the program

Killing init ends whatever the program started. The parent stands where the agent stands in a
sandbox: same user, an ordinary process, so a program can be shown to signal or read it.
"""

from __future__ import annotations

import ctypes
import json
import os
import pty
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
MIB = 1 << 20
CLONE = {
    "newns": 0x00020000,
    "newcgroup": 0x02000000,
    "newuts": 0x04000000,
    "newipc": 0x08000000,
    "newuser": 0x10000000,
    "newpid": 0x20000000,
    "newnet": 0x40000000,
}
MS_REC_PRIVATE = 0x4000 | 0x40000
PR_SET_DUMPABLE, PR_SET_PDEATHSIG = 4, 1
RLIMITS = {
    "as": 2048 * MIB,
    "core": 64 * MIB,
    "cpu": 20,
    "fsize": 256 * MIB,
    "nofile": 2048,
    "nproc": 220,
}


def main() -> None:
    wish = json.loads(sys.argv[1])
    stdout, stderr = os.pipe(), os.pipe()
    enter_namespaces(wish)
    init = os.fork()
    if init == 0:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        be_init(wish, stdout[1], stderr[1])
    os.close(stdout[1])
    os.close(stderr[1])
    outcome = read_until_end(wish, init, stdout[0], stderr[0])
    json.dump(outcome, sys.stdout)


def enter_namespaces(wish: dict[str, Any]) -> None:
    """Leave the host's pid and mount namespaces, and for the root proofs every other one."""
    names = ["newpid", "newns"]
    if wish["proof"] != "outside":
        names += ["newuts", "newipc", "newnet", "newcgroup"]
    is_root = os.geteuid() == 0
    if wish["proof"] == "namespace_root" or not is_root:
        names.append("newuser")
    flags = sum(CLONE[name] for name in names)
    if "newuser" not in names:
        check(LIBC.unshare(flags), "unshare")
    elif is_root:
        unshare_mapped_by_root(flags, wish["uid"])
    else:
        inside = 0 if wish["proof"] == "namespace_root" else os.getuid()
        own = os.getuid()
        check(LIBC.unshare(flags), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{inside} {own} 1")
    check(LIBC.mount(b"none", b"/", None, MS_REC_PRIVATE, None), "make mounts private")


def unshare_mapped_by_root(flags: int, uid: int) -> None:
    """Become root of a user namespace in which root is `uid` outside, never the host's root."""
    ready, mapped = os.pipe(), os.pipe()
    target = os.getpid()
    child = os.fork()
    if child == 0:
        os.read(ready[0], 1)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{target}/{name}").write_text(f"0 {uid} 1")
        os.write(mapped[1], b"x")
        os._exit(0)
    check(LIBC.unshare(flags), "unshare")
    os.write(ready[1], b"x")
    os.read(mapped[0], 1)
    os.waitpid(child, 0)
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def be_init(wish: dict[str, Any], stdout: int, stderr: int) -> None:
    check(LIBC.mount(b"proc", b"/proc", b"proc", 0, None), "mount proc")
    # So that what is left there ends with this namespace.
    shared = b"mode=1777,size=1g,nr_inodes=200000"
    check(LIBC.mount(b"none", b"/dev/shm", b"tmpfs", 0, shared), "mount /dev/shm")
    parent = os.fork()
    if parent == 0:
        be_parent(wish, stdout, stderr)
    os.close(stdout)
    os.close(stderr)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            os._exit(0)


def be_parent(wish: dict[str, Any], stdout: int, stderr: int) -> None:
    become_user(wish)
    # Having changed its user the process would be closed to its own program, unlike an
    # ordinary process.
    LIBC.prctl(PR_SET_DUMPABLE, 1)
    if wish["terminal"]:
        program, terminal = pty.fork()
        if program == 0:
            be_program(wish, 0, 1, 2)
        copy_terminal(terminal, stdout)
    else:
        program = os.fork()
        if program == 0:
            be_program(wish, os.open("/dev/null", os.O_RDONLY), stdout, stderr)
    _, status = os.waitpid(program, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def copy_terminal(terminal: int, stdout: int) -> None:
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return
        os.write(stdout, data)


def become_user(wish: dict[str, Any]) -> None:
    if os.geteuid() != 0:
        return
    if wish["proof"] == "root":
        os.setgroups([0, wish["uid"]])
    elif wish["proof"] == "outside":
        os.setgroups([])
        os.setresgid(wish["uid"], wish["uid"], wish["uid"])
        os.setresuid(wish["uid"], wish["uid"], wish["uid"])


def be_program(wish: dict[str, Any], stdin: int, stdout: int, stderr: int) -> None:
    if not wish["terminal"]:
        os.setsid()
    for name, value in (RLIMITS | wish["rlimits"]).items():
        number = getattr(resource, f"RLIMIT_{name.upper()}")
        hard = resource.getrlimit(number)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (bound, bound))
    for number, descriptor in enumerate((stdin, stdout, stderr)):
        os.dup2(descriptor, number)
    # Descriptor 3 is left open on purpose: the careless parent's status pipe.
    os.dup2(stderr, 3)
    os.closerange(4, 64)
    # Python ignores it, and what is ignored stays so over exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execvpe(wish["argv"][0], wish["argv"], dict(os.environ))


def read_until_end(wish: dict[str, Any], init: int, stdout: int, stderr: int) -> dict[str, Any]:
    """Read both streams until their end or the deadline, then end everything."""
    deadline = time.monotonic() + wish["seconds"]
    kept = {stdout: bytearray(), stderr: bytearray()}
    count, open_streams, timed_out = 0, {stdout, stderr}, False
    while open_streams:
        left = deadline - time.monotonic()
        readable = select.select(open_streams, [], [], max(0.0, left))[0]
        if left <= 0 or not readable:
            timed_out = True
            break
        for stream in readable:
            data = os.read(stream, 1 << 20)
            count += len(data)
            if not data:
                open_streams.discard(stream)
            elif len(kept[stream]) < wish["output_bytes_max"]:
                kept[stream] += data
        if has_reported(wish["enough"], kept[stdout]):
            break
    os.kill(init, signal.SIGKILL)
    os.waitpid(init, 0)
    return {
        "stdout": kept[stdout].decode(errors="replace"),
        "stderr": kept[stderr].decode(errors="replace"),
        "timed_out": timed_out,
        "output_bytes": count,
    }


def has_reported(probes: list[str], text: bytearray) -> bool:
    """Whether there are probes and the text has a whole line about each."""
    lines = bytes(text).decode(errors="replace").split("\n")[:-1]
    return bool(probes) and all(
        any(line.startswith((f"ESCAPED {probe} ", f"BLOCKED {probe} ")) for line in lines)
        for probe in probes
    )


def check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
