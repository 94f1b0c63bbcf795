"""What /verify-factor shows: one way at a time, the others one link away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import flask

from idp.flows.built_in import Back
from idp.flows.factor_due import RECOVERY_CODE, FactorDue
from idp.flows.journey import Journey
from idp.flows.parts import Parts
from idp.flows.visit import brand_for, form_targets, form_token_for, language_of
from idp.lockout.policy import BUDGETS, GuessKind
from idp.mfa.phone_numbers import masked_number
from idp.mfa.policy import Factor
from idp.mfa.remembered import REMEMBERED_SECONDS
from idp.mfa.texted_codes import find_text
from idp.web.problems import Problem

PAGE = "verify_factor"
PATH = "/verify-factor"
DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedWay:
    """One line of the list of ways."""

    way: str
    address: str
    about: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What stands behind the way that is shown: a challenge for passkeys, or a text that was asked for here."""

    passkey_options: str = ""
    texted: bool = False
    again_in: int = 0


def factor_page(
    parts: Parts,
    journey: Journey,
    due: FactorDue,
    *,
    way: str | None,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> flask.Response:
    """Show a way, if the account has it, else the one that was used last; without any, what support does."""
    if not due.ways:
        return ways_page(parts, journey, due)
    chosen = way if way in due.ways else due.ways[0]
    asked = _asked(parts, journey, due, chosen)
    here = f"?journey={journey.id}"
    lost = f"{PATH}{here}&way={RECOVERY_CODE}" if RECOVERY_CODE in due.ways else f"{PATH}/ways{here}#lost"
    return parts.pages.render(
        PAGE,
        language=language_of(journey.request, account_locale=due.person.locale),
        status=status,
        form_targets=form_targets(journey),
        brand=brand_for(parts, journey),
        action=f"{PATH}{here}",
        form_token=form_token_for(parts, PAGE, journey),
        way=chosen,
        asked_by_app=due.asked_by_app,
        passkey_options=asked.passkey_options,
        phone=_phone(due),
        texted=asked.texted,
        again_in=asked.again_in,
        codes_left=due.codes_left,
        other_ways=f"{PATH}/ways{here}",
        lost=lost,
        remember=not (due.shared_device or due.asked_by_app or chosen == RECOVERY_CODE),
        days=int(REMEMBERED_SECONDS / DAY),
        problems=problems,
        cancellable=bool(form_targets(journey)),
    )


def ways_page(parts: Parts, journey: Journey, due: FactorDue) -> flask.Response:
    """List the ways of this account, and say what to do without any."""
    here = f"?journey={journey.id}"
    ways = [
        OfferedWay(
            way=way,
            address=f"{PATH}{here}&way={way}",
            about=_phone(due) if way == Factor.SMS else due.names(way),
            count=due.codes_left,
        )
        for way in due.ways
    ]
    return parts.pages.render(
        "verify_factor_ways",
        language=language_of(journey.request, account_locale=due.person.locale),
        brand=brand_for(parts, journey),
        ways=ways,
        passkey_only=due.passkey_only,
        account=Back.NEW_PHONE.value,
        back=f"{PATH}{here}",
    )


def _asked(parts: Parts, journey: Journey, due: FactorDue, way: str) -> _Asked:
    account_id, place = due.person.account_id, f"journey:{journey.id}"
    with parts.issuer.database.reading() as connection:
        if way == Factor.PASSKEY:
            options = parts.passkeys.second_factor_options(connection, account_id=account_id, place=place)
            return _Asked(passkey_options=options)
        text = find_text(connection, account_id=account_id, place=place) if way == Factor.SMS else None
    now = parts.issuer.clock()
    if text is None or text.factor_id is None or text.expires_at <= now:
        return _Asked()
    again = text.created_at + BUDGETS[GuessKind.SEND_AGAIN].seconds
    return _Asked(texted=True, again_in=max(0, math.ceil(again - now)))


def _phone(due: FactorDue) -> str:
    """Show the number that texts go to: the one that was used last."""
    numbers = [factor for factor in due.factors if factor.kind is Factor.SMS]
    newest = max(numbers, key=lambda factor: factor.last_used_at or factor.created_at, default=None)
    return masked_number(newest.phone_number) if newest and newest.phone_number else ""
