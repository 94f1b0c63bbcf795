"""What stands behind a reference number, in the words of whoever runs the app: what was refused, why, and what to do.

The audit trail has the name of the check, what was sent and what was registered at that moment; what is registered now
is read beside it, since somebody may have mended it meanwhile.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from idp.audit.events import EventType, RecordedEvent
from idp.audit.read import events_by_reference
from idp.cli.explain_words import words_for
from idp.cli.opened import Opened
from idp.cli.printing import when
from idp.clients.registration import ClientUnknown, read_metadata

# Refusals are written in batches, a moment after the answer.
ATTEMPTS = 5
PAUSE_SECONDS = 0.1
FRESH_SECONDS = 2.0
_SPOKEN = re.compile(r"([A-Za-z]{4})[\s-]*([0-9]{4})\Z")
_MEMBERS = {
    "redirect_uri registered to the letter": "redirect_uris",
    "scope": "scope",
    "client in service, with the grant type authorization_code": "grant_types",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One recorded event, explained; `at` in seconds."""

    reference: str
    event: str
    at: float
    client_id: str | None
    result: str
    check: str
    sent: str
    registered: str
    registered_now: str
    why: str
    remedy: str
    more: dict[str, Any]

    def as_document(self) -> dict[str, Any]:
        """Give a JSON document."""
        return {name: getattr(self, name) for name in self.__slots__}

    def as_text(self) -> str:
        """Give lines for a terminal."""
        lines = {
            "what": f"{self.event} ({self.result}), {when(self.at)}",
            "client": self.client_id or "not known",
            "check": self.check,
            "sent": self.sent,
            "registered then": self.registered,
            "registered now": self.registered_now if self.registered_now != self.registered else "",
            **{name: str(value) for name, value in self.more.items()},
            "in words": self.why,
            "what to do": self.remedy,
        }
        return "\n".join(f"{name + ':':17}{text}" for name, text in lines.items() if text)


def explain(service: Opened, reference: str) -> list[Explanation]:
    """Explain every event under a reference; an empty list when there is none."""
    events = _events(service, normal_form(reference))
    return [_explained(service, event) for event in events]


def normal_form(typed: str) -> str:
    """Write a reference as it is kept: a page's as KTMR-4821, a request's in lower case."""
    spoken = _SPOKEN.match(typed.strip())
    return f"{spoken[1].upper()}-{spoken[2]}" if spoken else typed.strip().lower()


def _events(service: Opened, reference: str) -> list[RecordedEvent]:
    """Read the events, giving those of a request that has just been answered the time to be written."""
    events: list[RecordedEvent] = []
    for attempt in range(ATTEMPTS):
        with service.database.reading() as connection:
            events = events_by_reference(connection, reference=reference)
        if events and (attempt or events[0].at < service.clock() - FRESH_SECONDS):
            break
        time.sleep(PAUSE_SECONDS)
    return events


def _explained(service: Opened, event: RecordedEvent) -> Explanation:
    details = dict(event.details)
    check, sent = str(details.pop("check", "")), str(details.pop("sent", ""))
    registered = str(details.pop("registered", ""))
    refused = event.result != "ok"
    words = words_for(check or event.type, event.result) if refused else None
    return Explanation(
        reference=event.reference or "",
        event=event.type,
        at=event.at,
        client_id=event.client_id,
        result=event.result,
        check=check,
        sent=sent,
        registered=registered,
        registered_now=_registered_now(service, event, check),
        why=words.why if words else "This went through.",
        remedy=words.remedy if words else "",
        more={name: value for name, value in details.items() if name != "description"},
    )


def _registered_now(service: Opened, event: RecordedEvent, check: str) -> str:
    """Give what is registered today of what the check compares with."""
    member = _MEMBERS.get(check)
    if event.type == EventType.CLIENT_AUTHENTICATION_FAILED:
        member = "token_endpoint_auth_method"
    if member is None or event.client_id is None:
        return ""
    with service.database.reading() as connection:
        try:
            value = read_metadata(connection, client_id=event.client_id).get(member, "")
        except ClientUnknown:
            return "(the client is gone)"
    return " ".join(value) if isinstance(value, list) else str(value)
