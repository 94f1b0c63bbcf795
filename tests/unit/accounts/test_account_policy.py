"""What may be written about an account."""

import pytest

from idp.accounts.policy import claim_faults, name_faults


def faults_of(**names: str | None) -> list[str]:
    """Give the faults of an account's names, where the others are in order."""
    given = {"user_id": "tom", "email": None, "phone_number": None, "locale": None} | names
    return list(name_faults(**given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "names",
    [
        {"user_id": "tom"},
        {"user_id": "tom@example.com"},
        {"user_id": "Zoë van der Velde"},
        {"email": "o'brien+car@mail.example.com"},
        {"phone_number": "+4915112345678"},
        {"locale": "de"},
        {"locale": "zh-Hant-TW"},
    ],
)
def test_ordinary_names_are_fine(names: dict[str, str]) -> None:
    """What people are called is not the program's to judge."""
    assert [] == faults_of(**names)


@pytest.mark.parametrize(
    "names",
    [
        {"user_id": " tom"},
        {"user_id": "to\nm"},
        {"user_id": "to\u200bm"},
        {"user_id": "\u202emot"},
        {"email": "tom"},
        {"email": "a@b@example.com"},
        {"email": "tom@example.com\r\nBcc: x@example.com"},
        {"email": "tom @example.com"},
        {"phone_number": "0151 1234567"},
        {"phone_number": "+0151"},
        {"phone_number": "+49151123456789012345"},
        {"locale": "deutsch sprache"},
        {"locale": "x" * 36},
    ],
)
def test_what_would_mislead_or_break_is_named(names: dict[str, str]) -> None:
    """Invisible characters, header breaks and things that are no address or number are refused with a sentence."""
    assert 1 == len(faults_of(**names))


def test_claims_are_standard_texts() -> None:
    """Names may have joiners, and an address several lines."""
    assert [] == list(
        claim_faults({"name": "\u0645\u06cc\u200c\u062e\u0648", "address": {"formatted": "1 Main St\nTown"}})
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "admin"},
        {"email": "x@example.com"},
        {"name": ""},
        {"name": 7},
        {"name": "a\x00b"},
        {"name": "\u202eevil"},
        {"name": "x" * 2049},
        {"address": "1 Main St"},
        {"address": {"planet": "Earth"}},
        {"address": {"country": "a\x00"}},
    ],
)
def test_other_claims_are_named(claims: dict[str, object]) -> None:
    """What is not standard, not text, too long or unprintable is refused with a sentence."""
    assert 1 == len(list(claim_faults(claims)))
