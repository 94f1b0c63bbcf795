"""Which passwords may be chosen."""

import pytest

from idp.passwords.normal_form import UnusablePassword
from idp.passwords.policy import PasswordTooShort, accept_new_password


@pytest.mark.parametrize(("length", "second_factor"), [(15, False), (8, True), (256, False), (256, True)])
def test_long_enough_is_accepted(length: int, *, second_factor: bool) -> None:
    """Fifteen characters alone, eight beside a second factor, up to 256."""
    accept_new_password("x" * length, second_factor=second_factor)


@pytest.mark.parametrize(("length", "second_factor", "at_least"), [(14, False, 15), (7, True, 8), (1, False, 15)])
def test_too_short_says_how_long(length: int, *, second_factor: bool, at_least: int) -> None:
    """The person is told the number."""
    with pytest.raises(PasswordTooShort) as refused:
        accept_new_password("x" * length, second_factor=second_factor)
    assert at_least == refused.value.at_least


@pytest.mark.parametrize("password", ["all lowercase words", "123456789012345", "🚗🚙🚕🏎️🚗🚙🚕🏎️🚗🚙🚕🏎️", " " * 15])
def test_kinds_of_characters_do_not_matter(password: str) -> None:
    """There are no composition rules (OWASP ASVS 6.2.5)."""
    accept_new_password(password, second_factor=False)


def test_what_could_never_be_checked_is_refused() -> None:
    """A new password must be one that signing in accepts."""
    with pytest.raises(UnusablePassword):
        accept_new_password("x" * 257, second_factor=True)
