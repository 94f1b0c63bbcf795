"""/security/attacks: refused sign-ins, locks and floods of the last two days, an hour to a bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import flask

from idp.acts.standing import Standing
from idp.audit.counts import counts_by_time
from idp.audit.events import EventType
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.staff.charts import bars
from idp.staff.roles import Action
from idp.staff.visit import console_page, shown_to_staff
from idp.wording import msgid

HOURS: Final = 48
HOUR: Final = 3600.0
SHOWN: Final = {
    EventType.SIGN_IN_REFUSED.value: msgid("Sign-ins refused"),
    EventType.SIGN_IN_SUCCEEDED.value: msgid("Sign-ins that succeeded"),
    EventType.ACCOUNT_LOCKED.value: msgid("Accounts locked"),
    EventType.FACTOR_REFUSED.value: msgid("Second factors refused"),
    EventType.STUFFING_DETECTED.value: msgid("Waves of stolen passwords noticed"),
    EventType.PLACE_SLOWED.value: msgid("Networks slowed down"),
}


def attack_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /security/attacks."""
    pages = flask.Blueprint("security_attacks", __name__)

    @pages.get(Back.SECURITY_ATTACKS)
    def attacks() -> flask.Response:
        return shown_to_staff(parts, Back.SECURITY_ATTACKS, Action.SEE_ATTACKS, lambda person: _page(parts, person))

    return pages


def _page(parts: Parts, person: Standing) -> flask.Response:
    since = (parts.issuer.clock() // HOUR + 1 - HOURS) * HOUR
    with parts.issuer.database.reading() as connection:
        counted = counts_by_time(connection, list(SHOWN), since=since, step=HOUR, buckets=HOURS)
    charts = [_chart(words, counted[name], since) for name, words in SHOWN.items()]
    return console_page(parts, "attacks", person, charts=charts, since=since)


def _chart(words: str, counts: Sequence[int], since: float) -> dict[str, Any]:
    return {
        "words": words,
        "total": sum(counts),
        "highest": max(counts),
        "chart": bars(counts),
        "hours": [(since + place * HOUR, count) for place, count in enumerate(counts) if count],
    }
