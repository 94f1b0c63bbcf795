"""What can be wrong with a second factor that a person shows or adds, in words that say what to do next.

Wrong, used and late codes get the same words: which of them it was helps nobody but whoever guesses.
"""

import math
from collections.abc import Mapping
from typing import Final

from idp.mfa.phone_numbers import NumberFault
from idp.mfa.policy import Way
from idp.web.problems import Problem
from idp.wording import Translator, msgid

DIGITS_MISSING: Final = Problem(msgid("Enter the six digits."), "code")
RECOVERY_CODE_MISSING: Final = Problem(msgid("Enter one of your recovery codes."), "code")
APP_CODE_REFUSED: Final = Problem(
    msgid("This code is not accepted. Wait until your app shows the next one, and enter that."), "code"
)
TEXTED_CODE_REFUSED: Final = Problem(
    msgid("This code is not accepted. Check the newest text, or have another one sent."), "code"
)
RECOVERY_CODE_REFUSED: Final = Problem(
    msgid("This code is not accepted. Check it against your list, or take the next one: each works once."), "code"
)
PASSKEY_REFUSED: Final = Problem(msgid("This passkey was not accepted. Try again, or choose another way."))
WAY_MISSING: Final = Problem(msgid("This way cannot be used here. Choose another one."))
ENROLMENT_OVER: Final = Problem(msgid("That took longer than ten minutes. Scan the new picture and try again."))
FACTOR_THERE: Final = Problem(msgid("This one is on your account already."))
FACTORS_FULL: Final = Problem(
    msgid("Your account has as many devices as it can have. Remove one that you no longer use.")
)
LAST_FACTOR: Final = Problem(
    msgid("This is your only one. Tick the box to give up the second step, or add another one first."), "also_last"
)

_SOON: Final = 90
_NUMBERS: Final = {
    NumberFault.NOT_A_NUMBER: Problem(
        msgid("This is not a phone number. Enter it with the country code, for example +44 7400 123456."), "phone"
    ),
    NumberFault.NOT_MOBILE: Problem(
        msgid("This number cannot receive texts. Enter the number of a mobile phone."), "phone"
    ),
    NumberFault.NOT_SERVED: Problem(
        msgid("We send no texts to this country. Choose another way, or a number in another country."), "phone"
    ),
}

REFUSED: Final[Mapping[str, Problem]] = {
    Way.TOTP: APP_CODE_REFUSED,
    Way.SMS: TEXTED_CODE_REFUSED,
    Way.RECOVERY_CODE: RECOVERY_CODE_REFUSED,
    Way.PASSKEY: PASSKEY_REFUSED,
}
"""What is said when a way proves nothing, whatever the reason."""


def number_refused(fault: NumberFault) -> Problem:
    """Return the words for a number to which no codes are sent."""
    return _NUMBERS[fault]


def factor_codes_paused_until(translator: Translator, instant: float) -> Problem:
    """Return the words for codes that are not looked at until a moment (seconds since the epoch)."""
    return Problem(
        msgid("After too many wrong codes, none is accepted until %(time)s. Try again then."),
        "code",
        {"time": translator.time(instant)},
    )


def texts_paused_until(translator: Translator, instant: float, *, now: float) -> Problem:
    """Return the words for texts of which no other is sent until a moment (both in seconds since the epoch)."""
    seconds = math.ceil(instant - now)
    if seconds <= _SOON:
        return Problem(msgid("Another text can be sent in %(count)s seconds."), values={"count": max(1, seconds)})
    return Problem(
        msgid("Too many texts were sent. The next one can be sent at %(time)s."),
        values={"time": translator.time(instant)},
    )
