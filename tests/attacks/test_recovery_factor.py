"""What thieves try who can read a mailbox: round the second factor, with another's, an old one, or in a second tab.

Keycloak CVE-2026-18963 and #12759 were resets that took a step for done (T21, T22, T23; OWASP ASVS 6.4.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from idp.acts.complete_reset import complete_reset
from idp.acts.recovery_factor import SecondFactorDue, note_shown
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.mfa.factors import list_factors, remove_all_factors, remove_factor
from idp.mfa.models import RECOVERY_CODES
from idp.mfa.policy import Way
from idp.mfa.verified import Verified
from idp.passwords.models import CREDENTIALS, RECOVERIES
from idp.passwords.recoveries import RecoveryUnknown, find_open
from idp.storage.handles import digest
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields, twin_of
from tests.support.racing import at_once
from tests.support.recovery import ENDED, NEW_PASSWORD, ask, code_in, deliver, heading, prove
from tests.support.second_factors import AuthenticatorApp, add_app, add_passkey, add_recovery_codes, answer_with

NEXT = "Your second step"
VISITOR = Visitor(address="192.0.2.9", user_agent=None, reference="TEST-0009")


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer whose mail lands in a folder."""
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail") as running:
        yield running


@pytest.fixture
def tom(service: Service) -> str:
    """Give tom's account id."""
    return add_person(service, "tom")


@pytest.fixture
def toms(service: Service, tom: str) -> AuthenticatorApp:
    """Give tom's authenticator app."""
    return add_app(service, tom)


def stored(service: Service, account_id: str) -> str:
    """Read what is stored of somebody's password."""
    with service.database.reading() as connection:
        found = select(CREDENTIALS.c.hash).where(CREDENTIALS.c.account_id == account_id)
        return str(connection.execute(found).scalar_one())


def recovery_of(page: TestResponse) -> str:
    """Read the recovery that a page is about."""
    return page.request.args["recovery"]


def pass_of(browser: Browser) -> bytes:
    """Read the digest of the pass that a browser holds."""
    handles = [value for name, value in browser.cookies().items() if "recovery" in name]
    return digest(handles[-1])


def test_no_page_for_a_password_before_the_factor(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """T21, T22: opened or posted to directly, with the token of the page at hand, it leads back to the factor."""
    before, browser = stored(service, tom), Browser(service)
    page = prove(service, browser, "tom")
    address = f"/reset-password?recovery={recovery_of(page)}"
    assert "/recover/factor?" in browser.get(address).headers["Location"]
    for fields in (hidden_fields(page), {}, {"action": "strength"}, {"factor_proved_at": "1", "way": "totp"}):
        sent = browser.post(address, {**fields, "new_password": NEW_PASSWORD, "sign_out": "yes"})
        assert sent.status_code in {303, 400}
        assert "done" not in sent.headers.get("Location", "")
    assert before == stored(service, tom)
    assert 303 == browser.submit(page, {"code": toms.code()}).status_code


def test_a_factor_that_comes_while_the_page_is_open(service: Service, tom: str) -> None:
    """The page for the password was shown before there was a factor: its form changes nothing now."""
    before, browser = stored(service, tom), Browser(service)
    page = prove(service, browser, "tom")
    assert "Choose a new password" == heading(page)
    add_app(service, tom)
    sent = browser.submit(page, {"new_password": NEW_PASSWORD, "sign_out": "yes"})
    assert "/recover/factor?" in sent.headers["Location"]
    assert (before, NEXT) == (stored(service, tom), heading(browser.follow(sent)))


def test_the_transaction_asks_by_itself(service: Service, tom: str, clock: SettableClock) -> None:
    """Whatever a page believed, storing the password asks for the factors of that moment; the pass is kept for it."""
    browser = Browser(service)
    page = prove(service, browser, "tom")
    new = service.parts.new_passwords.accept(NEW_PASSWORD, account_id=tom)
    app_on_phone = add_app(service, tom)

    def complete() -> None:
        with service.database.writing() as connection:
            complete_reset(
                connection,
                recovery_id=recovery_of(page),
                pass_digest=pass_of(browser),
                new=new,
                sign_out=True,
                visitor=VISITOR,
                entropy=service.entropy,
                now=clock(),
            )

    before = stored(service, tom)
    with pytest.raises(SecondFactorDue):
        complete()
    assert before == stored(service, tom)
    factor_page = browser.get(f"/recover/factor?recovery={recovery_of(page)}")
    assert 303 == browser.submit(factor_page, {"code": app_on_phone.code()}).status_code
    complete()
    assert before != stored(service, tom)


def test_the_address_comes_first(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """A right code of the app proves nothing before what was mailed, and nobody learns that there is an app."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "tom"))
    address = f"/recover/factor?recovery={recovery_of(page)}"
    right = {**hidden_fields(page), "way": "totp", "code": toms.code()}
    for refused in (browser.get(f"{address}&way=totp"), browser.post(address, right)):
        assert (400, ENDED) == (refused.status_code, heading(refused))
    with service.database.reading() as connection:
        assert connection.execute(select(func.count()).where(RECOVERIES.c.factor_proved_at.is_not(None))).scalar() == 0


def test_what_is_asked_looks_alike_with_and_without_a_factor(
    service: Service, tom: str, toms: AuthenticatorApp
) -> None:
    """T31: until the address is proved, the pages of somebody with a factor are those of somebody without."""
    add_person(service, "dan")

    def seen(user_id: str) -> tuple[int, int, list[str], list[str]]:
        browser = Browser(service, address=f"203.0.113.{len(user_id)}")
        answer = ask(browser, user_id)
        page = browser.follow(answer)
        wrong = browser.submit(page, {"code": "BBBB-BBBB"})
        words = [
            line for line in (page.text + wrong.text).splitlines() if "hidden" not in line and "action" not in line
        ]
        return answer.status_code, wrong.status_code, words, sorted(dict(wrong.headers))

    assert seen("dan") == seen("tom")


def test_a_proof_serves_its_own_recovery_alone(
    service: Service, tom: str, toms: AuthenticatorApp, clock: SettableClock
) -> None:
    """T07, T22: two recoveries of one account: the factor was shown in one of them, and the other still owes it."""
    first, second = Browser(service), Browser(service, agent="Second/1.0")
    page = prove(service, first, "tom")
    clock.advance(121)
    other = prove(service, second, "tom")
    assert 303 == first.submit(page, {"code": toms.code()}).status_code
    address = f"/reset-password?recovery={recovery_of(other)}"
    assert "/recover/factor?" in second.get(address).headers["Location"]
    used = second.submit(other, {"code": toms.code()})
    assert "This code is not accepted" in used.text
    # The pass of one recovery, presented with the other's number, is no pass.
    swapped = first.get(f"/reset-password?recovery={recovery_of(other)}")
    assert (400, ENDED) == (swapped.status_code, heading(swapped))


def test_anothers_factor_is_no_factor(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """T30: the thief's own app, recovery code and passkey, in tom's recovery."""
    thief = add_person(service, "mallory")
    own_app, codes, device = add_app(service, thief), add_recovery_codes(service, thief), add_passkey(service, thief)
    add_recovery_codes(service, tom)
    toms_device = add_passkey(service, tom)
    browser = Browser(service)
    page = prove(service, browser, "tom")
    for way, code in (("totp", own_app.code()), ("recovery_code", codes[0])):
        refused = browser.submit(page, {"way": way, "code": code})
        assert "This code is not accepted" in refused.text
    asked = browser.get(f"/recover/factor?recovery={recovery_of(page)}&way=passkey")
    device.rp_id = toms_device.rp_id
    refused = browser.submit(asked, {"passkey": answer_with(device, asked)})
    assert "This passkey was not accepted" in refused.text
    assert NEXT == heading(browser.follow(browser.get(f"/reset-password?recovery={recovery_of(page)}")))


def test_what_was_verified_for_another_is_not_noted(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """Below the pages, too: a proof of another account, or under another pass, is refused by the row itself."""
    thief = add_person(service, "mallory")
    browser = Browser(service)
    page = prove(service, browser, "tom")
    with service.database.reading() as connection:
        recovery = find_open(connection, recovery_id=recovery_of(page), now=service.clock())
    for account_id, held in ((thief, pass_of(browser)), (tom, digest("another pass"))):
        with pytest.raises(RecoveryUnknown), service.database.writing() as connection:
            note_shown(
                connection,
                recovery,
                Verified(account_id=account_id, way=Way.RECOVERY_CODE),
                pass_digest=held,
                visitor=VISITOR,
                entropy=service.entropy,
                now=service.clock(),
            )


def test_a_passkeys_answer_is_for_one_recovery(service: Service, tom: str, clock: SettableClock) -> None:
    """T30: signed for one recovery, or for a sign-in, it is refused in another, and a second time in its own."""
    device = add_passkey(service, tom)
    first, second = Browser(service), Browser(service, agent="Second/1.0")
    page = prove(service, first, "tom")
    answer = answer_with(device, page)
    clock.advance(121)
    other = prove(service, second, "tom")
    assert "This passkey was not accepted" in second.submit(other, {"passkey": answer}).text
    at_sign_in = first.follow(first.sign_in(App.register(service).ask(first), "tom"))
    assert "This passkey was not accepted" in second.submit(other, {"passkey": answer_with(device, at_sign_in)}).text
    twin = twin_of(first, service)
    assert 303 == first.submit(page, {"passkey": answer}).status_code
    again = twin.submit(page, {"passkey": answer})
    assert "done" not in again.headers.get("Location", "")


def test_a_factor_that_is_gone_pays_for_nothing(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """Shown, then removed by the owner while another stays: the other one is owed."""
    before, browser = stored(service, tom), Browser(service)
    page = prove(service, browser, "tom")
    chosen = browser.follow(browser.submit(page, {"code": toms.code()}))
    device = add_passkey(service, tom)
    with service.database.writing() as connection:
        lost = next(factor for factor in list_factors(connection, account_id=tom) if factor.kind == "totp")
        remove_factor(connection, account_id=tom, factor_id=lost.id)
    sent = browser.submit(chosen, {"new_password": NEW_PASSWORD})
    asked = browser.follow(sent)
    assert (before, NEXT) == (stored(service, tom), heading(asked))
    chosen = browser.follow(browser.submit(asked, {"passkey": answer_with(device, asked)}))
    assert 303 == browser.submit(chosen, {"new_password": NEW_PASSWORD}).status_code


def test_without_its_last_factor_an_account_owes_none(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """Support has removed what was lost (`idp accounts reset-factor`): the mail is enough again."""
    browser = Browser(service)
    page = prove(service, browser, "tom")
    with service.database.writing() as connection:
        remove_all_factors(connection, account_id=tom)
    chosen = browser.follow(browser.submit(page, {"code": "000000"}))
    assert 303 == browser.submit(chosen, {"new_password": NEW_PASSWORD}).status_code


def test_a_code_is_good_once_wherever_it_was_typed(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """T06: what was shown to a recovery opens no sign-in after it, nor the other way round."""
    browser = Browser(service)
    page = prove(service, browser, "tom")
    code = toms.code()
    chosen = browser.follow(browser.submit(page, {"code": code}))
    browser.submit(chosen, {"new_password": NEW_PASSWORD})
    asked = browser.follow(browser.sign_in(App.register(service).ask(browser), "tom", NEW_PASSWORD))
    sent = browser.submit(asked, {"way": "totp", "code": code, "action": "verify"})
    assert "not accepted" in sent.text


def test_a_recovery_code_at_the_same_moment(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """T08: eight at once spend one code, and not two."""
    codes, browser = add_recovery_codes(service, tom), Browser(service)
    page = prove(service, browser, "tom")
    fields = {**hidden_fields(page), "way": "recovery_code", "code": codes[0]}

    def present() -> int:
        return twin_of(browser, service).post(page.request.full_path, fields).status_code

    assert 303 in at_once(8, present)
    with service.database.reading() as connection:
        unspent = select(func.count()).where(RECOVERY_CODES.c.spent_at.is_(None))
        assert 9 == connection.execute(unspent).scalar_one()


def test_wrong_codes_share_the_accounts_budget(
    service: Service, tom: str, toms: AuthenticatorApp, clock: SettableClock
) -> None:
    """T37: ten for all recoveries and sign-ins together; another mail, or another way, buys no eleventh."""
    add_recovery_codes(service, tom)
    answers: list[int] = []
    for number in range(3):
        browser = Browser(service, address=f"203.0.113.{number}")
        page = prove(service, browser, "tom")
        ways = ("totp", "recovery_code", "totp", "totp")
        answers += [browser.submit(page, {"way": way, "code": "ABCD-EFGH-JKMN-PQRS"}).status_code for way in ways]
        clock.advance(121)
    assert [200] * 10 + [429] * 2 == answers
    asked = Browser(service)
    page = asked.follow(asked.sign_in(App.register(service).ask(asked), "tom"))
    assert 429 == asked.submit(page, {"way": "totp", "code": toms.code(), "action": "verify"}).status_code


def test_a_password_that_was_changed_meanwhile_ends_it(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """A proof of the factor does not outlive the pass beside it; nor does a pass that is over get one."""
    browser = Browser(service)
    page = prove(service, browser, "tom")
    chosen = browser.follow(browser.submit(page, {"code": toms.code()}))
    with service.database.writing() as connection:
        connection.execute(update(RECOVERIES).values(ended_at=service.clock()))
    for opened, fields in ((page, {"code": toms.code()}), (chosen, {"new_password": NEW_PASSWORD})):
        sent = browser.submit(opened, fields)
        assert (400, ENDED) == (sent.status_code, heading(sent))


def test_a_quarter_of_an_hour_for_both_proofs(
    service: Service, tom: str, toms: AuthenticatorApp, clock: SettableClock
) -> None:
    """Showing the factor late does not make the pass live longer."""
    browser = Browser(service)
    page = prove(service, browser, "tom")
    clock.advance(899)
    page = browser.get(page.request.full_path)
    chosen = browser.follow(browser.submit(page, {"code": toms.code()}))
    clock.advance(2)
    sent = browser.submit(chosen, {"new_password": NEW_PASSWORD})
    assert (400, ENDED) == (sent.status_code, heading(sent))


def test_other_sites_and_other_pages_send_nothing(service: Service, tom: str, toms: AuthenticatorApp) -> None:
    """T23: without the page's own token, with another page's, from another origin, empty, or with unknown ways."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "tom"))
    token_of_before = hidden_fields(page)
    page = browser.follow(browser.submit(page, {"code": code_in(deliver(service)[0])}))
    path = page.request.full_path
    right = {"way": "totp", "code": toms.code(), "action": "verify"}
    assert 400 == browser.post(path, right).status_code
    assert 400 == browser.post(path, {**token_of_before, **right}).status_code
    own = {**hidden_fields(page), **right}
    assert 403 == browser.post(path, own, headers={"Origin": "https://evil.example"}).status_code
    for bent in ({"code": ""}, {"way": ""}, {"way": "password"}, {"way": "email"}, {"way": "sms"}, {"way": "passkey"}):
        assert NEXT == heading(browser.follow(browser.post(path, {**own, **bent}))), bent
    assert 303 == browser.post(path, own).status_code
