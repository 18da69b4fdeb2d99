"""A server of its own for a measurement: free port, empty data directory, stopped at the end."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 30.0
# Compilers of many languages, one after the other; they would take the cores from what is measured.
SELF_TESTS_SECONDS_MAX = 300.0


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int
    # From the start of the command to the first finished execution.
    first_execution_seconds: float


@contextmanager
def serve(*arguments: str) -> Iterator[Server]:
    """Start `runyard serve` and yield it once it has run a program."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="runyard-bench-") as directory:
        data = Path(directory) / "data"
        data.mkdir()
        Path(directory).chmod(0o755)
        started = time.monotonic()
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "runyard",
                "serve",
                "--profile",
                "development",
                "--port",
                str(port),
                *arguments,
            ],
            env={**os.environ, "RUNYARD_DATA_DIR": str(data)},
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for_execution(port, process)
            first = time.monotonic() - started
            _wait_for_self_tests(port)
            yield Server(port, process.pid, first)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS_MAX)


def hello(runtime: str, path: str, content: str, **fields: object) -> bytes:
    """Return a complete HTTP request that runs one file and waits for it."""
    body = json.dumps(
        {"runtime": runtime, "files": [{"path": path, "content": content}], "wait": 30, **fields}
    ).encode()
    head = (
        "POST /api/v1/executions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _wait_for_execution(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    body = json.dumps(
        {
            "runtime": "python3",
            "files": [{"path": "main.py", "content": "print(1)"}],
            "wait": 30,
        }
    )
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS_MAX)
        try:
            connection.request(
                "POST", "/api/v1/executions", body, {"Content-Type": "application/json"}
            )
            answer = json.load(connection.getresponse())
        except ConnectionError:
            time.sleep(0.02)
            continue
        finally:
            connection.close()
        if answer.get("outcome") == "succeeded":
            return
        raise SystemExit(f"The first execution did not succeed: {answer}")
    raise SystemExit("The server did not become ready; see its messages above.")


def _wait_for_self_tests(port: int) -> None:
    deadline = time.monotonic() + SELF_TESTS_SECONDS_MAX
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS_MAX)
        try:
            connection.request("GET", "/api/v1/runtimes")
            runtimes = json.load(connection.getresponse())["items"]
        finally:
            connection.close()
        if all(runtime["state"] != "unknown" for runtime in runtimes):
            return
        if time.monotonic() > deadline:
            raise SystemExit("The self-tests of the runtimes did not end in time.")
        time.sleep(0.2)
