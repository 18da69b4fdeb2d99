"""`runyard admin settings` and `runyard admin health`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from runyard.cli.admin_platforms import parse_value
from runyard.cli.connection import connect_as_known
from runyard.cli.output import FAILED
from runyard.cli.tables import render_table

settings = typer.Typer(help="See and change the server's settings.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The setting's name, as in `list`.")]


@settings.command("list")
def list_settings(
    context: typer.Context,
    *,
    changeable: Annotated[
        bool, typer.Option("--changeable", help="Only those that can be changed here.")
    ] = False,
) -> None:
    """List settings with their values and where those come from."""
    with connect_as_known(context) as client:
        found = client.admin.settings.list()
    rows = [
        (each.name, json.dumps(each.value), each.source, "changeable" if each.changeable else "")
        for each in found
        if each.changeable or not changeable
    ]
    for line in render_table(rows):
        typer.echo(line)


@settings.command("set")
def set_setting(
    context: typer.Context,
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="In JSON, or a word.")],
) -> None:
    """Change a setting while the server runs."""
    with connect_as_known(context) as client:
        setting = client.admin.settings.set(name, parse_value(value))
    typer.echo(f"{setting.name} is {json.dumps(setting.value)}")


@settings.command("reset")
def reset_setting(context: typer.Context, name: Name) -> None:
    """Let the default of a setting hold again."""
    with connect_as_known(context) as client:
        setting = client.admin.settings.reset(name)
    typer.echo(f"{setting.name} is {json.dumps(setting.value)} by default")


def health(context: typer.Context) -> None:
    """Say how each part of the server is doing; end with 1 if one fails."""
    with connect_as_known(context) as client:
        found = client.admin.health()
    for line in render_table([(each.status, each.name, each.message) for each in found.parts]):
        typer.echo(line)
    if found.status == "failing":
        raise typer.Exit(FAILED)
