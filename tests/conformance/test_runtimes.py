"""Every runtime that this machine has programs for works in a sandbox, and what it has not is
listed with how to get it. A missing main runtime fails where engines are required."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.conformance.running import Runner

from runyard.domain.execution import Outcome
from runyard.domain.files import File
from runyard.domain.runtime import Runtime, RuntimeState
from runyard.engines.linux.launcher import start_launcher
from runyard.engines.linux.options import LinuxOptions
from runyard.services.catalogue import load_catalogue
from runyard.services.runtimes import Runtimes
from runyard.services.toolchains import ToolchainSearch, find_toolchains, mount_sources
from runyard.testing.unconfined_engine import UnconfinedEngine

# A program that is wrong for its compiler, or that ends with a failure of its own.
WRONG = {
    "python": ("raise SystemExit(3)\n", Outcome.FAILED),
    "javascript": ("process.exit(3);\n", Outcome.FAILED),
    "java": ("class Main { int x = true; }\n", Outcome.COMPILE_FAILED),
    "c": ("int main(void) { return missing(); }\n", Outcome.COMPILE_FAILED),
    "cpp": ("int main() { return std::missing; }\n", Outcome.COMPILE_FAILED),
    "typescript": ('const n: number = "text";\n', Outcome.COMPILE_FAILED),
    "go": ("package main\n\nfunc main() { unused := 1 }\n", Outcome.COMPILE_FAILED),
    "rust": ('fn main() { let n: u8 = "text"; }\n', Outcome.COMPILE_FAILED),
    "bash": ("exit 3\n", Outcome.FAILED),
    "perl": ("die 'enough';\n", Outcome.FAILED),
    "awk": ("BEGIN { exit 3 }\n", Outcome.FAILED),
    "sqlite": ("SELECT * FROM missing;\n", Outcome.FAILED),
}
# A program that prints its first argument and the first line of its input.
ECHO = {
    "python": "import sys; print(sys.argv[1], input())\n",
    "javascript": (
        "const line = require('fs').readFileSync(0, 'utf8').trim();\n"
        "console.log(process.argv[2], line);\n"
    ),
    "java": (
        "class Main {\n"
        "  public static void main(String[] args) {\n"
        "    System.out.println(args[0] + ' ' + new java.util.Scanner(System.in).nextLine());\n"
        "  }\n"
        "}\n"
    ).replace("' '", '" "'),
    "c": (
        "#include <stdio.h>\n"
        "int main(int argc, char **argv) {\n"
        "  char line[100] = {0};\n"
        '  printf("%s %s\\n", argv[1], scanf("%99s", line) == 1 ? line : "");\n'
        "}\n"
    ),
    "bash": 'read -r line; echo "$1 $line"\n',
    "perl": 'my $line = <STDIN>; print "$ARGV[0] $line";\n',
    "awk": 'BEGIN { getline line < "-"; print ARGV[1], line }\n',
    "rust": (
        "fn main() {\n"
        "    let mut line = String::new();\n"
        "    std::io::stdin().read_line(&mut line).unwrap();\n"
        '    println!("{} {}", std::env::args().nth(1).unwrap(), line.trim());\n'
        "}\n"
    ),
    "go": (
        'package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n\n'
        "func main() {\n\tvar line string\n\tfmt.Scan(&line)\n"
        "\tfmt.Println(os.Args[1], line)\n}\n"
    ),
}

ROOT = Path(__file__).parents[2]
FOUND = {
    each.entry.id: each
    for each in find_toolchains(load_catalogue(), ToolchainSearch(toolchain_dirs=(ROOT / "tools",)))
}
PRESENT = [runtime_id for runtime_id, found in FOUND.items() if found.candidates]
MAIN = (
    "python", "javascript", "java", "c", "cpp", "typescript", "go", "rust", "bash", "perl", "awk",
    "sqlite",
)  # fmt: skip


@pytest_asyncio.fixture(scope="session")
async def unconfined() -> AsyncIterator[Runner]:
    engine = UnconfinedEngine()
    yield Runner(engine, shows_mounts=False)
    await engine.aclose()


@pytest_asyncio.fixture(scope="session")
async def linux() -> AsyncIterator[Runner]:
    sources = ("/opt", *map(str, mount_sources(tuple(FOUND.values()))))
    options = LinuxOptions(sources=sources)
    launcher = start_launcher(options)
    from runyard.engines.linux.engine import build

    engine = build(launcher, options)
    yield Runner(engine, shows_mounts=True)
    await engine.aclose()
    launcher.close()


@pytest.fixture(params=["unconfined", "linux"])
def runner(request: pytest.FixtureRequest) -> Runner:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def require(runtime_id: str, runner: Runner) -> Runtime:
    """Return the preferred way to run this, or end the test."""
    found = FOUND[runtime_id]
    if not found.candidates:
        if runtime_id in MAIN and os.environ.get("RUNYARD_REQUIRE_ENGINES"):
            pytest.fail(f"{runtime_id} is required here: {found.missing}")
        pytest.skip(f"{runtime_id}: {found.missing}")
    runtime = found.candidates[0].runtime
    if runtime.mounts and not runner.shows_mounts:
        pytest.skip(f"{runtime_id} wants a mount")
    return runtime


@pytest.mark.parametrize("runtime_id", sorted(set(PRESENT) | set(MAIN)))
async def test_self_test_passes_and_the_version_is_found(runner: Runner, runtime_id: str) -> None:
    require(runtime_id, runner)
    runtimes = Runtimes([FOUND[runtime_id]])

    status = await runtimes.probe(runtime_id, runner.run_self_test)

    assert status.state is RuntimeState.AVAILABLE, status.reason
    # Only the Brainfuck interpreter does not tell its version.
    assert status.runtime.version or runtime_id == "brainfuck"


@pytest.mark.parametrize("runtime_id", PRESENT)
async def test_example_prints_what_the_catalogue_says(runner: Runner, runtime_id: str) -> None:
    runtime = require(runtime_id, runner)
    files = [File(path=runtime.entry, content=runtime.example.encode())]

    result = await runner.run(runtime, files)

    assert result.outcome is Outcome.SUCCEEDED, (result.message, result.stderr[-2000:])
    assert result.stdout.decode() == FOUND[runtime_id].entry.example_stdout


@pytest.mark.parametrize("runtime_id", WRONG)
async def test_wrong_program_fails_where_it_is_wrong(runner: Runner, runtime_id: str) -> None:
    runtime = require(runtime_id, runner)
    source, expected = WRONG[runtime_id]

    result = await runner.run(runtime, [File(path=runtime.entry, content=source.encode())])

    assert result.outcome is expected, (result.stdout[-2000:], result.stderr[-2000:])
    assert result.stdout + result.stderr or result.exit_code == 3


@pytest.mark.parametrize("runtime_id", ECHO)
async def test_arguments_and_input_reach_the_program(runner: Runner, runtime_id: str) -> None:
    runtime = require(runtime_id, runner)
    files = [File(path=runtime.entry, content=ECHO[runtime_id].encode())]

    result = await runner.run(runtime, files, stdin=b"input\n", args=("--argument",))

    assert result.stdout == b"--argument input\n", (result, result.stderr[-2000:])


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ("Main.java", "class Main { %s }"),
        ("Main.java", "package app.inner; public class Main { %s }"),
        ("src/app/Main.java", "package app; class Main { %s }"),
        ("Main.java", "class Aside {} class Start { %s }"),
        ("Main.java", "record Main(int x) { %s }"),
    ],
)
async def test_java_starts_the_class_with_main(runner: Runner, entry: str, source: str) -> None:
    runtime = require("java", runner)
    main = 'public static void main(String[] args) { System.out.println("started"); }'
    files = [File(path=entry, content=(source % main).encode())]

    result = await runner.run(runtime, files, entry=entry)

    assert result.stdout == b"started\n", result.stderr[-2000:]


async def test_java_heap_stays_within_the_limit(runner: Runner) -> None:
    """A virtual machine that sizes its heap by the host's memory would be killed instead."""
    runtime = require("java", runner)
    source = """class Main {
        public static void main(String[] args) {
            var kept = new java.util.ArrayList<byte[]>();
            try {
                while (true) kept.add(new byte[1 << 20]);
            } catch (OutOfMemoryError error) {
                System.out.println("full");
            }
        }
    }"""

    result = await runner.run(runtime, [File(path="Main.java", content=source.encode())])

    assert (result.outcome, result.stdout) == (Outcome.SUCCEEDED, b"full\n"), result
