"""What was proved, and the level and methods that tokens then name."""

from __future__ import annotations

import pytest

from idp.mfa.policy import (
    LEVELS,
    MFA,
    PHISHING_RESISTANT,
    PWD,
    Factor,
    Way,
    acr_of,
    amr_of,
    can_reach,
    reaches,
    stronger,
    wanted_of,
)


@pytest.mark.parametrize(
    ("ways", "acr", "amr"),
    [
        ({Way.PASSWORD}, PWD, ("pwd",)),
        ({Way.PASSWORD, Way.TOTP}, MFA, ("pwd", "otp", "mfa")),
        ({Way.PASSWORD, Way.SMS}, MFA, ("pwd", "sms", "mfa")),
        ({Way.PASSWORD, Way.RECOVERY_CODE}, MFA, ("pwd", "otp", "mfa")),
        ({Way.PASSWORD, Way.TOTP, Way.RECOVERY_CODE}, MFA, ("pwd", "otp", "mfa")),
        ({Way.PASSKEY}, PHISHING_RESISTANT, ("hwk", "user", "mfa")),
        ({Way.SYNCED_PASSKEY}, PHISHING_RESISTANT, ("swk", "user", "mfa")),
        ({Way.PASSWORD, Way.SYNCED_PASSKEY}, PHISHING_RESISTANT, ("pwd", "swk", "user", "mfa")),
        ({Way.TOTP}, None, ("otp",)),
        ({Way.RECOVERY_CODE, Way.SMS}, None, ("sms", "otp")),
        (set(), None, ()),
    ],
)
def test_ways_and_what_they_are_worth(ways: set[Way], acr: str | None, amr: tuple[str, ...]) -> None:
    """A code signs nobody in by itself; a passkey that verified its person is both factors at once."""
    expected = tuple(sorted(amr))

    assert acr == acr_of(ways)
    assert expected == tuple(sorted(amr_of(ways)))


def test_each_level_includes_those_below_it() -> None:
    """And reaches none above it, nor one that is not known here."""
    for place, level in enumerate(LEVELS):
        assert LEVELS[: place + 1] == tuple(other for other in LEVELS if reaches(level, other))
    assert not reaches(None, PWD)
    assert not reaches("urn:example:gold", PWD)
    assert not reaches(PHISHING_RESISTANT, "urn:example:gold")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ((), None),
        (("urn:example:gold",), None),
        ((MFA,), MFA),
        ((PHISHING_RESISTANT, MFA), MFA),
        (("urn:example:gold", PHISHING_RESISTANT), PHISHING_RESISTANT),
        ((MFA, PWD), PWD),
    ],
)
def test_the_weakest_acceptable_level_satisfies_an_app(values: tuple[str, ...], wanted: str | None) -> None:
    """An app names what it accepts; what is unknown here is passed over."""
    assert wanted == wanted_of(values)


@pytest.mark.parametrize(
    ("factors", "reachable"),
    [
        (set(), {PWD}),
        ({Factor.TOTP}, {PWD, MFA}),
        ({Factor.SMS}, {PWD, MFA}),
        ({Factor.PASSKEY}, {PWD, MFA, PHISHING_RESISTANT}),
    ],
)
def test_what_an_account_can_reach(factors: set[str], reachable: set[str]) -> None:
    """Only a passkey resists a look-alike site."""
    assert reachable == {level for level in LEVELS if can_reach(factors, level)}


def test_the_stronger_of_two() -> None:
    """In either order."""
    assert MFA == stronger(PWD, MFA) == stronger(MFA, PWD)
