"""The yardstick: the same program started without Runyard."""

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from multiprocessing.pool import ThreadPool


def latency_seconds(argv: Sequence[str], *, runs: int) -> list[float]:
    """Return the wall time of each of `runs` starts, output discarded."""
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        _start(argv)
        times.append(time.perf_counter() - begun)
    return times


def rate(argv: Sequence[str], *, workers: int, seconds: float) -> float:
    """Return how many starts a second `workers` side by side sustain."""

    def work(_worker: int) -> int:
        count, deadline = 0, time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            _start(argv)
            count += 1
        return count

    begun = time.perf_counter()
    with ThreadPool(workers) as pool:
        total = sum(pool.map(work, range(workers)))
    return total / (time.perf_counter() - begun)


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _start(argv: Sequence[str]) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        pid = os.posix_spawn(
            argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)]
        )
    finally:
        os.close(null)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise subprocess.CalledProcessError(status, list(argv))
