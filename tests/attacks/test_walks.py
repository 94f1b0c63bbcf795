"""Walks over the real routes in any order, with any form, cookie and token that ever came into somebody's hands.

Whoever walks without a password gets neither code nor session; whoever has one gets codes about nobody else.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.passwords.models import CREDENTIALS
from tests.support.attacked import Target, browser_of, specified
from tests.support.in_process import PASSWORD, App, Browser
from tests.support.nodes import HOST, hidden_fields, outcome

WALKS = 300
STEPS = 10
PAGES = ("/sign-in", "/consent", "/change-password")
RECOVERY_PAGES = ("/recover", "/recover/code", "/recover/user-ids", "/reset-password", "/reset-password/done")


@dataclass
class Walker:
    """Somebody who tries every door in any order, with all keys that ever came into their hands."""

    target: Target
    random: random.Random
    passwords: dict[str, str]
    browsers: list[Browser] = field(default_factory=list)
    journeys: list[str] = field(default_factory=list)
    recoveries: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=lambda: ["", "1.x"])
    codes: list[tuple[App, str]] = field(default_factory=list)

    def walk(self) -> None:
        """Take some steps; after each, look at what was gained."""
        self.browsers = [browser_of(self.target) for _ in range(2)]
        steps = [self.ask, self.look, self.send, self.leave, self.swap, self.home, self.recover, self.sign_in]
        for _ in range(STEPS):
            step: Callable[[], TestResponse | None] = self.random.choice(steps)
            response = step()
            if response is not None:
                self.learn(response)

    def ask(self) -> TestResponse:
        """Begin a journey, silent or not, posted or not."""
        app = self.random.choice([self.target.app, self.target.stranger, self.target.public])
        changes = {
            "prompt": self.random.choice([None, None, "none", "login", "consent", "select_account"]),
            "max_age": self.random.choice([None, "0", "10000"]),
            "id_token_hint": self.random.choice([None, None, self.target.tokens["id_token"]]),
            "response_mode": self.random.choice([None, "query", "form_post"]),
        }
        browser = self.random.choice(self.browsers)
        if self.random.random() < 0.3:
            return browser.follow(browser.post("/authorize", app.request(**changes)))
        return app.ask(browser, **changes)

    def look(self) -> TestResponse:
        """Open a page of any journey in any browser."""
        page = self.random.choice([*PAGES, *RECOVERY_PAGES])
        return self.random.choice(self.browsers).get(f"{page}?{self._query()}")

    def send(self) -> TestResponse:
        """Send any form with any token to any page of any journey."""
        page = self.random.choice([*PAGES, *RECOVERY_PAGES, "/end-session"])
        return self.random.choice(self.browsers).post(f"{page}?{self._query()}", self._fields())

    def recover(self) -> TestResponse:
        """Ask for a new password for dana, as anybody can."""
        browser = self.random.choice(self.browsers)
        page = browser.get("/recover")
        return browser.submit(page, {"choice": "password", "identifier": "dana"})

    def sign_in(self) -> TestResponse | None:
        """Sign in properly, if there is a password for it."""
        if not self.passwords:
            return None
        browser = self.random.choice(self.browsers)
        page = browser.get(f"/sign-in?journey={self._journey()}")
        if page.status_code != 200:
            return None
        user_id = self.random.choice(sorted(self.passwords))
        return browser.submit(page, {"user_id": user_id, "password": self.passwords[user_id]})

    def leave(self) -> TestResponse:
        """Sign out, or almost."""
        query = {"id_token_hint": self.target.tokens["id_token"]} if self.random.random() < 0.5 else {}
        return self.random.choice(self.browsers).get("/end-session", query_string=query)

    def home(self) -> TestResponse:
        """Look at the account."""
        browser = self.random.choice(self.browsers)
        return browser.follow(browser.get("/account"))

    def swap(self) -> None:
        """Carry every cookie over to the other browser."""
        first, second = self.browsers
        for name, value in first.cookies().items():
            second.client.set_cookie(name, value, domain=HOST, secure=True)

    def learn(self, response: TestResponse) -> None:
        """Keep journeys and form tokens; every answer must be one that is specified."""
        specified(response)
        location = response.headers.get("Location", "")
        if "journey=" in location:
            self.journeys.append(location.partition("journey=")[2])
        if "recovery=" in location:
            self.recoveries.append(location.partition("recovery=")[2].partition("&")[0])
        if token := hidden_fields(response).get("form_token"):
            self.tokens.append(token)
        if "code=" in location or 'type="hidden" name="code"' in response.text:
            self.codes.append((self.target.app, location or response.text))

    def _journey(self) -> str:
        return self.random.choice(self.journeys) if self.journeys else "unknown-journey"

    def _query(self) -> str:
        recovery = self.random.choice(self.recoveries) if self.recoveries else "unknown-recovery"
        return f"journey={self._journey()}&recovery={recovery}"

    def _fields(self) -> dict[str, str]:
        fields = {
            "form_token": self.random.choice(self.tokens),
            "action": self.random.choice(["allow", "cancel", "sign-in", "sign-out", "change", "stay", ""]),
            "user_id": self.random.choice(["dana", "mallory", ""]),
            "password": self.random.choice(["wrong", "", "x" * 300]),
            "new_password": self.random.choice(["a whole new password for dana", ""]),
            "account": self.random.choice([*self.target.subs.values(), ""]),
            "ticket": "A" * 43,
            "identifier": "dana",
            "choice": self.random.choice(["password", "user_id"]),
            "code": self.random.choice(["", "BCDFGHJK", "0" * 8]),
            "sign_out": "yes",
            "recovery": self.random.choice([*self.recoveries, "unknown-recovery"]),
            "proof": "password",
            "step": "issue",
        }
        return {name: value for name, value in fields.items() if self.random.random() < 0.8}


def _stored_passwords(target: Target) -> list[str]:
    with target.service.database.reading() as connection:
        return list(connection.execute(select(CREDENTIALS.c.hash).order_by(CREDENTIALS.c.account_id)).scalars())


def test_no_walk_without_a_password_gains_anything(target: Target) -> None:
    """Three hundred walks over the real routes: no code, no session, and no password set (T22, T23)."""
    before = _stored_passwords(target)
    journeys: list[str] = []
    tokens = ["", "1.x"]
    for seed in range(WALKS):
        walker = Walker(target, random.Random(seed), {}, journeys=journeys[-20:], tokens=tokens[-20:])
        walker.walk()
        assert [] == walker.codes, f"walk {seed}"
        assert not [1 for browser in walker.browsers if "__Host-idp_session" in browser.cookies()], f"walk {seed}"
        # What one walker finds, the next ones hold too: other people's journeys and form tokens.
        journeys, tokens = walker.journeys, walker.tokens
    assert before == _stored_passwords(target)


def test_a_walk_with_ones_own_password_gains_nobody_elses(target: Target) -> None:
    """The thief has an account: every session and code that the walk yields is the thief's own."""
    gained = 0
    for seed in range(WALKS // 5):
        walker = Walker(target, random.Random(seed), {"mallory": PASSWORD})
        walker.walk()
        for browser in walker.browsers:
            if "__Host-idp_session" not in browser.cookies():
                continue
            answer = target.app.ask(browser, prompt="none")
            if outcome(answer) == "code":
                body = target.app.exchange(target.app.answer(answer)["code"]).get_json()
                assert target.subs["mallory"] == target.app.userinfo(body["access_token"]).get_json()["sub"]
                gained += 1
    assert gained, "no walk signed in: the walks prove nothing"
