"""What the measurements share: how often, with which servers, in which folder."""

import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.programs import Program, programs
from bench.results import Row
from bench.server import Measured, open_server

# What each server is told beside the defaults.
SERVERS = {
    "warm": {},
    "cold": {"RUNYARD_POOL_COUNT_MAX": "0", "RUNYARD_FORKED_STARTS": "false"},
    "durable": {"RUNYARD_STORE_SYNCHRONOUS": "full"},
}


class UnavailableError(Exception):
    """This host does not have what a measurement needs."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """`id` names its rows, `part.runtime`; `take` returns them."""

    id: str
    take: Callable[[], Iterable[Row]]


class Bench:
    """Servers are started at their first use and stay, idle, until the end."""

    def __init__(self, *, rounds: int) -> None:
        self.rounds = rounds
        self._stack = ExitStack()
        self._servers: dict[str, Measured] = {}
        self._numbers = count()

    def __enter__(self) -> Self:
        directory = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="runyard-bench-"))
        self._directory = Path(directory)
        self._directory.chmod(0o755)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def server(self, kind: str = "warm") -> Measured:
        if kind not in self._servers:
            self._servers[kind] = self._stack.enter_context(
                open_server(self.folder(), SERVERS[kind], next(programs()["python"].requests()))
            )
        return self._servers[kind]

    def folder(self) -> Path:
        """Return a new empty directory."""
        directory = self._directory / str(next(self._numbers))
        directory.mkdir()
        return directory

    def program(self, runtime: str) -> Program:
        """Return a program that both this host and the server can run."""
        found = programs().get(runtime)
        if found is None:
            raise UnavailableError(f"This host has no toolchain for {runtime}.")
        reason = self.server().unavailable().get(runtime)
        if reason is not None:
            raise UnavailableError(f"Runtime {runtime} is not available: {reason}")
        return found
