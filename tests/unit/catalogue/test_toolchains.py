"""What is found of a host, without running anything of it."""

import os
from pathlib import Path

from runyard.domain.runtime import Start
from runyard.services.catalogue import load_catalogue
from runyard.services.catalogue_entry import CatalogueEntry
from runyard.services.toolchains import (
    Found,
    ToolchainSearch,
    build_runtime,
    find_toolchains,
    mount_sources,
)
from tests.unit.catalogue.folders import RUNTIME, write_runtime

HOME = """
home.target = "/opt/demo"
home.has = ["bin/demo"]
home.candidates = ["{toolchains}/demo", "~/.demo/toolchains/stable-*"]
"""


def entry_with_home(tmp_path: Path) -> CatalogueEntry:
    write_runtime(tmp_path / "catalogue", text=RUNTIME + HOME)
    return load_catalogue([tmp_path / "catalogue"])[0]


def install(folder: Path) -> Path:
    program = folder / "bin" / "demo"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/true\n")
    program.chmod(0o755)
    return program


def search(tmp_path: Path) -> ToolchainSearch:
    return ToolchainSearch(
        home=tmp_path / "home",
        toolchain_dirs=(tmp_path / "toolchains",),
        program_dirs=("/usr/bin",),
    )


def find(entry: CatalogueEntry, where: ToolchainSearch) -> Found:
    (found,) = find_toolchains([entry], where)
    return found


def entry_for(program: str, tmp_path: Path) -> CatalogueEntry:
    write_runtime(tmp_path / "catalogue", text=RUNTIME.replace('"demo"', f'"{program}"'))
    return load_catalogue([tmp_path / "catalogue"])[0]


def test_program_of_the_system_is_found_with_its_full_path(tmp_path: Path) -> None:
    found = find(entry_for("true", tmp_path), search(tmp_path))

    runtime = found.candidates[0].runtime
    assert runtime.run.argv == ("/usr/bin/true", "{entry}")
    assert runtime.run.env["HOME"] == "/tmp"
    assert runtime.run.env["LANG"] == "C.UTF-8"
    assert "/usr/bin" in runtime.run.env["PATH"].split(":")
    assert runtime.mounts == ()


def test_start_and_build_outputs_come_with_the_runtime(tmp_path: Path) -> None:
    warm = 'compile = ["true"]\nrun_start = "waiting"\nbuild_outputs = [".main"]\n'
    write_runtime(tmp_path / "catalogue", text=RUNTIME.replace('"demo"', '"true"') + warm)

    found = find(load_catalogue([tmp_path / "catalogue"])[0], search(tmp_path))

    runtime = found.candidates[0].runtime
    assert runtime.run.start is Start.WAITING
    assert runtime.build_outputs == (".main",)


def test_missing_program_names_the_package(tmp_path: Path) -> None:
    found = find(entry_for("no-such-program", tmp_path), search(tmp_path))

    assert found.candidates == ()
    assert found.missing == "not installed: apt package demo-lang (no-such-program was not found)"


def test_toolchain_directory_becomes_a_mount(tmp_path: Path) -> None:
    install(tmp_path / "toolchains" / "demo")

    found = find(entry_with_home(tmp_path), search(tmp_path))

    runtime = found.candidates[0].runtime
    assert runtime.run.argv[0] == "/opt/demo/bin/demo"
    assert runtime.run.env["PATH"].startswith("/opt/demo/bin:")
    assert [mount.target for mount in runtime.mounts] == ["/opt/demo"]
    assert mount_sources([found]) == (tmp_path / "toolchains" / "demo",)


def test_newest_toolchain_of_the_operator_is_chosen(tmp_path: Path) -> None:
    for version in ("stable-1.9.0", "stable-1.10.0"):
        install(tmp_path / "home" / ".demo" / "toolchains" / version)

    found = find(entry_with_home(tmp_path), search(tmp_path))

    assert found.candidates[0].runtime.mounts[0].source.endswith("stable-1.10.0")


def test_incomplete_toolchain_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "toolchains" / "demo").mkdir(parents=True)

    found = find(entry_with_home(tmp_path), search(tmp_path))

    assert found.candidates == ()
    assert "/opt/demo was not found" in str(found.missing)


def test_program_that_a_sandbox_could_not_see_is_passed_over(tmp_path: Path) -> None:
    elsewhere = install(tmp_path / "elsewhere")
    where = ToolchainSearch(home=tmp_path, program_dirs=(str(elsewhere.parent),))

    assert find(entry_for("demo", tmp_path), where).candidates == ()


def test_proxy_is_not_taken_for_the_tool(tmp_path: Path) -> None:
    proxy = install(tmp_path / "cargo").rename(tmp_path / "cargo" / "bin" / "rustup")
    proxy.with_name("demo").symlink_to(proxy)
    where = ToolchainSearch(
        home=tmp_path, program_dirs=(str(proxy.parent),), visible_roots=(str(tmp_path),)
    )
    entry = entry_for("demo", tmp_path)

    assert find(entry, where).candidates == ()
    proxy.rename(proxy.with_name("demo"))
    assert find(entry, where).candidates


def test_fingerprint_changes_with_the_program(tmp_path: Path) -> None:
    program = install(tmp_path / "toolchains" / "demo")
    entry = entry_with_home(tmp_path)
    before = find(entry, search(tmp_path)).candidates[0].fingerprint
    again = find(entry, search(tmp_path)).candidates[0].fingerprint
    os.utime(program, ns=(1, 1))

    after = find(entry, search(tmp_path)).candidates[0].fingerprint

    assert before == again
    assert before != after


def test_runtime_can_be_described_where_it_is_not_installed(tmp_path: Path) -> None:
    entry = entry_with_home(tmp_path)

    runtime = build_runtime(entry, entry.toolchains[0])

    assert (runtime.id, runtime.version, runtime.mounts) == ("demo", "", ())


def test_reason_prefers_the_toolchain_that_a_package_brings(tmp_path: Path) -> None:
    hinted = RUNTIME.replace('packages = ["demo-lang"]', 'hint = "unpack demo"')
    first = hinted.replace('programs = ["demo"]', 'programs = ["no-such-program"]')
    second = RUNTIME[RUNTIME.index("[[toolchain]]") :]
    write_runtime(tmp_path, text=first + second.replace('programs = ["demo"]', 'programs = ["x"]'))

    found = find(load_catalogue([tmp_path])[0], search(tmp_path))

    assert found.missing == "not installed: apt package demo-lang (x was not found)"
