"""`runyard faq`: what people ask often."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from runyard.cli.connection import talk
from runyard.client.faq_models import FaqEntry


def show_faq(
    context: typer.Context,
    runtime: Annotated[
        str | None, typer.Argument(help="An id or an alias; answers what is asked about it.")
    ] = None,
) -> None:
    """Answer what people ask often, about everything or about one runtime."""
    found = talk(context.obj, lambda client: client.faq(runtime))
    typer.echo(render_faq(found.general if found.runtime is None else found.runtime))


def render_faq(entries: Iterable[FaqEntry]) -> str:
    return "\n\n".join(f"## {each.question}\n\n{each.answer}" for each in entries)
