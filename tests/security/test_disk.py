"""What can be written is small, and gone afterwards."""

from tests.security.attacks import Attacks
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import load_programs

WORK = load_programs("disk")["work"]


class TestDisk(Attacks):
    kind = "disk"


async def test_full_disk_is_an_error_of_the_program_not_of_the_sandbox(
    laboratory: Laboratory,
) -> None:
    async with laboratory.sandbox(WORK.limits) as session:
        program = "head -c 99999999 /dev/zero > full; echo ended $?; rm full; echo room > again"
        ended = await session.run("/bin/sh", "-c", program, env=ENV, limits=WORK.limits)
        files = await session.get("again")

    assert ended.text == "ended 1"
    assert ended.exited.limit_hit is None
    assert files == {"again": b"room\n"}
