"""The programs that are measured, and how each is run without Runyard: by the toolchain that
Runyard found too, and with the flags of the catalogue.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from bench import bare
from bench.load import submission
from runyard.services.catalogue import load_catalogue
from runyard.services.toolchains import STANDARD_DIRS, ToolchainSearch, find_toolchains
from runyard.settings import Settings

PYTHON = "/usr/bin/python3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`hello` prints a line. `spin`, where there is one, counts as far as its first argument says.
    Where `comment` says how one begins, `vary` makes sources that nobody has compiled before.
    """

    title: str
    runtime: str
    path: str
    hello: str
    spin: str
    comment: str
    # From the folder with the source, to what makes a program of it.
    compile: Callable[[Path], list[list[str]]]
    # From the folder, to what runs the program that was made.
    run: Callable[[Path], list[str]]
    # The usual way from the source, where it is another one.
    run_source: Callable[[Path], list[str]] | None = None

    def vary(self, source: str) -> Iterator[str]:
        for number in count():
            yield f"{source}{self.comment} {number}\n" if self.comment else source

    def requests(self) -> Iterator[bytes]:
        """Yield requests that run hello, and compile it each time."""
        for source in self.vary(self.hello):
            yield submission(self.runtime, self.path, source)

    def bare_runs(self, directory: Path) -> Iterator[float]:
        """Yield the seconds of one bare run after the other, compiled each time."""
        commands = [*self.compile(directory), self.run(directory)]
        if self.run_source is not None:
            commands = [self.run_source(directory)]
        for source in self.vary(self.hello):
            (directory / self.path).write_text(source)
            yield bare.run(commands)


@cache
def programs() -> dict[str, Program]:
    """Return those whose toolchain this host has, by their runtimes' ids."""
    listed = (_python(), _javascript(), _java(), _cpp(), _go(), _rust(), *_scripts())
    return {program.runtime: program for program in listed if program}


def _python() -> Program:
    return Program(
        title="Python",
        runtime="python",
        path="main.py",
        hello="print('Hello, World!')\n",
        spin=(
            "import sys\nn = int(sys.argv[1])\ntotal = 0\nfor i in range(n):\n"
            "    total = (total * 31 + i) & 0xFFFFFF\nprint(total)\n"
        ),
        comment="",
        compile=lambda _: [],
        run=lambda folder: [PYTHON, f"{folder}/main.py"],
    )


def _javascript() -> Program | None:
    return _interpreted(
        title="Node",
        runtime="javascript",
        path="main.js",
        hello="console.log('Hello, World!')\n",
        spin=(
            "const n = Number(process.argv[2])\nlet total = 0\n"
            "for (let i = 0; i < n; i++) total = (total * 31 + i) & 0xFFFFFF\nconsole.log(total)\n"
        ),
    )


def _scripts() -> Iterator[Program | None]:
    for title, runtime, path, hello in (
        ("Ruby", "ruby", "main.rb", 'puts "Hello, World!"\n'),
        ("PHP", "php", "main.php", '<?php echo "Hello, World!\\n";\n'),
        ("Perl", "perl", "main.pl", 'print "Hello, World!\\n";\n'),
        ("Lua", "lua", "main.lua", 'print("Hello, World!")\n'),
        ("Bash", "bash", "main.sh", "echo 'Hello, World!'\n"),
    ):
        yield _interpreted(title=title, runtime=runtime, path=path, hello=hello)


def _interpreted(
    *, title: str, runtime: str, path: str, hello: str, spin: str = ""
) -> Program | None:
    program = _find(runtime)
    if program is None:
        return None
    return Program(
        title=title,
        runtime=runtime,
        path=path,
        hello=hello,
        spin=spin,
        comment="",
        compile=lambda _: [],
        run=lambda folder: [program, f"{folder}/{path}"],
    )


def _java() -> Program | None:
    """Bare, hello is compiled into memory by the program that runs it."""
    compiler = _find("java")
    java = compiler and compiler.replace("javac", "java")
    body = "public class Main { public static void main(String[] args) { %s } }\n"
    if not compiler or not java:
        return None
    return Program(
        title="Java",
        runtime="java",
        path="Main.java",
        hello=body % 'System.out.println("Hello, World!");',
        spin=body
        % (
            "long n = Long.parseLong(args[0]); long total = 0;"
            " for (long i = 0; i < n; i++) total = (total * 31 + i) & 0xFFFFFF;"
            " System.out.println(total);"
        ),
        comment="//",
        compile=lambda folder: [[compiler, "-d", str(folder), f"{folder}/Main.java"]],
        run=lambda folder: [java, "-cp", str(folder), "Main"],
        run_source=lambda folder: [java, f"{folder}/Main.java"],
    )


def _cpp() -> Program | None:
    compiler = _find("cpp")
    if compiler is None:
        return None
    return Program(
        title="C++",
        runtime="cpp",
        path="main.cpp",
        hello='#include <bits/stdc++.h>\nint main() { std::cout << "Hello, World!\\n"; }\n',
        spin=(
            "#include <bits/stdc++.h>\nint main(int, char **argv) {\n"
            "  long n = std::atol(argv[1]), total = 0;\n"
            "  for (long i = 0; i < n; i++) total = (total * 31 + i) & 0xFFFFFF;\n"
            "  std::cout << total << '\\n';\n}\n"
        ),
        comment="//",
        compile=lambda folder: [
            [
                compiler, "-std=gnu++20", "-O2", "-o", f"{folder}/main", f"{folder}/main.cpp",
                "-pthread",
            ]
        ],
        run=lambda folder: [f"{folder}/main"],
    )  # fmt: skip


def _go() -> Program | None:
    """With the caller's build cache, which holds the standard library after the first time."""
    go = shutil.which("go", path=":".join(STANDARD_DIRS)) if _find("go") else None
    if go is None:
        return None
    source = "package main\n\nimport {}\n\nfunc main() {{\n{}}}\n"
    counting = (
        "\tn, _ := strconv.Atoi(os.Args[1])\n\ttotal := 0\n\tfor i := 0; i < n; i++ {\n"
        "\t\ttotal = (total*31 + i) & 0xFFFFFF\n\t}\n\tfmt.Println(total)\n"
    )
    return Program(
        title="Go",
        runtime="go",
        path="main.go",
        hello=source.format('"fmt"', '\tfmt.Println("Hello, World!")\n'),
        spin=source.format('(\n\t"fmt"\n\t"os"\n\t"strconv"\n)', counting),
        comment="//",
        compile=lambda folder: [
            [go, "build", "-ldflags=-w", "-o", f"{folder}/main", f"{folder}/main.go"]
        ],
        run=lambda folder: [f"{folder}/main"],
    )


def _rust() -> Program | None:
    compiler = _find("rust")
    if compiler is None:
        return None
    return Program(
        title="Rust",
        runtime="rust",
        path="main.rs",
        hello='fn main() {\n    println!("Hello, World!");\n}\n',
        spin=(
            "fn main() {\n    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();\n"
            "    let mut total: u64 = 0;\n"
            "    for i in 0..n {\n        total = (total * 31 + i) & 0xFFFFFF;\n    }\n"
            '    println!("{}", total);\n}\n'
        ),
        comment="//",
        compile=lambda folder: [
            [
                compiler, "--edition=2021", "-C", "opt-level=2", "-C", "codegen-units=1",
                "-C", "strip=debuginfo", "-o", f"{folder}/main", f"{folder}/main.rs",
            ]
        ],
        run=lambda folder: [f"{folder}/main"],
    )  # fmt: skip


@cache
def _found() -> dict[str, str]:
    """Return for each runtime the host's program that begins its work."""
    search = ToolchainSearch(toolchain_dirs=Settings().resolved_toolchain_dirs)
    programs = {}
    for each in find_toolchains(load_catalogue(), search):
        if each.candidates:
            runtime = each.candidates[0].runtime
            program = (runtime.compile or runtime.run).argv[0]
            for mount in runtime.mounts:
                program = program.replace(mount.target, mount.source, 1)
            programs[runtime.id] = program
    return programs


def _find(runtime: str) -> str | None:
    return _found().get(runtime)
