"""Step-up by RFC 9470, as both portals do it: challenged, asked for more, and back at the action."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import requests

from idp.demo.factors import FIRST_RECOVERY_CODE
from idp.demo.people import PEOPLE
from tests.support.demo import Demo, Visitor, running_demo

SECONDS = 20
SECRET = next(person.totp_secret for person in PEOPLE if person.user_id == "tom") or ""
ACTION = {"driver": "/paying-account", "fleet": "/drivers"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Give a demo that the tests of this module share."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def heading(page: requests.Response) -> str:
    """Read the heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", page.text, re.DOTALL)
    return found[1].strip() if found else page.text


def press(visitor: Visitor, address: str, *, follow: bool = True) -> requests.Response:
    """Press the button of an action."""
    return visitor.session.post(address, timeout=SECONDS, allow_redirects=follow)


def test_the_resource_says_what_it_takes(demo: Demo) -> None:
    """No token and nobody's token, as RFC 6750 says; a portal asks for what it was challenged with."""
    for sent, said in (({}, "Bearer"), ({"Authorization": "Bearer x.y.z"}, 'Bearer error="invalid_token"')):
        refused = requests.post(f"{demo.driver}/api{ACTION['driver']}", headers=sent, timeout=SECONDS)
        assert (401, said) == (refused.status_code, refused.headers["WWW-Authenticate"])
    with Visitor() as visitor:
        visitor.sign_in(demo.driver, "dana")
        sent_on = press(visitor, f"{demo.driver}{ACTION['driver']}", follow=False)
        asked = parse_qs(urlsplit(sent_on.headers["Location"]).query)
        assert (["urn:idp:mfa urn:idp:phishing-resistant"], ["900"]) == (asked["acr_values"], asked["max_age"])


def test_whoever_has_no_second_step_may_turn_back(demo: Demo) -> None:
    """The issuer offers to set one up; Not now leads back to the action, and leaves the person signed in."""
    with Visitor() as visitor:
        visitor.sign_in(demo.driver, "dana")
        page = press(visitor, f"{demo.driver}{ACTION['driver']}")
        assert "Add a second step" == heading(page)
        back = visitor.submit(page, {"action": "cancel"})
        assert (f"{demo.driver}{ACTION['driver']}?refused=yes", True) == (back.url, "Nothing was changed" in back.text)
        assert "Hello Dana" in visitor.open(demo.driver).text


def test_a_remembered_browser_is_asked_for_the_action(demo: Demo) -> None:
    """Signed in by the password alone, tom shows a factor for the action, and it is done; another portal wants more."""
    with Visitor() as visitor:
        page = visitor.sign_in(demo.driver, "tom")
        assert "Enter the code from your app" == heading(page)
        page = visitor.submit(page, {"code": pyotp.TOTP(SECRET).now(), "action": "verify", "remember": "yes"})
        assert "Hello Tom" in page.text
        visitor.submit(page, {})
        assert "Hello Tom" in visitor.sign_in(demo.driver, "tom").text

        page = press(visitor, f"{demo.driver}{ACTION['driver']}")
        assert "Enter the code from your app" == heading(page)
        lost = re.search(r'href="([^"]+way=recovery_code)"', page.text)
        assert lost
        page = visitor.open(demo.issuer + lost[1].replace("&amp;", "&"))
        back = visitor.submit(page, {"code": FIRST_RECOVERY_CODE, "action": "verify"})
        assert f"{demo.driver}{ACTION['driver']}" == back.url
        assert "The change is noted" in press(visitor, back.url).text

        assert "Your fleet" in heading(visitor.open(f"{demo.fleet}/sign-in"))
        assert "Add a second step" == heading(press(visitor, f"{demo.fleet}{ACTION['fleet']}"))
