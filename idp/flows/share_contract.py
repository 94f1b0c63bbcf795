"""/account/share: let somebody look at a contract or pay for it, until a day; after a fresh sign-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import flask

from idp.accounts.contracts import contracts_of
from idp.accounts.delegation_policy import DAY, LONGEST_SECONDS, DelegationRefused
from idp.acts.share_contract import offer_share
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, posted_by_person, shown_to_person, zone_of
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import language_of, sent_fields, visitor_of
from idp.lockout.reservation import TooManyGuesses
from idp.web.problems import SHARE_PROBLEMS, Problem, mails_rest_until

PAGE = "share_contract"
FIELDS = ("number", "address", "permission", "until")
USUAL_DAYS = 90


def share_contract_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/share."""
    pages = flask.Blueprint("share_contract", __name__)

    @pages.get(Back.SHARE)
    def share() -> flask.Response:
        return shown_to_person(parts, Back.SHARE, lambda person: _page(parts, person), fresh=True)

    @pages.post(Back.SHARE)
    def shared() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.SHARE, lambda person: _share(parts, person), fresh=True)

    return pages


def _share(parts: Parts, person: Standing) -> flask.Response:
    form, issuer = sent_fields(), parts.issuer
    typed = {name: form.get(name, "") for name in FIELDS}
    try:
        with issuer.database.writing() as connection:
            offer_share(
                connection,
                account_id=person.account_id,
                number=typed["number"],
                address=typed["address"],
                permission=typed["permission"],
                until=_end_of(typed["until"], zone_of(connection, person)),
                visitor=visitor_of(parts),
                entropy=issuer.entropy,
                now=issuer.clock(),
            )
    except DelegationRefused as error:
        return _page(parts, person, typed=typed, problems=[SHARE_PROBLEMS[error.field]])
    except TooManyGuesses as error:
        translator = parts.wording.translator(language_of(account_locale=person.locale))
        problem = replace(mails_rest_until(translator, error.ends_at), field="address")
        return _page(parts, person, typed=typed, problems=[problem], status=429)
    return see_other(f"{Back.SHARED}?done=offered")


def _end_of(typed: str, zone: str | None) -> float:
    """Give the last moment of a day, as the person's clock has it.

    Raises:
        DelegationRefused: no day.
    """
    try:
        day = date.fromisoformat(typed)
        here = ZoneInfo(zone) if zone else UTC
        return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=here).timestamp() - 1.0
    except (ValueError, OverflowError, LookupError) as error:
        raise DelegationRefused("no day", "until") from error


def _page(
    parts: Parts,
    person: Standing,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> flask.Response:
    now = parts.issuer.clock()
    with parts.issuer.database.reading() as connection:
        mine = contracts_of(connection, account_id=person.account_id, now=now)
        zone = zone_of(connection, person)
    numbers = [contract.number for contract in mine if "manage" in contract.permissions]
    usual = {"number": numbers[0] if numbers else "", "address": "", "permission": "view"}
    return account_page(
        parts,
        PAGE,
        person,
        zone=zone,
        status=status,
        numbers=numbers,
        typed=typed or usual | {"until": _day(now + USUAL_DAYS * DAY)},
        earliest=_day(now + 2 * DAY),
        latest=_day(now + LONGEST_SECONDS - 2 * DAY),
        problems=problems,
    )


def _day(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).date().isoformat()
