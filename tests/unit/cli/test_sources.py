"""Which files are sent, under which names, and what runs them."""

from pathlib import Path

import pytest

from runyard.cli.output import UsageError
from runyard.cli.sources import choose_entry, find_runtime, guess_runtime, load_sources
from runyard.client.models import Runtime


def runtime(name: str, *extensions: str, state: str = "available", entry: str = "") -> Runtime:
    return Runtime(
        id=name,
        language=name,
        name=name,
        version="1",
        description="",
        state=state,
        reason=None,
        entry=entry or f"main.{extensions[0]}",
        aliases=(f"{name}-alias",),
        extensions=extensions,
        example="",
    )


RUNTIMES = [
    runtime("python3", "py", entry="main.py"),
    runtime("ruby", "rb", state="unavailable"),
    runtime("jruby", "rb"),
    runtime("bash", "sh"),
    runtime("c", "c", "h"),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.py", "main.py", "sub/b.py", "sub/__pycache__/x.pyc", ".hidden"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "a.py").chmod(0o755)
    return tmp_path


def test_one_file_has_its_own_name(tree: Path) -> None:
    sources = load_sources([tree / "sub/b.py"])

    assert [file.path for file in sources.files] == ["b.py"]
    assert sources.first == "b.py"


def test_directory_is_the_work_directory(tree: Path) -> None:
    sources = load_sources([tree])

    assert {file.path for file in sources.files} == {"a.py", "main.py", "sub/b.py"}
    assert sources.first is None
    assert [file.path for file in sources.files if file.executable] == ["a.py"]


def test_several_files_keep_their_places(tree: Path) -> None:
    sources = load_sources([tree / "sub/b.py", tree / "a.py"])

    assert [file.path for file in sources.files] == ["sub/b.py", "a.py"]
    assert sources.first == "sub/b.py"


def test_relative_paths_work(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "sub")

    assert [file.path for file in load_sources([Path("../a.py"), Path("b.py")]).files] == [
        "a.py",
        "sub/b.py",
    ]


def test_missing_and_empty_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load_sources([tmp_path / "x"])
    with pytest.raises(UsageError, match="no files"):
        load_sources([tmp_path])


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.py", "", "python3"),
        ("X.PY", "", "python3"),
        ("x.rb", "", "jruby"),
        ("x", "#!/bin/bash\n", "bash"),
        ("x", "#!/usr/bin/env python3\n", "python3"),
        ("x", "#!/usr/bin/env -S bash -e\n", "bash"),
        ("x", "#!/usr/bin/bash5.2\n", "bash"),
        ("x.sh", "#!/usr/bin/unheard-of\n", "bash"),
    ],
)
def test_runtime_is_guessed(tmp_path: Path, name: str, content: str, expected: str) -> None:
    (tmp_path / name).write_text(content)

    assert guess_runtime(load_sources([tmp_path / name]), RUNTIMES).id == expected


def test_main_file_says_more_than_the_first(tmp_path: Path) -> None:
    for name in ("data.c", "main.py"):
        (tmp_path / name).write_text("")

    assert guess_runtime(load_sources([tmp_path]), RUNTIMES).id == "python3"


@pytest.mark.parametrize("content", ["", "#!\n", "#!/usr/bin/env\n"])
def test_nothing_to_guess_from_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "x").write_text(content)

    with pytest.raises(UsageError, match="--runtime"):
        guess_runtime(load_sources([tmp_path / "x"]), RUNTIMES)


def test_entry_is_the_usual_one_else_the_first_named(tree: Path) -> None:
    assert choose_entry(load_sources([tree]), RUNTIMES[0]) is None
    assert choose_entry(load_sources([tree / "a.py", tree / "main.py"]), RUNTIMES[0]) is None
    assert choose_entry(load_sources([tree / "a.py"]), RUNTIMES[0]) == "a.py"
    assert choose_entry(load_sources([tree / "sub"]), RUNTIMES[0]) == "b.py"
    with pytest.raises(UsageError, match="--entry"):
        choose_entry(load_sources([tree]), RUNTIMES[3])


def test_runtime_is_found_by_id_and_alias_in_any_case() -> None:
    assert find_runtime("PYTHON3", RUNTIMES) is RUNTIMES[0]
    assert find_runtime("c-alias", RUNTIMES) is RUNTIMES[4]
    assert find_runtime("cobol", RUNTIMES) is None
