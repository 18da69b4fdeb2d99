"""The real engine for a whole run, the secrets of this host, and the listeners to be reached."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio

for module in ("attacks", "belongings", "laboratory"):
    pytest.register_assert_rewrite(f"tests.security.{module}")

from runyard.engines.interface import Capabilities, Engine, SandboxSpec  # noqa: E402
from runyard.testing.engine_conformance.session import open_sessions  # noqa: E402
from tests.conformance.platforms import give_up  # noqa: E402
from tests.security.laboratory import Laboratory, Proofs  # noqa: E402
from tests.security.starting import start_engine  # noqa: E402

SECRET = f"secret_{secrets.token_hex(8)}"
CONCURRENCY = 3


@pytest.fixture(scope="session")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for temporary files in which only this run writes."""
    # Other tests' directories stay where they are: a socket's address has room for 107 bytes.
    tmp_path_factory.getbasetemp()
    before = os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="runyard-security-") as name:
        Path(name).chmod(0o755)
        proofs = Path(name, "temporary")
        proofs.mkdir()
        proofs.chmod(0o755)
        os.environ["TMPDIR"] = str(proofs)
        tempfile.tempdir = None
        yield Path(name)
    os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)
    tempfile.tempdir = None


@pytest.fixture(scope="session")
def host_file(temporary: Path) -> Path:
    """A file of this host that everybody on it may read."""
    path = temporary / "host-file"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o644)
    return path


@pytest_asyncio.fixture(scope="session")
async def engine(temporary: Path, secret: str) -> AsyncIterator[Engine]:
    engine = start_engine()
    try:
        capabilities = await engine.probe()
        if not capabilities.usable:
            give_up("linux", str(capabilities.reason))
        # Everything an engine keeps between sandboxes is there before anything is counted.
        async with open_sessions(engine, SandboxSpec(), CONCURRENCY) as sessions:
            await asyncio.gather(*(session.run("/bin/true") for session in sessions))
        yield engine
    finally:
        await engine.aclose()


@pytest_asyncio.fixture(scope="session")
async def capabilities(engine: Engine) -> Capabilities:
    return await engine.probe()


@pytest.fixture(scope="session")
def listeners(temporary: Path) -> Iterator[dict[str, str]]:
    """Servers of this host that anybody on it can reach."""
    name = f"runyard-{secrets.token_hex(4)}"
    path = temporary / "socket"
    with ExitStack() as stack:
        four = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        everywhere = stack.enter_context(socket.create_server(("0.0.0.0", 0)))
        datagrams = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(everywhere.getsockname())
        six = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        named = stack.enter_context(socket.socket(socket.AF_UNIX))
        named.bind(str(path))
        named.listen()
        path.chmod(0o777)
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0{name}")
        abstract.listen()
        yield {
            "tcp4_port": str(four.getsockname()[1]),
            "any_port": str(everywhere.getsockname()[1]),
            "tcp6_port": str(six.getsockname()[1]),
            "host_address": _own_address(),
            "unix_path": str(path),
            "abstract_name": name,
        }


@pytest.fixture(scope="session")
def values(host_file: Path, listeners: dict[str, str]) -> dict[str, str]:
    """What the placeholders in arguments of programs stand for."""
    return {"host_file": str(host_file), **listeners}


@pytest_asyncio.fixture(scope="session")
async def laboratory(engine: Engine, values: dict[str, str]) -> Laboratory:
    return Laboratory(engine=engine, values=values)


@pytest.fixture(scope="session")
def proofs(values: dict[str, str]) -> Proofs:
    return Proofs(values=values)


@pytest.fixture(scope="session")
def secret() -> str:
    """What must not get inside: the content of the host's file and of a variable here."""
    os.environ["RUNYARD_SECURITY_SECRET"] = SECRET
    return SECRET


def _own_address() -> str:
    """The address with which this host speaks to others, without speaking."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
        except OSError:
            return "127.0.0.2"
        return str(probe.getsockname()[0])
