"""No sandbox sees, hears or holds up another one, before, beside or after it."""

from runyard.engines.interface import SandboxSpec
from runyard.testing.engine_conformance.session import open_sessions
from tests.security.attacks import Attacks
from tests.security.belongings import leaves_nothing
from tests.security.laboratory import ENV, Laboratory, escapes
from tests.security.manifest import load_programs

PROGRAMS = load_programs("between_sandboxes")
RESIDUE, WATCH = PROGRAMS["residue"], PROGRAMS["watch"]
ROUNDS = 6
SHOW_SURROUNDINGS = """
import json, os, resource, signal, socket, sys
print(json.dumps({
    "environment": sorted(os.environ),
    "umask": os.umask(0),
    "directory": os.getcwd(),
    "ignored": [n for n in range(1, 65) if n not in (32, 33)
                and signal.getsignal(n) == signal.SIG_IGN and n not in (13, 25)],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "descriptors": sorted(os.listdir("/proc/self/fd"))[:3],
    "nice": os.nice(0),
    "files": sorted(os.listdir(".") + os.listdir("/tmp") + os.listdir("/dev/shm")),
    "host": socket.gethostname(),
    "limits": [resource.getrlimit(n) for n in range(15)],
}))
"""
CHANGE_SURROUNDINGS = """
import os, resource, signal
os.umask(0o777); os.nice(10)
for number in range(1, 32):
    if number not in (9, 19): signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
for place in (".", "/tmp", "/dev/shm"):
    open(place + "/left", "w").close()
"""


class TestBetweenSandboxes(Attacks):
    kind = "between_sandboxes"


async def test_nothing_is_found_of_an_earlier_sandbox(laboratory: Laboratory, secret: str) -> None:
    """Several rounds, so that the place of an earlier one is used again."""
    found = []
    for _ in range(ROUNDS):
        async with laboratory.sandbox(RESIDUE.limits) as session:
            await laboratory.run_in(session, RESIDUE, "leave")
        async with laboratory.sandbox(RESIDUE.limits) as session:
            found.append(await laboratory.run_in(session, RESIDUE, "find"))

    assert not [escapes(inside.text, secret) for inside in found if escapes(inside.text, secret)]
    assert all("BLOCKED process" in inside.text for inside in found)


async def test_nothing_but_files_is_found_of_an_earlier_step(
    laboratory: Laboratory, secret: str
) -> None:
    async with laboratory.sandbox(RESIDUE.limits) as session:
        await laboratory.run_in(session, RESIDUE, "leave")
        await session.begin_step(RESIDUE.limits)
        found = await session.run(*laboratory.argv(RESIDUE, "find"), env=ENV)

    assert escapes(found.stdout.decode(), secret) == {"work_file"}


async def test_nothing_is_found_of_a_sandbox_beside(laboratory: Laboratory, secret: str) -> None:
    async with (
        leaves_nothing(laboratory.engine),
        open_sessions(laboratory.engine, SandboxSpec(), 2) as (holding, finding),
    ):
        await laboratory.put(holding, RESIDUE)
        running = holding.launch(*laboratory.argv(RESIDUE, "hold"), env=ENV, keep_stdin_open=True)
        await running.read_until(b"ready\n")
        found = await laboratory.run_in(finding, RESIDUE, "find")
        holding.channel.close_stdin()
        held = await running.finish()

    assert held.exited.exit_code == 0
    assert not escapes(found.text, secret)


async def test_a_sandbox_beside_cannot_be_watched(laboratory: Laboratory, secret: str) -> None:
    async with (
        leaves_nothing(laboratory.engine),
        open_sessions(laboratory.engine, SandboxSpec(), 2) as (watching, touching),
    ):
        await laboratory.put(watching, WATCH)
        running = watching.launch(*laboratory.argv(WATCH, "watch"), env=ENV, keep_stdin_open=True)
        await running.read_until(b"ready\n")
        touched = await laboratory.run_in(touching, WATCH, "touch")
        watching.channel.close_stdin()
        seen = await running.finish()

    assert touched.exited.exit_code == 0
    assert not escapes(seen.stdout.decode(), secret)
    assert b"BLOCKED inotify" in seen.stdout


async def test_surroundings_are_the_same_whoever_was_there_before(laboratory: Laboratory) -> None:
    seen = []
    for _ in range(ROUNDS):
        async with laboratory.sandbox(RESIDUE.limits) as session:
            seen.append((await session.python(SHOW_SURROUNDINGS, env=ENV)).text)
            await session.python(CHANGE_SURROUNDINGS, env=ENV)

    assert len(set(seen)) == 1, seen
    assert '"files": []' in seen[0]
    assert '"ignored": [], "blocked": []' in seen[0]
