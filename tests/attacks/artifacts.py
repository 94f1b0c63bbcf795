"""Whatever may be used once: how each artifact is had, and the nodes of an issuer that it is used on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import delete
from werkzeug.test import TestResponse

from idp.app import Service
from idp.delivery.mail_folder import KeptMail
from idp.storage.sql_store import EphemeralRow
from tests.support.authenticator import text
from tests.support.clock import SettableClock
from tests.support.forged import ASSERTION_TYPE, KeyHolder
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.nodes import at, twin_of
from tests.support.passkeys import enrol, options_on, post_answer
from tests.support.recovery import ask, code_in, deliver, link_in
from tests.support.second_factors import add_app, add_recovery_codes, verify_code

SCOPES = "openid profile offline_access"


@dataclass(kw_only=True)
class World:
    """The nodes of an issuer, and what is needed to shake it."""

    nodes: list[Service]
    clock: SettableClock
    folder: Path
    database_url: str
    options: dict[str, Any]
    app: App
    public: App
    careful: App
    machine: App
    keys: KeyHolder

    @property
    def other(self) -> Service:
        """Another node, if there is one."""
        return self.nodes[-1]

    @contextmanager
    def restarted(self) -> Iterator[Service]:
        """Give a node that has just started."""
        with issuer_on(self.database_url, self.folder, clock=self.clock, keys=False, **self.options) as node:
            yield node

    def flush(self) -> None:
        """Empty the ephemeral store, wherever it is."""
        if "redis_url" in self.options:
            with redis.Redis.from_url(self.options["redis_url"]) as client:
                client.flushdb()  # its own database: other workers are at work in the others
        with self.nodes[0].database.writing() as connection:
            connection.execute(delete(EphemeralRow))

    def later(self, seconds: float) -> None:
        """Let time pass for every node."""
        self.clock.advance(seconds)
        for node in self.nodes:
            node.watch.poll_once()


def populated_world(
    nodes: list[Service], *, clock: SettableClock, folder: Path, database_url: str, options: dict[str, Any]
) -> World:
    """Add a person and an app of each kind."""
    first, keys = nodes[0], KeyHolder()
    add_person(first)
    return World(
        nodes=nodes,
        clock=clock,
        folder=folder,
        database_url=database_url,
        options=options,
        app=App.register(first),
        public=App.register(first, "public", public=True),
        careful=App.register(first, "careful", first_party=False),
        machine=App.register(
            first,
            "machine",
            token_endpoint_auth_method="private_key_jwt",
            jwks=keys.jwks,
            grant_types=["client_credentials"],
            redirect_uris=[],
        ),
        keys=keys,
    )


Use = Callable[[Service], TestResponse]


@dataclass(kw_only=True)
class Artifact:
    """Something that may be used once, and how to see that it was."""

    use: Use
    good: str


def a_code(world: World) -> Artifact:
    """Have a code issued."""
    code = world.app.code(Browser(world.nodes[0]), scope=SCOPES)
    return Artifact(use=lambda node: at(world.app, node).exchange(code), good="ok")


def an_assertion(world: World) -> Artifact:
    """Sign a client assertion."""
    assertion = world.keys.assertion("machine", now=world.clock())
    form = {
        "grant_type": "client_credentials",
        "scope": "api",
        "client_assertion": assertion,
        "client_assertion_type": ASSERTION_TYPE,
    }
    return Artifact(use=lambda node: bare_post(node, "/token", form), good="ok")


def a_sign_in_form(world: World) -> Artifact:
    """Open the sign-in page and fill it in."""
    browser = Browser(world.nodes[0])
    page = browser.follow(world.app.ask(browser))
    return _form(browser, page, {"user_id": "dana", "password": PASSWORD})


def a_consent_form(world: World) -> Artifact:
    """Sign in and read what is asked for."""
    browser = Browser(world.nodes[0])
    page = browser.follow(browser.sign_in(world.careful.ask(browser, prompt="consent")))
    return _form(browser, page, {"action": "allow"})


def a_passkey_answer(world: World) -> Artifact:
    """Sign a challenge with the passkey of somebody new."""
    first = world.nodes[0]
    passkey = enrol(first, add_person(first, secrets.token_hex(8)), count=None)
    browser = Browser(first)
    page = browser.follow(world.app.ask(browser))
    answer = text(passkey.get(options_on(page)))
    return Artifact(use=lambda node: post_answer(twin_of(browser, node), page, answer), good="code")


def a_code_of_an_app(world: World) -> Artifact:
    """Read the code that the app of somebody new shows; each use is a sign-in of its own (T06)."""
    first, user_id = world.nodes[0], secrets.token_hex(8)
    app = add_app(first, add_person(first, user_id))
    code = app.code()
    return Artifact(use=lambda node: _second_step(world, node, user_id, code, way="totp"), good="code")


def a_recovery_code(world: World) -> Artifact:
    """Take one of the ten codes of somebody new (T08)."""
    first, user_id = world.nodes[0], secrets.token_hex(8)
    account_id = add_person(first, user_id)
    add_app(first, account_id)
    code = add_recovery_codes(first, account_id)[0]
    return Artifact(use=lambda node: _second_step(world, node, user_id, code, way="recovery_code"), good="code")


def a_mailed_code(world: World) -> Artifact:
    """Have somebody new ask for a new password, and read the code in the mail."""
    first, user_id = world.nodes[0], secrets.token_hex(8)
    add_person(first, user_id)
    browser = Browser(first)
    page = browser.follow(ask(browser, user_id))
    code = code_in(_mail_to(first, user_id))
    return Artifact(use=lambda node: twin_of(browser, node).submit(page, {"code": code}), good="page:/reset-password")


def a_mailed_link(world: World) -> Artifact:
    """The same by the link; opening it has no effect, its button has."""
    first, user_id = world.nodes[0], secrets.token_hex(8)
    add_person(first, user_id)
    browser = Browser(first)
    ask(browser, user_id)
    link = link_in(_mail_to(first, user_id))
    page = browser.get(link)
    return Artifact(use=lambda node: twin_of(browser, node).submit(page, {}), good="page:/reset-password")


def _mail_to(node: Service, user_id: str) -> KeptMail:
    """Let the worker deliver, and give the one mail to somebody new; others may have got theirs at the same moment."""
    return next(mail for mail in deliver(node) if mail.recipient == f"{user_id}@example.com")


def _second_step(world: World, node: Service, user_id: str, code: str, *, way: str) -> TestResponse:
    browser = Browser(node)
    page = browser.follow(browser.sign_in(at(world.app, node).ask(browser), user_id))
    if way == "recovery_code":
        page = browser.get(f"{page.request.full_path}&way={way}")
    return verify_code(browser, page, code, way=way)


def _form(browser: Browser, page: TestResponse, fields: dict[str, str]) -> Artifact:
    return Artifact(use=lambda node: twin_of(browser, node).submit(page, fields), good="code")


def bare_post(node: Service, path: str, form: dict[str, str]) -> TestResponse:
    """Post a form with nothing added."""
    return Browser(node).post(path, form)


ARTIFACTS = {
    "code": a_code,
    "assertion": an_assertion,
    "sign-in form": a_sign_in_form,
    "consent form": a_consent_form,
    "passkey's answer": a_passkey_answer,
    "code of an app": a_code_of_an_app,
    "recovery code": a_recovery_code,
    "mailed code": a_mailed_code,
    "mailed link": a_mailed_link,
}
