"""How many wrong guesses are allowed, by what, and for how long they count.

A name has ten failures in half an hour for all browsers that it is not known in, and ten more for each browser that it
is known in; the last few come ever more slowly, and the tenth begins half an hour of rest. A hundred in a row stop
that class of devices for good (NIST SP 800-63B-4 §3.2.2). Networks slow people down before they refuse: see `places`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class GuessKind(StrEnum):
    """What guesses are counted by."""

    IDENTIFIER = "identifier"
    ADDRESS = "address"
    NETWORK = "network"
    PAIR = "pair"
    NAME = "name"
    ALARM = "alarm"
    WORK = "work"
    CODE = "code"
    FACTOR = "factor"
    SEND = "send"
    SEND_AGAIN = "send again"
    SEND_ADDRESS = "send address"
    MAIL = "mail"
    MAIL_OF_DAY = "mail of day"
    LOCK_NOTICE = "lock notice"
    RECOVERY_ADDRESS = "recovery"
    COMPARED = "compared"
    CALL_CODE = "call code"
    CALL_AGENT = "call agent"
    CALL_MAIL = "call mail"


@dataclass(frozen=True, slots=True)
class Budget:
    """So many failures within so many seconds; the last one allowed starts a rest of the same length."""

    failures: int
    seconds: float


BUDGETS: Final = {
    # Once for all browsers that the account is not known in, once more for each that it is.
    GuessKind.IDENTIFIER: Budget(failures=10, seconds=1800.0),
    # One for all recoveries of an account, whoever began them; another mail does not refill it.
    GuessKind.CODE: Budget(failures=10, seconds=3600.0),
    # One for all journeys and kinds of code of an account; another text does not refill it.
    GuessKind.FACTOR: Budget(failures=10, seconds=3600.0),
    # Texts cost money and wake people: five in an hour, for an account and for a number alike, half a minute apart.
    GuessKind.SEND: Budget(failures=5, seconds=3600.0),
    GuessKind.SEND_AGAIN: Budget(failures=1, seconds=30.0),
    GuessKind.SEND_ADDRESS: Budget(failures=60, seconds=3600.0),
    # A mailbox is not flooded, whoever asks: one mail in two minutes, ten in a day.
    GuessKind.MAIL: Budget(failures=1, seconds=120.0),
    GuessKind.MAIL_OF_DAY: Budget(failures=10, seconds=86_400.0),
    GuessKind.LOCK_NOTICE: Budget(failures=1, seconds=86_400.0),
    GuessKind.RECOVERY_ADDRESS: Budget(failures=60, seconds=3600.0),
    # A new password is compared with the present one and those before it, which tells whoever asks what those are.
    GuessKind.COMPARED: Budget(failures=20, seconds=3600.0),
    # What an agent types for a caller: by account, whoever types, and by agent, over all accounts.
    GuessKind.CALL_CODE: Budget(failures=5, seconds=3600.0),
    GuessKind.CALL_AGENT: Budget(failures=20, seconds=3600.0),
    # Call codes by mail, whichever agents ask: enough for a call, and no flood.
    GuessKind.CALL_MAIL: Budget(failures=3, seconds=600.0),
}

STOP_AFTER: Final = 100
"""So many failures in a row, over all windows, and only recovery or an operator lets guesses be checked again."""

DELAYS: Final = {6: 1.0, 7: 2.0, 8: 4.0, 9: 8.0}
"""Seconds until the next guess is looked at, by how many have failed; six are free, which is what people need."""

KNOWN_DEVICE_SECONDS: Final = 400 * 86_400.0
"""How long a browser stays known after the last sign-in in it; browsers keep no cookie for longer."""

KNOWN_DEVICE_RENEWED: Final = 86_400.0
"""A known browser is written down anew at most this often."""


def delay_after(failures: int) -> float:
    """Give the seconds that the guess after so many failures has to wait."""
    return DELAYS.get(failures, 0.0)
