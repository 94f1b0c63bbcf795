"""Where a factor is being added: in the journey of an app that asks for one, or from the account pages.

Invariant: only whoever has just signed in, with a factor if there is one, adds another. What waits to be proved is
bound to the account and to this place; every post asks anew whether the place still waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask

from idp.accounts.policy import Kind
from idp.acts.standing import Standing
from idp.flows.account_visit import account_token, posted_by_person, shown_to_person
from idp.flows.built_in import Back
from idp.flows.dispatcher import client_in_service, missing, proceed, situation_of, who_is_present
from idp.flows.journey import Journey
from idp.flows.next_step import Step, level_wanted
from idp.flows.parts import Parts
from idp.flows.visit import brand_for, current_journey, form_targets, form_token_for, language_of, require_own_form
from idp.mfa.policy import PHISHING_RESISTANT, Factor

PAGE = "enrol_factor"
PATH = "/enrol-factor"
_LANDINGS = {"new-phone": Back.NEW_PHONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """Who adds a factor, and where: `place` is "journey:ID" or "session:SID", `journey` None on account pages.

    `kinds` are those that may be added here, the safest first.
    """

    person: Standing
    place: str
    journey: Journey | None
    kinds: tuple[str, ...]

    def address(self, kind: str | None = None) -> str:
        """Give the address of the page, or of its part for a kind."""
        query = f"&journey={self.journey.id}" if self.journey else then()
        query += f"&kind={kind}" if kind else ""
        return f"{PATH}?{query[1:]}" if query else PATH


Act = Callable[[Enrolling], flask.Response]


def then() -> str:
    """Give the part of an address that says which account page comes afterwards, if this one said it."""
    named = flask.request.args.get("then")
    return f"&then={named}" if named in _LANDINGS else ""


def landing() -> str:
    """Give the account page that an enrolment from the account pages ends at."""
    return _LANDINGS.get(flask.request.args.get("then", ""), Back.METHODS).value


def enrolled_here(parts: Parts, act: Act, *, posted: bool) -> flask.Response:
    """Let `act` answer for whoever may add a factor here; others go where they have to go first.

    Raises:
        ShownError: the journey is over, or the form came from elsewhere or was open for too long.
    """
    if "journey" in flask.request.args:
        return _in_journey(parts, act, posted=posted)

    def of_session(person: Standing) -> flask.Response:
        return act(_at_session(parts, person))

    if posted:
        return posted_by_person(parts, PAGE, Back.ENROL_FACTOR, of_session, fresh=True)
    return shown_to_person(parts, Back.ENROL_FACTOR, of_session, fresh=True)


def enrol_page(parts: Parts, it: Enrolling, template: str, *, status: int = 200, **context: Any) -> flask.Response:  # noqa: ANN401 - a template's own
    """Render a page of an enrolment."""
    journey = it.journey
    return parts.pages.render(
        template,
        language=language_of(journey.request if journey else None, account_locale=it.person.locale),
        status=status,
        form_targets=form_targets(journey) if journey else (),
        brand=brand_for(parts, journey) if journey else None,
        form_token=form_token_for(parts, PAGE, journey) if journey else account_token(parts, PAGE),
        **context,
    )


def _in_journey(parts: Parts, act: Act, *, posted: bool) -> flask.Response:
    journey = current_journey(parts)
    if posted:
        require_own_form(parts, PAGE, journey)
    with parts.issuer.database.reading() as connection:
        person = who_is_present(parts, connection, journey, hold=False).person
    if person is None or missing(parts, journey, person).step is not Step.ENROL_FACTOR:
        return proceed(parts, journey)
    wanted = level_wanted(situation_of(parts, journey, client_in_service(parts, journey), person))
    kinds = _kinds(
        parts,
        passkey_only=wanted == PHISHING_RESISTANT or person.kind == Kind.STAFF,
        shared_device=journey.shared_device,
    )
    return act(Enrolling(person=person, place=f"journey:{journey.id}", journey=journey, kinds=kinds))


def _at_session(parts: Parts, person: Standing) -> Enrolling:
    session = person.session
    if session is None:
        raise RuntimeError("the account pages serve those who are signed in")
    kinds = _kinds(parts, passkey_only=person.kind == Kind.STAFF, shared_device=session.shared_device)
    return Enrolling(person=person, place=f"session:{session.sid}", journey=None, kinds=kinds)


def _kinds(parts: Parts, *, passkey_only: bool, shared_device: bool) -> tuple[str, ...]:
    """A passkey would stay in a shared device: it is offered there only where nothing else will do."""
    if passkey_only:
        return (Factor.PASSKEY.value,)
    kinds = [] if shared_device else [Factor.PASSKEY.value]
    kinds.append(Factor.TOTP.value)
    return (*kinds, Factor.SMS.value) if parts.text_desk.policy.enabled else tuple(kinds)
