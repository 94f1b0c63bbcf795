"""Somebody who walks over the real routes in any order, with all keys that ever came into their hands.

A step opens a page, fills in a form that was seen, properly or not, posts anything anywhere, carries cookies from one
browser to the other, or reads the mail of a mailbox that they can read.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from werkzeug.test import TestResponse

from idp.app import Service
from tests.support.attacked import NUMBERS, specified
from tests.support.forms import Form, forms_on, links_on
from tests.support.in_process import ADDRESS, App, Browser
from tests.support.nodes import HOST
from tests.support.recovery import deliver
from tests.support.routes import FILES, GET, ROUTES
from tests.support.second_factors import AuthenticatorApp

NEW_PASSWORD = "seven herons in the orchard"
THEIR_ADDRESS = "thief@evil.example"
_OWN_LINK = re.compile(rf"{re.escape(ADDRESS)}(/\S+)")
_MAILED_CODE = re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", re.MULTILINE)
_IDS = re.compile(r"(journey|recovery)=([A-Za-z0-9_-]{8,})")
_REMEMBERED = 30
_PATHS = [path for path in ROUTES if path not in FILES]
_ALL = [(path, method) for path in _PATHS for method in ROUTES[path]]


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What a walker holds: passwords and apps by user ID, mailboxes by address, recovery codes.

    `as_far_as` are pages that many walks with these come to: where they do not, the walks prove nothing.
    """

    name: str
    as_far_as: frozenset[str] = frozenset()
    passwords: Mapping[str, str] = field(default_factory=dict)
    mailboxes: frozenset[str] = frozenset()
    apps: Mapping[str, AuthenticatorApp] = field(default_factory=dict)
    codes: tuple[str, ...] = ()


@dataclass
class Walker:
    """One walk; `seen` collects which pages were shown, by path."""

    service: Service
    apps: list[App]
    holds: Holdings
    random: random.Random
    people: tuple[str, ...]
    seen: set[str]
    careful: float = 0.7
    browsers: list[Browser] = field(default_factory=list)
    forms: list[tuple[Browser, Form]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: dict[str, list[str]] = field(default_factory=lambda: {"journey": [], "recovery": []})
    tokens: list[str] = field(default_factory=lambda: ["", "1.x"])
    mailed: list[str] = field(default_factory=lambda: ["BCDF-GHJK"])

    def walk(self, steps: int) -> None:
        """Take so many steps."""
        addresses = (next(NUMBERS) for _ in range(2))
        self.browsers = [
            Browser(self.service, address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
            for number in addresses
        ]
        doors: list[Callable[[], TestResponse | None]] = [self.visit, self.send, self.ask, self.recover, self.swap]
        for _ in range(steps):
            step = self.fill if self.forms and self.random.random() < self.careful else self.random.choice(doors)
            response = step()
            if response is not None:
                self.learn(response)
            if self.holds.mailboxes and self.random.random() < 0.5:
                self.read_mail()

    def ask(self) -> TestResponse:
        """Begin a journey of any app, silent or not, asking for any level."""
        choose = self.random.choice
        mfa = "urn:idp:mfa"
        changes = {
            "prompt": choose([None, None, None, "none", "login", "consent"]),
            "max_age": choose([None, None, "0", "10000"]),
            "acr_values": choose([None, mfa, "urn:idp:pwd", "urn:idp:phishing-resistant"]),
            "claims": choose([None, None, f'{{"id_token":{{"acr":{{"essential":true,"value":"{mfa}"}}}}}}']),
            "response_mode": choose([None, "query", "form_post"]),
        }
        browser, app = choose(self.browsers), choose(self.apps)
        if self.random.random() < 0.3:
            return self.follow(browser, browser.get("/account"))
        if self.random.random() < 0.2:
            return self.follow(browser, browser.post("/authorize", app.request(**changes)))
        return self.follow(browser, app.ask(browser, **changes))

    def visit(self) -> TestResponse:
        """Open a link that was seen, or any page with any ids."""
        browser = self.random.choice(self.browsers)
        known = self.links and self.random.random() < 0.4
        return self.follow(browser, browser.get(self.random.choice(self.links) if known else self.address()))

    def send(self) -> TestResponse:
        """Post any fields to any route, or open it with a method that it does not know."""
        browser, (path, method) = self.random.choice(self.browsers), self.random.choice(_ALL)
        if method == GET:
            return browser.get(f"{path}?{self.query()}")
        return browser.post(f"{path}?{self.query()}", self.junk())

    def recover(self) -> TestResponse:
        """Ask for a new password for somebody, as anybody can."""
        browser, known = self.random.choice(self.browsers), sorted(self.holds.mailboxes)
        names = known if known and self.random.random() < 0.7 else self.people
        fields = {"choice": "password", "identifier": self.random.choice(names)}
        return self.follow(browser, browser.submit(browser.get("/recover"), fields))

    def swap(self) -> None:
        """Carry every cookie over to the other browser."""
        first, second = self.browsers
        for name, value in first.cookies().items():
            second.client.set_cookie(name, value, domain=HOST, secure=True)

    def fill(self) -> TestResponse:
        """Fill in a form: as well as one can, with a slip here and there, now and then in the other browser."""
        browser, form = self.random.choice(self.forms[-6:])
        fields = dict(form.fields)
        fields |= {name: self.random.choice(values) for name, values in form.choices.items()}
        user = self.user()
        fields |= {name: self.proper(name, form, user) for name in form.fields if name in _FILLED}
        for name in list(fields):
            if self.random.random() < 0.04:
                fields[name] = self.random.choice(["", self.random.choice(self.tokens), "x"])
        if self.random.random() < 0.1:
            browser = self.random.choice(self.browsers)
        return self.follow(browser, browser.post(form.action, fields))

    def read_mail(self) -> None:
        """Take codes and links from the mailboxes that one can read."""
        for mail in reversed(deliver(self.service)[:4]):
            if mail.recipient in self.holds.mailboxes:
                self.mailed += _MAILED_CODE.findall(mail.text)
                self.links += _OWN_LINK.findall(mail.text)

    def follow(self, browser: Browser, response: TestResponse) -> TestResponse:
        """Follow redirects within the issuer, with an eye on each."""
        while response.status_code == 303 and response.headers["Location"].startswith("/"):
            self.learn(response)
            response = browser.get(response.headers["Location"])
        if response.request.method == GET:
            self.forms += [(browser, form) for form in forms_on(response)]
        return response

    def learn(self, response: TestResponse) -> None:
        """Keep what an answer gives away; it must be one that is specified."""
        specified(response)
        if response.status_code == 200:
            self.seen.add(response.request.path)
        written = response.headers.get("Location", "") + "".join(links := links_on(response))
        self.links += links
        for name, value in _IDS.findall(written):
            self.ids[name].append(value)
        self.tokens += re.findall(r'name="form_token" value="([^"]+)"', response.text)
        for texts in (self.links, self.tokens, *self.ids.values()):
            del texts[:-_REMEMBERED]

    def user(self) -> str:
        """Choose whom a form is about: mostly somebody whose password one has."""
        own = sorted(self.holds.passwords)
        return self.random.choice(own if own and self.random.random() < 0.8 else self.people)

    def proper(self, name: str, form: Form, user: str) -> str:
        """Give what belongs into a field, as far as one has it."""
        if name in {"password", "current_password"}:
            return self.holds.passwords.get(user, "a guess at it")
        if name == "code":
            return self.code(form, user)
        return {"user_id": user, "identifier": user, "email": THEIR_ADDRESS, "new_password": NEW_PASSWORD}.get(
            name, "x"
        )

    def code(self, form: Form, user: str) -> str:
        """Give a code: of the app or from the list, where one has them, else whatever was mailed."""
        if form.fields.get("way") == "recovery_code" and self.holds.codes:
            return self.random.choice(self.holds.codes)
        app = self.holds.apps.get(user) or next(iter(self.holds.apps.values()), None)
        if "way" in form.fields and app is not None:
            return app.code()
        return self.random.choice(["000000", self.mailed[-1], self.mailed[-1]])

    def address(self) -> str:
        """Give any page with any ids."""
        return f"{self.random.choice(_PATHS)}?{self.query()}"

    def query(self) -> str:
        """Give ids that were seen, and a way."""
        ids = {name: self.random.choice(seen or ["unknown-id"]) for name, seen in self.ids.items()}
        way = self.random.choice(["totp", "recovery_code", "sms", "passkey", "password", ""])
        kind = self.random.choice(["totp", "passkey", "sms"])
        return f"journey={ids['journey']}&recovery={ids['recovery']}&way={way}&kind={kind}"

    def junk(self) -> dict[str, str]:
        """Give fields of every form at once, some of them missing."""
        choose = self.random.choice
        fields = {
            "form_token": choose(self.tokens),
            "action": choose(_ACTIONS),
            "user_id": choose([*self.people, ""]),
            "password": choose(["wrong", "", *self.holds.passwords.values()]),
            "current_password": choose(["wrong", *self.holds.passwords.values()]),
            "new_password": choose([NEW_PASSWORD, ""]),
            "ticket": "A" * 43,
            "identifier": choose(self.people),
            "choice": choose(["password", "user_id"]),
            "code": choose(["", "000000", self.mailed[-1]]),
            "passkey": choose(["", "{}", '{"id":"x"}']),
            "way": choose(["totp", "recovery_code", "sms", "passkey", "x"]),
            "kind": choose(["totp", "passkey", "sms"]),
            "email": THEIR_ADDRESS,
            "phone": "+4915112345678",
            "sign_out": "yes",
            "remember": "yes",
            "token": choose(["x.1.y", "x" * 43]),
            "factor": "x",
            "acr": "urn:idp:mfa",
            "factor_proved_at": "1",
        }
        return {name: value for name, value in fields.items() if self.random.random() < 0.8}


_FILLED = frozenset({"user_id", "password", "current_password", "code", "new_password", "identifier", "email"})
_ACTIONS = (
    "", "allow", "cancel", "sign_in", "sign_out", "change", "stay", "verify", "send", "add", "remove", "lock", "end",
    "end_others", "withdraw", "ask", "confirm", "renew", "rename", "not_now", "passkey", "saved",
)  # fmt: skip
