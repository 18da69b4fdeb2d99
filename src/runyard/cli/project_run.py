"""`runyard projects run`: run a project and end as the program ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runyard.cli.connection import require_server, talk
from runyard.cli.local import Invocation
from runyard.cli.project_choice import OptionalId, resolve
from runyard.cli.run import parse_env, parse_limits

if TYPE_CHECKING:
    from runyard.client.async_client import AsyncClient


def run_project(
    context: typer.Context,
    project: OptionalId = None,
    *,
    revision: Annotated[int | None, typer.Option(min=1, help="By default the newest.")] = None,
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", help="NAME=VALUE, may be repeated.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option("--limit", "-l", help="NAME=VALUE, wall_seconds=5 for example."),
    ] = None,
    artifact: Annotated[
        list[str] | None, typer.Option("--artifact", "-a", help="A pattern of files to keep.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where kept files are written.")
    ] = None,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Give the program a terminal.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the finished execution as JSON instead.")
    ] = False,
) -> None:
    """Run what was saved; what follows a lone -- are the program's arguments."""
    from runyard.cli.running import (  # noqa: PLC0415 - loads the SDK
        RunChoices,
        build_options,
        execute,
    )

    invocation: Invocation = context.obj
    require_server(invocation)
    wanted = resolve(project)
    choices = RunChoices(
        paths=[],
        env=parse_env(env or []),
        limits=parse_limits(limit or []),
        artifacts=artifact or (["**"] if output else []),
        output=output,
        tty=tty,
        as_json=as_json,
    )
    options = build_options(choices, invocation.program_args)

    async def run(client: AsyncClient) -> int:
        return await execute(
            client,
            choices,
            options,
            lambda: client.projects.run(wanted, revision=revision, **options),
        )

    raise typer.Exit(talk(invocation, run))
