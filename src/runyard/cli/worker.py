"""`runyard worker`: run executions that servers queue, without an HTTP API."""

from __future__ import annotations

import typer

from runyard.cli.local import require_local


def worker(context: typer.Context) -> None:
    """Run queued executions from the database the settings name."""
    raise typer.Exit(require_local(context.obj).work())
