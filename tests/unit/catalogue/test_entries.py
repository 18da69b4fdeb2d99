"""Every runtime of the packaged catalogue is complete and says only what can be meant."""

import re

import pytest

from runyard.domain.limits import Policy
from runyard.domain.runtime import Command, expand_argv
from runyard.services.catalogue import load_catalogue
from runyard.services.catalogue_entry import CatalogueEntry

ENTRIES = load_catalogue()
EVERY_ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
SHELLS = {"sh", "bash", "dash"}
MAIN = {
    "python", "c", "cpp", "bash", "perl", "java", "javascript", "typescript", "rust", "go", "awk",
    "sqlite",
}  # fmt: skip


def commands(entry: CatalogueEntry) -> list[Command]:
    return [
        command
        for toolchain in entry.toolchains
        for command in (toolchain.compile, toolchain.run, toolchain.version)
        if command
    ]


def test_main_languages_are_there() -> None:
    assert {entry.id for entry in ENTRIES} >= MAIN


def test_ids_aliases_and_extensions_are_unique() -> None:
    words = [word for each in ENTRIES for word in (each.id, *each.aliases, *each.extensions)]

    assert len(words) == len(set(words))


def test_most_used_come_first() -> None:
    ranks = [entry.rank for entry in ENTRIES]

    assert ranks == sorted(ranks)
    assert ENTRIES[0].id == "python"


@EVERY_ENTRY
def test_no_command_is_a_shell_string(entry: CatalogueEntry) -> None:
    for command in commands(entry):
        program = command.argv[0].rpartition("/")[2]
        assert not (program in SHELLS and "-c" in command.argv)
        assert not any(" " in word and "{" not in word for word in command.argv[:1])


@EVERY_ENTRY
def test_commands_expand_for_the_self_test(entry: CatalogueEntry) -> None:
    files = entry.self_test.files
    paths = tuple(file.path for file in files)

    for command in commands(entry):
        argv = expand_argv(command, entry=entry.entry, paths=paths, files=files)

        assert all(argv)
        assert not [word for word in argv if re.search(r"\{[a-z_]+[:}]", word)]


@EVERY_ENTRY
def test_example_and_self_test_begin_at_the_entry(entry: CatalogueEntry) -> None:
    assert entry.example.strip()
    assert entry.entry in [file.path for file in entry.self_test.files]
    assert entry.example_stdout.endswith("\n")
    assert entry.self_test.expected_stdout.endswith("\n")


@EVERY_ENTRY
def test_limits_lie_within_the_policy(entry: CatalogueEntry) -> None:
    maximum = Policy().limits_max

    for limits in (entry.compile_limits, entry.run_limits):
        assert limits.wall_seconds <= maximum.wall_seconds
        assert limits.cpu_seconds <= maximum.cpu_seconds
        assert limits.memory_bytes <= maximum.memory_bytes
        assert limits.processes <= maximum.processes
        assert limits.disk_bytes <= maximum.disk_bytes


@EVERY_ENTRY
def test_every_first_word_is_a_program_that_is_looked_for(entry: CatalogueEntry) -> None:
    for toolchain in entry.toolchains:
        for command in (toolchain.compile, toolchain.run, toolchain.version):
            if command and not command.argv[0].startswith("./"):
                assert command.argv[0] in toolchain.programs


@EVERY_ENTRY
def test_what_is_missing_can_be_said(entry: CatalogueEntry) -> None:
    assert all(toolchain.packages or toolchain.hint for toolchain in entry.toolchains)
