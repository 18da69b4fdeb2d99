"""The agent in its variants: pid 1 of its own namespace, a subreaper, and under the sanitizers."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.tests.driver import AgentProcess, is_root

ROOT = Path(__file__).resolve().parent.parent.parent
IN_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture(scope="session")
def binary() -> Path:
    build = runpy.run_path(str(ROOT / "agent" / "build.py"))
    path: Path = build["build"]([build["host_machine"]()])[0]
    return path


@pytest.fixture(scope="session")
def sanitized() -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("the sanitizer build needs gcc")
    path: Path = runpy.run_path(str(ROOT / "agent" / "build.py"))["build_sanitized"]()
    return path


@pytest.fixture(scope="session")
def compile_program(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Compile one of programs/*.c and return where the result is."""
    if shutil.which("gcc") is None:
        pytest.skip("the hostile programs need gcc")
    folder = tmp_path_factory.mktemp("programs")

    def compile_one(name: str) -> str:
        target = folder / name
        if not target.exists():
            source = Path(__file__).parent / "programs" / f"{name}.c"
            subprocess.run(["gcc", "-O1", "-static", "-o", target, source], check=True)
        return str(target)

    return compile_one


@pytest.fixture(params=["subreaper", "init", "sanitized"])
def variant(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "init" and not is_root():
        pytest.skip("a pid namespace needs root")
    return name


@pytest.fixture
def start_agent(
    variant: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., AgentProcess]]:
    """Start agents that are ended, and checked for sanitizer reports, after the test."""
    program = request.getfixturevalue("sanitized" if variant == "sanitized" else "binary")
    work = tmp_path / "work"
    work.mkdir()
    started: list[AgentProcess] = []

    def start(
        *, options: tuple[str, ...] = (), prefix: tuple[str, ...] = (), work: Path = work
    ) -> AgentProcess:
        namespace = IN_NAMESPACE if variant == "init" else ()
        agent = AgentProcess(
            program,
            work,
            prefix=(*namespace, *prefix),
            options=options,
            stderr=tmp_path / f"stderr-{len(started)}",
        )
        started.append(agent)
        return agent

    yield start
    for agent in started:
        agent.close()


@pytest.fixture
def agent(start_agent: Callable[..., AgentProcess]) -> AgentProcess:
    """An agent that was greeted."""
    return start_agent().greet()
