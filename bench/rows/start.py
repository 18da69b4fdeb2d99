"""From the command that starts a server to the end of its first execution."""

from collections.abc import Iterator
from functools import partial

from bench.measurement import Bench, Measurement
from bench.results import Row, middle


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    yield Measurement("start", partial(_measure, bench))


def _measure(bench: Bench) -> list[Row]:
    seconds = [bench.server(kind).first_execution_seconds for kind in ("warm", "cold", "durable")]
    return [
        Row(
            id="start",
            title="`runyard serve` until its first finished execution",
            unit="s",
            runyard=middle(seconds),
        )
    ]
