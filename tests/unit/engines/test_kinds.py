"""What administrators can configure of engines."""

from typing import Any

import pytest

from runyard.domain.errors import EngineUnavailableError, InvalidRequestError
from runyard.engines.linux.engine import KIND
from runyard.engines.registry import list_names, load_kinds


def test_every_engine_that_ships_can_be_configured() -> None:
    kinds = load_kinds()

    assert list(kinds) == list_names()
    for name, kind in kinds.items():
        assert kind.name == name
        assert kind.description.endswith(".")
        # Nothing has to be chosen, and a form needs words for each field.
        assert kind.check(kind.check({})) == kind.check({})
        for field in kind.schema()["properties"].values():
            assert field["description"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"startup_seconds": 0.5}, "options.startup_seconds"),
        ({"startup_seconds": True}, "options.startup_seconds"),
        ({"startup_seconds": float("nan")}, "options.startup_seconds"),
        ({"grace_seconds": 1e9}, "options.grace_seconds"),
        ({"slot_count_max": 10_000}, "options.slot_count_max"),
        ({"agent_path": "/tmp/mine"}, "options.agent_path"),
        ({"sources": ["/"]}, "options.sources"),
    ],
)
def test_options_beyond_what_the_launcher_was_started_with_are_refused(
    options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        KIND.check(options)

    assert refused.value.message.startswith(f"{field}: ")
    assert refused.value.detail["errors"][0]["field"] == field  # type: ignore[index]


def test_linux_needs_its_launcher() -> None:
    with pytest.raises(EngineUnavailableError, match="launcher"):
        KIND.open({}, None)
