"""The server that the crowd uses, its accounts, and what must not be left of it."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench import processes
from runyard.client import AsyncClient, Client
from runyard.testing.processes import descendants
from runyard.testing.server import Server

# A server keeps connections and statements it has met.
OPEN_FILES_MORE_MAX = 32
MEMORY_MORE_MIB_MAX = 256.0
_CGROUPS = Path("/sys/fs/cgroup")
_QUEUED = re.compile(r"^runyard_queue_length (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Holding:
    """What the server's own process holds."""

    open_files: int
    memory_mib: float


def hold(server: Server) -> Holding:
    return Holding(
        open_files=sum(1 for _ in Path(f"/proc/{server.pid}/fd").iterdir()),
        memory_mib=processes.memory_mib(server.pid, "Pss"),
    )


async def admit(server: Server, *, count: int, password: str) -> str:
    """Make the accounts; return the administrator's access token."""
    ticket = re.search(r"/setup#([\w-]+)", server.log.read_text())
    assert ticket is not None, "the server offered no set-up"
    with Client(server.url, token="") as client:
        chief = client.accounts.set_up(
            ticket[1], name="chief", email="chief@example.org", password=secrets.token_hex(16)
        )
    async with AsyncClient(server.url, token=chief.access_token) as client:
        for first in range(0, count, 10):
            await asyncio.gather(
                *(
                    client.admin.create(
                        name=f"person{number}",
                        email=f"person{number}@example.org",
                        password=password,
                    )
                    for number in range(first, min(first + 10, count))
                )
            )
    return chief.access_token


async def find_unfinished(server: Server) -> float:
    """Return how many executions still wait when nobody asks for any more."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client, asyncio.timeout(60):
        await client.get("/readyz")
        found = _QUEUED.search((await client.get("/metrics")).text)
    assert found is not None, "the server does not tell how many wait"
    return float(found[1])


def find_leaks(
    server: Server, before: Holding, after: Holding, unfinished: float
) -> dict[str, float]:
    """Stop the server; return what is left, by what it is. Empty is right."""
    pid, family = server.pid, descendants(server.pid)
    launchers = [f"runyard-{each}-" for each in (pid, *family)]
    code = server.stop()
    left = {
        "exit code": code,
        "executions waiting": unfinished,
        "processes": sum(Path(f"/proc/{each}").exists() for each in family),
        "control groups": sum(
            any(name in folder for name in launchers) for folder, _, _ in os.walk(_CGROUPS)
        ),
        "open files": _beyond(after.open_files - before.open_files, OPEN_FILES_MORE_MAX),
        "MiB of memory": _beyond(after.memory_mib - before.memory_mib, MEMORY_MORE_MIB_MAX),
    }
    return {name: value for name, value in left.items() if value}


def _beyond(more: float, allowed: float) -> float:
    return more if more > allowed else 0
