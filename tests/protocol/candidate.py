"""The client of the certification suite, and what the suite asserts in nearly every module.

It sends no PKCE, a nonce, a state of 128 characters, asks for consent like anybody, and takes its answer in the query
or as a posted form. What the suite only warns of fails here too.
"""

from __future__ import annotations

import html
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar, cast
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from werkzeug.test import TestResponse

from tests.protocol.world import World
from tests.support.in_process import ADDRESS, App, Browser

STATE = "".join(chr(ord("!") + place % 90) for place in range(128)).replace("%", "p")
NONCE = "a-nonce-" + "n" * 40
ERROR_PARAMETERS = {"error", "error_description", "error_uri", "state", "iss"}
PUBLIC_ERROR = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*\Z")
BASE_CLAIMS = {"iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "sid", "nonce", "at_hash"}
TEXT_CLAIMS = {
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "gender", "birthdate", "zoneinfo", "locale", "email", "phone_number",
}  # fmt: skip
SCOPE_CLAIMS = {
    "profile": TEXT_CLAIMS - {"email", "phone_number"} | {"updated_at"},
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}
NO_PAGE_ERRORS = {"login_required", "interaction_required", "account_selection_required", "consent_required"}


@dataclass(kw_only=True)
class Candidate(App):
    """The suite's client: profile `oidc-basic`, no PKCE."""

    response_mode: str | None = None
    profile: ClassVar[dict[str, Any]] = {
        "profile": "oidc-basic",
        "first_party": False,
        "scope": "openid profile email address phone offline_access",
        "grant_types": ["authorization_code", "refresh_token"],
    }

    def request(self, **changes: object) -> dict[str, str]:
        """Give the parameters of an authorization request as the suite sends it."""
        usual: dict[str, object] = {
            "state": STATE,
            "nonce": NONCE,
            "code_challenge": None,
            "code_challenge_method": None,
            "response_mode": self.response_mode,
        }
        return super().request(**(usual | changes))

    def exchange(self, code: str, **changes: object) -> TestResponse:
        """Exchange a code without a verifier."""
        return super().exchange(code, **{"code_verifier": None, **changes})

    def answer(self, response: TestResponse) -> dict[str, str]:
        """Read an answer in the mode that was asked for, and make sure that it came in no other."""
        return _posted(response, self.redirect_uri) if self.response_mode else _redirected(response, self.redirect_uri)


def candidate(world: World, mode: str | None, **metadata: object) -> Candidate:
    """Register a client of the suite, which asks for its answers in this mode; the default is not sent."""
    values: dict[str, Any] = {**Candidate.profile, **metadata}
    app = Candidate.register(world.service, world.name("suite"), **values)
    assert isinstance(app, Candidate)
    app.response_mode = mode
    return app


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """What a successful flow gave: the answer, the token response and the ID token's claims."""

    answer: dict[str, str]
    tokens: dict[str, Any]
    claims: dict[str, Any]


def _redirected(response: TestResponse, redirect_uri: str) -> dict[str, str]:
    assert 303 == response.status_code, response.text
    location = urlsplit(response.headers["Location"])
    assert redirect_uri == location._replace(query="").geturl()
    return _single(parse_qs(location.query, keep_blank_values=True, strict_parsing=True))


def _posted(response: TestResponse, redirect_uri: str) -> dict[str, str]:
    assert (200, "text/html; charset=utf-8") == (response.status_code, response.headers["Content-Type"])
    form = re.search(r'<form[^>]* method="post" action="([^"]+)"', response.text)
    assert form is not None
    assert redirect_uri == html.unescape(form[1])
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', response.text)
    values: dict[str, list[str]] = {}
    for name, value in hidden:
        values.setdefault(html.unescape(name), []).append(html.unescape(value))
    return _single(values)


def _single(values: dict[str, list[str]]) -> dict[str, str]:
    assert all(len(sent) == 1 for sent in values.values()), values
    return {name: sent[0] for name, sent in values.items()}


def shows_sign_in(page: TestResponse) -> bool:
    """Whether a page asks for the password."""
    return page.status_code == 200 and 'name="password"' in page.text


def has_enough_entropy(value: str) -> bool:
    """The suite's measure: Shannon entropy of the characters times their number, above 96 bits."""
    share = [number / len(value) for number in Counter(value).values()]
    return -sum(part * math.log2(part) for part in share) * len(value) > 96


def check_success(answer: dict[str, str], state: str | None = STATE) -> str:
    """Check a successful authorization response and give its code."""
    assert state == answer.get("state")
    assert ADDRESS == answer["iss"]
    assert {"code", "iss"} | ({"state"} if state is not None else set()) == answer.keys()
    assert has_enough_entropy(answer["code"])
    return answer["code"]


def check_error(answer: dict[str, str], state: str | None = STATE) -> str:
    """Check an error response and give its error."""
    assert answer.keys() <= ERROR_PARAMETERS
    assert state == answer.get("state")
    assert ADDRESS == answer["iss"]
    assert PUBLIC_ERROR.match(answer["error"])
    assert PUBLIC_ERROR.match(answer.get("error_description", ""))
    return answer["error"]


def check_error_page(response: TestResponse, redirect_uri: str) -> None:
    """Check that an error is shown here and that nothing on the page leads anywhere by itself."""
    assert 400 <= response.status_code < 500
    assert "Location" not in response.headers
    assert response.headers["Content-Type"].startswith("text/html")
    assert f'action="{redirect_uri}' not in response.text


def check_token_error(response: TestResponse, error: str, status: int = 400) -> None:
    """Check a refusal of the token endpoint (RFC 6749 §5.2)."""
    assert (status, error) == (response.status_code, response.get_json()["error"]), response.text
    assert "application/json" == response.headers["Content-Type"]
    assert "no-store" == response.headers["Cache-Control"]
    assert response.get_json().keys() <= {"error", "error_description", "error_uri"}
    assert PUBLIC_ERROR.match(response.get_json().get("error_description", ""))


def check_tokens(
    world: World, app: App, response: TestResponse, *, nonce: str | None = NONCE, asked: frozenset[str] = frozenset()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Check a token response, and give it with the ID token's claims; `asked` came by the claims parameter."""
    assert 200 == response.status_code, response.text
    assert "application/json" == response.headers["Content-Type"]
    assert "no-store" == response.headers["Cache-Control"]
    body: dict[str, Any] = response.get_json()
    assert "bearer" == body["token_type"].lower()
    assert isinstance(body["expires_in"], int)
    assert has_enough_entropy(body["access_token"])
    assert has_enough_entropy(body.get("refresh_token", body["access_token"]))
    return body, check_id_token(world, app, body["id_token"], nonce=nonce, asked=asked)


def check_id_token(
    world: World, app: App, token: str, *, nonce: str | None, asked: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Verify an ID token as a client does, check every claim that the suite looks at, and give the claims."""
    algorithm = app.metadata.get("id_token_signed_response_alg", "RS256")
    decoded = jwt.decode(token, world.keys(), algorithms=[algorithm])
    claims = dict(decoded.claims)
    assert decoded.header["kid"]
    assert (ADDRESS, app.client_id, nonce) == (claims["iss"], claims["aud"], claims.get("nonce"))
    assert claims["exp"] > world.clock()
    assert abs(world.clock() - claims["iat"]) < 300
    assert claims["sub"].isascii()
    assert claims["sub"].isprintable()
    assert len(claims["sub"]) <= 255
    assert claims["acr"]
    assert isinstance(claims["auth_time"], int)
    assert claims.keys() <= BASE_CLAIMS | asked
    check_claim_types(claims)
    return claims


def check_claim_types(claims: dict[str, Any]) -> None:
    """Check the JSON types of standard claims (OpenID Connect Core §5.1)."""
    for name in TEXT_CLAIMS & claims.keys():
        assert isinstance(claims[name], str), name
        assert claims[name], name
    for name in {"email_verified", "phone_number_verified"} & claims.keys():
        assert isinstance(claims[name], bool), name
    if "updated_at" in claims:
        assert isinstance(claims["updated_at"], int)
    if "address" in claims:
        assert all(isinstance(value, str) and value for value in claims["address"].values())


def check_userinfo(response: TestResponse, sub: str, *scopes: str) -> dict[str, Any]:
    """Check a userinfo response: the right person, well typed, and every standard claim of these scopes."""
    assert (200, "application/json") == (response.status_code, response.headers["Content-Type"])
    claims: dict[str, Any] = response.get_json()
    assert sub == claims["sub"]
    assert {name for scope in scopes for name in SCOPE_CLAIMS[scope]} <= claims.keys()
    check_claim_types(claims)
    return claims


def sign_in(
    world: World,
    app: App,
    browser: Browser | None = None,
    *,
    asked: frozenset[str] = frozenset(),
    **changes: object,
) -> SignedIn:
    """Go through a whole flow as the suite does, every check included."""
    browser = browser or world.browser()
    answer = app.answer(app.finish(browser, app.ask(browser, **changes)))
    state, nonce = (
        cast("str | None", changes.get(name, usual)) for name, usual in (("state", STATE), ("nonce", NONCE))
    )
    tokens, claims = check_tokens(world, app, app.exchange(check_success(answer, state)), nonce=nonce, asked=asked)
    assert world.sub == claims["sub"]
    return SignedIn(answer=answer, tokens=tokens, claims=claims)
