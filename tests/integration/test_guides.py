"""The examples of the guides do what the guides say."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from runyard.testing.server import Server
from tests.integration.serving import environment, reachable, serve
from tests.tidy.tree import ROOT

GUIDES = ROOT / "docs" / "guides"
DOCUMENTED = "http://127.0.0.1:8080"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 60.0
PARAMETER = re.compile(r"\{\w+\}")


def blocks(name: str, language: str) -> list[str]:
    text = (GUIDES / name).read_text()
    return [content for found, content in BLOCK.findall(text) if found == language]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reachable(tmp_path_factory.mktemp("guides"))


@pytest.fixture(scope="module")
def served(directory: Path) -> Iterator[Server]:
    with serve(directory) as served:
        yield served


def shell(script: str, directory: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=directory,
        env=environment(directory, PATH=programs, **settings),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def commands(console: str) -> tuple[str, str]:
    """Return what is typed and what is shown: input goes on until the document's line ends it."""
    typed, shown, here = [], [], False
    for line in console.splitlines():
        if here:
            typed.append(line)
            here = line != "END"
        elif line.startswith("$ "):
            typed.append(line[2:])
            here = "<<'END'" in line
        else:
            shown.append(line)
    return "\n".join(typed), "".join(f"{line}\n" for line in shown)


@pytest.mark.parametrize("console", blocks("command-line.md", "console"), ids=range(4))
def test_command_line_shows_what_the_guide_shows(console: str, directory: Path) -> None:
    typed, expected = commands(console)

    ended = shell(typed, directory)

    assert ended.stdout == expected, ended.stderr


@pytest.mark.parametrize("console", blocks("api.md", "console"), ids=range(2))
def test_request_of_the_guide_succeeds(console: str, directory: Path, served: Server) -> None:
    typed = console.removeprefix("$ ").replace(DOCUMENTED, served.url)

    ended = shell(typed, directory)

    assert json.loads(ended.stdout)["outcome"] == "succeeded", ended.stdout


@pytest.mark.parametrize("program", blocks("api.md", "python"), ids=range(1))
def test_program_of_the_guide_runs(program: str, directory: Path, served: Server) -> None:
    path = directory / "guide.py"
    path.write_text(program.replace(DOCUMENTED, served.url))

    ended = shell(f"{sys.executable} {path}", directory)

    assert ended.returncode == 0, ended.stderr


def test_guides_name_every_route(served: Server) -> None:
    document = httpx.get(f"{served.url}/api/v1/openapi.json").json()
    guides = "".join(path.read_text() for path in GUIDES.glob("*.md"))
    named = set(re.findall(r"/[\w/{}.-]+", PARAMETER.sub("{}", guides)))

    routes = {PARAMETER.sub("{}", path.removeprefix("/api/v1")) for path in document["paths"]}

    assert routes - named == set()


def test_guide_names_every_field_of_a_submission(served: Server) -> None:
    document = httpx.get(f"{served.url}/api/v1/openapi.json").json()
    guide = (GUIDES / "api.md").read_text()

    for field in document["components"]["schemas"]["ExecutionBody"]["properties"]:
        assert f"`{field}`" in guide, field


def test_guide_names_every_option_of_run(directory: Path) -> None:
    ended = shell("runyard run --help", directory)
    guide = (GUIDES / "command-line.md").read_text()

    options = set(re.findall(r"--[a-z]+", ended.stdout)) - {"--help"}

    assert options
    assert not [option for option in options if option not in guide]
