"""`make bench`: one table of ratios, measured side by side in one run, and the same as JSON."""

import json
import platform
import statistics
import tempfile
from pathlib import Path

from bench import bare, launcher, load
from bench.server import hello, serve

ROUNDS = 5
RUNS_PER_ROUND = 20
RATE_SECONDS = 4.0
RESULTS = Path(".cache/bench.json")
PYTHON = "/usr/bin/python3"
HELLO = "print('Hello, World!')\n"


def main() -> None:
    rows = {**_launcher_rows(), **_http_rows()}
    print(f"{platform.machine()}, Linux {platform.release()}")
    for name, value in rows.items():
        print(f"{name:<58} {value:>10.3f}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"written to {RESULTS}")


def _launcher_rows() -> dict[str, float]:
    return launcher.measure()


def _http_rows() -> dict[str, float]:
    """Interleave bare starts and requests, so that both meet the same noise."""
    request = hello("python3", "main.py", HELLO)
    bare_times: list[float] = []
    http_times: list[float] = []
    with tempfile.TemporaryDirectory() as directory, serve() as server:
        script = Path(directory) / "hello.py"
        script.write_text(HELLO)
        argv = [PYTHON, str(script)]
        load.run(server.port, request, clients=1, seconds=1.0)
        for _ in range(ROUNDS):
            bare_times += bare.latency_seconds(argv, runs=RUNS_PER_ROUND)
            http_times += load.run(server.port, request, clients=1, seconds=0.4).latencies
        bare_rate = bare.rate(argv, workers=2, seconds=RATE_SECONDS)
        two = load.run(server.port, request, clients=2, seconds=RATE_SECONDS)
        eight = load.run(server.port, request, clients=8, seconds=RATE_SECONDS)
        first = server.first_execution_seconds
    return {
        "serve until first finished execution, s": first,
        "bare python hello p50, ms": statistics.median(bare_times) * 1000,
        "bare python hello p95, ms": bare.percentile(bare_times, 95) * 1000,
        "HTTP python hello p50, ms": statistics.median(http_times) * 1000,
        "HTTP python hello p95, ms": bare.percentile(http_times, 95) * 1000,
        "HTTP p50 / bare p50": statistics.median(http_times) / statistics.median(bare_times),
        "bare python/s, 2 workers": bare_rate,
        "HTTP executions/s, 2 clients": two.rate,
        "HTTP executions/s, 8 clients": eight.rate,
        "HTTP rate (8 clients) / bare rate": eight.rate / bare_rate,
        "HTTP p95 at 8 clients, ms": bare.percentile(eight.latencies, 95) * 1000,
    }


if __name__ == "__main__":
    main()
