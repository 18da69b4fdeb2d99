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
    *("RUNYARD_DISPOSABLE_HOST=1", ".venv/bin/python", "-m", "pytest"),
    *("-p", "pytest_asyncio.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider"),
    *("-q", "--durations=8"),
)
CONFORMANCE = (
    *("tests/conformance/test_linux.py", "tests/conformance/test_linux_zygote.py"),
    "tests/conformance/linux",
)
# The classes of attacks where cgroup v2 or a lack of rights makes a difference.
SECURITY = tuple(
    f"tests/security/test_{name}.py"
    for name in ("kernel_surface", "memory", "network", "platform", "processes")
)
KERNEL_SURFACE = SECURITY[:1]
UNITS = ("tests/vm/guest/units.py",)
# Left out: what counts processor time as a real processor spends it, what repeats a thing very
# often, and proofs that attacks are real, which are the same under every control group.
LEFT_OUT = (
    "test_attack_is_real",
    "test_closing_an_engine_gives_everything_back",
    "test_cpu_time_of_children",
    "test_engine_that_is_full",
    "test_files_and_output_of_concurrent_sandboxes",
    "test_fork_bomb_is_over_in_time",
    "test_forty_steps",
    "test_interpreter_is_the_same",
    "test_many_sandboxes_leave_no_control_group",
    "test_number_of_files_is_bounded",
    "test_sleeping_costs_no_cpu_time",
    "test_ten_megabytes",
    "test_two_hundred",
    "test_zygote_serves_a_bounded_number",
)
CHOICE = ("-k", f"not ({' or '.join(LEFT_OUT)})")


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
        seconds=900,
        command=(*PYTEST, *CHOICE, *CONFORMANCE, *SECURITY),
    ),
    Session(
        name="rootless-delegated",
        mode="plain",
        user=GUEST_USER,
        kind="delegated",
        seconds=600,
        command=(*PYTEST, *CHOICE, *CONFORMANCE, *KERNEL_SURFACE),
    ),
    Session(
        name="rootless-bare",
        mode="plain",
        user=GUEST_USER,
        kind="bare",
        seconds=480,
        command=(*PYTEST, *CHOICE, *CONFORMANCE),
    ),
    Session(
        name="login",
        mode="systemd",
        user=GUEST_USER,
        kind="login",
        seconds=45,
        command=(*PYTEST, *UNITS),
    ),
    Session(
        name="scope",
        mode="systemd",
        user=GUEST_USER,
        kind="scope",
        seconds=45,
        command=(*PYTEST, *UNITS),
    ),
    Session(
        name="service",
        mode="systemd",
        user="root",
        kind="service",
        seconds=45,
        command=(*PYTEST, *UNITS),
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
