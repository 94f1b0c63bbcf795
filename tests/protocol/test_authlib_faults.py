"""Authlib's known faults at /authorize: a canary for each, and proof that ours does right.

A canary fails when Authlib mends the fault, and says which override can go. The other rows of the same table are in
test_authlib_grant_faults.py (grants, hooks), test_authlib_token_faults.py (tokens, hints, introspection),
test_authlib_client_faults.py (client authentication, requests) and test_joserfc_faults.py.
No test, since we have no such part:

| row | why it cannot matter here |
|---|---|
| oauth2/rfc9101 (request objects) | the parameters request and request_uri are refused; canary only |
| oauth2/rfc8628 (device grant) | not offered: unsupported_grant_type |
| oauth2/rfc7592 (print of errors), rfc7591 | dynamic registration is not offered: 404 |
| hooks.py, the hook missing in refresh_token.py | our grants register no hooks; canary only |
| replay detection "left to you" | a gap, not a fault; ours: codereuse in basic_certification, and the grants' file |
"""

# ruff: noqa: ANN401, ARG002, SLF001 - canaries look into objects of Authlib's that have no types of their own
from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import UnsupportedResponseTypeError
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9101 import JWTAuthenticationRequest
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.grants.util import create_response_mode_response

from tests.protocol.candidate import check_error, check_error_page, check_token_error
from tests.protocol.stock import REDIRECT_URI, StockCodeGrant, StockRequest, StockServer, still_faulty
from tests.protocol.world import World
from tests.support.in_process import ADDRESS, App, Browser

AWKWARD = 'quote" backslash\\ nön-ascii'
CHALLENGE = "c" * 43


def consent_grant(server: Any, parameters: dict[str, str]) -> Any:
    """Ask the stock server whether an authorization request may go to its consent page."""
    return server.get_consent_grant(StockRequest(parameters))


@pytest.fixture(scope="module")
def app(world: World) -> App:
    """Give a client of the profile `default`."""
    return world.app()


@pytest.fixture
def browser(world: World) -> Browser:
    """Give a browser without cookies."""
    return world.browser()


# oauth2/base.py: a client's input in a description raises ValueError.


def test_canary_descriptions_raise_value_error() -> None:
    """Authlib's error cannot hold a quote, and a client's response_type or redirect_uri is put into one."""
    with pytest.raises(ValueError, match="forbidden characters"):
        OAuth2Error(description=AWKWARD)
    for wrong in ({"response_type": AWKWARD}, {"response_type": "code", "redirect_uri": AWKWARD}):
        with pytest.raises(ValueError, match="forbidden characters"):
            consent_grant(StockServer(), {"client_id": "app", **wrong})


@pytest.mark.parametrize("name", ["redirect_uri", "response_type", "scope", "prompt", "code_challenge_method"])
def test_awkward_input_at_authorize_is_refused(app: App, browser: Browser, name: str) -> None:
    """No parameter of /authorize turns into a 500."""
    response = app.ask(browser, **{name: AWKWARD})
    if name == "redirect_uri":
        check_error_page(response, REDIRECT_URI)
    else:
        check_error(app.answer(response), "a state")


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier", "scope", "client_id"])
def test_awkward_input_at_the_token_endpoint_is_refused(app: App, name: str) -> None:
    """No parameter of /token turns into a 500."""
    form = {"grant_type": "authorization_code", "code": "none", "redirect_uri": app.redirect_uri}
    response = app.call("/token", {**form, name: AWKWARD})
    assert response.status_code in {400, 401}
    check_token_error(response, response.get_json()["error"], response.status_code)


# rfc7636/challenge.py: what "required" and "supported" do not cover.


def _grant(parameters: dict[str, str], **request: Any) -> Any:
    made = StockRequest(parameters)
    made.__dict__.update(request)
    return SimpleNamespace(request=made)


def test_canary_pkce_is_not_required() -> None:
    """required=True lets an authorization request without challenge pass, and confidential clients altogether."""
    extension = CodeChallenge(required=True)
    extension.validate_code_challenge(_grant({}), REDIRECT_URI)
    code = SimpleNamespace(code_challenge=None)
    extension.validate_code_verifier(_grant({}, auth_method="client_secret_basic", authorization_code=code), None)


@pytest.mark.parametrize("public", [True, False], ids=["public", "confidential"])
def test_pkce_is_required(world: World, browser: Browser, *, public: bool) -> None:
    """Of public clients, and of confidential ones by their profile, at /authorize already."""
    app = world.app(public=public)
    answer = app.answer(app.ask(browser, code_challenge=None, code_challenge_method=None))
    assert "invalid_request" == check_error(answer, "a state")


def test_canary_plain_is_accepted_although_unsupported() -> None:
    """SUPPORTED = ["S256"] still takes a challenge without method, and compares it as plain."""
    extension = CodeChallenge(required=True)
    extension.SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    extension.validate_code_challenge(_grant({"code_challenge": "v" * 43}), REDIRECT_URI)
    code = SimpleNamespace(code_challenge="v" * 43, code_challenge_method=None)
    grant = _grant({"code_verifier": "v" * 43}, auth_method="none", authorization_code=code)
    extension.validate_code_verifier(grant, None)


@pytest.mark.parametrize("method", [None, "plain", "s256", "S512"])
def test_plain_is_accepted_nowhere(world: World, browser: Browser, method: str | None) -> None:
    """Whatever is not exactly S256 is refused, in the profile that does not require PKCE too."""
    for profile in ("default", "oidc-basic"):
        app = world.app(profile=profile)
        answer = app.answer(app.ask(browser, code_challenge=CHALLENGE, code_challenge_method=method))
        assert "invalid_request" == check_error(answer, "a state")


@pytest.mark.parametrize(
    ("verifier", "error"),
    [
        (None, "invalid_grant"),
        ("w" * 43, "invalid_grant"),
        ("v" * 42, "invalid_request"),
        ("v" * 129, "invalid_request"),
        ("v" * 42 + "é", "invalid_request"),
        ("v" * 43 + "\n", "invalid_request"),
    ],
)
def test_a_wrong_verifier_is_refused(app: App, browser: Browser, verifier: str | None, error: str) -> None:
    """Missing, other, too short, too long, out of its alphabet (RFC 7636 §4.1, §4.6)."""
    check_token_error(app.exchange(app.code(browser), code_verifier=verifier), error)


def test_a_verifier_without_challenge_is_refused(world: World, browser: Browser) -> None:
    """RFC 9700 §2.1.1: PKCE cannot be added, nor taken away, on the way."""
    app = world.app(profile="oidc-basic")
    code = app.code(browser, code_challenge=None, code_challenge_method=None)
    check_token_error(app.exchange(code, code_verifier="v" * 43), "invalid_grant")


# rfc9207/parameter.py and authorization_server.py: iss and state of errors.


def test_canary_early_errors_have_no_iss() -> None:
    """IssuerParameter adds iss to the answers of create_authorization_response alone."""
    server = StockServer()

    class Issuer(IssuerParameter):
        def get_issuer(self) -> str:
            return "https://as.example.com"

    Issuer()(server)
    with pytest.raises(UnsupportedResponseTypeError) as caught:
        consent_grant(server, {"client_id": "app", "response_type": "nonsense", "redirect_uri": REDIRECT_URI})
    location = cast("Any", server).handle_error_response(None, caught.value).location
    assert location.startswith(REDIRECT_URI)
    still_faulty("iss=" not in location, "iss in idp/oidc/authorization_response.py")


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": "none"},
        {"scope": "nonsense"},
        {"response_type": "token"},
        {"max_age": "-1"},
        {"request": "x"},
        {"request_uri": "https://app.example.com/r"},
        {"registration": "{}"},
        {"response_mode": "fragment"},
        {"claims": "[]"},
        {"id_token_hint": "x"},
        {"nonce": "n" * 600},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_every_redirected_error_has_iss_and_state(app: App, browser: Browser, wrong: dict[str, str]) -> None:
    """RFC 9207 §2 and RFC 6749 §4.1.2.1, whichever check refuses."""
    assert check_error(app.answer(app.ask(browser, **wrong)), "a state")


def test_a_person_who_cancels_is_answered_with_iss_and_state(app: App, browser: Browser) -> None:
    """access_denied, long after the request came in."""
    page = browser.follow(app.ask(browser))
    assert "access_denied" == check_error(app.answer(browser.submit(page, {"action": "cancel"})), "a state")


def test_canary_state_is_lost_with_a_grant_of_its_own() -> None:
    """create_authorization_response reads the state from the raw request, not from the one that was validated."""
    server = StockServer()
    grant = consent_grant(server, {"client_id": "app", "response_type": "code", "state": "from the request object"})
    response = cast("Any", server.create_authorization_response({"client_id": "app"}, grant_user=None, grant=grant))
    assert "access_denied" in response.location
    still_faulty("state=" not in response.location, "AuthorizationRequest, which carries its own state")


# oidc/core: form_post, the default scope, repeated parameters, request objects.


def test_canary_form_post_corrupts_the_state() -> None:
    """Values are quoted as in a URL, and the page runs an inline script."""
    body = create_response_mode_response(REDIRECT_URI, [("state", "a b")], "form_post")[1]
    still_faulty("a%20b" in body, "idp/web/form_post.py")
    still_faulty("onload=" in body, "idp/web/form_post.py")


def test_canary_openid_hooks_need_the_raw_scope() -> None:
    """A request that leaves its scope to the default gets an ID token without the checks of one."""
    server = StockServer()
    grant: Any = StockCodeGrant(StockRequest({"client_id": "app"}), server)
    OpenIDCode()(grant)
    still_faulty(not grant._hooks["after_validate_consent_request"], "check_scope, which wants a scope")


def test_a_request_without_scope_is_refused(app: App, browser: Browser) -> None:
    """There is no default scope that could differ from what was checked."""
    assert "invalid_scope" == check_error(app.answer(app.ask(browser, scope=None)), "a state")


def test_canary_repeated_parameters_pass() -> None:
    """Five names are checked; a nonce may stand twice."""
    request: Any = StockRequest({"client_id": "app", "response_type": "code", "nonce": "n"})
    request.payload._datalist["nonce"] = ["n", "m"]
    server: Any = StockServer()
    server.get_consent_grant(request)


@pytest.mark.parametrize("name", ["response_type", "scope", "state", "nonce", "prompt", "code_challenge", "unknown"])
def test_repeated_parameters_are_refused(app: App, browser: Browser, name: str) -> None:
    """Any of them, known or not (RFC 6749 §3.1)."""
    parameters = [*app.request(prompt="login", unknown="x").items(), (name, "again")]
    answer = app.answer(browser.get("/authorize?" + urlencode(parameters)))
    assert "invalid_request" == check_error(answer, None if name == "state" else "a state")


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_repeated_client_or_address_is_shown(app: App, browser: Browser, name: str) -> None:
    """Nobody is redirected when it is unclear whereto."""
    sent = list(app.request().items())
    for doubled in ([*sent, (name, app.request()[name])], [(name, "https://evil.example.com"), *sent]):
        check_error_page(browser.get("/authorize?" + urlencode(doubled)), REDIRECT_URI)


def test_canary_request_objects_may_be_unsigned() -> None:
    """JAR takes the algorithm none unless signing is demanded."""

    class Stock(JWTAuthenticationRequest):
        def get_server_metadata(self) -> dict[str, Any]:
            return {"issuer": ADDRESS}

        def get_client_require_signed_request_object(self, client: Any) -> bool:
            return False

    algorithms = Stock().get_request_object_signing_algorithms(None)
    still_faulty("none" in algorithms, "none yet: mind it when request objects come")
