"""Which telephone numbers texts are sent to: mobile ones, in the countries that the operator serves.

Numbers that cost whoever calls them (premium, shared cost), that anybody can rent by the thousand (VoIP, personal,
pagers) or that nobody reads texts at are refused, so that codes pay nobody's bill (T45: toll fraud). A number is
handled in E.164 from here on: one number, one budget, whatever way it was typed (T39).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_LONGEST = 40
_SHOWN = 2


class NumberFault(StrEnum):
    """Why a number is not used."""

    NOT_A_NUMBER = "not_a_number"
    NOT_MOBILE = "not_mobile"
    NOT_SERVED = "not_served"


class UnusableNumber(ValueError):
    """No codes are sent to this number; `fault` says why, the number is not repeated."""

    def __init__(self, fault: NumberFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsPolicy:
    """Whether codes by text are used at all, and in which countries (ISO 3166-1 alpha-2)."""

    enabled: bool
    regions: Collection[str]


def usable_number(typed: str, policy: SmsPolicy, *, region: str | None = None) -> str:
    """Give a number in E.164; `region` is the country it is in when it was typed without one.

    Raises:
        UnusableNumber: texts are not sent there.
    """
    if len(typed) > _LONGEST or any(char.isalpha() for char in typed):
        raise UnusableNumber(NumberFault.NOT_A_NUMBER)
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise UnusableNumber(NumberFault.NOT_A_NUMBER) from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise UnusableNumber(NumberFault.NOT_A_NUMBER)
    if phonenumbers.region_code_for_number(number) not in policy.regions:
        raise UnusableNumber(NumberFault.NOT_SERVED)
    if phonenumbers.number_type(number) not in _MOBILE:
        raise UnusableNumber(NumberFault.NOT_MOBILE)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def masked_number(number: str) -> str:
    """Give a number as its owner recognises it and others do not: its country and its last two digits."""
    country = phonenumbers.parse(number, None).country_code
    return f"+{country} \N{BULLET}\N{BULLET}\N{BULLET} {number[-_SHOWN:]}"
