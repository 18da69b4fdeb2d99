"""Runs the engine's suites in a virtual machine whose kernel has cgroup v2, as root and rootless.

`python -m tests.vm` runs everything; `python -m tests.vm --session login -- id` runs a command.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.vm.disks import make_checkout_disk, make_venv_disk
from tests.vm.host_packages import SetupError, require_packages
from tests.vm.image import prepare_image
from tests.vm.machine import run_machine, say
from tests.vm.sessions import BOOT_SECONDS, MODES, SESSIONS, Session, choose

CHECKOUT = Path(__file__).parents[2]
CACHE = CHECKOUT / ".cache" / "vm"
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.vm", description=__doc__)
    parser.add_argument("--mode", action="append", choices=MODES, default=[])
    names = [session.name for session in SESSIONS]
    parser.add_argument("--session", action="append", choices=names, default=[])
    parser.add_argument("command", nargs="*", help="run this instead of the tests")
    arguments = parser.parse_args()
    # QEMU is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("vm: terminated"))
    sessions = choose(arguments.mode, arguments.session, arguments.command)
    try:
        require_packages()
        failed = [
            name
            for mode in MODES
            for name in run_mode(mode, [session for session in sessions if session.mode == mode])
        ]
    except SetupError as error:
        say(str(error))
        return 2
    say(f"failed: {', '.join(failed)}" if failed else "every session succeeded")
    return 1 if failed else 0


def run_mode(mode: str, sessions: list[Session]) -> list[str]:
    """Boot once for these sessions; return the names of those that did not succeed."""
    if not sessions:
        return []
    image = prepare_image(CACHE, PYTHON_VERSION)
    subprocess.run([sys.executable, "agent/build.py"], check=True, cwd=CHECKOUT)
    subprocess.run([sys.executable, "-m", "tests.security.building"], check=True, cwd=CHECKOUT)
    venv_disk = make_venv_disk(CHECKOUT, CACHE, PYTHON_VERSION)
    deadline_seconds = BOOT_SECONDS + sum(session.seconds for session in sessions)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-") as scratch:
        checkout_disk = Path(scratch) / "checkout.ext4"
        listing = "".join(session.as_shell() for session in sessions)
        make_checkout_disk(CHECKOUT, checkout_disk, listing)
        say(f"{mode}: booting, at most {deadline_seconds} s")
        disks = [venv_disk, checkout_disk]
        finished = run_machine(
            image,
            disks,
            mode,
            Path(scratch),
            sessions_count=len(sessions),
            deadline_seconds=deadline_seconds,
        )
    say(f"{mode}: {time.monotonic() - started:.0f} s")
    for session in sessions:
        result = finished.get(session.name)
        outcome = f"exit code {result.exit_code}, {result.seconds} s" if result else "no result"
        say(f"{mode}: {session.name}: {outcome}")
    return [
        session.name
        for session in sessions
        if session.name not in finished or finished[session.name].exit_code != 0
    ]


if __name__ == "__main__":
    sys.exit(main())
