"""`runyard runs`: executions that were submitted."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from runyard.cli import connection
from runyard.cli.output import describe_end, say
from runyard.client.async_client import AsyncClient
from runyard.client.models import Execution

runs = typer.Typer(help="Show and stop executions.", no_args_is_help=True)
Answer = TypeVar("Answer")
Id = Annotated[str, typer.Argument(metavar="ID", help="The execution's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@runs.command("list")
def list_runs(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    before: Annotated[str | None, typer.Option(help="Only those older than this id.")] = None,
    as_json: Json = False,
) -> None:
    """List executions, newest first."""
    page = _talk(context, lambda client: client.list(limit=limit, before=before))
    if as_json:
        typer.echo(json.dumps([each.raw for each in page.items], ensure_ascii=False, indent=2))
        return
    for execution in page.items:
        typer.echo(render_line(execution))
    if page.next_before:
        say(f"there are more: --before {page.next_before}")


@runs.command("view")
def view_run(context: typer.Context, execution_id: Id, *, as_json: Json = False) -> None:
    """Show what became of an execution and what it used."""
    execution = _talk(context, lambda client: client.get(execution_id))
    if as_json:
        typer.echo(json.dumps(execution.raw, ensure_ascii=False, indent=2))
    else:
        typer.echo(render_run(execution))


@runs.command("logs")
def show_logs(
    context: typer.Context,
    execution_id: Id,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the execution ends.")
    ] = False,
) -> None:
    """Print an execution's output."""
    from runyard.cli.following import Screen, write  # noqa: PLC0415 - only this verb

    async def show(client: AsyncClient) -> None:
        execution = await client.get(execution_id)
        if follow and not execution.is_finished:
            await Screen().show(client.events(execution_id))
            return
        for step in execution.steps:
            stdout = sys.stderr.buffer if step.kind == "compile" else sys.stdout.buffer
            await write(stdout, step.stdout)
            await write(sys.stderr.buffer, step.stderr)

    _talk(context, show)


@runs.command("stop")
def stop_run(context: typer.Context, execution_id: Id) -> None:
    """Cancel an execution."""
    execution = _talk(context, lambda client: client.cancel(execution_id))
    if execution.is_finished:
        typer.echo(f"{execution.id} has ended: {execution.outcome}")
    else:
        typer.echo(f"{execution.id} is being stopped")


def _talk(
    context: typer.Context, conversation: Callable[[AsyncClient], Awaitable[Answer]]
) -> Answer:
    return connection.talk(context.obj, conversation, keep_records=True)


def render_line(execution: Execution) -> str:
    created = execution.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    standing = execution.outcome or execution.state
    return f"{execution.id}  {created}  {execution.runtime:<12}  {standing}"


def render_run(execution: Execution) -> str:
    lines = [
        f"{execution.id}: {execution.runtime} {execution.entry}",
        f"{execution.state}, {execution.outcome}" if execution.outcome else execution.state,
    ]
    ending = describe_end(execution) if execution.is_finished else None
    if ending:
        lines.append(ending)
    for step in execution.steps:
        cpu = "?" if step.usage.cpu_seconds is None else f"{step.usage.cpu_seconds:.3f}"
        peak = step.usage.memory_peak_bytes
        memory = "?" if peak is None else f"{peak / (1 << 20):.1f}"
        ended = f"signal {step.signal}" if step.signal else f"exit code {step.exit_code}"
        checked = {True: ", as expected", False: ", not as expected", None: ""}[step.passed]
        cached = ", built before" if step.cached else ""
        lines.append(
            f"  {step.name or step.kind}: {step.outcome}, {ended}{checked}{cached}; "
            f"wall {step.usage.wall_seconds:.3f} s, cpu {cpu} s, memory {memory} MiB"
        )
    lines += [f"  kept {each.name} ({each.size_bytes} bytes)" for each in execution.artifacts]
    return "\n".join(lines)
