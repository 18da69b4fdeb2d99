"""What is asked of a person at a terminal, and of a script that pipes its answers."""

import pytest

from runyard.cli.asking import ask, ask_new_password, ask_secret
from runyard.cli.output import UsageError
from tests.unit.cli.conftest import Answers

Shown = pytest.CaptureFixture[str]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> list[str]:
    """What a person at a terminal types where it is not shown."""
    answers("maria")
    monkeypatch.setattr("runyard.cli.asking._is_terminal", lambda: True)
    words: list[str] = []

    def getpass(_: str) -> str:
        if not words:
            raise EOFError
        return words.pop(0)

    monkeypatch.setattr("getpass.getpass", getpass)
    return words


def test_lines_of_a_script_are_taken_in_order(answers: Answers, capfd: Shown) -> None:
    answers("maria", " spaces stay ", "é")

    assert [ask("Name"), ask_secret("Password"), ask_new_password()] == [
        "maria",
        " spaces stay ",
        "é",
    ]
    assert capfd.readouterr() == ("", "")


def test_question_goes_to_stderr(typed: list[str], capfd: Shown) -> None:
    assert ask("Name") == "maria"
    assert capfd.readouterr() == ("", "Name: ")


def test_new_password_is_typed_twice(typed: list[str]) -> None:
    typed += ["one", "one"]
    assert ask_new_password() == "one"
    typed += ["one", "two"]
    with pytest.raises(UsageError, match="differ"):
        ask_new_password()


def test_end_of_input_is_said(typed: list[str]) -> None:
    with pytest.raises(UsageError, match="Password"):
        ask_secret("Password")
    ask("Name")
    with pytest.raises(UsageError, match="Name"):
        ask("Name")
