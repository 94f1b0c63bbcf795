"""What the consent page says about what is shared."""

import pytest

from idp.web.consent_words import SharedData, shared_data
from idp.wording import Translator, Wording

CLAIMS = {
    "name": "Dana Driver",
    "updated_at": 1_795_345_200,
    "email": "dana@example.com",
    "email_verified": True,
    "phone_number": "+49 30 5550 0142",
    "phone_number_verified": False,
    "address": {"street_address": "Beispielweg 7", "locality": "Berlin"},
}


@pytest.fixture
def english(wording: Wording) -> Translator:
    """The source language."""
    return wording.translator("en")


def test_every_scope_is_named_with_the_values_it_shares(english: Translator) -> None:
    """In the order asked for, each once."""
    shared = shared_data(english, scopes=["openid", "email", "email"], claims=CLAIMS)
    assert [item.title for item in shared] == ["Who you are", "Your e-mail address"]
    assert shared[1].values == (("E-mail", "dana@example.com"), ("E-mail confirmed", "yes"))


def test_values_are_shown_as_people_write_them(english: Translator) -> None:
    """Moments as days, addresses on one line, yes and no in words."""
    shared = shared_data(english, scopes=["profile", "phone", "address"], claims=CLAIMS)
    assert shared[0].values == (("Full name", "Dana Driver"), ("Last changed", "22 November 2026"))
    assert shared[1].values == (("Phone", "+49 30 5550 0142"), ("Phone confirmed", "no"))
    assert shared[2].values == (("Address", "Beispielweg 7, Berlin"),)


def test_an_unknown_scope_is_listed_under_its_own_name(english: Translator) -> None:
    """Nothing that is asked for stays unsaid."""
    shared = shared_data(english, scopes=["contracts.read"], claims=CLAIMS)
    assert shared == [SharedData("contracts.read", "A permission that the app defines itself")]


def test_claims_asked_for_by_name_are_listed(english: Translator) -> None:
    """What no scope covers is named; what one covers is not said twice."""
    shared = shared_data(
        english, scopes=["openid", "email"], claims=CLAIMS, named=["email", "nickname", "phone_number"]
    )
    assert shared[-1].values == (("Nickname", "nothing on file"), ("Phone", "+49 30 5550 0142"))
    assert len(shared) == 3
