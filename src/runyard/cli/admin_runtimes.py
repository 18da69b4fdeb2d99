"""`runyard admin runtimes`: what can be run, as administrators decide it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runyard.cli.connection import connect_as_known
from runyard.cli.output import FAILED

if TYPE_CHECKING:
    from runyard.client.models import Step
    from runyard.client.runtime_models import AdministeredRuntime, RuntimeTrial

runtimes = typer.Typer(help="Add, edit, test and retire runtimes.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The runtime's id.")]
Definition = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="runtime.toml with example/, selftest/ and extra/ beside it, or TOML or JSON.",
    ),
]
Message = Annotated[str, typer.Option(help="Said to those who use it.")]
Replacement = Annotated[str | None, typer.Option(help="What to use instead.")]


@runtimes.command("list")
def list_runtimes(context: typer.Context) -> None:
    """List all runtimes with where they come from and how they stand."""
    with connect_as_known(context) as client:
        found = client.admin.runtimes.list()
    rows = [(each.id, each.source, f"{each.projects}", _standing(each)) for each in found]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1, 2)]
    for row in rows:
        cells = f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}"
        typer.echo(cells.rstrip())


@runtimes.command("view")
def view_runtime(
    context: typer.Context,
    runtime_id: Id,
    *,
    definition: Annotated[
        bool, typer.Option("--definition", help="Only the fields, to edit and give back.")
    ] = False,
) -> None:
    """Print a runtime as JSON."""
    with connect_as_known(context) as client:
        found = client.admin.runtimes.view(runtime_id)
    shown = found.definition if definition else asdict(found)
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


@runtimes.command("add")
def add_runtime(context: typer.Context, runtime_id: Id, file: Definition) -> None:
    """Add a runtime that the catalogue does not have."""
    from runyard.cli.runtime_files import load_definition  # noqa: PLC0415 - only these verbs

    definition = load_definition(file)
    with connect_as_known(context) as client:
        found = client.admin.runtimes.put(runtime_id, definition, base=0)
    typer.echo(f"{found.id} is there, {_standing(found)}")


@runtimes.command("edit")
def edit_runtime(
    context: typer.Context,
    runtime_id: Id,
    file: Definition,
    *,
    revision: Annotated[
        int | None, typer.Option(help="Only if this is still its revision.")
    ] = None,
) -> None:
    """Have the fields in the file take the place of the catalogue's, and only those."""
    from runyard.cli.runtime_files import load_definition  # noqa: PLC0415 - only these verbs

    definition = load_definition(file)
    with connect_as_known(context) as client:
        administered = client.admin.runtimes
        base = administered.view(runtime_id).revision if revision is None else revision
        found = administered.put(runtime_id, definition, base=base)
    typer.echo(f"{found.id} is edited: {', '.join(found.edited) or 'nothing'}")


@runtimes.command("test")
def try_runtime(
    context: typer.Context,
    runtime_id: Id,
    *,
    file: Annotated[
        Path | None, typer.Option("--file", help="Test this definition before it is saved.")
    ] = None,
) -> None:
    """Run the self-test now and show what each step did."""
    from runyard.cli.runtime_files import load_definition  # noqa: PLC0415 - only these verbs

    definition = None if file is None else load_definition(file)
    with connect_as_known(context) as client:
        trial = client.admin.runtimes.test(runtime_id, definition=definition)
    for line in render_trial(trial):
        typer.echo(line)
    if not trial.passed:
        sys.exit(FAILED)


@runtimes.command("deprecate")
def deprecate(
    context: typer.Context, runtime_id: Id, *, message: Message = "", use: Replacement = None
) -> None:
    """Let it run, and say that nothing should be begun with it."""
    with connect_as_known(context) as client:
        found = client.admin.runtimes.deprecate(runtime_id, message=message, replacement=use)
    typer.echo(f"{found.id} is deprecated; {found.projects} projects use it")


@runtimes.command("retire")
def retire(
    context: typer.Context, runtime_id: Id, *, message: Message = "", use: Replacement = None
) -> None:
    """Let nothing new run with it."""
    with connect_as_known(context) as client:
        found = client.admin.runtimes.retire(runtime_id, message=message, replacement=use)
    typer.echo(f"{found.id} is retired; {found.projects} projects use it")


@runtimes.command("activate")
def activate(context: typer.Context, runtime_id: Id) -> None:
    """Take back that it is deprecated or retired."""
    with connect_as_known(context) as client:
        found = client.admin.runtimes.activate(runtime_id)
    typer.echo(f"{found.id} is active")


@runtimes.command("default")
def make_default(context: typer.Context, runtime_id: Id) -> None:
    """Have the name of its language find this one."""
    with connect_as_known(context) as client:
        found = client.admin.runtimes.make_default(runtime_id)
    typer.echo(f"{found.definition['language']} is {found.id} from now on")


@runtimes.command("reset")
def reset(context: typer.Context, runtime_id: Id) -> None:
    """Have it be as in the catalogue again, or remove it if it was added."""
    with connect_as_known(context) as client:
        client.admin.runtimes.reset(runtime_id)
    typer.echo(f"{runtime_id} is reset")


def render_trial(trial: RuntimeTrial) -> list[str]:
    lines = [f"version {trial.version or 'unknown'}"]
    for step in trial.steps:
        lines += _render_step(step)
    return [*lines, "passed" if trial.passed else f"failed: {trial.reason}"]


def _render_step(step: Step) -> list[str]:
    head = f"{step.name}: {step.outcome} in {step.usage.wall_seconds:.3f} s"
    said = (step.stdout + step.stderr).decode(errors="replace").splitlines()
    return [head, *(f"  {line}" for line in said)]


def _standing(runtime: AdministeredRuntime) -> str:
    parts = (
        runtime.state if runtime.lifecycle == "active" else runtime.lifecycle,
        "default" if runtime.default else "",
        runtime.reason or "",
    )
    return ", ".join(part for part in parts if part)
