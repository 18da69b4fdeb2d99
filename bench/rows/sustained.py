"""How many executions a second both sustain: bare by two workers, Runyard asked by eight clients.
Everything shares the processors; what each part uses of them for a request is said.
"""

from collections.abc import Iterator
from functools import partial

from bench import bare
from bench.load import Load
from bench.measurement import Bench, Measurement
from bench.programs import Program
from bench.results import Figure, Row, Target, middle, milliseconds
from bench.server import Costs, Measured

WORKERS = 2
CLIENTS = 8
# Of each round and of both; a JVM is started about twice in a second.
_SECONDS = {
    "python": 3.0, "javascript": 3.0, "java": 5.0, "cpp": 4.0, "go": 4.0, "ruby": 2.0, "php": 2.0,
    "perl": 2.0, "lua": 2.0, "bash": 2.0,
}  # fmt: skip
_TARGETS = {"python": Target(least=1.0, aim=1.5, is_above=True)}


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    for runtime in _SECONDS:
        yield Measurement(f"sustained.{runtime}", partial(_measure, bench, runtime))
    yield Measurement("sustained.one", partial(_measure_one, bench))


def _measure(bench: Bench, runtime: str) -> Iterator[Row]:
    program, seconds = bench.program(runtime), _SECONDS[runtime]
    bare_rates, loads = _take_turns(bench, program, bench.server(), seconds)
    yield Row(
        id=f"sustained.{runtime}",
        title=f"{program.title} hello a second, {WORKERS} bare workers and {CLIENTS} clients",
        unit="/s",
        bare=middle(bare_rates),
        runyard=middle([load.rate for load, _ in loads]),
        target=_TARGETS.get(runtime),
    )
    yield Row(
        id=f"sustained.{runtime}.latency",
        title=f"{program.title} hello, each of {CLIENTS} clients at that rate",
        runyard=_latency([load for load, _ in loads]),
    )
    yield from _costs(f"sustained.{runtime}", program.title, [costs for _, costs in loads])


def _measure_one(bench: Bench) -> Iterator[Row]:
    program, server = bench.program("python"), bench.server()
    loads = [
        server.saturate(program.requests(), clients=1, seconds=_SECONDS["python"])
        for _ in range(bench.rounds)
    ]
    yield Row(
        id="sustained.one",
        title="Python hello a second, one client without a pause",
        unit="/s",
        runyard=middle([load.rate for load, _ in loads]),
    )
    yield from _costs("sustained.one", "Python, one client", [costs for _, costs in loads])


def rates(bench: Bench, server: Measured) -> tuple[Figure, Figure]:
    """Return how many of Python's hello a second are sustained bare and by `server`."""
    program = bench.program("python")
    bare_rates, loads = _take_turns(bench, program, server, _SECONDS["python"])
    return middle(bare_rates), middle([load.rate for load, _ in loads])


def _take_turns(
    bench: Bench, program: Program, server: Measured, seconds: float
) -> tuple[list[float], list[tuple[Load, Costs]]]:
    requests = program.requests()
    works = [partial(next, program.bare_runs(bench.folder())) for _ in range(WORKERS)]
    server.saturate(requests, clients=CLIENTS, seconds=1.0)
    bare_rates, loads = [], []
    for _ in range(bench.rounds):
        bare_rates.append(bare.rate(works, seconds=seconds))
        loads.append(server.saturate(requests, clients=CLIENTS, seconds=seconds))
    return bare_rates, loads


def _latency(loads: list[Load]) -> Figure:
    return milliseconds([latency for load in loads for latency in load.latencies])


def _costs(id_: str, title: str, costs: list[Costs]) -> Iterator[Row]:
    for part, what in (
        ("server", "the server"),
        ("sandboxes", "the launcher and all sandboxes"),
        ("clients", "the load generator"),
    ):
        yield Row(
            id=f"{id_}.cpu.{part}",
            title=f"{title}: CPU for each request, {what}",
            runyard=middle([getattr(each, part) for each in costs]),
        )
