"""What a package contains of that which git ignores; compiling the agent is left out."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT

BUILD_SECONDS_MAX = 60.0
COPIED = ("pyproject.toml", "hatch_build.py", ".gitignore", "README.md", "LICENSE")
BUILT = ("_web/index.html", "_web/_app/immutable/start.js", "_web/_app/version.json")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    written = {
        "agent/build.py": "def build(): return []",
        "src/runyard/__init__.py": "",
        "web/package.json": "{}",
        "web/src/app.html": "<html>",
        "web/node_modules/left-out/index.js": "",
        "web/.svelte-kit/left-out.js": "",
        "web/build/left-out.html": "",
    }
    for name, text in written.items():
        write(project / name, text)
    for name in COPIED:
        write(project / name, (ROOT / name).read_text())
    return project


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def build(project: Path, target: str) -> set[str]:
    """Return the names in the package, without the folder that all of an sdist is in."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", "dist"]
    subprocess.run(command, cwd=project, check=True, capture_output=True, timeout=BUILD_SECONDS_MAX)
    (package,) = (project / "dist").iterdir()
    if target == "wheel":
        return set(zipfile.ZipFile(package).namelist())
    with tarfile.open(package) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.mark.parametrize(("target", "folder"), [("wheel", "runyard"), ("sdist", "src/runyard")])
@pytest.mark.parametrize("is_built", [True, False])
def test_package_has_the_built_site(
    project: Path, target: str, folder: str, *, is_built: bool
) -> None:
    for name in BUILT if is_built else ():
        write(project / "src" / "runyard" / name, "x")

    names = build(project, target)

    assert f"{folder}/__init__.py" in names
    expected = {f"{folder}/{name}" for name in BUILT} if is_built else set()
    assert {name for name in names if "_web" in name} == expected


def test_sources_of_the_site_are_in_the_source_package_only(project: Path) -> None:
    names = build(project, "sdist")

    assert {name for name in names if "web" in name} == {"web/package.json", "web/src/app.html"}
    assert not {name for name in names if "left-out" in name}
