"""The one form in which a password is hashed, and what can be nobody's password."""

import unicodedata
from time import process_time

import pytest

from idp.passwords.normal_form import UnusablePassword, normalise


def test_composed_and_decomposed_passwords_are_one() -> None:
    """A password typed on another system opens the same account."""
    assert normalise(unicodedata.normalize("NFC", "Grüße am Fluß")) == normalise(
        unicodedata.normalize("NFD", "Grüße am Fluß")
    )


def test_compatibility_forms_are_one() -> None:
    """NFKC: the ligature and its letters are one password (NIST SP 800-63B-4 §3.1.1.2)."""
    assert normalise("ﬁnance") == normalise("finance")


@pytest.mark.parametrize(
    "other",
    ["Password 123", "password 123 ", " password 123", "password 124", "password\u200b 123"],
)
def test_nothing_is_folded_or_trimmed(other: str) -> None:
    """Case, spaces and the last character count (OWASP ASVS 6.2.8)."""
    assert normalise("password 123") != normalise(other)


@pytest.mark.parametrize("place", [0, 72, 73, 128, 129, 254, 255])
def test_every_character_counts(place: int) -> None:
    """Nothing is cut, not at 72 bytes either."""
    password = "a" * 256
    assert normalise(password) != normalise(password[:place] + "b" + password[place + 1 :])


@pytest.mark.parametrize("length", [64, 128, 256])
def test_long_passwords_are_usable(length: int) -> None:
    """256 code points are allowed, four bytes each if need be (ASVS 6.2.9)."""
    assert normalise("🔑" * length) == ("🔑" * length).encode()


@pytest.mark.parametrize("password", ["", "a" * 257, "🔑" * 257, "a\x00b", "\ud800", "a\udfff"])
def test_what_no_form_can_send_is_refused(password: str) -> None:
    """Empty, overlong, NUL and lone surrogates raise before anything is computed."""
    with pytest.raises(UnusablePassword):
        normalise(password)


def test_a_hundred_thousand_combining_marks_are_refused_at_once() -> None:
    """Normalising them would take seconds: the length is checked first."""
    started = process_time()
    with pytest.raises(UnusablePassword):
        normalise("a" + "\u0301" * 100_000)
    assert process_time() - started < 0.5


def test_the_refusal_does_not_repeat_the_password() -> None:
    """The message may end in a log."""
    with pytest.raises(UnusablePassword) as refused:
        normalise("correct horse\x00")
    assert "horse" not in str(refused.value)
