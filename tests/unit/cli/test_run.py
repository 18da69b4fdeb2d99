"""`runyard run` against a scripted server: what is sent, shown, and how it ends."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.cli.run import parse_limits
from runyard.domain.errors import BusyError
from tests.unit.cli.conftest import CommandLine, FakeInstallation


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "hello.py"
    path.write_text("print('hello')")
    return path


@pytest.fixture(autouse=True)
def no_stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Path(os.devnull).open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield


def test_run_shows_output_and_ends_as_the_program(
    runyard: CommandLine, source: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert runyard("run", str(source)) == 0

    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("hé\n", "")


def test_run_sends_what_was_chosen(
    runyard: CommandLine,
    installation: FakeInstallation,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Kept files go there.
    monkeypatch.chdir(tmp_path)

    code = runyard(
        "run", str(source), "-r", "py", "-e", "A=b=c", "-l", "memory_bytes=64M", "-l",
        "wall_seconds=1.5", "-a", "*.txt", "--", "--flag", "--", "x"
    )  # fmt: skip

    assert code == 0
    (submission,) = installation.application.executions.submissions
    assert submission.runtime == "python3"
    assert submission.entry == "hello.py"
    assert submission.args == ("--flag", "--", "x")
    assert submission.env == {"A": "b=c"}
    assert submission.limits == {"memory_bytes": 64 << 20, "wall_seconds": 1.5}
    assert submission.artifacts == ("*.txt",)
    assert not submission.interactive


def test_run_as_json_prints_nothing_else(
    runyard: CommandLine, source: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert runyard("run", "--json", str(source)) == 0

    assert json.loads(capfd.readouterr().out)["outcome"] == "succeeded"


def test_kept_files_are_written_below_the_directory(
    runyard: CommandLine, source: Path, tmp_path: Path
) -> None:
    assert runyard("run", str(source), "--output", str(tmp_path / "kept")) == 0

    assert (tmp_path / "kept" / "out" / "a b.html").read_bytes() == b"<p>"


def test_unknown_runtime_ends_with_127(
    runyard: CommandLine, source: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert runyard("run", "-r", "cobol", str(source)) == 127

    assert capfd.readouterr().err == "runyard: There is no runtime 'cobol'.\n"


def test_runtime_that_does_not_work_ends_with_127(runyard: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "a.bro"
    path.write_text("")

    assert runyard("run", str(path)) == 127


def test_refused_request_ends_with_126(
    runyard: CommandLine, source: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert runyard("run", "-l", "wall_secs=1", str(source)) == 126

    err = capfd.readouterr().err
    assert "limits.wall_secs" in err
    assert err.count("\n") == 1


def test_server_that_fails_ends_with_125(
    runyard: CommandLine, installation: FakeInstallation, source: Path
) -> None:
    installation.application.executions.failure = BusyError("The queue is full.")

    assert runyard("run", str(source)) == 125


@pytest.mark.parametrize(
    "words",
    [["/does/not/exist.py"], ["-e", "A"], ["-l", "wall_seconds"], ["-l", "wall_seconds=x"]],
)
def test_wrong_words_end_with_2(
    runyard: CommandLine, source: Path, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert runyard("run", *words, *([str(source)] if words[0].startswith("-") else [])) == 2

    assert capfd.readouterr().err.count("\n") == 1


def test_a_file_on_stdin_is_sent_with_the_request(
    runyard: CommandLine,
    installation: FakeInstallation,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "in").write_bytes(b"\xff1")
    with (tmp_path / "in").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)

        assert runyard("run", str(source)) == 0

    (submission,) = installation.application.executions.submissions
    assert (submission.stdin, submission.interactive) == (b"\xff1", False)


def test_a_pipe_on_stdin_is_passed_on_until_it_ends(
    runyard: CommandLine,
    installation: FakeInstallation,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executions = installation.application.executions
    executions.finish.clear()
    executions.busy_times = 1
    read_end, write_end = os.pipe()
    os.write(write_end, b"one\ntwo\n")
    os.close(write_end)
    with os.fdopen(read_end) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)

        assert runyard("run", str(source)) == 0

    assert b"".join(executions.stdin) == b"one\ntwo\n"
    assert executions.controls == ["eof"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", 1),
        ("a=1K", 1024),
        ("a=2m", 2 << 20),
        ("a=1.5G", 1.5 * (1 << 30)),
        ("a=0.5", 0.5),
        ("a=-1", -1),
    ],
)
def test_limits_are_numbers_with_units(text: str, expected: float) -> None:
    assert parse_limits([text]) == {"a": expected}
