"""`runyard admin platforms`: where executions run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runyard.cli.connection import connect_as_known
from runyard.cli.output import FAILED, UsageError
from runyard.cli.tables import render_table
from runyard.client.errors import NotFoundError

if TYPE_CHECKING:
    from runyard.client.platform_models import Platform

platforms = typer.Typer(help="See and change where executions run.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The platform's name.")]


@platforms.command("list")
def list_platforms(context: typer.Context) -> None:
    """List platforms by name."""
    with connect_as_known(context) as client:
        rows = [
            (
                each.name,
                each.engine,
                each.state,
                f"{each.running} running, {each.ready} ready",
                _remarks(each),
            )
            for each in client.admin.platforms.list()
        ]
    for line in render_table(rows):
        typer.echo(line)


@platforms.command("view")
def view_platform(context: typer.Context, name: Name) -> None:
    """Show a platform and what it was found to do."""
    with connect_as_known(context) as client:
        platform = client.admin.platforms.view(name)
    rows = [
        ("engine", platform.engine),
        ("state", platform.state),
        ("remarks", _remarks(platform)),
        ("description", platform.description),
        ("options", json.dumps(dict(platform.options))),
        ("running, ready", f"{platform.running}, {platform.ready}"),
    ]
    if platform.capabilities is not None:
        found = platform.capabilities
        rows += [
            ("isolation", found.isolation),
            ("network", "cut" if found.network_cut else "not cut"),
        ]
        rows += [
            (name, f"by {each.by}" if each.enforced else f"not enforced: {each.advice or each.by}")
            for name, each in found.limits.items()
        ]
    for line in render_table(rows):
        typer.echo(line)


@platforms.command("set")
def set_platform(
    context: typer.Context,
    name: Name,
    *,
    engine: Annotated[str | None, typer.Option(help="The kind; linux for a new one.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE, the value in JSON; null goes back to the default."),
    ] = None,
    description: Annotated[str | None, typer.Option(help="Some words about it.")] = None,
) -> None:
    """Add a platform, or change what is given of one."""
    changed = dict(map(_parse_option, option or ()))
    with connect_as_known(context) as client:
        try:
            former = client.admin.platforms.view(name)
        except NotFoundError:
            former = None
        options = {**({} if former is None else former.options), **changed}
        kept = client.admin.platforms.put(
            name,
            engine or ("linux" if former is None else former.engine),
            options={key: value for key, value in options.items() if value is not None},
            description=(former.description if former else "")
            if description is None
            else description,
            version=0 if former is None else former.version,
        )
    note = "; start the server again to use it" if kept.needs_restart else ""
    typer.echo(f"{kept.name} is kept, {kept.state}{note}")


@platforms.command("test")
def test_platform(context: typer.Context, name: Name) -> None:
    """Try step by step whether programs can be run on a platform."""
    with connect_as_known(context) as client:
        trial = client.admin.platforms.test(name)
    rows = [
        (step.status, step.title, f"{step.milliseconds:.0f} ms", f"{step.detail} {step.advice}")
        for step in trial.steps
    ]
    for line in render_table(rows):
        typer.echo(line)
    if not trial.passed:
        raise typer.Exit(FAILED)


@platforms.command("smoke")
def smoke_platform(
    context: typer.Context,
    name: Name,
    runtimes: Annotated[
        list[str] | None, typer.Argument(metavar="[RUNTIME]...", help="Up to three.")
    ] = None,
) -> None:
    """Run the self-tests of some runtimes on a platform."""
    with connect_as_known(context) as client:
        results = client.admin.platforms.smoke(name, runtimes or ())
    rows = [
        (
            each.runtime,
            "passed" if each.passed else "failed",
            f"{each.milliseconds:.0f} ms",
            each.reason or "",
        )
        for each in results
    ]
    for line in render_table(rows):
        typer.echo(line)
    if not all(each.passed for each in results):
        raise typer.Exit(FAILED)


@platforms.command("drain")
def drain_platform(context: typer.Context, name: Name) -> None:
    """Finish what runs and begin nothing new."""
    with connect_as_known(context) as client:
        platform = client.admin.platforms.drain(name)
    typer.echo(f"{platform.name} is {platform.state}, {platform.running} running")


@platforms.command("enable")
def enable_platform(context: typer.Context, name: Name) -> None:
    """Run executions there again."""
    with connect_as_known(context) as client:
        platform = client.admin.platforms.enable(name)
    typer.echo(f"{platform.name} is {platform.state}")


@platforms.command("disable")
def disable_platform(context: typer.Context, name: Name) -> None:
    """Finish what runs, begin nothing new, and keep nothing ready."""
    with connect_as_known(context) as client:
        platform = client.admin.platforms.disable(name)
    typer.echo(f"{platform.name} is {platform.state}, {platform.running} running")


@platforms.command("default")
def make_default(context: typer.Context, name: Name) -> None:
    """Let servers run on a platform from their next start on."""
    with connect_as_known(context) as client:
        platform = client.admin.platforms.make_default(name)
    note = "; start the server again to use it" if platform.needs_restart else ""
    typer.echo(f"{platform.name} is the default{note}")


@platforms.command("delete")
def delete_platform(context: typer.Context, name: Name) -> None:
    """Delete a platform that is neither the default nor in use."""
    with connect_as_known(context) as client:
        client.admin.platforms.delete(name)
    typer.echo(f"{name} is deleted")


def _remarks(platform: Platform) -> str:
    parts = (
        "default" if platform.default else "",
        "in use" if platform.in_use else "",
        "changed, start the server again" if platform.needs_restart else "",
    )
    return ", ".join(part for part in parts if part)


def _parse_option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"{text!r} is no option; say --option NAME=VALUE.")
    return name, parse_value(value)


def parse_value(text: str) -> Any:
    """Return what JSON says, and anything else as the text that it is."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return text


def _refuse_constant(name: str) -> None:
    """NaN and its like are no JSON."""
    raise ValueError(name)
