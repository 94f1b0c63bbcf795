"""What follows once a factor was added: recovery codes with the first one, and what the factor is worth here.

In a journey it counts as shown, since it has just been proved; from the account pages it raises the session, which
gets a new handle (OWASP ASVS 7.2.4). The recovery codes stand in the answer to this one request and nowhere else.
"""

from __future__ import annotations

import flask
from sqlalchemy import Connection

from idp.acts.assurance import assurance_of
from idp.acts.open_session import open_session
from idp.acts.renew_recovery_codes import renew_recovery_codes
from idp.flows.account_visit import begin, signed_in
from idp.flows.answers import see_other
from idp.flows.built_in import ACCOUNT, Back
from idp.flows.dispatcher import Present, proceed, take, who_is_present
from idp.flows.enrolling import Enrolling, enrol_page, landing
from idp.flows.journey import Journey
from idp.flows.parts import Parts
from idp.flows.proofs import Proved, by_factor
from idp.flows.visit import visitor_of
from idp.issuance.gate import IssuanceRefused
from idp.mfa.factors import FactorFacts
from idp.mfa.policy import Factor, Way
from idp.mfa.recovery_codes import codes_left
from idp.sessions.renew import SessionGone


def enrolled(parts: Parts, it: Enrolling, factor: FactorFacts) -> flask.Response:
    """Go on after a factor was added and proved."""
    with parts.issuer.database.writing() as connection:
        codes = first_codes(parts, connection, factor.account_id)
    if it.journey is not None:
        return _in_journey(parts, it, it.journey, factor, codes)
    return _at_session(parts, it, factor, codes)


def first_codes(parts: Parts, connection: Connection, account_id: str) -> tuple[str, ...]:
    """Make recovery codes for whoever has none; gives none to whoever has some."""
    if codes_left(connection, account_id=account_id):
        return ()
    return renew_recovery_codes(
        connection,
        parts.factor_codes,
        account_id=account_id,
        visitor=visitor_of(parts),
        entropy=parts.issuer.entropy,
        now=parts.issuer.clock(),
    )


def codes_page(
    parts: Parts, it: Enrolling, codes: tuple[str, ...], *, done: str, added: str | None = None
) -> flask.Response:
    """Show recovery codes, this once."""
    response = enrol_page(
        parts,
        it,
        "recovery_codes",
        codes=codes,
        user_id=it.person.user_id,
        added=added,
        done=done,
        confirmed=it.journey is not None,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _in_journey(
    parts: Parts, it: Enrolling, journey: Journey, factor: FactorFacts, codes: tuple[str, ...]
) -> flask.Response:
    proof = parts.prover.prove(
        Proved.SECOND_FACTOR,
        journey_id=journey.id,
        account_id=factor.account_id,
        at=parts.issuer.clock(),
        detail=by_factor(_way(factor), factor.id),
    )

    def effect(connection: Connection, journey: Journey) -> tuple[Journey, Present]:
        proved = journey.with_proof(proof)
        return proved, who_is_present(parts, connection, proved, hold=True)

    if not codes:
        return proceed(parts, journey, effect)
    take(parts, journey)
    parts.journeys.keep(journey.with_proof(proof))
    return codes_page(parts, it, codes, done=it.address(), added=factor.name)


def _at_session(parts: Parts, it: Enrolling, factor: FactorFacts, codes: tuple[str, ...]) -> flask.Response:
    response = codes_page(parts, it, codes, done=landing(), added=factor.name) if codes else see_other(landing())
    try:
        with parts.issuer.database.writing() as connection:
            handle = _raised(parts, connection, factor)
    except (SessionGone, IssuanceRefused):
        # Another tab has raised it, or it has ended: whoever goes on from here is asked who they are.
        return response if codes else begin(parts, Back.METHODS, fresh=True)
    if handle is not None:
        parts.cookies.set(response, parts.cookies.session_name, handle)
    return response


def _raised(parts: Parts, connection: Connection, factor: FactorFacts) -> str | None:
    """Give the new handle of the session that the factor has raised; None when it was as high before."""
    person = signed_in(parts, connection)
    if person is None or person.session is None or person.account_id != factor.account_id:
        raise SessionGone
    assurance = assurance_of({_way(factor)}, signed_in_at=None, session=person.session)
    if assurance is None or not assurance.raised:
        return None
    return open_session(
        connection,
        client=ACCOUNT,
        standing=person,
        assurance=assurance,
        visitor=visitor_of(parts),
        entropy=parts.issuer.entropy,
        now=parts.issuer.clock(),
    ).handle


def _way(factor: FactorFacts) -> Way:
    """Say what the factor has just proved."""
    if factor.kind is Factor.PASSKEY:
        return Way.SYNCED_PASSKEY if factor.facts["backup_eligible"] else Way.PASSKEY
    return Way.TOTP if factor.kind is Factor.TOTP else Way.SMS
