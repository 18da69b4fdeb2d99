"""Hello, World: started bare, and asked for over HTTP from a full pool and without one."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from bench.measurement import Bench, Measurement
from bench.results import Row, Target, milliseconds

_TARGETS = {
    "python": Target(least=0.9, aim=0.5),
    "javascript": Target(least=0.4, aim=0.2),
    "java": Target(least=0.25, aim=0.1),
    "cpp": Target(least=0.4, aim=0.28),
}
# Of each round; those that take long are repeated less often.
_RUNS = {"python": 20, "javascript": 10, "java": 3, "cpp": 3, "go": 3, "rust": 3}
_WHAT = {
    "python": "Python hello", "javascript": "Node hello",
    "java": "Java hello, compiled and run", "cpp": "C++ hello with bits/stdc++.h, compiled and run",
    "go": "Go hello, compiled and run", "rust": "Rust hello, compiled and run",
}  # fmt: skip


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    for runtime in _RUNS:
        yield Measurement(f"latency.{runtime}", partial(_measure, bench, runtime))


@dataclass(slots=True)
class _Times:
    """Seconds, from runs that took turns."""

    bare: list[float]
    warm: list[float]
    cold: list[float]
    not_full: int = 0


def _measure(bench: Bench, runtime: str) -> list[Row]:
    times = _take_turns(bench, runtime, bench.rounds * _RUNS[runtime])
    bare = milliseconds(times.bare)
    note = f"{times.not_full} requests began without a full pool" if times.not_full else ""
    return [
        Row(
            id=f"latency.{runtime}",
            title=_WHAT[runtime],
            bare=bare,
            runyard=milliseconds(times.warm),
            target=_TARGETS.get(runtime),
            note=note,
        ),
        Row(
            id=f"latency.{runtime}.cold",
            title=f"{_WHAT[runtime]}, nothing ready ahead",
            bare=bare,
            runyard=milliseconds(times.cold),
        ),
    ]


def _take_turns(bench: Bench, runtime: str, runs: int) -> _Times:
    """Let all three meet the same noise. The warm one comes last: what it has made ready behind it
    is waited for before anything else begins.
    """
    program, times = bench.program(runtime), _Times([], [], [])
    bare, requests = program.bare_runs(bench.folder()), program.requests()
    warm, cold = bench.server(), bench.server("cold")
    # The first ones tell the pool what is wanted, and fill caches of files.
    with warm.connect() as asked, cold.connect() as asked_cold:
        for request in islice(requests, 3):
            next(bare)
            asked.run(request)
            asked_cold.run(request)
            warm.wait_until_full(asked, runtime)
        for request in islice(requests, runs):
            times.not_full += not warm.wait_until_full(asked, runtime)
            times.bare.append(next(bare))
            times.cold.append(asked_cold.run(request))
            times.warm.append(asked.run(request))
    return times
