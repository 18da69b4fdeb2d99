"""A request that comes right behind more than stood ready."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from bench.measurement import Bench, Measurement
from bench.results import Row, milliseconds

# Some are made while the first ones run.
BEYOND = 4
_RUNS = {"python": 6, "javascript": 4, "java": 2, "cpp": 2}


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    for runtime in _RUNS:
        yield Measurement(f"drained.{runtime}", partial(_measure, bench, runtime))


def _measure(bench: Bench, runtime: str) -> list[Row]:
    program, server = bench.program(runtime), bench.server()
    bare, requests = program.bare_runs(bench.folder()), program.requests()
    bare_times, times, misses = [], [], 0
    with server.connect() as connection:
        for request in islice(requests, 2):
            connection.run(request)
        for _ in range(_RUNS[runtime] * bench.rounds):
            server.wait_until_full(connection, runtime)
            bare_times.append(next(bare))
            ready = server.count_ready(connection, runtime)
            before = server.count_misses(connection, runtime)
            server.saturate(requests, clients=ready + BEYOND, seconds=0)
            times.append(connection.run(next(requests)))
            misses += server.count_misses(connection, runtime) > before
    return [
        Row(
            id=f"drained.{runtime}",
            title=f"{program.title} hello, right behind more than stood ready",
            bare=milliseconds(bare_times),
            runyard=milliseconds(times),
            note=f"{misses} of {len(times)} times the pool was empty",
        )
    ]
