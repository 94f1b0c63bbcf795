"""The evidence of a quarter: whether the trail holds, who has access, and what was done to keys, apps and people.

One set of facts, as Markdown for people and as JSON for programs; nothing in it is secret. Access is as of the moment
at which the report is made; events are those of the quarter, each with its number in the chain, by which anybody finds
it in a sealed export.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from idp.acts.access_review import StaffAccess
from idp.audit.evidence import Quarter, Shown
from idp.cli.printing import when
from idp.clients.client import Client

TITLES = {
    "keys": "Keys made, rotated and removed",
    "compromises": "Keys taken out of service, and their reviews",
    "drills": "Drills",
    "approvals": "Acts of two people",
    "staff": "Changes of staff",
    "clients": "Changes of apps",
    "support": "Accounts opened again, second factors reset, and the support desk",
}
APP_HEADING = ("app", "name", "disabled", "scopes", "grants", "authentication", "algorithms", "audiences")
_MEANS_SOMETHING = re.compile(r"([\\`*_|<>\[\]#])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verifying the trail gave; `fault` is the first one, None when it holds; `received` counts checkpoints."""

    facts: Mapping[str, Any]
    fault: str | None
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the report says."""

    quarter: Quarter
    issuer: str
    made_at: float
    made_by: str
    verification: Verification
    staff: Sequence[StaffAccess]
    clients: Sequence[Client]
    events: Mapping[str, Sequence[Shown]]

    @property
    def over(self) -> bool:
        """Whether the quarter has ended, so that nothing is added to it."""
        return self.made_at >= self.quarter.until

    def document(self) -> dict[str, Any]:
        """Give all of it for a program."""
        return {
            "quarter": self.quarter.name,
            "since": self.quarter.since,
            "until": self.quarter.until,
            "over": self.over,
            "issuer": self.issuer,
            "made_at": self.made_at,
            "made_by": self.made_by,
            "verification": {**self.verification.facts, "checkpoints_received": self.verification.received},
            "staff": [asdict(member) for member in self.staff],
            "clients": [_client(client) for client in self.clients],
            "events": {subject: [asdict(event) for event in events] for subject, events in self.events.items()},
        }

    def markdown(self) -> str:
        """Give all of it for people."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        so_far = "" if self.over else ", **so far: the quarter is not over**"
        yield f"# Evidence of {self.quarter.name}: {self.issuer}"
        yield ""
        yield f"From {when(self.quarter.since)} to {when(self.quarter.until)}{so_far}."
        yield f"Made {when(self.made_at)} by {_plain(self.made_by)}. Access is as of then."
        yield from ("", "## The audit trail", "", *self._verification())
        yield from ("", f"## Staff ({len(self.staff)})", "", *self._staff())
        yield from ("", f"## Apps ({len(self.clients)})", "", *self._clients())
        for subject, events in self.events.items():
            yield from ("", f"## {TITLES[subject]} ({len(events)})", "", *_events(events))

    def _verification(self) -> Iterator[str]:
        facts, received = self.verification.facts, self.verification.received
        if self.verification.fault is not None:
            yield f"**It does not hold.** At {_plain(self.verification.fault)}."
            return
        yield f"It holds: {facts['events']} events, {facts['checkpoints']} checkpoints agree, up to `{facts['hash']}`."
        if facts["unsealed"]:
            yield f"{facts['unsealed']} events of the last two minutes wait to be sealed."
        if not received:
            yield "**Compared with checkpoints of this database alone**, which prove nothing against its operator."

    def _staff(self) -> Iterator[str]:
        heading = ("user ID", "account", "role", "state", "factors", "since", "last sign-in")
        return _table(heading, [_access(who) for who in self.staff])

    def _clients(self) -> Iterator[str]:
        shown = [_client(client) for client in self.clients]
        return _table(APP_HEADING, [tuple(map(_words, client.values())) for client in shown])


def _access(who: StaffAccess) -> tuple[object, ...]:
    last = "never" if who.last_sign_in_at is None else when(who.last_sign_in_at)
    factors = " ".join(who.factors)
    return (who.user_id, who.account_id, who.role, who.status, factors, when(who.created_at), last)


def _client(client: Client) -> dict[str, Any]:
    """Give what an app may do."""
    return {
        "client_id": client.client_id,
        "name": client.name,
        "disabled_at": client.disabled_at,
        "scopes": sorted(client.scopes),
        "grant_types": sorted(client.grant_types),
        "token_endpoint_auth_method": client.auth_method,
        "algorithms": sorted(client.token_algs),
        "audiences": list(client.audiences),
    }


def _words(value: object) -> object:
    if isinstance(value, float):
        return when(value)
    return " ".join(value) if isinstance(value, list) else value


def _events(events: Sequence[Shown]) -> Iterator[str]:
    rows = [
        (event.seq or "not sealed yet", when(event.at), event.type, event.result, event.actor, _about(event))
        for event in events
    ]
    return _table(("number", "when", "what", "result", "who", "about"), rows)


def _about(event: Shown) -> str:
    about = {"account": event.account_id, "client": event.client_id, "reference": event.reference, **event.details}
    return ", ".join(f"{name}: {_told(value)}" for name, value in about.items() if value not in (None, "", [], {}))


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(_plain('-' if cell in (None, '') else cell) for cell in row)} |"


def _plain(value: object) -> str:
    """Write a value so that it is text in Markdown, whatever stands in it: names and reasons were typed by somebody."""
    return _MEANS_SOMETHING.sub(r"\\\1", " ".join(str(value).split()))
