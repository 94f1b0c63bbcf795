"""Thieves who got half way before the owner acted: what waits in their journeys, sessions and links is worth nothing.

Each has proved something that was right at that moment: an old password, a passkey that was taken away since, a link
that was used, a session that was being written while the password was replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from idp.accounts.models import ACCOUNTS
from idp.acts.change_password import change_password
from idp.acts.lock_down import lock_down
from idp.acts.new_password import NewPassword
from idp.acts.remove_factor import remove_factor
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.audit.events import EventType
from idp.clients.policy import ACR_VALUES
from idp.issuance.models import Consent
from idp.mfa.factors import list_factors
from idp.mfa.models import FACTORS
from idp.passwords.credentials import set_password
from idp.passwords.models import CREDENTIALS
from idp.sessions.models import SESSIONS
from idp.storage.models import table_of
from idp.web.activity_words import ACTIVITY_WORDS
from tests.support.account_pages import open_page, press, seen
from tests.support.authenticator import Authenticator, Said
from tests.support.clock import SettableClock
from tests.support.in_process import ADDRESS, PASSWORD, App, Browser, add_person, issuer_on
from tests.support.nodes import outcome
from tests.support.passkeys import enrol, sign_in_by_passkey
from tests.support.recovery import NEW_PASSWORD, WRONG_CODE, ask, code_in, deliver, heading, reset
from tests.support.second_factors import add_app, add_passkey, answer_with, app_on

_, MFA, PHISHING_RESISTANT = ACR_VALUES
VISITOR = Visitor(address="192.0.2.9", user_agent=None, reference="TEST-0009")
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SHARED = {"user_id": "dana", "password": PASSWORD, "shared_device": "yes"}


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana, whose mail lands in a folder."""
    with issuer_on(sqlite_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        yield running


@pytest.fixture
def dana(service: Service) -> str:
    """Give dana's account id."""
    return add_person(service)


@pytest.fixture
def app(service: Service) -> App:
    """Give an app."""
    return App.register(service)


@pytest.fixture
def thief(service: Service) -> Browser:
    """Give the thief's browser."""
    return Browser(service, address="203.0.113.66")


def factors(service: Service, account_id: str) -> int:
    """Count the factors of an account."""
    with service.database.reading() as connection:
        rows = select(func.count()).select_from(FACTORS).where(FACTORS.c.account_id == account_id)
        return int(connection.execute(rows).scalar_one())


def at_enrolment(thief: Browser, app: App, acr: str, kind: str) -> TestResponse:
    """Sign in with the password that was stolen; gives the page that adds a factor."""
    page = thief.follow(thief.sign_in(app.ask(thief, acr_values=acr)))
    choice = thief.get(f"{page.request.path}?journey={page.request.args['journey']}&kind={kind}")
    assert 200 == choice.status_code
    return choice


def owner_resets(service: Service, account_id: str) -> None:
    """The owner replaces the password by mail."""
    assert 303 == reset(service, Browser(service)).status_code


def owner_locks_down(service: Service, account_id: str) -> None:
    """The owner says "this wasn't me", and comes back by mail."""
    with service.database.writing() as connection:
        lock_down(
            connection,
            account_id=account_id,
            by="mail",
            ceiling=service.parts.issuer.ceiling,
            visitor=VISITOR,
            entropy=service.entropy,
            now=service.clock(),
        )
    owner_resets(service, account_id)


def typed_on(service: Service, page: TestResponse, kind: str) -> dict[str, str]:
    """Answer a page that adds a factor."""
    if kind == "totp":
        return {"action": "add", "code": app_on(service, page).code()}
    return {"action": "passkey", "passkey": answer_with(Authenticator(said=Said(origin=ADDRESS)), page)}


def owner_changes_and_stays_signed_in(service: Service, account_id: str) -> None:
    """The owner replaces the password, and lets every session go on."""
    with service.database.writing() as connection:
        change_password(
            connection,
            account_id=account_id,
            new=NewPassword(stored=service.parts.hasher.hash(NEW_PASSWORD), short=False),
            sign_out=False,
            visitor=VISITOR,
            entropy=service.entropy,
            now=service.clock(),
        )


@pytest.mark.parametrize("act", [owner_resets, owner_locks_down, owner_changes_and_stays_signed_in])
@pytest.mark.parametrize(("acr", "kind"), [(MFA, "totp"), (PHISHING_RESISTANT, "passkey")])
def test_an_old_password_adds_no_factor(
    service: Service, dana: str, *, act: Callable[[Service, str], None], acr: str, kind: str
) -> None:
    """The thief waits on the page that adds a factor until the owner has a new password: it would be the thief's."""
    thief, clock = Browser(service), service.clock
    assert isinstance(clock, SettableClock)
    page = at_enrolment(thief, App.register(service), acr, kind)
    clock.advance(60.0)
    act(service, dana)
    clock.advance(1.0)
    answer = thief.submit(page, {"kind": kind, "name": "x", **typed_on(service, page, kind)})
    assert 0 == factors(service, dana)
    assert "access_denied" == outcome(answer)


def test_an_old_password_allows_no_app(service: Service, dana: str, thief: Browser, clock: SettableClock) -> None:
    """A consent is not the thief's to give any more: none is written down."""
    stranger = App.register(service, "stranger", first_party=False)
    page = thief.follow(thief.sign_in(stranger.ask(thief)))
    clock.advance(1.0)
    owner_resets(service, dana)
    assert "access_denied" == outcome(thief.submit(page, {"action": "allow"}))
    with service.database.reading() as connection:
        assert 0 == connection.execute(select(func.count()).select_from(table_of(Consent))).scalar_one()


@pytest.mark.parametrize("path", ["/account/email", "/account/password", "/enrol-factor", "/account"])
def test_a_session_that_was_being_written_as_the_password_changed_opens_no_page(
    service: Service, dana: str, thief: Browser, clock: SettableClock, path: str
) -> None:
    """It was not there yet to be ended with the others: the account pages ask for the new password."""
    open_page(thief, "/account")
    clock.advance(1.0)
    with service.database.writing() as connection:
        stored = service.parts.hasher.hash(NEW_PASSWORD)
        set_password(connection, account_id=dana, stored=stored, must_change=False, now=clock())
    page = thief.follow(thief.get(path))
    assert "Sign in" == heading(page)
    assert path == thief.sign_in(page, password=NEW_PASSWORD).headers["Location"]


def test_the_thiefs_own_password_is_not_the_owners(service: Service, dana: str, app: App, thief: Browser) -> None:
    """Whoever replaces a due password has proved the old one; another account's in the same journey is none."""
    add_app(service, add_person(service, "accomplice"))
    passkey = enrol(service, dana)
    with service.database.writing() as connection:
        connection.execute(update(CREDENTIALS).where(CREDENTIALS.c.account_id == dana).values(must_change=True))
    begun = app.ask(thief)
    assert "page:/verify-factor" == outcome(thief.follow(thief.sign_in(begun, "accomplice")))
    answer = sign_in_by_passkey(thief, thief.get(begun.headers["Location"]), passkey)
    assert "page:/sign-in" == outcome(thief.follow(answer))


def test_an_old_password_replaces_no_password_that_support_has_set(
    service: Service, dana: str, thief: Browser, clock: SettableClock
) -> None:
    """The thief waits with the stolen password until a temporary one is set: only that one is changed into another."""
    stranger = App.register(service, "stranger", first_party=False)
    page = thief.follow(thief.sign_in(stranger.ask(thief)))
    clock.advance(1.0)
    with service.database.writing() as connection:
        temporary = service.parts.hasher.hash("a temporary password")
        set_password(connection, account_id=dana, stored=temporary, must_change=True, now=clock())
    answer = thief.follow(thief.submit(page, {"action": "allow"}))
    assert "page:/sign-in" == outcome(answer)
    journey = answer.request.args["journey"]
    assert "page:/sign-in" == outcome(thief.follow(thief.get(f"/change-password?journey={journey}")))
    with service.database.reading() as connection:
        assert temporary == connection.execute(select(CREDENTIALS.c.hash)).scalar_one()


def last_bit(address: str) -> str:
    """Change a bit of the last digit of base64, which stands for nothing."""
    return address[:-1] + BASE64[BASE64.index(address[-1]) ^ 1]


@pytest.mark.parametrize("rewritten", [lambda it: it + "!", lambda it: f"{it[:-3]}!{it[-3:]}", last_bit])
def test_a_used_link_locks_nothing_again(
    service: Service, dana: str, thief: Browser, clock: SettableClock, rewritten: Callable[[str], str]
) -> None:
    """T04: however its octets are written, it is the same link."""
    address = service.parts.lock_down_links.address(account_id=dana, mailed_at=clock())
    owner = Browser(service)
    owner.submit(owner.get(address), {"action": "lock"})
    clock.advance(60.0)
    owner_resets(service, dana)
    again = thief.get(rewritten(address))
    assert 200 == again.status_code
    thief.submit(again, {"action": "lock"})
    with service.database.reading() as connection:
        locked = select(ACCOUNTS.c.locked_down_at).where(ACCOUNTS.c.id == dana)
        assert connection.execute(locked).scalar_one() is None


def test_strangers_do_not_keep_the_owner_from_a_new_password(
    service: Service, dana: str, thief: Browser, clock: SettableClock
) -> None:
    """T41: unknown browsers have used up their guesses; the one in which somebody is signed in has its own."""
    owner = Browser(service)
    page = open_page(owner, "/account/password")
    for _ in range(12):
        thief.sign_in(thief.get("/account"), password="wrong")
        clock.advance(20.0)
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "action": "change"}
    assert "/account/password/done" == owner.submit(page, fields).headers.get("Location")


def test_a_shared_device_stays_one(service: Service, dana: str, app: App) -> None:
    """Who signs in once more in a session that began as shared has not said that it is their own device."""
    browser = Browser(service)
    browser.submit(browser.follow(app.ask(browser)), SHARED)
    again = app.finish(browser, app.ask(browser, prompt="login"))
    token = app.exchange(app.answer(again)["code"]).get_json()["access_token"]
    assert app.introspect(token)["shared_device"]


def test_a_device_called_shared_later_is_one(service: Service, dana: str, app: App) -> None:
    """Who ticks the box at the second sign-in of a session has said so for the session."""
    browser = Browser(service)
    app.tokens(browser)
    browser.submit(browser.follow(app.ask(browser, prompt="login")), SHARED)
    with service.database.reading() as connection:
        assert connection.execute(select(SESSIONS.c.shared_device)).scalar_one()


def test_strangers_cannot_push_what_happened_off_the_page(
    service: Service, dana: str, thief: Browser, clock: SettableClock
) -> None:
    """Any number of refused sign-ins leaves what was done to the account in sight."""
    owner = Browser(service)
    open_page(owner, "/account")
    add_passkey(service, dana)
    for _ in range(25):
        thief.sign_in(thief.get("/account"), password="wrong")
    shown = seen(owner.get("/account/activity"))
    assert ACTIVITY_WORDS[EventType.FACTOR_ADDED] in shown
    assert ACTIVITY_WORDS[EventType.SIGN_IN_REFUSED] in shown


def test_a_passkey_that_was_taken_away_signs_nobody_in(
    service: Service, dana: str, thief: Browser, clock: SettableClock
) -> None:
    """The thief waits on the consent page until the owner has another passkey and has removed the stolen one."""
    stranger = App.register(service, "stranger", first_party=False)
    stolen = enrol(service, dana)
    page = thief.follow(sign_in_by_passkey(thief, stranger.ask(thief), stolen))
    assert "page:/consent" == outcome(page)
    with service.database.writing() as connection:
        [factor] = list_factors(connection, account_id=dana)
    add_passkey(service, dana)
    with service.database.writing() as connection:
        remove_factor(
            connection, account_id=dana, factor_id=factor.id, visitor=VISITOR, entropy=service.entropy, now=clock()
        )
    assert "access_denied" == outcome(thief.submit(page, {"action": "allow"}))


def test_strangers_do_not_keep_the_owner_from_a_new_address(
    service: Service, dana: str, thief: Browser, clock: SettableClock
) -> None:
    """T41: wrong codes for a recovery, which anybody can ask for, use up none of those for a change of address."""
    typing = thief.follow(ask(thief, "dana"))
    deliver(service)
    for _ in range(15):
        thief.submit(typing, {"code": WRONG_CODE})
    owner = Browser(service)
    waiting = owner.follow(press(owner, open_page(owner, "/account/email"), "ask", email="new@example.net"))
    [mail] = [mail for mail in deliver(service) if mail.recipient == "new@example.net"]
    assert "/account/email/done" == press(owner, waiting, "confirm", code=code_in(mail)).headers.get("Location")
