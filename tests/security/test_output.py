"""Output is bounded, is only data, and need not be read for a program to be ended."""

from runyard.testing.engine_conformance.session import eventually
from tests.security.attacks import Attacks
from tests.security.belongings import sandboxed_processes
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import load_programs

PROGRAMS = load_programs("output")
LIE, FAST = PROGRAMS["lie"], PROGRAMS["fast"]


class TestOutput(Attacks):
    kind = "output"


async def test_output_that_looks_like_something_else_is_only_output(
    laboratory: Laboratory,
) -> None:
    pieces: dict[str, tuple[bytes, ...]] = {}
    source = LIE.path.read_text().split("os.write")[0]
    exec(compile(source, "lie.py", "exec"), pieces)

    inside = await laboratory.run(LIE)

    assert inside.stdout == b"".join(pieces["PIECES"])
    assert inside.stderr == b"".join(reversed(pieces["PIECES"]))
    assert (inside.exited.exit_code, inside.exited.limit_hit) == (5, None)


async def test_program_ends_at_its_limit_though_nobody_reads(laboratory: Laboratory) -> None:
    limits = LIE.limits.__class__(wall_seconds=0.5, output_bytes=16 << 20, processes=8)
    async with laboratory.sandbox(limits) as session:
        program = "while :; do echo a long line that nobody reads; done"
        running = session.launch("/bin/sh", "-c", program, env=ENV, limits=limits)
        await running.read_until(b"nobody")
        # From here on this side reads nothing: the agent alone is left.
        await eventually(lambda: len(sandboxed_processes()) <= 1, "the program is ended")
        ended = await running.finish()

    assert ended.exited.limit_hit is not None


async def test_kept_output_is_the_first_part(laboratory: Laboratory) -> None:
    inside = await laboratory.run(FAST)

    assert inside.stdout == b"x" * FAST.limits.output_bytes
    assert inside.exited.stdout_truncated
