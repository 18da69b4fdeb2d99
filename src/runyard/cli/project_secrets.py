"""`runyard projects secrets`: variables whose values nobody reads again."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from runyard.cli.asking import ask_secret
from runyard.cli.connection import connect_as_known
from runyard.cli.output import UsageError
from runyard.cli.project_choice import (
    Json,
    OptionalId,
    describe,
    resolve,
    show_json,
    show_rows,
)

# More than a server takes; a mistaken file is not read to its end.
VALUE_BYTES_MAX = 1024 * 1024

secrets = typer.Typer(help="Variables for your programs alone.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The variable's name.")]


@secrets.command("list")
def list_secrets(
    context: typer.Context, project: OptionalId = None, *, as_json: Json = False
) -> None:
    """List their names, and when each was changed."""
    with connect_as_known(context) as client:
        found = client.projects.secrets(resolve(project))
    if as_json:
        show_json([describe(each) for each in found])
    elif found:
        moments = (each.updated_at.astimezone() for each in found)
        show_rows(
            [
                (each.name, f"{moment:%Y-%m-%d %H:%M:%S}")
                for each, moment in zip(found, moments, strict=True)
            ]
        )


@secrets.command("set")
def set_secret(context: typer.Context, name: Name, project: OptionalId = None) -> None:
    """Set a variable. Its value is asked for, or is all of stdin but a last line break; it is no
    argument, which other users of this machine would see.
    """
    wanted = resolve(project)
    value = _read_value(name)
    with connect_as_known(context) as client:
        client.projects.set_secret(wanted, name, value)
    typer.echo(f"{name} is set")


@secrets.command("delete")
def delete_secret(context: typer.Context, name: Name, project: OptionalId = None) -> None:
    """Delete a variable."""
    with connect_as_known(context) as client:
        client.projects.delete_secret(resolve(project), name)
    typer.echo(f"{name} is deleted")


def _read_value(name: str) -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ask_secret(f"Value of {name}")
    content = sys.stdin.buffer.read(VALUE_BYTES_MAX + 1)
    if len(content) > VALUE_BYTES_MAX:
        raise UsageError(f"The value has more than {VALUE_BYTES_MAX} bytes.")
    try:
        return content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UsageError("The value is no UTF-8; encode it, with base64 for example.") from error
