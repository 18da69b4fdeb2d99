"""`runyard admin runs`: everybody's executions, for administrators."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer

from runyard.cli.connection import connect_as_known
from runyard.cli.output import UsageError, say
from runyard.cli.runs import render_line
from runyard.client.oversight_models import ExecutionFilter, OwnedExecution

# A user who goes on submitting would keep it going for ever.
ROUND_COUNT_MAX = 50

admin_runs = typer.Typer(help="Show and stop everybody's executions.", no_args_is_help=True)


@admin_runs.command("list")
def list_runs(
    context: typer.Context,
    *,
    state: Annotated[
        str | None, typer.Option(help="queued, starting, running or finished.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="Such as failed.")] = None,
    owner: Annotated[
        str | None, typer.Option(help="An account's name, address or id, or anonymous.")
    ] = None,
    runtime: Annotated[str | None, typer.Option(help="An id or an alias.")] = None,
    project: Annotated[str | None, typer.Option(help="A project's id.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Submitted then or later.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Submitted earlier.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    before: Annotated[str | None, typer.Option(help="Only those older than this id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List everybody's executions, newest first. Times are those of this machine."""
    given = {
        "state": state,
        "outcome": outcome,
        "owner": owner,
        "runtime": runtime,
        "project": project,
        "since": None if since is None else since.astimezone(),
        "until": None if until is None else until.astimezone(),
    }
    chosen = ExecutionFilter(**{name: value for name, value in given.items() if value is not None})  # type: ignore[typeddict-item]
    with connect_as_known(context) as client:
        page = client.admin.executions.list(limit=limit, before=before, **chosen)
    if as_json:
        found = [each.execution.raw for each in page.items]
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for line in render_owned(page.items):
        typer.echo(line)
    if page.next_before:
        say(f"there are more: --before {page.next_before}")


@admin_runs.command("stop")
def stop_runs(
    context: typer.Context,
    execution_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="One execution's id.")
    ] = None,
    *,
    owner: Annotated[
        str | None, typer.Option(help="Instead all of an account, or of anonymous.")
    ] = None,
) -> None:
    """Stop one execution, or all of an owner that are not finished."""
    if (execution_id is None) == (owner is None):
        raise UsageError("Name either an execution or --owner.")
    with connect_as_known(context) as client:
        if owner is None:
            execution = client.admin.executions.cancel(execution_id or "")
            ended = f"has ended: {execution.outcome}"
            typer.echo(f"{execution.id} {ended if execution.is_finished else 'is being stopped'}")
            return
        count = 0
        for _ in range(ROUND_COUNT_MAX):
            stopped = client.admin.executions.stop(owner)
            count += stopped.stopped
            if not stopped.left:
                break
        else:
            say(f"{owner} goes on submitting; runyard admin suspend {owner} ends that")
    typer.echo(f"{count} executions of {owner} are stopped")


def render_owned(found: tuple[OwnedExecution, ...]) -> list[str]:
    width = max((len(each.owner or "") for each in found), default=0)
    lines = []
    for each in found:
        execution_id, rest = render_line(each.execution).split("  ", 1)
        lines.append(f"{execution_id}  {each.owner or '':<{width}}  {rest}")
    return lines
