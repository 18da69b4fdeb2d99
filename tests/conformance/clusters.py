"""Private PostgreSQL clusters: in a temporary directory, on a socket there, without TCP."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

_REQUIRED = "RUNYARD_REQUIRE_POSTGRESQL"
_SUPERUSER = "postgres"
_SECONDS_MAX = 60
# A disk that keeps nothing is fast, and a default that no transaction of ours is written for shows
# which ones do not say what they need.
_OPTIONS = (
    "-c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    " -c shared_buffers=16MB -c default_transaction_isolation=serializable"
)


class Cluster:
    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs = programs
        self._directory = directory
        self._data = directory / "data"

    def start(self) -> None:
        self._run("initdb", "-N", "-A", "trust", "-U", _SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8")
        options = f"{_OPTIONS} -k {self._directory}"
        self._run("pg_ctl", "start", "-w", "-l", str(self._directory / "log"), "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def create_database(self, name: str) -> str:
        """Return the URL of a new, empty database."""
        self._call("createdb", "-h", str(self._directory), "-U", _SUPERUSER, name)
        return f"postgresql+asyncpg://{_SUPERUSER}@/{name}?host={self._directory}"

    def _run(self, program: str, *arguments: str) -> None:
        self._call(program, "-D", str(self._data), *arguments)

    def _call(self, program: str, *arguments: str) -> None:
        # To a file: the server inherits it and would hold a pipe open.
        with tempfile.TemporaryFile() as said:
            ended = subprocess.run(
                [self._programs / program, *arguments],
                user=_account(),
                group=None if (account := _account()) is None else pwd.getpwnam(account).pw_gid,
                extra_groups=None if account is None else [],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=_SECONDS_MAX,
                check=False,
            )
            said.seek(0)
            assert ended.returncode == 0, said.read().decode()


@contextmanager
def open_cluster() -> Iterator[Cluster]:
    """Run a cluster, or end the test: skipped, or failed where PostgreSQL is required."""
    programs = _find_programs()
    if programs is None:
        _give_up("PostgreSQL is not installed")
    # The path of a socket is short, and pytest's directories are closed to the server's account.
    directory = Path(tempfile.mkdtemp(prefix="runyard-postgresql-", dir="/tmp"))
    account = _account()
    if account is not None:
        try:
            shutil.chown(directory, account)
        except LookupError:
            directory.rmdir()
            _give_up(f"there is no account {account} for it")
    cluster = Cluster(programs, directory)
    try:
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(directory)


def _account() -> str | None:
    """The server refuses to run as root."""
    return _SUPERUSER if os.geteuid() == 0 else None


def _find_programs() -> Path | None:
    found = shutil.which("initdb")
    if found is not None:
        # A link alone may be in PATH, without the programs beside it.
        return Path(found).resolve().parent
    newest = max(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parts[-3]),
        default=None,
    )
    return None if newest is None else newest.parent


def _give_up(reason: str) -> NoReturn:
    if os.environ.get(_REQUIRED) == "1":
        pytest.fail(f"PostgreSQL is required here: {reason}")
    pytest.skip(reason)
