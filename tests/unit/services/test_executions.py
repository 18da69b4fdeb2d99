"""What a client can do with an execution, at every point of its life."""

import asyncio
from pathlib import Path

import pytest

from runyard.domain.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    LimitError,
    NotFoundError,
    TooLargeError,
    UnknownRuntimeError,
)
from runyard.domain.events import EventKind
from runyard.domain.execution import Execution, Outcome, State
from runyard.domain.identifiers import new_identifier
from runyard.domain.limits import Policy
from runyard.domain.submission import Submission
from runyard.services import executions as executions_module
from tests.unit.services.rig import Rig, only, open_rig

WAITING = "print('ready')\nfrom time import sleep\nsleep(60)"


class TestSubmit:
    async def test_submit_returns_a_queued_execution(self, rig: Rig) -> None:
        execution = await rig.submit("print(1)")

        assert (execution.state, execution.attempt, execution.outcome) == (State.QUEUED, 0, None)
        assert execution.owner_id is None

    async def test_submit_of_what_is_refused_stores_nothing(self, rig: Rig) -> None:
        with pytest.raises(LimitError):
            await rig.submit("print(1)", limits={"wall_seconds": 1e9})
        with pytest.raises(UnknownRuntimeError):
            await rig.executions.submit(Submission(runtime="cobol", files=()))

        assert await rig.load_all() == []

    async def test_submit_to_a_full_queue_is_busy_and_stores_nothing(self, tmp_path: Path) -> None:
        async with open_rig(tmp_path, queue_length_max=1, is_working=False) as rig:
            await rig.submit("print(1)")

            with pytest.raises(BusyError, match="1 executions are waiting"):
                await rig.submit("print(2)")

            assert len(await rig.load_all()) == 1


class TestLookingUp:
    @pytest.mark.parametrize(
        "execution_id",
        ["", "x", "../../etc", pytest.param(new_identifier(), id="unknown"), "é" * 26],
    )
    async def test_every_verb_says_not_found(self, rig: Rig, execution_id: str) -> None:
        executions = rig.executions
        for verb in (
            executions.get(execution_id),
            executions.cancel(execution_id),
            executions.wait(execution_id, seconds_max=1),
            executions.write_stdin(execution_id, b"x"),
            executions.close_stdin(execution_id),
            executions.resize(execution_id, 24, 80),
            executions.signal(execution_id, 2),
            executions.read_artifact(execution_id, "a"),
            anext(executions.follow(execution_id)),
        ):
            with pytest.raises(NotFoundError):
                await verb

    async def test_get_of_an_older_execution_reads_the_store(self, rig: Rig) -> None:
        execution = await rig.run("print(1)")
        rig.recent.forget_all()

        assert await rig.executions.get(execution.id) == execution

    async def test_list_shows_the_newest_first(self, rig: Rig) -> None:
        ids = sorted([(await rig.run("", owner_id="ada")).id for _ in range(3)], reverse=True)

        first = await rig.executions.list(owner_id="ada", limit=2)
        rest = await rig.executions.list(owner_id="ada", limit=2, before=ids[1])

        assert [each.id for each in first] == ids[:2]
        assert [each.id for each in rest] == ids[2:]

    async def test_artifact_that_does_not_exist_is_not_found(self, rig: Rig) -> None:
        execution = await rig.run("open('a', 'w')", artifacts=("a",))

        with pytest.raises(NotFoundError, match="no artifact 'b'"):
            await rig.executions.read_artifact(execution.id, "b")


class TestWaiting:
    async def test_wait_returns_what_there_is_after_the_time(self, rig: Rig) -> None:
        execution = await rig.submit(WAITING)
        await rig.read_until(execution, "ready\n")

        waited = await rig.executions.wait(execution.id, seconds_max=0.05)

        assert waited.state is State.RUNNING
        await rig.executions.cancel(execution.id)

    async def test_wait_for_a_finished_execution_returns_at_once(self, rig: Rig) -> None:
        execution = await rig.run("print(1)")
        rig.recent.forget_all()

        async with asyncio.timeout(10):
            assert await rig.executions.wait(execution.id, seconds_max=3600) == execution

    async def test_many_waiters_get_the_same(self, rig: Rig) -> None:
        execution = await rig.submit("print(1)")

        waited = await asyncio.gather(*(rig.finish(execution) for _ in range(20)))

        assert {each.outcome for each in waited} == {Outcome.SUCCEEDED}

    async def test_wait_ends_although_the_bus_lost_the_end(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(executions_module, "_LOOK_AGAIN_SECONDS", 0.05)
        monkeypatch.setattr(rig.bus, "publish", lambda *_: None)

        execution = await rig.run("print(1)")

        assert execution.outcome is Outcome.SUCCEEDED


class TestFollowing:
    async def test_follow_shows_output_while_the_program_runs(self, rig: Rig) -> None:
        execution = await rig.submit(WAITING)

        await rig.read_until(execution, "ready\n")

        progress = await rig.store.find_progress(execution.id)
        assert progress is not None
        assert progress.state is State.RUNNING
        await rig.executions.cancel(execution.id)

    async def test_follow_after_a_sequence_continues_there(self, rig: Rig) -> None:
        execution = await rig.run("print(1)")
        events = await rig.events(execution)

        assert await rig.events(execution, after=3) == events[3:]
        assert await rig.events(execution, after=events[-1].sequence) == []

    async def test_follow_ends_from_the_store_although_the_bus_lost_everything(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(executions_module, "_LOOK_AGAIN_SECONDS", 0.05)
        monkeypatch.setattr(rig.bus, "publish", lambda *_: None)
        execution = await rig.submit("print(1)")

        events = await rig.events(execution)

        assert events[-1].kind is EventKind.FINISHED

    async def test_text_that_is_no_text_travels_as_base64(self, rig: Rig) -> None:
        execution = await rig.run(r"import sys; sys.stdout.buffer.write(b'\xff\xfe')")

        [output] = [e for e in await rig.events(execution) if e.kind is EventKind.OUTPUT]

        assert output.data == {"stream": "stdout", "encoding": "base64", "text": "//4="}


class TestCancelling:
    async def test_cancel_of_a_queued_execution_never_runs_it(self, tmp_path: Path) -> None:
        async with open_rig(tmp_path, is_working=False) as rig:
            execution = await rig.submit("print(1)")
            following = asyncio.create_task(rig.events(execution))

            cancelled = await rig.executions.cancel(execution.id)

            assert (cancelled.state, cancelled.outcome) == (State.FINISHED, Outcome.CANCELLED)
            assert [event.kind for event in await following] == [
                EventKind.STATE,
                EventKind.FINISHED,
            ]
            assert list(await rig.store.claim(owner="w", lease_seconds=1, count=1)) == []
            assert rig.engine.created == 0

    async def test_cancel_of_a_running_program_keeps_its_output(self, rig: Rig) -> None:
        execution = await rig.submit(WAITING)
        await rig.read_until(execution, "ready\n")

        cancelled = await rig.executions.cancel(execution.id)

        assert cancelled.outcome is Outcome.CANCELLED
        step = only(cancelled.steps)
        assert (step.outcome, step.stdout) == (Outcome.CANCELLED, b"ready\n")
        assert step.usage.wall_seconds > 0

    async def test_cancel_during_compilation(self, rig: Rig) -> None:
        building = asyncio.create_task(rig.build("echo compiling; sleep 60", ""))
        execution = await _the_only(rig)
        await rig.read_until(execution, "compiling")

        await rig.executions.cancel(execution.id)

        assert (await building).outcome is Outcome.CANCELLED

    async def test_cancel_of_a_finished_execution_changes_nothing(self, rig: Rig) -> None:
        execution = await rig.run("print(1)")

        assert await rig.executions.cancel(execution.id) == execution

    @pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55])
    async def test_cancel_at_any_moment_ends_it_once(self, rig: Rig, turns: int) -> None:
        execution = await rig.submit(WAITING)
        for _ in range(turns * 10):
            await asyncio.sleep(0)

        await rig.executions.cancel(execution.id)

        finished = await rig.finish(execution)
        assert finished.outcome is Outcome.CANCELLED
        events = await rig.events(execution)
        assert [event.kind for event in events].count(EventKind.FINISHED) == 1


class TestInput:
    async def test_late_input_reaches_the_program(self, rig: Rig) -> None:
        execution = await rig.submit(
            "print('ready')\nprint(input()[::-1])\nprint(input()[::-1])", interactive=True
        )
        await rig.read_until(execution, "ready\n")

        await rig.executions.write_stdin(execution.id, b"abc\n")
        await rig.read_until(execution, "cba")
        await rig.executions.write_stdin(execution.id, b"def\n")

        assert only((await rig.finish(execution)).steps).stdout == b"ready\ncba\nfed\n"

    async def test_input_before_the_program_runs_is_kept(self, rig: Rig) -> None:
        execution = await rig.submit("import sys; print(sys.stdin.read())", interactive=True)

        await rig.executions.write_stdin(execution.id, b"early ")
        await rig.executions.write_stdin(execution.id, b"bird")
        await rig.executions.close_stdin(execution.id)

        assert only((await rig.finish(execution)).steps).stdout == b"early bird\n"

    async def test_first_input_comes_before_late_input(self, rig: Rig) -> None:
        execution = await rig.submit(
            "import sys; print(sys.stdin.read())", stdin=b"first ", interactive=True
        )
        await rig.executions.write_stdin(execution.id, b"second")
        await rig.executions.close_stdin(execution.id)

        assert only((await rig.finish(execution)).steps).stdout == b"first second\n"

    async def test_input_marks_the_attempt_as_the_last(self, rig: Rig) -> None:
        code = "from time import sleep\nx = input()\nopen('read', 'w')\nsleep(60)"
        execution = await rig.submit(code, interactive=True)
        await rig.executions.write_stdin(execution.id, b"x\n")
        progress = await rig.store.find_progress(execution.id)
        while progress is not None and progress.state is not State.RUNNING:
            progress = await rig.store.find_progress(execution.id)

        lost = await rig.store.recover(dead_owners=[rig.owner], attempts_max=9)

        assert [each.outcome for each in lost] == [Outcome.INTERNAL_ERROR]

    async def test_much_input_passes_whole(self, rig: Rig) -> None:
        code = "import sys; print(len(sys.stdin.buffer.read()))"
        execution = await rig.submit(code, interactive=True)
        for _ in range(8):
            for _ in range(1000):
                try:
                    await rig.executions.write_stdin(execution.id, b"x" * 500_000)
                    break
                except BusyError:
                    await rig.executions.wait(execution.id, seconds_max=0.01)
        await rig.executions.close_stdin(execution.id)

        assert only((await rig.finish(execution)).steps).stdout == b"4000000\n"

    async def test_program_that_does_not_read_makes_its_writer_wait_but_can_be_cancelled(
        self, rig: Rig
    ) -> None:
        execution = await rig.submit(WAITING, interactive=True)
        await rig.read_until(execution, "ready\n")

        writing = [rig.executions.write_stdin(execution.id, b"x" * 500_000) for _ in range(100)]
        with pytest.raises(BusyError):
            await asyncio.gather(*writing)

        assert (await rig.executions.cancel(execution.id)).outcome is Outcome.CANCELLED

    async def test_input_to_who_takes_none_is_a_conflict(self, rig: Rig) -> None:
        execution = await rig.submit(WAITING)

        with pytest.raises(ConflictError, match="takes no input"):
            await rig.executions.write_stdin(execution.id, b"x")
        with pytest.raises(ConflictError, match="takes no input"):
            await rig.executions.close_stdin(execution.id)
        await rig.executions.cancel(execution.id)

    async def test_input_to_a_finished_execution_is_a_conflict(self, rig: Rig) -> None:
        execution = await rig.run("print(1)", interactive=True)

        for verb in (
            rig.executions.write_stdin(execution.id, b"x"),
            rig.executions.resize(execution.id, 24, 80),
            rig.executions.signal(execution.id, 2),
        ):
            with pytest.raises(ConflictError, match="is finished"):
                await verb

    async def test_too_much_in_one_message_is_refused(self, tmp_path: Path) -> None:
        async with open_rig(tmp_path, policy=Policy(stdin_bytes_max=10)) as rig:
            execution = await rig.submit("input()", interactive=True)
            await rig.executions.write_stdin(execution.id, b"x" * 10)

            with pytest.raises(TooLargeError, match="11 bytes; at most 10"):
                await rig.executions.write_stdin(execution.id, b"x" * 11)

            await rig.executions.cancel(execution.id)


class TestSteering:
    async def test_signal_reaches_the_program(self, rig: Rig) -> None:
        execution = await rig.submit(
            "import signal, sys\nfrom time import sleep\n"
            "signal.signal(signal.SIGUSR1, lambda *_: sys.exit(4))\n"
            "print('ready')\n"
            "sleep(60)"
        )
        await rig.read_until(execution, "ready\n")

        await rig.executions.signal(execution.id, 10)

        assert only((await rig.finish(execution)).steps).exit_code == 4

    @pytest.mark.parametrize("number", [0, 65, -1])
    async def test_signal_that_does_not_exist_is_refused(self, rig: Rig, number: int) -> None:
        execution = await rig.run("print(1)")

        with pytest.raises(InvalidRequestError, match=f"no signal {number}"):
            await rig.executions.signal(execution.id, number)

    async def test_terminal_has_a_size_that_can_change(self, rig: Rig) -> None:
        execution = await rig.submit(
            "import os, signal\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
            "print(os.get_terminal_size(), flush=True)\n"
            "signal.sigwait([signal.SIGWINCH])\n"
            "print(os.get_terminal_size())",
            terminal=(24, 80),
            interactive=True,
        )
        await rig.read_until(execution, "columns=80, lines=24")

        await rig.executions.resize(execution.id, 50, 132)

        finished = await rig.finish(execution)
        assert b"columns=132, lines=50" in only(finished.steps).stdout

    async def test_impossible_size_is_refused(self, rig: Rig) -> None:
        execution = await rig.run("print(1)")

        with pytest.raises(InvalidRequestError, match="0 rows"):
            await rig.executions.resize(execution.id, 0, 80)


async def _the_only(rig: Rig) -> Execution:
    while not (listed := await rig.load_all()):
        pass
    return listed[0]
