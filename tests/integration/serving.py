"""A `runyard serve` of its own for a test: a process with a port and a data directory."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 60.0
ADDRESS = re.compile(rb"serves on (http://\S+)")


@dataclass(frozen=True)
class Served:
    url: str
    process: subprocess.Popen[bytes]
    log: Path


def environment(directory: Path, **settings: str) -> dict[str, str]:
    """The caller's environment with data, home and temporary files below the directory."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("RUNYARD_")},
        **{key: os.environ[key] for key in ("RUNYARD_ALLOW_WEAK_LIMITS",) if key in os.environ},
        "RUNYARD_DATA_DIR": str(directory / "data"),
        "XDG_DATA_HOME": str(directory / "home"),
        **settings,
    }


@contextmanager
def serve(directory: Path, *words: str, **settings: str) -> Iterator[Served]:
    log = directory / "server.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "runyard", "serve", "--port", "0", *words],
        env=environment(directory, **settings),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    address: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read_log, args=(process, log, address))
    reader.start()
    try:
        try:
            url = address.get(timeout=START_SECONDS_MAX)
        except queue.Empty:
            url = ""
        assert url, f"the server did not say its address: {log.read_text()}"
        yield Served(url, process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        finally:
            process.kill()
            reader.join(STOP_SECONDS_MAX)


def _read_log(process: subprocess.Popen[bytes], log: Path, address: queue.Queue[str]) -> None:
    """Keep the messages, so that the server never waits for somebody to read them."""
    assert process.stderr is not None
    with process.stderr, log.open("wb", buffering=0) as kept:
        for line in process.stderr:
            kept.write(line)
            if found := ADDRESS.search(line):
                address.put(found[1].decode())
    address.put("")
