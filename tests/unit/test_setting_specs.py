"""What administrators see of the settings, and what never."""

import pytest

from runyard.setting_specs import CHANGEABLE, DESCRIPTIONS, build_specs, mask
from runyard.settings import Settings


def test_every_setting_is_described() -> None:
    assert set(DESCRIPTIONS) == set(Settings.model_fields)
    assert not [text for text in DESCRIPTIONS.values() if not text.endswith(".")]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql+asyncpg://me:geheim@db/x", "postgresql+asyncpg://me:***@db/x"),
        ("postgresql://me:ge/he@im@db:5432/x", "postgresql://me:***@db:5432/x"),
        ("postgresql://:geheim@db/x", "postgresql://:***@db/x"),
        ("postgresql://db/x?user=me&password=geheim", "postgresql://db/x?user=me&password=***"),
        ("postgresql://db/x?sslKey=geheim&a=b", "postgresql://db/x?sslKey=***&a=b"),
        ("postgresql://me:ge\nheim@db/x", "postgresql://me:***@db/x"),
        ("sqlite:////var/lib/runyard/runyard.db", "sqlite:////var/lib/runyard/runyard.db"),
        ("https://app.example.org", "https://app.example.org"),
    ],
)
def test_passwords_of_addresses_are_masked(value: str, shown: str) -> None:
    assert mask(value) == shown
    assert mask({"of": [value]}) == {"of": [shown]}


def test_secrets_are_masked_in_value_and_default() -> None:
    key = "k" * 40
    settings = Settings(
        secret_keys=(key,),  # type: ignore[arg-type]
        database_url="postgresql+asyncpg://me:geheim@db/x",
    )

    shown = {spec.name: (spec.shown, spec.default) for spec in build_specs(settings)}

    assert shown["secret_keys"] == (["***"], [])
    assert shown["database_url"] == ("postgresql+asyncpg://me:***@db/x", None)
    assert key not in str(shown)
    assert "geheim" not in str(shown)


def test_only_those_that_can_change_have_a_type(monkeypatch: pytest.MonkeyPatch) -> None:
    # `make test` says where toolchains are.
    monkeypatch.delenv("RUNYARD_TOOLCHAIN_DIRS", raising=False)
    specs = build_specs(Settings(sign_up="open"))  # type: ignore[arg-type]

    assert {spec.name for spec in specs if spec.type is not None} == set(CHANGEABLE)
    assert [spec.name for spec in specs if spec.is_set_outside] == ["sign_up"]


@pytest.mark.parametrize("profile", ["development", "production"])
def test_running_anonymously_depends_on_the_profile(profile: str) -> None:
    specs = {spec.name: spec for spec in build_specs(Settings(profile=profile))}  # type: ignore[arg-type]

    allowed = profile == "development"
    assert (specs["anonymous"].value, specs["anonymous"].default) == (allowed, allowed)
