"""A process that owns an engine with programs running in it, to be killed by a test: prints one
line of JSON and waits."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from runyard.engines.interface import SandboxSpec
from runyard.testing.engine_conformance.session import open_sessions
from runyard.testing.processes import descendants
from tests.security.belongings import cgroups, sandboxed_processes
from tests.security.starting import start_engine

# A program that resists, and one with children in sessions of their own.
PROGRAMS = (
    "trap '' TERM INT HUP; echo up; while :; do sleep 60; done",
    "setsid sleep 60 & (setsid sleep 60 &) ; echo up; sleep 60",
)


async def run() -> None:
    engine = start_engine()
    async with open_sessions(engine, SandboxSpec(), len(PROGRAMS)) as sessions:
        for session, program in zip(sessions, PROGRAMS, strict=True):
            running = session.launch("/bin/sh", "-c", program, env={"PATH": "/usr/bin:/bin"})
            await running.read_until(b"up")
        family = descendants(os.getpid())
        children = [pid for pid in family if os.getpid() == _parent(pid)]
        found = {
            "launcher": children[0],
            "family": family,
            "sandboxed": sandboxed_processes(),
            "cgroups": [str(path) for path in cgroups(family)],
        }
        print(json.dumps(found), flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.readline)


def _parent(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123
        return int(file.read().rpartition(")")[2].split()[1])


if __name__ == "__main__":
    asyncio.run(run())
