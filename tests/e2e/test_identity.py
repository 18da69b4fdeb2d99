"""Who runs as whom, read from outside."""

import os
import time
from pathlib import Path

import httpx
import pytest

from runyard.testing.processes import children, descendants
from runyard.testing.server import Server
from tests.e2e import census
from tests.e2e.programs import python

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up being root")


@root_only
def test_process_that_listens_is_not_root(shared_server: Server) -> None:
    inodes = _listening_inodes(shared_server.port)

    listeners = [pid for pid in _all_processes() if inodes & _socket_inodes(pid)]

    assert listeners, "nobody listens on the server's port"
    for pid in listeners:
        assert 0 not in census.user_ids(pid), Path(f"/proc/{pid}/cmdline").read_text()


@root_only
def test_sandboxed_process_is_never_root_on_the_host(
    client: httpx.Client, shared_server: Server
) -> None:
    request = python("print('here', flush=True)\ninput()", interactive=True, wait=0)
    execution = client.post("/api/v1/executions", json=request).json()
    location = f"/api/v1/executions/{execution['id']}"
    deadline = time.monotonic() + 10
    while client.get(location).json()["state"] != "running":
        assert time.monotonic() < deadline

    everybody = descendants(shared_server.pid)
    sandboxed = set(everybody) - set(children(shared_server.pid))

    # A slot, the agent and the program at least.
    assert len(sandboxed) >= 3
    for pid in sandboxed:
        assert 0 not in census.user_ids(pid)
    client.post(f"{location}/cancel")


def _all_processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _listening_inodes(port: int) -> set[str]:
    listening = "0A"
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == listening and int(words[1].rpartition(":")[2], 16) == port:
            found.add(f"socket:[{words[9]}]")
    return found


def _socket_inodes(pid: int) -> set[str]:
    inodes = set()
    try:
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            inodes.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    except OSError:
        return inodes
    return inodes
