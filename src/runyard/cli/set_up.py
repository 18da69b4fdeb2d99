"""`runyard set-up`: make the first administrator of a server."""

from __future__ import annotations

from typing import Annotated

import typer

from runyard.cli.login import ForAdmins


def set_up(
    link: Annotated[str, typer.Argument(help="What the server printed when it started.")],
    *,
    admin: ForAdmins = False,
) -> None:
    """Make the first administrator with the LINK that the server printed, and log in."""
    from runyard.cli import logging_in  # noqa: PLC0415 - only this verb

    server, ticket = logging_in.parse_link(link)
    stored = logging_in.make_first_administrator(server, ticket, is_admin=admin)
    typer.echo(logging_in.describe_login(server, stored))
