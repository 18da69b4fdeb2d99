"""Documents say what is there, and what they point at exists."""

import inspect
import re
from pathlib import Path

import pytest

from runyard.domain import errors
from runyard.settings import Settings
from tests.tidy.tree import ROOT, tracked_files

DOCUMENTS = tracked_files(".md")
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#]+)")


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_links_resolve(path: Path) -> None:
    targets = LINK.findall(path.read_text())

    assert not [target for target in targets if not (ROOT / path.parent / target).exists()]


def test_every_picture_is_shown() -> None:
    shown = "".join(path.read_text() for path in DOCUMENTS)

    assert not [
        path for path in tracked_files(".png") if "docs" in path.parts and path.name not in shown
    ]


def test_every_recipe_that_documents_name_exists() -> None:
    recipes = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.MULTILINE))

    named = {
        recipe for path in DOCUMENTS for recipe in re.findall(r"`make ([a-z-]+)`", path.read_text())
    }

    assert named <= recipes


def test_every_setting_is_documented_and_read() -> None:
    document = Path("docs/reference/settings.md").read_text()
    sources = "".join(
        path.read_text() for path in tracked_files(".py") if path.parts[:2] == ("src", "runyard")
    )
    for name in Settings.model_fields:
        assert f"RUNYARD_{name.upper()}`" in document
        assert re.search(rf"(settings|self)\.{name}\b|_value\(\"{name}\"\)", sources), (
            f"nothing reads {name}"
        )


def test_every_error_code_is_documented_with_its_status() -> None:
    document = Path("docs/reference/errors.md").read_text()

    for _, error in inspect.getmembers(errors, inspect.isclass):
        if issubclass(error, errors.RunyardError) and error is not errors.RunyardError:
            assert re.search(rf"\| `{error.code}` \| {error.status} \|", document), error
            assert f"{error.__name__} " in (errors.__doc__ or ""), error
