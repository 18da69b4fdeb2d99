"""One attempt from claim to end: every way to end, and what is recorded and seen of it."""

import asyncio
import time
from pathlib import Path

import pytest

from runyard.domain.checkers import Checker, CheckerKind
from runyard.domain.events import EventKind
from runyard.domain.execution import LimitHit, Outcome, State, StepKind
from runyard.domain.execution import TestCase as Case
from runyard.domain.files import File
from runyard.domain.limits import Policy
from runyard.services import runner
from tests.unit.services.rig import Rig, only, open_rig


class TestOutcomes:
    async def test_program_that_succeeds(self, rig: Rig) -> None:
        execution = await rig.run("print('hi', *__import__('sys').argv[1:])", args=("a", "b c"))

        assert (execution.state, execution.outcome) == (State.FINISHED, Outcome.SUCCEEDED)
        assert execution.message is None
        assert execution.attempt == 1
        step = only(execution.steps)
        assert (step.kind, step.name, step.outcome) == (StepKind.RUN, "run", Outcome.SUCCEEDED)
        assert (step.exit_code, step.signal, step.limit_hit) == (0, None, None)
        assert step.stdout == b"hi a b c\n"
        assert step.usage.stdout_bytes == 9
        assert step.usage.wall_seconds > 0
        assert execution.started_at is not None
        assert execution.finished_at is not None

    async def test_store_has_the_same_record_as_the_waiting_caller(self, rig: Rig) -> None:
        execution = await rig.run("print(1)")

        assert await rig.store.find(execution.id) == execution

    async def test_program_gets_stdin_and_environment(self, rig: Rig) -> None:
        execution = await rig.run(
            "import os; print(input(), os.environ['NAME'], os.environ['LANG'])",
            stdin=b"in\n",
            env={"NAME": "value", "LANG": "C"},
        )

        assert only(execution.steps).stdout == b"in value C\n"

    async def test_program_that_fails(self, rig: Rig) -> None:
        execution = await rig.run("import sys; sys.stderr.write('no'); sys.exit(3)")

        assert execution.outcome is Outcome.FAILED
        assert execution.message == "The program ended with exit code 3."
        assert only(execution.steps).stderr == b"no"

    async def test_program_that_is_signalled(self, rig: Rig) -> None:
        execution = await rig.run("import os; os.kill(os.getpid(), 11)")

        assert execution.outcome is Outcome.SIGNALLED
        assert execution.message == "The program was ended by signal 11."

    async def test_program_that_never_ends(self, rig: Rig) -> None:
        execution = await rig.run("print('first')\nwhile True: pass", limits={"wall_seconds": 0.5})

        assert execution.outcome is Outcome.TIME_LIMIT_EXCEEDED
        assert execution.message == "The program reached wall_seconds (0.5)."
        step = only(execution.steps)
        assert step.limit_hit is LimitHit.WALL
        assert step.stdout == b"first\n"

    async def test_program_that_prints_without_end(self, rig: Rig) -> None:
        execution = await rig.run("while True: print('x' * 100)", limits={"output_bytes": 1000})

        assert execution.outcome is Outcome.OUTPUT_LIMIT_EXCEEDED
        step = only(execution.steps)
        assert len(step.stdout) == 1000
        assert step.stdout_truncated

    async def test_program_that_does_not_exist(self, rig: Rig) -> None:
        execution = await rig.run("", runtime="missing")

        assert execution.outcome is Outcome.FAILED
        assert only(execution.steps).exit_code == 127
        assert (execution.message or "").startswith("The program could not be started: ")

    async def test_output_of_stderr_can_be_merged(self, rig: Rig) -> None:
        execution = await rig.run("echo a; echo b >&2; echo c", runtime="shell", merge_stderr=True)

        assert only(execution.steps).stdout == b"a\nb\nc\n"


class TestCompile:
    async def test_compile_and_run_are_two_steps_with_one_work_folder(self, rig: Rig) -> None:
        execution = await rig.build("echo compiling; echo 6 > made", "cat made")

        assert execution.outcome is Outcome.SUCCEEDED
        assert [(step.kind, step.stdout) for step in execution.steps] == [
            (StepKind.COMPILE, b"compiling\n"),
            (StepKind.RUN, b"6\n"),
        ]

    async def test_compiler_that_fails(self, rig: Rig) -> None:
        execution = await rig.build("echo 'line 1: wrong' >&2; exit 2", "echo never")

        assert execution.outcome is Outcome.COMPILE_FAILED
        assert execution.message == "The compiler ended with exit code 2."
        assert only(execution.steps).stderr == b"line 1: wrong\n"

    async def test_compiler_that_reaches_a_limit(self, rig: Rig) -> None:
        execution = await rig.build("sleep 60", "", compile_limits={"wall_seconds": 0.3})

        assert execution.outcome is Outcome.COMPILE_FAILED
        assert execution.message == "The compiler reached wall_seconds (0.3)."
        assert only(execution.steps).outcome is Outcome.TIME_LIMIT_EXCEEDED


class TestTests:
    async def test_all_pass(self, rig: Rig) -> None:
        tests = tuple(
            Case(name=f"t{n}", stdin=b"%d\n" % n, expected_stdout=f"{n * n}\n") for n in range(3)
        )

        execution = await rig.run("n = int(input()); print(n * n)", tests=tests)

        assert execution.outcome is Outcome.SUCCEEDED
        assert [(step.name, step.passed) for step in execution.steps] == [
            ("t0", True),
            ("t1", True),
            ("t2", True),
        ]

    async def test_first_failure_decides_and_the_rest_still_runs(self, rig: Rig) -> None:
        tests = (
            Case(name="right", stdin=b"1", expected_stdout="1"),
            Case(name="wrong", stdin=b"2", expected_stdout="3"),
            Case(name="broken", stdin=b"x", expected_stdout="x"),
            Case(name="unchecked", stdin=b"4"),
        )

        execution = await rig.run("print(int(input()))", tests=tests)

        assert execution.outcome is Outcome.FAILED
        assert execution.message == ("Test 'wrong': The output differs from the expected output.")
        assert [(step.outcome, step.passed) for step in execution.steps] == [
            (Outcome.SUCCEEDED, True),
            (Outcome.FAILED, False),
            (Outcome.FAILED, False),
            (Outcome.SUCCEEDED, None),
        ]

    async def test_failing_program_names_test_and_reason(self, rig: Rig) -> None:
        execution = await rig.run("exit(7)", tests=(Case(name="one", expected_stdout=""),))

        assert execution.message == "Test 'one': the program ended with exit code 7."

    async def test_every_test_starts_from_the_same_work_folder(self, rig: Rig) -> None:
        code = "import os; print(os.path.exists('trace')); open('trace', 'w')"
        tests = tuple(Case(name=str(n), expected_stdout="False") for n in range(3))

        execution = await rig.run(code, tests=tests)

        assert execution.outcome is Outcome.SUCCEEDED

    async def test_tests_share_one_compilation(self, rig: Rig) -> None:
        tests = tuple(
            Case(name=str(n), args=(str(n),), expected_stdout=f"made {n}") for n in (1, 2)
        )

        execution = await rig.build("echo made > made", 'echo $(cat made) "$1"', tests=tests)

        assert execution.outcome is Outcome.SUCCEEDED
        assert [step.kind for step in execution.steps] == [
            StepKind.COMPILE,
            StepKind.TEST,
            StepKind.TEST,
        ]

    async def test_checkers_decide(self, rig: Rig) -> None:
        tests = (
            Case(name="float", expected_stdout="0.30001", checker=Checker(CheckerKind.FLOAT, 0.1)),
            Case(name="regex", expected_stdout=r"0\.3\d+", checker=Checker(CheckerKind.REGEX)),
            Case(name="exact", expected_stdout="0.3", checker=Checker(CheckerKind.EXACT)),
        )

        execution = await rig.run("print(0.1 + 0.2)", tests=tests)

        assert [step.passed for step in execution.steps] == [True, True, False]

    async def test_time_of_all_together_is_bounded(self, rig: Rig) -> None:
        tests = tuple(Case(name=str(n)) for n in range(20))

        execution = await rig.run(
            "from time import sleep; sleep(0.4)", tests=tests, execution_wall_seconds=1.0
        )

        assert execution.outcome is Outcome.TIME_LIMIT_EXCEEDED
        assert "execution_wall_seconds (1) is spent" in (execution.message or "")
        assert 1 <= len(execution.steps) < 10


class TestArtifacts:
    async def test_files_that_match_are_kept(self, rig: Rig) -> None:
        execution = await rig.run(
            "for n in 'ab': open(n + '.txt', 'w').write(n * 3)\nopen('c.bin', 'w')",
            artifacts=("*.txt",),
        )

        assert [(each.name, each.size_bytes) for each in execution.artifacts] == [
            ("a.txt", 3),
            ("b.txt", 3),
        ]
        assert await rig.executions.read_artifact(execution.id, "b.txt") == b"bbb"

    async def test_artifacts_of_a_failing_program_are_kept(self, rig: Rig) -> None:
        execution = await rig.run("open('a', 'w'); exit(1)", artifacts=("a",))

        assert execution.outcome is Outcome.FAILED
        assert [each.name for each in execution.artifacts] == ["a"]

    async def test_artifacts_are_bounded(self, tmp_path: Path) -> None:
        async with open_rig(tmp_path, policy=Policy(artifact_count_max=2)) as rig:
            execution = await rig.run("for n in 'abcd': open(n, 'w')", artifacts=("[a-d]",))

        assert len(execution.artifacts) == 2


class TestTimeOfTheWhole:
    async def test_bound_cuts_the_program_short(self, rig: Rig) -> None:
        execution = await rig.run("from time import sleep; sleep(60)", execution_wall_seconds=0.4)

        assert execution.outcome is Outcome.TIME_LIMIT_EXCEEDED
        assert execution.message == (
            "execution_wall_seconds (0.4) is spent: the program was stopped."
        )

    async def test_bound_cuts_the_compiler_short(self, rig: Rig) -> None:
        execution = await rig.build("sleep 60", "", execution_wall_seconds=0.4)

        assert execution.outcome is Outcome.TIME_LIMIT_EXCEEDED
        assert execution.message == (
            "execution_wall_seconds (0.4) is spent: compilation was stopped."
        )


class TestStates:
    async def test_silent_program_becomes_running_in_the_store(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "_SILENT_SECONDS", 0.01)
        execution = await rig.submit("from time import sleep; sleep(60)")

        progress = await rig.store.find_progress(execution.id)
        while progress is not None and progress.state is not State.RUNNING:
            progress = await rig.store.find_progress(execution.id)

        await rig.executions.cancel(execution.id)

    async def test_events_tell_the_whole_story_in_order(self, rig: Rig) -> None:
        execution = await rig.build("true", "echo out; echo err >&2")

        events = await rig.events(execution)

        kinds = [event.kind for event in events]
        assert kinds[:3] == [EventKind.STATE] * 3
        assert [event.data["state"] for event in events[:3]] == ["queued", "starting", "running"]
        assert kinds[3:6] == [
            EventKind.STEP_STARTED,
            EventKind.STEP_FINISHED,
            EventKind.STEP_STARTED,
        ]
        assert kinds[-2:] == [EventKind.STEP_FINISHED, EventKind.FINISHED]
        assert events[-1].data == {"outcome": "succeeded", "message": None}
        assert {
            event.data["stream"]: event.data["text"]
            for event in events
            if event.kind is EventKind.OUTPUT
        } == {"stdout": "out\n", "stderr": "err\n"}
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))

    async def test_live_events_and_stored_events_are_the_same(self, rig: Rig) -> None:
        execution = await rig.submit(
            "from time import sleep\nprint(1)\nsleep(0.3)\nprint('ü\\udcff')"
        )
        live = await rig.events(execution)

        stored = await rig.events(execution)

        assert [(event.sequence, event.kind, dict(event.data)) for event in live] == [
            (event.sequence, event.kind, dict(event.data)) for event in stored
        ]

    async def test_many_at_once_all_end_right(self, rig: Rig) -> None:
        started = time.monotonic()
        executions = [await rig.submit(f"echo {n}", runtime="shell") for n in range(40)]

        finished = await asyncio.gather(*(rig.finish(each) for each in executions))

        assert [only(each.steps).stdout for each in finished] == [b"%d\n" % n for n in range(40)]
        assert time.monotonic() - started < 60

    async def test_file_the_sandbox_refuses_is_a_failure_with_the_reason(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("runyard.services.admission.check_path", lambda path: path)

        execution = await rig.run("", files=(File("../escape.py", b""),), entry="../escape.py")

        assert execution.outcome is Outcome.FAILED
        assert "refused" in (execution.message or "")
        assert only(execution.steps).outcome is Outcome.FAILED
