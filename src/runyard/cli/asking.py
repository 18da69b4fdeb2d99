"""Asks for what a verb needs: at the terminal, else line by line from stdin, so that scripts can
answer.
"""

from __future__ import annotations

import sys

from runyard.cli.output import UsageError


def ask(what: str) -> str:
    if _is_terminal():
        # stdout may be kept by somebody; the question is for the person.
        sys.stderr.write(f"{what}: ")
        sys.stderr.flush()
    return _read_line(what)


def ask_secret(what: str) -> str:
    """What is typed is not shown."""
    if not _is_terminal():
        return _read_line(what)
    from getpass import getpass  # noqa: PLC0415 - only at a terminal

    try:
        return getpass(f"{what}: ")
    except EOFError as error:
        raise _nothing(what) from error


def ask_new_password() -> str:
    """Nobody sees what he types, so it is typed twice; a script does not mistype."""
    password = ask_secret("Password")
    if _is_terminal() and ask_secret("The same again") != password:
        raise UsageError("The two passwords differ.")
    return password


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _read_line(what: str) -> str:
    line = "" if sys.stdin is None else sys.stdin.readline()
    if not line:
        raise _nothing(what)
    return line.rstrip("\r\n")


def _nothing(what: str) -> UsageError:
    return UsageError(f"Nothing was given for: {what}.")
