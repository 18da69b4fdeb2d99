"""`runyard projects data`: what a project keeps in /data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from runyard.cli.connection import connect_as_known
from runyard.cli.output import UsageError
from runyard.cli.project_choice import (
    Id,
    Json,
    OptionalId,
    describe,
    printable,
    resolve,
    show_json,
)

kept = typer.Typer(help="What a project keeps in /data.", no_args_is_help=True)


@kept.command("list")
def list_files(
    context: typer.Context, project: OptionalId = None, *, as_json: Json = False
) -> None:
    """List the files."""
    with connect_as_known(context) as client:
        found = client.projects.data(resolve(project))
    if as_json:
        show_json([describe(each) for each in found])
        return
    for file in found:
        typer.echo(f"{file.size_bytes:>10}  {printable(file.path)}")


@kept.command("get")
def get(
    context: typer.Context,
    project: Id,
    path: Annotated[str, typer.Argument(metavar="PATH", help="Relative to /data.")],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; by default it is printed.")
    ] = None,
) -> None:
    """Download one file."""
    with connect_as_known(context) as client:
        content = client.projects.read_data(resolve(project), path)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{output}: {error.strerror}.") from error


@kept.command("clear")
def clear(
    context: typer.Context,
    project: Id,
    path: Annotated[str | None, typer.Argument(metavar="PATH", help="Only this file.")] = None,
    *,
    sure: Annotated[bool, typer.Option("--yes", help="There is no way back.")] = False,
) -> None:
    """Delete all files, or one."""
    if path is None and not sure:
        raise UsageError("This deletes all that is in /data, for good; say --yes.")
    wanted = resolve(project)
    with connect_as_known(context) as client:
        if path is None:
            client.projects.clear_data(wanted)
        else:
            client.projects.delete_data(wanted, path)
    typer.echo(f"{printable(path or '/data')} is {'deleted' if path else 'empty'}")
