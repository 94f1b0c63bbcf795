"""/account/shared: a person's contracts, with whom they share them, and what is shared with or offered to them."""

from __future__ import annotations

import flask

from idp.accounts.contracts import contracts_of
from idp.accounts.delegations import ShareUnknown, offers_to, shares_given, shares_held
from idp.accounts.find import find_by_id
from idp.acts.share_contract import accept_share, end_share
from idp.acts.standing import Standing
from idp.flows.account_visit import account_page, done_of, posted_by_person, shown_to_person
from idp.flows.answers import see_other
from idp.flows.built_in import Back
from idp.flows.parts import Parts
from idp.flows.visit import fail, sent_fields, visitor_of

PAGE = "account_shared"
DONE = ("offered", "accepted", "ended", "gone")


def account_shared_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /account/shared."""
    pages = flask.Blueprint("account_shared", __name__)

    @pages.get(Back.SHARED)
    def shared() -> flask.Response:
        return shown_to_person(parts, Back.SHARED, lambda person: _page(parts, person))

    @pages.post(Back.SHARED)
    def changed() -> flask.Response:
        return posted_by_person(parts, PAGE, Back.SHARED, lambda person: _change(parts, person))

    return pages


def _change(parts: Parts, person: Standing) -> flask.Response:
    form, issuer = sent_fields(), parts.issuer
    share_id, action = form.get("share", ""), form.get("action")
    if action not in {"accept", "decline", "end"}:
        fail("input_invalid", detail="no such button")
    try:
        with issuer.database.writing() as connection:
            if action == "accept":
                accept_share(
                    connection,
                    share_id=share_id,
                    account_id=person.account_id,
                    visitor=visitor_of(parts),
                    entropy=issuer.entropy,
                    now=issuer.clock(),
                )
            else:
                end_share(
                    connection,
                    issuer.ceiling,
                    share_id=share_id,
                    account_id=person.account_id,
                    visitor=visitor_of(parts),
                    entropy=issuer.entropy,
                    now=issuer.clock(),
                )
    except ShareUnknown:
        return see_other(f"{Back.SHARED}?done=gone")
    return see_other(f"{Back.SHARED}?done={'accepted' if action == 'accept' else 'ended'}")


def _page(parts: Parts, person: Standing) -> flask.Response:
    now = parts.issuer.clock()
    with parts.issuer.database.reading() as connection:
        account = find_by_id(connection, account_id=person.account_id)
        contracts = contracts_of(connection, account_id=person.account_id, now=now, vehicles=True)
        return account_page(
            parts,
            PAGE,
            person,
            zone=account.claims.get("zoneinfo") if account else None,
            contracts=contracts,
            may_share=any("manage" in contract.permissions for contract in contracts),
            given=shares_given(connection, account_id=person.account_id, now=now),
            held=shares_held(connection, account_id=person.account_id, now=now),
            offers=offers_to(connection, account=account, now=now) if account else [],
            done=done_of(DONE),
        )
