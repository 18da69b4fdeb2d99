"""Runtimes are offered, tried, remembered and refused with a reason."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runyard.domain.errors import EngineError, RuntimeUnavailableError, UnknownRuntimeError
from runyard.domain.execution import Outcome, StepKind, StepResult
from runyard.domain.limits import COMPILE_LIMITS, RUN_LIMITS
from runyard.domain.runtime import Runtime, RuntimeState, SelfTest
from runyard.services.catalogue import load_catalogue
from runyard.services.runtimes import Runtimes
from runyard.services.toolchains import Found, ToolchainSearch, find_toolchains
from tests.unit.catalogue.folders import RUNTIME, write_runtime

PRESENT = RUNTIME.replace('"demo"', '"true"')
SECOND = """
[[toolchain]]
programs = ["false"]
packages = ["coreutils"]
version = ["false", "--version"]
run = ["false", "{entry}"]
"""


def found_from(folder: Path, text: str = PRESENT) -> tuple[Found, ...]:
    write_runtime(folder, text=text)
    return find_toolchains(load_catalogue([folder]), ToolchainSearch(home=folder))


def result(outcome: Outcome, stdout: str = "", **fields: object) -> StepResult:
    known = {"kind": StepKind.RUN, "name": "run", "outcome": outcome, "stdout": stdout.encode()}
    return StepResult(**(known | fields))  # type: ignore[arg-type]


class Sandboxes:
    """Answers what a self-test's sandbox would, and keeps what it was asked to run."""

    def __init__(self, answer: Callable[[Runtime], StepResult]) -> None:
        self.answer = answer
        self.ran: list[tuple[str, ...]] = []

    async def run(self, runtime: Runtime, _test: SelfTest) -> StepResult:
        self.ran.append(runtime.run.argv)
        if "--version" in runtime.run.argv:
            return result(Outcome.SUCCEEDED, "demo 1.2.3 (build 7)")
        return self.answer(runtime)


def passing(_: Runtime) -> StepResult:
    return result(Outcome.SUCCEEDED, "hello\n")


def failing(_: Runtime) -> StepResult:
    return result(Outcome.COMPILE_FAILED, stderr=b"one\nbad linker\n")


def test_runtime_is_offered_before_it_was_tried(tmp_path: Path) -> None:
    runtimes = Runtimes(found_from(tmp_path))

    assert runtimes.find("demo").id == "demo"
    assert [status.state for status in runtimes.list()] == [RuntimeState.UNKNOWN]


@pytest.mark.parametrize("name", ["demo", "DEMO", " dm ", "Dm"])
def test_find_takes_ids_and_aliases(tmp_path: Path, name: str) -> None:
    assert Runtimes(found_from(tmp_path)).find(name).id == "demo"


def test_unknown_name_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UnknownRuntimeError, match="Did you mean 'demo'"):
        Runtimes(found_from(tmp_path)).find("demmo")


def test_long_unknown_name_is_not_echoed_in_full(tmp_path: Path) -> None:
    with pytest.raises(UnknownRuntimeError) as refused:
        Runtimes(found_from(tmp_path)).find("x" * 10_000)

    assert len(refused.value.message) < 200


def test_missing_runtime_is_listed_and_refused_with_the_reason(tmp_path: Path) -> None:
    runtimes = Runtimes(found_from(tmp_path, RUNTIME.replace('"demo"', '"no-such-program"')))

    (status,) = runtimes.list()
    assert status.state is RuntimeState.UNAVAILABLE
    with pytest.raises(RuntimeUnavailableError, match="apt package demo-lang"):
        runtimes.find("demo")


async def test_who_asks_is_told_of_what_works_known_or_tried_now(tmp_path: Path) -> None:
    found, cache = found_from(tmp_path), tmp_path / "cache.json"
    told: list[str] = []
    for _ in range(2):
        runtimes = Runtimes(found, cache_file=cache)
        await runtimes.probe_all(
            Sandboxes(passing).run, works=lambda runtime: told.append(runtime.version)
        )
    await Runtimes(found).probe_all(
        Sandboxes(failing).run, works=lambda runtime: told.append(runtime.id)
    )

    assert told == ["1.2.3", "1.2.3"]


async def test_passed_self_test_makes_available_with_the_version(tmp_path: Path) -> None:
    runtimes = Runtimes(found_from(tmp_path))

    await runtimes.probe_all(Sandboxes(passing).run)

    (status,) = runtimes.list()
    assert (status.state, status.runtime.version) == (RuntimeState.AVAILABLE, "1.2.3")
    assert runtimes.find("demo").run.argv == ("/usr/bin/true", "{entry}")


async def test_failed_self_test_makes_unavailable_with_the_reason(tmp_path: Path) -> None:
    runtimes = Runtimes(found_from(tmp_path))

    await runtimes.probe_all(Sandboxes(failing).run)

    with pytest.raises(RuntimeUnavailableError, match="compile_failed: bad linker"):
        runtimes.find("demo")


async def test_wrong_output_is_a_failure_that_shows_both(tmp_path: Path) -> None:
    runtimes = Runtimes(found_from(tmp_path))

    await runtimes.probe_all(Sandboxes(lambda _: result(Outcome.SUCCEEDED, "h?llo\n")).run)

    assert "printed 'h?llo\\n', not 'hello\\n'" in str(runtimes.list()[0].reason)


async def test_one_slow_try_is_forgiven(tmp_path: Path) -> None:
    answers = [result(Outcome.TIME_LIMIT_EXCEEDED), result(Outcome.SUCCEEDED, "hello\n")]
    runtimes = Runtimes(found_from(tmp_path))

    await runtimes.probe_all(Sandboxes(lambda _: answers.pop(0)).run)

    assert runtimes.list()[0].state is RuntimeState.AVAILABLE


async def test_second_toolchain_is_taken_when_the_first_fails(tmp_path: Path) -> None:
    runtimes = Runtimes(found_from(tmp_path, PRESENT + SECOND))

    def only_second(runtime: Runtime) -> StepResult:
        return passing(runtime) if "/usr/bin/false" in runtime.run.argv else failing(runtime)

    await runtimes.probe_all(Sandboxes(only_second).run)

    assert runtimes.find("demo").run.argv[0] == "/usr/bin/false"


@pytest.mark.parametrize("how", ["raises", "answers"])
async def test_broken_engine_says_nothing_about_a_runtime(tmp_path: Path, how: str) -> None:
    def broken(_: Runtime) -> StepResult:
        if how == "raises":
            raise EngineError("no sandbox")
        return result(Outcome.INTERNAL_ERROR)

    runtimes = Runtimes(found_from(tmp_path))

    await runtimes.probe_all(Sandboxes(broken).run)

    assert runtimes.list()[0].state is RuntimeState.UNKNOWN
    assert runtimes.find("demo")


async def test_second_start_remembers_what_passed(tmp_path: Path) -> None:
    found, cache = found_from(tmp_path / "catalogue"), tmp_path / "data" / "runtimes.json"
    await Runtimes(found, cache_file=cache, context="linux").probe_all(Sandboxes(passing).run)
    sandboxes = Sandboxes(failing)

    again = Runtimes(found, cache_file=cache, context="linux")
    await again.probe_all(sandboxes.run)

    assert sandboxes.ran == []
    assert again.list()[0].runtime.version == "1.2.3"
    assert again.list()[0].state is RuntimeState.AVAILABLE


async def test_second_start_tries_again_what_failed(tmp_path: Path) -> None:
    found, cache = found_from(tmp_path / "catalogue"), tmp_path / "runtimes.json"
    await Runtimes(found, cache_file=cache).probe_all(Sandboxes(failing).run)

    again = Runtimes(found, cache_file=cache)
    await again.probe_all(Sandboxes(passing).run)

    assert again.list()[0].state is RuntimeState.AVAILABLE


async def test_other_engine_or_changed_entry_is_tried_anew(tmp_path: Path) -> None:
    folder, cache = tmp_path / "catalogue", tmp_path / "runtimes.json"
    found = found_from(folder)
    await Runtimes(found, cache_file=cache, context="one").probe_all(Sandboxes(passing).run)
    (folder / "demo" / "selftest" / "main.demo").write_text("another\n")
    changed = find_toolchains(load_catalogue([folder]), ToolchainSearch(home=tmp_path))

    assert Runtimes(found, cache_file=cache, context="two").list()[0].state == "unknown"
    assert Runtimes(changed, cache_file=cache, context="one").list()[0].state == "unknown"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"demo": 3}', "\x00"])
def test_unreadable_cache_is_ignored(tmp_path: Path, content: str) -> None:
    cache = tmp_path / "runtimes.json"
    cache.write_text(content)

    runtimes = Runtimes(found_from(tmp_path / "catalogue"), cache_file=cache)

    assert runtimes.list()[0].state is RuntimeState.UNKNOWN


async def test_cache_forgets_toolchains_that_are_gone(tmp_path: Path) -> None:
    cache = tmp_path / "runtimes.json"
    cache.write_text(json.dumps({"gone 123 linux": "1.0"}))

    runtimes = Runtimes(found_from(tmp_path / "catalogue"), cache_file=cache)
    await runtimes.probe_all(Sandboxes(passing).run)

    assert list(json.loads(cache.read_text()).values()) == ["1.2.3"]


async def test_self_tests_run_after_other_programs_and_with_more_time(tmp_path: Path) -> None:
    seen: list[Runtime] = []

    async def run(runtime: Runtime, _test: SelfTest) -> StepResult:
        seen.append(runtime)
        return passing(runtime)

    await Runtimes(found_from(tmp_path)).probe_all(run)

    assert all(each.run.argv[:2] == ("/usr/bin/nice", "-n") for each in seen)
    assert seen[-1].run_limits.wall_seconds == COMPILE_LIMITS.wall_seconds
    assert seen[-1].run_limits.memory_bytes == RUN_LIMITS.memory_bytes
