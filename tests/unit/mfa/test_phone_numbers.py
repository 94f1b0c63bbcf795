"""Numbers: one in whatever spelling, mobile, in a country that is served; what others can be paid by is refused."""

from __future__ import annotations

import pytest

from idp.mfa.phone_numbers import NumberFault, SmsPolicy, UnusableNumber, masked_number, usable_number

SERVED = SmsPolicy(enabled=True, regions=("DE", "GB", "US"))
INVALID, FIXED, ELSEWHERE = NumberFault.NOT_A_NUMBER, NumberFault.NOT_MOBILE, NumberFault.NOT_SERVED


@pytest.mark.parametrize(
    "typed",
    [
        "+4915112345678",
        "+49 151 12345678",
        "+49 (0) 151 / 123-456-78",
        "+49\u00a0151\u00a012345678",
        "\uff0b\uff14\uff1915112345678",
        "+49151\u200b12345678",
    ],
)
def test_one_number_in_any_spelling(typed: str) -> None:
    """T39: it has one budget and one row, however it is written."""
    assert "+4915112345678" == usable_number(typed, SERVED)


def test_a_number_without_its_country() -> None:
    """It is one where the page says which country is meant."""
    assert "+4915112345678" == usable_number("0151 12345678", SERVED, region="DE")
    assert "+447400123456" == usable_number("07400 123456", SERVED, region="GB")
    with pytest.raises(UnusableNumber):
        usable_number("0151 12345678", SERVED)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", INVALID),
        ("+49", INVALID),
        ("dana@example.com", INVALID),
        ("+49 151 CALL ME", INVALID),
        ("+4915112345678;ext=5", INVALID),
        ("+4915112345678,+4917612345678", INVALID),
        ("+49151123456789012345", INVALID),
        ("1" * 1000, INVALID),
        ("+49 30 901820", FIXED),
        ("+49 900 1234567", FIXED),
        ("+49 32 212345678", FIXED),
        ("+44 871 234 5678", FIXED),
        ("+44 7624 123456", ELSEWHERE),
        ("+44 70 1234 5678", FIXED),
        ("+371 20000000", ELSEWHERE),
        ("+882 16 12345678", ELSEWHERE),
        ("+7 701 000 0000", ELSEWHERE),
    ],
)
def test_what_is_refused(typed: str, fault: NumberFault) -> None:
    """T45: premium, shared cost, VoIP, personal and fixed numbers, and countries that the operator does not serve."""
    with pytest.raises(UnusableNumber) as refused:
        usable_number(typed, SERVED)
    assert fault is refused.value.fault
    assert typed == "" or typed not in str(refused.value)


def test_a_number_is_shown_by_its_ends() -> None:
    """Its owner recognises it; a stranger who has the password does not learn it."""
    assert "+49 \u2022\u2022\u2022 78" == masked_number("+4915112345678")
