"""What is prepared is made once, proved by the self-test, and made anew when its sources change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.domain.errors import EngineUnavailableError
from runyard.domain.runtime import Runtime
from runyard.engines.interface import Engine
from runyard.engines.linux.engine import build
from runyard.engines.linux.launcher import start_launcher
from runyard.engines.linux.options import LinuxOptions
from runyard.services.catalogue import load_catalogue
from runyard.services.checking import Checks
from runyard.services.pool import Pool
from runyard.services.prepared import PreparedFiles
from runyard.services.preparing import LIMITS, Preparing
from runyard.services.probing import Probing
from runyard.services.runtimes import Runtimes
from runyard.services.toolchains import ToolchainSearch, find_toolchains
from runyard.telemetry import Metrics
from tests.conformance import platforms

DEMO = """
language = "Demo"
name = "Demo"
description = "Shell scripts that are copied before they run."
rank = 1
entry = "main.sh"
extensions = [".sh"]
[example]
expected_stdout = "example\\n"
[self_test]
expected_stdout = "hello\\n"
[[toolchain]]
programs = ["sh", "cp"]
packages = ["dash"]
version = ["cp", "--version"]
compile = ["cp", "{entry}", ".main"]
run = ["sh", ".main"]
[toolchain.prepared]
target = "/opt/prepared"
commands = [["sh", "make.sh"]]
outputs = ["*.sh", "*.gz"]
sources = "sources"
compile = ["sh", "/opt/prepared/compile.sh", "{entry}"]
"""
MAKE = "echo 'cp \"$1\" .main' >compile.sh; echo {source} >sources\n"


@dataclass(frozen=True, kw_only=True)
class Bench:
    folder: Path
    engine: Engine

    def write(self, make: str = MAKE) -> Path:
        """Write the catalogue and return the file that its prepared files are made from."""
        place, source = self.folder / "catalogue" / "demo", self.folder / "header"
        for name, text in (("example", "example"), ("selftest", "hello"), ("prepared", "")):
            (place / name).mkdir(parents=True, exist_ok=True)
            (place / name / "main.sh").write_text(f"echo {text}\n")
        (place / "prepared" / "main.sh").rename(place / "prepared" / "make.sh")
        (place / "prepared" / "make.sh").write_text(make.format(source=source))
        (place / "runtime.toml").write_text(DEMO)
        source.write_text("1")
        return source

    @asynccontextmanager
    async def start(self) -> AsyncIterator[Server]:
        entries = load_catalogue([self.folder / "catalogue"])
        runtimes = Runtimes(
            find_toolchains(entries, ToolchainSearch()), cache_file=self.folder / "runtimes.json"
        )
        metrics = Metrics()
        pool, checks = Pool(self.engine, size=2, metrics=metrics), Checks()
        files, told = PreparedFiles(self.folder / "prepared", is_alone=True), list[Runtime]()
        preparing = Preparing(
            runtimes=runtimes,
            files=files,
            pool=pool,
            checks=checks,
            works=told.append,
            probing=Probing(pool=pool, checks=checks),
        )
        preparing.offer()
        try:
            yield Server(
                runtimes=runtimes, preparing=preparing, files=files, pool=pool, checks=checks,
                metrics=metrics, told=told,
            )  # fmt: skip
        finally:
            await pool.aclose()
            await checks.aclose()

    def made(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "prepared").iterdir())


@dataclass(frozen=True, kw_only=True)
class Server:
    runtimes: Runtimes
    preparing: Preparing
    files: PreparedFiles
    pool: Pool
    checks: Checks
    metrics: Metrics
    told: list[Runtime]

    async def settle(self) -> Runtime:
        """Do what happens behind a server once, and return what is offered then."""
        await self.runtimes.probe_all(Probing(pool=self.pool, checks=self.checks).run)
        await self.preparing.prepare_all(self.files)
        return self.runtimes.find("demo")

    def count_sandboxes(self) -> float:
        (family,) = self.metrics.sandbox_seconds.collect()
        return sum(each.value for each in family.samples if each.name.endswith("_count"))


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    (tmp_path / "prepared").mkdir()
    options = LinuxOptions(sources=(str(tmp_path / "prepared"),), limits_max=LIMITS)
    try:
        launcher = start_launcher(options)
    except EngineUnavailableError as error:
        platforms.give_up("linux", error.message)
    engine = build(launcher, options)
    yield Bench(folder=tmp_path, engine=engine)
    await engine.aclose()
    launcher.close()


async def test_files_are_made_behind_the_self_test_and_used_from_then_on(bench: Bench) -> None:
    bench.write()
    async with bench.start() as server:
        before = server.runtimes.find("demo")

        after = await server.settle()

    assert before.mounts == ()
    assert [mount.target for mount in after.mounts] == ["/opt/prepared"]
    assert after.compile is not None
    assert after.compile.argv[1] == "/opt/prepared/compile.sh"
    # So that those who keep sandboxes ready keep the right ones.
    assert server.told == [after]


async def test_next_start_offers_them_at_once(bench: Bench) -> None:
    bench.write()
    async with bench.start() as server:
        first = await server.settle()

    async with bench.start() as server:
        offered = server.runtimes.find("demo")
        settled = await server.settle()

    assert offered == settled == first
    assert len(bench.made()) == 1


@pytest.mark.parametrize(
    "make",
    ["echo cannot >&2; exit 3\n", "echo no >x.gz; >sources\n", "printf '\\377' >sources\n"],
    ids=["fails", "not packed", "not text"],
)
async def test_what_cannot_be_made_leaves_the_runtime_as_it_is(bench: Bench, make: str) -> None:
    bench.write(make)
    async with bench.start() as server:
        offered = await server.settle()
        tried = server.count_sandboxes()
        again = await server.settle()

        # It is not tried again and again.
        assert server.count_sandboxes() == tried > 0

    assert offered.mounts == again.mounts == ()
    assert bench.made() == []


async def test_what_fails_the_self_test_is_thrown_away(bench: Bench) -> None:
    bench.write("echo 'echo echo wrong >.main' >compile.sh; >sources\n")
    async with bench.start() as server:
        offered = await server.settle()

    assert offered.mounts == ()
    assert bench.made() == []


async def test_changed_source_takes_them_out_of_use_and_makes_new_ones(bench: Bench) -> None:
    source = bench.write()
    async with bench.start() as server:
        first = await server.settle()
        source.write_text("changed")

        second = await server.settle()

    assert first.mounts != second.mounts
    assert len(server.told) == 3, "it was offered without them in between"
    assert server.told[1].mounts == ()
    # A sandbox may still show the old ones; the next start removes them.
    assert len(bench.made()) == 2
    async with bench.start() as server:
        server.files.remove_stale(server.runtimes.chosen())
    assert len(bench.made()) == 1
