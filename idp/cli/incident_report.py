"""The report of an incident: what happened when, whose tokens it was about, until when apps may still believe the key.

One set of facts, as Markdown for people and as JSON for programs; nothing in it is secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from idp.cli.printing import when
from idp.clients.client import Client
from idp.delivery.app_events import heard_of
from idp.delivery.app_queue import CONFIRMED, GIVEN_UP, REFUSED, UNNEEDED, WAITING
from idp.issuance.pick_up import fetched_since
from idp.storage.incident_rows import Incident
from keys.jwks import MAX_AGE_SECONDS
from keys.timetable import SKEW_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """A client whose tokens the key may have signed: whom to write to, how far the event has come to it.

    `refetched_at` is when it is known to have fetched the JWKS since, which only its own address (`own_jwks`) can tell.
    """

    client_id: str
    name: str
    security_contact: str | None
    event: str | None
    own_jwks: bool
    refetched_at: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """An incident, and the clients whose tokens the key may have signed."""

    incident: Incident
    issuer: str
    clients: tuple[Concerned, ...]
    made_at: float

    @property
    def apps_follow_until(self) -> float:
        """By when every app with an honest cache has dropped the key."""
        return self.incident.opened_at + MAX_AGE_SECONDS + SKEW_SECONDS

    def document(self) -> dict[str, Any]:
        """Give all of it for a program."""
        return {
            "incident": asdict(self.incident),
            "issuer": self.issuer,
            "review_due_at": self.incident.review_due_at,
            "apps_follow_until": self.apps_follow_until,
            "clients": [asdict(client) for client in self.clients],
            "message": self.message(),
            "made_at": self.made_at,
        }

    def message(self) -> str:
        """Give the text for each client's security contact."""
        if self.incident.purpose == "drill":
            return f"This was a rehearsal at {self.issuer}: no key is known to others, and there is nothing to do."
        return (
            f"At {when(self.incident.opened_at)} {self.issuer} took the signing key {self.incident.kid} "
            f"({self.incident.algorithm}) out of service, because it may be known to others. Do three things now: "
            f"fetch {self.issuer}/jwks again and drop every key that is not in it; refuse tokens signed with that key, "
            "also "
            "those you have accepted before; end the sessions that began with one of them, and let people sign in "
            "anew, which asks them for nothing as long as they are signed in here."
        )

    def markdown(self) -> str:
        """Give all of it for people."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        incident = self.incident
        yield from (f"# {_title(incident)}", "", "| when | what | who |", "|---|---|---|")
        for at, what, who in self._events():
            yield f"| {when(at)} | {what} | {who} |"
        yield ""
        yield f"- Key: `{incident.kid}`, {incident.algorithm}, until then {incident.state_before}"
        yield f"- Reason: {incident.reason or 'none was given'}"
        yield f"- Sessions and refresh tokens go on; access tokens of the key ended at {when(incident.opened_at)}"
        yield ""
        yield from self._apps()

    def _events(self) -> Iterator[tuple[float, str, str]]:
        incident = self.incident
        yield incident.opened_at, "out of service, off the JWKS, refused by every node", incident.opened_by
        yield incident.opened_at, _follower(incident), ""
        yield self.apps_follow_until, "apps that keep to the JWKS's cache time have dropped it", ""
        reviewed_at = incident.reviewed_at or incident.review_due_at
        yield reviewed_at, _review(incident, self.made_at), incident.reviewed_by or ""
        if incident.withdrawn_at is not None:
            what = "withdrawn as a false alarm; the key stays retired"
            yield incident.withdrawn_at, what, incident.withdrawn_by or ""

    def _standing(self, client: Concerned) -> Iterator[str]:
        yield f"contact {client.security_contact}" if client.security_contact else "no security contact"
        yield _EVENTS[client.event]
        if client.refetched_at is not None:
            yield f"fetched the keys again at {when(client.refetched_at)}"
        elif client.own_jwks:
            yield "**has not fetched the keys again**"
        elif self.made_at < self.apps_follow_until:
            minutes = (self.apps_follow_until - self.made_at) / 60
            yield f"may believe the key for another {minutes:.0f} minutes"
        else:
            yield "has dropped the key, if it keeps to the cache time"

    def _apps(self) -> Iterator[str]:
        yield f"## Apps whose tokens it signed ({len(self.clients)})"
        yield ""
        for client in self.clients:
            yield f"- {client.name} (`{client.client_id}`): {', '.join(self._standing(client))}"
        yield ""
        yield "## Message to their security contacts"
        yield ""
        yield self.message()


def report_on(
    connection: Connection, incident: Incident, *, issuer: str, clients: Sequence[Client], now: float
) -> Report:
    """Put the report together from all registered clients; disabled ones get no tokens and are left out."""
    events, refetched = heard_of(connection, incident.id), fetched_since(connection, incident.opened_at)
    concerned = tuple(
        Concerned(
            client_id=client.client_id,
            name=client.name,
            security_contact=client.security_contact,
            event=events.get(client.client_id),
            own_jwks=client.own_jwks,
            refetched_at=refetched.get(client.client_id),
        )
        for client in clients
        if incident.algorithm in client.token_algs
    )
    return Report(incident, issuer, concerned, now)


_EVENTS = {
    None: "hears no security events",
    WAITING: "its security event is on the way",
    CONFIRMED: "heard the security event",
    REFUSED: "**refused the security event**",
    GIVEN_UP: "**could not be reached for the security event**",
    UNNEEDED: "listens no more",
}


def _title(incident: Incident) -> str:
    if incident.purpose == "drill":
        return f"DRILL: a rehearsal key was taken out of service ({incident.id})"
    return f"A signing key was taken out of service ({incident.id})"


def _follower(incident: Incident) -> str:
    if incident.replaced_by is not None:
        return f"`{incident.replaced_by}` signs instead; apps held it already"
    if incident.state_before == "active":
        return f"**nothing signs with {incident.algorithm}** until `idp keys stage` and `idp keys activate`"
    return "it did not sign at the time: nothing had to take over"


def _review(incident: Incident, now: float) -> str:
    if incident.reviewed_at is not None:
        return "reviewed by a second person"
    return (
        "**review by a second person is overdue**" if incident.is_overdue(now) else "review by a second person is due"
    )
