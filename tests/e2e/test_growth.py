"""A server that has run for long holds no more than one that has run for a while."""

import asyncio

import httpx
import pytest

from runyard.testing.processes import descendants
from runyard.testing.server import Server
from tests.e2e import census

WARM_UP = 1_000
CLIENTS = 4


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_10000_executions_leave_no_growth(own_server: Server) -> None:
    await check_growth(own_server, 10_000)


@pytest.mark.timeout(300)
async def test_2000_executions_leave_no_growth(own_server: Server) -> None:
    await check_growth(own_server, 2_000)


async def check_growth(server: Server, executions: int) -> None:
    server.start(environment=census.COUNTABLE)
    server.wait_until_probed()
    family = [server.pid, *descendants(server.pid)]
    await _run(server, WARM_UP)
    before, memory_before = census.take(server.pid, server.data), census.memory_bytes(server.pid)

    await _run(server, executions - WARM_UP)
    after, memory_after = census.take(server.pid, server.data), census.memory_bytes(server.pid)

    grown = {
        name: (getattr(before, name), getattr(after, name))
        for name in (
            "processes", "mounts", "cgroups", "network_namespaces", "open_files",
            "temporary_entries",
        )
        if getattr(after, name) > getattr(before, name)
    }  # fmt: skip
    assert not grown
    assert memory_after <= memory_before * 1.10, (memory_before, memory_after)
    assert server.stop() == 0
    assert not list(census.cgroups(family))


async def _run(server: Server, count: int) -> None:
    numbers = iter(range(count))
    request = {
        "runtime": "bash",
        "files": [{"path": "main.sh", "content": "echo done"}],
        "wait": 60,
    }

    async def work() -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=120) as client:
            for _ in numbers:
                answer = (await client.post("/api/v1/executions", json=request)).json()
                assert answer["steps"][-1]["stdout"] == "done\n", answer

    await asyncio.gather(*(work() for _ in range(CLIENTS)))
