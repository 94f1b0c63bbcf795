"""What people choose on the account pages: the phrase in their mails, which mails they want, what is not offered again.

Notices about security cannot be switched off; the mail about a sign-in in a new browser can, since it only repeats what
the account page shows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from idp.accounts.models import ACCOUNTS

MAX_PHRASE: Final = 64
OFFER_RESTS_SECONDS: Final = 90 * 86_400.0
"""After "Not now" an offer stays away for so long."""

_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_C = ACCOUNTS.c


class PhraseRefused(ValueError):
    """A phrase is one line of at most 64 characters that can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a person has chosen; `offer_hidden_until` is an instant."""

    phrase: str | None = None
    locale: str | None = None
    new_device_mail: bool = True
    offer_hidden_until: float | None = None

    def offer_due(self, *, now: float) -> bool:
        """Whether a better protection may be offered (again)."""
        return self.offer_hidden_until is None or now >= self.offer_hidden_until


def preferences_of(connection: Connection, *, account_id: str) -> Preferences:
    """Give what the person has chosen; what nobody chose is as it comes."""
    chosen = select(_C.phrase, _C.locale, _C.preferences).where(_C.id == account_id)
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return Preferences()
    document: Mapping[str, Any] = row.preferences or {}
    return Preferences(
        phrase=row.phrase,
        locale=row.locale,
        new_device_mail=document.get("new_device_mail", True) is not False,
        offer_hidden_until=document.get("offer_hidden_until"),
    )


def keep_preferences(connection: Connection, *, account_id: str, now: float, **changes: Any) -> None:  # noqa: ANN401 - JSON
    """Write members of the account's preferences; the others stay as they are."""
    document = select(_C.preferences).where(_C.id == account_id).with_for_update()
    kept = connection.execute(document).scalar_one()
    connection.execute(
        update(ACCOUNTS).where(_C.id == account_id).values(preferences={**(kept or {}), **changes}, updated_at=now)
    )


def set_phrase(connection: Connection, *, account_id: str, phrase: str, now: float) -> None:
    """Let mails carry this phrase; an empty one takes it out.

    Raises:
        PhraseRefused: see there.
    """
    connection.execute(
        update(ACCOUNTS).where(_C.id == account_id).values(phrase=accepted_phrase(phrase), updated_at=now)
    )


def accepted_phrase(typed: str) -> str | None:
    """Give the phrase that was meant by what was typed, None for none.

    Raises:
        PhraseRefused: longer than 64 characters, or something in it cannot be seen.
    """
    phrase = unicodedata.normalize("NFC", typed[: 4 * MAX_PHRASE]).strip()
    if len(phrase) > MAX_PHRASE or any(unicodedata.category(char) in _UNPRINTABLE for char in phrase):
        raise PhraseRefused("not one line of at most 64 visible characters")
    return phrase or None


def set_locale(connection: Connection, *, account_id: str, locale: str, now: float) -> None:
    """Let pages and mails speak this language (a tag of BCP 47)."""
    connection.execute(update(ACCOUNTS).where(_C.id == account_id).values(locale=locale, updated_at=now))
