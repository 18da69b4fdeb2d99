"""A sandbox has a loopback of its own and reaches nothing else; being refused takes no time."""

from tests.security.attacks import Attacks
from tests.security.laboratory import Laboratory
from tests.security.manifest import load_programs

PROGRAMS = load_programs("network")


class TestNetwork(Attacks):
    kind = "network"


async def test_own_loopback_works_and_names_do_not_resolve(laboratory: Laboratory) -> None:
    inside = await laboratory.run(PROGRAMS["own_loopback"])

    assert inside.stdout.decode().splitlines() == ["over loopback", "BLOCKED names resolve"]


async def test_loopback_that_was_used_is_fresh_for_the_next(laboratory: Laboratory) -> None:
    """What was used leaves ports in TIME_WAIT and counters behind."""
    seen = []
    program = "cat /proc/net/snmp /proc/net/netstat /proc/net/tcp /proc/net/dev"
    for _ in range(4):
        async with laboratory.sandbox(PROGRAMS["own_loopback"].limits) as session:
            before = await session.run("/bin/sh", "-c", program)
            await laboratory.run_in(session, PROGRAMS["own_loopback"])
            after = await session.run("/bin/sh", "-c", program)
            seen.append(before.stdout)
            assert after.stdout != before.stdout

    assert not [line for lines in seen for line in lines.splitlines() if line not in seen[0]]
