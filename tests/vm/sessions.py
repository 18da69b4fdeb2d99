"""What is run in the virtual machine: by whom, with which cgroup, and how long it may take."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from tests.vm.image import GUEST_USER

# Booting and ending, beside the sessions themselves.
BOOT_SECONDS = 120
# Plugins by name, because finding and importing all of them takes the emulated processor seconds.
PYTEST = (
    *("env", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", "RUNYARD_REQUIRE_ENGINES=linux"),
    *(".venv/bin/python", "-m", "pytest", "-p", "pytest_asyncio.plugin", "-p", "pytest_timeout"),
    *("-p", "no:cacheprovider", "-q", "--durations=5"),
)
CONFORMANCE = ("tests/conformance/test_linux.py", "tests/conformance/linux")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`kind`: in plain mode "delegated" or "bare", in systemd mode "login", "service" or "scope";
    see guest/plain.sh and guest/systemd.sh.
    """

    name: str
    mode: str
    user: str
    kind: str
    seconds: int
    command: tuple[str, ...]

    def as_shell(self) -> str:
        words = (self.name, self.user, self.kind, str(self.seconds), shlex.join(self.command))
        return f"session {shlex.join(words)}\n"


MODES = ("plain", "systemd")
SESSIONS = (
    Session(
        name="root",
        mode="plain",
        user="root",
        kind="delegated",
        seconds=420,
        command=(*PYTEST, *CONFORMANCE, "tests/security"),
    ),
    Session(
        name="rootless-delegated",
        mode="plain",
        user=GUEST_USER,
        kind="delegated",
        seconds=420,
        command=(*PYTEST, *CONFORMANCE, "tests/security"),
    ),
    Session(
        name="rootless-bare",
        mode="plain",
        user=GUEST_USER,
        kind="bare",
        seconds=240,
        command=(*PYTEST, *CONFORMANCE),
    ),
    Session(
        name="login",
        mode="systemd",
        user=GUEST_USER,
        kind="login",
        seconds=120,
        command=(*PYTEST, "tests/conformance/linux"),
    ),
    Session(
        name="scope",
        mode="systemd",
        user=GUEST_USER,
        kind="scope",
        seconds=120,
        command=(*PYTEST, "tests/conformance/linux"),
    ),
    Session(
        name="service",
        mode="systemd",
        user="root",
        kind="service",
        seconds=120,
        command=(*PYTEST, "tests/conformance/linux"),
    ),
)


def choose(modes: list[str], names: list[str], command: list[str]) -> tuple[Session, ...]:
    """Return the sessions of these modes and names (empty: all), with another command if given."""
    chosen = (
        session
        for session in SESSIONS
        if session.mode in (modes or MODES) and session.name in (names or [session.name])
    )
    return tuple(replace(session, command=tuple(command) or session.command) for session in chosen)
