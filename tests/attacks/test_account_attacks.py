"""Thieves and strangers at the account pages: old sessions, forged forms, foreign ids, addresses that are two."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, update

from idp.accounts.models import ACCOUNTS
from idp.acts.lock_down import LockDownLinks
from idp.app import Service
from idp.issuance.consents import remember_consent, withdraw_consent
from idp.issuance.models import Grant
from idp.storage.models import table_of
from tests.support.account_pages import account_id_of, open_page, press, seen
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.recovery import WRONG_CODE, code_in, deliver, heading

NEW = "new@example.net"
FORMS = {
    "/account": {"action": "not_now"},
    "/account/sessions": {"action": "end_others"},
    "/account/apps": {"action": "withdraw", "app": "app"},
    "/account/details": {"language": "de", "phrase": "a stranger's"},
    "/account/email": {"action": "ask", "email": NEW},
    "/lock-down": {"action": "lock"},
}


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with dana and tom, whose mail lands in a folder."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        add_person(running)
        add_person(running, "tom")
        yield running


def row_of(service: Service, user_id: str = "dana") -> dict[str, object]:
    """Give everything that is stored of an account."""
    with service.database.reading() as connection:
        return dict(connection.execute(select(ACCOUNTS).where(ACCOUNTS.c.user_id == user_id)).mappings().one())


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_does_nothing(service: Service, path: str) -> None:
    """Neither none, nor one of another page, nor one that is bound to another session (T49)."""
    browser, tom = Browser(service), Browser(service)
    open_page(browser, path)
    before = row_of(service)
    foreign = open_page(tom, path, user_id="tom").text
    stolen = foreign.partition('name="form_token" value="')[2].partition('"')[0]
    other_page = open_page(browser, "/account/sessions" if path != "/account/sessions" else "/account/apps").text
    swapped = other_page.partition('name="form_token" value="')[2].partition('"')[0]
    for token in ("", "1.x", stolen, swapped):
        answer = browser.post(path, {**FORMS[path], "form_token": token})
        assert 400 == answer.status_code, token
    assert before == row_of(service)
    assert "Sign in" != heading(browser.follow(browser.get("/account")))


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_another_site_does_nothing(service: Service, path: str) -> None:
    """The right token with a foreign Origin is refused (T49)."""
    browser = Browser(service)
    token = open_page(browser, path).text.partition('name="form_token" value="')[2].partition('"')[0]
    answer = browser.post(path, {**FORMS[path], "form_token": token}, headers={"Origin": "https://evil.example"})
    assert 403 == answer.status_code


@pytest.mark.parametrize("path", FORMS)
def test_nobody_posts_signed_out(service: Service, path: str) -> None:
    """The way leads to the sign-in page, and nothing is done on arrival."""
    before = row_of(service)
    browser = Browser(service)
    assert "Sign in" == heading(browser.follow(browser.post(path, FORMS[path])))
    assert before == row_of(service)


def test_a_session_of_somebody_else_cannot_be_ended(service: Service) -> None:
    """T87: its id in the form changes nothing, and the answer is the same."""
    dana, tom = Browser(service), Browser(service)
    sid = open_page(dana, "/account/sessions").text.partition('name="sid" value="')[2].partition('"')[0]
    page = open_page(tom, "/account/sessions", user_id="tom")
    assert 303 == press(tom, page, "end", sid=sid).status_code
    assert "Your account" == heading(dana.get("/account"))


def test_no_form_can_name_another_account(service: Service) -> None:
    """Whatever a form adds, it is the session's own account that changes."""
    before = row_of(service)
    tom = Browser(service)
    extra = {"account_id": account_id_of(service), "user_id": "dana", "email": NEW, "email_verified": "true"}
    tom.submit(open_page(tom, "/account/details", user_id="tom"), {"language": "de", "phrase": "x", **extra})
    assert before == row_of(service)
    assert ("tom@example.com", True) == (row_of(service, "tom")["email"], row_of(service, "tom")["email_verified"])


@pytest.mark.parametrize(
    "typed",
    [
        "a@example.net,b@example.net",
        "a@example.net b@example.net",
        "a@example.net;b@example.net",
        "a@example.net\r\nBcc: b@example.net",
        "a@example.net%0d%0aBcc:b@example.net\n",
        "a@b@example.net",
        '"a b"@example.net',
        "<a@example.net>",
        "Dana <a@example.net>",
        "a@example",
        "a@exa mple.net",
        "a@[127.0.0.1]",
        "\u0430@example.net",
        "a@ex\u0430mple.net",
        "a\u200b@example.net",
        "@example.net",
        "a@",
        "",
        "a" * 65 + "@example.net",
        "a@" + "b" * 250 + ".net",
    ],
)
def test_what_is_not_one_plain_address_gets_no_mail(service: Service, typed: str) -> None:
    """T60: commas, line breaks, second addresses, look-alike letters and display names are refused."""
    browser = Browser(service)
    refused = press(browser, open_page(browser, "/account/email"), "ask", email=typed)
    assert 200 == refused.status_code
    assert "Enter one e-mail address" in seen(refused)
    assert [] == deliver(service)


def test_an_address_in_use_elsewhere_gets_the_same_words(service: Service) -> None:
    """T34: whether it is somebody's user ID or address, or nobody's, the page says the same."""
    add_person(service, "taken@example.org", email=None, email_verified=False)
    answers = []
    for address in ("taken@example.org", "tom@example.com", "nobody@example.org"):
        add_person(service, f"asks-{address.partition('@')[0]}")
        browser = Browser(service)
        page = open_page(browser, "/account/email", user_id=f"asks-{address.partition('@')[0]}")
        waiting = browser.follow(press(browser, page, "ask", email=address))
        answers.append((waiting.status_code, seen(waiting).replace(address, "ADDRESS")))
    assert 1 == len(set(answers))
    assert {"tom@example.com", "nobody@example.org"} == {mail.recipient for mail in deliver(service)}


def test_an_address_is_confirmed_by_its_own_code_alone(service: Service) -> None:
    """T85: a code for one address confirms no other one, and no other session's or account's change."""
    dana, tom = Browser(service), Browser(service)
    press(dana, open_page(dana, "/account/email"), "ask", email="mine@example.net")
    code = code_in(deliver(service)[0])
    waiting = tom.follow(press(tom, open_page(tom, "/account/email", user_id="tom"), "ask", email="dana2@example.net"))
    assert "not the code" in seen(press(tom, waiting, "confirm", code=code))
    # The same person in another browser has not asked: the page there waits for no code.
    other = Browser(service)
    assert "The new address" in seen(open_page(other, "/account/email"))
    assert "tom@example.com" == row_of(service, "tom")["email"]
    assert "dana@example.com" == row_of(service)["email"]


def test_guesses_at_the_code_are_counted_over_all_changes(service: Service, clock: SettableClock) -> None:
    """T37, T38: another mail does not refill the budget; the right code is not looked at then."""
    browser = Browser(service)
    waiting = browser.follow(press(browser, open_page(browser, "/account/email"), "ask", email=NEW))
    deliver(service)
    statuses = [press(browser, waiting, "confirm", code=WRONG_CODE).status_code for _ in range(6)]
    clock.advance(121)
    waiting = browser.follow(press(browser, waiting, "ask", email=NEW))
    statuses += [press(browser, waiting, "confirm", code=WRONG_CODE).status_code for _ in range(4)]
    assert [200] * 10 == statuses
    code = code_in(deliver(service)[0])
    assert 429 == press(browser, waiting, "confirm", code=code).status_code
    assert "dana@example.com" == row_of(service)["email"]


def test_of_many_who_confirm_at_once_one_succeeds(service: Service) -> None:
    """The code is used once, also in parallel."""
    browser = Browser(service)
    waiting = browser.follow(press(browser, open_page(browser, "/account/email"), "ask", email=NEW))
    code = code_in(deliver(service)[0])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: press(browser, waiting, "confirm", code=code), range(4)))
    assert NEW == row_of(service)["email"]
    done = [answer for answer in answers if answer.headers.get("Location", "").endswith("/done")]
    assert 1 == len(done)
    told = [mail for mail in deliver(service) if mail.subject == "Your e-mail address was changed"]
    assert 2 == len(told)


def test_where_a_sign_in_returns_to_cannot_be_chosen(service: Service) -> None:
    """No parameter of any page of ours becomes the place where a sign-in ends."""
    browser = Browser(service)
    for name in ("back", "next", "return_to", "redirect_uri"):
        browser = Browser(service)
        page = browser.follow(browser.get(f"/account/email?{name}=https://evil.example"))
        landed = browser.sign_in(page)
        assert "/account/email" == landed.headers["Location"]


@pytest.mark.parametrize("change", ["account", "expiry", "tag", "cut", "purpose"])
def test_a_link_that_locks_down_cannot_be_made(service: Service, change: str) -> None:
    """Every part of it is under the MAC, and no other use of the key makes one."""
    links, account_id = service.parts.lock_down_links, account_id_of(service)
    token = links.address(account_id=account_id, mailed_at=service.clock()).partition("token=")[2]
    account, expires, tag = token.split(".")
    forged = {
        "account": f"{account_id_of(service, 'tom')}.{expires}.{tag}",
        "expiry": f"{account}.{int(expires) + 1}.{tag}",
        "tag": f"{account}.{expires}.{'B' if tag[0] == 'A' else 'A'}{tag[1:]}",
        "cut": f"{account}.{expires}",
        "purpose": f"{account}.{expires}.{service.secrets.mac_key('csrf').tag(account.encode()).hex()}",
    }[change]
    browser = Browser(service)
    for answer in (browser.get(f"/lock-down?token={forged}"), browser.post("/lock-down", {"token": forged})):
        assert 400 == answer.status_code
    assert row_of(service)["locked_down_at"] is None
    assert isinstance(links, LockDownLinks)


def test_a_link_locks_down_and_does_nothing_else(service: Service) -> None:
    """It signs nobody in, shows no user ID, and changes neither password, address nor factor."""
    link = service.parts.lock_down_links.address(account_id=account_id_of(service), mailed_at=service.clock())
    before = row_of(service)
    browser = Browser(service)
    page = browser.get(link)
    assert "dana" not in page.text.lower()
    browser.submit(page, {})
    after = row_of(service)
    changed = {name for name in before if before[name] != after[name]}
    assert {"locked_down_at", "not_before"} == changed
    assert {} == {name: value for name, value in browser.cookies().items() if value}


def test_a_grant_that_was_written_while_its_consent_was_withdrawn_gives_no_token(
    service: Service, clock: SettableClock
) -> None:
    """The code came too late to be ended with the others, and is refused when it is exchanged."""
    app, browser = App.register(service, first_party=False), Browser(service)
    code = app.code(browser)
    with service.database.writing() as connection:
        # As if the grant's row had not been there yet when the consent was withdrawn.
        withdraw_consent(connection, account_id=account_id_of(service), client_id=app.client_id, now=clock() + 1)
        connection.execute(update(table_of(Grant)).values(ended_at=None))
    assert 400 == app.exchange(code).status_code
    with service.database.writing() as connection:
        remember_consent(
            connection, account_id=account_id_of(service), client_id=app.client_id, scopes=["openid"], now=clock() + 2
        )
    assert 200 == app.exchange(app.code(browser)).status_code
