"""`runyard projects`: code that is kept."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from runyard.cli.connection import connect_as_known
from runyard.cli.output import UsageError, say
from runyard.cli.project_choice import (
    Id,
    Json,
    OptionalId,
    describe,
    printable,
    resolve,
    show_json,
    show_rows,
)
from runyard.cli.project_files import kept
from runyard.cli.project_run import run_project
from runyard.cli.project_secrets import secrets
from runyard.cli.project_sync import create, pull, push

if TYPE_CHECKING:
    from runyard.client.project_models import Project, Revision

projects = typer.Typer(help="Keep code on a server.", no_args_is_help=True)
projects.command("create")(create)
projects.command("push")(push)
projects.command("pull")(pull)
projects.command("run")(run_project)
projects.add_typer(secrets, name="secrets")
projects.add_typer(kept, name="data")


@projects.command("list")
def list_projects(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(help="Go on from there.")] = None,
    trash: Annotated[bool, typer.Option("--trash", help="What was thrown away.")] = False,
    as_json: Json = False,
) -> None:
    """List your projects, those changed last first."""
    with connect_as_known(context) as client:
        page = client.projects.list(limit=limit, before=before, trash=trash)
    if as_json:
        show_json([describe(each) for each in page.items])
        return
    if page.items:
        show_rows([_row(each) for each in page.items])
    if page.next_before:
        say(f"there are more: --before {page.next_before}")


@projects.command("view")
def view(context: typer.Context, project: OptionalId = None, *, as_json: Json = False) -> None:
    """Show a project and the files of its newest revision."""
    wanted = resolve(project)
    with connect_as_known(context) as client:
        found = client.projects.get(wanted)
        revision = client.projects.revision(wanted, found.revision)
    if as_json:
        show_json(describe(found) | {"setup": describe(revision.setup)})
        return
    typer.echo(f"{found.id}: {printable(found.name)}")
    if found.description:
        typer.echo(printable(found.description))
    typer.echo(f"{found.runtime}, revision {found.revision}, {found.visibility}")
    for name, value in (("link", found.link), ("copy of", found.forked_from)):
        if value:
            typer.echo(f"{name}: {value}")
    if found.keeps_data:
        typer.echo("keeps /data")
    for file in revision.files:
        typer.echo(f"  {printable(file.path)} ({file.size_bytes} bytes)")


@projects.command("rename")
def rename(
    context: typer.Context,
    project: Id,
    name: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    *,
    description: Annotated[str | None, typer.Option(help="For people.")] = None,
    keep_data: Annotated[
        bool | None,
        typer.Option("--keep-data/--no-keep-data", help="Keep /data from run to run."),
    ] = None,
) -> None:
    """Change what a project is called, or whether it keeps /data."""
    if name is None and description is None and keep_data is None:
        raise UsageError("Nothing is to be changed: give a NAME, --description or --keep-data.")
    wanted = resolve(project)
    with connect_as_known(context) as client:
        if name is not None or description is not None:
            client.projects.rename(wanted, name=name, description=description)
        if keep_data is not None:
            client.projects.keep_data(wanted, keeps=keep_data)
        show_rows([_row(client.projects.get(wanted))])


@projects.command("share")
def share(
    context: typer.Context,
    project: Id,
    visibility: Annotated[
        str, typer.Argument(metavar="VISIBILITY", help="private, unlisted or public.")
    ],
    *,
    tag: Annotated[list[str] | None, typer.Option(help="To be found by, may be repeated.")] = None,
) -> None:
    """Say who may read a project."""
    with connect_as_known(context) as client:
        shared = client.projects.share(resolve(project), visibility, tags=tag)
    typer.echo(f"{shared.id} is {shared.visibility}")
    if shared.link:
        typer.echo(f"who knows it may read it: {shared.link}")


@projects.command("fork")
def fork(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The id or the link of a project.")],
) -> None:
    """Make a project of your own of one that somebody shares."""
    with connect_as_known(context) as client:
        show_rows([_row(client.projects.fork(key))])


@projects.command("delete")
def delete(
    context: typer.Context,
    project: Id,
    *,
    for_good: Annotated[bool, typer.Option("--yes", help="At once; there is no way back.")] = False,
) -> None:
    """Put a project into the trash, for 30 days."""
    wanted = resolve(project)
    with connect_as_known(context) as client:
        client.projects.throw_away(wanted)
        if for_good:
            client.projects.delete(wanted)
    typer.echo(f"{wanted} is {'deleted' if for_good else 'in the trash'}")


@projects.command("restore")
def restore(
    context: typer.Context,
    project: Id,
    *,
    revision: Annotated[
        int | None, typer.Option(min=1, help="Take up this revision again, as the newest.")
    ] = None,
) -> None:
    """Take a project out of the trash, or take up an earlier revision of it again."""
    wanted = resolve(project)
    with connect_as_known(context) as client:
        if revision is None:
            client.projects.take_back(wanted)
            typer.echo(f"{wanted} is out of the trash")
            return
        base = client.projects.get(wanted).revision
        made = client.projects.restore(wanted, revision, base=base)
    typer.echo(f"revision {made.number} is as {revision} was")


@projects.command("revisions")
def list_revisions(
    context: typer.Context,
    project: OptionalId = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(min=1, help="Only earlier ones.")] = None,
    as_json: Json = False,
) -> None:
    """List what a project was saved as, newest first."""
    with connect_as_known(context) as client:
        page = client.projects.revisions(resolve(project), limit=limit, before=before)
    if as_json:
        show_json([describe(each) for each in page.items])
        return
    for each in page.items:
        created = each.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        restored = f"  as {each.restored_from}" if each.restored_from else ""
        typer.echo(f"{each.number:>5}  {created}  {each.setup.runtime}{restored}")
    if page.next_before:
        say(f"there are more: --before {page.next_before}")


@projects.command("diff")
def diff(
    context: typer.Context,
    project: OptionalId = None,
    *,
    since: Annotated[int | None, typer.Option(min=1, help="By default the one before.")] = None,
    revision: Annotated[int | None, typer.Option(min=1, help="By default the newest.")] = None,
) -> None:
    """Show what differs between two revisions."""
    wanted = resolve(project)
    with connect_as_known(context) as client:
        number = revision or client.projects.get(wanted).revision
        former = since or max(1, number - 1)
        before = client.projects.revision(wanted, former, contents=True)
        after = client.projects.revision(wanted, number, contents=True)
    for line in _compare(before, after):
        typer.echo(printable(line))


def _row(project: Project) -> tuple[str, ...]:
    changed = project.updated_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return (project.id, changed, project.runtime, project.visibility, printable(project.name))


def _compare(before: Revision, after: Revision) -> Iterator[str]:
    if before.setup != after.setup:
        yield "how it is run differs"
    old = {file.path: file.content or b"" for file in before.files}
    new = {file.path: file.content or b"" for file in after.files}
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        try:
            former, later = (
                side[path].decode().splitlines() if path in side else [] for side in (old, new)
            )
        except UnicodeDecodeError:
            yield f"{path} differs and is no text"
            continue
        names = (
            (f"a/{path}" if path in old else "/dev/null"),
            (f"b/{path}" if path in new else "/dev/null"),
        )
        yield from difflib.unified_diff(former, later, names[0], names[1], lineterm="")
