"""`runyard projects create|push|pull`: between a folder and a project, losing nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runyard.cli.connection import connect_as_known
from runyard.cli.output import ChangedElsewhereError, UsageError, say
from runyard.cli.project_choice import OptionalId, resolve
from runyard.cli.project_folder import (
    Manifest,
    ProjectFolder,
    find_changes,
    hash_content,
)
from runyard.cli.sources import Sources, choose_entry, find_runtime, guess_runtime
from runyard.client.errors import NotFoundError, RevisionConflictError
from runyard.client.models import SourceFile
from runyard.client.sync_client import Client

if TYPE_CHECKING:
    from runyard.client.project_models import Revision

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="By default this one.")]


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    folder: Folder = Path(),
    *,
    runtime: Annotated[
        str | None, typer.Option("--runtime", "-r", help="By default guessed from the files.")
    ] = None,
    entry: Annotated[str | None, typer.Option(help="The file to start.")] = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
) -> None:
    """Make a project of the files in a folder, which is in step with it from then on."""
    from runyard.client.project_models import Setup  # noqa: PLC0415 - only this verb

    place = ProjectFolder(folder)
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder.")
    if place.has_manifest:
        raise UsageError(f"{folder} is a project already: {place.read_manifest().project}.")
    manifest = Manifest(project="", runtime=runtime or "", entry=entry, revision=0)
    files = place.read_files(manifest)
    with connect_as_known(context) as client:
        if runtime is None or entry is None:
            manifest = _complete(manifest, files, client)
        setup = Setup(runtime=manifest.runtime, entry=manifest.entry)
        made = client.projects.create(name, setup, list(files.values()), description=description)
    place.write_manifest(replace(manifest, project=made.id, revision=made.revision))
    typer.echo(f"{made.id}  {made.name}")


def push(context: typer.Context, folder: Folder = Path()) -> None:
    """Save what was changed in a folder as the next revision of its project."""
    from runyard.client.project_models import Setup  # noqa: PLC0415 - only this verb

    place = ProjectFolder(folder)
    manifest = place.read_manifest()
    files = place.read_files(manifest)
    with connect_as_known(context) as client:
        newest = client.projects.get(manifest.project).revision
        if newest != manifest.revision:
            raise _conflict(newest, manifest, folder)
        base = client.projects.revision(manifest.project, manifest.revision)
        put, remove = find_changes(files, _tree(base, manifest))
        setup = None
        if (manifest.runtime, manifest.entry) != (base.setup.runtime, base.setup.entry):
            former = base.setup
            setup = Setup(
                runtime=manifest.runtime,
                entry=manifest.entry,
                args=former.args,
                stdin=former.stdin,
                env=former.env,
            )
        if not put and not remove and setup is None:
            typer.echo(f"nothing was changed since revision {base.number}")
            return
        try:
            saved = client.projects.save(
                manifest.project, base=base.number, put=put, remove=remove, setup=setup
            )
        except RevisionConflictError as error:
            raise _conflict(error.revision or newest, manifest, folder) from error
    place.write_manifest(replace(manifest, revision=saved.number))
    typer.echo(f"saved revision {saved.number}: {len(put)} put, {len(remove)} removed")


def pull(context: typer.Context, project: OptionalId = None, folder: Folder = Path()) -> None:
    """Bring the newest revision into a folder. A file that was changed here too stops it before
    anything is written.
    """
    folder, wanted = _find_folder(project, folder)
    place = ProjectFolder(folder)
    with connect_as_known(context) as client:
        newest = _read_newest(client, wanted)
        manifest = Manifest(
            project=wanted, runtime=newest.setup.runtime, entry=newest.setup.entry, revision=0
        )
        base: Mapping[str, tuple[str, bool]] = {}
        if place.has_manifest:
            former = place.read_manifest()
            if former.project != wanted:
                raise UsageError(f"{folder} is another project already: {former.project}.")
            manifest = replace(manifest, exclude=former.exclude)
            base = _read_base(client, former)
    wanted_tree = _tree(newest, manifest)
    changed = {path for path, facts in wanted_tree.items() if base.get(path) != facts}
    gone = [path for path in base if path not in wanted_tree]
    local = place.read_files(manifest)
    _require_unchanged(local, {*changed, *gone}, base=base, wanted=wanted_tree)
    folder.mkdir(parents=True, exist_ok=True)
    for file in newest.files:
        if file.path in changed:
            place.write(SourceFile(file.path, file.content or b"", executable=file.executable))
        elif manifest.excludes(file.path):
            say(f"{file.path} is left out: such files stay on the server")
    for path in gone:
        place.delete(path)
    place.write_manifest(replace(manifest, revision=newest.number))
    typer.echo(f"revision {newest.number}: {len(changed)} written, {len(gone)} deleted")


def _complete(manifest: Manifest, files: dict[str, SourceFile], client: Client) -> Manifest:
    if not files:
        if manifest.runtime:
            return manifest
        raise UsageError("The folder has no files that say what runs them; use --runtime.")
    sources = Sources(tuple(files.values()), None)
    runtimes = client.runtimes()
    runtime = find_runtime(manifest.runtime, runtimes)
    if not manifest.runtime:
        runtime = guess_runtime(sources, runtimes)
    entry = manifest.entry
    if entry is None and runtime is not None:
        entry = choose_entry(sources, runtime)
    return replace(
        manifest, runtime=manifest.runtime or (runtime.id if runtime else ""), entry=entry
    )


def _find_folder(project: str | None, folder: Path) -> tuple[Path, str]:
    """Return the folder and the project it is to have: `pull FOLDER` is understood too."""
    if project is not None and folder == Path() and Path(project).is_dir():
        folder, project = Path(project), None
    if project is None:
        return folder, ProjectFolder(folder).read_manifest().project
    return folder, resolve(project)


def _read_newest(client: Client, project: str) -> Revision:
    number = client.projects.get(project).revision
    return client.projects.revision(project, number, contents=True)


def _read_base(client: Client, manifest: Manifest) -> Mapping[str, tuple[str, bool]]:
    """Return what the folder was in step with, nothing if that is so old that it is gone."""
    try:
        return _tree(client.projects.revision(manifest.project, manifest.revision), manifest)
    except NotFoundError:
        return {}


def _tree(revision: Revision, manifest: Manifest) -> dict[str, tuple[str, bool]]:
    """Return hash and executable of the files that are kept in step, by path."""
    return {
        file.path: (file.hash, file.executable)
        for file in revision.files
        if not manifest.excludes(file.path)
    }


def _require_unchanged(
    local: Mapping[str, SourceFile],
    touched: set[str],
    *,
    base: Mapping[str, tuple[str, bool]],
    wanted: Mapping[str, tuple[str, bool]],
) -> None:
    """Refuse to touch what nobody else has: neither the former revision nor the wanted one."""
    both = []
    for path in sorted(touched):
        here = None
        if path in local:
            here = (hash_content(local[path].content), local[path].executable)
        # What is missing here was deleted by somebody, or never there.
        if here is not None and here not in (base.get(path), wanted.get(path)):
            both.append(path)
    if both:
        shown = ", ".join(both[:10]) + (f" and {len(both) - 10} more" if len(both) > 10 else "")
        raise ChangedElsewhereError(
            f"Changed here and on the server: {shown}. Nothing was written. Move them aside, pull,"
            " and put back what you want of them."
        )


def _conflict(newest: int, manifest: Manifest, folder: Path) -> ChangedElsewhereError:
    where = "" if folder == Path() else f" {folder}"
    return ChangedElsewhereError(
        f"The project was saved since revision {manifest.revision}, which this folder has: the"
        f" newest is {newest}. Nothing was sent. `runyard projects pull{where}` brings what was"
        " changed there; then push again."
    )
