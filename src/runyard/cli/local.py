"""What an installation with the server in it can do by itself; `runyard.__main__` provides it.

The command line is a client and imports nothing of the server, so that it also works alone.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from runyard.cli.output import UsageError

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeChoices:
    """What was chosen on the command line; None leaves it to the settings."""

    host: str | None = None
    port: int | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """Somebody who is to have an account. `repr` leaves the password out."""

    name: str
    email: str
    password: str = field(repr=False)
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. `advice` says what to do about it, or what it means."""

    what: str
    works: bool
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    usable: bool
    reason: str | None = None
    findings: tuple[Finding, ...] = ()


class Local(Protocol):
    def open_transport(
        self, *, keep_records: bool
    ) -> AbstractAsyncContextManager[httpx.AsyncBaseTransport]:
        """Run a Runyard inside this process and hand over the way to talk to it.

        Raises ConflictError if records are to be kept and another process is at them.
        """
        ...

    def serve(self, choices: ServeChoices) -> int: ...

    def work(self) -> int: ...

    def diagnose(self) -> Diagnosis: ...

    def create_account(self, account: NewAccount) -> str:
        """Make an account in this installation's database, whether or not a server is running.

        Returns its name as it is kept. Raises InvalidRequestError, or ConflictError for a name or
        address that is taken.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What every verb finds in the context. `program_args` stood behind a lone `--`."""

    local: Local | None
    program_args: tuple[str, ...] = ()
    server: str | None = None


def require_local(invocation: Invocation) -> Local:
    if invocation.local is None:
        raise UsageError("The server is not installed here: pip install 'runyard[server]'.")
    return invocation.local
