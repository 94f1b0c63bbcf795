"""Ways round the second factor: T10, T23, T24–T29, and what T26 says of numbers and places that a request names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from idp.app import Service
from idp.clients.policy import ACR_VALUES
from idp.flows.proofs import Proved
from idp.mfa.models import FACTORS
from idp.mfa.policy import Way
from idp.sessions.models import SESSIONS
from tests.support.authenticator import Authenticator, Said
from tests.support.clock import SettableClock
from tests.support.databases import copy_sqlite
from tests.support.in_process import ADDRESS, App, Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields
from tests.support.racing import at_once
from tests.support.second_factors import (
    AuthenticatorApp,
    add_app,
    add_passkey,
    add_recovery_codes,
    answer_with,
    app_on,
    heading,
    recovery_codes_on,
    verify_code,
)

PWD, MFA, PHISHING_RESISTANT = ACR_VALUES
SESSION, REMEMBERED = "__Host-idp_session", "__Host-idp_remembered"
ASKED = "Enter the code from your app"
NUMBERS = count()


@dataclass(kw_only=True)
class Owner:
    """Somebody with an authenticator app, recovery codes, and a thief who knows the password."""

    service: Service
    user_id: str
    account_id: str
    phone: AuthenticatorApp
    codes: tuple[str, ...]
    app: App

    def at_the_factor(self, browser: Browser, **changes: Any) -> TestResponse:  # noqa: ANN401 - parameters of the request
        """Sign in with the password; gives the page that asks for the factor."""
        page = browser.follow(browser.sign_in(self.app.ask(browser, **changes), self.user_id))
        assert ASKED == heading(page)
        return page

    def sessions(self) -> int:
        """Count what was opened for the account."""
        return counted(self.service, SESSIONS, self.account_id)

    def factors(self) -> int:
        """Count its factors."""
        return counted(self.service, FACTORS, self.account_id)


def counted(service: Service, table: Any, account_id: str) -> int:  # noqa: ANN401 - a table
    """Count the rows of an account."""
    with service.database.reading() as connection:
        rows = select(func.count()).select_from(table).where(table.c.account_id == account_id)
        return int(connection.execute(rows).scalar_one())


@pytest.fixture(scope="module")
def clock() -> SettableClock:
    """Give the clock that the tests of this file share."""
    return SettableClock()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, clock: SettableClock) -> Iterator[Service]:
    """Give the issuer that the tests of this file share."""
    folder: Path = tmp_path_factory.mktemp("factors")
    with issuer_on(copy_sqlite(folder / "idp.sqlite"), folder, clock=clock) as running:
        yield running


@pytest.fixture
def owner(service: Service) -> Owner:
    """Give somebody new."""
    number = next(NUMBERS)
    user_id = f"owner-{number}"
    account_id = add_person(service, user_id)
    phone = add_app(service, account_id)
    codes = add_recovery_codes(service, account_id)
    app = App.register(service, f"app-{number}")
    return Owner(service=service, user_id=user_id, account_id=account_id, phone=phone, codes=codes, app=app)


@pytest.fixture
def thief(service: Service) -> Browser:
    """Give a browser without cookies."""
    return Browser(service)


FORMS: tuple[dict[str, str], ...] = (
    {},
    {"action": "verify"},
    {"action": "verify", "way": "totp"},
    {"action": "verify", "way": "totp", "code": ""},
    {"action": "verify", "way": "", "code": "000000"},
    {"action": "verify", "way": "password", "code": "000000"},
    {"action": "verify", "way": "synced_passkey", "passkey": "{}"},
    {"action": "verify", "way": "recovery_code", "code": "-"},
    {"action": "verify", "way": "passkey", "passkey": ""},
    {"action": "send", "way": "totp"},
    {"action": "send", "way": "sms", "phone": "+15550123"},
    {"action": "saved"},
    {"action": "add", "kind": "totp", "code": "000000", "name": "x"},
    {"action": "passkey", "passkey": "{}", "name": "x"},
    {"action": "allow", "step": "issue", "proof": "second_factor", "remember": "yes", "acr": MFA},
)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_no_form_passes_the_factor_by(owner: Owner, thief: Browser, form: dict[str, str]) -> None:
    """Empty, incomplete and other pages' forms, at this page and at the others: nothing is opened or added (T23)."""
    page = owner.at_the_factor(thief)
    journey, token = page.request.args["journey"], hidden_fields(page)["form_token"]
    for path in ("/verify-factor", "/verify-factor/ways", "/enrol-factor", "/consent", "/change-password"):
        answer = thief.post(f"{path}?journey={journey}", form | {"form_token": token})
        assert "code=" not in answer.headers.get("Location", "")
    assert (0, 1) == (owner.sessions(), owner.factors())
    assert SESSION not in thief.cookies()


def test_half_signed_in_is_not_signed_in(owner: Owner, thief: Browser) -> None:
    """After the password alone: no code, no account page, no silent answer, in whatever order pages are asked (T27)."""
    page = owner.at_the_factor(thief)
    journey = page.request.args["journey"]
    for path in ("/enrol-factor", "/consent", "/change-password", "/recover"):
        thief.get(f"{path}?journey={journey}")
    assert "login_required" == owner.app.answer(owner.app.ask(thief, prompt="none"))["error"]
    for path in ("/account", "/account/methods", "/enrol-factor", "/account/new-phone"):
        assert "Sign in" == heading(thief.follow(thief.get(path)))
    assert 0 == owner.sessions()


def test_an_enrolled_person_is_asked_though_the_app_does_not_care(owner: Owner, thief: Browser) -> None:
    """Also where a password is all that the app wants, and where it says so (T25)."""
    for changes in ({}, {"acr_values": PWD}, {"max_age": 0}, {"prompt": "login"}):
        owner.at_the_factor(thief, **changes)


def test_nobody_adds_a_factor_before_showing_one(owner: Owner, thief: Browser) -> None:
    """An app that wants a passkey leads to the factor that there is, whatever page is asked or posted to."""
    page = owner.at_the_factor(thief, acr_values=PHISHING_RESISTANT)
    there = f"/enrol-factor?journey={page.request.args['journey']}&kind=passkey"
    assert ASKED == heading(thief.follow(thief.get(there)))
    device = Authenticator(Said(origin=ADDRESS))
    options = '{"challenge": "AAAA", "rp": {"id": "id.example.com"}, "user": {"id": "AAAA"}}'
    made = json.dumps(device.create(options))
    token = hidden_fields(page)["form_token"]
    thief.post(there, {"form_token": token, "action": "passkey", "passkey": made, "name": "x"})
    assert 1 == owner.factors()


def test_an_enrolment_cannot_be_sent_twice(service: Service, thief: Browser) -> None:
    """The very post that made a passkey makes no second one, here or in another journey (T10)."""
    user_id = f"nobody-{next(NUMBERS)}"
    account_id, app = add_person(service, user_id), App.register(service, user_id, minimum_acr=MFA)
    page = thief.follow(thief.sign_in(app.ask(thief), user_id))
    other = thief.follow(thief.sign_in(app.ask(thief), user_id))
    page = thief.get(f"/enrol-factor?journey={page.request.args['journey']}&kind=passkey")
    sent = {"passkey": answer_with(Authenticator(Said(origin=ADDRESS)), page), "name": "x"}
    assert recovery_codes_on(thief.submit(page, sent))
    thief.submit(page, sent)
    elsewhere = thief.get(f"/enrol-factor?journey={other.request.args['journey']}&kind=passkey")
    if elsewhere.status_code == 200:
        thief.submit(elsewhere, sent)
    assert 1 == counted(service, FACTORS, account_id)


def test_a_secret_is_good_for_its_own_journey(service: Service) -> None:
    """A code for the secret of one journey adds nothing in another, nor for another account."""
    names = [f"pair-{next(NUMBERS)}" for _ in range(2)]
    ids = [add_person(service, name) for name in names]
    app = App.register(service, names[0], minimum_acr=MFA)
    pages = []
    browsers = [Browser(service), Browser(service)]
    for browser, name in zip(browsers, names, strict=True):
        page = browser.follow(browser.sign_in(app.ask(browser), name))
        pages.append(browser.get(f"/enrol-factor?journey={page.request.args['journey']}&kind=totp"))
    secrets_shown = [app_on(service, page) for page in pages]
    assert secrets_shown[0] != secrets_shown[1]
    refused = browsers[1].submit(pages[1], {"code": secrets_shown[0].code(), "name": "", "action": "add"})
    assert "is not accepted" in refused.text
    assert [0, 0] == [counted(service, FACTORS, account_id) for account_id in ids]


def test_a_factor_signs_nobody_in(owner: Owner, thief: Browser) -> None:
    """A proof of a second factor without a password, and one of another account, come to nothing (T28)."""
    parts = owner.service.parts
    request = replace(parts.journeys.load(*_begun(owner, thief)).request)
    journey, handle = parts.journeys.begin(request)
    proof = parts.prover.prove(
        Proved.SECOND_FACTOR,
        journey_id=journey.id,
        account_id=owner.account_id,
        at=owner.service.clock(),
        detail=Way.TOTP.value,
    )
    parts.journeys.keep(journey.with_proof(proof))
    thief.client.set_cookie(f"__Host-idp_journey_{journey.id[:8]}", handle, domain="id.example.com", secure=True)
    for path in ("/verify-factor", "/enrol-factor", "/consent", "/sign-in"):
        assert "code=" not in thief.get(f"{path}?journey={journey.id}").headers.get("Location", "")
    assert 0 == owner.sessions()


def _begun(owner: Owner, browser: Browser) -> tuple[str, str]:
    """Begin a journey; gives its id and the handle in its cookie."""
    location = owner.app.ask(browser).headers["Location"]
    journey_id = location.partition("journey=")[2]
    return journey_id, browser.cookies()[f"__Host-idp_journey_{journey_id[:8]}"]


def test_somebody_elses_factor_does_not_help(owner: Owner, service: Service, thief: Browser) -> None:
    """The thief's own app, recovery code and passkey open the thief's account alone (T28, T30)."""
    own = add_person(service, f"thief-{next(NUMBERS)}")
    phone, codes, device = add_app(service, own), add_recovery_codes(service, own), add_passkey(service, own)
    page = owner.at_the_factor(thief)
    page = verify_code(thief, page, phone.code())
    page = verify_code(thief, page, codes[0], way="recovery_code")
    options = service.parts.passkeys.sign_in_options(place=f"journey:{page.request.args['journey']}")
    signed = json.dumps(device.get(options))
    answer = thief.submit(page, {"way": "passkey", "action": "verify", "passkey": signed})
    assert "This way cannot be used here" in answer.text
    assert 0 == owner.sessions()


def test_codes_are_used_once_whoever_is_first(owner: Owner, service: Service) -> None:
    """Of two browsers with the same code one gets in, and so with a recovery code."""
    for way, code in (("totp", owner.phone.code()), ("recovery_code", owner.codes[0])):
        browsers = [Browser(service), Browser(service)]
        pages = [owner.at_the_factor(browser) for browser in browsers]
        assert [200, 303] == sorted(_raced(browsers, pages, code, way))


def _raced(browsers: list[Browser], pages: list[TestResponse], code: str, way: str) -> list[int]:
    """Type the same code in all browsers at the same moment; gives the statuses."""
    waiting = iter(list(zip(browsers, pages, strict=True)))

    def type_it() -> int:
        browser, page = next(waiting)
        return verify_code(browser, page, code, way=way).status_code

    return at_once(len(browsers), type_it)


def test_guesses_are_counted_over_all_journeys_and_ways(owner: Owner, service: Service) -> None:
    """Ten wrong codes, wherever they are typed; the eleventh right one is not looked at."""
    paused: TestResponse | None = None
    for number in range(11):
        browser = Browser(service, address=f"10.9.0.{number}")
        page = owner.at_the_factor(browser)
        right = number == 10
        way = "totp" if right or number % 2 else "recovery_code"
        wrong = {"totp": owner.phone.wrong_code(), "recovery_code": "ZZZZ-ZZZZ-ZZZZ-ZZZZ"}
        code = owner.phone.code() if right else wrong[way]
        paused = verify_code(browser, page, code, way=way)
    assert paused is not None
    assert (429, True) == (paused.status_code, "none is accepted until" in paused.text)
    assert 0 == owner.sessions()


def test_a_recovery_code_is_never_remembered(owner: Owner, thief: Browser) -> None:
    """Whoever found the list may come in once, and not for thirty days."""
    page = owner.at_the_factor(thief)
    assert 303 == verify_code(thief, page, owner.codes[0], way="recovery_code", remember="yes").status_code
    assert REMEMBERED not in thief.cookies()


def test_a_planted_cookie_becomes_nothing(owner: Owner, thief: Browser) -> None:
    """A handle that the browser brought along is replaced by one of ours when it is remembered."""
    thief.client.set_cookie(REMEMBERED, "p" * 43, domain="id.example.com", secure=True)
    verify_code(thief, owner.at_the_factor(thief), owner.phone.code(), remember="yes")
    assert "p" * 43 != thief.cookies()[REMEMBERED]
    other = Browser(owner.service)
    other.client.set_cookie(REMEMBERED, "p" * 43, domain="id.example.com", secure=True)
    owner.at_the_factor(other)


def test_a_remembered_browser_is_worth_nothing_by_itself(owner: Owner, service: Service, thief: Browser) -> None:
    """It is bound to the account, and raises no level (T29)."""
    verify_code(thief, owner.at_the_factor(thief), owner.phone.code(), remember="yes")
    cookie = thief.cookies()[REMEMBERED]
    other = Browser(service)
    other.client.set_cookie(REMEMBERED, cookie, domain="id.example.com", secure=True)
    assert "login_required" == owner.app.answer(owner.app.ask(other, prompt="none"))["error"]
    answer = owner.app.answer(other.sign_in(owner.app.ask(other), owner.user_id))
    assert PWD == owner.app.introspect(owner.app.exchange(answer["code"]).get_json()["access_token"])["acr"]
    assert ASKED == heading(other.follow(other.get("/enrol-factor")))
