"""Attacks on staff accounts: links used twice, ways around the passkey, roles that reach too far."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from idp.accounts.find import find_by_address
from idp.accounts.invitations import INVITATION_SECONDS, InvitationUnknown
from idp.accounts.policy import StaffRole
from idp.acts.disable_account import disable_account
from idp.acts.invite_staff import InvitationRefused
from idp.acts.redeem_invitation import redeem_invitation, welcome
from idp.app import Service
from idp.mfa.factors import list_factors
from idp.passwords.credentials import StaffHaveNoPassword, set_password
from idp.passwords.models import CREDENTIALS
from idp.sessions.models import SESSIONS
from idp.staff.roles import DESK, MAY, READING, Action
from tests.support.account_pages import account_id_of, press
from tests.support.authenticator import Authenticator, Said, text
from tests.support.clock import SettableClock
from tests.support.in_process import PASSWORD, Browser, add_person, issuer_on
from tests.support.passkeys import VISITOR, options_on, sign_in_by_passkey
from tests.support.routes import ROUTES
from tests.support.staff import console, hire, invite

CONSOLE = sorted(path for path in ROUTES if path.startswith("/security"))
SEEN_BY = {
    "/security": Action.SEE_OVERVIEW,
    "/security/approvals": Action.SEE_APPROVALS,
    "/security/approvals/<approval_id>": Action.SEE_APPROVALS,
    "/security/attacks": Action.SEE_ATTACKS,
    "/security/audit": Action.SEE_AUDIT,
    "/security/clients": Action.SEE_CLIENTS,
    "/security/keys": Action.SEE_KEYS,
}
POSTED = sorted(path for path in CONSOLE if "POST" in ROUTES[path])


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock that stands still."""
    return SettableClock()


@pytest.fixture
def issuer(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer, on SQLite and on PostgreSQL."""
    with issuer_on(database_url, tmp_path, clock=clock) as service:
        yield service


def redeem(service: Service, token: str) -> None:
    """Follow a link and make a passkey, all in one."""
    passkey = Authenticator(said=Said(origin=service.settings.issuer))
    enrolment, now = service.parts.passkey_enrolment, service.clock()
    with service.database.reading() as connection:
        options = welcome(connection, enrolment, token=token, now=now).options
    with service.database.writing() as connection:
        redeem_invitation(
            connection,
            enrolment,
            token=token,
            answer=text(passkey.create(options)),
            name="",
            visitor=VISITOR,
            entropy=service.entropy,
            now=now,
        )


def test_an_invitation_leads_to_a_passkey_and_into_the_console(issuer: Service) -> None:
    """The whole way over HTTP; opening the link, however often, changes nothing."""
    token, browser = invite(issuer, "sofia"), Browser(issuer)
    for _ in range(2):
        browser.get(f"/invitation?token={token}")
    page = browser.get(f"/invitation?token={token}")
    assert "Welcome to the team" in page.text
    passkey = Authenticator(said=Said(origin=issuer.settings.issuer))
    made = press(browser, page, "passkey", passkey=text(passkey.create(options_on(page))), name="Blue key")
    assert (303, "/security") == (made.status_code, made.headers["Location"])
    home = browser.follow(sign_in_by_passkey(browser, browser.get("/security"), passkey))
    assert "Security console" in home.text
    again = Browser(issuer).get(f"/invitation?token={token}")
    assert (400, True) == (again.status_code, "This invitation does not work any more" in again.text)


def test_a_link_is_good_once_also_for_two_at_once(issuer: Service) -> None:
    """T: replayed in parallel, one passkey is made."""
    token = invite(issuer, "sofia")

    def try_it(_: int) -> bool:
        try:
            redeem(issuer, token)
        except InvitationUnknown:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert 1 == sum(pool.map(try_it, range(4)))


@pytest.mark.parametrize("how", ["replaced", "late", "cut", "disabled"])
def test_dead_links_open_nothing(issuer: Service, clock: SettableClock, how: str) -> None:
    """Replaced by a newer one, three days old, another's, or of an account that was stopped."""
    token = invite(issuer, "sofia")
    if how == "replaced":
        redeem(issuer, invite(issuer, "sofia"))
    elif how == "late":
        clock.advance(INVITATION_SECONDS)
    elif how == "cut":
        token = token[:-1]
    else:
        with issuer.database.writing() as connection:
            disable_account(
                connection,
                account_id=account_id_of(issuer, "sofia"),
                actor="test",
                entropy=issuer.entropy,
                now=issuer.clock(),
            )
    with pytest.raises(InvitationUnknown):
        redeem(issuer, token)


def test_a_wrong_answer_leaves_the_link_alive(issuer: Service) -> None:
    """Link and passkey are one transaction: who fumbles tries again."""
    token, browser = invite(issuer, "sofia"), Browser(issuer)
    page = browser.get(f"/invitation?token={token}")
    wrong = press(browser, page, "passkey", passkey="{}", name="")
    assert "Welcome to the team" in wrong.text
    redeem(issuer, token)


def test_nobody_is_invited_over_an_account_in_use(issuer: Service) -> None:
    """Neither a customer's account nor a colleague's who has a passkey."""
    add_person(issuer, "dana")
    hire(issuer, "sofia")
    for user_id in ("dana", "sofia"):
        with pytest.raises(InvitationRefused):
            invite(issuer, user_id)


def test_no_path_gives_staff_a_password(issuer: Service) -> None:
    """Not the verb, not recovery; and a row from nowhere opens nothing."""
    sofia = hire(issuer, "sofia")
    stored = issuer.parts.hasher.hash(PASSWORD)
    with pytest.raises(StaffHaveNoPassword), issuer.database.writing() as connection:
        set_password(connection, account_id=sofia.account_id, stored=stored, must_change=False, now=issuer.clock())
    with issuer.database.writing() as connection:
        row = {"account_id": sofia.account_id, "hash": stored, "changed_at": issuer.clock() - 60, "must_change": False}
        connection.execute(insert(CREDENTIALS).values(row))
        assert [] == find_by_address(connection, address="sofia@example.com")
    browser = Browser(issuer)
    answer = browser.sign_in(browser.get("/account"), "sofia")
    assert "/sign-in" in answer.headers.get("Location", "/sign-in")
    with issuer.database.reading() as connection:
        assert [] == connection.execute(select(SESSIONS.c.sid)).all()


def test_staff_cannot_weaken_themselves_on_the_account_pages(issuer: Service) -> None:
    """A customer's pages lead them to the console; what they may add is a passkey, and nothing else."""
    sofia, browser = hire(issuer, "sofia"), Browser(issuer)
    assert "Security console" in console(browser, sofia).text
    with issuer.database.reading() as connection:
        factor_id = list_factors(connection, account_id=sofia.account_id)[0].id
    for path in ("/account", "/account/methods", "/account/email", "/account/password", "/account/details"):
        assert "/security" == browser.get(path).headers.get("Location"), path
    assert "/security" == browser.get(f"/enrol-factor?factor={factor_id}").headers.get("Location")
    choice = browser.get("/enrol-factor").text
    assert "kind=passkey" in choice
    assert "kind=totp" not in choice


def test_the_trail_is_searched_by_a_colleagues_name_and_by_nobody_elses(issuer: Service) -> None:
    """A customer's user ID finds nothing: the trail knows people by ids, and nothing here links the two."""
    customer, dana = Browser(issuer), add_person(issuer, "dana")
    customer.follow(customer.sign_in(customer.get("/account"), "dana"))
    sofia, browser = hire(issuer, "sofia"), Browser(issuer)
    console(browser, sofia)
    assert "staff.enrolled" in browser.get("/security/audit?account_id=sofia").text.partition("<table>")[2]
    assert "sign_in.succeeded" in browser.get(f"/security/audit?account_id={dana}").text.partition("<table>")[2]
    assert "Nothing was found." in browser.get("/security/audit?account_id=dana").text


def test_sessions_of_staff_are_short(issuer: Service, clock: SettableClock) -> None:
    """A quarter of an hour without use."""
    sofia, browser = hire(issuer, "sofia"), Browser(issuer)
    assert 200 == console(browser, sofia).status_code
    clock.advance(901.0)
    issuer.watch.poll_once()
    assert "/sign-in" in browser.get("/security").headers["Location"]


def test_every_console_page_is_declared() -> None:
    """A page that is not in the table fails; auditors read and change nothing."""
    assert set(CONSOLE) == set(SEEN_BY)
    assert READING == MAY[StaffRole.AUDITOR]
    assert DESK | {Action.DECIDE_AT_DESK} == MAY[StaffRole.SUPPORT] - READING
    assert not DESK & (MAY[StaffRole.SECURITY] | MAY[StaffRole.AUDITOR])


def test_every_page_by_every_role(issuer: Service) -> None:
    """Route × role × reading: what the table says, and no more. Nobody signs in; to customers there is no such page."""
    customer = Browser(issuer)
    add_person(issuer, "dana")
    customer.follow(customer.sign_in(customer.get("/account"), "dana"))
    people = {role: (Browser(issuer), hire(issuer, role.value, role.value)) for role in StaffRole}
    for browser, colleague in people.values():
        console(browser, colleague)
    for path in CONSOLE:
        address = path.replace("<approval_id>", "none")
        assert "/sign-in" in Browser(issuer).get(address).headers["Location"]
        assert 404 == customer.get(address).status_code
        for role, (browser, _) in people.items():
            allowed = 404 if "<" in path else 200
            assert (allowed if SEEN_BY[path] in MAY[role] else 403) == browser.get(address).status_code, (path, role)


@pytest.mark.parametrize(
    "action",
    ["rotate", "canary", "canary_back", "compromise", "drill", "review", "override_pick_up", "disable", "approve"],
)
def test_every_button_by_every_role(issuer: Service, action: str) -> None:
    """Route × role × posting: whose role lacks it gets 403 before the form is looked at."""
    people = {role: (Browser(issuer), hire(issuer, role.value, role.value)) for role in StaffRole}
    for role, (browser, colleague) in people.items():
        console(browser, colleague)
        for path in POSTED:
            answer = browser.post(path.replace("<approval_id>", "none"), {"action": action, "kid": "x"})
            # Who may would need the page's form token.
            assert (400 if role is StaffRole.SECURITY else 403) == answer.status_code, (path, role)
    nobody = Browser(issuer).post("/security/keys", {"action": action})
    assert "/sign-in" in nobody.headers["Location"]


def test_buttons_ask_for_a_fresh_sign_in(issuer: Service, clock: SettableClock) -> None:
    """Five minutes after the sign-in a button leads to another one, and does nothing."""
    sofia, browser = hire(issuer, "sofia"), Browser(issuer)
    clock.advance(2.0)
    issuer.watch.poll_once()
    console(browser, sofia)
    page = browser.get("/security/keys")
    clock.advance(301.0)
    issuer.watch.poll_once()
    answer = press(browser, page, "rotate", containing="ES256")
    assert "/sign-in" in answer.headers["Location"]
