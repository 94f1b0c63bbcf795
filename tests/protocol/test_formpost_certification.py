"""What `oidcc-formpost-basic-certification-test-plan` asks beyond the basic plan: how the answer travels.

The modules themselves are those of basic_certification, which run with response_mode=form_post too.
"""

from __future__ import annotations

import re

import pytest

from tests.protocol.candidate import STATE, Candidate, candidate, check_error, check_success
from tests.protocol.world import World

AWKWARD_STATES = (
    "a b+c%20d",
    '"><script>alert(1)</script>',
    "' onload='x",
    "&amp;&#38;&lt;",
    "ünïcödé ☃",
    "a%00b%zz",
    "x" * 2000,
)


@pytest.fixture
def app(world: World) -> Candidate:
    """Give a client of the suite that asks for form_post."""
    return candidate(world, "form_post")


def test_the_answer_is_posted_and_never_in_a_query(world: World, app: Candidate) -> None:
    """Code, state and iss are hidden fields of a form that posts to the registered address."""
    browser = world.browser()
    page = app.finish(browser, app.ask(browser))
    check_success(app.answer(page))
    assert f'action="{app.redirect_uri}"' in page.text
    assert "Location" not in page.headers


def test_errors_are_posted_too(world: World, app: Candidate) -> None:
    """An error takes the same way, also one that is found before any page."""
    for wrong in ({"response_type": "id_token"}, {"scope": "nonsense"}, {"prompt": "none"}, {"max_age": "soon"}):
        page = app.ask(world.browser(), **wrong)
        check_error(app.answer(page))
        assert "Location" not in page.headers


def test_a_cancelled_sign_in_is_posted(world: World, app: Candidate) -> None:
    """Cancel answers access_denied by the form."""
    browser = world.browser()
    page = browser.follow(app.ask(browser))
    assert "access_denied" == check_error(app.answer(browser.submit(page, {"action": "cancel"})))


def test_the_page_works_under_its_own_policy(world: World, app: Candidate) -> None:
    """The policy admits the client's origin for forms; the script that posts is a file of ours, nothing is inline."""
    browser = world.browser()
    page = app.finish(browser, app.ask(browser))
    policy = {
        name: values.split()
        for name, _, values in (
            part.strip().partition(" ") for part in page.headers["Content-Security-Policy"].split(";")
        )
    }
    assert "https://app.example.com" in policy["form-action"]
    assert "'unsafe-inline'" not in policy.get("script-src", policy["default-src"])
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page.text, re.DOTALL)
    assert scripts
    for attributes, inline in scripts:
        assert "" == inline
        source = re.search(r'src="([^"]+)"', attributes)
        assert source is not None
        with world.get(source[1]) as script:
            assert 200 == script.status_code
    assert not re.search(r"<[^>]+\son\w+=", page.text)
    assert "no-store" in page.headers["Cache-Control"]


def test_the_page_works_without_script(world: World, app: Candidate) -> None:
    """A button sends the form where no script runs."""
    browser = world.browser()
    assert re.search(r'<button[^>]* type="submit"', app.finish(browser, app.ask(browser)).text)


@pytest.mark.parametrize("state", AWKWARD_STATES)
def test_the_state_comes_back_byte_for_byte(world: World, app: Candidate, state: str) -> None:
    """Whatever the state holds, a browser that reads the form sends exactly that."""
    browser = world.browser()
    answer = app.answer(app.finish(browser, app.ask(browser, state=state)))
    check_success(answer, state)
    assert STATE != state


@pytest.mark.parametrize("state", AWKWARD_STATES)
def test_the_state_comes_back_byte_for_byte_in_the_query(world: World, app: Candidate, state: str) -> None:
    """The same by the default response mode."""
    browser = world.browser()
    app.response_mode = None
    check_success(app.answer(app.finish(browser, app.ask(browser, state=state))), state)


def test_no_form_is_posted_to_an_app_scheme(world: World) -> None:
    """form_post needs a web address: a browser cannot post to a private-use scheme."""
    app = world.app("native", public=True, redirect_uris=["com.example.app:/callback"])
    response = app.ask(world.browser(), response_mode="form_post")
    assert "invalid_request" == app.answer(response)["error"]
