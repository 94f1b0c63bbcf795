"""Passkeys at the edge: whatever is wrong with one, nobody is signed in, and every reason looks alike (T30, T31)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from idp.accounts.models import ACCOUNTS
from idp.acts.disable_account import disable_account
from idp.app import Service
from idp.audit.browse import Wanted, latest_events
from idp.mfa.policy import PHISHING_RESISTANT
from tests.support.authenticator import BE, BS, UP, UV, Authenticator, Said, encoded, text
from tests.support.in_process import ADDRESS, App, Browser, add_person
from tests.support.passkeys import enrol, options_on, post_answer, sign_in_by_passkey

WRONG = "not the password of anyone 1"


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Give an app of ours, which asks nobody for consent."""
    return App.register(service)


def name() -> str:
    """Invent a user ID."""
    return f"p{secrets.token_hex(6)}"


def opened(app: App, browser: Browser, **changes: Any) -> TestResponse:  # noqa: ANN401 - parameters of a request
    """Open the sign-in page of a new journey."""
    return browser.follow(app.ask(browser, **changes))


def seen(browser: Browser, answer: TestResponse) -> str:
    """Give all that a browser is told, less what differs in every answer."""
    page = browser.follow(answer)
    headers = [header for header in (*answer.headers, *page.headers) if header[0] != "X-Request-Id"]
    shown = f"{answer.status_code} {headers} {page.text}"
    for pattern in (
        r'name="form_token" value="[^"]+"',
        r"challenge&#34;:&#34;[A-Za-z0-9_-]+",
        r"journey=[A-Za-z0-9_-]+",
        r"[A-Z]{4}-[0-9]{4}",
    ):
        shown = re.sub(pattern, "…", shown)
    return shown


def signed_in(browser: Browser) -> bool:
    """Say whether the browser is signed in."""
    return "/sign-in" not in browser.follow(browser.get("/account")).request.path


def test_a_passkey_alone_signs_in(service: Service, app: App) -> None:
    """The app is told that it was one that no look-alike site can ask for."""
    account_id, browser = add_person(service, name()), Browser(service)
    passkey = enrol(service, account_id)
    answer = browser.follow(sign_in_by_passkey(browser, app.ask(browser), passkey))
    tokens = app.exchange(app.answer(answer)["code"]).get_json()
    told = app.introspect(tokens["access_token"])
    assert (account_id, PHISHING_RESISTANT, ["hwk", "user", "mfa"]) == (told["sub"], told["acr"], told["amr"])
    assert signed_in(browser)


def test_the_page_knows_nobody(service: Service, app: App) -> None:
    """Who is hinted at, and whether they have a passkey, leaves no trace in what the page asks for (T31)."""
    with_one, without, nobody = name(), name(), name()
    enrol(service, add_person(service, with_one))
    add_person(service, without)
    shown = set()
    for hint in (with_one, without, nobody):
        browser = Browser(service)
        shown.add(seen(browser, opened(app, browser, login_hint=hint)).replace(hint, "…"))
    assert 1 == len(shown)


Spoiled = Callable[[Service, Authenticator, str], str]


def _changed(**changes: Any) -> Spoiled:  # noqa: ANN401 - any member of `Said`
    return lambda _service, passkey, options: text(passkey.get(options, **changes))


def _unknown(_service: Service, passkey: Authenticator, options: str) -> str:
    stranger = Authenticator(said=Said(origin=ADDRESS), user_handle=passkey.user_handle)
    return text(stranger.get(options))


def _anothers_key(service: Service, passkey: Authenticator, options: str) -> str:
    other = enrol(service, add_person(service, name()))
    other.credential_id, other.user_handle = passkey.credential_id, passkey.user_handle
    return text(other.get(options))


def _anothers_name(service: Service, passkey: Authenticator, options: str) -> str:
    other = enrol(service, add_person(service, name()))
    other.user_handle = passkey.user_handle
    return text(other.get(options))


def _second_factor(service: Service, passkey: Authenticator, options: str) -> str:
    place = f"journey:{options}"
    with service.database.reading() as connection:
        from_elsewhere = service.parts.passkeys.second_factor_options(
            connection, account_id=owner_of(service, passkey), place=place
        )
    return text(passkey.get(from_elsewhere))


def _disabled(service: Service, passkey: Authenticator, options: str) -> str:
    with service.database.writing() as connection:
        disable_account(
            connection,
            account_id=owner_of(service, passkey),
            actor="test",
            entropy=service.entropy,
            now=service.clock(),
        )
    return text(passkey.get(options))


def _gone_back(service: Service, passkey: Authenticator, options: str) -> str:
    browser, app = Browser(service), App.register(service, name())
    page = opened(app, browser)
    passkey.count = 9
    post_answer(browser, page, text(passkey.get(options_on(page))))
    passkey.count = 4
    return text(passkey.get(options))


def _no_handle(_service: Service, passkey: Authenticator, options: str) -> str:
    passkey.user_handle = None
    return text(passkey.get(options))


def _for_another_journey(service: Service, passkey: Authenticator, _options: str) -> str:
    browser = Browser(service)
    return text(passkey.get(options_on(opened(App.register(service, name()), browser))))


def _nonsense(_service: Service, _passkey: Authenticator, _options: str) -> str:
    return '{"type":"public-key","rawId":1}'


def _nothing(_service: Service, _passkey: Authenticator, _options: str) -> str:
    return ""


SPOILED: dict[str, tuple[Spoiled, str]] = {
    "a look-alike origin": (_changed(origin="https://badid.example.com"), "origin"),
    "a subdomain": (_changed(origin=f"https://login.{ADDRESS.removeprefix('https://')}"), "origin"),
    "a foreign frame": (_changed(client_data={"crossOrigin": True}), "foreign frame"),
    "another RP ID": (_changed(rp_id="example.com"), "RP ID"),
    "no verified person": (_changed(flags=UP), "verification required"),
    "nobody present": (_changed(flags=UV), "Present"),
    "copyable all at once": (_changed(flags=UP | UV | BE | BS), "backup eligibility"),
    "a creation": (_changed(type_="webauthn.create"), "type"),
    "a challenge of its own": (_changed(challenge=b"c" * 72), "challenge"),
    "a challenge of another journey": (_for_another_journey, "challenge"),
    "a challenge for a second factor": (_second_factor, "challenge"),
    "an unknown credential": (_unknown, "credential"),
    "another person's key": (_anothers_key, "signature"),
    "another person's handle": (_anothers_name, "user handle"),
    "no handle": (_no_handle, "user handle"),
    "a counter that went back": (_gone_back, "sign count"),
    "a disabled account": (_disabled, "account"),
    "nonsense": (_nonsense, "malformed"),
    "nothing": (_nothing, "malformed"),
}


def owner_of(service: Service, passkey: Authenticator) -> str:
    """Give the account of a passkey."""
    with service.database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT account_id FROM factors WHERE credential_id = ?", (passkey.credential_id,)
        ).one()
    return str(row[0])


def last_refusal(service: Service) -> str:
    """Give the check that the audit trail names for the latest refusal."""
    with service.database.reading() as connection:
        (event,) = latest_events(connection, Wanted(type="sign_in.refused"), count=1)
    return str(event.details["check"])


def test_whatever_is_wrong_looks_alike(service: Service, app: App) -> None:
    """Each way to get a passkey wrong ends at the same page with the same words, and signs nobody in (T30, T31)."""
    shown: dict[str, list[str]] = {}
    for what, (spoil, check) in SPOILED.items():
        passkey, browser = enrol(service, add_person(service, name()), count=4), Browser(service)
        page = opened(app, browser)
        answer = post_answer(browser, page, spoil(service, passkey, options_on(page)))
        assert not signed_in(browser), what
        assert check in last_refusal(service), what
        shown.setdefault(seen(browser, answer), []).append(what)
    assert 1 == len(shown), list(shown.values())
    assert "This passkey did not sign you in" in next(iter(shown))


def test_an_answer_is_good_once(service: Service, app: App) -> None:
    """Posted again in its journey, before and after that has ended, it signs nobody in a second time (T30)."""
    passkey, browser = enrol(service, add_person(service, name()), count=None), Browser(service)
    page = opened(app, browser)
    answer = text(passkey.get(options_on(page)))
    assert "code" in app.answer(post_answer(browser, page, answer))
    again = post_answer(browser, page, answer)
    assert 400 == again.status_code
    second = Browser(service)
    assert "refused" in post_answer(second, opened(app, second), answer).headers["Location"]
    assert not signed_in(second)


def test_a_copied_answer_opens_no_other_browser(service: Service, app: App) -> None:
    """Without the cookie of the journey there is no journey to answer in."""
    passkey, browser, thief = enrol(service, add_person(service, name())), Browser(service), Browser(service)
    page = opened(app, browser)
    answer = text(passkey.get(options_on(page)))
    assert 400 == post_answer(thief, page, answer).status_code
    assert not signed_in(thief)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_another_site_cannot_post_it(service: Service, app: App, headers: dict[str, str]) -> None:
    """A thief's own passkey cannot be slipped to somebody else's browser."""
    passkey, browser = enrol(service, add_person(service, name())), Browser(service)
    page = opened(app, browser)
    assert 403 == post_answer(browser, page, text(passkey.get(options_on(page))), headers=headers).status_code
    assert not signed_in(browser)


def test_a_post_needs_the_token_of_its_page(service: Service, app: App) -> None:
    """None, and another page's, are refused before the passkey is looked at."""
    passkey, browser = enrol(service, add_person(service, name())), Browser(service)
    page = opened(app, browser)
    address = page.request.full_path.replace("/sign-in", "/sign-in/passkey")
    for form in ({}, {"form_token": "1.x"}, {"form_token": f"99999999999.{encoded(bytes(32))}"}):
        answer = browser.post(address, form | {"passkey": text(passkey.get(options_on(page)))})
        assert 400 == answer.status_code
    assert not signed_in(browser)


def test_strangers_lock_no_passkey(service: Service, app: App) -> None:
    """However often others fail with the user ID, its passkey signs in (T41)."""
    user_id = name()
    passkey = enrol(service, add_person(service, user_id))
    stranger = Browser(service, address="203.0.113.9")
    for _ in range(12):
        stranger.sign_in(app.ask(stranger), user_id, WRONG)
    browser = Browser(service)
    assert "code" in app.answer(sign_in_by_passkey(browser, app.ask(browser), passkey))


def test_a_locked_down_account_is_recovered_first(service: Service, app: App) -> None:
    """Its owner said that nobody should sign in; a passkey is no exception."""
    account_id, browser = add_person(service, name()), Browser(service)
    passkey = enrol(service, account_id)
    with service.database.writing() as connection:
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(locked_down_at=service.clock()))
    answer = sign_in_by_passkey(browser, app.ask(browser), passkey)
    assert answer.headers["Location"].startswith("/recover")
    assert not signed_in(browser)


def test_a_get_of_the_address_does_nothing(service: Service) -> None:
    """It takes posts alone."""
    assert 405 == Browser(service).get("/sign-in/passkey").status_code
