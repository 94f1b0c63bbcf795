"""People with second factors: what is issued to them before a state comes, and every way in which they sign in.

Each way is a path that a check could be missing on: an app's code, a recovery code, a remembered browser, a passkey
alone or beside the password, and a reset that ends in a sign-in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from werkzeug.test import TestResponse

from idp.app import Service
from idp.issuance.gate import Path
from tests.attacks.states import SCOPES, Subject
from tests.support.authenticator import Authenticator, text
from tests.support.in_process import PASSWORD, App, Browser
from tests.support.nodes import at, hidden_fields, move, outcome
from tests.support.second_factors import (
    AuthenticatorApp,
    add_app,
    add_passkey,
    add_recovery_codes,
    options_on,
    verify_code,
)


class Strong(NamedTuple):
    """What one person has for one node: factors of their own for it, and what was issued with them."""

    app: AuthenticatorApp
    codes: list[str]
    passkey: Authenticator
    remembered: Browser
    signed_in: Browser
    parked: tuple[Browser, TestResponse]


class Devices(NamedTuple):
    """What one person has for one node; an app's step is good once, so that each use has an app of its own."""

    apps: tuple[AuthenticatorApp, AuthenticatorApp, AuthenticatorApp]
    passkey: Authenticator


def devices_for(nodes: list[Service], account_id: str) -> list[tuple[Devices, list[str]]]:
    """Enrol whatever is needed on every node; the codes are shared out among them."""
    devices = [
        Devices(
            (add_app(node, account_id), add_app(node, account_id), add_app(node, account_id)),
            add_passkey(node, account_id),
        )
        for node in nodes
    ]
    codes = add_recovery_codes(nodes[0], account_id)
    return [(mine, list(codes[number :: len(nodes)])) for number, mine in enumerate(devices)]


def hold_strongly(node: Service, app: App, user_id: str, devices: Devices, codes: list[str]) -> Strong:
    """Sign in with a remembered browser, with one that stays signed in, and park one at the question for consent."""
    app, (spare, first, second) = at(app, node), devices.apps
    remembered, signed_in, waiting = Browser(node), Browser(node), Browser(node)
    page = _password(app, remembered, user_id)
    page = remembered.follow(verify_code(remembered, page, first.code(), remember="yes"))
    assert "code" == outcome(_allowed(remembered, page))
    page = signed_in.follow(verify_code(signed_in, _password(app, signed_in, user_id), second.code()))
    assert "code" == outcome(_allowed(signed_in, page))
    page = waiting.follow(_by_passkey(app, waiting, devices.passkey, prompt="consent"))
    assert "page:/consent" == outcome(page)
    return Strong(spare, codes, devices.passkey, remembered, signed_in, (waiting, page))


def _password(app: App, browser: Browser, user_id: str, password: str = PASSWORD, **asked: str) -> TestResponse:
    page = app.ask(browser, **{"scope": SCOPES} | asked)
    if not page.headers.get("Location", "").startswith("/sign-in"):
        return page
    return browser.follow(browser.sign_in(page, user_id, password))


def _allowed(browser: Browser, page: TestResponse) -> TestResponse:
    return browser.submit(page, {"action": "allow"}) if 'value="allow"' in page.text else page


def _by_passkey(app: App, browser: Browser, passkey: Authenticator, **asked: str) -> TestResponse:
    page = app.ask(browser, **{"scope": SCOPES} | asked)
    if not page.headers.get("Location", "").startswith("/sign-in"):
        return page
    page = browser.follow(page)
    form = {"form_token": hidden_fields(page)["form_token"], "passkey": text(passkey.get(options_on(page)))}
    return browser.post(page.request.full_path.replace("/sign-in", "/sign-in/passkey"), form)


def _is(page: TestResponse, path: str) -> bool:
    return outcome(page) == f"page:{path}"


def _app_code(node: Service, it: Subject, held: Strong) -> TestResponse:
    browser = Browser(node)
    page = _password(at(it.app, node), browser, it.user_id, it.password)
    return verify_code(browser, page, held.app.code()) if _is(page, "/verify-factor") else page


def _recovery_code(node: Service, it: Subject, held: Strong) -> TestResponse:
    browser = Browser(node)
    page = _password(at(it.app, node), browser, it.user_id, it.password)
    if not _is(page, "/verify-factor"):
        return page
    return verify_code(browser, page, held.codes.pop(), way="recovery_code")


def _remembered(node: Service, it: Subject, held: Strong) -> TestResponse:
    move(held.remembered, node)
    return _password(at(it.app, node), held.remembered, it.user_id, it.password, prompt="login")


def _passkey(node: Service, it: Subject, held: Strong) -> TestResponse:
    return _by_passkey(at(it.app, node), Browser(node), held.passkey)


def _password_and_passkey(node: Service, it: Subject, held: Strong) -> TestResponse:
    browser = Browser(node)
    page = _password(at(it.app, node), browser, it.user_id, it.password)
    if not _is(page, "/verify-factor"):
        return page
    page = browser.get(page.request.full_path + "&way=passkey")
    answer = text(held.passkey.get(options_on(page)))
    return browser.submit(page, {"way": "passkey", "passkey": answer, "action": "verify"})


def _silently(node: Service, it: Subject, held: Strong) -> TestResponse:
    move(held.signed_in, node)
    return at(it.app, node).ask(held.signed_in, scope=SCOPES, prompt="none")


def _allow(node: Service, _it: Subject, held: Strong) -> TestResponse:
    browser, page = held.parked
    move(browser, node)
    return browser.submit(page, {"action": "allow"})


class StrongWay(NamedTuple):
    """One way of signing in with more than a password."""

    path: Path
    take: Callable[[Service, Subject, Strong], TestResponse]


STRONG_WAYS = {
    "password and app": StrongWay(Path.PASSWORD, _app_code),
    "password and recovery code": StrongWay(Path.PASSWORD, _recovery_code),
    "password in a remembered browser": StrongWay(Path.PASSWORD, _remembered),
    "password and passkey": StrongWay(Path.PASSWORD, _password_and_passkey),
    "passkey": StrongWay(Path.PASSKEY, _passkey),
    "single sign-on after an app": StrongWay(Path.SINGLE_SIGN_ON, _silently),
    "allow what a passkey signed in for before": StrongWay(Path.PASSKEY, _allow),
}
