"""Definitions of runtimes that nobody in his right mind would accept, sent by an administrator."""

import dataclasses
import json
from typing import Any

import pytest

from runyard.client import Client, ConflictError, InvalidRequestError, TooLargeError
from tests.integration.administering import (
    API,
    PLAIN,
    SCRIPT,
    TOOLCHAIN,
    chief,
    put_raw,
    script,
    served,
    toolchain,
)

__all__ = ["chief", "script", "served"]


def describe(chief: Client, script: str) -> dict[str, Any]:
    """What an administrator wrote, without what the server finds out meanwhile."""
    found = dataclasses.asdict(chief.admin.runtimes.view(script))
    return {name: value for name, value in found.items() if name not in {"state", "version"}}


def files(path: str) -> dict[str, Any]:
    return {"extra_files": [{"path": path, "content": "x"}]}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (toolchain(run=["mawk", "{file}"]), "unknown placeholder"),
        (toolchain(run=["sh", "-c", "mawk {entry}"]), "shell string"),
        (toolchain(run=["env", "bash", "-ec", "mawk {entry}"]), "shell string"),
        (toolchain(run="mawk {entry}"), r"toolchain\[0\].run"),
        (toolchain(run=["mawk", "a\0b"]), r"toolchain\[0\].run"),
        (toolchain(run_start="forked"), "cannot be forked"),
        (toolchain(programs=["../../etc/passwd"]), "is a path"),
        (toolchain(env={"A B": "x"}), "not a variable's name"),
        (toolchain(env={"A": "\0"}), "NUL"),
        (toolchain(version_pattern="(a+)+$"), "version_pattern"),
        (toolchain(home={"target": "/opt/x", "has": ["shadow"], "candidates": ["/etc"]}), "home"),
        (
            toolchain(
                compile=["mawk"],
                prepared={
                    "target": "/opt/x",
                    "commands": [["mawk"]],
                    "outputs": ["**"],
                    "sources": "s",
                },
            ),
            "prepared",
        ),
        (files("../outside"), r"\.\."),
        (files("/etc/passwd"), "absolute"),
        (files("a\0b"), "control character"),
        (files("a\nb"), "control character"),
        ({"extra_files": [{"path": "a", "content": ""}] * 2}, "twice"),
        ({"entry": "../main.script"}, r"\.\."),
        ({"entry": "other.script"}, "there is no 'other.script'"),
        ({"description": "x" * 401}, "description"),
        ({"name": "a\0b"}, "name"),
        ({"image": "--privileged"}, "image"),
        ({"rank": 10**30}, "rank"),
        ({"aliases": ["No Good"]}, "aliases"),
        ({"run_limits": {"memory_mib": 0}}, "memory_mib"),
        ({"run_limits": {"processes": -1}}, "processes"),
        ({"mounts": [{"source": "/", "target": "/opt"}]}, "mounts"),
        ({"toolchain": []}, "toolchain"),
        ({"self_test": {"files": []}}, "self_test"),
    ],
)
def test_hostile_definition_is_refused(
    chief: Client, script: str, fields: dict[str, Any], said: str
) -> None:
    before = describe(chief, script)

    for name, base in ((script, 1), ("never-made", 0)):
        with pytest.raises(InvalidRequestError, match=said):
            chief.admin.runtimes.put(name, PLAIN | fields, base=base)
        with pytest.raises(InvalidRequestError, match=said):
            chief.admin.runtimes.test(name, definition=PLAIN | fields)

    assert describe(chief, script) == before


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"aliases": ["python3"]}, "python3"),
        ({"aliases": ["bash"]}, "bash"),
        ({"extensions": [".py"]}, r"\.py"),
    ],
)
def test_name_of_another_runtime_is_refused(
    chief: Client, script: str, fields: dict[str, Any], taken: str
) -> None:
    with pytest.raises(ConflictError, match=f"'{taken}' already belongs to"):
        chief.admin.runtimes.put(script, PLAIN | fields, base=1)
    with pytest.raises(ConflictError, match="'py3' already belongs to 'python'"):
        chief.admin.runtimes.put("py3", PLAIN, base=0)


def test_huge_definition_is_refused(chief: Client, script: str) -> None:
    content = {"path": "big", "content": "x" * 300_000}
    large = [content, content | {"path": "bigger"}]
    words = ["mawk", *("x" * 1000 for _ in range(60))]
    many = [TOOLCHAIN | {"run": words}] * 2

    with pytest.raises(TooLargeError, match="524288"):
        chief.admin.runtimes.put(script, SCRIPT | {"extra_files": large}, base=1)
    with pytest.raises(TooLargeError, match="65536"):
        chief.admin.runtimes.put(script, SCRIPT | {"toolchain": many}, base=1)


@pytest.mark.parametrize("text", [r"\ud800", r"a\udfffb"])
def test_half_of_a_character_is_no_json(chief: Client, text: str) -> None:
    answer = put_raw(chief, "half", f'{{"name": "{text}"}}'.encode())

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("name", ["A", "9x", "x" * 33, "a%00b", "default:python", "%ff", "a.b"])
def test_id_that_is_none_is_refused(chief: Client, name: str) -> None:
    answer = put_raw(chief, name, json.dumps(SCRIPT).encode())
    deleted = chief._connection.request("DELETE", f"{API}/{name}")
    tested = chief._connection.request("POST", f"{API}/{name}/test", json={"definition": SCRIPT})

    assert answer.status_code == 422, answer.text
    assert (deleted.status_code, tested.status_code) == (404, 404)
