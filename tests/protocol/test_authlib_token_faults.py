"""Authlib's known faults in tokens, hints and introspection: a canary for each, and proof that ours does right.

See test_authlib_faults.py for the table of what has no test.
"""

# ruff: noqa: ANN401, ARG002, SLF001 - canaries look into objects of Authlib's that have no types of their own
from __future__ import annotations

import logging
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator, JWTBearerTokenValidator, JWTIntrospectionEndpoint
from authlib.oauth2.rfc9068.claims import JWTAccessTokenClaims
from authlib.oidc.core import UserInfoEndpoint
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.util import create_half_hash
from authlib.oidc.rpinitiated import EndSessionEndpoint
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from tests.protocol.candidate import check_token_error
from tests.protocol.stock import StockClient, StockRequest, StockServer, still_faulty
from tests.protocol.world import World, claims_of, signed_by_the_issuer
from tests.support.in_process import ADDRESS, AFTER_LOGOUT, App

ISSUER = "https://as.example.com"
KEY = ECKey.generate_key("P-256", auto_kid=True)
KEYS = KeySet([KEY])


def stock_token(*, typ: str | None = "at+jwt", **changes: Any) -> str:
    """Sign an access token as an Authlib server would."""
    now = int(time.time())
    claims = {
        "iss": ISSUER, "sub": "dana", "aud": "app", "client_id": "app", "scope": "openid",
        "iat": now, "exp": now + 300, "jti": "1", **changes,
    }  # fmt: skip
    header = {"alg": "ES256", "kid": KEY.kid} | ({"typ": typ} if typ else {})
    return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, KEY)


@pytest.fixture(scope="module")
def app(world: World) -> App:
    """Give a client."""
    return world.app()


@pytest.fixture
def tokens(world: World, app: App) -> dict[str, Any]:
    """Give the tokens of a sign-in."""
    return app.tokens(world.browser(), scope="openid profile offline_access")


# rfc6750/token.py, rfc9068/token.py: lifetimes and algorithms.


def test_canary_access_tokens_live_ten_days() -> None:
    """The default for codes and clients is 864000 seconds."""
    for grant_type in ("authorization_code", "client_credentials"):
        still_faulty(864000 == BearerTokenGenerator.GRANT_TYPES_EXPIRES_IN[grant_type], "Lifetimes.access_token")


class StockGenerator(JWTBearerTokenGenerator):
    """The stock generator of RFC 9068 tokens, with keys."""

    def get_jwks(self) -> Any:
        """Give the keys."""
        return KEYS


def test_canary_expires_in_does_not_reach_the_token() -> None:
    """The response says one minute, the token ten days."""
    generator: Any = StockGenerator(ISSUER, alg="ES256")
    response = generator.generate("authorization_code", StockClient(), scope="openid", expires_in=60)
    claims = claims_of(response["access_token"])
    still_faulty(
        (60, 864000) == (response["expires_in"], claims["exp"] - claims["iat"]), "access_token in idp/issuance/mint.py"
    )


def test_access_tokens_live_as_long_as_the_response_says(world: World, app: App, tokens: dict[str, Any]) -> None:
    """Five minutes, in the response and in the token, for people and for clients."""
    own = app.call("/token", {"grant_type": "client_credentials"}).get_json()
    for response in (tokens, own):
        claims = claims_of(response["access_token"])
        assert 300 == response["expires_in"] == claims["exp"] - claims["iat"]


@pytest.mark.parametrize("alg", ["PS256", "Ed25519", "ES384"])
def test_canary_other_algorithms_raise(alg: str) -> None:
    """Joserfc's recommended three are all that the generator signs with."""
    generator: Any = StockGenerator(ISSUER, alg=alg)
    with pytest.raises(JoseError):
        generator.generate("authorization_code", StockClient(), scope="openid")


def test_canary_no_at_hash_for_ed25519() -> None:
    """create_half_hash knows EdDSA by its old name alone."""
    still_faulty(create_half_hash("token", "Ed25519") is None, "half_hash in keys/algorithms.py")


# oidc/core/grants/_legacy.py: auth_time and aud of ID tokens.


def test_canary_auth_time_is_now_and_aud_a_list() -> None:
    """Whenever a subclass forgets it, the time of issue is told as the time of sign-in."""
    request: Any = StockRequest({})
    request.client = StockClient()
    claims = cast("Any", OpenIDCode()).get_compatible_claims(request)
    still_faulty(claims["auth_time"] == claims["iat"], "id_token in idp/issuance/mint.py")
    still_faulty(["app"] == claims["aud"], "id_token in idp/issuance/mint.py")


def test_auth_time_is_that_of_the_sign_in(world: World, app: App) -> None:
    """By code, by single sign-on and by refresh (Core §12.2); aud is one string; nonce is not repeated on refresh."""
    browser = world.browser()
    first = app.tokens(browser, scope="openid offline_access")
    signed_in_at = claims_of(first["id_token"])["auth_time"]
    world.advance(7)
    again = app.exchange(app.answer(app.ask(browser))["code"]).get_json()
    refreshed = app.refresh(first["refresh_token"]).get_json()
    for tokens in (first, again, refreshed):
        assert signed_in_at == claims_of(tokens["id_token"])["auth_time"]
        assert signed_in_at == claims_of(tokens["access_token"])["auth_time"]
        assert app.client_id == claims_of(tokens["id_token"])["aud"]
    assert signed_in_at + 7 == claims_of(refreshed["id_token"])["iat"]
    assert "nonce" not in claims_of(refreshed["id_token"])


# oidc/rpinitiated/end_session.py: what passes as a hint.


class StockEndSession(EndSessionEndpoint):
    """The stock endpoint, with keys."""

    def get_server_jwks(self) -> Any:
        """Give the keys."""
        return KEYS


def test_canary_any_token_of_ours_is_a_hint() -> None:
    """An access token, or one of another issuer under the same key, passes as an ID token."""
    endpoint: Any = StockEndSession(StockServer())
    for token in (stock_token(), stock_token(typ="JWT", iss="https://another.example.com")):
        still_faulty("dana" == endpoint._validate_id_token_hint(token)["sub"], "EndSession in idp/oidc/end_session.py")


def test_canary_a_list_names_no_client() -> None:
    """With the default aud, a list, the logout never leads back."""
    endpoint: Any = StockEndSession(StockServer())
    still_faulty(endpoint.resolve_client_from_id_token_claims({"aud": ["app"]}) is None, "aud as one string")


def test_only_an_id_token_is_a_hint(world: World, app: App) -> None:
    """An access token, another issuer's, a list of audiences: the person is asked, and nothing leads back."""
    browser = world.browser()
    tokens = app.tokens(browser)
    id_claims = claims_of(tokens["id_token"])
    wrong = [
        tokens["access_token"],
        signed_by_the_issuer(world, {**id_claims, "iss": "https://another.example.com"}, typ="JWT"),
        signed_by_the_issuer(world, {**id_claims, "aud": [app.client_id]}, typ="JWT"),
        signed_by_the_issuer(world, id_claims, typ="logout+jwt"),
        signed_by_the_issuer(world, id_claims, typ=None),
    ]
    for hint in wrong:
        page = browser.get(
            "/end-session", query_string={"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT}
        )
        assert (200, False) == (page.status_code, AFTER_LOGOUT in page.text)
        assert "<h1>Sign out?</h1>" in page.text
        assert "invalid_request" == app.answer(app.ask(browser, prompt="none", id_token_hint=hint))["error"]
    assert "code" in app.answer(app.ask(browser, prompt="none", id_token_hint=tokens["id_token"]))


# rfc9068: introspection, userinfo, types.


class StockIntrospection(JWTIntrospectionEndpoint):
    """The stock endpoint, with keys, open to its client."""

    CLIENT_AUTH_METHODS = ["client_secret_post"]  # noqa: RUF012 - Authlib's own

    def get_jwks(self) -> Any:
        """Give the keys."""
        return KEYS

    def check_permission(self, token: Any, client: Any, request: Any) -> bool:
        """Allow everything."""
        return True


def _introspected(token: str) -> Any:
    server: Any = StockServer()
    server.register_endpoint(StockIntrospection(issuer=ISSUER))
    form = {"client_id": "app", "client_secret": StockClient.secret, "token": token}
    return server.create_endpoint_response("introspection", StockRequest(form))


def test_canary_introspection_of_what_is_no_access_token() -> None:
    """An ID token gives 401, garbage nothing at all; and nothing asks whether the token was revoked."""
    assert _introspected(stock_token()).body["active"] is True
    still_faulty(401 == _introspected(stock_token(typ="JWT")).status, "Introspection in idp/oidc/introspection.py")
    still_faulty(_introspected("garbage") is None, "Introspection in idp/oidc/introspection.py")
    still_faulty("cnf" not in _introspected(stock_token(cnf={"jkt": "x"})).body, "cnf, once tokens are bound to keys")


def test_whatever_is_no_live_token_is_inactive(world: World, app: App, tokens: dict[str, Any]) -> None:
    """Garbage, an ID token, tokens of other types, forged, cut and extended ones: 200 and {"active": false}."""
    access, id_token = tokens["access_token"], tokens["id_token"]
    claims = claims_of(access)
    wrong = [
        "garbage", "a.b.c", "..", "ü", "x" * 40_000, id_token,
        access[:-1], access[:-7], access + "A", access + ".", access.lower(), access.split(".")[0] + "..",
        signed_by_the_issuer(world, claims, typ=None),
        signed_by_the_issuer(world, claims, typ="JWT"),
        signed_by_the_issuer(world, claims, typ="logout+jwt"),
        signed_by_the_issuer(world, claims, kid=None),
        signed_by_the_issuer(world, claims, kid="../../etc/passwd"),
        signed_by_the_issuer(world, {**claims, "iss": ADDRESS + "/"}),
        signed_by_the_issuer(world, {**claims, "exp": claims["iat"]}),
        signed_by_the_issuer(world, {**claims, "client_id": "nobody"}),
    ]  # fmt: skip
    refresh = tokens["refresh_token"]
    wrong += [refresh[:cut] for cut in (-1, -20, 1)] + [refresh + "A", refresh.swapcase()]
    for token in [one for one in wrong if len(one) <= 32_768]:
        response = app.call("/introspect", {"token": token})
        assert (200, {"active": False}) == (response.status_code, response.get_json()), token
    assert app.introspect(signed_by_the_issuer(world, claims))["active"] is True
    assert app.introspect(access)["active"] is True
    assert app.introspect(refresh)["active"] is True


def test_canary_userinfo_cannot_read_its_own_tokens() -> None:
    """The endpoint asks the validator's token for what a dict of claims does not have."""

    class Validator(JWTBearerTokenValidator):
        def get_jwks(self) -> Any:
            return KEYS

    token = cast("Any", Validator(ISSUER, "app")).authenticate_token(stock_token())
    endpoint: Any = UserInfoEndpoint(
        server=StockServer(), resource_protector=cast("Any", SimpleNamespace(acquire_token=lambda _: token))
    )
    with pytest.raises(AttributeError):
        endpoint(StockRequest({}))


def test_canary_a_token_without_typ_is_an_access_token() -> None:
    """RFC 9068 §4 demands the header typ."""
    claims = {"iss": ISSUER, "exp": int(time.time()) + 60}
    cast("Any", JWTAccessTokenClaims(claims, {"alg": "ES256"}, {})).validate()
    still_faulty(True, "read_access_token in idp/oidc/access_token.py")


@pytest.mark.parametrize("typ", [None, "JWT", "logout+jwt", "application/at+jwt", "AT+JWT"])
def test_userinfo_takes_access_tokens_alone(world: World, app: App, tokens: dict[str, Any], typ: str | None) -> None:
    """Whatever the issuer signed for another purpose is refused with the challenge of RFC 6750 §3."""
    claims = claims_of(tokens["access_token"])
    response = app.userinfo(signed_by_the_issuer(world, claims, typ=typ))
    assert 401 == response.status_code
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert 200 == app.userinfo(signed_by_the_issuer(world, claims)).status_code


# sqla_oauth2/tokens_mixins.py: how old a sign-in may be when its code is exchanged.


def test_canary_codes_expire_by_the_time_of_sign_in() -> None:
    """A code from a single sign-on session older than five minutes is expired when it is made."""
    from authlib.integrations.sqla_oauth2 import OAuth2AuthorizationCodeMixin  # noqa: PLC0415 - its warnings, if any, are here

    code = SimpleNamespace(auth_time=int(time.time()) - 3600)
    still_faulty(cast("Any", OAuth2AuthorizationCodeMixin).is_expired(code), "AuthorizationCode.expires_at")


def test_codes_expire_a_minute_after_they_were_issued(world: World, app: App) -> None:
    """However long ago the person signed in; and not a second later."""
    browser = world.browser()
    app.tokens(browser)
    world.advance(1200)
    code, late = (app.answer(app.ask(browser))["code"] for _ in range(2))
    world.advance(59)
    assert 200 == app.exchange(code).status_code
    world.advance(1)
    check_token_error(app.exchange(late), "invalid_grant")


# log.debug prints tokens.


def test_canary_tokens_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG the stock grant writes the whole token response."""
    with caplog.at_level(logging.DEBUG, logger="authlib"):
        cast("Any", StockServer()).create_token_response(
            StockRequest({"grant_type": "authorization_code", "code": "the code"}, basic="app:the secret")
        )
    still_faulty("refresh token" in caplog.text, "nothing: our grants never call it")


def test_no_token_is_logged(world: World, app: App, caplog: pytest.LogCaptureFixture) -> None:
    """At any level, of any logger, through a whole flow with a refresh, a revocation and a refusal."""
    with caplog.at_level(logging.DEBUG):
        code = app.code(world.browser(), scope="openid offline_access")
        tokens = app.exchange(code).get_json()
        refreshed = app.refresh(tokens["refresh_token"]).get_json()
        app.introspect(tokens["access_token"])
        app.userinfo(tokens["access_token"])
        app.call("/revoke", {"token": tokens["refresh_token"]})
        app.refresh(tokens["refresh_token"])
        app.exchange(code)
    secrets = {code, str(app.secret), *(str(tokens[name]) for name in ("access_token", "id_token", "refresh_token"))}
    for secret in secrets | {refreshed["access_token"]}:
        assert secret not in caplog.text
        assert secret[:20] not in caplog.text


def test_canary_an_id_token_is_an_error_to_the_validator() -> None:
    """The stock payload maker answers a token of another type with an exception."""
    claims = JWTAccessTokenClaims({"iss": ISSUER}, {"typ": "JWT"}, {})
    with pytest.raises(InvalidTokenError):
        cast("Any", StockIntrospection(issuer=ISSUER)).create_introspection_payload(claims)
