"""Platforms, settings and health from the command line and the SDK, against a real server that runs
its sandboxes on this machine.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.client import Client, InvalidRequestError
from runyard.testing.server import Server
from tests.integration.serving import reachable, serve
from tests.integration.test_accounts_cli import ADMIN, LINK, PASSWORD, Person, log_in

STEPS = ["options", "open", "probe", "sandbox", "agent", "program", "gone"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return reachable(tmp_path)


@pytest.fixture
def served(home: Path) -> Iterator[Server]:
    directory = home / "server"
    directory.mkdir()
    with serve(directory, profile="production") as served:
        yield served


@pytest.fixture
def admin(home: Path, served: Server) -> Person:
    found = LINK.search(served.log.read_text())
    assert found, served.log.read_text()
    person = Person(home / "admin", served)
    lines = (ADMIN, "maria@example.org", PASSWORD)
    ended = person.runyard("set-up", found[1], "--admin", lines=lines)
    assert ended.returncode == 0, ended.stderr
    return person


def admin_says(person: Person, *words: str, code: int = 0) -> str:
    ended = person.runyard("admin", *words)
    assert ended.returncode == code, (ended.stdout, ended.stderr)
    return ended.stdout


def find_launcher(served: Server) -> int:
    """The launcher is the child of the server that was not started from Python."""
    children = Path(f"/proc/{served.pid}/task/{served.pid}/children").read_text().split()
    [launcher] = [
        int(pid) for pid in children if b"\0launcher\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return launcher


def test_command_line_administers_platforms(admin: Person) -> None:
    listed = admin_says(admin, "platforms", "list")
    viewed = " ".join(admin_says(admin, "platforms", "view", "local").split())
    tested = admin_says(admin, "platforms", "test", "local")
    smoked = admin_says(admin, "platforms", "smoke", "local", "bash", "python")

    assert listed.startswith("local  linux  enabled  0 running, ")
    assert listed.rstrip().endswith("default, in use")
    assert "isolation namespaces network cut" in viewed
    assert "wall_seconds by agent" in viewed
    assert [line.split()[0] for line in tested.splitlines()] == ["ok"] * len(STEPS)
    assert "by its limit of wall_seconds" in tested
    assert [line.split()[:2] for line in smoked.splitlines()] == [
        ["bash", "passed"],
        ["python", "passed"],
    ]

    assert admin_says(admin, "platforms", "set", "spare", "--option", "startup_seconds=20") == (
        "spare is kept, disabled\n"
    )
    words = ("set", "local", "--option", "slot_count_max=8", "--description", "Here.")
    assert admin_says(admin, "platforms", *words) == (
        "local is kept, enabled; start the server again to use it\n"
    )
    assert admin_says(admin, "platforms", "drain", "local") == "local is draining, 0 running\n"
    assert "until it is enabled" in admin_says(admin, "health")
    assert admin_says(admin, "platforms", "disable", "local") == "local is disabled, 0 running\n"
    assert admin_says(admin, "platforms", "enable", "local") == "local is enabled\n"
    admin_says(admin, "platforms", "default", "spare", code=126)
    admin_says(admin, "platforms", "enable", "spare")
    assert "spare is the default; start" in admin_says(admin, "platforms", "default", "spare")
    admin_says(admin, "platforms", "delete", "spare", code=126)


def test_command_line_administers_settings(admin: Person) -> None:
    assert admin_says(admin, "settings", "set", "sign_up", "open") == 'sign_up is "open"\n'
    assert admin_says(admin, "settings", "set", "totp_roles", "[]") == "totp_roles is []\n"
    changeable = admin_says(admin, "settings", "list", "--changeable")
    assert changeable.splitlines()[2].split() == ["sign_up", '"open"', "database", "changeable"]
    assert admin_says(admin, "settings", "reset", "sign_up") == (
        'sign_up is "invitation" by default\n'
    )
    assert "RUNYARD_PROFILE" in admin.runyard("admin", "settings", "set", "profile", "x").stderr
    assert "secret_keys" in admin_says(admin, "settings", "list")


def test_drained_server_runs_what_waited_once_it_is_enabled(admin: Person) -> None:
    with log_in(admin) as client:
        client.admin.platforms.drain("local")
        waiting = client.submit("bash", {"main.sh": "echo after"})
        assert client.get(waiting.id).state == "queued"
        client.admin.platforms.enable("local")
        ended = client.wait(waiting.id)

    assert (ended.outcome, ended.steps[0].stdout) == ("succeeded", b"after\n")


def test_options_of_sandboxes_are_checked_by_their_engine(admin: Person) -> None:
    with log_in(admin) as client:
        [engine] = client.admin.platforms.engines()
        assert engine.name == "linux"
        assert engine.options["properties"]["startup_seconds"]["maximum"] == 120.0
        for options in (
            {"startup_seconds": 0.001},
            {"startup_seconds": "soon"},
            {"slot_count_max": 1},
            {"slot_count_max": 9.5},
            {"agent_path": "/tmp/mine"},
            {"uid_base": 0},
        ):
            with pytest.raises(InvalidRequestError) as refused:
                client.admin.platforms.put("spare", "linux", options=options)
            assert f"options.{next(iter(options))}" in str(refused.value)


def test_sabotaged_platform_is_found_out(admin: Person) -> None:
    with log_in(admin) as client:
        launcher = find_launcher(admin.served)
        os.kill(launcher, signal.SIGKILL)
        eventually_failing(client)

        trial = client.admin.platforms.test("local")
        health = {part.name: part for part in client.admin.health().parts}

        statuses = {step.name: step.status for step in trial.steps}
        assert list(statuses) == STEPS
        assert (statuses["options"], statuses["open"]) == ("ok", "failed")
        assert {statuses[name] for name in STEPS[2:]} == {"skipped"}
        opening = trial.steps[1]
        assert "launcher is gone" in opening.detail
        assert "start the server again" in opening.advice
        assert health["platform"].status == "failing"
        # What cannot be opened does not become what servers start with.
        client.admin.platforms.put("spare", "linux")
        client.admin.platforms.enable("spare")
        ended = admin.runyard("admin", "platforms", "default", "spare")
        assert ended.returncode == 126
        assert "cannot be used" in ended.stderr
    assert "failed" in admin_says(admin, "platforms", "test", "local", code=1)
    assert "failing  platform" in admin_says(admin, "health", code=1)


def eventually_failing(client: Client) -> None:
    """The kernel tells of the launcher's end a moment after the signal."""
    for _ in range(100):
        if client.admin.health().status == "failing":
            return
    raise AssertionError("the server does not see that its launcher is gone")
