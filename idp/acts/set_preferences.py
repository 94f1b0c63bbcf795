"""A person sets how the issuer speaks to them: language, phrase in mails, mails about new browsers, offers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.accounts.preferences import (
    OFFER_RESTS_SECONDS,
    accepted_phrase,
    keep_preferences,
    preferences_of,
    set_locale,
    set_phrase,
)
from idp.acts.visitor import Visitor
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.handles import Entropy
from idp.wording import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a person has ticked and typed."""

    language: str
    phrase: str
    new_device_mail: bool


class LanguageUnknown(ValueError):
    """Pages are not written in this language."""


def set_preferences(
    connection: Connection, wishes: Wishes, *, account_id: str, visitor: Visitor, entropy: Entropy, now: float
) -> None:
    """Write down what the person wishes, and in the trail which of it is new; the phrase itself is not told there.

    Raises:
        PhraseRefused: the phrase cannot stand in a mail.
        LanguageUnknown: see there.
    """
    if wishes.language not in LANGUAGES:
        raise LanguageUnknown(wishes.language)
    before, phrase = preferences_of(connection, account_id=account_id), accepted_phrase(wishes.phrase)
    changed = []
    if phrase != before.phrase:
        set_phrase(connection, account_id=account_id, phrase=wishes.phrase, now=now)
        changed.append("phrase")
    if not _speaks(before.locale, wishes.language):
        set_locale(connection, account_id=account_id, locale=wishes.language, now=now)
        changed.append("language")
    if wishes.new_device_mail != before.new_device_mail:
        keep_preferences(connection, account_id=account_id, now=now, new_device_mail=wishes.new_device_mail)
        changed.append("new_device_mail")
    if changed:
        event = Event(
            type=EventType.PREFERENCES_CHANGED,
            at=now,
            actor=f"account:{account_id}",
            account_id=account_id,
            reference=visitor.reference,
            details={"changed": changed},
            personal=visitor.personal,
        )
        record(connection, event, entropy=entropy)


def hide_offer(connection: Connection, *, account_id: str, now: float) -> None:
    """The person said "Not now": for 90 days nothing is offered."""
    keep_preferences(connection, account_id=account_id, now=now, offer_hidden_until=now + OFFER_RESTS_SECONDS)


def _speaks(locale: str | None, language: str) -> bool:
    """Whether a locale is of this language already; "de-AT" stays what it is when German is chosen."""
    return locale is not None and locale.replace("_", "-").split("-")[0].lower() == language
