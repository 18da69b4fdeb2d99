"""What is kept is what a compiler made, whoever runs and whatever becomes of the disk."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runyard.domain.execution import Outcome
from runyard.services import build_cache, build_files
from tests.unit.services.rig import eventually
from tests.unit.services.shop import BUILD, Shop, cached, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as shop:
        yield shop


async def test_program_does_not_decide_what_is_kept(shop: Shop) -> None:
    hostile = "echo evil > out/made; echo evil > out/more; cat out/made"
    first = await shop.run(run=hostile)

    second = await shop.run(run=hostile.replace("cat", "cat out/more;cat"))
    third = await shop.run(run=hostile)

    assert first.outcome is Outcome.SUCCEEDED
    assert cached(second) == [False, False], "another program is another build"
    assert cached(third) == [True, False]
    content = b"".join(path.read_bytes() for path in shop.entries())
    assert b"made\n" in content
    assert b"more" not in content.replace(hostile.encode(), b"").replace(b"cat out/more", b"")


async def test_program_does_not_survive_its_compiler(shop: Shop) -> None:
    """A process that the compiler left behind writes into what was collected, or nowhere."""
    lurking = BUILD + "; (sleep 0.2; echo evil > out/made) > /dev/null 2>&1 &"
    await shop.run(lurking, run="sleep 0.4; cat out/made")

    again = await shop.run(lurking, run="sleep 0.4; cat out/made")

    assert (cached(again), again.steps[1].stdout) == ([True, False], b"made\n")


async def test_links_are_not_followed_out_of_the_sandbox(shop: Shop) -> None:
    await shop.run(f"ln -s {shop.count} out; mkdir out2", run="true")
    await shop.run(f"mkdir out; ln -s {shop.count} out/made; echo 1 > out/one", run="true")

    assert not [path for path in shop.entries() if b"built\n" in path.read_bytes()]


@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "empty", "replace"])
async def test_damaged_entry_is_compiled_again(shop: Shop, damage: str) -> None:
    await shop.run()
    (entry,) = shop.entries()
    content = entry.read_bytes()
    at = content.index(b"made\n")
    spoiled = {
        "flip": content[:at] + b"evil\n" + content[at + 5 :],
        "cut": content[:-1],
        "grow": content + b"\0",
        "empty": b"",
        "replace": os.urandom(len(content)),
    }[damage]
    entry.write_bytes(spoiled)
    shop.forget()

    again = await shop.run()

    assert (cached(again), shop.compiled()) == ([False, False], 2)
    assert again.steps[1].stdout.startswith(b"made\n")
    assert cached(await shop.run()) == [True, False]


async def test_entry_of_another_owner_or_key_is_not_taken(shop: Shop) -> None:
    await shop.run(owner="ann")
    (entry,) = shop.entries()
    await shop.run(BUILD + " ", owner="bob")
    (other,) = [path for path in shop.entries() if path != entry]
    other.write_bytes(entry.read_bytes())
    shop.forget()

    assert cached(await shop.run(BUILD + " ", owner="bob")) == [False, False]


async def test_entry_of_another_version_is_compiled_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pack(build: build_cache.Build) -> list[bytes]:
        header = json.dumps({"other": 1}).encode()
        return [len(header).to_bytes(4, "little"), header]

    with monkeypatch.context() as patch:
        patch.setattr(build_cache, "_pack", pack)
        await shop.run()
    shop.forget()
    again = await shop.run()

    assert (again.outcome, cached(again)) == (Outcome.SUCCEEDED, [False, False])
    assert cached(await shop.run()) == [True, False]


async def test_link_in_place_of_an_entry_is_not_followed(shop: Shop, tmp_path: Path) -> None:
    await shop.run()
    (entry,) = shop.entries()
    (tmp_path / "elsewhere").write_bytes(entry.read_bytes())
    entry.unlink()
    entry.symlink_to(tmp_path / "elsewhere")

    assert cached(await shop.run()) == [False, False]


async def test_disk_that_fails_costs_only_the_compile_step(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build_files, "_write_whole", fail)
    for _ in range(2):
        execution = await shop.run()
        assert (execution.outcome, cached(execution)) == (Outcome.SUCCEEDED, [False, False])


async def test_what_waits_for_the_disk_is_found_and_bounded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_cache, "_STORING_COUNT_MAX", 1)
    held: list[Any] = []

    async def hold(*place: Any) -> None:
        held.append(place)

    monkeypatch.setattr(shop.rig.builds, "_store", hold)
    await shop.run()
    again = await shop.run()
    await shop.run(BUILD + " ")

    assert (cached(again), len(held)) == ([True, False], 1)


async def test_what_is_in_memory_is_what_is_on_the_disk(shop: Shop) -> None:
    await shop.run()
    (entry,) = shop.entries()
    os.utime(entry, (1, 1))
    assert cached(await shop.run()) == [True, False]
    await eventually(lambda: entry.stat().st_mtime > 1)

    entry.unlink()

    assert cached(await shop.run()) == [False, False]


async def test_memory_is_bounded_and_holds_what_was_used_last(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_cache, "_RECENT_BYTES_MAX", 9000)
    builds = [
        f"mkdir out; head -c {size} /dev/zero > out/made" for size in (3000, 3001, 3002, 3003)
    ]
    for build in builds:
        await shop.run(build)
    recent = shop.rig.builds._recent

    assert 0 < recent._bytes <= 9000
    assert recent._bytes == sum(size for _, size in recent._builds.values())
    assert [cached(await shop.run(build))[0] for build in builds] == [True] * 4
    assert recent._bytes <= 9000
