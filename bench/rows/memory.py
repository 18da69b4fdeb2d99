"""What an idle server and its ready sandboxes hold; of a shared page, a share counts (PSS)."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from bench import processes
from bench.measurement import Bench, Measurement, UnavailableError
from bench.results import Row, Target, middle
from runyard.testing.processes import children, descendants

_AGENT = "runyard-agent"


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    yield Measurement("memory.server", partial(_measure_server, bench))
    yield Measurement(
        "memory.empty",
        partial(
            _measure_slots,
            bench,
            # Its compiler is not started ahead.
            runtime="cpp",
            row=Row(
                id="memory.empty",
                title="memory of a ready sandbox without an interpreter (PSS)",
                unit="MiB",
                target=Target(least=2.0, aim=1.0),
            ),
            program=_AGENT,
        ),
    )
    yield Measurement(
        "memory.python",
        partial(
            _measure_slots,
            bench,
            runtime="python",
            row=Row(
                id="memory.python",
                title="memory of a ready sandbox with a started Python (PSS)",
                unit="MiB",
                target=Target(least=12.0, aim=8.0),
            ),
            program="python3",
        ),
    )


def _measure_server(bench: Bench) -> list[Row]:
    pid = bench.server().server.pid
    return [
        Row(
            id=f"memory.server.{kind.lower()}",
            title=f"memory of the server ({kind.upper()})",
            unit="MiB",
            runyard=middle([processes.memory_mib(pid, kind)]),
        )
        for kind in ("Rss", "Pss")
    ]


def _measure_slots(bench: Bench, *, runtime: str, row: Row, program: str) -> list[Row]:
    """Measure the slots that hold a ready sandbox in which `program` and nothing else is started:
    their supervisor, and all below it.
    """
    requests, server = bench.program(runtime).requests(), bench.server()
    with server.connect() as connection:
        connection.run(next(requests))
        server.wait_until_full(connection, runtime)
    sizes = []
    for slot in _slots(server.server.pid):
        family = [slot, *descendants(slot)]
        programs = {processes.program(each) for each in family}
        if len(family) > 1 and {_name(each) for each in programs} == {_AGENT, program}:
            sizes.append(sum(processes.memory_mib(each, "Pss") for each in family))
    if not sizes:
        raise UnavailableError(f"No sandbox stood ready with {program} alone in it.")
    return [replace(row, runyard=middle(sizes))]


def _slots(server: int) -> list[int]:
    """The launcher is the server's child, and slots are the launcher's."""
    return [
        slot
        for launcher in children(server)
        if processes.program(launcher).startswith(_AGENT)
        for slot in children(launcher)
    ]


def _name(program: str) -> str:
    """Without its version or platform."""
    return next((known for known in (_AGENT, "python3") if program.startswith(known)), program)
