"""What is read off source files, and the argument lists that come of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.domain.files import File
from runyard.domain.limits import MIB
from runyard.domain.runtime import Command, expand_argv
from runyard.domain.sources import main_class, order_by_mention


@pytest.mark.parametrize(
    ("entry", "source", "expected"),
    [
        ("Main.java", "public class Main { static void main(String[] a) {} }", "Main"),
        ("src/Main.java", "package a.b;\nclass Main { void main() {} }", "a.b.Main"),
        ("Main.java", "class One {} class Two { static void main(String[] a) {} }", "Two"),
        ("Main.java", "// class Ghost\nclass One { static void main(String[] a) {} }", "One"),
        ("Main.java", "/* package ghost; */ class Main { void main() {} }", "Main"),
        ("Main.java", "void main() {}", "Main"),
        ("Main.java", "", "Main"),
        ("Main.scala", "package app\nobject Main { def main(a: Array[String]) = () }", "app.Main"),
        ("Main.scala", "object Start { def main(a: Array[String]) = () }", "Start"),
    ],
)
def test_main_class_is_found_in_the_entry(entry: str, source: str, expected: str) -> None:
    assert main_class(entry, source.encode()) == expected


@given(st.binary(max_size=200))
def test_main_class_reads_anything(source: bytes) -> None:
    assert main_class("Main.java", source)


def files(**texts: str) -> tuple[File, ...]:
    return tuple(File(path=f"{name}.ml", content=text.encode()) for name, text in texts.items())


def test_order_puts_a_file_after_those_it_mentions() -> None:
    sources = files(a="let x = B.y", b="let y = C.z", c="let z = 1", main="print A.x")

    ordered = order_by_mention([file.path for file in sources], sources, last="main.ml")

    assert ordered == ["c.ml", "b.ml", "a.ml", "main.ml"]


def test_order_knows_modules_by_the_name_in_the_file() -> None:
    sources = (
        File(path="a.f90", content=b"module alpha\n use beta\nend module"),
        File(path="z.f90", content=b"MODULE Beta\nend module"),
        File(path="main.f90", content=b"program main\n use alpha\nend"),
    )

    ordered = order_by_mention([file.path for file in sources], sources, last="main.f90")

    assert ordered == ["z.f90", "a.f90", "main.f90"]


def test_order_keeps_every_file_of_a_cycle() -> None:
    sources = files(a="B.x", b="A.x", main="A.x")

    ordered = order_by_mention([file.path for file in sources], sources, last="main.ml")

    assert ordered == ["a.ml", "b.ml", "main.ml"]


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.text("abcdefgh ", max_size=20)))
def test_order_loses_and_doubles_nothing(texts: dict[str, str]) -> None:
    sources = files(**texts)
    paths = [file.path for file in sources]

    assert sorted(order_by_mention(paths, sources, last="a.ml")) == sorted(paths)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("{entry}", ["src/main.c"]),
        ("{stem}.out", ["src/main.out"]),
        ("'{name}':go()", ["'main':go()"]),
        ("{class}", ["main"]),
        ("-Xmx{heap_mib}m", ["-Xmx60m"]),
        ("{sources:*.c}", ["./lib/a.c", "./src/main.c"]),
        ("{sources:*.c|*.h}", ["./lib/a.c", "./lib/a.h", "./src/main.c"]),
        ("{others:*.c}", ["./lib/a.c"]),
        ("{others:-f *.c}", ["-f", "./lib/a.c"]),
        ("{ordered:*.c}", ["./lib/a.c", "./src/main.c"]),
        ("{others:*.py}", []),
        ("{unknown}", ["{unknown}"]),
    ],
)
def test_placeholder_becomes_arguments(word: str, expected: list[str]) -> None:
    argv = expand_argv(
        Command(argv=("tool", word)),
        entry="src/main.c",
        paths=("src/main.c", "lib/a.h", "lib/a.c"),
        args=("--", "x y"),
        memory_bytes=100 * MIB,
    )

    assert argv == ("tool", *expected, "--", "x y")


def test_file_named_like_a_placeholder_is_taken_as_it_is() -> None:
    argv = expand_argv(
        Command(argv=("tool", "{entry}")), entry="{name}{stem}.c", paths=("{name}{stem}.c",)
    )

    assert argv == ("tool", "{name}{stem}.c")


@pytest.mark.parametrize("entry", ["-rf.c", "@list.c", "+x.c"])
def test_entry_like_an_option_is_made_a_path(entry: str) -> None:
    argv = expand_argv(Command(argv=("tool", "{entry}")), entry=entry, paths=(entry,))

    assert argv == ("tool", f"./{entry}")
