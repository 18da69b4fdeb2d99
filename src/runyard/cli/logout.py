"""`runyard logout`: forget the token for a server."""

from __future__ import annotations

import os

import typer

from runyard.cli.connection import require_server
from runyard.cli.login import Server
from runyard.cli.output import UsageError, say
from runyard.client.wire import TOKEN_VARIABLE


def logout(context: typer.Context, server: Server = None) -> None:
    """Forget the token for a server."""
    from runyard.cli.credentials import forget_login  # noqa: PLC0415 - only this verb

    address = require_server(context.obj, server)
    forgotten = forget_login(address)
    if forgotten is None:
        raise UsageError(f"There is no login at {address} to forget.")
    until = f" or until {forgotten.expires_at}" if forgotten.expires_at else ""
    typer.echo(
        f"Forgot the token for {address}. Who has a copy can use it until it is deleted in the"
        f" account{until}."
    )
    if os.environ.get(TOKEN_VARIABLE):
        say(f"{TOKEN_VARIABLE} is set and goes on to be used")
