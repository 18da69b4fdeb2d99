"""`runyard serve`: the HTTP API and a worker in one process."""

from __future__ import annotations

from typing import Annotated

import typer

from runyard.cli.local import ServeChoices, require_local


def serve(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 picks a free one.")] = None,
    profile: Annotated[str | None, typer.Option(help="development or production.")] = None,
) -> None:
    """Serve the HTTP API and run executions."""
    local = require_local(context.obj)
    raise typer.Exit(local.serve(ServeChoices(host=host, port=port, profile=profile)))
