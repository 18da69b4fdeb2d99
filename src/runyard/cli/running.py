"""One `runyard run`: submit, join streams, stop when asked to, and end as the program ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from runyard.cli.connection import open_client
from runyard.cli.following import OutputClosedError, Screen
from runyard.cli.local import Invocation
from runyard.cli.output import (
    CANCELLED,
    SIGNAL_BASE,
    UsageError,
    describe_end,
    exit_code_of,
    say,
)
from runyard.cli.sources import choose_entry, find_runtime, guess_runtime, load_sources
from runyard.cli.typing_in import forward_stdin, read_whole_stdin
from runyard.client.async_client import AsyncClient
from runyard.client.errors import ClientError
from runyard.client.models import Execution, RunOptions, Runtime
from runyard.domain.files import check_path


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChoices:
    """What was chosen on the command line."""

    paths: list[Path]
    runtime: str | None = None
    entry: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int | float] = field(default_factory=dict)
    artifacts: list[str] = field(default_factory=list)
    output: Path | None = None
    tty: bool = False
    as_json: bool = False


def run(invocation: Invocation, choices: RunChoices) -> int:
    return asyncio.run(_run(invocation, choices))


async def _run(invocation: Invocation, choices: RunChoices) -> int:
    sources = load_sources(choices.paths)
    async with open_client(invocation) as client:
        runtimes = await client.runtimes()
        if choices.runtime is None:
            runtime: Runtime | None = guess_runtime(sources, runtimes)
        else:
            runtime = find_runtime(choices.runtime, runtimes)
        options = build_options(choices, invocation.program_args)
        entry = choices.entry or (choose_entry(sources, runtime) if runtime else None)
        if entry is not None:
            options["entry"] = entry
        # The server says best what is wrong with a name it does not know.
        name = runtime.id if runtime else choices.runtime or ""
        files = list(sources.files)
        return await execute(
            client, choices, options, lambda: client.submit(name, files, **options)
        )


def build_options(choices: RunChoices, program_args: tuple[str, ...]) -> RunOptions:
    options: RunOptions = {"args": list(program_args)}
    if choices.env:
        options["env"] = choices.env
    if choices.limits:
        options["limits"] = choices.limits
    if choices.artifacts:
        options["artifacts"] = choices.artifacts
    if choices.tty:
        from runyard.cli.terminal import terminal_size  # noqa: PLC0415 - termios only if needed

        options["terminal"] = terminal_size()
        options["interactive"] = True
    elif (whole := read_whole_stdin()) is None:
        options["interactive"] = True
    elif whole:
        options["stdin"] = whole
    return options


async def execute(
    client: AsyncClient,
    choices: RunChoices,
    options: RunOptions,
    submit: Callable[[], Awaitable[Execution]],
) -> int:
    """Submit and follow an execution to its end; return the exit code for it."""
    execution = await submit()
    stopped: list[int] = []
    with _stopping(client, execution.id, stopped):
        try:
            if choices.tty:
                from runyard.cli.terminal import join_terminal  # noqa: PLC0415 - as above

                await join_terminal(client, execution.id)
            else:
                await _follow(client, execution.id, choices, options)
        except OutputClosedError:
            await client.cancel(execution.id)
            # Python would complain about the closed pipe once more when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return SIGNAL_BASE + signal.SIGPIPE
        execution = await client.wait(execution.id)
    await _save_artifacts(client, execution, choices)
    return _report(execution, choices, stopped)


async def _follow(
    client: AsyncClient, execution_id: str, choices: RunChoices, options: RunOptions
) -> None:
    typing = None
    if options.get("interactive"):
        typing = asyncio.create_task(forward_stdin(client, execution_id))
    try:
        if choices.as_json:
            await client.wait(execution_id)
        else:
            await Screen().show(client.events(execution_id))
    finally:
        if typing is not None:
            typing.cancel()
            with suppress(asyncio.CancelledError, ClientError):
                await typing


@contextmanager
def _stopping(client: AsyncClient, execution_id: str, stopped: list[int]) -> Iterator[None]:
    """The first Ctrl-C stops the program and waits for its end, the second leaves at once."""
    loop = asyncio.get_running_loop()
    cancelling: set[asyncio.Task[Execution]] = set()

    def stop(number: int) -> None:
        stopped.append(number)
        if len(stopped) > 1:
            # Sandboxes die with this process; nothing is left to wait for.
            os._exit(SIGNAL_BASE + number)
        say("stopping the program; once more leaves at once")
        cancelling.add(asyncio.create_task(client.cancel(execution_id)))

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, _bound(stop, number))
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _bound(stop: Callable[[int], None], number: int) -> Callable[[], None]:
    return lambda: stop(number)


async def _save_artifacts(client: AsyncClient, execution: Execution, choices: RunChoices) -> None:
    if not choices.artifacts:
        return
    directory = choices.output or Path()
    for artifact in execution.artifacts:
        # The server is not trusted to keep names below the directory.
        target = directory / check_path(artifact.name)
        content = await client.artifact(execution.id, artifact.name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except OSError as error:
            raise UsageError(f"{target}: {error.strerror}.") from error
        say(f"wrote {target} ({len(content)} bytes)")


def _report(execution: Execution, choices: RunChoices, stopped: list[int]) -> int:
    if choices.as_json:
        sys.stdout.write(json.dumps(execution.raw, ensure_ascii=False, indent=2) + "\n")
        sys.stdout.flush()
    elif (ending := describe_end(execution)) is not None:
        say(ending)
    if stopped and execution.outcome == "cancelled":
        return SIGNAL_BASE + stopped[0] if stopped[0] != signal.SIGINT else CANCELLED
    return exit_code_of(execution)
