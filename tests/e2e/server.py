"""A `runyard serve` of its own for a test: free port, empty data directory, ended by its pid."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

READY_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 30.0
PROBED_SECONDS_MAX = 120.0


class Server:
    """Start it with `start`, end it with `stop` or `kill`; the data directory stays."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.data.mkdir(exist_ok=True)
        self.log = directory / "server.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not started"
        return self._process.pid

    def start(self, **settings: str) -> None:
        environment = {
            **os.environ,
            **{f"RUNYARD_{name.upper()}": value for name, value in settings.items()},
            "RUNYARD_DATA_DIR": str(self.data),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "runyard",
                    "serve",
                    "--profile",
                    "development",
                    "--port",
                    str(self.port),
                ],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()

    def stop(self) -> int:
        """Ask it to end as an operator does; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(STOP_SECONDS_MAX)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_SECONDS_MAX)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_until_probed(self) -> None:
        """Wait for the self-tests of all runtimes, which go on behind the first executions."""
        deadline = time.monotonic() + PROBED_SECONDS_MAX
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while True:
                runtimes = client.get("/api/v1/runtimes").json()["items"]
                waiting = [runtime["id"] for runtime in runtimes if runtime["state"] == "unknown"]
                if not waiting:
                    return
                assert time.monotonic() < deadline, waiting
                time.sleep(0.1)  # tidy: the API has no event for it

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        with httpx.Client(base_url=self.url) as client:
            while time.monotonic() < deadline and self.is_running():
                try:
                    if client.get("/readyz").status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    # Nothing listens yet, so there is no event to wait for.
                    time.sleep(0.02)  # tidy: polling for a listener
        raise AssertionError(f"the server is not ready:\n{self.log.read_text()[-4000:]}")
