"""What can be wrong with a form that a person sent, in words that say what to do next.

Invariant: the words never tell whether an account exists; the same ones stand in the summary and beside the field.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final, LiteralString

from idp.passwords.policy import (
    PasswordBreached,
    PasswordHoldsName,
    PasswordNotMixed,
    PasswordRefused,
    PasswordTooShort,
    PasswordUsedBefore,
)
from idp.wording import Translator, msgid


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: the English words (a msgid), the field it belongs to, and what fills the words' marks."""

    words: LiteralString
    field: str | None = None
    values: Mapping[str, str | int] = dataclasses.field(default_factory=dict)

    def said(self, translator: Translator) -> str:
        """Return the words in the reader's language, as plain text."""
        return translator.say(self.words, **self.values)


USER_ID_MISSING: Final = Problem(msgid("Enter your user ID or e-mail address."), "user_id")
PASSWORD_MISSING: Final = Problem(msgid("Enter your password."), "password")
SIGN_IN_FAILED: Final = Problem(msgid("User ID and password do not match. Check both and try again."), "password")
PASSKEY_REFUSED: Final = Problem(
    msgid("This passkey did not sign you in, or the page was open for too long. Try again, or use your password.")
)
BUSY: Final = Problem(msgid("Many people are signing in right now. Wait a few seconds and try again."))
FORM_EXPIRED: Final = Problem(msgid("This page was open for too long. Nothing was sent on; please try again."))

NEW_PASSWORD_UNUSABLE: Final = Problem(msgid("Enter a new password of at most 256 characters."), "new_password")
NEW_PASSWORD_SAME: Final = Problem(msgid("That is the password to be replaced. Choose another one."), "new_password")
NEW_PASSWORD_FORMER: Final = Problem(msgid("You have used this password before. Choose another one."), "new_password")
NEW_PASSWORD_COMMON: Final = Problem(
    msgid("This password is among the first that strangers try. Choose words that are not so common."), "new_password"
)
NEW_PASSWORD_BREACHED: Final = Problem(
    msgid("This password is known to strangers: it has been stolen elsewhere. Choose one that you use nowhere else."),
    "new_password",
)
NEW_PASSWORD_NOT_MIXED: Final = Problem(msgid("This password needs at least one letter and one digit."), "new_password")
CURRENT_PASSWORD_MISSING: Final = Problem(msgid("Enter your current password."), "current_password")
CURRENT_PASSWORD_WRONG: Final = Problem(
    msgid("That is not your current password. Check it and try again."), "current_password"
)
IDENTIFIER_MISSING: Final = Problem(msgid("Enter your user ID or your e-mail address."), "identifier")
ADDRESS_MISSING: Final = Problem(
    msgid("To find your user ID, enter the e-mail address that we have for you, with an @ in it."), "identifier"
)
CODE_MISSING: Final = Problem(msgid("Enter the code from the mail: eight letters and digits."), "code")
CODE_WRONG: Final = Problem(
    msgid("This is not the code of the newest mail, or its ten minutes are over. Check it, or ask for a new mail."),
    "code",
)
WORK_EXPIRED: Final = Problem(msgid("That took too long, or was sent twice. Please try once more."))

NEW_ADDRESS_REFUSED: Final = Problem(
    msgid("Enter one e-mail address, as in name@example.com, with plain letters and without spaces or commas."), "email"
)
NEW_ADDRESS_PRESENT: Final = Problem(msgid("That is your e-mail address already."), "email")
SHARE_PROBLEMS: Final[Mapping[str, Problem]] = {
    "number": Problem(msgid("Choose one of your contracts."), "number"),
    "address": Problem(
        msgid("Enter one e-mail address that is not your own and with which this contract is not shared yet."),
        "address",
    ),
    "permission": Problem(msgid("Choose what they may do."), "permission"),
    "until": Problem(msgid("Choose a day between tomorrow and a year from now."), "until"),
}
PHRASE_REFUSED: Final = Problem(msgid("Use one line of at most 64 characters for your phrase."), "phrase")


def mails_rest_until(translator: Translator, instant: float) -> Problem:
    """Return the words for mails that wait until a moment (seconds since the epoch)."""
    return Problem(
        msgid("A mail is on its way already. You can ask for another one at %(time)s."),
        "email",
        {"time": translator.time(instant)},
    )


def codes_rest_until(translator: Translator, instant: float) -> Problem:
    """Return the words for codes that are not looked at until a moment (seconds since the epoch)."""
    return Problem(
        msgid("After too many wrong codes, none is accepted until %(time)s."),
        "code",
        {"time": translator.time(instant)},
    )


def codes_paused_until(translator: Translator, instant: float) -> Problem:
    """Return the words for codes that are not looked at until a moment (seconds since the epoch)."""
    return Problem(
        msgid("After too many wrong codes, none is accepted until %(time)s. The link in a new mail works at once."),
        "code",
        {"time": translator.time(instant)},
    )


def new_password_refused(error: PasswordRefused) -> Problem:
    """Return the words for a new password that may not be chosen."""
    match error:
        case PasswordTooShort():
            return new_password_too_short(error.at_least)
        case PasswordUsedBefore():
            return NEW_PASSWORD_SAME if error.present else NEW_PASSWORD_FORMER
        case PasswordHoldsName():
            return _new_password_holds(error.name)
        case PasswordBreached():
            return NEW_PASSWORD_BREACHED
        case PasswordNotMixed():
            return NEW_PASSWORD_NOT_MIXED
        case _:
            return NEW_PASSWORD_COMMON


def _new_password_holds(name: str) -> Problem:
    return Problem(
        msgid("Without “%(name)s”, which others know too, too little is left of this password. Add more words."),
        "new_password",
        {"name": name},
    )


def new_password_too_short(at_least: int) -> Problem:
    """Return the words for a new password with fewer characters than it needs."""
    return Problem(
        msgid("This password is too short: use at least %(count)s characters."), "new_password", {"count": at_least}
    )


def paused_until(translator: Translator, instant: float) -> Problem:
    """Return the words for a user ID that takes no more guesses until a moment (seconds since the epoch)."""
    return Problem(
        msgid("Signing in with this user ID is paused until %(time)s after too many attempts. Try again then."),
        values={"time": translator.time(instant)},
    )


def place_paused_until(translator: Translator, instant: float) -> Problem:
    """Return the words for a network from which no guesses are checked until a moment (seconds since the epoch)."""
    return Problem(
        msgid("Too many sign-ins have failed from your network. Signing in from it is paused until %(time)s."),
        values={"time": translator.time(instant)},
    )


def too_soon(seconds: int) -> Problem:
    """Return the words for a guess that came sooner after a wrong one than it is looked at."""
    return Problem(
        msgid("After some wrong attempts there is a short wait. This one was not checked: try again in %(count)s s."),
        values={"count": seconds},
    )


def work_not_done(seconds: int) -> Problem:
    """Return the words for somebody who goes on before the wait is over."""
    return Problem(msgid("Please wait %(count)s s more, then press Continue."), values={"count": seconds})
