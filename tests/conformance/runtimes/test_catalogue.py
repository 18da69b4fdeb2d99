"""Every runtime that this machine has programs for works in a sandbox."""

from __future__ import annotations

import pytest

from runyard.domain.execution import Outcome
from runyard.domain.files import File
from runyard.domain.runtime import RuntimeState
from runyard.services.runtimes import Runtimes
from tests.conformance.runtimes.running import Runner
from tests.conformance.runtimes.toolchains import FOUND, MAIN, PRESENT, require

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
