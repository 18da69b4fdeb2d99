"""The yardstick: the same program started without Runyard."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from multiprocessing.pool import ThreadPool

# Commands of one program, one after the other: a compiler and what it made.
Commands = Sequence[list[str]]


def run(commands: Commands) -> float:
    """Return the wall time from the first start to the last end, output discarded."""
    begun = time.perf_counter()
    for argv in commands:
        _start(argv)
    return time.perf_counter() - begun


def rate(work: Sequence[Callable[[], object]], *, seconds: float) -> float:
    """Return how often a second the works get done, each again and again beside the others."""

    def repeat(do: Callable[[], object]) -> int:
        count, deadline = 0, time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            do()
            count += 1
        return count

    begun = time.perf_counter()
    with ThreadPool(len(work)) as pool:
        total = sum(pool.map(repeat, work))
    return total / (time.perf_counter() - begun)


def _start(argv: list[str]) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        pid = os.posix_spawn(
            argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)]
        )
    finally:
        os.close(null)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise subprocess.CalledProcessError(status, argv)
