"""`runyard admin faq`: what people ask often, for administrators."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from runyard.cli.connection import connect_as_known
from runyard.cli.output import UsageError
from runyard.client import faq_wire as wire
from runyard.client.faq_models import FaqEntry

STDIN = "-"

admin_faq = typer.Typer(help="Change what people ask often.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help='"general" or a runtime.')]


@admin_faq.command("export")
def export_faq(context: typer.Context, name: Name = wire.GENERAL) -> None:
    """Print a list as JSON, as it can be imported."""
    with connect_as_known(context) as client:
        entries = wire.render_entries(client.admin.faq.entries(name))
    typer.echo(json.dumps(entries, ensure_ascii=False, indent=2))


@admin_faq.command("import")
def import_faq(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A JSON file, or - for standard input.")],
    name: Name = wire.GENERAL,
) -> None:
    """Put the list in a file in the place of the one there is."""
    entries = read_entries(file)
    with connect_as_known(context) as client:
        replaced = client.admin.faq.replace(entries, name)
    typer.echo(f"{replaced.name} has {len(replaced.entries)} questions")


@admin_faq.command("reset")
def reset_faq(context: typer.Context, name: Name = wire.GENERAL) -> None:
    """Return to the list that ships with Runyard."""
    with connect_as_known(context) as client:
        shipped = client.admin.faq.reset(name)
    typer.echo(f"{shipped.name} has the {len(shipped.entries)} questions that ship with Runyard")


def read_entries(file: str) -> list[FaqEntry]:
    """Raises UsageError for what is not a list of questions and answers."""
    try:
        text = sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"Cannot read {file}: {error}.") from error
    entries = []
    for number, each in enumerate(found if isinstance(found, list) else [found], start=1):
        if not isinstance(each, dict) or set(each) != {"question", "answer"}:
            raise UsageError(
                f"{file}: entry {number} is not an object with question and answer;"
                " `runyard admin faq export` shows the form."
            )
        entries.append(FaqEntry(question=each["question"], answer=each["answer"]))
    return entries
