"""A wrong catalogue is refused with the file and the key; a right one comes out as written."""

from pathlib import Path

import pytest

from runyard.domain.errors import CatalogueError
from runyard.domain.limits import MIB, RUN_LIMITS
from runyard.domain.runtime import Start
from runyard.services.catalogue import load_catalogue
from tests.unit.catalogue.folders import RUNTIME, write_runtime

COMPILE = 'compile = ["democ", "{entry}"]\n'
PREPARED_KEY = "toolchain.0.prepared"
PREPARED = """
[toolchain.prepared]
target = "/opt/prepared"
commands = [["sh", "make.sh"]]
outputs = ["out/**"]
sources = "sources"
"""


def test_load_returns_what_the_folder_says(tmp_path: Path) -> None:
    write_runtime(tmp_path)

    (entry,) = load_catalogue([tmp_path])

    assert (entry.id, entry.aliases, entry.extensions) == ("demo", ("dm",), (".demo",))
    assert entry.example == "example\n"
    assert entry.self_test.expected_stdout == "hello\n"
    assert entry.toolchains[0].packages == ("demo-lang",)
    assert entry.run_limits == RUN_LIMITS


def test_limits_replace_only_what_they_name(tmp_path: Path) -> None:
    limits = "run_limits = { memory_mib = 512, processes = 128 }\n[example]"
    write_runtime(tmp_path, text=RUNTIME.replace("[example]", limits))

    (entry,) = load_catalogue([tmp_path])

    assert entry.run_limits.memory_bytes == 512 * MIB
    assert entry.run_limits.processes == 128
    assert entry.run_limits.wall_seconds == RUN_LIMITS.wall_seconds


def test_extra_files_are_read(tmp_path: Path) -> None:
    write_runtime(tmp_path)
    (tmp_path / "demo" / "extra").mkdir()
    (tmp_path / "demo" / "extra" / "project.cfg").write_text("x = 1\n")

    (entry,) = load_catalogue([tmp_path])

    assert [file.path for file in entry.extra_files] == ["project.cfg"]


def test_starts_and_build_outputs_are_read(tmp_path: Path) -> None:
    warm = 'compile_start = "waiting"\nrun_start = "forked"\nbuild_outputs = [".out/**"]\n'
    write_runtime(tmp_path, text=RUNTIME + COMPILE + warm)

    (entry,) = load_catalogue([tmp_path])

    (toolchain,) = entry.toolchains
    assert toolchain.compile is not None
    assert toolchain.compile.start is Start.WAITING
    assert toolchain.run.start is Start.FORKED
    assert toolchain.version.start is Start.COLD
    assert toolchain.build_outputs == (".out/**",)


def test_commands_start_cold_unless_the_catalogue_says_more(tmp_path: Path) -> None:
    write_runtime(tmp_path, text=RUNTIME + COMPILE)

    (entry,) = load_catalogue([tmp_path])

    (toolchain,) = entry.toolchains
    assert toolchain.compile is not None
    assert toolchain.compile.start is toolchain.run.start is Start.COLD
    assert toolchain.build_outputs == ()


def test_prepared_files_are_read(tmp_path: Path) -> None:
    write_runtime(tmp_path, text=RUNTIME + COMPILE + PREPARED + 'run = ["demo", "-fast"]\n')
    (tmp_path / "demo" / "prepared").mkdir()
    (tmp_path / "demo" / "prepared" / "make.sh").write_text("make\n")

    (entry,) = load_catalogue([tmp_path])

    preparation = entry.toolchains[0].preparation
    assert preparation is not None
    assert [file.path for file in preparation.files] == ["make.sh"]
    assert [command.argv for command in preparation.commands] == [("sh", "make.sh")]
    assert (preparation.target, preparation.sources) == ("/opt/prepared", "sources")
    assert preparation.outputs == ("out/**",)
    assert preparation.compile is None
    assert preparation.run is not None
    assert preparation.run.argv == ("demo", "-fast")


def test_prepared_files_change_the_digest(tmp_path: Path) -> None:
    write_runtime(tmp_path, text=RUNTIME + COMPILE + PREPARED)
    (tmp_path / "demo" / "prepared").mkdir()
    digests = set()
    for text in ("one", "two"):
        (tmp_path / "demo" / "prepared" / "make.sh").write_text(text)
        digests.add(load_catalogue([tmp_path])[0].digest)

    assert len(digests) == 2


def test_later_folder_replaces_a_runtime(tmp_path: Path) -> None:
    write_runtime(tmp_path / "one")
    write_runtime(tmp_path / "two", text=RUNTIME.replace('name = "Demo"', 'name = "Mine"'))

    (entry,) = load_catalogue([tmp_path / "one", tmp_path / "two"])

    assert entry.name == "Mine"


@pytest.mark.parametrize("part", ["example", "selftest", "runtime.toml"])
def test_digest_changes_with_what_is_run(tmp_path: Path, part: str) -> None:
    file = write_runtime(tmp_path)
    (before,) = load_catalogue([tmp_path])
    changed = file if part == "runtime.toml" else file.parent / part / "main.demo"
    changed.write_text(changed.read_text() + "# more\n")

    (after,) = load_catalogue([tmp_path])

    assert (before.digest != after.digest) == (part != "example")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("rank = 1", "rank = 0", "rank"),
        ("rank = 1", 'rank = "first"', "rank"),
        ('aliases = ["dm"]', 'aliases = ["D M"]', "aliases.0"),
        ('extensions = [".demo"]', 'extensions = ["demo"]', "extensions.0"),
        ("rank = 1", "rank = 1\nimages = 3", "images"),
        ('entry = "main.demo"', 'entry = "other.demo"', "entry"),
        ('run = ["demo", "{entry}"]', 'run = "demo {entry}"', "toolchain.0.run"),
        ('run = ["demo", "{entry}"]', "run = []", "toolchain.0.run"),
        ('run = ["demo", "{entry}"]', 'run = ["sh", "-c", "demo"]', "toolchain.0.run"),
        ('run = ["demo", "{entry}"]', 'run = ["demo", "{file}"]', "toolchain.0.run"),
        ('run = ["demo", "{entry}"]', 'run = ["demo", "x{sources:*.c}"]', "toolchain.0.run"),
        ('packages = ["demo-lang"]\n', "", "toolchain.0.packages"),
        ("version = [", 'run_start = "hot"\nversion = [', "toolchain.0.run_start"),
        ("version = [", 'compile_start = "waiting"\nversion = [', "toolchain.0.compile_start"),
        (
            "version = [",
            f'{COMPILE}compile_start = "forked"\nversion = [',
            "toolchain.0.compile_start",
        ),
        ("version = [", 'build_outputs = [".main"]\nversion = [', "toolchain.0.build_outputs"),
        (
            "version = [",
            f'{COMPILE}build_outputs = ["/x"]\nversion = [',
            "toolchain.0.build_outputs",
        ),
        (
            "version = [",
            f'{COMPILE}build_outputs = ["a/../b"]\nversion = [',
            "toolchain.0.build_outputs",
        ),
        ("[[toolchain]]", "run_limits = { memory = 3 }\n[[toolchain]]", "self_test.run_limits"),
        ('"{entry}"]', f'"{{entry}}"]\n{PREPARED}', "toolchain.0.prepared"),
        *(
            (
                '"{entry}"]',
                f'"{{entry}}"]\n{COMPILE}{PREPARED.replace(*change)}',
                f"{PREPARED_KEY}.{key}",
            )
            for change, key in (
                (("/opt/prepared", "/etc"), "target"),
                (("/opt/prepared", "/opt/../etc"), "target"),
                (("out/**", "../out"), "outputs"),
                (('"sources"', '"/sources"'), "outputs"),
                (("make.sh", "-c"), "commands"),
            )
        ),
    ],
)
def test_wrong_value_is_refused_with_file_and_key(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    assert old in RUNTIME
    file = write_runtime(tmp_path, text=RUNTIME.replace(old, new))

    with pytest.raises(CatalogueError) as refused:
        load_catalogue([tmp_path])

    assert str(file) in refused.value.message
    assert f": {key}: " in refused.value.message


def test_wrong_pattern_is_refused(tmp_path: Path) -> None:
    write_runtime(tmp_path, text=RUNTIME + "version_pattern = '('\n")

    with pytest.raises(CatalogueError, match=r"toolchain\.0\.version_pattern"):
        load_catalogue([tmp_path])


def test_invalid_toml_is_refused_with_the_file(tmp_path: Path) -> None:
    file = write_runtime(tmp_path, text="language = ")

    with pytest.raises(CatalogueError, match="not valid TOML") as refused:
        load_catalogue([tmp_path])

    assert str(file) in refused.value.message


def test_bad_folder_name_is_refused(tmp_path: Path) -> None:
    write_runtime(tmp_path, runtime_id="De Mo")

    with pytest.raises(CatalogueError, match="id: the folder's name"):
        load_catalogue([tmp_path])


def test_alias_of_two_runtimes_is_refused(tmp_path: Path) -> None:
    write_runtime(tmp_path)
    write_runtime(tmp_path, runtime_id="other")

    with pytest.raises(CatalogueError, match="'dm' already belongs to 'demo'"):
        load_catalogue([tmp_path])


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="not a directory"):
        load_catalogue([tmp_path / "nowhere"])
