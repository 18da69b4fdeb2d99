"""Turn a server that was started as root into an ordinary user for good.

Nothing that faces the web may hold uid 0. The code may lie below a directory that the user cannot
enter, such as /root; then `runyard.engines.linux.visibility` first shows it the needed paths only.
"""

from __future__ import annotations

import importlib
import os
import pwd
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runyard.domain.errors import EngineUnavailableError
from runyard.engines.linux import system_calls, visibility

# The last id below the range that sandboxes use: no account and no sandbox has it.
FALLBACK_ID = 0x6FFF_FFFF

# No gain from uid 0, and no ambient capabilities; each with its lock.
_SECURE_BITS = 0x01 | 0x02 | 0x40 | 0x80

# Imported lazily by the standard library and by this package, so proof that code can be read.
_PROOF_IMPORTS = ("encodings.idna", "runyard.engines.linux.findings")


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    uid: int
    gid: int


def drop_privileges(*, user: str, writable: Sequence[Path], readable: Sequence[Path]) -> None:
    """Become `user` irrevocably, owning `writable` and able to read `readable`.

    Call as root with a single thread, after the launcher was started. `writable` directories are
    created if missing and given to the user with all their content. A name without an account
    stands for an id that nobody else has. Raises EngineUnavailableError saying what to do; the
    process must then end, because it may be half way.
    """
    _require_root_and_one_thread()
    identity = resolve_identity(user)
    _refuse_code_in_writable(writable, readable)
    os.setgroups([])
    for path in writable:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        give_tree(path, identity)
    try:
        visibility.show_only(
            readable=readable, writable=writable, acting_as=lambda: _acting_as(identity)
        )
    except OSError as error:
        raise EngineUnavailableError(_cannot_show(identity, error)) from error
    _become(identity)
    _adopt_environment(identity, home=writable[0] if writable else Path("/"))
    _verify(identity, writable=writable, readable=readable)


def code_paths() -> tuple[Path, ...]:
    """Return what the running interpreter may still have to read: itself, libraries, this code."""
    package = Path(__file__).resolve().parents[3]
    named = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path]
    named += [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), str(package)]
    paths = [Path(name).absolute() for name in named if name]
    return tuple(dict.fromkeys(path for path in paths if path.exists() and path != Path("/")))


def resolve_identity(user: str) -> Identity:
    """Look the account up; an unknown name stands for the reserved id, a number for itself."""
    try:
        account = pwd.getpwnam(user)
        identity = Identity(user, account.pw_uid, account.pw_gid)
    except KeyError:
        number = int(user) if user.isascii() and user.isdigit() else FALLBACK_ID
        identity = Identity(user, number, number)
    if 0 in (identity.uid, identity.gid):
        raise EngineUnavailableError(
            f"User {user!r} is root or in root's group; set RUNYARD_USER to an ordinary account."
        )
    return identity


def give_tree(top: Path, identity: Identity) -> None:
    """Give `top` and everything below it to the user, following no symbolic link.

    The content may be hostile: it belongs to what the server was at its former start. A second
    name of a foreign file (a hard link to /etc/shadow, say) is refused, not given away.
    """
    top = top.resolve()
    if top.stat().st_mode & 0o002:
        raise EngineUnavailableError(
            f"Everybody may write to {top}; name a directory of Runyard's own as data directory."
        )
    _give(top, identity, dir_fd=None)
    for folder, folder_names, file_names, fd in os.fwalk(top, follow_symlinks=False):
        for name in (*folder_names, *file_names):
            _give(Path(folder, name), identity, dir_fd=fd)


def _give(path: Path, identity: Identity, *, dir_fd: int | None) -> None:
    name = path.name if dir_fd is not None else path
    entry = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
    try:
        status = os.fstat(entry)
        if (status.st_uid, status.st_gid) == (identity.uid, identity.gid):
            return
        is_directory = (status.st_mode & 0o170000) == 0o040000
        if status.st_nlink > 1 and not is_directory and status.st_uid != identity.uid:
            raise EngineUnavailableError(
                f"{path} has another name elsewhere and is not {identity.name}'s; remove it."
            )
        # Through the descriptor, so that it is the very file just looked at.
        os.chown(f"/proc/self/fd/{entry}", identity.uid, identity.gid)
    finally:
        os.close(entry)


def _require_root_and_one_thread() -> None:
    if os.geteuid() != 0:
        raise EngineUnavailableError("Only a server started as root has privileges to drop.")
    # Namespaces and capabilities belong to a thread: another one would keep the old ones.
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise EngineUnavailableError(
            f"Privileges must be dropped before threads are started; {threads} are running."
        )


def _refuse_code_in_writable(writable: Iterable[Path], readable: Sequence[Path]) -> None:
    for path in writable:
        for code in readable:
            if code.resolve().is_relative_to(path.resolve()):
                raise EngineUnavailableError(
                    f"The data directory {path} contains the code in {code}, which the server "
                    "must not be able to change; set RUNYARD_DATA_DIR to a directory of its own."
                )


@contextmanager
def _acting_as(identity: Identity) -> Iterator[None]:
    """Look at files with the user's rights for a moment; root's come back from the saved ids."""
    os.setegid(identity.gid)
    os.seteuid(identity.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def _become(identity: Identity) -> None:
    try:
        last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
        for capability in range(last + 1):
            system_calls.prctl(system_calls.PR_CAPBSET_DROP, capability)
        system_calls.prctl(system_calls.PR_SET_SECUREBITS, _SECURE_BITS)
        system_calls.prctl(system_calls.PR_CAP_AMBIENT, system_calls.PR_CAP_AMBIENT_CLEAR_ALL)
        os.setresgid(identity.gid, identity.gid, identity.gid)
        os.setresuid(identity.uid, identity.uid, identity.uid)
        system_calls.clear_capabilities()
        system_calls.prctl(system_calls.PR_SET_NO_NEW_PRIVS, 1)
        # Another process of the same user must not read the secrets in this one's memory.
        system_calls.prctl(system_calls.PR_SET_DUMPABLE, 0)
    except OSError as error:
        raise EngineUnavailableError(
            f"Cannot become user {identity.name!r} ({error}). The server was started as root but "
            "lacks root's capabilities: grant SETUID, SETGID and SETPCAP or start it as "
            "an ordinary user."
        ) from error


def _adopt_environment(identity: Identity, *, home: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("XDG_", "SUDO_"))]:
        del os.environ[name]
    os.environ.update(HOME=str(home), USER=identity.name, LOGNAME=identity.name)


def _verify(identity: Identity, *, writable: Sequence[Path], readable: Sequence[Path]) -> None:
    """Prove that root is gone and that what the server needs is there."""
    kept = _privileges_kept(identity)
    if kept:
        raise EngineUnavailableError(f"Privileges were not dropped completely: {kept}.")
    try:
        for path in readable:
            _read_some(path)
        for path in writable:
            with tempfile.TemporaryFile(dir=path):
                pass
        importlib.invalidate_caches()
        for name in _PROOF_IMPORTS:
            # A module that is loaded already proves nothing; reading its file does.
            _read_some(Path(str(importlib.import_module(name).__file__)))
    except (OSError, ImportError) as error:
        raise EngineUnavailableError(_cannot_show(identity, error)) from error


def _privileges_kept(identity: Identity) -> str | None:
    ids = (identity.uid,) * 3, (identity.gid,) * 3
    if (os.getresuid(), os.getresgid()) != ids or os.getgroups():
        return f"ids are {os.getresuid()}, {os.getresgid()}, groups {os.getgroups()}"
    for regain in (os.setuid, os.seteuid, os.setgid, os.setegid):
        try:
            regain(0)
        except PermissionError:
            continue
        return f"{regain.__name__}(0) succeeded"
    lines = Path("/proc/self/status").read_text().splitlines()
    status = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    held = [key for key in status if key.startswith("Cap") and int(status[key], 16)]
    if held or status.get("NoNewPrivs") != "1":
        return f"capability sets {held}, NoNewPrivs {status.get('NoNewPrivs')}"
    return None


def _read_some(path: Path) -> None:
    if path.is_dir():
        list(path.iterdir())
    else:
        with path.open("rb") as file:
            file.read(1)


def _cannot_show(identity: Identity, error: Exception) -> str:
    return (
        f"User {identity.name!r} (uid {identity.uid}) cannot use Runyard's files: {error}. "
        "Install Runyard where everybody may read, /opt/runyard for example, or make it readable "
        f"with `chmod -R a+rX` on {sys.prefix} and its parent directories; or start the server "
        "as an ordinary user."
    )
