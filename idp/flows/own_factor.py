"""The parts of /enrol-factor about what is there already: rename or remove a factor, make new recovery codes.

Only from the account pages, and only right after a sign-in with a second factor. The last factor goes when that was
said in so many words, since from then on the password stands alone.
"""

from __future__ import annotations

import flask

from idp.acts.remove_factor import LastFactor, remove_factor
from idp.acts.renew_recovery_codes import renew_recovery_codes
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, posted_by_person, shown_to_person
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.enrolling import PATH, landing, then
from idp.flows.parts import Parts
from idp.flows.visit import fail, sent_fields, visitor_of
from idp.mfa.factors import list_factors, rename_factor
from idp.mfa.recovery_codes import codes_left
from idp.mfa.verified import NoSuchFactor
from idp.web.factor_words import LAST_FACTOR
from idp.web.problems import Problem

FACTOR_PAGE = "own_factor"
CODES_PAGE = "own_recovery_codes"
_CODES = "recovery_codes"


def shows_own_factor() -> bool:
    """Whether the address is about something that is there already."""
    return "factor" in flask.request.args or flask.request.args.get("kind") == _CODES


def own_factor_shown(parts: Parts) -> flask.Response:
    """Show a factor of the person who is signed in, or what new recovery codes would mean."""
    show = _codes_page if flask.request.args.get("kind") == _CODES else _factor_page
    return shown_to_person(parts, Back.METHODS, lambda person: show(parts, person), fresh=True)


def own_factor_acted(parts: Parts) -> flask.Response:
    """Rename or remove a factor, or make new codes."""
    if flask.request.args.get("kind") == _CODES:
        return posted_by_person(parts, CODES_PAGE, Back.METHODS, lambda person: _renewed(parts, person), fresh=True)
    return posted_by_person(parts, FACTOR_PAGE, Back.METHODS, lambda person: _changed(parts, person), fresh=True)


def _factor_page(parts: Parts, person: Standing, problems: tuple[Problem, ...] = ()) -> flask.Response:
    factor_id = flask.request.args.get("factor", "")
    with parts.issuer.database.reading() as connection:
        factors = list_factors(connection, account_id=person.account_id)
    factor = next((factor for factor in factors if factor.id == factor_id), None)
    if factor is None:
        # Removed in another tab: the list says what there is.
        return see_other(landing())
    return account_page(
        parts,
        FACTOR_PAGE,
        person,
        factor=factor,
        last=len(factors) == 1,
        action=f"{PATH}?factor={factor.id}{then()}",
        back=landing(),
        problems=problems,
    )


def _changed(parts: Parts, person: Standing) -> flask.Response:
    action, factor_id = sent_fields().get("action"), flask.request.args.get("factor", "")
    if action not in {"rename", "remove"}:
        fail("input_invalid", detail="neither rename nor remove")
    try:
        with parts.issuer.database.writing() as connection:
            if action == "rename":
                rename_factor(
                    connection,
                    account_id=person.account_id,
                    factor_id=factor_id,
                    name=sent_fields().get("name", ""),
                )
            else:
                remove_factor(
                    connection,
                    account_id=person.account_id,
                    factor_id=factor_id,
                    also_last=sent_fields().get("also_last") == "yes",
                    visitor=visitor_of(parts),
                    entropy=parts.issuer.entropy,
                    now=parts.issuer.clock(),
                )
    except LastFactor:
        return _factor_page(parts, person, (LAST_FACTOR,))
    except NoSuchFactor:
        pass
    return see_other(landing())


def _codes_page(parts: Parts, person: Standing) -> flask.Response:
    if not person.factors:
        return see_other(landing())
    with parts.issuer.database.reading() as connection:
        left = codes_left(connection, account_id=person.account_id)
    return account_page(parts, CODES_PAGE, person, left=left, action=f"{PATH}?kind={_CODES}", back=landing())


def _renewed(parts: Parts, person: Standing) -> flask.Response:
    if sent_fields().get("action") != "renew":
        fail("input_invalid", detail="nothing but renew")
    try:
        with parts.issuer.database.writing() as connection:
            codes = renew_recovery_codes(
                connection,
                parts.factor_codes,
                account_id=person.account_id,
                visitor=visitor_of(parts),
                entropy=parts.issuer.entropy,
                now=parts.issuer.clock(),
            )
    except NoSuchFactor:
        return see_other(landing())
    return account_page(
        parts,
        "recovery_codes",
        person,
        codes=codes,
        user_id=person.user_id,
        added=None,
        done=landing(),
        confirmed=False,
    )
