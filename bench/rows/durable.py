"""The price of results that survive a loss of power: the store waits for the disk."""

from collections.abc import Iterator
from functools import partial

from bench.measurement import Bench, Measurement
from bench.results import Row, milliseconds
from bench.rows.sustained import rates

RUNS = 10


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    yield Measurement("durable.latency", partial(_measure_latency, bench))
    yield Measurement("durable.sustained", partial(_measure_rate, bench))


def _measure_latency(bench: Bench) -> list[Row]:
    program, server = bench.program("python"), bench.server("durable")
    bare, requests = program.bare_runs(bench.folder()), program.requests()
    bare_times, times = [], []
    with server.connect() as connection:
        for _ in range(RUNS * bench.rounds):
            server.wait_until_full(connection, program.runtime)
            bare_times.append(next(bare))
            times.append(connection.run(next(requests)))
    return [
        Row(
            id="durable.latency",
            title="Python hello, kept over a loss of power",
            bare=milliseconds(bare_times),
            runyard=milliseconds(times),
        )
    ]


def _measure_rate(bench: Bench) -> list[Row]:
    bare, runyard = rates(bench, bench.server("durable"))
    return [
        Row(
            id="durable.sustained",
            title="Python hello a second, kept over a loss of power",
            unit="/s",
            bare=bare,
            runyard=runyard,
        )
    ]
