"""`runyard login`: get a token for a server and keep it."""

from __future__ import annotations

from typing import Annotated

import typer

from runyard.cli.connection import require_server
from runyard.cli.output import UsageError

Server = Annotated[
    str | None, typer.Argument(help="The server's address, if --server does not say it.")
]
ForAdmins = Annotated[
    bool, typer.Option("--admin", help="A token with which runyard admin works, too.")
]


def login(
    context: typer.Context,
    server: Server = None,
    *,
    device: Annotated[
        bool, typer.Option("--device", help="Have the login approved where you are logged in.")
    ] = False,
    with_token: Annotated[
        bool, typer.Option("--with-token", help="Read an API token from stdin and keep it.")
    ] = False,
    admin: ForAdmins = False,
) -> None:
    """Log in with name and password, and keep a token for this machine."""
    from runyard.cli import logging_in  # noqa: PLC0415 - only this verb

    if device + with_token + admin > 1:
        raise UsageError("Use one of --device, --with-token and --admin.")
    address = require_server(context.obj, server)
    if device:
        stored = logging_in.log_in_with_device(address)
    elif with_token:
        stored = logging_in.log_in_with_token(address)
    else:
        stored = logging_in.log_in_with_password(address, is_admin=admin)
    typer.echo(logging_in.describe_login(address, stored))
