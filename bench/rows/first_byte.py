"""From a program's write to a client that follows it: both read the same clock."""

import re
import time
from collections.abc import Iterator
from functools import partial

from bench.load import Connection, WrongAnswerError, question, submission
from bench.measurement import Bench, Measurement
from bench.results import Row, Target, milliseconds

RUNS = 8
LATER_WRITES = 5
_TARGET = Target(least=5.0, aim=2.0)
# The client follows before the first write; later writes are further apart than output is held.
_PROGRAM = f"""\
import time
time.sleep(0.15)
for _ in range({1 + LATER_WRITES}):
    print("t=%d;" % time.time_ns(), flush=True)
    time.sleep(0.04)
"""
_WRITTEN = re.compile(rb"t=(\d+);")


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    yield Measurement("first-byte", partial(_measure, bench))


def _measure(bench: Bench) -> list[Row]:
    program, server = bench.program("python"), bench.server()
    request = submission(program.runtime, program.path, _PROGRAM, wait=0)
    first, later = [], []
    with server.connect() as connection:
        for _ in range(RUNS * bench.rounds):
            server.wait_until_full(connection, program.runtime)
            execution = connection.ask_json(request)["id"]
            # An endless answer keeps its connection.
            with server.connect() as following:
                delays = _follow(following, execution)
            first.append(delays[0])
            later += delays[1:]
    return [
        Row(
            id="first-byte",
            title="first output, from the program's write to the client that follows",
            runyard=milliseconds(first),
            target=_TARGET,
        ),
        Row(
            id="first-byte.later",
            title="later output, from the program's write to the client that follows",
            runyard=milliseconds(later),
        ),
    ]


def _follow(following: Connection, execution: str) -> list[float]:
    """Return for each write the seconds until its event was received."""
    following.send(question(f"/api/v1/executions/{execution}/events"))
    received = b""
    delays: list[float] = []
    while len(delays) < 1 + LATER_WRITES:
        received += following.receive()
        now = time.time_ns()
        written = _WRITTEN.findall(received)
        delays += [(now - int(each)) / 1e9 for each in written[len(delays) :]]
        if b"event: finished" in received and len(delays) <= LATER_WRITES:
            raise WrongAnswerError(f"The program ended early: {received[-2000:].decode()}")
    return delays
