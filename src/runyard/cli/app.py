"""Puts the verbs together and turns every refusal into one line and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from runyard.cli.admin import admin
from runyard.cli.doctor import doctor
from runyard.cli.faq import show_faq
from runyard.cli.gallery import gallery
from runyard.cli.local import Invocation, Local
from runyard.cli.login import login
from runyard.cli.logout import logout
from runyard.cli.output import exit_code_of_error, say
from runyard.cli.projects import projects
from runyard.cli.run import run_files
from runyard.cli.runs import runs
from runyard.cli.runtimes import runtimes
from runyard.cli.serve import serve
from runyard.cli.set_up import set_up
from runyard.cli.version import version
from runyard.cli.whoami import whoami
from runyard.cli.worker import worker
from runyard.client.errors import ApiError, AuthenticationError, ClientError
from runyard.client.wire import SERVER_VARIABLE
from runyard.domain.errors import RunyardError

SEPARATOR = "--"
# Of refusals that a login helps against.
_LOGIN_CODES = frozenset({"authentication_required", "invalid_token"})


def run_command_line(arguments: Sequence[str], *, local: Local | None) -> int:
    """Obey the arguments and return the exit code."""
    words, program_args = _split(arguments)
    command = typer.main.get_command(_build())
    try:
        command.main(
            args=words,
            prog_name="runyard",
            obj=Invocation(local=local, program_args=program_args),
        )
    except (ClientError, RunyardError) as error:
        say(_describe(error))
        return exit_code_of_error(error)
    except SystemExit as ended:
        # How the parser ends, also after it has said what is wrong.
        return ended.code if isinstance(ended.code, int) else 0
    return 0


def _build() -> typer.Typer:
    app = typer.Typer(
        name="runyard",
        help="Run code that nobody trusts.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_choose_server)
    app.command("run")(run_files)
    app.command("serve")(serve)
    app.command("worker")(worker)
    app.add_typer(runtimes, name="runtimes")
    app.add_typer(runs, name="runs")
    app.add_typer(projects, name="projects")
    app.add_typer(gallery, name="gallery")
    app.command("faq")(show_faq)
    app.command("login")(login)
    app.command("logout")(logout)
    app.command("whoami")(whoami)
    app.command("set-up")(set_up)
    app.add_typer(admin, name="admin")
    app.command("doctor")(doctor)
    app.command("version")(version)
    return app


def _choose_server(
    context: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            envvar=SERVER_VARIABLE,
            help="A server's address; without one, programs run inside this process.",
        ),
    ] = None,
) -> None:
    given: Invocation = context.obj
    context.obj = Invocation(local=given.local, program_args=given.program_args, server=server)


def _split(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Part the program's arguments from this command's own; the parser would mix them."""
    words = list(arguments)
    if SEPARATOR not in words:
        return words, ()
    place = words.index(SEPARATOR)
    return words[:place], tuple(words[place + 1 :])


def _describe(error: ClientError | RunyardError) -> str:
    """One line, also for an error that has several fields."""
    text = str(error)
    if isinstance(error, ApiError) and len(error.fields) > 1:
        text = "; ".join(f"{each.get('field')}: {each.get('message')}" for each in error.fields)
    advice = _advise(error)
    return " ".join(f"{text} {advice}".split())


def _advise(error: ClientError | RunyardError) -> str:
    if isinstance(error, AuthenticationError) and error.code in _LOGIN_CODES:
        return "See runyard login --help."
    if isinstance(error, ApiError) and error.problem.raw.get("scope") == "admin":
        return "See runyard login --admin."
    return ""
