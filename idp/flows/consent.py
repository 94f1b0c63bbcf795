"""/consent: what an app would receive, in plain words and with the actual values; Allow and Cancel weigh the same."""

from __future__ import annotations

import flask
from sqlalchemy import Connection

from idp.accounts.claims import person_claims
from idp.accounts.find import find_by_id
from idp.acts.give_consent import give_consent
from idp.acts.standing import Standing
from idp.flows.dispatcher import Effect, Present, missing, proceed, refuse, scopes_of, who_is_present
from idp.flows.journey import Journey
from idp.flows.next_step import Step
from idp.flows.parts import Parts
from idp.flows.proofs import Proved
from idp.flows.visit import (
    brand_for,
    current_journey,
    fail,
    form_targets,
    form_token_for,
    language_of,
    require_own_form,
    sent_fields,
    visitor_of,
)
from idp.issuance.claims import id_token_claims, userinfo_claims
from idp.sessions.find import previous_sign_in
from idp.web.consent_words import shared_data

PAGE = "consent"
DAY = 86_400.0


def consent_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /consent."""
    pages = flask.Blueprint("consent", __name__)

    @pages.get("/consent")
    def consent() -> flask.Response:
        journey = current_journey(parts)
        with parts.issuer.database.reading() as connection:
            person = who_is_present(parts, connection, journey, hold=False).person
        if person is None or missing(parts, journey, person).step is not Step.CONSENT:
            return proceed(parts, journey)
        return _page(parts, journey, person)

    @pages.post("/consent")
    def consent_given() -> flask.Response:
        journey = current_journey(parts)
        require_own_form(parts, PAGE, journey)
        action = sent_fields().get("action")
        if action == "cancel":
            return refuse(parts, journey, error="access_denied", description="The person did not allow it.")
        if action != "allow":
            fail("input_invalid", detail="neither allow nor cancel")
        return proceed(parts, journey, _allowed(parts))

    return pages


def _allowed(parts: Parts) -> Effect:
    """Remember the consent and prove the step, if this page is what the journey waits for."""

    def effect(connection: Connection, journey: Journey) -> tuple[Journey, Present]:
        present = who_is_present(parts, connection, journey, hold=True)
        person = present.person
        if person is None or missing(parts, journey, person).step is not Step.CONSENT:
            return journey, present
        if sent_fields().get("account") != person.account_id:
            # In another tab somebody else has signed in: what was allowed here was the first one's to allow.
            return journey, present
        now = parts.issuer.clock()
        give_consent(
            connection,
            account_id=person.account_id,
            client_id=journey.request.client_id,
            scopes=scopes_of(parts, journey, person),
            visitor=visitor_of(),
            entropy=parts.issuer.entropy,
            now=now,
        )
        proof = parts.prover.prove(Proved.CONSENT, journey_id=journey.id, account_id=person.account_id, at=now)
        return journey.with_proof(proof), who_is_present(parts, connection, journey, hold=True)

    return effect


def _page(parts: Parts, journey: Journey, person: Standing) -> flask.Response:
    request = journey.request
    language = language_of(request, account_locale=person.locale)
    scopes = scopes_of(parts, journey, person)
    names = userinfo_claims(scopes, request.claims) | id_token_claims(request.claims)
    # Once: only where this very journey has signed the person in.
    signed_in_here = any(proof.account_id == person.account_id for proof in journey.proofs)
    with parts.issuer.database.reading() as connection:
        account = find_by_id(connection, account_id=person.account_id)
        sid = person.session.sid if person.session else ""
        before = previous_sign_in(connection, account_id=person.account_id, sid=sid) if signed_in_here else None
        claims = person_claims(connection, account, names, now=parts.issuer.clock()) if account else {}
    shared = shared_data(
        parts.wording.translator(language),
        scopes=scopes,
        claims=claims,
        named=sorted(names),
    )
    offline = "offline_access" in scopes
    return parts.pages.render(
        PAGE,
        language=language,
        zone=account.claims.get("zoneinfo") if account else None,
        form_targets=form_targets(journey),
        brand=brand_for(parts, journey),
        action=f"/consent?journey={journey.id}",
        form_token=form_token_for(parts, PAGE, journey),
        problems=(),
        account_id=person.account_id,
        account_name=person.name or person.user_id,
        user_id=person.user_id,
        shared=shared,
        last_sign_in=before,
        offline_days=int(parts.issuer.lifetimes.refresh_absolute / DAY) if offline else None,
    )
