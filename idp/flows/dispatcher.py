"""Where every page returns to: asks `next_step` what is missing, and leads there, or issues the answer.

Pages call the dispatcher instead of redirecting to it: a redirect would cost a round trip and a statement (see the
decision record). A stored journey is taken out of its store before a page's effect is written, so that of two requests
at once one has it; when a page is still missing it is stored again, with its proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypedDict

import flask
from sqlalchemy import Connection

from idp.accounts.policy import Kind
from idp.acts.assurance import Assurance, assurance_of
from idp.acts.standing import Standing, standing_of_account, standing_of_session
from idp.clients.client import Client
from idp.flows.answers import answer_page, failure_for, see_other
from idp.flows.issue import Issued, issue
from idp.flows.journey import Journey, JourneyUnknown
from idp.flows.next_step import COUNTS_NO_MORE, RESET_UNPROVED, Rule, Situation, Step, next_step
from idp.flows.parts import Parts
from idp.flows.proofs import Proved
from idp.flows.visit import fail, note_refusal, session_digest, visitor_of
from idp.lockout.policy import KNOWN_DEVICE_SECONDS
from idp.mfa.factors import have_factors
from idp.mfa.policy import PHISHING_RESISTANT, Way, reaches
from idp.oidc.authorization_response import AuthorizationResponse
from idp.sessions.end import end_if_over
from idp.storage.ephemeral import EphemeralUnavailable
from idp.web.errors import ShownError

PAGE_OF = {
    Step.SIGN_IN: "/sign-in",
    Step.RECOVER: "/recover",
    Step.VERIFY_FACTOR: "/verify-factor",
    Step.CHANGE_PASSWORD: "/change-password",
    Step.ENROL_FACTOR: "/enrol-factor",
    Step.CONSENT: "/consent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Who is present in a journey: the person it is about, and somebody else who was signed in with this browser."""

    person: Standing | None = None
    other: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was decided inside the transaction; turned into a response after the commit.

    `journey` goes on at `page`; without a page it is answered: `response` for the app, None for one of our own pages.
    """

    journey: Journey
    page: str | None = None
    response: AuthorizationResponse | None = None
    session_handle: str | None = field(default=None, repr=False)
    device_handle: str | None = field(default=None, repr=False)


class _Common(TypedDict):
    client_id: str
    now: float
    remembered_digest: bytes | None


Effect = Callable[[Connection, Journey], tuple[Journey, Present]]


def proceed(parts: Parts, journey: Journey, effect: Effect | None = None) -> flask.Response:
    """Go on with a journey.

    `effect` is what a page has to write; it gives the journey with its new proof and who is present, and runs in the
    same transaction as whatever is issued: all or nothing.

    Raises:
        ShownError: another request has the journey.
    """
    if journey.stored:
        take(parts, journey)
    try:
        outcome = _decided(parts, journey, effect)
    except ShownError:
        raise
    except Exception:
        _put_back(parts, journey)
        raise
    return conclude(parts, outcome)


def _decided(parts: Parts, journey: Journey, effect: Effect | None) -> Outcome:
    if effect is None and not journey.proofs and session_digest(parts) is None:
        return decide(parts, None, journey, Present())
    with parts.issuer.database.writing() as connection:
        journey, present = (
            effect(connection, journey) if effect else (journey, who_is_present(parts, connection, journey, hold=True))
        )
        _end_what_is_over(parts, connection, present)
        return decide(parts, connection, journey, present)


def _put_back(parts: Parts, journey: Journey) -> None:
    """Nothing was written, so the person may try again with the page that is still open before them."""
    if journey.stored:
        with suppress(EphemeralUnavailable):
            parts.journeys.keep(journey)


def who_is_present(parts: Parts, connection: Connection, journey: Journey, *, hold: bool) -> Present:
    """Read who proved themselves in this journey, else who is signed in with this browser.

    `hold` wherever something may be issued: the session then cannot end under it.
    """
    proof, handle_digest = journey.signed_in, session_digest(parts)
    common: _Common = {
        "client_id": journey.request.client_id,
        "now": parts.issuer.clock(),
        "remembered_digest": visitor_of(parts).remembered_digest,
    }
    signed_in = (
        standing_of_session(connection, handle_digest=handle_digest, hold=hold, **common) if handle_digest else None
    )
    if proof is None or (signed_in is not None and signed_in.account_id == proof.account_id):
        return Present(person=signed_in)
    return Present(person=standing_of_account(connection, account_id=proof.account_id, **common), other=signed_in)


def _end_what_is_over(parts: Parts, connection: Connection, present: Present) -> None:
    """A cookie whose session has run out ends it for good, so that a clock set back does not bring it to life."""
    handle_digest = session_digest(parts)
    found = (present.person and present.person.session) or (present.other and present.other.session)
    if handle_digest is not None and not found:
        end_if_over(connection, handle_digest=handle_digest, now=parts.issuer.clock())


def missing(parts: Parts, journey: Journey, person: Standing | None) -> Rule:
    """Say what the journey still needs."""
    return next_step(situation_of(parts, journey, client_in_service(parts, journey), person))


def decide(parts: Parts, connection: Connection | None, journey: Journey, present: Present) -> Outcome:
    """Decide what comes next, and issue when nothing is missing."""
    client, person = client_in_service(parts, journey), present.person
    situation = situation_of(parts, journey, client, person)
    rule, assurance = next_step(situation), assurance_in(journey, person)
    if rule.step is Step.ISSUE and connection and person and _factor_gone(connection, journey, person):
        rule = COUNTS_NO_MORE
    if rule.step is Step.ISSUE and person is not None and assurance is not None and connection is not None:
        issued: Issued = issue(
            parts,
            connection,
            journey=journey,
            client=client,
            person=person,
            assurance=assurance,
            other=present.other,
        )
        return Outcome(
            journey=journey,
            response=issued.response,
            session_handle=issued.session_handle,
            device_handle=issued.device_handle,
        )
    in_vain = rule.step is Step.SIGN_IN and situation.proved_here and rule is not RESET_UNPROVED
    if journey.request.silent or in_vain:
        note_refusal(parts, journey.request.client_id, rule.error, rule.name)
        return Outcome(journey=journey, response=failure_for(parts, journey, rule.error, f"Refused: {rule.name}."))
    return Outcome(journey=journey, page=PAGE_OF[rule.step])


def conclude(parts: Parts, outcome: Outcome) -> flask.Response:
    """Turn an outcome into the response, once it is committed."""
    journey, cookies = outcome.journey, parts.cookies
    if outcome.page is not None:
        parts.journeys.keep(journey)
        return see_other(f"{outcome.page}?journey={journey.id}")
    response = answer_page(parts, journey, outcome.response)
    if journey.stored:
        cookies.clear(response, cookies.journey_name(journey.id))
    if outcome.session_handle is not None:
        cookies.set(response, cookies.session_name, outcome.session_handle)
        _keep_device_known(parts, outcome, response)
    return response


def _keep_device_known(parts: Parts, outcome: Outcome, response: flask.Response) -> None:
    """Let lockout know this browser for as long as browsers keep cookies, unless it is a shared one."""
    name = parts.cookies.device_name
    handle = outcome.device_handle or parts.cookies.read(flask.request, name)
    if handle is not None and not outcome.journey.shared_device:
        parts.cookies.set(response, name, handle, max_age=int(KNOWN_DEVICE_SECONDS))


def refuse(parts: Parts, journey: Journey, *, error: str, description: str) -> flask.Response:
    """End a journey with an error for the app, once."""
    take(parts, journey)
    return conclude(parts, Outcome(journey=journey, response=failure_for(parts, journey, error, description)))


def take(parts: Parts, journey: Journey) -> None:
    """Have the journey for this request alone.

    Raises:
        ShownError: another request has it, or had it.
    """
    try:
        parts.journeys.take(journey)
    except JourneyUnknown:
        fail("journey_unknown", detail="another request has this journey")


def client_in_service(parts: Parts, journey: Journey) -> Client:
    """Give the app that waits at the end of the journey.

    Raises:
        ShownError: it was taken out of service meanwhile.
    """
    client = parts.issuer.directory.find(journey.request.client_id)
    if client is None or client.disabled_at is not None:
        note_refusal(parts, journey.request.client_id, "unauthorized_client", "the app is out of service")
        fail("client_unknown", detail=f"client {journey.request.client_id} is out of service")
    return client


def assurance_in(journey: Journey, person: Standing | None) -> Assurance | None:
    """Weigh what this person has proved in a journey, beside the session that vouches for them."""
    if person is None:
        return None
    proofs = [proof for proof in journey.proofs if proof.account_id == person.account_id]
    ways = {_WAY_OF.get(proof.step) or Way(proof.way) for proof in proofs if proof.step is not Proved.CONSENT}
    signed_in = next((proof for proof in reversed(proofs) if proof.step in _SIGNS_IN), None)
    return assurance_of(
        ways,
        signed_in_at=signed_in.at if signed_in else None,
        session=person.session,
        shared_device=journey.shared_device,
    )


_SIGNS_IN = (Proved.PASSWORD, Proved.PASSKEY)
_WAY_OF = {Proved.PASSWORD: Way.PASSWORD}


def situation_of(parts: Parts, journey: Journey, client: Client, person: Standing | None) -> Situation:
    """Gather all that the decision rests on."""
    proof, consent, assurance = journey.signed_in, journey.proof(Proved.CONSENT), assurance_in(journey, person)
    account_id = person.account_id if person else None
    return Situation(
        request=journey.request,
        client=client,
        now=parts.issuer.clock(),
        account_id=account_id,
        auth_time=assurance.auth_time if assurance else None,
        proved_here=proof is not None,
        password_here=_password_here(journey, person),
        void=bool(person and assurance and _counts_no_more(journey, person, assurance)),
        acr=assurance.acr if assurance else None,
        factors=person.factors if person else frozenset(),
        remembered=bool(person and person.remembered) and not journey.shared_device,
        recovery_due=bool(person and (person.locked_down or person.compromised)),
        reset_due=bool(person and person.reset_due),
        scopes=frozenset(scopes_of(parts, journey, person)) if person else frozenset(),
        consented=person.consented if person else frozenset(),
        consented_here=consent is not None and consent.account_id == account_id,
    )


def scopes_of(parts: Parts, journey: Journey, person: Standing) -> tuple[str, ...]:
    """Give the scopes that were asked for, as far as the person's parts in contracts allow them."""
    return parts.issuer.ceiling.beneath(journey.request.scopes, person.permissions)


def _factor_gone(connection: Connection, journey: Journey, person: Standing) -> bool:
    """Whether a factor that was shown in this journey was removed since: it vouches for nobody any more."""
    shown = {proof.factor_id for proof in journey.proofs if proof.account_id == person.account_id} - {""}
    return bool(shown) and not have_factors(connection, account_id=person.account_id, factor_ids=shown)


def _password_here(journey: Journey, person: Standing | None) -> bool:
    """Whether the journey has this person's password; another account's, or one replaced since, is none."""
    proof = journey.proof(Proved.PASSWORD)
    if proof is None or person is None:
        return False
    return proof.account_id == person.account_id and not person.is_void(proof.at, by_password=True)


def _counts_no_more(journey: Journey, person: Standing, assurance: Assurance) -> bool:
    proof = journey.signed_in
    by_password = assurance.here and proof is not None and proof.step is Proved.PASSWORD
    if person.kind == Kind.STAFF and not reaches(assurance.acr, PHISHING_RESISTANT):
        return True  # Staff sign in by passkey alone.
    return person.is_void(assurance.auth_time, by_password=by_password)
