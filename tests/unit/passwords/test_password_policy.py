"""Which passwords may be chosen."""

from time import process_time

import pytest

from idp.passwords.common import COMMON
from idp.passwords.normal_form import UnusablePassword
from idp.passwords.policy import (
    REMEMBERED,
    PasswordHoldsName,
    PasswordNotMixed,
    PasswordTooCommon,
    PasswordTooShort,
    Profile,
    Rules,
    names_in,
    stands_alone,
)

NAMES = ("dana.roadwell", "d.roadwell@mail.example.com", "Dana Q. Roadwell", "Example Motor Finance")
LONG = "my grey cat has seen eleven lighthouses from its own window; " * 5


@pytest.mark.parametrize(("length", "second_factor"), [(15, False), (8, True), (256, False), (256, True)])
def test_long_enough_is_accepted(length: int, *, second_factor: bool) -> None:
    """Fifteen characters alone, eight beside a second factor, up to 256."""
    Rules(second_factor=second_factor).accept(LONG[:length])


@pytest.mark.parametrize(("length", "second_factor", "at_least"), [(14, False, 15), (7, True, 8), (1, False, 15)])
def test_too_short_says_how_long(length: int, *, second_factor: bool, at_least: int) -> None:
    """The person is told the number."""
    with pytest.raises(PasswordTooShort) as refused:
        Rules(second_factor=second_factor).accept("x" * length)
    assert at_least == refused.value.at_least


@pytest.mark.parametrize(
    "password",
    [
        "all lowercase words",
        "903184726450918",
        "🚗🚙🚕🏎️🚲🚙🚌🏎️🚗🛵🚕🏎️",
        "correct horse battery staple 7",
        "пингвин читает газету",
        "§1!-(7)%&?#+~*'",
    ],
)
def test_kinds_of_characters_do_not_matter(password: str) -> None:
    """There are no composition rules (OWASP ASVS 6.2.5)."""
    Rules(second_factor=False).accept(password)


@pytest.mark.parametrize(
    "password",
    [
        "123456789012345",
        "passwordpassword",
        "Password-Password-1",
        "P A S S W O R D 1 2 3 4 5",
        "qwertyuiopasdfgh",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "iloveyou monkey 1990",
        "passwort willkommen 123",
        " " * 15,
        "!" * 20,
        "ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ",  # noqa: RUF001 - full width, as some keyboards write
    ],
)
def test_what_is_made_of_common_ones_is_refused(password: str) -> None:
    """However it is decorated, doubled or spelled (ASVS 6.2.4)."""
    with pytest.raises(PasswordTooCommon):
        Rules(second_factor=False).accept(password)


@pytest.mark.parametrize(
    ("password", "name"),
    [
        ("dana.roadwell.2027", "dana.roadwell"),
        ("DROADWELL-droadwell-1", "d.roadwell"),
        ("Example Motor Finance!!", "Example Motor Finance"),
        ("my-finance-finance-77", "Finance"),
    ],
)
def test_what_is_made_of_known_names_is_refused(password: str, name: str) -> None:
    """Of the person's and of the lender's (ASVS 6.1.2); the reason names the name as it is written."""
    with pytest.raises(PasswordHoldsName) as refused:
        Rules(second_factor=False, names=NAMES).accept(password)
    assert name.casefold() == refused.value.name.casefold()


def test_a_long_sentence_may_hold_a_name() -> None:
    """What is left without it is long enough by itself."""
    Rules(second_factor=False, names=NAMES).accept("dana reads about motor racing in the bath")


def test_short_names_forbid_nothing() -> None:
    """Q, Dan and Eve stand in too many words."""
    assert [] == names_in(["Q.", "Dan", "eve@x.example"])


def test_the_list_is_long_enough_and_cuts_no_sentence_to_pieces() -> None:
    """A thousand entries and more, none so short that it stands in words by chance."""
    assert len(COMMON) >= 1000
    assert min(map(len, COMMON)) >= 3
    assert all(entry.isalnum() and entry == entry.lower() for entry in COMMON)


def test_what_could_never_be_checked_is_refused() -> None:
    """A new password must be one that signing in accepts."""
    with pytest.raises(UnusablePassword):
        Rules(second_factor=True).accept("x" * 257)


@pytest.mark.parametrize("password", ["1a" * 128, "password" * 32, "0123456789" * 25 + "x", "ab1" * 85])
def test_the_longest_take_no_time(password: str) -> None:
    """Whatever is sent, the check is over at once; that it ends is the test."""
    with pytest.raises(PasswordTooCommon):
        Rules(second_factor=False).accept(password[:256] if password.endswith("x") is False else password[:250])


@pytest.mark.parametrize(
    ("second_factor", "profile", "at_least"),
    [
        (False, Profile.DEFAULT, 15),
        (True, Profile.DEFAULT, 8),
        (False, Profile.PCI_STRICT, 15),
        (True, Profile.PCI_STRICT, 12),
    ],
)
def test_the_profile_of_pci_dss_asks_for_twelve(*, second_factor: bool, profile: Profile, at_least: int) -> None:
    """Eight beside a second factor are twelve there (PCI DSS 8.3.6); what stands alone needs fifteen everywhere."""
    rules = Rules(second_factor=second_factor, profile=profile)
    assert at_least == rules.at_least
    rules.accept("7" + LONG[: at_least - 1])
    with pytest.raises(PasswordTooShort):
        rules.accept("7" + LONG[: at_least - 2])


@pytest.mark.parametrize("password", ["my grey cat has seen", "90318472645091846", "§1!-(7)%&?#+~*'§"])
def test_the_profile_of_pci_dss_asks_for_letters_and_digits(password: str) -> None:
    """It alone does."""
    Rules(second_factor=False).accept(password)
    with pytest.raises(PasswordNotMixed):
        Rules(second_factor=False, profile=Profile.PCI_STRICT).accept(password)


@pytest.mark.parametrize(
    "password", ["my grey cat has 7 lives", "кот 7 жизней мой серый", "猫は７つの命を持っている灰色の"]
)
def test_letters_and_digits_of_any_script_do(password: str) -> None:
    """Nobody must write Latin."""
    Rules(second_factor=False, profile=Profile.PCI_STRICT).accept(password)


def test_four_passwords_are_remembered() -> None:
    """The present one and three before it (PCI DSS 8.3.7)."""
    assert REMEMBERED == 4


@pytest.mark.parametrize(("length", "alone"), [(14, False), (15, True)])
def test_what_stands_alone_is_as_long_as_one_must_be_alone(length: int, *, alone: bool) -> None:
    """So that it is known of each whether it may go on without the second factor."""
    assert alone == stands_alone("x" * length)


def test_a_hundred_thousand_combining_marks_are_refused_before_any_work() -> None:
    """T57: the length is looked at first, by the rules as by the hash."""
    flood = "a" + "\u0301" * 100_000
    started = process_time()
    for rules in (Rules(second_factor=False), Rules(second_factor=True, names=NAMES, profile=Profile.PCI_STRICT)):
        with pytest.raises(UnusablePassword):
            rules.accept(flood)
    assert process_time() - started < 0.5
