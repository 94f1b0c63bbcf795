"""The challenge of the example portals' resource (RFC 9470 §3), and what is read from it."""

from __future__ import annotations

import flask
import pytest
import requests

from examples.driver_portal.step_up import asked_for, challenge, way_back


def received(header: str) -> requests.Response:
    """Give an answer with this challenge."""
    answer = requests.Response()
    answer.headers["WWW-Authenticate"] = header
    return answer


def test_a_challenge_is_read_as_it_was_written() -> None:
    """Values with blanks survive; what is not for the authorization request is left out."""
    wanted = {"acr_values": "urn:idp:mfa urn:idp:phishing-resistant", "max_age": "900"}
    sent = challenge(error="insufficient_user_authentication", **wanted)
    assert 401 == sent.status_code
    assert sent.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_user_authentication", acr_values="')
    assert wanted == asked_for(received(sent.headers["WWW-Authenticate"]))


@pytest.mark.parametrize("header", ["Bearer", 'Bearer error="invalid_token"'])
def test_other_challenges_ask_for_a_plain_sign_in(header: str) -> None:
    """A token that has ended leads to a sign-in without conditions."""
    assert {} == asked_for(received(header))


@pytest.mark.parametrize(
    ("query", "then", "expected"),
    [
        ("error=unmet_authentication_requirements", "/action", "/action?refused=yes"),
        ("error=access_denied", "/action", "/action?refused=yes"),
        ("error=access_denied", None, None),
        ("error=server_error", "/action", None),
        ("code=x", "/action", None),
    ],
)
def test_turning_back_leads_to_where_the_person_was(query: str, then: str | None, expected: str | None) -> None:
    """Only from an action, and only for somebody who turned back or could not do it."""
    app = flask.Flask(__name__)
    app.secret_key = "for this test"
    with app.test_request_context(f"/callback?{query}"):
        if then:
            flask.session["then"] = then
        assert expected == way_back()
