"""Accounts from the command line and the SDK, against a real server of the production profile."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest

from runyard.client import (
    AsyncClient,
    AuthenticationError,
    Client,
    RefusedError,
)
from runyard.testing.server import Server
from tests.integration.serving import environment, reachable, serve

SECONDS_MAX = 60.0
ADMIN = "maria"
PASSWORD = "correct horse battery"
LINK = re.compile(r"'(http\S+/setup#\S+)'")
ECHO = "print('read', input())"


@dataclass(frozen=True)
class Person:
    """Somebody with a home directory of his own; `served` is the server he uses."""

    home: Path
    served: Server

    def settings(self, **more: str) -> dict[str, str]:
        return environment(
            self.home,
            XDG_CONFIG_HOME=str(self.home / "config"),
            RUNYARD_SERVER=self.served.url,
            **more,
        )

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "runyard", *words],
            env=self.settings(**more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def runyard(
        self, *words: str, lines: tuple[str, ...] = (), **more: str
    ) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, **more)
        out, err = process.communicate("".join(f"{line}\n" for line in lines), SECONDS_MAX)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    @property
    def credentials(self) -> Path:
        return self.home / "config" / "runyard" / "credentials.json"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reachable(tmp_path_factory.mktemp("accounts"))


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Server]:
    directory = home / "server"
    directory.mkdir()
    with serve(directory, profile="production") as served:
        yield served


@pytest.fixture(scope="module")
def link(served: Server) -> str:
    found = LINK.search(served.log.read_text())
    assert found, served.log.read_text()
    return found[1]


@pytest.fixture(scope="module")
def admin(home: Path, served: Server, link: str) -> Person:
    """Made with the printed link; its stored token has the scope admin."""
    person = Person(home / "admin", served)
    lines = (ADMIN, "maria@example.org", PASSWORD)
    ended = person.runyard("set-up", link, "--admin", lines=lines)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"Made the administrator {ADMIN}.\nLogged in to {served.url}")
    return person


@pytest.fixture
def stranger(tmp_path: Path, admin: Person) -> Person:
    return Person(tmp_path, admin.served)


@pytest.fixture
def user(admin: Person, request: pytest.FixtureRequest) -> str:
    """An account of this test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[-30:]
    name = name.strip("-")
    with log_in(admin) as client:
        client.admin.create(name=name, email=f"{name}@example.org", password=PASSWORD)
    return name


def log_in(person: Person, name: str = ADMIN) -> Client:
    client = Client(person.served.url, token="")
    client.accounts.log_in(name, PASSWORD)
    return client


def test_set_up_keeps_a_token_that_only_its_owner_may_read(admin: Person) -> None:
    ended = admin.runyard("whoami")

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"{ADMIN} <maria@example.org> (admin) on {admin.served.url}\n")
    assert "admin" in ended.stdout.splitlines()[1]
    assert admin.credentials.stat().st_mode & 0o777 == 0o600
    assert admin.credentials.parent.stat().st_mode & 0o777 == 0o700
    assert list(json.loads(admin.credentials.read_text())["logins"]) == [admin.served.url]


def test_link_works_once(stranger: Person, link: str) -> None:
    lines = ("mallory", "mallory@example.org", PASSWORD)

    ended = stranger.runyard("set-up", link, lines=lines)

    assert ended.returncode == 126
    assert ended.stderr.startswith("runyard: The link is unknown, used or expired")
    assert not stranger.credentials.exists()


def test_run_sends_the_stored_token(admin: Person, stranger: Person) -> None:
    source = stranger.home / "main.py"
    source.write_text("print('ran')")

    mine = admin.runyard("run", str(source))
    nobodys = stranger.runyard("run", str(source))

    assert (mine.returncode, mine.stdout) == (0, "ran\n"), mine.stderr
    assert nobodys.returncode == 126
    assert "runyard login" in nobodys.stderr


def test_login_of_a_user_sees_its_own_executions_only(
    admin: Person, stranger: Person, user: str
) -> None:
    source = stranger.home / "main.py"
    source.write_text("print('mine')")

    ended = stranger.runyard("login", lines=(f"{user}@example.org", PASSWORD))
    assert ended.returncode == 0, ended.stderr
    assert stranger.runyard("run", str(source)).returncode == 0
    listed = json.loads(stranger.runyard("runs", "list", "--json").stdout)

    assert [each["outcome"] for each in listed] == ["succeeded"]
    refused = stranger.runyard("admin", "accounts")
    assert refused.returncode == 126
    with log_in(admin, user) as client:
        # The session that made the token has ended.
        assert [each.current for each in client.accounts.sessions()] == [True]
        (token,) = client.accounts.tokens()
        assert token.name.startswith("runyard on ")
        assert token.expires_at is not None


def test_wrong_password_says_so_and_keeps_nothing(stranger: Person, user: str) -> None:
    ended = stranger.runyard("login", lines=(user, "not the password"))

    assert ended.returncode == 126
    assert ended.stderr == "runyard: The name or the password is wrong.\n"
    assert not stranger.credentials.exists()


def test_login_asks_for_the_second_factor(admin: Person, stranger: Person, user: str) -> None:
    with log_in(admin, user) as client:
        totp = pyotp.TOTP(client.accounts.offer_totp(PASSWORD).secret)
        recovery_codes = client.accounts.confirm_totp(totp.now())

    without = stranger.runyard("login", lines=(user, PASSWORD))
    wrong = stranger.runyard("login", lines=(user, PASSWORD, "000000"))
    # That of the next half minute: a code is good once.
    code = totp.at(int(time.time()), counter_offset=1)
    right = stranger.runyard("login", lines=(user, PASSWORD, code))
    recovered = stranger.runyard("login", lines=(user, PASSWORD, recovery_codes[0]))

    assert (without.returncode, wrong.returncode) == (2, 126)
    assert right.returncode == recovered.returncode == 0, right.stderr + recovered.stderr
    with log_in_with_code(stranger, user, recovery_codes[1]) as client:
        # The second login has deleted what the first one had made.
        assert len(client.accounts.tokens()) == 1


def log_in_with_code(person: Person, name: str, code: str) -> Client:
    client = Client(person.served.url, token="")
    client.accounts.log_in(name, PASSWORD, code)
    return client


def test_user_is_created_in_the_database_of_a_running_server(
    admin: Person, stranger: Person
) -> None:
    words = ("admin", "create-user", "Offline", "--email", "offline@example.org")
    where = {"RUNYARD_DATA_DIR": str(admin.served.data)}

    made = stranger.runyard(*words, lines=(PASSWORD,), **where)
    again = stranger.runyard(*words, lines=(PASSWORD,), **where)
    weak = stranger.runyard(*words, lines=("short",), **where)

    assert (made.returncode, made.stdout) == (0, "Made the account offline.\n"), made.stderr
    assert (again.returncode, weak.returncode) == (2, 2)
    assert "taken" in again.stderr
    assert again.stderr.count("\n") == weak.stderr.count("\n") == 1
    owners = {path.stat().st_uid for path in admin.served.data.glob("runyard.db*")}
    assert owners == {admin.served.data.stat().st_uid}
    assert stranger.runyard("login", lines=("offline", PASSWORD)).returncode == 0
    assert stranger.runyard("whoami").stdout.startswith("offline <offline@example.org> (user)")


def test_administrator_is_created_before_the_first_start(stranger: Person) -> None:
    directory = stranger.home / "fresh"
    directory.mkdir()
    reachable(stranger.home)
    made = stranger.runyard(
        *("admin", "create-user", "first", "--email", "first@example.org", "--admin"),
        lines=(PASSWORD,),
        RUNYARD_DATA_DIR=str(directory / "data"),
    )
    assert made.returncode == 0, made.stderr

    with serve(directory, profile="production") as served:
        person = Person(stranger.home, served)
        logged_in = person.runyard("login", "--admin", lines=("first", PASSWORD))
        listed = person.runyard("admin", "accounts")

        assert not LINK.search(served.log.read_text()), "there is an administrator already"
    assert logged_in.returncode == 0, logged_in.stderr
    assert listed.stdout == "first  first@example.org  admin\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_database_of_somebody_else_is_said(stranger: Person) -> None:
    ended = stranger.runyard(
        *("admin", "create-user", "x", "--email", "x@example.org"),
        lines=(PASSWORD,),
        RUNYARD_DATA_DIR="/usr",
    )

    assert ended.returncode == 2
    assert "somebody else's" in ended.stderr


@pytest.mark.parametrize("approve", [True, False], ids=["approved", "denied"])
def test_device_is_decided_through_the_sdk(
    admin: Person, stranger: Person, user: str, *, approve: bool
) -> None:
    with stranger.start("login", "--device") as process, log_in(admin, user) as client:
        assert process.stdout is not None
        assert process.stderr is not None
        found = re.search(r"The code is (\S+)\.", process.stdout.readline())
        assert found
        waiting = client.accounts.view_device(found[1])
        if approve:
            client.accounts.approve_device(found[1].lower())
        else:
            client.accounts.deny_device(found[1])
        code = process.wait(SECONDS_MAX)
        shown, said = process.stdout.read(), process.stderr.read()

    assert waiting.client.startswith("runyard on ")
    if approve:
        assert code == 0, said
        assert f"Logged in to {stranger.served.url} as {user}" in shown
        assert stranger.runyard("whoami").stdout.startswith(f"{user} <")
    else:
        assert (code, said) == (126, "runyard: The login was denied.\n")
        assert not stranger.credentials.exists()


def test_file_that_others_may_read_is_refused(stranger: Person, user: str) -> None:
    assert stranger.runyard("login", lines=(user, PASSWORD)).returncode == 0
    stranger.credentials.chmod(0o644)

    ended = stranger.runyard("whoami")

    assert ended.returncode == 2
    assert "chmod 600" in ended.stderr


def test_logout_forgets_the_token_which_stays_valid(stranger: Person, user: str) -> None:
    assert stranger.runyard("login", lines=(user, PASSWORD)).returncode == 0
    (login,) = json.loads(stranger.credentials.read_text())["logins"].values()

    left = stranger.runyard("logout")

    assert left.returncode == 0, left.stderr
    assert "until it is deleted" in left.stdout
    assert stranger.runyard("whoami").returncode == 126
    assert stranger.runyard("whoami", RUNYARD_TOKEN=login["token"]).returncode == 0


def test_administration(admin: Person, stranger: Person) -> None:
    invited = admin.runyard("admin", "invite", "--email", "guest@example.org")
    assert invited.returncode == 0, invited.stderr
    _, _, ticket = invited.stdout.strip().partition("#")
    applicant = {"name": "guest", "password": PASSWORD, "invitation": ticket}
    with Client(admin.served.url, token="") as client:
        with pytest.raises(RefusedError):
            client.accounts.sign_up(email="other@example.org", **applicant)
        client.accounts.sign_up(email="guest@example.org", **applicant)
        token = client.accounts.create_token("t", ["account:read"]).token
    as_guest = {"RUNYARD_TOKEN": token}

    assert stranger.runyard("whoami", **as_guest).returncode == 0
    assert admin.runyard("admin", "suspend", "guest").returncode == 0
    suspended = stranger.runyard("whoami", **as_guest)
    listed = admin.runyard("admin", "accounts", "--query", "guest@")
    assert admin.runyard("admin", "resume", "Guest").returncode == 0
    assert stranger.runyard("whoami", **as_guest).returncode == 0
    reset = admin.runyard("admin", "password-link", "guest")
    with Client(admin.served.url, token="") as client:
        client.accounts.choose_password(reset.stdout.strip().partition("#")[2], "another password")
        client.accounts.log_in("guest", "another password")
    assert admin.runyard("admin", "delete", "guest", "--yes").returncode == 0

    assert suspended.returncode == 126
    assert listed.stdout == "guest  guest@example.org  user  suspended\n"
    assert stranger.runyard("whoami", **as_guest).returncode == 126
    assert admin.runyard("admin", "suspend", "guest").returncode == 2


async def test_session_of_the_sdk_goes_on_when_its_access_token_ends(
    admin: Person, user: str
) -> None:
    with log_in(admin, user) as client:
        client._connection.adopt("what-is-no-longer-valid")
        assert client.accounts.me().name == user
        assert client.accounts.refresh().account.name == user
        client.accounts.log_out()
        with pytest.raises(AuthenticationError):
            client.accounts.me()
    async with AsyncClient(admin.served.url, token="") as other:
        await other.accounts.log_in(user, PASSWORD)
        other._connection.adopt("what-is-no-longer-valid")
        assert (await other.accounts.me()).name == user
        assert len(await other.accounts.sessions()) == 1


async def test_terminal_is_opened_with_the_token(admin: Person, user: str) -> None:
    async with AsyncClient(admin.served.url, token="") as client:
        await client.accounts.log_in(user, PASSWORD)
        execution = await client.submit(
            "python", {"main.py": ECHO}, interactive=True, terminal=(24, 80)
        )
        client._connection.adopt("what-is-no-longer-valid")
        shown = ""
        async with client.terminal(execution.id) as terminal:
            await terminal.write(b"keys\r")
            async for event in terminal:
                shown += event.data.get("text", "")
        assert "read keys" in shown

        async with AsyncClient(admin.served.url, token="") as nobody:
            with pytest.raises(AuthenticationError):
                async with nobody.terminal(execution.id):
                    pass


def test_command_that_runs_a_program_loads_nothing_of_accounts() -> None:
    program = (
        "import sys, runyard.__main__, runyard.cli.running\n"
        "print([name for name in sys.modules if 'account' in name or 'logging_in' in name"
        " or 'credentials' in name or 'getpass' in name])"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ended.stdout == "[]\n"
