"""One module for each thing that is measured, in the order of the table."""

from collections.abc import Iterator

from bench.measurement import Bench, Measurement
from bench.rows import (
    cpu_bound,
    docker,
    drained,
    durable,
    first_byte,
    latency,
    launcher,
    memory,
    rerun,
    start,
    sustained,
)

_PARTS = (
    latency, rerun, drained, cpu_bound, first_byte, memory, sustained, durable, docker, launcher,
    start,
)  # fmt: skip


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    for part in _PARTS:
        yield from part.list_measurements(bench)
