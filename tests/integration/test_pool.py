"""A server that keeps sandboxes ready: what its clients notice of it, and what it leaves behind."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from runyard.__main__ import Installation
from runyard.testing import server
from runyard.testing.processes import descendants
from runyard.testing.server import Server
from tests.e2e import census
from tests.integration.serving import environment, reachable

DEADLINE_SECONDS = 60.0
MIB = 1 << 20
ENTRIES = {"bash": "main.sh", "perl": "main.pl", "python": "main.py"}


@dataclass
class Client:
    server: Server
    http: httpx.Client

    def run(self, code: str, *, runtime: str = "bash", **fields: Any) -> dict[str, Any]:
        files = [{"path": ENTRIES[runtime], "content": code}]
        body = {"runtime": runtime, "files": files, "wait": 60, **fields}
        answer = self.http.post("/api/v1/executions", json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        assert found["state"] == "finished"
        return found

    def sample(self, name: str, **labels: str) -> float:
        """Return the sum of all samples with this name and these labels."""
        total = 0.0
        for line in self.http.get("/metrics").text.splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == f"runyard_pool_{name}" and all(
                f'{key}="{wanted}"' in sample for key, wanted in labels.items()
            ):
                total += float(value)
        return total

    def wait_for(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, self.http.get("/metrics").text
            time.sleep(0.01)  # tidy: looks again, with a deadline.

    def wait_until_ready(self, runtime: str = "bash") -> None:
        self.wait_for(lambda: self.sample("ready", runtime=runtime) >= 1)

    def waiting_programs(self) -> list[int]:
        """Return the processes in which Bash stands before its script."""
        found = []
        for pid in descendants(self.server.pid):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[-2:-1] == [b"main.sh"]:
                found.append(pid)
        return found


@contextmanager
def open_client(directory: Path, **settings: str) -> Iterator[Client]:
    """Serve and talk to it, with one sandbox of each kind that was asked for."""
    reachable(directory)
    plain = {"RUNYARD_POOL_FLOOR_COUNT": "1", "RUNYARD_POOL_RUNTIMES": "[]"}
    with (
        server.serve(directory, environment=environment(directory, **(plain | settings))) as served,
        httpx.Client(base_url=served.url, timeout=60) as http,
    ):
        yield Client(served, http)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    directory = tmp_path_factory.mktemp("pool")
    with open_client(directory) as client:
        yield client


@pytest.fixture
def client(serving: Client) -> Client:
    serving.run("true")
    serving.wait_until_ready()
    return serving


@pytest.fixture
def perl(serving: Client) -> Client:
    serving.run("1;", runtime="perl")
    serving.wait_until_ready("perl")
    return serving


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_usual_request_is_a_hit_and_an_unusual_one_falls_back(client: Client) -> None:
    hits, misses = client.sample("hits_total"), client.sample("misses_total")

    usual = client.run("echo $0 $#")
    client.wait_until_ready()
    other = client.run("echo $0 $#", args=["x"])

    assert usual["steps"][0]["stdout"] == "main.sh 0\n"
    assert other["steps"][0]["stdout"] == "main.sh 1\n"
    assert client.sample("hits_total") == hits + 1
    assert client.sample("misses_total") == misses + 1
    assert client.sample("misses_total", reason="command") >= 1
    assert client.sample("age_seconds_count") >= 1
    assert client.sample("start_seconds_count", runtime="bash", start="waiting") >= 2
    assert client.sample("memory_bytes") > 0


def test_each_sandbox_serves_one_execution(client: Client) -> None:
    code = "ls -A . /tmp /dev/shm; echo left | tee left /tmp/left > /dev/shm/left; sleep 99 &"

    outputs = []
    for _ in range(4):
        client.wait_until_ready()
        outputs.append(client.run(code + "\nexit 0")["steps"][0]["stdout"])

    assert outputs == [".:\nmain.sh\n\n/dev/shm:\n\n/tmp:\n"] * 4


def test_dead_sandbox_is_replaced_and_nobody_gets_it(client: Client) -> None:
    programs = client.waiting_programs()
    assert programs
    agents = {parent(program) for program in programs}

    for agent in agents:
        os.kill(agent, signal.SIGKILL)
    at_once = client.run("echo alive")

    assert (at_once["outcome"], at_once["attempt"]) == ("succeeded", 1)
    client.wait_until_ready()
    assert not agents & {parent(program) for program in client.waiting_programs()}
    assert client.run("echo alive")["attempt"] == 1


def test_program_that_is_killed_while_it_waits_is_not_missed(client: Client) -> None:
    for program in client.waiting_programs():
        os.kill(program, signal.SIGKILL)

    execution = client.run("echo alive")

    assert (execution["outcome"], execution["attempt"]) == ("succeeded", 1)
    assert execution["steps"][0]["stdout"] == "alive\n"


class TestLimits:
    def test_clock_and_meters_begin_with_the_request(self, client: Client) -> None:
        wall_seconds = 0.5
        began = time.monotonic()
        client.wait_for(lambda: time.monotonic() > began + 2 * wall_seconds)
        hits = client.sample("hits_total")

        execution = client.run("sleep 0.1; echo done", limits={"wall_seconds": wall_seconds})

        assert execution["outcome"] == "succeeded"
        assert client.sample("hits_total") == hits + 1
        usage = execution["steps"][0]["usage"]
        assert 0.1 <= usage["wall_seconds"] < wall_seconds
        assert usage["cpu_seconds"] < 0.1
        assert 0 < usage["memory_peak_bytes"] < 64 * MIB

    @pytest.mark.parametrize(
        ("limits", "code", "outcome", "hit"),
        [
            ({"wall_seconds": 0.3}, "sleep 60", "time_limit_exceeded", "wall_seconds"),
            ({"cpu_seconds": 0.2}, "while :; do :; done", "time_limit_exceeded", "cpu_seconds"),
            (
                {"output_bytes": 1000},
                "while :; do echo x; done",
                "output_limit_exceeded",
                "output_bytes",
            ),
        ],
    )
    def test_limit_of_the_request_holds(
        self, client: Client, limits: dict[str, float], code: str, outcome: str, hit: str
    ) -> None:
        hits = client.sample("hits_total")

        execution = client.run(code, limits=limits)

        assert client.sample("hits_total") == hits + 1
        assert (execution["outcome"], execution["steps"][0]["limit_hit"]) == (outcome, hit)

    @pytest.mark.parametrize("memory_bytes", [260 * MIB, 600 * MIB])
    def test_memory_is_what_the_request_was_granted(self, perl: Client, memory_bytes: int) -> None:
        """Neither less, as it was while nobody had asked, nor more."""
        limits, hits = {"memory_bytes": memory_bytes}, perl.sample("hits_total")

        def fill(size: int) -> dict[str, Any]:
            code = f"my $s = ''; vec($s, {size}, 8) = 1; print length $s;"
            return perl.run(code, runtime="perl", limits=limits)

        under = fill(memory_bytes - 30 * MIB)
        perl.wait_until_ready("perl")
        # Files count as memory too, so a program may have that much more.
        over = fill(memory_bytes + 300 * MIB)

        assert perl.sample("hits_total") == hits + 2
        assert under["outcome"] == "succeeded", under
        assert over["outcome"] == "memory_limit_exceeded"

    @pytest.mark.parametrize("processes", [8, 100])
    def test_processes_are_what_the_request_was_granted(self, perl: Client, processes: int) -> None:
        code = "my $n = 0; while (defined(my $p = fork)) { $p or sleep 60; $n++; } print $n;"
        hits = perl.sample("hits_total")

        execution = perl.run(code, runtime="perl", limits={"processes": processes})

        assert perl.sample("hits_total") == hits + 1
        assert execution["steps"][0]["stdout"] == str(processes - 1)

    def test_program_reads_the_same_limits_as_after_a_cold_start(self, client: Client) -> None:
        code = "ulimit -a; cat /proc/self/limits; nproc; cat /proc/self/oom_score_adj; nice"
        limits = {"processes": 33, "memory_bytes": 280 * MIB}
        hits, misses = client.sample("hits_total"), client.sample("misses_total")

        ahead = client.run(code, limits=limits)
        fresh = client.run(code, limits=limits, env={"UNUSUAL": "1"})

        assert client.sample("hits_total") == hits + 1
        assert client.sample("misses_total") == misses + 1
        assert ahead["steps"][0]["stdout"] == fresh["steps"][0]["stdout"]


def test_burst_is_served_and_the_pool_is_full_again(client: Client) -> None:
    count = 40
    body = {
        "runtime": "bash",
        "files": [{"path": "main.sh", "content": "echo $0"}],
    }
    before = client.sample("hits_total") + client.sample("misses_total")

    ids = [client.http.post("/api/v1/executions", json=body).json()["id"] for _ in range(count)]
    done = [client.http.get(f"/api/v1/executions/{each}", params={"wait": 60}) for each in ids]
    client.wait_for(
        lambda: client.sample("hits_total") + client.sample("misses_total") == before + count
    )
    client.wait_until_ready()

    assert all(each.status_code == 200 for each in done)


def test_stopping_leaves_no_process_and_no_group(tmp_path: Path) -> None:
    with open_client(tmp_path) as client:
        client.run("true")
        client.wait_until_ready()
        family = [client.server.pid, *descendants(client.server.pid)]
        groups = list(census.cgroups(family))
        assert client.waiting_programs()
        assert len(family) > 3

        assert client.server.stop() == 0

        assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
        assert not [group for group in groups if group.exists()]
        assert "Traceback" not in client.server.log.read_text()


def test_pool_that_is_switched_off_keeps_nothing(tmp_path: Path) -> None:
    with open_client(tmp_path, RUNYARD_POOL_COUNT_MAX="0") as client:
        for _ in range(2):
            assert client.run("echo 1")["outcome"] == "succeeded"

        assert client.sample("hits_total") + client.sample("misses_total") == 0
        assert client.sample("ready") == 0


def test_runtime_that_is_expected_is_ready_before_anybody_asks(tmp_path: Path) -> None:
    with open_client(tmp_path, RUNYARD_POOL_RUNTIMES='["python"]') as client:
        client.wait_until_ready("python")

        execution = client.run("print(1)", runtime="python")

        assert execution["steps"][0]["stdout"] == "1\n"
        assert client.sample("hits_total", runtime="python") == 1


async def test_program_on_the_command_line_leaves_nothing_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNYARD_DATA_DIR", str(tmp_path))
    files = [{"path": "main.sh", "content": "echo 1"}]
    async with (
        Installation().open_transport(keep_records=False) as transport,
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
    ):
        body = {"runtime": "bash", "files": files, "wait": 60}
        answer = await http.post("/api/v1/executions", json=body, timeout=60)
        metrics = (await http.get("/metrics")).text

    assert answer.json()["outcome"] == "succeeded"
    assert "runyard_pool_ready{" not in metrics
