"""The same sources are compiled once for each owner, and nobody can tell by the result."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runyard.domain.execution import Execution, LimitHit, Outcome, StepKind
from runyard.domain.execution import TestCase as Case
from runyard.domain.files import File
from runyard.domain.limits import KIB, MIB
from runyard.domain.runtime import Command, Start
from runyard.services import build_cache
from runyard.services.build_files import BuildFiles
from runyard.services.stock import StockOptions
from tests.unit.services import rig as rigs
from tests.unit.services.rig import KEPT, eventually, open_rig
from tests.unit.services.shop import BUILD, RUN, Shop, cached, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as shop:
        yield shop


class TestHits:
    async def test_rerun_compiles_nothing_and_ends_the_same(self, shop: Shop) -> None:
        first = await shop.run(stdin=b"in")
        second = await shop.run(stdin=b"in")

        assert shop.compiled() == 1
        assert (cached(first), cached(second)) == ([False, False], [True, False])
        assert first.outcome is second.outcome is Outcome.SUCCEEDED
        assert second.steps[0] == replace(first.steps[0], cached=True)
        assert first.steps[1].stdout == second.steps[1].stdout
        assert second.steps[1].stdout.startswith(b"made\nin")
        assert (shop.number("hits_total"), shop.number("misses_total")) == (1, 1)
        assert shop.number("bytes") > 0
        assert await shop.rig.store.find(second.id) == second

    async def test_followers_of_a_rerun_see_the_same(self, shop: Shop) -> None:
        async def seen(execution: Execution) -> tuple[list[Any], str]:
            events = await shop.rig.events(execution)
            told = [(each.kind, each.data.get("name")) for each in events if each.kind != "output"]
            return told, "".join(each.data["text"] for each in events if each.kind == "output")

        first, second = await shop.run(), await shop.run()

        assert await seen(second) == await seen(first)
        assert (await seen(second))[1].startswith("warning\nmade\n")

    @pytest.mark.parametrize(
        "change",
        [
            {"stdin": b"other"},
            {"args": ("other",)},
            {"env": {"OTHER": "1"}},
            {"limits": {"wall_seconds": 5.0}},
            {"merge_stderr": True},
            {"artifacts": ("out/*",)},
            {"compile_limits": {"memory_bytes": 1100 * MIB}},
        ],
    )
    async def test_what_concerns_only_the_run_may_change(
        self, shop: Shop, change: dict[str, Any]
    ) -> None:
        await shop.run()

        again = await shop.run(**change)

        assert (cached(again), shop.compiled()) == ([True, False], 1)
        assert again.steps[1].stdout.startswith(b"made\n")

    async def test_tests_run_against_the_kept_build(self, shop: Shop) -> None:
        case = Case(name="one", stdin=b"1", expected_stdout="made\n1")
        several = (case, replace(case, name="two", stdin=b"2", expected_stdout="made\n2"))
        await shop.run()

        one = await shop.run(run="cat out/made -", tests=(case,))
        await shop.run(run="cat out/made -; rm -r out", tests=several)
        two = await shop.run(run="cat out/made -; rm -r out", tests=several)

        assert one.outcome is two.outcome is Outcome.SUCCEEDED
        assert cached(two) == [True, False, False]

    async def test_several_at_once_all_succeed(self, shop: Shop) -> None:
        executions = await asyncio.gather(*(shop.run(stdin=b"%d" % n) for n in range(6)))

        assert {each.outcome for each in executions} == {Outcome.SUCCEEDED}
        assert all(b"made\n%d" % n in each.steps[1].stdout for n, each in enumerate(executions))
        assert len(shop.entries()) == 1

    async def test_next_server_finds_what_this_one_kept(self, shop: Shop, tmp_path: Path) -> None:
        await shop.run()
        (tmp_path / "next").mkdir()
        files = BuildFiles(shop.folder, bytes_max=4 * MIB, bytes_per_owner_max=2 * MIB)
        async with open_rig(tmp_path / "next", builds=files) as rig:
            again = Shop(rig, files, shop.folder, shop.count)

            assert cached(await again.run()) == [True, False]


class TestMisses:
    @pytest.mark.parametrize(
        "change",
        [
            {"build": BUILD + " "},
            {"run": RUN + " "},
            {"compile_limits": {"disk_bytes": 64 * KIB}},
        ],
        ids=["source", "other file", "compile limit that it may not have kept"],
    )
    async def test_what_decides_a_build_may_not_change(
        self, shop: Shop, change: dict[str, Any]
    ) -> None:
        await shop.run()

        again = await shop.run(**change)

        assert (cached(again)[0], shop.compiled()) == (False, 2)

    async def test_disk_that_the_build_would_fill_is_left_to_the_program(self, shop: Shop) -> None:
        large = "mkdir out; head -c 9000 /dev/zero > out/made"
        await shop.run(large, run="ls out")

        again = await shop.run(large, run="ls out", limits={"disk_bytes": 64 * KIB})

        assert (again.outcome, cached(again)) == (Outcome.SUCCEEDED, [False, False])

    async def test_nobody_learns_what_another_one_compiled(self, shop: Shop) -> None:
        await shop.run(owner="ann")

        assert cached(await shop.run(owner="bob")) == [False, False]
        assert cached(await shop.run(owner="bob")) == [True, False]
        assert shop.compiled() == 2

    async def test_who_is_nobody_neither_reads_nor_writes(self, shop: Shop) -> None:
        await shop.run(owner=None)
        assert (shop.entries(), shop.number("misses_total")) == ([], 0)
        await shop.run(owner="ann")

        assert cached(await shop.run(owner=None)) == [False, False]
        assert shop.compiled() == 3

    async def test_compiler_that_fails_is_run_again(self, shop: Shop) -> None:
        for _ in range(2):
            execution = await shop.run("echo made > made; exit 1")
            assert execution.outcome is Outcome.COMPILE_FAILED

        assert (shop.compiled(), shop.entries()) == (2, [])

    async def test_limit_that_the_compiler_passed_then_is_passed_again(self, shop: Shop) -> None:
        slow = BUILD + "; sleep 0.3"
        await shop.run(slow)

        again = await shop.run(slow, compile_limits={"wall_seconds": 0.1})

        assert again.outcome is Outcome.COMPILE_FAILED
        assert again.steps[0].limit_hit is LimitHit.WALL

    async def test_compiler_without_outputs_is_run_again(self, shop: Shop) -> None:
        for _ in range(2):
            assert cached(await shop.run("true", run="true")) == [False, False]

        assert shop.entries() == []

    async def test_more_than_a_run_has_room_for_is_not_kept(self, shop: Shop) -> None:
        large = "mkdir out; head -c 2000000 /dev/zero > out/made"
        for _ in range(2):
            execution = await shop.run(large, run="wc -c out/made", limits={"disk_bytes": 4 * MIB})
            assert execution.steps[1].stdout == b"2000000 out/made\n"

        assert (shop.compiled(), shop.entries()) == (2, [])

    async def test_hidden_names_that_no_pattern_matches_are_not_kept(self, shop: Shop) -> None:
        hidden = (File(".hidden/x", b""),)
        script = (
            f"echo built >> {shop.count}\nmkdir -p out/.hidden; echo 1 | tee out/.hidden/x out/y"
        )
        files = (File("build.sh", script.encode()), File("main.sh", b"cat out/.hidden/x"), *hidden)
        for _ in range(2):
            execution = await shop.run(files=files)
            assert (execution.steps[1].stdout, cached(execution)) == (b"1\n", [False, False])

    async def test_more_files_than_are_collected_are_not_kept(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build_cache, "_OUTPUT_COUNT_MAX", 2)
        many = "mkdir out; for n in 1 2 3; do echo $n > out/$n; done"

        execution = await shop.run(many, run="cat out/*")

        assert (execution.steps[1].stdout, shop.entries()) == (b"1\n2\n3\n", [])

    async def test_output_that_was_cut_is_not_kept(self, shop: Shop) -> None:
        loud = BUILD + "; head -c 2000 /dev/zero"

        execution = await shop.run(loud, compile_limits={"output_bytes": 1000})

        assert not execution.steps[0].cached
        assert shop.entries() == []

    async def test_no_files_means_no_cache(self, tmp_path: Path) -> None:
        async with open_shop(tmp_path, keeps=False) as shop:
            for _ in range(2):
                assert cached(await shop.run()) == [False, False]


class TestSandboxes:
    async def test_rerun_begins_in_a_sandbox_that_stood_ready(self, tmp_path: Path) -> None:
        stock = StockOptions(count_max=4, bytes_max=64 * MIB, floor=1)
        labels = {"runtime": "kept", "step": "run", "start": "cold"}
        async with open_shop(tmp_path, stock=stock) as shop:
            sample = shop.rig.metrics.registry.get_sample_value
            await shop.run()
            await shop.run()
            await eventually(lambda: sample("runyard_pool_ready", labels) == 1)
            before = sample("runyard_pool_hits_total", labels) or 0

            again = await shop.run(stdin=b"in")

            assert cached(again) == [True, False]
            assert sample("runyard_pool_hits_total", labels) == before + 1

    async def test_run_goes_on_where_its_program_waits(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A program that was started ahead gets the compiler's files, if it is known which."""
        run = Command(argv=("/bin/sh", "main.sh"), env=rigs.ENV, start=Start.WAITING)
        monkeypatch.setitem(rigs.RUNTIMES, "kept", replace(KEPT, run=run))
        stock = StockOptions(count_max=4, bytes_max=640 * MIB, floor=1)
        labels = {"runtime": "kept", "step": "run", "start": "waiting"}
        async with open_shop(tmp_path, keeps=False, stock=stock) as shop:
            sample = shop.rig.metrics.registry.get_sample_value
            first = await shop.run(stdin=b"in")
            await eventually(lambda: sample("runyard_pool_ready", labels) == 1)
            moved = await shop.run(stdin=b"in")
            await eventually(lambda: sample("runyard_pool_ready", labels) == 1)
            stayed = await shop.run("mkdir out; echo 1 > there", run="cat there")

            assert sample("runyard_pool_hits_total", labels) == 2
            assert moved.steps[1].stdout == first.steps[1].stdout
            assert stayed.steps[1].stdout == b"1\n"
            assert [step.kind for step in moved.steps] == [StepKind.COMPILE, StepKind.RUN]
