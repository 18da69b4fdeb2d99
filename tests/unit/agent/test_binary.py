"""Where the agent is looked for."""

from __future__ import annotations

import pytest

from runyard.agent.binary import agent_path
from runyard.domain.errors import EngineUnavailableError


def test_binary_that_was_not_built_is_told_with_the_remedy() -> None:
    with pytest.raises(EngineUnavailableError, match="make agent"):
        agent_path("pdp11")


@pytest.mark.parametrize(("machine", "name"), [("AMD64", "x86_64"), ("ARM64", "aarch64")])
def test_other_names_of_a_processor_mean_the_same_binary(machine: str, name: str) -> None:
    assert found(machine) == found(name)
    assert f"runyard-agent-{name}" in found(machine)


def found(machine: str) -> str:
    """The path, or what is said when it is missing."""
    try:
        return str(agent_path(machine))
    except EngineUnavailableError as error:
        return error.message.partition(":")[2]
