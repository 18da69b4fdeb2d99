"""`runyard gallery`: what others share."""

from __future__ import annotations

from typing import Annotated

import typer

from runyard.cli.connection import connect_as_known
from runyard.cli.output import say
from runyard.cli.project_choice import (
    Json,
    describe,
    printable,
    show_json,
    show_rows,
)
from runyard.cli.projects import fork

gallery = typer.Typer(help="Find what others share.", no_args_is_help=True)
gallery.command("fork")(fork)
Key = Annotated[str, typer.Argument(metavar="KEY", help="The id or the link of a project.")]


@gallery.command("search")
def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(metavar="TEXT", help="In name or description.")] = "",
    *,
    language: Annotated[str | None, typer.Option(help="C++ for example.")] = None,
    tag: Annotated[str | None, typer.Option(help="A word it is tagged with.")] = None,
    stars: Annotated[bool, typer.Option("--stars", help="The most starred first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=60, help="How many.")] = 24,
    offset: Annotated[int, typer.Option(min=0, help="Pass over so many.")] = 0,
    as_json: Json = False,
) -> None:
    """Find public projects, the newest first."""
    with connect_as_known(context) as client:
        page = client.projects.search(
            query,
            language=language,
            tag=tag,
            sort="stars" if stars else "newest",
            limit=limit,
            offset=offset,
        )
    if as_json:
        show_json([describe(each) for each in page.items])
        return
    if page.items:
        show_rows(
            [
                (each.key, each.owner, each.runtime, f"{each.star_count}*", printable(each.name))
                for each in page.items
            ]
        )
    if page.next_offset is not None:
        say(f"there are more: --offset {page.next_offset}")


@gallery.command("view")
def view(
    context: typer.Context,
    key: Key,
    path: Annotated[str | None, typer.Argument(metavar="PATH", help="Print this file.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show what somebody shares, or one file of it."""
    with connect_as_known(context) as client:
        shared = client.projects.read(key)
    if as_json:
        show_json(describe(shared))
        return
    if path is not None:
        content = next((each.content for each in shared.revision.files if each.path == path), None)
        typer.echo(printable((content or b"").decode(errors="replace")), nl=False)
        return
    typer.echo(f"{shared.key}: {printable(shared.name)} by {shared.owner}")
    if shared.description:
        typer.echo(printable(shared.description))
    typer.echo(f"{shared.runtime}, {shared.star_count} stars")
    for file in shared.revision.files:
        typer.echo(f"  {printable(file.path)} ({file.size_bytes} bytes)")


@gallery.command("star")
def star(
    context: typer.Context,
    key: Key,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take it back.")] = False,
) -> None:
    """Star a project."""
    with connect_as_known(context) as client:
        count = client.projects.star(key, starred=not remove)
    typer.echo(f"{count} stars")
