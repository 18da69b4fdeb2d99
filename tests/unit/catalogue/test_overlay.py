"""What an administrator defines is laid over the catalogue, and nothing else of it changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runyard.domain.errors import (
    InvalidRequestError,
    LimitError,
    RuntimeUnavailableError,
    UnknownRuntimeError,
)
from runyard.domain.limits import MIB, Policy
from runyard.domain.runtime import Lifecycle, Start, Support
from runyard.services.catalogue import load_catalogue
from runyard.services.catalogue_entry import CatalogueEntry
from runyard.services.runtime_definition import (
    RuntimeDefinition,
    pack_definition,
    render_definition,
    summarize_definition,
)
from runyard.services.runtime_names import RuntimeNames
from runyard.services.runtime_overlay import define, find_bounds
from runyard.services.runtimes import Runtimes
from runyard.services.toolchains import (
    ToolchainSearch,
    find_toolchains,
    known_homes,
    revise,
)
from tests.unit.catalogue.folders import RUNTIME, write_runtime

PACKAGED = load_catalogue()
BOUNDS = find_bounds(PACKAGED, Policy().limits_max)
BY_ID = {entry.id: entry for entry in PACKAGED}


def overlay(runtime_id: str, **fields: Any) -> CatalogueEntry:
    definition = RuntimeDefinition.model_validate(fields)
    return define(runtime_id, definition, base=BY_ID.get(runtime_id), bounds=BOUNDS)


def own(folder: Path, name: str, text: str = RUNTIME) -> CatalogueEntry:
    write_runtime(folder, name, text.replace('aliases = ["dm"]\nextensions = [".demo"]\n', ""))
    return next(entry for entry in load_catalogue([folder]) if entry.id == name)


@pytest.mark.parametrize("runtime_id", sorted(BY_ID))
def test_runtime_that_is_given_back_as_it_is_rendered_is_the_same(runtime_id: str) -> None:
    entry = BY_ID[runtime_id]

    assert overlay(runtime_id, **render_definition(entry)) == entry


def test_given_fields_take_the_place_of_the_catalogues() -> None:
    entry = overlay("cpp", name="Mine", run_limits={"memory_mib": 512})

    base = BY_ID["cpp"]
    limits = replace(base.run_limits, memory_bytes=512 * MIB)
    assert entry == replace(base, name="Mine", run_limits=limits)
    # Nothing that is run differs, so its self-test and its prepared files are still right.
    assert entry.digest == base.digest


@pytest.mark.parametrize(
    "fields",
    [
        {"extra_files": [{"path": "a", "content": ""}]},
        {"self_test": {"stdin": "x"}},
        {
            "toolchain": [
                {
                    "programs": ["bash"],
                    "packages": ["bash"],
                    "version": ["bash", "--version"],
                    "run": ["bash", "-u", "{entry}"],
                }
            ]
        },
    ],
)
def test_what_is_run_decides_the_digest(fields: dict[str, Any]) -> None:
    assert overlay("bash", **fields).digest not in {"", BY_ID["bash"].digest}


def test_new_runtime_needs_what_the_catalogue_needs() -> None:
    with pytest.raises(InvalidRequestError, match="language: a new runtime needs it"):
        overlay("fresh", name="Fresh")


def test_home_of_the_catalogue_may_be_named_and_no_other() -> None:
    given = render_definition(BY_ID["kotlin"])["toolchain"][0] | {"run": ["java", "-version"]}

    (toolchain,) = overlay("kotlin", toolchain=[given]).toolchains

    assert toolchain.home == BY_ID["kotlin"].toolchains[0].home
    for change in ({"candidates": ["/root"]}, {"has": ["x"]}, {"target": "/opt/other"}):
        wrong = given | {"home": given["home"] | change}
        with pytest.raises(InvalidRequestError, match=r"toolchain\[0\]\.home"):
            overlay("kotlin", toolchain=[wrong])


def test_only_what_the_catalogue_forks_is_forked() -> None:
    given = render_definition(BY_ID["python"])["toolchain"][0]

    assert overlay("python", toolchain=[given]).toolchains[0].run.start is Start.FORKED
    for change in ({"run": ["python3", "-S", "{entry}"]}, {"env": {"LD_PRELOAD": "/work/x"}}):
        with pytest.raises(InvalidRequestError, match="cannot be forked"):
            overlay("python", toolchain=[given | change])


def test_limits_are_those_of_the_server() -> None:
    with pytest.raises(LimitError, match=r"run_limits\.processes is 513; .* between 1 and 512"):
        overlay("bash", run_limits={"processes": 513})


def test_audit_log_keeps_no_contents() -> None:
    definition = RuntimeDefinition.model_validate(
        {"self_test": {"files": [{"path": "main.sh", "content": "echo secret"}]}, "name": "N"}
    )

    kept = summarize_definition(pack_definition(definition))

    assert "secret" not in str(kept)
    assert kept["name"] == "N"
    assert kept["self_test"]["files"][0]["size_bytes"] == 11


def test_home_that_was_found_is_not_looked_for_again(tmp_path: Path) -> None:
    home = tmp_path / "toolchains" / "tool"
    (home / "bin").mkdir(parents=True)
    program = home / "bin" / "demo"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = (
        RUNTIME + 'home = { target = "/opt/tool", has = ["bin/demo"], candidates = ["~/tool"] }\n'
    )
    write_runtime(tmp_path / "catalogue", text=text)
    entries = load_catalogue([tmp_path / "catalogue"])
    found = find_toolchains(entries, ToolchainSearch(home=tmp_path / "toolchains"))
    known = known_homes(found)
    # What the server may not look at any more.
    program.unlink()

    (again,) = find_toolchains(entries, ToolchainSearch(homes=known))
    (nowhere,) = find_toolchains(entries, ToolchainSearch(home=tmp_path / "toolchains", homes={}))

    assert again.candidates[0].runtime.mounts == found[0].candidates[0].runtime.mounts
    assert again.candidates[0].runtime.run.argv[0] == "/opt/tool/bin/demo"
    assert nowhere.candidates == ()


def test_revised_runtime_keeps_its_toolchain_and_its_fingerprint(tmp_path: Path) -> None:
    entry = own(tmp_path, "one", RUNTIME.replace('"demo"', '"true"'))
    (found,) = find_toolchains([entry], ToolchainSearch(home=tmp_path))

    renamed = revise(found, replace(entry, name="Mine"))
    changed = revise(found, replace(entry, name="Mine", digest="other"))

    (was,), (same,), (other,) = found.candidates, renamed.candidates, changed.candidates
    assert (same.runtime.name, same.fingerprint) == ("Mine", was.fingerprint)
    assert same.runtime.run == was.runtime.run
    assert other.fingerprint == other.runtime.digest != was.fingerprint


class TestNames:
    def test_language_is_found_by_what_was_chosen_first(self, tmp_path: Path) -> None:
        one, two = own(tmp_path, "one"), own(tmp_path, "two")
        text = RUNTIME.replace('"Demo"', '"One"')
        other = own(tmp_path / "other", "three", text)

        plain = RuntimeNames([one, two, other])
        chosen = RuntimeNames([one, two, other], defaults={"demo": "two", "one": "gone"})

        assert [plain.resolve(name) for name in ("demo", "Demo ", "one", "no")] == [
            *("one", "one", "one"),
            None,
        ]
        assert chosen.resolve("DEMO") == "two"
        assert (chosen.is_default(one), chosen.is_default(two)) == (False, True)

    def test_retired_runtime_is_no_default(self, tmp_path: Path) -> None:
        entries = [own(tmp_path, "one"), own(tmp_path, "two")]

        names = RuntimeNames(entries, defaults={"demo": "one"}, retired=frozenset({"one"}))

        assert (names.resolve("demo"), names.resolve("one")) == ("two", "one")

    def test_choice_for_another_language_does_not_count(self, tmp_path: Path) -> None:
        names = RuntimeNames([own(tmp_path, "one")], defaults={"python": "one"})

        assert names.resolve("python") is None


async def test_rearranged_runtimes_keep_what_is_known_and_tell_what_changed(
    tmp_path: Path,
) -> None:
    text = RUNTIME.replace('"demo"', '"true"')
    found = find_toolchains(
        [own(tmp_path, "one", text), own(tmp_path, "two", text)], ToolchainSearch(home=tmp_path)
    )
    runtimes = Runtimes(found)
    before = runtimes.find("one")
    retired = Support(lifecycle=Lifecycle.RETIRED, message="Old.", replacement="one")

    edited = revise(found[1], replace(found[1].entry, name="Mine"))
    runtimes.arrange([found[0], edited], support={"two": retired})

    assert await runtimes.take_changed() == ["two"]
    assert runtimes.find("one") is before
    with pytest.raises(RuntimeUnavailableError, match="it is retired; Old; use 'one' instead"):
        runtimes.find("two")
    # What was accepted before is run.
    assert runtimes.find_accepted("two").name == "Mine"
    runtimes.arrange([found[0]])
    with pytest.raises(UnknownRuntimeError, match="was removed after this was accepted"):
        runtimes.find_accepted("two")
