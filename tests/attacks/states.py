"""What is issued before a state comes, and how each state of the gate that forbids issuance comes about.

Nothing is set up behind the issuer's back where an act of it brings the state about in life.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select, update
from werkzeug.test import TestResponse

from idp.accounts import disable
from idp.accounts.models import ACCOUNTS
from idp.acts.change_password import change_password
from idp.acts.close_account import close_now
from idp.acts.disable_account import disable_account
from idp.acts.disable_client import disable_client
from idp.acts.lock_down import lock_down
from idp.acts.new_password import NewPassword
from idp.acts.sign_out import sign_out
from idp.acts.update_client import update_client
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.issuance.consents import withdraw_consent
from idp.issuance.gate import State
from idp.issuance.grants import end_grants_of_account
from idp.mfa.policy import PHISHING_RESISTANT
from idp.passwords.credentials import set_password
from idp.sessions.models import SESSIONS
from tests.support.contracts import contract, feed
from tests.support.in_process import PASSWORD, App, Browser
from tests.support.nodes import at, outcome

SCOPES = "openid profile offline_access"
WRITING = f"{SCOPES} payments.create"
NEW_PASSWORD = "another battery staple for horses"
NOBODY = Visitor(address="", user_agent=None, reference="TEST")


class Held(NamedTuple):
    """What was issued before the state came, once for each node."""

    browser: Browser
    leaving: Browser
    parked: tuple[Browser, TestResponse]
    code: str
    tokens: dict[str, Any]
    hint: str


@dataclass(kw_only=True)
class Subject:
    """A person and an app of whom a state has come true; `password` is the one that holds now."""

    app: App
    account_id: str
    user_id: str
    held: list[Held] = field(default_factory=list)
    password: str = PASSWORD
    scopes: str = SCOPES


def hold(node: Service, app: App, user_id: str, scopes: str = SCOPES) -> Held:
    """Have everything issued that can be issued."""
    browser, leaving, waiting = Browser(node), Browser(node), Browser(node)
    app = at(app, node)
    tokens = app.tokens(browser, user_id=user_id, scope=scopes)
    code = app.answer(app.ask(browser, scope=scopes, prompt="none"))["code"]
    hint = app.tokens(leaving, user_id=user_id, scope=scopes)["id_token"]
    page = waiting.follow(waiting.sign_in(app.ask(waiting, scope=scopes, prompt="consent"), user_id))
    assert "page:/consent" == outcome(page)
    return Held(browser, leaving, (waiting, page), code, tokens, hint)


def _client_disabled(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        disable_client(connection, client_id=it.app.client_id, actor="test", entropy=node.entropy, now=node.clock())


def _changed(**changes: object) -> Callable[[Service, Subject], None]:
    def change(node: Service, it: Subject) -> None:
        with node.database.writing() as connection:
            update_client(
                connection,
                client_id=it.app.client_id,
                changes=changes,
                actor="test",
                entropy=node.entropy,
                now=node.clock(),
            )

    return change


def _account_disabled(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        disable_account(connection, account_id=it.account_id, actor="test", entropy=node.entropy, now=node.clock())


def _account_closed(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        close_now(
            connection,
            node.parts.issuer.ceiling,
            account_id=it.account_id,
            actor="test",
            entropy=node.entropy,
            now=node.clock(),
        )


def _not_before_raised(node: Service, it: Subject) -> None:
    """The account was stopped and goes on; sessions and grants are left as they were, so that this alone refuses."""
    with node.database.writing() as connection:
        disable.disable_account(connection, account_id=it.account_id, now=node.clock())
        disable.enable_account(connection, account_id=it.account_id)


def _reset_due(node: Service, it: Subject) -> None:
    stored = node.parts.hasher.hash(PASSWORD)
    with node.database.writing() as connection:
        set_password(connection, account_id=it.account_id, stored=stored, must_change=True, now=node.clock())


def _password_changed(node: Service, it: Subject) -> None:
    stored = node.parts.hasher.hash(NEW_PASSWORD)
    it.password = NEW_PASSWORD
    with node.database.writing() as connection:
        change_password(
            connection,
            account_id=it.account_id,
            new=NewPassword(stored=stored, short=False),
            visitor=NOBODY,
            entropy=node.entropy,
            now=node.clock(),
        )


def _consent_withdrawn(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        withdraw_consent(connection, account_id=it.account_id, client_id=it.app.client_id, now=node.clock())


def _session_ended(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        of_account = select(SESSIONS.c.sid).where(SESSIONS.c.account_id == it.account_id)
        for sid in connection.execute(of_account).scalars().all():
            sign_out(
                connection,
                sid=sid,
                account_id=it.account_id,
                cause="test",
                reference="TEST",
                personal=None,
                entropy=node.entropy,
                now=node.clock(),
            )


def _grant_ended(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        end_grants_of_account(connection, account_id=it.account_id, now=node.clock())


def _staff(node: Service, it: Subject) -> None:
    """The account is a member of staff's, with a password row that nothing of ours would have written."""
    staff = update(ACCOUNTS).where(ACCOUNTS.c.id == it.account_id).values(kind="staff", role="security")
    with node.database.writing() as connection:
        connection.execute(staff)


def make_party(node: Service, user_id: str, role: str) -> None:
    """Let the lender's feed say what a person is in a contract of their own."""
    feed(node, contract(f"CF-{user_id}".replace("_", "-"), (user_id, role, user_id)))


def _beyond_permission(node: Service, it: Subject) -> None:
    """The holder of a contract becomes its guarantor, who may only look (T87)."""
    make_party(node, it.user_id, "guarantor")


def _locked_down(node: Service, it: Subject) -> None:
    with node.database.writing() as connection:
        lock_down(
            connection,
            account_id=it.account_id,
            by="account page",
            ceiling=node.parts.issuer.ceiling,
            visitor=NOBODY,
            entropy=node.entropy,
            now=node.clock(),
        )


BROUGHT_ABOUT: dict[State, Callable[[Service, Subject], None]] = {
    State.CLIENT_DISABLED: _client_disabled,
    State.GRANT_TYPE_REMOVED: _changed(grant_types=[]),
    State.SCOPE_REMOVED: _changed(scope="openid offline_access api"),
    State.ACCOUNT_DISABLED: _account_disabled,
    State.ACCOUNT_CLOSED: _account_closed,
    State.NOT_BEFORE_RAISED: _not_before_raised,
    State.LOCKED_DOWN: _locked_down,
    State.RESET_DUE: _reset_due,
    State.STAFF_WITHOUT_PASSKEY: _staff,
    State.MFA_DUE: _changed(minimum_acr=PHISHING_RESISTANT),
    State.PASSWORD_CHANGED: _password_changed,
    State.CONSENT_WITHDRAWN: _consent_withdrawn,
    State.SESSION_ENDED: _session_ended,
    State.GRANT_ENDED: _grant_ended,
    State.BEYOND_PERMISSION: _beyond_permission,
}
