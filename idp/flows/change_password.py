"""/change-password: a password that somebody else chose, or that others may know, is replaced before anything else.

Reached only with the old password proved in this very journey (`next_step`), so that current and new are both given
(OWASP ASVS 6.2.3).
"""

from __future__ import annotations

from collections.abc import Sequence

import flask
from sqlalchemy import Connection

from idp.acts.change_password import change_password
from idp.acts.new_password import NewPassword
from idp.acts.standing import Standing
from idp.flows.dispatcher import Effect, Present, missing, proceed, refuse, who_is_present
from idp.flows.journey import Journey
from idp.flows.new_password import (
    NotChosen,
    asks_for_strength,
    chosen_password,
    new_password_field,
    not_chosen,
    strength_answer,
)
from idp.flows.next_step import Step
from idp.flows.parts import Parts
from idp.flows.proofs import Proved
from idp.flows.visit import (
    brand_for,
    current_journey,
    form_targets,
    form_token_for,
    language_of,
    require_own_form,
    sent_fields,
    visitor_of,
)
from idp.web.problems import Problem
from idp.wording import Language

PAGE = "change_password"


def change_password_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /change-password."""
    pages = flask.Blueprint("change_password", __name__)

    @pages.get("/change-password")
    def change() -> flask.Response:
        journey = current_journey(parts)
        person = _waiting(parts, journey)
        return proceed(parts, journey) if person is None else _page(parts, journey, person)

    @pages.post("/change-password")
    def changed() -> flask.Response:
        journey = current_journey(parts)
        require_own_form(parts, PAGE, journey)
        if sent_fields().get("action") == "cancel":
            return refuse(parts, journey, error="access_denied", description="The person cancelled.")
        person = _waiting(parts, journey)
        if asks_for_strength():
            return strength_answer(parts, person.account_id if person else None, _language(journey, person))
        return proceed(parts, journey) if person is None else _change(parts, journey, person)

    return pages


def _waiting(parts: Parts, journey: Journey) -> Standing | None:
    """Give the person, if this page is what their journey waits for."""
    with parts.issuer.database.reading() as connection:
        person = who_is_present(parts, connection, journey, hold=False).person
    if person is None or missing(parts, journey, person).step is not Step.CHANGE_PASSWORD:
        return None
    return person


def _change(parts: Parts, journey: Journey, person: Standing) -> flask.Response:
    try:
        new = chosen_password(parts, person.account_id)
    except NotChosen as error:
        return not_chosen(_page(parts, journey, person, problems=[error.problem], status=error.status), error)
    return proceed(parts, journey, _stored(parts, new))


def _stored(parts: Parts, new: NewPassword) -> Effect:
    """Store the new password, if this page is still what the journey waits for."""

    def effect(connection: Connection, journey: Journey) -> tuple[Journey, Present]:
        present = who_is_present(parts, connection, journey, hold=True)
        person = present.person
        if person is None or missing(parts, journey, person).step is not Step.CHANGE_PASSWORD:
            return journey, present
        now = parts.issuer.clock()
        change_password(
            connection,
            account_id=person.account_id,
            new=new,
            visitor=visitor_of(),
            entropy=parts.issuer.entropy,
            now=now,
        )
        # Proofs of the old password open nothing any more, wherever else they wait; here the new one was just given.
        proof = parts.prover.prove(Proved.PASSWORD, journey_id=journey.id, account_id=person.account_id, at=now)
        proved = journey.with_proof(proof)
        return proved, who_is_present(parts, connection, proved, hold=True)

    return effect


def _page(
    parts: Parts, journey: Journey, person: Standing, *, problems: Sequence[Problem] = (), status: int = 200
) -> flask.Response:
    language = _language(journey, person)
    return parts.pages.render(
        PAGE,
        language=language,
        status=status,
        form_targets=form_targets(journey),
        brand=brand_for(parts, journey),
        action=f"/change-password?journey={journey.id}",
        form_token=form_token_for(parts, PAGE, journey),
        user_id=person.user_id,
        problems=problems,
        cancellable=bool(form_targets(journey)),
        asks=True,
        **new_password_field(parts, person.account_id, language, problems=problems),
    )


def _language(journey: Journey, person: Standing | None) -> Language:
    return language_of(journey.request, account_locale=person.locale if person else None)
