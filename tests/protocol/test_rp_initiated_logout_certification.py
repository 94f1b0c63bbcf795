"""The modules of `oidcc-rp-initiated-logout-certification-test-plan`; a test is named as its module.

After every logout the suite asks with prompt=none whether the person is really signed out.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jws, jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from tests.protocol.candidate import NO_PAGE_ERRORS, STATE, Candidate, check_error, check_success, sign_in
from tests.protocol.world import World
from tests.support.in_process import ADDRESS, AFTER_LOGOUT, Browser


@dataclass(kw_only=True)
class Visit:
    """A browser that is signed in, and the ID token that its app holds."""

    world: World
    app: Candidate
    browser: Browser
    id_token: str

    def leave(self, **parameters: str) -> TestResponse:
        """Send a logout request."""
        return self.browser.get("/end-session?" + urlencode(parameters))

    def confirm(self, page: TestResponse) -> TestResponse:
        """Press the button of the question, where one is asked."""
        if 'name="action" value="sign_out"' in page.text:
            return self.browser.submit(page, {"action": "sign_out"})
        return page

    def is_signed_in(self) -> bool:
        """Ask with prompt=none."""
        answer = self.app.answer(self.app.ask(self.browser, prompt="none"))
        if "error" in answer:
            assert check_error(answer) in NO_PAGE_ERRORS
            return False
        check_success(answer)
        return True


@pytest.fixture
def visit(world: World) -> Visit:
    """Sign somebody in."""
    app = Candidate.register(world.service, world.name("suite"), **Candidate.profile)
    assert isinstance(app, Candidate)
    browser = world.browser()
    tokens = sign_in(world, app, browser).tokens
    return Visit(world=world, app=app, browser=browser, id_token=tokens["id_token"])


def assert_no_redirect_even_when_confirmed(visit: Visit, page: TestResponse) -> None:
    """Whatever the person answers, they end on a page of ours."""
    for response in (page, visit.confirm(page)):
        assert "Location" not in response.headers
        assert response.status_code in {200, 400}
        assert AFTER_LOGOUT not in response.text
        assert "form-action 'self'" in response.headers["Content-Security-Policy"]


def assert_signed_out_page(visit: Visit, page: TestResponse) -> None:
    """The person is told that they are signed out, and are."""
    assert 200 == page.status_code
    assert "<h1>You are signed out</h1>" in page.text
    assert not visit.is_signed_in()


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(world: World) -> None:
    """Discovery has an end_session_endpoint over https."""
    assert f"{ADDRESS}/end-session" == world.discovery()["end_session_endpoint"]


def test_oidcc_rp_initiated_logout(visit: Visit) -> None:
    """A good hint and a registered address: back there, with the state alone, and signed out."""
    page = visit.confirm(visit.leave(id_token_hint=visit.id_token, post_logout_redirect_uri=AFTER_LOGOUT, state=STATE))
    assert 303 == page.status_code
    location = urlsplit(page.headers["Location"])
    assert AFTER_LOGOUT == location._replace(query="").geturl()
    assert {"state": [STATE]} == parse_qs(location.query, strict_parsing=True)
    assert not visit.is_signed_in()


def test_oidcc_rp_initiated_logout_no_state(visit: Visit) -> None:
    """Without a state none comes back."""
    page = visit.confirm(visit.leave(id_token_hint=visit.id_token, post_logout_redirect_uri=AFTER_LOGOUT))
    assert (303, AFTER_LOGOUT) == (page.status_code, page.headers["Location"])
    assert not visit.is_signed_in()


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(visit: Visit) -> None:
    """An unregistered address leads nowhere."""
    for bad in ("https://evil.example.com/", AFTER_LOGOUT + "/", "https://app.example.com/callback"):
        page = visit.leave(id_token_hint=visit.id_token, post_logout_redirect_uri=bad, state=STATE)
        assert bad not in page.text.replace(AFTER_LOGOUT, "")
        assert_no_redirect_even_when_confirmed(visit, page)


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(visit: Visit) -> None:
    """The registered address with a query is another address."""
    page = visit.leave(id_token_hint=visit.id_token, post_logout_redirect_uri=AFTER_LOGOUT + "?foo=bar")
    assert_no_redirect_even_when_confirmed(visit, page)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(visit: Visit) -> None:
    """The same claims without a signature are no hint."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    unsigned = f"{header}.{visit.id_token.split('.')[1]}."
    page = visit.leave(id_token_hint=unsigned, post_logout_redirect_uri=AFTER_LOGOUT, state=STATE)
    assert_no_redirect_even_when_confirmed(visit, page)


def test_oidcc_rp_initiated_logout_bad_id_token_hint(visit: Visit) -> None:
    """The same claims signed by somebody else, under our kid, are no hint."""
    token = jws.extract_compact(visit.id_token.encode())
    forged = jwt.encode(
        {"alg": "RS256", "kid": token.headers()["kid"], "typ": "JWT"}, json.loads(token.payload), RSAKey.generate_key()
    )
    page = visit.leave(id_token_hint=forged, post_logout_redirect_uri=AFTER_LOGOUT, state=STATE)
    assert_no_redirect_even_when_confirmed(visit, page)


def test_oidcc_rp_initiated_logout_no_id_token_hint(visit: Visit) -> None:
    """An address without a hint leads nowhere, with a client_id either."""
    page = visit.leave(post_logout_redirect_uri=AFTER_LOGOUT, state=STATE)
    assert_no_redirect_even_when_confirmed(visit, page)


def test_oidcc_rp_initiated_logout_no_id_token_hint_but_client_id(visit: Visit) -> None:
    """A client_id proves nothing about who asks."""
    page = visit.leave(post_logout_redirect_uri=AFTER_LOGOUT, client_id=visit.app.client_id)
    assert_no_redirect_even_when_confirmed(visit, page)


def test_oidcc_rp_initiated_logout_no_params(visit: Visit) -> None:
    """Without parameters the person is asked, and told."""
    assert_signed_out_page(visit, visit.confirm(visit.leave()))


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(visit: Visit) -> None:
    """A hint alone signs out and tells so."""
    page = visit.leave(id_token_hint=visit.id_token, state=STATE)
    assert "Location" not in page.headers
    assert_signed_out_page(visit, visit.confirm(page))


def test_oidcc_rp_initiated_logout_only_state(visit: Visit) -> None:
    """A state alone changes nothing about that."""
    page = visit.leave(state=STATE)
    assert "Location" not in page.headers
    assert_signed_out_page(visit, visit.confirm(page))


def test_an_expired_id_token_still_serves_as_hint(visit: Visit) -> None:
    """RP-Initiated Logout 1.0 §4: an ID token past its end is as good a hint as before."""
    visit.world.advance(3000)
    page = visit.leave(id_token_hint=visit.id_token, post_logout_redirect_uri=AFTER_LOGOUT)
    assert (303, AFTER_LOGOUT) == (page.status_code, page.headers["Location"])


def test_a_logout_request_may_be_posted(visit: Visit) -> None:
    """RP-Initiated Logout 1.0 §2: POST is to be supported."""
    form = {"id_token_hint": visit.id_token, "post_logout_redirect_uri": AFTER_LOGOUT}
    page = visit.confirm(visit.browser.post("/end-session", form))
    assert (303, AFTER_LOGOUT) == (page.status_code, page.headers["Location"])
    assert not visit.is_signed_in()


def test_a_doubtful_request_signs_nobody_out_unasked(visit: Visit) -> None:
    """A link with a forged hint asks first; nothing ends until the person says so."""
    visit.leave(id_token_hint="nonsense", post_logout_redirect_uri=AFTER_LOGOUT)
    assert visit.is_signed_in()


def test_a_hint_of_another_session_asks_first(visit: Visit) -> None:
    """A good ID token of somebody's other session does not sign this browser out by itself."""
    other = sign_in(visit.world, visit.app).tokens["id_token"]
    page = visit.leave(id_token_hint=other, post_logout_redirect_uri=AFTER_LOGOUT)
    assert "<h1>Sign out?</h1>" in page.text
    assert visit.is_signed_in()
    page = visit.confirm(page)
    assert (303, AFTER_LOGOUT) == (page.status_code, page.headers["Location"])
    assert not visit.is_signed_in()


def test_the_client_id_must_be_the_hints(visit: Visit) -> None:
    """RP-Initiated Logout 1.0 §2: both present must agree."""
    other = visit.world.app("other")
    page = visit.leave(id_token_hint=visit.id_token, client_id=other.client_id, post_logout_redirect_uri=AFTER_LOGOUT)
    assert_no_redirect_even_when_confirmed(visit, page)
