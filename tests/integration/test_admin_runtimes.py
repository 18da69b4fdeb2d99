"""Runtimes that administrators add, edit and retire, on a real server with real sandboxes."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runyard.client import (
    Client,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RefusedError,
    RevisionConflictError,
    RuntimeUnavailableError,
    Setup,
    SourceFile,
    UnknownRuntimeError,
)
from runyard.testing.server import Server
from tests.integration.administering import (
    HELLO,
    LOOP,
    PLAIN,
    SCRIPT,
    TOOLCHAIN,
    chief,
    put_raw,
    script,
    served,
    toolchain,
    user,
)
from tests.integration.test_accounts_cli import Person

__all__ = ["chief", "script", "served", "user"]

PROBED_SECONDS_MAX = 90.0
COUNT_WAITING = 30


def test_added_runtime_runs_at_once_and_is_shown_without_its_image(
    chief: Client, user: Client
) -> None:
    definition = SCRIPT | {"image": "docker.io/library/secret:1", "aliases": ["scripty"]}

    added = chief.admin.runtimes.put("script", definition, base=0)
    run = user.run("scripty", HELLO)
    shown = user.runtime("Script")

    assert (added.source, added.revision, added.lifecycle) == ("added", 1, "active")
    assert added.definition["toolchain"] == [TOOLCHAIN]
    assert added.definition["image"] == "docker.io/library/secret:1"
    assert run.steps[0].stdout == b"hello\n"
    assert (shown.id, shown.default, shown.deprecated) == ("script", True, False)
    assert shown.example == HELLO["main.script"]
    assert "secret" not in json.dumps(shown.raw)
    (entry,) = [
        each
        for each in chief._connection.call("GET", "/api/v1/admin/audit?action=runtime")["items"]
        if each["target"] == "runtime script"
    ]
    assert (entry["action"], entry["actor"]["name"], entry["before"]) == (
        "runtime.add",
        "chief",
        None,
    )
    # Of files it keeps what tells them apart.
    (file,) = entry["after"]["definition"]["self_test"]["files"]
    assert set(file) == {"path", "size_bytes", "sha256"}


def test_edited_limit_bites_and_reset_takes_it_back(chief: Client, user: Client) -> None:
    administered = chief.admin.runtimes
    before = administered.view("bash")

    edited = administered.put("bash", {"run_limits": {"wall_seconds": 0.3}}, base=before.revision)
    patient = {"main.sh": "read -t 1; echo done"}
    run = user.run("bash", patient, stdin="", interactive=True)
    administered.reset("bash")
    after = user.run("bash", patient, interactive=True)

    assert (edited.source, edited.edited) == ("edited", ("run_limits",))
    assert edited.definition["run_limits"]["wall_seconds"] == 0.3
    assert edited.definition["run_limits"]["memory_mib"] == 256
    assert edited.definition["toolchain"] == before.definition["toolchain"]
    assert run.outcome == "time_limit_exceeded"
    assert after.steps[0].stdout == b"done\n"
    assert replace(administered.view("bash"), state="", version="") == replace(
        before, state="", version=""
    )


def test_edit_that_is_given_back_whole_changes_nothing(chief: Client) -> None:
    administered = chief.admin.runtimes
    before = administered.view("c")

    given = administered.put("c", before.definition, base=before.revision)
    administered.reset("c")

    assert given.definition == before.definition
    assert given.state == before.state


def test_limit_beyond_the_servers_is_refused_with_the_number(chief: Client, script: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"run_limits\.memory_bytes .* 2147483648"):
        chief.admin.runtimes.put(script, SCRIPT | {"run_limits": {"memory_mib": 4096}}, base=1)
    with pytest.raises(InvalidRequestError, match=r"compile_limits\.wall_seconds"):
        chief.admin.runtimes.put(script, SCRIPT | {"compile_limits": {"wall_seconds": 1e9}}, base=1)


def test_test_run_tells_each_step(chief: Client, script: str) -> None:
    saved = chief.admin.runtimes.test(script)
    wrong = SCRIPT | {"self_test": {**SCRIPT["self_test"], "expected_stdout": "other\n"}}
    draft = chief.admin.runtimes.test("a-draft", definition=wrong)
    own = chief.admin.runtimes.test(
        script, files={"main.script": "{ print toupper($0) }"}, stdin="shout"
    )
    slow = chief.admin.runtimes.test(
        script,
        definition=SCRIPT | {"run_limits": {"wall_seconds": 0.3}, "extensions": []},
        files=LOOP,
    )

    assert (saved.passed, saved.outcome, saved.reason) == (True, "succeeded", None)
    assert saved.version.startswith("1.")
    (step,) = saved.steps
    assert (step.kind, step.stdout, step.usage.wall_seconds > 0) == ("run", b"works\n", True)
    assert draft.passed is False
    assert "'works\\n', not 'other\\n'" in str(draft.reason)
    assert (own.passed, own.steps[0].stdout) == (None, b"SHOUT\n")
    assert slow.outcome == "time_limit_exceeded"
    with pytest.raises(NotFoundError):
        chief.admin.runtimes.view("a-draft")


def test_compiled_runtime_is_tested_step_by_step(chief: Client) -> None:
    trial = chief.admin.runtimes.test("c", files={"main.c": "int main(void) { return oops; }"})

    assert (trial.passed, trial.outcome) == (None, "compile_failed")
    assert [step.kind for step in trial.steps] == ["compile"]
    assert b"oops" in trial.steps[0].stderr


def test_deprecated_runtime_runs_and_says_so(chief: Client, user: Client, script: str) -> None:
    chief.admin.runtimes.deprecate(script, message="Gone in May.", replacement="bash")

    shown = user.runtime(script)

    assert user.run(script, HELLO).outcome == "succeeded"
    assert (shown.deprecated, shown.message, shown.replacement) == (True, "Gone in May.", "bash")
    assert chief.admin.runtimes.activate(script).lifecycle == "active"
    assert user.runtime(script).deprecated is False


def test_retired_runtime_refuses_and_names_the_replacement(
    chief: Client, user: Client, script: str
) -> None:
    for name in ("one", "two"):
        user.projects.create(
            name=name, setup=Setup(runtime=script), files=[SourceFile("main.script", "")]
        )

    retired = chief.admin.runtimes.retire(script, message="Too old.", replacement="bash")

    assert retired.projects == 2
    with pytest.raises(RuntimeUnavailableError, match="Too old; use 'bash' instead") as refused:
        user.run(script, HELLO)
    assert refused.value.problem.raw["replacement"] == "bash"
    shown = user.runtime(script)
    assert (shown.state, shown.reason) == (
        "unavailable",
        "it is retired; Too old; use 'bash' instead",
    )
    with pytest.raises(ConflictError, match="2 projects use") as kept:
        chief.admin.runtimes.reset(script)
    assert kept.value.problem.raw["projects"] == 2
    with pytest.raises(InvalidRequestError, match="replacement"):
        chief.admin.runtimes.deprecate("bash", replacement=script)


def test_language_finds_its_default(chief: Client, user: Client) -> None:
    administered = chief.admin.runtimes
    newer = SCRIPT | {"language": "Python", "extensions": [], "rank": 9999}
    administered.put("python-next", newer, base=0)
    assert user.runtime("python").id == "python"

    chosen = administered.make_default("python-next")

    assert chosen.default
    assert user.runtime("Python").id == "python-next"
    assert user.run("python", HELLO).runtime == "python-next"
    assert not administered.view("python").default
    # Retired, it leaves the name to the others.
    administered.retire("python-next")
    assert user.runtime("python").id == "python"
    with pytest.raises(ConflictError, match="retired"):
        administered.make_default("python-next")
    administered.reset("python-next")
    with pytest.raises(UnknownRuntimeError):
        user.runtime("python-next")
    assert administered.view("python").default


def test_run_that_waits_outlives_a_retirement_and_ends_with_a_removal(
    chief: Client, user: Client, script: str
) -> None:
    blocking = {"main.script": 'BEGIN { getline line; print "ran" }\n'}
    # More than can run at once, so that the last ones wait.
    runs = [user.submit(script, blocking, interactive=True) for _ in range(COUNT_WAITING)]
    assert user.get(runs[-1].id).state == "queued"

    chief.admin.runtimes.retire(script)
    for each in runs[:-1]:
        user.write_stdin(each.id, b"go\n", eof=True)
    survivor = user.wait(runs[0].id)
    chief.admin.runtimes.reset(script)
    ended = [user.wait(each.id) for each in runs[1:-1]]
    user.cancel(runs[-1].id)

    assert survivor.steps[0].stdout == b"ran\n"
    assert {each.outcome for each in ended} <= {"succeeded", "internal_error"}
    removed = [each.message or "" for each in ended if each.outcome == "internal_error"]
    assert all("was removed after this was accepted" in message for message in removed)


def test_two_who_edit_do_not_overwrite_each_other(chief: Client, script: str) -> None:
    definition = SCRIPT | {"extensions": [], "name": "Mine"}
    chief.admin.runtimes.put(script, definition, base=1)

    with pytest.raises(RevisionConflictError):
        chief.admin.runtimes.put(script, definition | {"name": "Theirs"}, base=1)
    with pytest.raises(RevisionConflictError):
        chief.admin.runtimes.put(script, definition | {"name": "Theirs"}, base=0)
    without = put_raw(chief, script, b"{}", if_match="")

    assert chief.admin.runtimes.view(script).definition["name"] == "Mine"
    assert (without.status_code, without.json()["code"]) == (428, "if_match_required")


def test_runtime_that_fails_its_self_test_becomes_unavailable_with_the_reason(
    chief: Client, script: str
) -> None:
    definition = PLAIN | toolchain(run=["mawk", "--nonsense", "{entry}"])

    found = chief.admin.runtimes.put(script, definition, base=1)
    deadline = time.monotonic() + PROBED_SECONDS_MAX
    while found.state == "unknown" and time.monotonic() < deadline:
        time.sleep(0.05)  # tidy: nothing announces the end of a self-test
        found = chief.admin.runtimes.view(script)

    assert found.state == "unavailable"
    assert "self-test ended failed" in str(found.reason)


def test_toolchain_that_is_not_there_is_said(chief: Client, user: Client, script: str) -> None:
    absent = toolchain(programs=["no-such-program"], packages=[], hint="Ask Ada.")

    added = chief.admin.runtimes.put(script, PLAIN | absent, base=1)

    assert (added.state, added.reason) == (
        "unavailable",
        "not installed: Ask Ada. (no-such-program was not found)",
    )
    with pytest.raises(RuntimeUnavailableError, match="Ask Ada"):
        user.run(script, HELLO)
    with pytest.raises(RuntimeUnavailableError, match="Ask Ada"):
        chief.admin.runtimes.test(script)


def test_others_may_do_nothing_of_it(user: Client) -> None:
    for refused in (
        user.admin.runtimes.list,
        lambda: user.admin.runtimes.put("mine", SCRIPT, base=0),
        lambda: user.admin.runtimes.test("bash"),
        lambda: user.admin.runtimes.retire("bash"),
    ):
        with pytest.raises(RefusedError):
            refused()


def test_command_line(
    chief: Client, user: Client, served: Server, tmp_path: Path, script: str
) -> None:
    token = chief.accounts.create_token("cli", ["admin"]).token
    person = Person(tmp_path, served)
    folder = tmp_path / "cli-script"
    for name in ("example", "selftest"):
        (folder / name).mkdir(parents=True)
    (folder / "example" / "main.script").write_text(HELLO["main.script"])
    (folder / "selftest" / "main.script").write_text('BEGIN { print "works" }\n')
    file = folder / "runtime.toml"
    file.write_text(
        'language = "Shown"\nname = "Shown"\ndescription = "From a folder."\n'
        'entry = "main.script"\n[example]\nexpected_stdout = "hello\\n"\n'
        '[self_test]\nexpected_stdout = "works\\n"\n[[toolchain]]\nprograms = ["mawk"]\n'
        'packages = ["mawk"]\nversion = ["mawk", "-W", "version"]\n'
        'run = ["mawk", "-f", "{entry}"]\n'
    )

    def runyard(*words: str, code: int = 0) -> str:
        ended = person.runyard("admin", "runtimes", *words, RUNYARD_TOKEN=token)
        assert ended.returncode == code, ended.stderr
        return ended.stdout if code == 0 else ended.stderr

    assert runyard("add", "cli-script", str(file)).startswith("cli-script is there")
    assert "was changed since revision 0" in runyard("add", "cli-script", str(file), code=126)
    tested = runyard("test", "cli-script")
    assert "run: succeeded in" in tested
    assert tested.endswith("passed\n")
    definition = json.loads(runyard("view", "cli-script", "--definition"))
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(definition | {"name": "Other"}))
    runyard("edit", "cli-script", str(edited))
    assert json.loads(runyard("view", "cli-script"))["definition"]["name"] == "Other"
    assert runyard("default", "cli-script") == "Shown is cli-script from now on\n"
    assert runyard("deprecate", "cli-script", "--message", "Soon gone.", "--use", "bash") == (
        "cli-script is deprecated; 0 projects use it\n"
    )
    shown = person.runyard("runtimes", "list", "--all", RUNYARD_TOKEN=token).stdout
    assert re.search(r"cli-script .*deprecated; Soon gone.; use bash", shown)
    assert runyard("retire", "cli-script").startswith("cli-script is retired; 0 projects")
    assert re.search(r"cli-script +added +0 +retired", runyard("list"))
    runyard("reset", "cli-script")
    assert "no runtime" in runyard("view", "cli-script", code=126)
