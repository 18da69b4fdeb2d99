"""Each verb: what it prints and how it ends."""

import json
from pathlib import Path

import pytest

from runyard.cli.local import Diagnosis, Finding, ServeChoices
from tests.unit.cli.conftest import CommandLine, FakeInstallation


def test_version(runyard: CommandLine, capfd: pytest.CaptureFixture[str]) -> None:
    assert runyard("version") == 0
    assert capfd.readouterr().out.strip()


def test_no_verb_shows_help(runyard: CommandLine, capfd: pytest.CaptureFixture[str]) -> None:
    code = runyard()

    captured = capfd.readouterr()
    assert "runtimes" in captured.out + captured.err
    assert code in (0, 2)


@pytest.mark.parametrize(
    "words", [["nonsense"], ["run"], ["runs", "view"], ["serve", "--port", "x"]]
)
def test_wrong_use_ends_with_2_and_no_traceback(
    runyard: CommandLine, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert runyard(*words) == 2

    assert "Traceback" not in capfd.readouterr().err


def test_serve_passes_choices_on(runyard: CommandLine, installation: FakeInstallation) -> None:
    assert runyard("serve", "--port", "1", "--host", "::1", "--profile", "production") == 0

    assert installation.served == [ServeChoices(host="::1", port=1, profile="production")]


def test_worker_ends_as_the_worker_ended(runyard: CommandLine) -> None:
    assert runyard("worker") == 3


@pytest.mark.parametrize("verb", ["serve", "worker", "doctor", "runtimes"])
def test_without_the_server_extra_a_verb_says_what_to_do(
    runyard: CommandLine, capfd: pytest.CaptureFixture[str], verb: str
) -> None:
    assert runyard(verb, local=None) == 2

    assert "pip install" in capfd.readouterr().err


def test_doctor_tells_findings_in_words(
    runyard: CommandLine, installation: FakeInstallation, capfd: pytest.CaptureFixture[str]
) -> None:
    installation.diagnosis = Diagnosis(
        usable=False,
        reason="no user namespaces",
        findings=(
            Finding("cgroups", works=True),
            Finding("userns", works=False, advice="Do this."),
        ),
    )

    assert runyard("doctor") == 1

    out = capfd.readouterr().out
    assert "ok    cgroups" in out
    assert "FAIL  userns\n      Do this." in out
    assert "no user namespaces" in out


def test_doctor_of_a_good_machine_ends_with_0(
    runyard: CommandLine, capfd: pytest.CaptureFixture[str]
) -> None:
    assert runyard("doctor") == 0
    assert "every limit" in capfd.readouterr().out


def test_runtimes_hide_what_does_not_work(
    runyard: CommandLine, capfd: pytest.CaptureFixture[str]
) -> None:
    assert runyard("runtimes") == 0
    shown = capfd.readouterr()
    assert runyard("runtimes", "list", "--all") == 0
    everything = capfd.readouterr().out

    assert "python3" in shown.out
    assert "broken" not in shown.out
    assert "1 more" in shown.err
    assert "does not work here: no compiler" in everything


def test_runtimes_view(runyard: CommandLine, capfd: pytest.CaptureFixture[str]) -> None:
    assert runyard("runtimes", "view", "py") == 0

    assert "print(1)" in capfd.readouterr().out


def test_runtimes_view_unknown_ends_with_127(
    runyard: CommandLine, capfd: pytest.CaptureFixture[str]
) -> None:
    assert runyard("runtimes", "view", "cobol") == 127

    assert capfd.readouterr().err == "runyard: There is no runtime 'cobol'.\n"


def test_runs_show_what_was_run(
    runyard: CommandLine, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source = tmp_path / "a.py"
    source.write_text("print()")
    assert runyard("run", str(source)) == 0
    capfd.readouterr()

    assert runyard("runs", "list", "--json") == 0
    (listed,) = json.loads(capfd.readouterr().out)
    assert runyard("runs", "list") == 0
    assert listed["id"] in capfd.readouterr().out
    assert runyard("runs", "view", listed["id"]) == 0
    assert "run: succeeded, exit code 0" in capfd.readouterr().out
    assert runyard("runs", "logs", listed["id"]) == 0
    assert capfd.readouterr().out == "hello\n"
    assert runyard("runs", "logs", "-f", listed["id"]) == 0
    assert capfd.readouterr().out == "hello\n"
    assert runyard("runs", "stop", listed["id"]) == 0
    assert listed["id"] in capfd.readouterr().out
    assert runyard("runs", "view", "nothing") == 126


def test_unreachable_server_ends_with_125_and_one_line(
    runyard: CommandLine, capfd: pytest.CaptureFixture[str]
) -> None:
    # A port that nothing listens on: it was bound and closed by nobody.
    assert runyard("--server", "http://127.0.0.1:1", "runtimes") == 125

    err = capfd.readouterr().err
    assert err.startswith("runyard: Cannot talk to the server at http://127.0.0.1:1")
    assert err.count("\n") == 1
