"""From an owner's name one can tell that its process is dead, never that it is alive."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from runyard.domain.errors import ConflictError
from runyard.worker.lease import anybody_but, hold_lock, is_dead, new_owner


def test_owners_are_distinct() -> None:
    assert new_owner() != new_owner()


def test_living_process_is_not_dead() -> None:
    assert not is_dead(new_owner())


def test_ended_process_is_dead() -> None:
    code = "from runyard.worker.lease import new_owner; print(new_owner())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert is_dead(ended.stdout.decode().strip())


def test_process_id_in_use_again_is_dead() -> None:
    """The same number with another start time is another process."""
    parts = new_owner().split("/")
    parts[4] = "1"

    assert is_dead("/".join(parts))


@pytest.mark.parametrize("place", [0, 1, 2], ids=["host", "boot", "namespace"])
def test_process_elsewhere_is_not_known_to_be_dead(place: int) -> None:
    parts = new_owner().split("/")
    parts[place], parts[3] = "elsewhere", "999999999"

    assert not is_dead("/".join(parts))


@pytest.mark.parametrize("name", ["", "worker", "a/b/c/d/e/f", "a/b"])
def test_strange_names_are_not_known_to_be_dead(name: str) -> None:
    assert not is_dead(name)


def test_alone_everybody_else_is_dead() -> None:
    owner = new_owner()
    rule = anybody_but(owner)

    assert not rule(owner)
    assert rule(new_owner())


def test_lock_is_held_once_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with (
        hold_lock(path),
        pytest.raises(ConflictError, match="Another Runyard uses"),
        hold_lock(path),
    ):
        pass

    with hold_lock(path) as is_held:
        assert is_held


async def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import sys\nfrom time import sleep\nfrom pathlib import Path\n"
        "from runyard.worker.lease import hold_lock\n"
        "with hold_lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    sleep(60)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    with pytest.raises(ConflictError), hold_lock(path):
        pass

    process.kill()
    await process.wait()

    with hold_lock(path):
        assert path.stat().st_mode & 0o077 == 0
