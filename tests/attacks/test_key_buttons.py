"""The buttons of /security/keys that try a key with chosen apps and rehearse a compromise: who may, on what, twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from idp.app import Service
from idp.storage.incident_rows import list_incidents
from idp.storage.key_rows import read_ring
from keys.rotation import keys_of
from keys.states import KeyState
from tests.support.account_pages import press, seen
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, issuer_on
from tests.support.staff import Colleague, console, hire

KEYS, DAY = "/security/keys", 86_400.0
ALGORITHMS = ("ES256", "Ed25519")


@pytest.fixture
def clock() -> SettableClock:
    """Give a clock that stands still."""
    return SettableClock()


@pytest.fixture
def issuer(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer with two apps, a day after its keys were made."""
    with issuer_on(database_url, tmp_path, clock=clock, signing_algs=ALGORITHMS) as service:
        App.register(service, "first", client_name="First")
        App.register(service, "other")
        clock.advance(DAY)
        service.watch.poll_once()
        yield service


def entered(service: Service, role: str = "security") -> tuple[Browser, Colleague]:
    """Give the browser of a new colleague who has signed in."""
    browser, colleague = Browser(service), hire(service, f"the-{role}", role)
    console(browser, colleague)
    return browser, colleague


def chosen(service: Service, algorithm: str = "ES256") -> set[str]:
    """Name the apps for which the staged key signs."""
    with service.database.reading() as connection:
        keys = keys_of(read_ring(connection).records, algorithm=algorithm)
    return {client_id for key in keys if key.state is KeyState.STAGED for client_id in key.canaries}


def test_a_trial_is_begun_and_taken_back(issuer: Service) -> None:
    """The chosen apps alone; the page says which, and ticks them; one button takes the key back from all."""
    browser, _ = entered(issuer)
    ticked = {"algorithm": "ES256", "app-first": "on"}
    done = browser.follow(press(browser, browser.get(KEYS), "canary", containing="ES256", **ticked))
    assert {"first"} == chosen(issuer)
    assert "signs already for First" in seen(done)
    assert 1 == done.text.count(" checked")
    again = browser.follow(press(browser, done, "canary_back", containing="ES256"))
    assert set() == chosen(issuer)
    assert "signs for no app any more" in seen(again)
    assert 'value="canary_back"' not in again.text


def test_a_trial_of_nobody_changes_nothing(issuer: Service) -> None:
    """Whoever ticks no box is told so, and a trial that runs goes on."""
    browser, _ = entered(issuer)
    page = browser.get(KEYS)
    press(browser, page, "canary", containing="ES256", **{"app-first": "on"})
    done = browser.follow(press(browser, page, "canary", containing="ES256"))
    assert "No app was chosen" in seen(done)
    assert {"first"} == chosen(issuer)


@pytest.mark.parametrize(
    ("algorithm", "app"), [("ES256", "nobody"), ("ES256", "idp-account"), ("Ed25519", "first"), ("none", "first")]
)
def test_a_trial_of_what_does_not_belong_together_is_refused(issuer: Service, algorithm: str, app: str) -> None:
    """An app that is none of the algorithm's, ours or nobody's; an algorithm that is none; the way back is there."""
    browser, _ = entered(issuer)
    form = {"algorithm": algorithm, f"app-{app}": "on"}
    answer = press(browser, browser.get(KEYS), "canary", containing="ES256", **form)
    assert (409, True) == (answer.status_code, 'href="/security"' in answer.text)
    assert set() == chosen(issuer)


def test_an_app_that_lacks_the_key_is_not_tried(issuer: Service) -> None:
    """The page says so beside it, and the button refuses."""
    App.register(issuer, "late", own_jwks=True)
    issuer.watch.poll_once()
    browser, _ = entered(issuer)
    page = browser.get(KEYS)
    assert "late · does not have the key yet" in seen(page)
    assert 409 == press(browser, page, "canary", containing="ES256", **{"app-late": "on"}).status_code
    assert set() == chosen(issuer)


def test_a_drill_is_measured_and_reviewed_by_another(issuer: Service) -> None:
    """The page says how long it took and who asked; the incident waits for a colleague; nothing else has changed."""
    browser, colleague = entered(issuer)
    before = browser.get("/jwks").get_json()
    done = browser.follow(press(browser, browser.get(KEYS), "drill"))
    # How quick it was depends on what else this machine does; that it was measured does not.
    assert "The drill is over" in seen(done)
    assert re.search(r"this console’s own process: dropped it after \d+\.\d\d s", seen(done))
    assert f"{colleague.user_id} · ES256" in seen(done)
    assert before == browser.get("/jwks").get_json()
    assert 'value="review"' not in done.text
    with issuer.database.reading() as connection:
        (incident,) = list_incidents(connection)
    assert ("drill", "drill") == (incident.purpose, incident.reason)


def test_two_drills_at_once_are_two_or_one(issuer: Service) -> None:
    """Whoever presses while another drill runs breaks neither: every rehearsal key is out of service in the end."""
    browser, _ = entered(issuer)
    page = browser.get(KEYS)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: press(browser, page, "drill").status_code, range(2)))
    assert {303} == set(answers)
    with issuer.database.reading() as connection:
        drilled = [key for key in read_ring(connection).records if key.purpose == "drill"]
    assert {KeyState.COMPROMISED} == {key.state for key in drilled}


def test_an_auditor_sees_and_does_not_press(issuer: Service) -> None:
    """What was tried and measured is there, and no button is."""
    browser, _ = entered(issuer)
    page = browser.get(KEYS)
    press(browser, page, "drill")
    press(browser, page, "canary", containing="ES256", **{"app-first": "on"})
    auditor, _ = entered(issuer, "auditor")
    read = auditor.get(KEYS)
    assert "dropped it after" in seen(read)
    assert "signs already for First" in seen(read)
    forms = read.text.count("<form")
    assert (1, 1) == (forms, read.text.count('value="sign_out"'))


@pytest.mark.parametrize("action", ["canary", "canary_back", "drill"])
def test_an_old_sign_in_or_a_foreign_form_does_nothing(issuer: Service, clock: SettableClock, action: str) -> None:
    """Without the page's form token nothing is done; six minutes after the sign-in there is another one first."""
    browser, _ = entered(issuer)
    form = {"action": action, "algorithm": "ES256", "app-first": "on"}
    assert 400 == browser.post(KEYS, form).status_code
    page = browser.get(KEYS)
    if action == "canary_back":
        press(browser, page, "canary", containing="ES256", **{"app-first": "on"})
        page = browser.get(KEYS)
    trial = chosen(issuer)
    clock.advance(301.0)
    issuer.watch.poll_once()
    late = press(browser, page, action, containing="ES256" if action != "drill" else "", **{"app-other": "on"})
    assert "/sign-in" in late.headers["Location"]
    assert trial == chosen(issuer)
    with issuer.database.reading() as connection:
        assert [] == list_incidents(connection)
