"""What is sealed opens with its key only, and the key stays with its owner."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runyard.services.accounts.sealing import (
    KEY_CHARACTERS_MIN,
    Sealer,
    SealError,
    hash_secret,
    load_key,
    new_secret,
)

FIRST, SECOND = "a" * 32, "b" * 32


class TestSealing:
    def test_sealed_opens_with_its_key(self) -> None:
        sealed = Sealer(lambda: [FIRST]).seal(b"secret")

        assert b"secret" not in sealed
        assert Sealer(lambda: [FIRST]).open(sealed) == b"secret"

    def test_former_keys_still_open_and_the_first_seals(self) -> None:
        old = Sealer(lambda: [FIRST]).seal(b"secret")
        both = Sealer(lambda: [SECOND, FIRST])

        new = both.seal(b"secret")

        assert both.open(old) == b"secret"
        assert Sealer(lambda: [SECOND]).open(new) == b"secret"
        with pytest.raises(SealError):
            Sealer(lambda: [FIRST]).open(new)

    @pytest.mark.parametrize("sealed", [b"", b"x", b"gAAAAA==", b"\xff" * 100])
    def test_what_is_damaged_does_not_open(self, sealed: bytes) -> None:
        with pytest.raises(SealError):
            Sealer(lambda: [FIRST]).open(sealed)

    def test_wrong_key_says_what_to_do(self) -> None:
        sealed = Sealer(lambda: [FIRST]).seal(b"secret")

        with pytest.raises(SealError, match="need the same RUNYARD_SECRET_KEYS, former keys"):
            Sealer(lambda: [SECOND]).open(sealed)

    def test_keys_are_asked_for_when_they_are_needed_and_once(self) -> None:
        asked: list[int] = []

        def find() -> list[str]:
            asked.append(1)
            return [FIRST]

        sealer = Sealer(find)
        before = len(asked)
        sealer.open(sealer.seal(b"secret"))

        assert (before, len(asked)) == (0, 1)


class TestKeyFile:
    def test_key_is_made_once_for_its_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.key"

        key = load_key(path)

        assert load_key(path) == key
        assert len(key) >= KEY_CHARACTERS_MIN
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(tmp_path.iterdir()) == [path]

    def test_servers_that_start_together_have_one_key(self, tmp_path: Path) -> None:
        for number in range(20):
            path = tmp_path / f"{number}.key"

            with ThreadPoolExecutor(4) as threads:
                keys = list(threads.map(load_key, [path] * 4))

            assert len(set(keys)) == 1
            assert len(keys[0]) == 64

    def test_key_of_an_operator_is_left_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.key"
        path.write_text(f"\n{FIRST}\n")

        assert load_key(path) == FIRST

    @pytest.mark.parametrize("content", ["", "\n", "short"])
    def test_file_without_a_key_seals_nothing(self, tmp_path: Path, content: str) -> None:
        """A full disk leaves such a file, and a key that everybody knows is worse than none."""
        path = tmp_path / "secret.key"
        path.write_text(content)

        with pytest.raises(SealError, match=r"secret\.key has no key"):
            load_key(path)

        assert path.read_text() == content


class TestSecrets:
    def test_secrets_are_long_differ_and_fit_addresses(self) -> None:
        secrets = {new_secret() for _ in range(100)}

        assert len(secrets) == 100
        assert all(re.fullmatch("[A-Za-z0-9_-]{43}", each) for each in secrets)

    @pytest.mark.parametrize("text", ["", "é", "\udcff", "\0"])
    def test_any_text_is_hashed(self, text: str) -> None:
        assert len(hash_secret(text)) == 64
