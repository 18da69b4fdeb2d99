"""Get control groups for a server that systemd's user manager (or system manager) looks after.

An ordinary user may not make groups just anywhere: the manager must delegate one. A transient
scope with `Delegate=yes` is what it offers to processes that run already.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.engines.linux import dbus
from runyard.engines.linux.dbus import Connection, DBusError, Message, Variant
from runyard.engines.linux.host import parse_places

_ANSWER_SECONDS_MAX = 5.0
_MANAGER = "org.freedesktop.systemd1"
_MANAGER_PATH = "/org/freedesktop/systemd1"
_MANAGER_INTERFACE = "org.freedesktop.systemd1.Manager"
_BUS = "org.freedesktop.DBus"
_CONTROLLERS = ("memory", "pids", "cpu")
_GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Delegation:
    """A cgroup (version 2) below which this process may do as it likes."""

    unit: str
    directory: Path

    def settle(self) -> tuple[str, ...]:
        """Move this process into a leaf and hand the controllers on; return those that work.

        A group with processes of its own cannot have children with controllers.
        """
        leaf = self.directory / "server"
        leaf.mkdir(exist_ok=True)
        (leaf / "cgroup.procs").write_text("0")
        offered = (self.directory / "cgroup.controllers").read_text().split()
        usable = tuple(name for name in _CONTROLLERS if name in offered)
        for name in usable:
            (self.directory / "cgroup.subtree_control").write_text(f"+{name}")
        return usable


@dataclass(frozen=True, slots=True)
class NotDelegated:
    """Why there is no group, in words for a person."""

    reason: str


def request_scope() -> Delegation | NotDelegated:
    """Ask the manager for a scope of our own and wait until this process is in it.

    Blocks for a few seconds at most; call it before the launcher is started, from the process that
    starts it, and `settle()` afterwards. What is granted ends with the processes in it.
    """
    uid = os.geteuid()
    addresses = find_managers(uid, os.environ)
    if not addresses:
        who = "system manager" if uid == 0 else f"user manager for uid {uid}"
        return NotDelegated(
            f"No systemd {who} is running here (no socket in /run/systemd or XDG_RUNTIME_DIR). "
            "Log in through a session that starts one, or run `loginctl enable-linger` as root."
        )
    if not (_GROUPS / "cgroup.controllers").exists():
        return NotDelegated(
            "Control groups of version 2 are not mounted at /sys/fs/cgroup, and version 1 cannot "
            "be delegated to ordinary users."
        )
    reasons = []
    for address, is_bus in addresses:
        try:
            return _request(address, is_bus=is_bus)
        except (OSError, DBusError, ValueError) as error:
            reasons.append(f"{address}: {error}")
    return NotDelegated("systemd granted no scope: " + "; ".join(reasons))


def find_managers(
    uid: int, environment: dict[str, str] | os._Environ[str]
) -> list[tuple[Path, bool]]:
    """Return the sockets to try, and for each whether it is a bus or the manager itself."""
    if uid == 0:
        candidates = [
            (Path("/run/systemd/private"), False),
            (Path("/run/dbus/system_bus_socket"), True),
        ]
    else:
        runtime = Path(environment.get("XDG_RUNTIME_DIR") or f"/run/user/{uid}")
        candidates = [(runtime / "systemd/private", False), (runtime / "bus", True)]
    return [(path, is_bus) for path, is_bus in candidates if _is_socket(path)]


def start_scope(connection: Connection, unit: str, pid: int, *, is_bus: bool) -> None:
    """Have the manager start scope `unit` around process `pid`; return when it is done."""
    if is_bus:
        connection.call(_bus_call("Hello"))
        rule = f"type='signal',interface='{_MANAGER_INTERFACE}',member='JobRemoved'"
        connection.call(_bus_call("AddMatch", "s", rule))
        connection.call(_manager_call("Subscribe"))
    properties = [
        ("Description", Variant("s", "Runyard sandboxes")),
        ("Delegate", Variant("b", 1)),
        ("CollectMode", Variant("s", "inactive-or-failed")),
        ("PIDs", Variant("au", [pid])),
    ]
    (job,) = connection.call(
        _manager_call("StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail", properties, [])
    )
    removed = connection.wait(
        lambda message: (
            message.kind == dbus.SIGNAL
            and message.interface == _MANAGER_INTERFACE
            and message.member == "JobRemoved"
            and message.signature == "uoss"
            and message.body[1] == job
        )
    )
    if removed.body[3] != "done":
        raise DBusError(f"starting {unit} ended as {removed.body[3]!r}")


def _request(address: Path, *, is_bus: bool) -> Delegation:
    # The process id alone may be that of a scope that has not been collected yet.
    unit = f"runyard-{os.getpid()}-{os.urandom(4).hex()}.scope"
    connection = Connection(address, seconds_max=_ANSWER_SECONDS_MAX)
    try:
        start_scope(connection, unit, os.getpid(), is_bus=is_bus)
    finally:
        connection.close()
    place = parse_places(Path("/proc/self/cgroup").read_text()).get("", "/")
    if not place.endswith("/" + unit):
        raise DBusError(f"{unit} was started but this process is in {place}")
    return Delegation(unit, Path(f"{_GROUPS}{place}"))


def _bus_call(member: str, signature: str = "", *body: Any) -> Message:
    return Message(
        kind=dbus.CALL,
        destination=_BUS,
        path="/org/freedesktop/DBus",
        interface=_BUS,
        member=member,
        signature=signature,
        body=body,
    )


def _manager_call(member: str, signature: str = "", *body: Any) -> Message:
    return Message(
        kind=dbus.CALL,
        destination=_MANAGER,
        path=_MANAGER_PATH,
        interface=_MANAGER_INTERFACE,
        member=member,
        signature=signature,
        body=body,
    )


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False
