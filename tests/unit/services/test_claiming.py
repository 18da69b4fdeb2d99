"""The gate in front of the worker's claims."""

import asyncio

from runyard.services.claiming import ClaimGate


async def test_closing_waits_for_a_claim_under_way() -> None:
    gate, inside, leave = ClaimGate(), asyncio.Event(), asyncio.Event()

    async def claim() -> bool:
        async with gate.pass_through() as is_open:
            inside.set()
            await leave.wait()
            return is_open

    claiming = asyncio.create_task(claim())
    await inside.wait()
    closing = asyncio.create_task(gate.close())
    await asyncio.sleep(0)

    assert not closing.done()
    leave.set()
    await closing
    assert await claiming
    async with gate.pass_through() as is_open:
        assert not is_open
    gate.open()
    async with gate.pass_through() as is_open:
        assert is_open
