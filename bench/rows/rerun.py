"""A compiled program that is asked for again, unchanged: nothing is compiled."""

from collections.abc import Iterator
from functools import partial

from bench import bare
from bench.load import submission
from bench.measurement import Bench, Measurement
from bench.results import Row, Target, milliseconds

RUNS = 10
_TARGET = Target(least=1.0)
# What the whole way to an isolated, measured and stored run may cost beside the run itself.
ALLOWED_SECONDS = 0.005


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    for runtime in ("cpp", "go", "rust"):
        yield Measurement(f"rerun.{runtime}", partial(_measure, bench, runtime))


def _measure(bench: Bench, runtime: str) -> list[Row]:
    program, folder, server = bench.program(runtime), bench.folder(), bench.server()
    next(program.bare_runs(folder))
    request = submission(runtime, program.path, program.hello)
    bare_times, times = [], []
    with server.connect() as connection:
        for _ in range(3):
            connection.run(request)
        for _ in range(RUNS * bench.rounds):
            server.wait_until_full(connection, runtime)
            bare_times.append(bare.run([program.run(folder)]) + ALLOWED_SECONDS)
            times.append(connection.run(request))
    return [
        Row(
            id=f"rerun.{runtime}",
            title=f"{program.title}, unchanged program again, against its binary + 5 ms",
            bare=milliseconds(bare_times),
            runyard=milliseconds(times),
            target=_TARGET,
        )
    ]
