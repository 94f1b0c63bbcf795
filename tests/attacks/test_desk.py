"""Attacks on the support desk: codes of others, twice, late, guessed; acts without a caller; agents who go too far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from idp.accounts.models import ACCOUNTS
from idp.accounts.policy import StaffRole
from idp.acts.call_code import WrongCallCode
from idp.acts.desk_agent import Agent as AgentFacts
from idp.acts.lock_down import lock_down
from idp.acts.serve_caller import DeskAct
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.audit.events import EventType
from idp.lockout.reservation import TooManyGuesses
from idp.mfa.factors import list_factors
from idp.sessions.listing import sessions_of
from idp.staff.roles import MAY, Action
from idp.storage.approval_rows import list_approvals
from idp.storage.call_rows import CALL_SECONDS, CODE_SECONDS, verified_calls
from tests.support.account_pages import account_id_of, open_page, press, seen
from tests.support.clock import SettableClock
from tests.support.contracts import VIN, contract, feed
from tests.support.desk import (
    REASON,
    TICKET,
    Agent,
    code_in,
    code_mailed,
    code_shown,
    events,
    told,
    verified,
)
from tests.support.in_process import Browser, add_person, issuer_on
from tests.support.passkeys import sign_in_by_passkey
from tests.support.recovery import code_in as recovery_code_in
from tests.support.recovery import deliver, link_in
from tests.support.routes import ROUTES
from tests.support.second_factors import add_app
from tests.support.staff import console, hire

DESK = sorted(path for path in ROUTES if path.startswith("/desk"))
NOBODY = Visitor(address="", user_agent=None, reference="TEST")
NEEDS: dict[str, Action] = {
    **dict.fromkeys(DeskAct, Action.SERVE_CALLER),
    "mail_code": Action.VERIFY_CALLER,
    "verify": Action.VERIFY_CALLER,
    "end_call": Action.VERIFY_CALLER,
    "reveal_email": Action.REVEAL,
}


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock that stands still."""
    return SettableClock()


@pytest.fixture
def issuer(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer, on SQLite and on PostgreSQL."""
    folder = tmp_path / "mail"
    with issuer_on(database_url, tmp_path, clock=clock, mail_folder=folder) as service:
        yield service


@pytest.fixture
def dana(issuer: Service) -> str:
    """Give a customer's account."""
    return add_person(issuer, "dana")


@pytest.fixture
def sam(issuer: Service) -> Agent:
    """Give a support agent who sits at the desk."""
    return Agent.hired(issuer)


def is_verified(response: TestResponse) -> bool:
    """Whether the answer to a code is that it was right."""
    return response.headers.get("Location", "").endswith("done=verified")


def card(page: TestResponse) -> str:
    """Give a page without its footer, which names our own telephone."""
    return page.text.partition("<footer")[0]


def calls_of(issuer: Service) -> int:
    """Count callers who are verified to anybody."""
    found = events(issuer, EventType.CALL_VERIFIED)
    return len(found)


def codes_mailed(issuer: Service) -> list[str]:
    """Give the subjects of mails with call codes that have arrived."""
    return [mail.subject for mail in deliver(issuer) if "code for the call" in mail.subject]


def later(issuer: Service, clock: SettableClock, seconds: float) -> None:
    """Let time pass, and every view of the marks with it."""
    clock.advance(seconds)
    issuer.watch.poll_once()


# Codes --------------------------------------------------------------------------------------------------------------


def test_the_desk_serves_a_caller_who_reads_out_the_code(issuer: Service, sam: Agent, dana: str) -> None:
    """The whole way: found, verified, unlocked; every step by its reference in the trail, and the owner told."""
    page = sam.find("dana@example.com")
    assert "Verify the caller first" in page.text
    assert is_verified(sam.verify(dana, code_shown(issuer)))
    done = sam.go(sam.act(dana, "unlock"))
    assert "Passwords are looked at again" in done.text
    (event,) = events(issuer, EventType.DESK_ACTED, dana)
    assert {"act": "unlock", "reason": REASON, "ticket": TICKET, "way": "session"} == event.details
    (unlocked,) = events(issuer, EventType.ACCOUNT_UNLOCKED, dana)
    assert (event.reference, event.actor) == (unlocked.reference, f"account:{sam.colleague.account_id}")
    assert event.reference
    assert ["dana@example.com"] == told(issuer, "unlock")


def test_found_by_contract_and_vehicle(issuer: Service, sam: Agent, dana: str) -> None:
    """However they are read out; not where two people hold the contract."""
    add_person(issuer, "tom")
    car = {"vin": VIN, "registration": "AB12 CDE"}
    feed(issuer, contract("CF-1001", ("P-1", "holder", "dana"), ("P-2", "guarantor", "tom"), vehicles=[car]))
    for typed in ("cf 1001", VIN.lower(), f"{VIN[:3]} {VIN[3:]}"):
        assert sam.find(typed).request.path.endswith(dana)
    feed(issuer, contract("CF-1001", ("P-1", "holder", "dana"), ("P-2", "holder", "tom"), vehicles=[car]))
    for typed in ("CF-1001", VIN):
        assert "/desk" == sam.find(typed).request.path


def test_the_code_of_another_account_verifies_nobody(issuer: Service, sam: Agent, dana: str) -> None:
    """T: the caller signs in to their own account and asks for somebody else's."""
    tom = add_person(issuer, "tom")
    code = code_shown(issuer, "tom")
    assert "not the caller’s newest code" in sam.verify(dana, code).text
    assert is_verified(sam.verify(tom, code))


def test_a_code_is_good_once(issuer: Service, sam: Agent, dana: str) -> None:
    """T: whoever overheard it says it again, to the same agent and to another."""
    code, kim = code_shown(issuer), Agent.hired(issuer, "kim")
    assert is_verified(sam.verify(dana, code))
    sam.press(dana, "end_call")
    assert not is_verified(sam.verify(dana, code))
    assert not is_verified(kim.verify(dana, code))


def test_a_newer_code_makes_the_older_one_void(issuer: Service, sam: Agent, dana: str) -> None:
    """Only the newest, whichever way it came."""
    first, second = code_shown(issuer), code_shown(issuer)
    assert not is_verified(sam.verify(dana, first))
    sam.press(dana, "mail_code")
    assert not is_verified(sam.verify(dana, second))
    assert is_verified(sam.verify(dana, code_mailed(issuer)))


def test_a_code_is_over_after_ten_minutes(issuer: Service, sam: Agent, dana: str, clock: SettableClock) -> None:
    """To the second."""
    code = code_shown(issuer)
    later(issuer, clock, CODE_SECONDS)
    assert not is_verified(sam.verify(dana, code))


def test_five_guesses_an_hour_and_the_right_one_is_not_looked_at(issuer: Service, sam: Agent, dana: str) -> None:
    """The account's budget, whoever types; a code in words costs a guess as well."""
    code = code_shown(issuer)
    for guess in ("0000 0000", "1", "1234567890", "abc", "00000001"):
        assert not is_verified(sam.verify(dana, guess))
    assert 429 == sam.verify(dana, code).status_code
    assert 429 == Agent.hired(issuer, "kim").verify(dana, code).status_code
    assert {"wrong_code", "too_many_guesses"} == {one.result for one in events(issuer, EventType.CALL_REFUSED, dana)}


def test_an_agent_who_guesses_at_many_accounts_is_stopped(issuer: Service, sam: Agent) -> None:
    """Twenty an hour over all accounts; a colleague goes on."""
    people = [add_person(issuer, f"person{number}", password=None) for number in range(5)]
    for account_id in people:
        for _ in range(4):
            assert 200 == sam.verify(account_id, "0000 0000").status_code
    assert 429 == sam.verify(people[0], "0000 0000").status_code
    assert 200 == Agent.hired(issuer, "kim").verify(people[0], "0000 0000").status_code


def test_one_of_many_parallel_requests_verifies(issuer: Service, dana: str, sam: Agent) -> None:
    """The code is spent by one, and parallel guesses never exceed the budget."""
    code, desk = code_shown(issuer), issuer.parts.call_desk

    def try_it(number: int) -> bool:
        agent = AgentFacts(account_id=sam.colleague.account_id, sid=f"sid-{number}", reference="TEST")
        try:
            desk.verify(account_id=dana, typed=code, agent=agent)
        except WrongCallCode:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert 1 == sum(pool.map(try_it, range(4)))


def test_parallel_guesses_never_exceed_the_budget(issuer: Service, dana: str, sam: Agent) -> None:
    """Of a dozen at once, five are looked at."""
    code_shown(issuer)

    def guess(number: int) -> type[Exception] | None:
        agent = AgentFacts(account_id=sam.colleague.account_id, sid=f"sid-{number}", reference="TEST")
        try:
            issuer.parts.call_desk.verify(account_id=dana, typed=f"{number:08}", agent=agent)
        except (WrongCallCode, TooManyGuesses) as error:
            return type(error)
        return None

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(guess, range(12)))
    assert (5, 7) == (answers.count(WrongCallCode), answers.count(TooManyGuesses))


def test_a_mailed_code_is_good_where_it_was_asked_for(issuer: Service, sam: Agent, dana: str) -> None:
    """T: an accomplice at another desk is told a code that was mailed for this one."""
    sam.press(dana, "mail_code")
    code, kim = code_mailed(issuer), Agent.hired(issuer, "kim")
    assert not is_verified(kim.verify(dana, code))
    assert is_verified(sam.verify(dana, code))


def test_a_code_goes_to_a_confirmed_address_only(issuer: Service, sam: Agent) -> None:
    """And to the one that was meant: an address that was changed meanwhile gets none."""
    tom = add_person(issuer, "tom", email_verified=False)
    assert 409 == sam.press(tom, "mail_code").status_code
    assert not codes_mailed(issuer)
    dana = add_person(issuer, "dana")
    sam.press(dana, "mail_code")
    with issuer.database.writing() as connection:
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == dana).values(email="thief@example.com"))
    assert not codes_mailed(issuer)


def test_mailboxes_are_not_flooded_by_agents(issuer: Service, sam: Agent, dana: str) -> None:
    """Three mails in ten minutes."""
    answers = [sam.press(dana, "mail_code").status_code for _ in range(4)]
    assert [303, 303, 303, 429] == answers


def test_this_wasnt_me_ends_codes_and_calls(issuer: Service, sam: Agent, dana: str) -> None:
    """T: a thief with a stolen session has verified themselves; the owner says no."""
    verified(issuer, sam, dana)
    code = code_shown(issuer)
    with issuer.database.writing() as connection:
        lock_down(
            connection,
            account_id=dana,
            by="mail",
            ceiling=issuer.parts.issuer.ceiling,
            visitor=NOBODY,
            entropy=issuer.entropy,
            now=issuer.clock(),
        )
    assert 409 == sam.act(dana, "start_reset").status_code
    assert not is_verified(sam.verify(dana, code))


def test_the_code_page_is_the_customers_alone(issuer: Service, dana: str) -> None:
    """Nobody signed out makes one; looking makes none; staff have none; reloading shows none again."""
    assert "/sign-in" in Browser(issuer).get("/account/call-code").headers["Location"]
    customer = Browser(issuer)
    page = open_page(customer, "/account/call-code")
    assert not re.search(r"\d{4} \d{4}", seen(page))
    code = code_in(press(customer, page, "make").text)
    assert code not in customer.get("/account/call-code").text
    assert 1 == len(events(issuer, EventType.CALL_CODE_MADE, dana))
    sofia, browser = hire(issuer, "sofia"), Browser(issuer)
    console(browser, sofia)
    assert "/security" == browser.get("/account/call-code").headers["Location"]


# Verified callers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [*DeskAct, "reveal_email"])
def test_nothing_is_done_without_a_verified_caller(issuer: Service, sam: Agent, dana: str, act: str) -> None:
    """T: the agent is talked into it, or sends the form by hand."""
    add_app(issuer, dana)
    answer = sam.press(dana, act, reason=REASON, ticket=TICKET, reveal_reason=REASON)
    assert (409, True) == (answer.status_code, "The caller is not verified" in answer.text)
    assert "dana@example.com" not in answer.text
    assert not events(issuer, EventType.DESK_ACTED)
    assert not events(issuer, EventType.DESK_REVEALED)
    assert not told(issuer, act)
    assert ["not_verified"] == [one.result for one in events(issuer, EventType.DESK_REFUSED, dana)]


@pytest.mark.parametrize("act", list(DeskAct))
def test_a_caller_verified_to_one_agent_is_nobody_to_another(issuer: Service, sam: Agent, dana: str, act: str) -> None:
    """Neither to a colleague, nor to the same agent in another session."""
    add_app(issuer, dana)
    with issuer.database.reading() as connection:
        assert list_factors(connection, account_id=dana)
    sam.press(dana, "mail_code")
    assert is_verified(sam.verify(dana, code_mailed(issuer)))
    kim = Agent.hired(issuer, "kim")
    again = Agent(service=issuer, colleague=sam.colleague, browser=Browser(issuer))
    again.sit_down()
    for agent in (kim, again):
        assert 409 == agent.act(dana, act).status_code
        assert "What keeps them from signing in" not in agent.page(dana).text
    assert not events(issuer, EventType.DESK_ACTED)


@pytest.mark.parametrize("end", ["pressed", "late", "signed_out"])
def test_after_the_call_nothing_is_done(issuer: Service, sam: Agent, dana: str, clock: SettableClock, end: str) -> None:
    """When the agent says so, after half an hour, or with the agent's session."""
    verified(issuer, sam, dana)
    if end == "pressed":
        sam.press(dana, "end_call")
    elif end == "late":
        for _ in range(4):
            later(issuer, clock, CALL_SECONDS / 4)
            sam.page(dana)
    else:
        press(sam.browser, sam.page(dana), "sign_out")
    sam.sit_down()
    if end != "late":
        assert 409 == sam.act(dana, "unlock").status_code
    assert "What keeps them from signing in" not in sam.page(dana).text
    assert not events(issuer, EventType.DESK_ACTED)


def test_an_act_asks_for_a_fresh_passkey_and_the_caller_stays(
    issuer: Service, sam: Agent, dana: str, clock: SettableClock
) -> None:
    """Six minutes into the call: sign in again, and go on with the same caller."""
    verified(issuer, sam, dana)
    later(issuer, clock, 360.0)
    assert "/sign-in" in sam.act(dana, "unlock").headers["Location"]
    assert not events(issuer, EventType.DESK_ACTED)
    sam.browser.follow(sign_in_by_passkey(sam.browser, sam.act(dana, "unlock"), sam.colleague.passkey))
    assert f"/desk/accounts/{dana}" in sam.browser.get("/desk").text
    assert 303 == sam.act(dana, "unlock").status_code
    assert events(issuer, EventType.DESK_ACTED)


@pytest.mark.parametrize(
    ("reason", "ticket"),
    [
        ("", TICKET),
        ("x", TICKET),
        (" \n ", TICKET),
        (REASON, ""),
        (REASON, "1;drop"),
        (REASON, "CASE"),
        ("y" * 501, "1"),
    ],
)
def test_no_act_without_reason_and_ticket(issuer: Service, sam: Agent, dana: str, reason: str, ticket: str) -> None:
    """Nothing happens, and nobody is told."""
    verified(issuer, sam, dana)
    for act in DeskAct:
        assert "That did not work" in sam.act(dana, act, reason=reason, ticket=ticket).text
    assert not events(issuer, EventType.DESK_ACTED)
    assert "That did not work" in sam.press(dana, "reveal_email", reveal_reason="").text
    assert not events(issuer, EventType.DESK_REVEALED)


# Whom the desk does not serve ---------------------------------------------------------------------------------------


def test_neither_staff_nor_oneself(issuer: Service, sam: Agent) -> None:
    """By no button and on no page; not one's own customer account either, which the shared address betrays."""
    sofia = hire(issuer, "sofia").account_id
    own = add_person(issuer, "sam-at-home", email="sam@example.com")
    dana = add_person(issuer, "dana")
    token = re.search(r'name="form_token" value="([^"]+)"', sam.page(dana).text.partition("Verify the caller")[2])
    assert token
    for account_id in (sofia, sam.colleague.account_id, own):
        assert 403 == sam.page(account_id).status_code
        for button in (*NEEDS, "reveal_name"):
            sent = {"form_token": token[1], "action": button, "reason": REASON, "ticket": TICKET, "code": "1"}
            assert 403 == sam.browser.post(f"/desk/accounts/{account_id}", sent).status_code, button
    assert 403 == sam.find("sofia").status_code
    assert {"staff", "oneself"} == {one.result for one in events(issuer, EventType.DESK_REFUSED)}
    assert not events(issuer, EventType.CALL_REFUSED)


def test_before_verification_nothing_personal_is_shown(issuer: Service, sam: Agent, dana: str) -> None:
    """Only the status and a masked address; afterwards every value is masked until it is revealed, with a reason."""
    before = card(sam.find("dana"))
    for value in ("dana@example.com", "Dana Driver", "+15550100", "Authenticator", "sign_in.", "Last sign-in"):
        assert value not in before
    assert "d••••a@e••••m" in before
    verified(issuer, sam, dana)
    after = card(sam.page(dana))
    for value in ("dana@example.com", "Dana Driver", "+15550100"):
        assert value not in after
    shown = sam.press(dana, "reveal_email", reveal_reason=REASON).text
    assert "dana@example.com" in shown
    assert "Dana Driver" not in shown
    (event,) = events(issuer, EventType.DESK_REVEALED, dana)
    assert {"value": "email", "reason": REASON} == event.details
    assert "dana@example.com" not in sam.page(dana).text
    assert events(issuer, EventType.DESK_VIEWED, dana)


def test_what_to_say_is_the_same_whether_somebody_is_found_or_not(issuer: Service, sam: Agent, dana: str) -> None:
    """The words that are read aloud tell a stranger nothing; a search is written down without what was typed."""
    aloud = re.compile(r'<blockquote class="aloud">.*?</blockquote>', re.DOTALL)
    found, nobody = sam.find("dana"), sam.find("my-secret-password")
    assert aloud.findall(found.text) == aloud.findall(nobody.text)
    searched = events(issuer, EventType.DESK_SEARCHED)
    assert [(dana, "ok"), (None, "nobody")] == [(one.account_id, one.result) for one in searched]
    assert "my-secret-password" not in repr(searched)


def test_events_are_this_accounts_alone(issuer: Service, sam: Agent, dana: str) -> None:
    """T: a caller names the reference of somebody else's event."""
    tom, customer = add_person(issuer, "tom"), Browser(issuer)
    open_page(customer, "/account", user_id="tom")
    others = next(one for one in events(issuer, "sign_in.", tom) if one.reference)
    verified(issuer, sam, dana)
    own = events(issuer, EventType.CALL_VERIFIED, dana)[0]
    address = f"/desk/accounts/{dana}?reference="
    assert "Nothing was found." in sam.browser.get(f"{address}{others.reference}").text
    assert "call.verified" in sam.browser.get(f"{address}{own.reference}").text


# Acts ---------------------------------------------------------------------------------------------------------------


def test_a_reset_is_the_readers_of_the_mailbox_alone(issuer: Service, sam: Agent, dana: str) -> None:
    """The mail says that support was asked; link and code open it in a browser that had asked for nothing."""
    verified(issuer, sam, dana)
    assert 303 == sam.act(dana, "start_reset").status_code
    mails = deliver(issuer)
    (mail,) = [one for one in mails if "/reset-password?token=" in one.text]
    assert "our staff" in mail.text
    assert any("Support did something" in one.subject for one in mails)
    stranger = Browser(issuer)
    page = stranger.get(link_in(mail))
    proved = stranger.follow(stranger.submit(page, {"code": recovery_code_in(mail)}))
    assert 'name="new_password"' in proved.text
    assert 409 == sam.act(dana, "start_reset").status_code
    assert link_in(mail) not in "".join(one.text for one in sam.answers)


def test_signed_out_everywhere(issuer: Service, sam: Agent, dana: str) -> None:
    """The customer's browser is signed out, and told why by mail."""
    customer = Browser(issuer)
    sam.verify(dana, code_shown(issuer, browser=customer))
    assert 303 == sam.act(dana, "end_sessions").status_code
    with issuer.database.reading() as connection:
        assert not sessions_of(connection, account_id=dana, now=issuer.clock())
    assert ["dana@example.com"] == told(issuer, "end_sessions")


def test_factors_are_taken_by_two_people_and_never_by_the_mailbox_alone(issuer: Service, sam: Agent) -> None:
    """A mailed code is refused; then proposed, not approved by the proposer or an auditor, approved by a colleague."""
    dana = add_person(issuer, "dana")
    sam.press(dana, "mail_code")
    sam.verify(dana, code_mailed(issuer))
    assert 409 == sam.act(dana, "reset_factor").status_code
    browser = Browser(issuer)
    code = code_shown(issuer, browser=browser)
    add_app(issuer, dana)
    sam.verify(dana, code)
    assert 303 == sam.act(dana, "reset_factor").status_code
    assert 409 == sam.act(dana, "reset_factor").status_code
    with issuer.database.reading() as connection:
        (approval,) = list_approvals(connection)
        assert list_factors(connection, account_id=dana)
    path = f"/security/approvals/{approval.id}"
    own = sam.browser.get(path)
    assert 'value="approve"' not in own.text
    auditor = Agent.hired(issuer, "ada", "auditor")
    assert 'value="approve"' not in auditor.browser.get(path).text
    assert 403 == auditor.browser.post(path, {"action": "approve"}).status_code
    kim = Agent.hired(issuer, "kim")
    page = kim.browser.get(path)
    assert (True, True, True) == ("dana" in page.text, REASON in page.text, TICKET in page.text)
    assert 303 == press(kim.browser, page, "approve").status_code
    with issuer.database.reading() as connection:
        assert not list_factors(connection, account_id=dana)
    (reset,) = events(issuer, EventType.FACTORS_RESET, dana)
    assert f"account:{kim.colleague.account_id}" == reset.actor
    assert ["dana@example.com"] == told(issuer, "reset_factor")


def test_an_agent_approves_neither_their_own_proposal_nor_other_acts(issuer: Service, sam: Agent, dana: str) -> None:
    """T: the form of a colleague's page, sent by the proposer; and a key's destruction is none of theirs."""
    code = code_shown(issuer)
    add_app(issuer, dana)
    sam.verify(dana, code)
    sam.act(dana, "reset_factor")
    with issuer.database.reading() as connection:
        (approval,) = list_approvals(connection)
    path = f"/security/approvals/{approval.id}"
    page = sam.browser.get(path)
    forms = [form for form in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if 'value="refuse"' in form]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', forms[0]))
    assert 409 == sam.browser.post(path, hidden | {"action": "approve"}).status_code
    with issuer.database.reading() as connection:
        assert list_factors(connection, account_id=dana)
    assert 403 == sam.browser.post("/security/approvals/none", {"action": "approve"}).status_code


def test_nobody_approves_what_is_about_themselves(issuer: Service, sam: Agent) -> None:
    """T: the approver's own customer account, which the shared address betrays; the proposal stays open."""
    own = add_person(issuer, "kim-at-home", email="kim@example.com")
    code = code_shown(issuer, "kim-at-home")
    add_app(issuer, own)
    sam.verify(own, code)
    sam.act(own, "reset_factor")
    kim = Agent.hired(issuer, "kim")
    with issuer.database.reading() as connection:
        (approval,) = list_approvals(connection)
    path = f"/security/approvals/{approval.id}"
    assert 409 == press(kim.browser, kim.browser.get(path), "approve").status_code
    with issuer.database.reading() as connection:
        assert list_factors(connection, account_id=own)
        assert list_approvals(connection)[0].is_open(issuer.clock())


def test_the_agent_receives_no_secret(issuer: Service, sam: Agent, dana: str) -> None:
    """Everything that is ever sent to the agent's browser holds neither a code nor a link of the customer's."""
    sam.press(dana, "mail_code")
    mailed = code_mailed(issuer)
    sam.go(sam.verify(dana, mailed))
    for act in DeskAct:
        sam.go(sam.act(dana, act))
    shown = code_shown(issuer)
    sam.find("dana")
    for value in ("user_id", "name", "email", "phone_number"):
        sam.press(dana, f"reveal_{value}", reveal_reason=REASON)
    received = "\n".join(f"{one.headers}\n{one.text}" for one in sam.answers)
    secrets = [mailed, shown]
    for mail in deliver(issuer):
        secrets += re.findall(r"token=\S+", mail.text)
        secrets += re.findall(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$", mail.text, re.MULTILINE)
    assert len(secrets) >= 4
    for secret in secrets:
        assert secret not in received
        assert re.sub(r"\W", "", secret) not in received


# Roles --------------------------------------------------------------------------------------------------------------


def test_every_desk_page_by_every_role(issuer: Service, dana: str) -> None:
    """Route × role × reading: all staff see the desk, nobody else knows of it; who can't verify sees masked values."""
    customer = Browser(issuer)
    open_page(customer, "/account")
    people = {role: Agent.hired(issuer, role.value, role.value) for role in StaffRole}
    for path in DESK:
        address = path.replace("<account_id>", dana)
        assert "/sign-in" in Browser(issuer).get(address).headers["Location"]
        assert 404 == customer.get(address).status_code
        for role, agent in people.items():
            assert (200 if Action.SEE_DESK in MAY[role] else 403) == agent.browser.get(address).status_code, (
                path,
                role,
            )
    for role, agent in people.items():
        page = agent.page(dana).text
        assert (role is not StaffRole.SUPPORT) == ("What keeps them from signing in" in page)
        assert "dana@example.com" not in page
        assert (role is StaffRole.SUPPORT) == ('value="verify"' in page)
        assert 'value="unlock"' not in page
        assert 404 == agent.page("none").status_code


@pytest.mark.parametrize("button", sorted(NEEDS))
def test_every_desk_button_by_every_role(issuer: Service, dana: str, button: str) -> None:
    """Route × role × posting: whose role lacks it gets 403 before the form is looked at."""
    customer = Browser(issuer)
    open_page(customer, "/account")
    address = f"/desk/accounts/{dana}"
    for role in StaffRole:
        agent = Agent.hired(issuer, role.value, role.value)
        answer = agent.browser.post(address, {"action": button})
        assert (400 if NEEDS[button] in MAY[role] else 403) == answer.status_code, role
    assert 404 == customer.post(address, {"action": button}).status_code
    assert "/sign-in" in Browser(issuer).post(address, {"action": button}).headers["Location"]


def test_a_verified_call_is_the_agents_session_and_account(issuer: Service, sam: Agent, dana: str) -> None:
    """The row that says so names both, and nobody else has one."""
    verified(issuer, sam, dana)
    (event,) = events(issuer, EventType.SESSION_OPENED, sam.colleague.account_id)
    with issuer.database.reading() as connection:
        (call,) = verified_calls(connection, desk_sid=event.sid or "", now=issuer.clock())
    assert (dana, sam.colleague.account_id, account_id_of(issuer)) == (call.account_id, call.agent_id, dana)
    assert 1 == calls_of(issuer)
