"""Many clients at once, and a server that is killed while it serves them."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing

import httpx
import pytest

from runyard.testing.server import Server
from tests.e2e.programs import python

CLIENTS = 50
EXECUTIONS = 500


async def test_500_executions_from_50_clients_are_all_correct(own_server: Server) -> None:
    own_server.start()
    numbers = iter(range(EXECUTIONS))
    wrong: list[object] = []

    async def work() -> None:
        async with httpx.AsyncClient(base_url=own_server.url, timeout=120) as client:
            for number in numbers:
                request = python(f"print({number} * 7)")
                answer = (await client.post("/api/v1/executions", json=request)).json()
                while answer["state"] != "finished":
                    location = f"/api/v1/executions/{answer['id']}"
                    answer = (await client.get(location, params={"wait": 30})).json()
                if answer["steps"][-1]["stdout"] != f"{number * 7}\n":
                    wrong.append((number, answer))

    await asyncio.gather(*(work() for _ in range(CLIENTS)))

    assert not wrong
    assert own_server.stop() == 0


@pytest.mark.timeout(180)
async def test_killed_server_finishes_every_accepted_execution_exactly_once(
    own_server: Server,
) -> None:
    own_server.start()
    accepted: list[str] = []
    half = asyncio.Event()

    async def work() -> None:
        async with httpx.AsyncClient(base_url=own_server.url, timeout=60) as client:
            while True:
                request = python("import time; print(1); time.sleep(0.05)", wait=0)
                try:
                    answer = await client.post("/api/v1/executions", json=request)
                except httpx.TransportError:
                    return  # The server is gone.
                accepted.append(answer.json()["id"])
                if len(accepted) >= 100:
                    half.set()

    workers = [asyncio.create_task(work()) for _ in range(10)]
    await asyncio.wait_for(half.wait(), 60)
    own_server.kill()
    await asyncio.gather(*workers)
    own_server.start()

    outcomes = await _outcomes(own_server, accepted)

    assert len(outcomes) == len(accepted)
    counted = Counter(outcomes.values())
    assert set(counted) <= {"succeeded", "internal_error"}, counted
    # What had been exchanged with a program when the server died cannot be run again.
    assert counted["internal_error"] <= 16, counted
    assert own_server.stop() == 0
    assert _finished_events(own_server) == {1}


async def _outcomes(server: Server, ids: list[str]) -> dict[str, str]:
    outcomes = {}
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        for execution_id in ids:
            answer: dict[str, str] = {"state": "unknown"}
            while answer["state"] != "finished":
                location = f"/api/v1/executions/{execution_id}"
                got = await client.get(location, params={"wait": 30})
                assert got.status_code == httpx.codes.OK, got.text
                answer = got.json()
            outcomes[execution_id] = answer["outcome"]
    return outcomes


def _finished_events(server: Server) -> set[int]:
    """Return how many records each execution has in the store."""
    (database,) = server.data.glob("*.db")
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM executions WHERE state = 'finished' GROUP BY id"
        )
        return {count for (count,) in rows}
