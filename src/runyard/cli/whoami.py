"""`runyard whoami`: who one is to a server."""

from __future__ import annotations

import typer

from runyard.cli.connection import connect, require_server


def whoami(context: typer.Context) -> None:
    """Show whose token is sent to the server, and what it allows."""
    from runyard.cli.credentials import find_token  # noqa: PLC0415 - only for a server

    server = require_server(context.obj)
    with connect(server, token=find_token(server)) as client:
        me = client.accounts.me()
    typer.echo(f"{me.name} <{me.email}> ({me.role}) on {server}")
    if me.scopes is not None:
        typer.echo(f"The token allows {', '.join(me.scopes)}.")
