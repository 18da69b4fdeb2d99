"""`runyard runtimes`: what can be run."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from runyard.cli.connection import talk
from runyard.client.models import Runtime

runtimes = typer.Typer(help="Show what can be run.", no_args_is_help=False)


@runtimes.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_runtimes(context)


@runtimes.command("list")
def list_runtimes(
    context: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that do not work here, with the reason.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List runtimes."""
    found = talk(context.obj, lambda client: client.runtimes())
    shown = [each for each in found if everything or each.state != "unavailable"]
    if as_json:
        typer.echo(json.dumps([each.raw for each in shown], ensure_ascii=False, indent=2))
        return
    typer.echo(render_runtimes(shown))
    hidden = len(found) - len(shown)
    if hidden:
        typer.echo(f"{hidden} more do not work here; --all shows why.", err=True)


@runtimes.command("view")
def view_runtime(
    context: typer.Context, name: Annotated[str, typer.Argument(help="An id or an alias.")]
) -> None:
    """Show one runtime with an example program."""
    runtime = talk(context.obj, lambda client: client.runtime(name))
    typer.echo(render_runtime(runtime))


def render_runtimes(runtimes: list[Runtime]) -> str:
    rows = [(each.id, f"{each.name} {each.version}".strip(), _standing(each)) for each in runtimes]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows
    )


def render_runtime(runtime: Runtime) -> str:
    limits = ", ".join(f"{name}={value}" for name, value in runtime.raw["limits"].items())
    lines = [
        f"{runtime.id}: {runtime.name} {runtime.version}".rstrip(),
        runtime.description,
        _standing(runtime),
        f"aliases: {', '.join(runtime.aliases) or 'none'}",
        f"files: {', '.join(runtime.extensions) or 'any'}; started: {runtime.entry}",
        f"limits: {limits}",
        "",
        runtime.example.rstrip("\n"),
    ]
    return "\n".join(line for line in lines if line is not None)


def _standing(runtime: Runtime) -> str:
    if runtime.state == "unavailable":
        return f"does not work here: {runtime.reason}"
    if runtime.deprecated:
        use = f"use {runtime.replacement}" if runtime.replacement else ""
        return "; ".join(part for part in ("deprecated", runtime.message or "", use) if part)
    return "" if runtime.state == "available" else "not tried yet"
