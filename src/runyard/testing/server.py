"""A `runyard serve` of its own for a test or a measurement: a process that picks its port and keeps
a data directory, ended by its pid.
"""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import httpx

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 60.0
# Compilers of many languages, one after the other.
PROBED_SECONDS_MAX = 300.0
# In the data directory, keyed by what each self-test depends on.
_RUNTIMES = "runtimes.json"
_ADDRESS = re.compile(rb"serves on (http://\S+)")


class Server:
    """Start it with `start`, end it with `stop` or `kill`. What it stores stays for its next start.

    A server that is started as root gives that up, so everybody must be able to reach `directory`.
    """

    # Where each server leaves which runtimes work and learns it from those before it. Without this
    # file each one tries every compiler anew, beside what it was started for.
    known_runtimes: ClassVar[Path | None] = None

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.log = directory / "server.log"
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not started"
        return self._process.pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def start(
        self, *, profile: str = "development", environment: Mapping[str, str] | None = None
    ) -> None:
        """Return once it is ready. `environment` is the caller's if left out."""
        self.data.mkdir(exist_ok=True)
        self._learn_runtimes()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runyard", "serve", "--port", "0", "--profile", profile],
            env={
                **(os.environ if environment is None else environment),
                "RUNYARD_DATA_DIR": str(self.data),
            },
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        address: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(
            target=_keep_messages, args=(self._process, self.log, address), daemon=True
        )
        self._reader.start()
        try:
            self.url = _read_address(address)
            assert self.url, "it did not say its address"
            answer = httpx.get(f"{self.url}/readyz", timeout=START_SECONDS_MAX)
            assert answer.is_success, answer.text
        except (AssertionError, httpx.TransportError) as error:
            self.kill()
            tail = self.log.read_text()[-4000:]
            raise AssertionError(f"the server is not ready: {error}\n{tail}") from error

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
                # The API has no event for it.
                time.sleep(0.1)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int:
        """Ask it to end as an operator does; return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None, "the server is not started"
        assert self._reader is not None, "the server is not started"
        self._process.send_signal(number)
        try:
            return self._process.wait(STOP_SECONDS_MAX)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join(STOP_SECONDS_MAX)
            self._teach_runtimes()

    def _learn_runtimes(self) -> None:
        own, known = self.data / _RUNTIMES, self.known_runtimes
        if known is not None and known.exists() and not own.exists():
            own.write_bytes(known.read_bytes())

    def _teach_runtimes(self) -> None:
        own, known = self.data / _RUNTIMES, self.known_runtimes
        if known is None or not own.exists():
            return
        before = json.loads(known.read_bytes()) if known.exists() else {}
        # Tests that run side by side read it whole or not at all.
        fresh = known.with_name(f"{known.name}.{os.getpid()}")
        fresh.write_text(json.dumps(before | json.loads(own.read_bytes())))
        fresh.replace(known)


@contextmanager
def serve(
    directory: Path,
    *,
    profile: str = "development",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start a server and end it behind the block, if it still runs."""
    server = Server(directory)
    server.start(profile=profile, environment=environment)
    try:
        yield server
    finally:
        if server.is_running():
            server.stop()


def _read_address(address: queue.Queue[str]) -> str:
    try:
        return address.get(timeout=START_SECONDS_MAX)
    except queue.Empty:
        return ""


def _keep_messages(process: subprocess.Popen[bytes], log: Path, address: queue.Queue[str]) -> None:
    """Write them to the log, so that the server never waits for somebody to read them."""
    assert process.stderr is not None
    with process.stderr, log.open("ab", buffering=0) as kept:
        for line in process.stderr:
            kept.write(line)
            if found := _ADDRESS.search(line):
                address.put(found[1].decode())
    address.put("")
