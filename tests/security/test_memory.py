"""Memory is bounded however it is taken, and only the taker is ended for it."""

from tests.security.attacks import Attacks
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import load_programs

MALLOC = load_programs("memory")["malloc"]


class TestMemory(Attacks):
    kind = "memory"


async def test_agent_outlives_its_program(laboratory: Laboratory) -> None:
    """The program is chosen when memory runs out; the agent reports and goes on."""
    async with laboratory.sandbox(MALLOC.limits) as session:
        first = await laboratory.run_in(session, MALLOC)
        second = await laboratory.run_in(session, MALLOC)
        third = await session.run("/bin/echo", "still here", env=ENV)

    assert first.exited.limit_hit is second.exited.limit_hit is MALLOC.inside.limit_hits[0]
    assert third.text == "still here"
