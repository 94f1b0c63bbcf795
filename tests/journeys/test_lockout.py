"""Guessing is slowed and stopped, and the people whose names are guessed at still sign in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from idp.accounts.find import find_by_identifier
from idp.acts.let_guess_again import let_guess_again
from idp.app import Service
from idp.delivery.models import OUTBOX
from idp.lockout.models import COUNTERS, KNOWN
from idp.lockout.origin import origin_of
from idp.lockout.places import LIMITS
from idp.lockout.policy import STOP_AFTER, GuessKind
from idp.lockout.work import WAIT_SECONDS, find_answer
from idp.storage.handles import digest
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, App, Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields
from tests.support.recovery import NEW_PASSWORD, deliver, reset

WRONG = "not the password at all"
DEVICE = "__Host-idp_device"
OFFICE = "198.51.100.20"
HALF_HOUR = 1800.0
DAY = 86_400.0


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock at the beginning of an hour."""
    return SettableClock(1_800_014_400.0)


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with Dana in it."""
    with issuer_on(sqlite_url, tmp_path, clock=clock, mail_folder=tmp_path / "mailbox") as running:
        add_person(running)
        yield running


@pytest.fixture
def app(service: Service) -> App:
    """Give an app to sign in to."""
    return App.register(service)


def pass_by(service: Service, clock: SettableClock, seconds: float) -> None:
    """Let time pass."""
    clock.advance(seconds)
    service.watch.poll_once()


def guess(
    app: App, browser: Browser, clock: SettableClock, *, user_id: str = "dana", password: str = WRONG
) -> TestResponse:
    """Try a password, long enough after the last one to be looked at."""
    pass_by(app.service, clock, 8.0)
    return browser.sign_in(app.ask(browser), user_id, password)


def use_up(app: App, clock: SettableClock, *, user_id: str = "dana", browser: Browser | None = None) -> None:
    """Fail ten times."""
    guesses = [guess(app, browser or Browser(app.service), clock, user_id=user_id) for _ in range(10)]
    assert [200] * 10 == [response.status_code for response in guesses]


def signs_in(app: App, browser: Browser, *, user_id: str = "dana") -> bool:
    """Whether the right password leads into the app."""
    return browser.sign_in(app.ask(browser), user_id).status_code == 303


def counted(service: Service, key: str) -> int:
    """Read how many failures a key has."""
    with service.database.reading() as connection:
        return connection.execute(select(COUNTERS.c.failures).where(COUNTERS.c.key == key)).scalar_one_or_none() or 0


def place_of(service: Service, address: str, clock: SettableClock) -> str:
    """Give the key of an address in this hour."""
    lookup = service.secrets.mac_key("lookup")
    return origin_of(lookup, identifier="x", address=address, device_digest=None, now=clock()).address_key


def make_busy(service: Service, address: str, clock: SettableClock, failures: int) -> None:
    """Let so many pairs have failed at an address in this hour."""
    row = {
        "key": place_of(service, address, clock),
        "kind": GuessKind.ADDRESS.value,
        "window_started": clock() - clock() % 3600.0,
        "failures": failures,
        "consecutive": 0,
    }
    with service.database.writing() as connection:
        connection.execute(insert(COUNTERS).values(row))


def test_ten_wrong_passwords_pause_the_account(app: App, clock: SettableClock) -> None:
    """Its page says until when and what else there is; half an hour later the password is looked at again."""
    browser = Browser(app.service)
    use_up(app, clock, browser=browser)
    page = browser.sign_in(app.ask(browser))
    assert (429, "1800") == (page.status_code, page.headers["Retry-After"])
    for words in ("Signing in is paused", "Reset your password", "passkey", "signed in on before", "VIN", "Reference"):
        assert words in page.text
    reset = re.search(r'href="(/recover\?journey=[^"]+)"', page.text)
    assert reset is not None
    assert 200 == browser.get(reset[1]).status_code
    pass_by(app.service, clock, HALF_HOUR)
    assert signs_in(app, browser)


def test_a_hasty_guess_is_told_to_wait(app: App, clock: SettableClock) -> None:
    """It costs nothing, and is looked at when the seconds are over."""
    browser = Browser(app.service)
    for _ in range(6):
        assert 200 == browser.sign_in(app.ask(browser), "dana", WRONG).status_code
    hasty = browser.sign_in(app.ask(browser))
    assert (429, "1", True) == (hasty.status_code, hasty.headers["Retry-After"], "was not checked" in hasty.text)
    pass_by(app.service, clock, 1.0)
    assert signs_in(app, browser)


def test_strangers_lock_nobody_out_of_a_known_browser(app: App, clock: SettableClock) -> None:
    """A thousand wrong guesses from everywhere, and the owner signs in on her own computer (T41)."""
    owner = Browser(app.service)
    assert signs_in(app, owner)
    assert 43 == len(owner.cookies()[DEVICE])
    owner.client.delete_cookie("__Host-idp_session", domain="id.example.com")
    stranger, statuses = Browser(app.service), set()
    page = stranger.follow(app.ask(stranger, prompt="login"))
    form = hidden_fields(page) | {"user_id": "dana", "password": WRONG}
    for number in range(1000):
        elsewhere = {"REMOTE_ADDR": f"203.0.{number % 250}.{number % 7}"}
        pass_by(app.service, clock, 0.5)
        statuses.add(stranger.post(page.request.full_path, form, environ=elsewhere).status_code)
    assert {200, 429} == statuses
    assert 429 == guess(app, Browser(app.service), clock, password=PASSWORD).status_code
    assert signs_in(app, owner)


def test_the_known_browser_is_none_for_other_accounts(app: App, clock: SettableClock) -> None:
    """It has a budget of its own where its people signed in, and the strangers' budget elsewhere."""
    browser = Browser(app.service)
    assert signs_in(app, browser)
    browser.client.delete_cookie("__Host-idp_session", domain="id.example.com")
    tom = add_person(app.service, "tom")
    assert 200 == guess(app, browser, clock, user_id="tom").status_code
    assert 1 == counted(app.service, f"account:{tom}")


def test_a_shared_browser_is_not_known(app: App, service: Service) -> None:
    """Whoever ticks the box leaves nothing behind, and the box stays ticked when a password was wrong."""
    browser = Browser(service)
    page = browser.follow(app.ask(browser))
    assert 'name="shared_device" value="yes">' in page.text
    form = {"user_id": "dana", "shared_device": "yes"}
    failed = browser.submit(page, form | {"password": WRONG})
    assert 'name="shared_device" value="yes" checked' in failed.text
    assert "code" in app.answer(browser.submit(failed, form | {"password": PASSWORD}))
    assert DEVICE not in browser.cookies()
    with service.database.reading() as connection:
        assert connection.execute(select(KNOWN)).first() is None


def test_a_browser_is_known_by_its_cookie_alone(app: App, service: Service) -> None:
    """Two accounts of one browser are two rows under one handle, of which only the digest is kept."""
    add_person(service, "tom")
    browser = Browser(service)
    assert signs_in(app, browser)
    handle = browser.cookies()[DEVICE]
    browser.client.delete_cookie("__Host-idp_session", domain="id.example.com")
    assert signs_in(app, browser, user_id="tom")
    assert handle == browser.cookies()[DEVICE]
    with service.database.reading() as connection:
        rows = connection.execute(select(KNOWN.c.handle_digest, KNOWN.c.account_id)).all()
    assert (2, {digest(handle)}) == (len(rows), {row.handle_digest for row in rows})


def test_the_owner_is_mailed_once_a_day(app: App, service: Service, clock: SettableClock) -> None:
    """However often a day the account is paused; a name that nobody has costs the same and mails nobody."""
    for _ in range(3):
        use_up(app, clock)
        pass_by(service, clock, HALF_HOUR)
    use_up(app, clock, user_id="nobody")
    with service.database.reading() as connection:
        assert ["locked"] * 2 == list(connection.execute(select(OUTBOX.c.kind)).scalars())
    (mail,) = deliver(service)
    assert "dana@example.com" == mail.recipient
    assert "half an hour" in mail.text
    pass_by(service, clock, DAY)
    use_up(app, clock)
    assert 2 == len(deliver(service))


def test_recovery_ends_the_pause(app: App, service: Service, clock: SettableClock) -> None:
    """With the new password its owner signs in at once."""
    use_up(app, clock)
    owner = Browser(service)
    assert 303 == reset(service, owner).status_code
    assert 303 == owner.sign_in(app.ask(owner), "dana", NEW_PASSWORD).status_code


def test_a_hundred_in_a_row_end_in_recovery_or_with_an_operator(
    app: App, service: Service, clock: SettableClock
) -> None:
    """The page then names no time: only a new password, or `idp accounts unlock`, opens the account again."""
    for _ in range(STOP_AFTER // 10):
        use_up(app, clock)
        pass_by(service, clock, HALF_HOUR)
    page = guess(app, Browser(service), clock, password=PASSWORD)
    assert (429, True, False) == (page.status_code, "replaced by a new one" in page.text, "until 1" in page.text)
    pass_by(service, clock, 30 * DAY)
    assert not signs_in(app, Browser(service))
    with service.database.writing() as connection:
        dana = find_by_identifier(connection, identifier="dana")
        assert dana is not None
        let_guess_again(connection, account_id=dana.id, actor="cli:test", entropy=service.entropy, now=clock())
    assert signs_in(app, Browser(service))


def test_an_organisation_behind_one_address_meets_nothing(app: App, service: Service, clock: SettableClock) -> None:
    """Three hundred people sign in within ten minutes, a third of them after mistyping once or twice."""
    for number in range(300):
        add_person(service, f"user{number}", email=f"user{number}@example.com")
    for number in range(300):
        browser = Browser(service, address=OFFICE)
        for _ in range((0, 0, 1, 0, 0, 2)[number % 6]):
            assert 200 == browser.sign_in(app.ask(browser), f"user{number}", WRONG).status_code
            clock.advance(0.5)
        assert signs_in(app, browser, user_id=f"user{number}")
        pass_by(service, clock, 1.5)
    assert 0 == counted(service, place_of(service, OFFICE, clock))


def test_a_busy_place_works_and_goes_on(app: App, service: Service, clock: SettableClock) -> None:
    """The browser's work pays for three guesses; then there is more to do."""
    make_busy(service, OFFICE, clock, LIMITS[GuessKind.ADDRESS].work)
    browser = Browser(service, address=OFFICE)
    asked = browser.sign_in(app.ask(browser))
    assert "/slow-down?journey=" in asked.headers["Location"]
    page = browser.follow(asked)
    challenge = re.search(r'name="challenge" value="([^"]+)"', page.text)
    assert challenge is not None
    back = browser.submit(page, {"answer": find_answer(challenge[1])})
    assert "/sign-in?journey=" in back.headers["Location"]
    for _ in range(2):
        back = browser.sign_in(back, "dana", WRONG)
        assert 200 == back.status_code
    assert "code" in app.answer(browser.sign_in(back))


def test_without_script_a_person_waits(app: App, service: Service, clock: SettableClock) -> None:
    """Continue is refused until half a minute is over, and says how much is left."""
    make_busy(service, OFFICE, clock, LIMITS[GuessKind.ADDRESS].work)
    browser = Browser(service, address=OFFICE)
    page = browser.follow(browser.sign_in(app.ask(browser)))
    pass_by(service, clock, 10.0)
    early = browser.submit(page, {"answer": ""})
    assert (429, str(WAIT_SECONDS - 10)) == (early.status_code, early.headers["Retry-After"])
    pass_by(service, clock, WAIT_SECONDS - 10.0)
    assert "code" in app.answer(browser.sign_in(browser.submit(early, {"answer": ""})))


def test_a_known_browser_is_never_asked_for_work(app: App, service: Service, clock: SettableClock) -> None:
    """Not even where everybody else is refused."""
    owner = Browser(service, address=OFFICE)
    assert signs_in(app, owner)
    owner.client.delete_cookie("__Host-idp_session", domain="id.example.com")
    make_busy(service, OFFICE, clock, LIMITS[GuessKind.ADDRESS].refused)
    refused = guess(app, Browser(service, address=OFFICE), clock, password=PASSWORD)
    assert (429, True) == (refused.status_code, "from your network" in refused.text)
    assert signs_in(app, owner)
