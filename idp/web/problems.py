"""What can be wrong with a form that a person sent, in words that say what to do next.

Invariant: the words never tell whether an account exists; the same ones stand in the summary and beside the field.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final, LiteralString

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
BUSY: Final = Problem(msgid("Many people are signing in right now. Wait a few seconds and try again."))
FORM_EXPIRED: Final = Problem(msgid("This page was open for too long. Nothing was sent on; please try again."))

NEW_PASSWORD_UNUSABLE: Final = Problem(msgid("Enter a new password of at most 256 characters."), "new_password")
NEW_PASSWORD_SAME: Final = Problem(msgid("That is the password to be replaced. Choose another one."), "new_password")


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
