"""A program that needs a second of CPU: what it takes longer, and what is said of it."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import bare
from bench.load import Connection, submission
from bench.measurement import Bench, Measurement
from bench.programs import Program
from bench.results import Row, Target, milliseconds

SECONDS = 1.0
_FIRST_TURNS = 1_000_000
_TARGET = Target(least=1.03)


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    for runtime in ("python", "javascript", "java", "cpp", "go", "rust"):
        yield Measurement(f"cpu.{runtime}", partial(_measure, bench, runtime))


def _measure(bench: Bench, runtime: str) -> list[Row]:
    program, folder, server = bench.program(runtime), bench.folder(), bench.server()
    (folder / program.path).write_text(program.spin)
    bare.run(program.compile(folder))
    turns = str(_calibrate(program, folder))
    request = submission(runtime, program.path, program.spin, args=[turns])
    commands = [[*program.run(folder), turns]]
    bare_times, real, reported = [], [], []
    with server.connect() as connection:
        connection.run(request)
        for _ in range(bench.rounds):
            server.wait_until_full(connection, runtime)
            bare_times.append(bare.run(commands))
            seconds, said = _run(connection, request)
            real.append(seconds)
            reported.append(said)
    return [
        Row(
            id=f"cpu.{runtime}{suffix}",
            title=f"{program.title}, a second of CPU: {what}",
            bare=milliseconds(bare_times),
            runyard=milliseconds(times),
            target=_TARGET,
        )
        for suffix, what, times in (("", "real time", real), (".reported", "reported", reported))
    ]


def _calibrate(program: Program, folder: Path) -> int:
    """Return how far the program must count to take about a second, its start included."""
    turns = _FIRST_TURNS
    start = min(bare.run([[*program.run(folder), "1"]]) for _ in range(3))
    while True:
        seconds = bare.run([[*program.run(folder), str(turns)]])
        if seconds - start > SECONDS / 2:
            return round(turns * (SECONDS - start) / (seconds - start))
        turns *= 2


def _run(connection: Connection, request: bytes) -> tuple[float, float]:
    """Return the seconds until the answer, and the wall time of the run that it reports."""
    seconds, answer = connection.run_and_keep(request)
    last = json.loads(answer)["steps"][-1]
    return seconds, last["usage"]["wall_seconds"]
