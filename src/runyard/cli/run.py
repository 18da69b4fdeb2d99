"""`runyard run`: run files and end as the program ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runyard.cli.local import Invocation
from runyard.cli.output import UsageError


def run_files(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Files or directories; the first file is started.")
    ],
    *,
    runtime: Annotated[
        str | None, typer.Option("--runtime", "-r", help="By default guessed from the files.")
    ] = None,
    entry: Annotated[str | None, typer.Option(help="The file to start.")] = None,
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", help="NAME=VALUE, may be repeated.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option("--limit", "-l", help="NAME=VALUE, wall_seconds=5 for example."),
    ] = None,
    artifact: Annotated[
        list[str] | None, typer.Option("--artifact", "-a", help="A pattern of files to keep.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where kept files are written.")
    ] = None,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Give the program a terminal.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the finished execution as JSON instead.")
    ] = False,
) -> None:
    """Run FILES; what follows a lone -- are the program's arguments."""
    from runyard.cli.running import RunChoices, run  # noqa: PLC0415 - loads the SDK

    invocation: Invocation = context.obj
    choices = RunChoices(
        paths=files,
        runtime=runtime,
        entry=entry,
        env=parse_env(env or []),
        limits=parse_limits(limit or []),
        artifacts=artifact or (["**"] if output else []),
        output=output,
        tty=tty,
        as_json=as_json,
    )
    raise typer.Exit(run(invocation, choices))


def parse_env(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    wrong = next((name for name, sign, _ in pairs if not (name and sign)), None)
    if wrong is not None:
        raise UsageError(f"--env {wrong}: write NAME=VALUE.")
    return {name: value for name, _, value in pairs}


def parse_limits(words: list[str]) -> dict[str, int | float]:
    """Parse NAME=NUMBER, where bytes may be written as 64M or 1G."""
    limits: dict[str, int | float] = {}
    for word in words:
        name, sign, text = word.partition("=")
        number = _parse_number(text)
        if not (name and sign) or number is None:
            raise UsageError(
                f"--limit {word}: write NAME=NUMBER, wall_seconds=5 or memory_bytes=64M."
            )
        limits[name] = number
    return limits


def _parse_number(text: str) -> int | float | None:
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:].upper(), 1)
    digits = text[:-1] if unit > 1 else text
    try:
        return int(digits) * unit
    except ValueError:
        pass
    try:
        return float(digits) * unit
    except ValueError:
        return None
