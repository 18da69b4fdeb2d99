"""Servers to be measured, each with an empty data directory, and what they say of their pools."""

import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.load import Connection, Load, question, saturate
from runyard.testing.server import Server, serve

FULL_SECONDS_MAX = 5.0
IDLE_SECONDS_MAX = 300.0
# It rests when it uses next to nothing of a processor in several looks one after the other.
_IDLE_SHARE, _LOOK_SECONDS, _QUIET_LOOKS = 0.05, 0.5, 4
_POLL_SECONDS = 0.005
# As `make` has it: without the packages there, Go compiles its library for each request.
_TOOLCHAINS = json.dumps([str(Path(__file__).parents[1] / "tools")])
_METRICS = question("/metrics")
_SAMPLE = re.compile(r"^runyard_pool_(\w+)\{(.*)\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds for each request: of the server, of its launcher with all sandboxes, and of
    the clients.
    """

    server: float
    sandboxes: float
    clients: float


@dataclass(frozen=True, slots=True)
class Measured:
    """`first_execution_seconds` is from the start of the command to the end of an execution."""

    server: Server
    first_execution_seconds: float

    def connect(self) -> Connection:
        return Connection(self.server.port)

    def unavailable(self) -> dict[str, str]:
        """Return the runtimes that cannot be measured here, and why."""
        with self.connect() as connection:
            items = connection.ask_json(question("/api/v1/runtimes"))["items"]
        return {
            item["id"]: item["reason"] or item["state"]
            for item in items
            if item["state"] != "available"
        }

    def wait_until_full(self, connection: Connection, runtime: str) -> bool:
        """Wait until as many sandboxes of the runtime stand ready as are wanted; say whether."""
        deadline = time.monotonic() + FULL_SECONDS_MAX
        while time.monotonic() < deadline:
            text = connection.ask(_METRICS).decode()
            if _count(text, "ready", runtime) >= _count(text, "wanted", runtime):
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def count_ready(self, connection: Connection, runtime: str) -> int:
        return int(_count(connection.ask(_METRICS).decode(), "ready", runtime))

    def count_misses(self, connection: Connection, runtime: str) -> int:
        return int(_count(connection.ask(_METRICS).decode(), "misses_total", runtime))

    def saturate(
        self, requests: Iterator[bytes], *, clients: int, seconds: float
    ) -> tuple[Load, Costs]:
        pid = self.server.pid
        server, family = processes.cpu_seconds(pid), processes.family_cpu_seconds(pid)
        load = saturate(self.server.port, requests, clients=clients, seconds=seconds)
        each = 1000 / len(load.latencies)
        return load, Costs(
            server=(processes.cpu_seconds(pid) - server) * each,
            sandboxes=(processes.family_cpu_seconds(pid) - family) * each,
            clients=load.cpu_seconds * each,
        )


@contextmanager
def open_server(directory: Path, settings: dict[str, str], first: bytes) -> Iterator[Measured]:
    """Start a server and yield it once it has answered `first` and rests: self-tests of many
    compilers, and what is prepared for them, would take the cores from what is measured.
    """
    started = time.monotonic()
    environment = {"RUNYARD_TOOLCHAIN_DIRS": _TOOLCHAINS, **os.environ, **settings}
    with serve(directory, environment=environment) as server:
        with Connection(server.port) as connection:
            connection.run(first)
        seconds = time.monotonic() - started
        server.wait_until_probed()
        _wait_until_idle(server.pid)
        yield Measured(server, seconds)


def _wait_until_idle(pid: int) -> None:
    deadline = time.monotonic() + IDLE_SECONDS_MAX
    quiet, used = 0, _all_cpu_seconds(pid)
    while quiet < _QUIET_LOOKS:
        if time.monotonic() > deadline:
            raise TimeoutError("The server does not come to rest.")
        time.sleep(_LOOK_SECONDS)
        before, used = used, _all_cpu_seconds(pid)
        quiet = quiet + 1 if used - before <= _IDLE_SHARE * _LOOK_SECONDS else 0


def _all_cpu_seconds(pid: int) -> float:
    return processes.cpu_seconds(pid) + processes.family_cpu_seconds(pid)


def _count(metrics: str, name: str, runtime: str) -> float:
    samples: Sequence[tuple[str, str, str]] = _SAMPLE.findall(metrics)
    return sum(
        float(value)
        for metric, labels, value in samples
        if metric == name and f'runtime="{runtime}"' in labels
    )
