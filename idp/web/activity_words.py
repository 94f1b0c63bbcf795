"""What happened to an account, in words for its owner; events that only engineers understand are not among them."""

from typing import Final, LiteralString

from idp.audit.events import EventType
from idp.wording import Translator, msgid

ACTIVITY_WORDS: Final[dict[str, LiteralString]] = {
    EventType.SESSION_OPENED: msgid("Signed in"),
    EventType.SESSION_RENEWED: msgid("Signed in again"),
    EventType.SIGN_IN_REFUSED: msgid("A sign-in was refused"),
    EventType.SESSION_ENDED: msgid("Signed out"),
    EventType.CONSENT_GIVEN: msgid("An app was allowed access"),
    EventType.CONSENT_WITHDRAWN: msgid("An app’s access was ended"),
    EventType.ACCOUNT_CHANGED: msgid("The lender brought your details up to date"),
    EventType.ACCOUNT_DISABLED: msgid("The account was suspended by the lender"),
    EventType.ACCOUNT_ENABLED: msgid("The account was reopened by the lender"),
    EventType.ACCOUNT_CLOSING: msgid("Closing the account was asked for"),
    EventType.ACCOUNT_KEPT: msgid("The account was kept after all"),
    EventType.ACCOUNT_EXPORTED: msgid("A copy of everything about the account was made"),
    EventType.ACCOUNT_LOCKED: msgid("Signing in was paused after too many attempts"),
    EventType.ACCOUNT_UNLOCKED: msgid("Signing in was allowed again"),
    EventType.ACCOUNT_LOCKED_DOWN: msgid("“This wasn’t me”: the account was locked"),
    EventType.PASSWORD_CHANGED: msgid("The password was changed"),
    EventType.PASSWORD_RESET: msgid("The password was reset by mail"),
    EventType.FACTOR_ADDED: msgid("A sign-in method was added"),
    EventType.FACTOR_REMOVED: msgid("A sign-in method was removed"),
    EventType.FACTOR_REFUSED: msgid("A second step was refused"),
    EventType.FACTORS_RESET: msgid("The sign-in methods were reset"),
    EventType.RECOVERY_CODES_RENEWED: msgid("New recovery codes were made"),
    EventType.DEVICE_REMEMBERED: msgid("A browser was remembered for the second step"),
    EventType.RECOVERY_ASKED: msgid("Help with a forgotten password or user ID was asked for"),
    EventType.RECOVERY_REFUSED: msgid("A wrong code from one of our mails was entered"),
    EventType.EMAIL_CHANGE_ASKED: msgid("A new e-mail address was asked for"),
    EventType.EMAIL_CHANGE_REFUSED: msgid("A wrong code for a new e-mail address was entered"),
    EventType.EMAIL_CHANGED: msgid("The e-mail address was changed"),
    EventType.PREFERENCES_CHANGED: msgid("Preferences were changed"),
    EventType.SHARE_OFFERED: msgid("Access to a contract was offered to somebody"),
    EventType.SHARE_ACCEPTED: msgid("Access to a contract was accepted"),
    EventType.SHARE_ENDED: msgid("Shared access to a contract ended"),
    EventType.CALL_CODE_MADE: msgid("A call code for support was made"),
    EventType.CALL_VERIFIED: msgid("A caller proved to support by a call code that the account is theirs"),
    EventType.CALL_REFUSED: msgid("A wrong call code was told to support"),
    EventType.DESK_REVEALED: msgid("Support looked at contact data"),
    EventType.DESK_ACTED: msgid("Support did something at a caller’s request"),
}
"""By the name of the event, in the order of `EventType`."""


def activity_words(translator: Translator, type: str) -> str:
    """Return what an event means; one without words under its own name."""
    words = ACTIVITY_WORDS.get(type)
    return translator.say(words) if words else type
