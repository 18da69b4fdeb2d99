"""Let many people use a server at once: `make load`.

Prints requests a second, the waits of executions, errors and leaks, and ends with 1 if there is any
of the latter two. Everything is on this machine, for as long as it is told.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.crowd import world
from bench.machine import describe
from runyard.testing.server import Server

JOURNEY = Path(__file__).with_name("journey.py")
_FIRST_SECONDS = 30
_FAILURES_SHOWN = 5


def main() -> int:
    arguments = _parse()
    with tempfile.TemporaryDirectory(prefix="runyard-crowd-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        server = Server(directory)
        server.start(profile="production", environment=_environment(directory))
        try:
            return _measure(server, directory, arguments)
        finally:
            if server.is_running():
                server.stop()


def _measure(server: Server, directory: Path, arguments: argparse.Namespace) -> int:
    password = secrets.token_hex(16)
    asyncio.run(world.admit(server, count=arguments.users, password=password))
    for name, value in describe().items():
        print(f"{name:<12} {value}", flush=True)
    print(f"{arguments.users} people on {server.url} for {arguments.seconds} s", flush=True)
    # What is loaded and opened once is no leak.
    _swarm(server, directory / "first", password, arguments, seconds=_FIRST_SECONDS)
    before = world.hold(server)
    rows = _swarm(server, directory / "all", password, arguments, seconds=arguments.seconds)
    unfinished = asyncio.run(world.find_unfinished(server))
    after = world.hold(server)
    leaks = world.find_leaks(server, before, after, unfinished)
    return _report(rows, leaks, before, after)


def _swarm(
    server: Server,
    results: Path,
    password: str,
    arguments: argparse.Namespace,
    *,
    seconds: int,
) -> list[dict[str, str]]:
    """Let them come, and return what Locust counted, by request."""
    command = [
        *(sys.executable, "-m", "locust", "--locustfile", str(JOURNEY), "--host", server.url),
        *("--headless", "--only-summary", "--loglevel", "WARNING", "--stop-timeout", "60"),
        *("--users", str(arguments.users), "--spawn-rate", str(arguments.rate)),
        *("--run-time", f"{seconds}s", "--csv", str(results)),
    ]
    given = {"CROWD_PASSWORD": password, "CROWD_COUNT": str(arguments.users)}
    with results.with_suffix(".log").open("wb") as log:
        subprocess.run(
            command,
            env=os.environ | given,
            stdout=log,
            stderr=log,
            timeout=seconds + 300,
            check=False,
        )
    with Path(f"{results}_failures.csv").open(newline="") as file:
        for row in list(csv.DictReader(file))[:_FAILURES_SHOWN]:
            print(f"{row['Occurrences']} x {row['Name']}: {row['Error']}", flush=True)
    with Path(f"{results}_stats.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _report(
    rows: list[dict[str, str]],
    leaks: dict[str, float],
    before: world.Holding,
    after: world.Holding,
) -> int:
    asked = [row for row in rows if row["Type"] not in {"", "wait"}]
    for row in sorted(asked, key=lambda row: -int(row["Request Count"])):
        print(_line(row))
    waits = [row for row in rows if row["Type"] == "wait"]
    errors = sum(int(row["Failure Count"]) for row in (*asked, *waits))
    rate = sum(float(row["Requests/s"]) for row in asked)
    print(f"requests/s   {rate:.1f}")
    for row in waits:
        print(f"executions/s {float(row['Requests/s']):.1f}, {row['Request Count']} in all")
        print(f"wait         p50 {row['50%']} ms, p95 {row['95%']} ms")
    print(f"errors       {errors}")
    print(f"leaks        {sum(1 for _ in leaks)} {leaks or ''}".rstrip())
    print(
        f"server       {before.memory_mib:.0f} -> {after.memory_mib:.0f} MiB,"
        f" {before.open_files} -> {after.open_files} open files"
    )
    return 1 if errors or leaks or not waits else 0


def _line(row: dict[str, Any]) -> str:
    count, failed = int(row["Request Count"]), int(row["Failure Count"])
    times = f"p50 {row['50%']:>6} ms  p95 {row['95%']:>6} ms"
    return f"{row['Type']:<6} {row['Name']:<18} {count:>6}  {times}  failed {failed}"


def _environment(directory: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("RUNYARD_")}
    kept = ("RUNYARD_TOOLCHAIN_DIRS", "RUNYARD_ALLOW_WEAK_LIMITS")
    return (
        own
        | {name: os.environ[name] for name in kept if name in os.environ}
        | {"RUNYARD_DATA_DIR": str(directory / "data"), "RUNYARD_LOG_LEVEL": "warning"}
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=__doc__)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--rate", type=float, default=10.0, help="people that come in a second")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
