"""How each path is taken by which something is issued or honoured: over HTTP, on any node."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from werkzeug.test import TestResponse

from idp.app import Service
from idp.issuance.gate import Path
from tests.attacks.states import Held, Subject
from tests.support.in_process import AFTER_LOGOUT, Browser
from tests.support.nodes import at, move, outcome


def _sign_in(node: Service, it: Subject, _held: Held) -> TestResponse:
    browser, app = Browser(node), at(it.app, node)
    asked = app.ask(browser, scope=it.scopes)
    if not asked.headers.get("Location", "").startswith("/sign-in"):
        return asked
    return browser.sign_in(asked, it.user_id, it.password)


def _allow(node: Service, _it: Subject, held: Held) -> TestResponse:
    browser, page = held.parked
    move(browser, node)
    return browser.submit(page, {"action": "allow"})


def _silently(node: Service, it: Subject, held: Held) -> TestResponse:
    move(held.browser, node)
    return at(it.app, node).ask(held.browser, scope=it.scopes, prompt="none")


def _exchange(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).exchange(held.code)


def _refresh(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).refresh(held.tokens["refresh_token"])


def _own_token(node: Service, it: Subject, _held: Held) -> TestResponse:
    return at(it.app, node).call("/token", {"grant_type": "client_credentials", "scope": "payments"})


def _userinfo(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).userinfo(held.tokens["access_token"])


def _introspect_access(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).call("/introspect", {"token": held.tokens["access_token"]})


def _introspect_refresh(node: Service, it: Subject, held: Held) -> TestResponse:
    return at(it.app, node).call("/introspect", {"token": held.tokens["refresh_token"]})


def _leave(node: Service, _it: Subject, held: Held) -> TestResponse:
    move(held.leaving, node)
    query = {"id_token_hint": held.hint, "post_logout_redirect_uri": AFTER_LOGOUT}
    return held.leaving.get("/end-session", query_string=query)


class Way(NamedTuple):
    """One way of taking a path of the gate."""

    path: Path
    take: Callable[[Service, Subject, Held], TestResponse]


WAYS = {
    "sign in": Way(Path.PASSWORD, _sign_in),
    "single sign-on": Way(Path.SINGLE_SIGN_ON, _silently),
    "allow what was signed in for before": Way(Path.PASSWORD, _allow),
    "exchange a code": Way(Path.CODE_EXCHANGE, _exchange),
    "refresh": Way(Path.REFRESH, _refresh),
    "client credentials": Way(Path.CLIENT_CREDENTIALS, _own_token),
    "userinfo": Way(Path.USERINFO, _userinfo),
    "introspect an access token": Way(Path.INTROSPECTION, _introspect_access),
    "introspect a refresh token": Way(Path.INTROSPECTION, _introspect_refresh),
    "sign out with a hint": Way(Path.LOGOUT_HINT, _leave),
}


def result_of(response: TestResponse) -> str:
    """Say in a word what came of it: as `outcome`, and of an introspection whether the token is active."""
    body = response.get_json() if response.mimetype == "application/json" else {}
    if "active" in body:
        return "active" if body["active"] else "inactive"
    return outcome(response)
