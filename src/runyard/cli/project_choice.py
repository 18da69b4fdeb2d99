"""Which project a verb means, and how its answers are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from runyard.cli.project_folder import ProjectFolder

_HELP = "The project's id, or a folder that has one."
Id = Annotated[str, typer.Argument(metavar="ID", help=_HELP)]
OptionalId = Annotated[str | None, typer.Argument(metavar="ID", help=_HELP)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def resolve(project: str | None) -> str:
    """Return the id; a folder, this one by default, stands for the project it is in step with."""
    folder = Path(project or ".")
    if (
        project is None
        or "/" in project
        or (folder.is_dir() and ProjectFolder(folder).has_manifest)
    ):
        return ProjectFolder(folder).read_manifest().project
    return project


def show_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def describe(model: Any) -> dict[str, Any]:
    """Return a value of the SDK as JSON can have it."""
    return asdict(model)


def show_rows(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def printable(text: str) -> str:
    """What others wrote must not speak to this terminal."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
