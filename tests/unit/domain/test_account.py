"""What names, addresses and passwords may look like, and what a principal may do."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runyard.domain.account import (
    EMAIL_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN,
    Account,
    Principal,
    Role,
    Scope,
    check_email,
    check_name,
    check_password,
)
from runyard.domain.errors import ForbiddenError, InvalidRequestError

NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
NEARLY_NAMES = st.text(f"{NAME_CHARACTERS}AZ _.é\u212a\n", max_size=45)
NEARLY_ADDRESSES = st.text("ab.@-A é\u0130\0\x1f\x7f<>,\t", max_size=40) | st.builds(
    "{}@{}".format, st.text("aB.\0é", min_size=1), st.text("aB.\0é\x1b", min_size=1)
)


def accepted(check: object, text: str) -> str | None:
    """Return the spelling that is kept, or None for what is refused as it should be."""
    try:
        return check(text)  # type: ignore[operator, no-any-return]
    except InvalidRequestError:
        return None


class TestNames:
    @given(ANY_TEXT | NEARLY_NAMES)
    def test_kept_name_is_plain_and_checks_to_itself(self, text: str) -> None:
        name = accepted(check_name, text)
        if name is None:
            return

        assert 1 <= len(name) <= NAME_CHARACTERS_MAX
        assert set(name) <= set(NAME_CHARACTERS)
        assert not name.startswith("-")
        assert not name.endswith("-")
        assert "--" not in name
        assert check_name(name) == check_name(f" {name.upper()}\n") == name

    @pytest.mark.parametrize("name", ["a", "7", "a-b", "a-1-b", "x" * NAME_CHARACTERS_MAX])
    def test_name_is_accepted(self, name: str) -> None:
        assert check_name(name) == name

    @pytest.mark.parametrize(
        "name",
        [
            *("", "-", "-a", "a-", "a--b", "a_b", "a b", "a.b", "a/b", "a@b", "é", "a\0", "a\nb"),
            *("x" * (NAME_CHARACTERS_MAX + 1), "admin", "API", " root ", "local", "x-" * 10_000),
        ],
    )
    def test_name_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidRequestError) as refused:
            check_name(name)

        assert refused.value.detail == {"field": "name"}


class TestAddresses:
    @given(ANY_TEXT | NEARLY_ADDRESSES)
    def test_kept_address_has_two_parts_and_checks_to_itself(self, text: str) -> None:
        email = accepted(check_email, text)
        if email is None:
            return

        local, at, domain = email.partition("@")
        assert at
        assert local
        assert domain
        assert "@" not in domain
        assert len(email) <= EMAIL_CHARACTERS_MAX
        assert not any(character.isspace() for character in email)
        assert ".." not in domain
        assert check_email(email) == check_email(f"\t{email} ") == email

    @given(ANY_TEXT | NEARLY_ADDRESSES)
    @example("a@b.\0")
    @example("a@b.\x1b")
    @example("a@b.\x7f")
    def test_kept_address_has_no_control_characters(self, text: str) -> None:
        """PostgreSQL takes no text with NUL, and a terminal obeys what is shown to it."""
        email = accepted(check_email, text) or ""

        assert not [each for each in email if each < " " or each == "\x7f"]

    @pytest.mark.parametrize(
        "email", ["a@b", "ada.l+x@example.org", "a@xn--bcher-kva.example", "ä@bücher.example"]
    )
    def test_address_is_accepted(self, email: str) -> None:
        assert check_email(email) == email

    @pytest.mark.parametrize(
        "email",
        [
            *("", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a@.b", "a@b.", "a@b..c"),
            *("<a@b>", "a,b@c", "a@b\nBcc: c@d", "a\0@b", "x" * 65 + "@b", "a@" + "b" * 260),
        ],
    )
    def test_address_is_refused(self, email: str) -> None:
        with pytest.raises(InvalidRequestError) as refused:
            check_email(email)

        assert refused.value.detail == {"field": "email"}


class TestPasswords:
    @given(st.text(max_size=300), st.text(NAME_CHARACTERS, min_size=1, max_size=39))
    def test_kept_password_is_long_varied_and_no_name(self, password: str, name: str) -> None:
        email, is_kept = f"{name}@example.org", False

        with suppress(InvalidRequestError):
            check_password(password, name=name, email=email)
            is_kept = True
        if not is_kept:
            return

        assert PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX
        assert password.lower() not in {name, email}
        assert len(set(password.lower())) >= 4

    @pytest.mark.parametrize(
        "password",
        [
            *("", "abcdefghi", "aaaaaaaaaaaa", "ABCabcabcabc", "ada-lovelace", "Ada-Lovelace"),
            *("countess-of-l", "Countess-of-L@Example.org", "abcd" * 64 + "a"),
        ],
    )
    def test_password_is_refused(self, password: str) -> None:
        with pytest.raises(InvalidRequestError) as refused:
            check_password(password, name="ada-lovelace", email="countess-of-l@example.org")

        assert refused.value.detail == {"field": "password"}

    @pytest.mark.parametrize("password", ["abcd567890", "abcd" * 64, "läng mit Leerzeichen"])
    def test_password_is_accepted(self, password: str) -> None:
        check_password(password, name="ada", email="ada@example.org")


def account(role: Role = Role.USER) -> Account:
    return Account(
        id="ada", name="ada", email="ada@b", role=role, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


NOBODY = Principal()
MACHINE_USER = Principal(owner_id="local")
USER = Principal(owner_id="ada", account=account(), session_id="s")
ADMIN = Principal(owner_id="ada", account=account(Role.ADMIN), session_id="s")
READER = Principal(
    owner_id="ada",
    account=account(),
    token_id="t",
    scopes=frozenset({Scope.EXECUTIONS_READ}),
)
# The scope was given while its account was an administrator's.
DEMOTED = Principal(
    owner_id="ada", account=account(), token_id="t", scopes=frozenset({Scope.ADMIN})
)
ADMIN_READER = Principal(
    owner_id="ada",
    account=account(Role.ADMIN),
    token_id="t",
    scopes=frozenset({Scope.EXECUTIONS_READ}),
)
ADMIN_TOKEN = Principal(
    owner_id="ada", account=account(Role.ADMIN), token_id="t", scopes=frozenset({Scope.ADMIN})
)
EMPTY_TOKEN = Principal(owner_id="ada", account=account(Role.ADMIN), token_id="t")
READ, WRITE = Scope.EXECUTIONS_READ, Scope.EXECUTIONS_WRITE

CASES = {
    # name: principal, what it may, whose it sees
    "nobody": (NOBODY, set(), {None}),
    "the machine's user": (MACHINE_USER, set(), {None, "local"}),
    "user": (USER, set(Scope) - {Scope.ADMIN}, {None, "ada"}),
    "administrator": (ADMIN, set(Scope), {None, "ada", "bob", "local"}),
    "token": (READER, {READ}, {None, "ada"}),
    "token of one demoted": (DEMOTED, set(), {None, "ada"}),
    "narrow token of an administrator": (ADMIN_READER, {READ}, {None, "ada"}),
    "token for administration": (ADMIN_TOKEN, {Scope.ADMIN}, {None, "ada", "bob", "local"}),
    "token without scopes": (EMPTY_TOKEN, set(), {None, "ada"}),
}


class TestPrincipals:
    @pytest.mark.parametrize("name", CASES)
    def test_principal_may_what_it_was_given_and_requires_the_rest(self, name: str) -> None:
        principal, allowed, _ = CASES[name]

        for scope in Scope:
            assert principal.may(scope) is (scope in allowed)
            if scope in allowed:
                principal.require(scope)
            else:
                with pytest.raises(ForbiddenError):
                    principal.require(scope)

    @pytest.mark.parametrize("name", CASES)
    def test_principal_sees_its_own_and_administrators_all(self, name: str) -> None:
        principal, _, seen = CASES[name]

        owners = {None, "", "ada", "bob", "local"}
        expected = seen | ({""} if "bob" in seen else set())
        assert {owner for owner in owners if principal.may_see(owner)} == expected

    def test_refusal_names_the_scope(self) -> None:
        with pytest.raises(ForbiddenError, match="no scope executions:write") as refused:
            READER.require(WRITE)

        assert refused.value.detail == {"scope": WRITE}
