"""No program becomes more than it may, and nothing of it outlives it."""

from tests.security.attacks import Attacks
from tests.security.belongings import leaves_nothing, sandboxed_processes
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import load_programs

BOMB = load_programs("processes")["bomb"]


class TestProcesses(Attacks):
    kind = "processes"


async def test_everything_is_dead_when_the_end_is_told(laboratory: Laboratory) -> None:
    async with laboratory.sandbox(BOMB.limits) as session:
        await laboratory.run_in(session, BOMB)
        alive = sandboxed_processes()
        again = await session.run("/bin/echo", "again", env=ENV)

    assert len(alive) == 1  # the agent
    assert again.text == "again"


async def test_a_neighbour_works_during_a_fork_bomb(laboratory: Laboratory) -> None:
    async with (
        leaves_nothing(laboratory.engine),
        laboratory.sandbox_alone(BOMB.limits) as bombed,
    ):
        await laboratory.put(bombed, BOMB)
        running = bombed.launch(*laboratory.argv(BOMB), env=ENV, limits=BOMB.limits)
        async with laboratory.sandbox_alone(BOMB.limits) as neighbour:
            for _ in range(10):
                assert (await neighbour.run("/bin/echo", "fine", env=ENV)).text == "fine"
        await running.finish()
