"""The few Linux system calls that Python's os module lacks, raising OSError as os does."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_NEWNS = 0x00020000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4

PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

# Calls younger than 2019 have one number on every architecture that Runyard is built for.
_NUMBER_OPEN_TREE = 428
_NUMBER_MOVE_MOUNT = 429
_NUMBER_MOUNT_SETATTR = 442

_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 0x1
_MOVE_MOUNT_F_EMPTY_PATH = 0x4
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("user_namespace", ctypes.c_uint64),
    )


def unshare(flags: int) -> None:
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(kind: str | None, target: Path, *, flags: int, options: str | None = None) -> None:
    code = _libc.mount(
        ctypes.c_char_p(kind.encode() if kind else None),
        ctypes.c_char_p(os.fsencode(target)),
        ctypes.c_char_p(kind.encode() if kind else None),
        ctypes.c_ulong(flags),
        ctypes.c_char_p(options.encode() if options else None),
    )
    _check(code, "mount", target)


def clone_mount(path: Path, *, attributes: int) -> int:
    """Return a descriptor of a detached copy of what is mounted at and below `path`."""
    tree = _libc.syscall(
        ctypes.c_long(_NUMBER_OPEN_TREE),
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(path)),
        ctypes.c_uint(_OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC),
    )
    _check(tree, "open_tree", path)
    wanted = _MountAttributes(set=attributes)
    code = _libc.syscall(
        ctypes.c_long(_NUMBER_MOUNT_SETATTR),
        ctypes.c_int(tree),
        ctypes.c_char_p(b""),
        ctypes.c_uint(_AT_EMPTY_PATH | _AT_RECURSIVE),
        ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )
    try:
        _check(code, "mount_setattr", path)
    except OSError:
        os.close(tree)
        raise
    return int(tree)


def attach_mount(tree: int, target: Path) -> None:
    """Mount the detached copy `tree` on `target`; the descriptor stays open."""
    code = _libc.syscall(
        ctypes.c_long(_NUMBER_MOVE_MOUNT),
        ctypes.c_int(tree),
        ctypes.c_char_p(b""),
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(target)),
        ctypes.c_uint(_MOVE_MOUNT_F_EMPTY_PATH),
    )
    _check(code, "move_mount", target)


def prctl(option: int, value: int) -> None:
    code = _libc.prctl(ctypes.c_int(option), *(ctypes.c_ulong(word) for word in (value, 0, 0, 0)))
    _check(code, f"prctl({option})")


def clear_capabilities() -> None:
    """Empty the calling thread's effective, permitted and inheritable sets."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(sets)), "capset")


def _check(code: int, call: str, path: Path | None = None) -> None:
    if code < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}", str(path) if path else None)
