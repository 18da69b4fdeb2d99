"""The answers that ship with Runyard."""

import json
import re
from importlib.resources import files

import pytest

from runyard.api.schemas.faq import FaqBody, build_entries
from runyard.services.catalogue import load_catalogue
from runyard.services.faq import GENERAL, load_shipped

SHIPPED = load_shipped()


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_list_could_be_imported(name: str) -> None:
    catalogue = files("runyard.catalogue")
    folder = catalogue if name == GENERAL else catalogue / name
    text = (folder / "faq.json").read_text(encoding="utf-8")

    assert build_entries(FaqBody.model_validate_json(text)) == list(SHIPPED[name])
    assert json.loads(text)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_list_asks_nothing_twice_and_closes_its_markup(name: str) -> None:
    questions = [each.question for each in SHIPPED[name]]

    assert len(set(questions)) == len(questions)
    assert all(each.answer.count("`") % 2 == 0 for each in SHIPPED[name])


def test_runtimes_with_a_list_are_in_the_catalogue() -> None:
    named = SHIPPED.keys() - {GENERAL}

    assert {"python", "java", "javascript", "c", "cpp", "go", "rust", "bash", "sqlite"} <= named
    assert named <= {entry.id for entry in load_catalogue()}


@pytest.mark.parametrize("runtime", ["c", "cpp"])
def test_compiler_options_in_the_answers_are_those_of_the_catalogue(runtime: str) -> None:
    """They would change in one place only."""
    (entry,) = [each for each in load_catalogue() if each.id == runtime]
    command = entry.toolchains[0].compile
    assert command is not None
    answer = SHIPPED[runtime][0].answer

    named = re.findall(r"(?<![\w-])-(?:std|O|l|pthread)\S*?(?=[ `])", answer)

    assert sorted(named) == sorted(
        word for word in command.argv if word.startswith(("-std", "-O", "-l", "-pthread"))
    )
