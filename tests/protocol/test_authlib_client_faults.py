"""Authlib's known faults in client authentication and in reading requests: canaries, and proof that ours does right.

See test_authlib_faults.py for the table of what has no test. private_key_jwt has more tests in test_private_key_jwt.py.
"""

# ruff: noqa: ANN401 - Authlib's objects have no types of their own
from __future__ import annotations

import base64
import time
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import flask
import pytest
from authlib.common.urls import is_valid_url
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Request
from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749.errors import InsecureTransportError, InvalidClientError
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import Client, EnvironBuilder, TestResponse

from idp.clients.policy import redirect_uri_fault
from tests.protocol.candidate import check_token_error
from tests.protocol.stock import StockClient, StockRequest, StockServer, still_faulty
from tests.protocol.world import World
from tests.support.in_process import App

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(scope="module")
def app(world: World) -> App:
    """Give a confidential client (client_secret_basic)."""
    return world.app()


def ask(world: World, form: dict[str, str], *, authorization: str | None = None) -> TestResponse:
    """Ask the token endpoint with these credentials."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return world.send("POST", "/token", data={**GRANT, **form}, headers=headers)


def basic(client_id: str, secret: str, encoding: str = "utf-8") -> str:
    """Make a Basic header."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode(encoding)).decode()


# authenticate_client.py: one answer for all failures, one method at a time.


def _stock_error(parameters: dict[str, str], credentials: str | None = None) -> str:
    server: Any = StockServer()
    request = StockRequest(parameters, basic=credentials)
    with pytest.raises(InvalidClientError) as caught:
        server.authenticate_client(request, ["client_secret_basic", "client_secret_post"])
    return str(caught.value.description)


def test_canary_unknown_clients_are_told_so() -> None:
    """Anybody can list which client_ids exist."""
    unknown, wrong = _stock_error({}, "nobody:x"), _stock_error({}, "app:x")
    still_faulty(unknown != wrong, "authenticate_client in idp/oidc/client_authentication.py")


def test_canary_two_methods_at_once_are_accepted() -> None:
    """Basic with one secret and a form with another: the first that fits wins."""
    server: Any = StockServer()
    request = StockRequest({"client_id": "somebody", "client_secret": "else"}, basic="app:the secret")
    client = server.authenticate_client(request, ["client_secret_basic", "client_secret_post"])
    still_faulty("app" == client.client_id, "_method_used in idp/oidc/client_authentication.py")


def test_all_failures_are_answered_alike(world: World, app: App) -> None:
    """Unknown client, wrong secret, wrong method, disabled or public client: the same bytes."""
    post, public = world.app(token_endpoint_auth_method="client_secret_post"), world.app(public=True)
    bodies = {
        ask(world, {}, authorization=basic(name, secret)).data
        for name, secret in (
            ("nobody", "x"),
            (app.client_id, "x"),
            (app.client_id, ""),
            ("", ""),
            (post.client_id, str(post.secret)),
            (public.client_id, "x"),
        )
    }
    forms: tuple[dict[str, str], ...] = (
        {"client_id": "nobody", "client_secret": "x"},
        {"client_id": app.client_id, "client_secret": str(app.secret)},
        {"client_id": post.client_id, "client_secret": "x"},
        {"client_id": app.client_id},
        {},
    )
    bodies |= {ask(world, form).data for form in forms}
    assert 1 == len(bodies)


def test_basic_is_challenged(world: World) -> None:
    """RFC 6749 §5.2: 401 with the scheme that was used; other methods get no challenge that would open a dialogue."""
    refused = ask(world, {}, authorization=basic("nobody", "x"))
    check_token_error(refused, "invalid_client", 401)
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    refused = ask(world, {"client_id": "nobody", "client_secret": "x"})
    check_token_error(refused, "invalid_client", 401)
    assert "WWW-Authenticate" not in refused.headers


@pytest.mark.parametrize(
    "form",
    [
        {"client_secret": "x"},
        {"client_assertion": "x"},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
    ],
    ids=lambda form: next(iter(form)),
)
def test_two_methods_at_once_are_refused(world: World, app: App, form: dict[str, str]) -> None:
    """RFC 6749 §2.3: not more than one, even if both would do."""
    header = basic(app.client_id, str(app.secret))
    check_token_error(ask(world, {"client_id": app.client_id, **form}, authorization=header), "invalid_request")


def test_a_client_id_beside_credentials_must_be_theirs(world: World, app: App) -> None:
    """Another client's id in the form is not overlooked."""
    header = basic(app.client_id, str(app.secret))
    check_token_error(ask(world, {"client_id": "nobody"}, authorization=header), "invalid_client", 401)
    assert 200 == ask(world, {"client_id": app.client_id}, authorization=header).status_code


# sqla_oauth2/client_mixin.py: secrets that are not ASCII, other endpoints.


def test_canary_a_secret_beyond_ascii_is_an_exception() -> None:
    """And a method that the client did not register is good enough for introspection and revocation."""
    from authlib.integrations.sqla_oauth2 import OAuth2ClientMixin  # noqa: PLC0415 - its warnings, if any, are here

    mixin: Any = OAuth2ClientMixin
    with pytest.raises(TypeError):
        mixin.check_client_secret(SimpleNamespace(client_secret="secret"), "sécret")
    with pytest.raises(TypeError):
        mixin.check_client_secret(SimpleNamespace(client_secret=None), "secret")
    client = SimpleNamespace(token_endpoint_auth_method="private_key_jwt")
    still_faulty(mixin.check_endpoint_auth_method(client, "none", "introspection"), "ClientEndpoint")


@pytest.mark.parametrize("secret", ["sécret", "秘密", "\ud7ff", "a%zzb", "a:b", " ", "x" * 5000])
def test_an_awkward_secret_is_wrong_like_any_other(world: World, app: App, secret: str) -> None:
    """401, never 500, in the header and in the form."""
    post = world.app(token_endpoint_auth_method="client_secret_post")
    check_token_error(ask(world, {}, authorization=basic(app.client_id, secret)), "invalid_client", 401)
    refused = ask(world, {"client_id": post.client_id, "client_secret": secret})
    check_token_error(refused, "invalid_client", 401)


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_other_endpoints_want_the_registered_method(world: World, app: App, path: str) -> None:
    """The secret in the form of a client that registered Basic, or no secret at all, opens neither."""
    for form in ({"client_id": app.client_id, "client_secret": str(app.secret)}, {"client_id": app.client_id}, {}):
        response = world.send("POST", path, data={"token": "x", **form})
        check_token_error(response, "invalid_client", 401)


# rfc6749/util.py: Basic that is none.


def test_canary_bad_utf8_in_basic_is_an_exception() -> None:
    """Anybody can make a 500 with one byte."""
    with pytest.raises(UnicodeDecodeError):
        extract_basic_authorization({"Authorization": "Basic " + base64.b64encode(b"app:\xff").decode()})


@pytest.mark.parametrize(
    "header",
    [
        basic("app", "\xff", "latin-1"),
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YQ",
        "Basic YXBw",
        "Basic\tYXBwOng=",
        "basic YXBwOng= extra",
        "Bearer x",
        "Digest username=app",
        "Basic " + "A" * 20_000,
    ],
    ids=lambda header: header[:24],
)
def test_malformed_basic_is_refused(world: World, header: str) -> None:
    """401, or 431 for what is larger than any header."""
    response = ask(world, {}, authorization=header)
    assert response.status_code in {401, 431}
    assert "error" in response.get_json()


def test_basic_credentials_are_form_encoded(world: World) -> None:
    """RFC 6749 §2.3.1: what stock clients escape is the same secret."""
    app = world.app()
    header = basic(quote(app.client_id, safe=""), quote(str(app.secret), safe="").replace("-", "%2D"))
    assert 200 == ask(world, {}, authorization=header).status_code


# authorization_server.py, flask_oauth2/requests.py: requests behind a proxy, parameters in the query.


def test_canary_http_upstream_is_an_exception() -> None:
    """Behind a proxy that ends TLS every request would fail, before anything could answer."""
    with pytest.raises(InsecureTransportError):
        OAuth2Request("POST", "http://idp.internal/token")


def test_http_upstream_is_served(world: World, app: App) -> None:
    """The issuer comes from the settings, not from the request."""
    headers = {"Authorization": basic(app.client_id, str(app.secret)), "Host": "id.example.com"}
    response = Client(world.service.front).post("/token", base_url="http://id.example.com", data=GRANT, headers=headers)
    assert 200 == response.status_code


def test_canary_token_parameters_count_in_the_query() -> None:
    """Secrets and codes in an address end up in logs."""
    builder = EnvironBuilder("/token?grant_type=client_credentials", base_url="https://as.example.com", method="POST")
    with flask.Flask("stock").request_context(builder.get_environ()):
        payload: Any = FlaskOAuth2Request(cast("Any", flask.request)).payload
        still_faulty("client_credentials" == payload.grant_type, "FormPayload in idp/oidc/request.py")


def test_token_parameters_in_the_query_do_not_count(world: World, app: App) -> None:
    """They are as good as missing (RFC 6749 §3.2, §2.3.1)."""
    header = {"Authorization": basic(app.client_id, str(app.secret))}
    response = world.send("POST", "/token?grant_type=client_credentials", data={"x": "y"}, headers=header)
    check_token_error(response, "invalid_request")
    query = f"/token?client_id={app.client_id}&client_secret={app.secret}"
    check_token_error(world.send("POST", query, data=GRANT), "invalid_client", 401)


@pytest.mark.parametrize("name", ["grant_type", "scope", "client_id", "unknown"])
def test_repeated_parameters_are_refused(world: World, app: App, name: str) -> None:
    """Also at the token endpoint (RFC 6749 §3.2)."""
    header = {"Authorization": basic(app.client_id, str(app.secret))}
    body = f"grant_type=client_credentials&{name}=a&{name}=b"
    content_type = "application/x-www-form-urlencoded"
    check_token_error(
        world.send("POST", "/token", data=body, headers=header, content_type=content_type), "invalid_request"
    )


# rfc7523/client.py: what private_key_jwt lets pass.


class StockAssertion(JWTBearerClientAssertion):
    """The stock method, with a key and no memory."""

    key = RSAKey.generate_key(2048)

    def get_audiences(self) -> list[str]:
        """Give the one audience."""
        return ["https://as.example.com"]

    def resolve_client_public_key(self, client: Any) -> Any:  # noqa: ARG002
        """Give the key."""
        return self.key

    def validate_jti(self, claims: Any, jti: Any) -> bool:  # noqa: ARG002
        """Accept every jti."""
        return True

    def authenticate_client(self, client: Any) -> Any:
        """Accept the client."""
        return client


def _stock_assertion(alg: str, **changes: Any) -> str:
    claims = {"iss": "app", "sub": "app", "aud": "https://as.example.com", "jti": "1", "exp": int(time.time()) + 60}
    return jwt.encode({"alg": alg}, {**claims, **changes}, StockAssertion.key, algorithms=[alg])


def _stock_authenticated(assertion: str, **form: str) -> Any:
    form |= {"client_assertion": assertion, "client_assertion_type": JWTBearerClientAssertion.CLIENT_ASSERTION_TYPE}
    return cast("Any", StockAssertion())(StockServer().query_client, StockRequest(form))


def test_canary_private_key_jwt() -> None:
    """PS256 is refused; ten years of life pass; a client_id beside it need not fit; non-ASCII errors are exceptions."""
    with pytest.raises(InvalidClientError):
        _stock_authenticated(_stock_assertion("PS256"))
    old = _stock_authenticated(_stock_assertion("RS256", exp=int(time.time()) + 315_360_000))
    still_faulty(isinstance(old, StockClient), "LONGEST_LIFE in idp/oidc/client_assertion.py")
    other = _stock_authenticated(_stock_assertion("RS256"), client_id="somebody else")
    still_faulty(isinstance(other, StockClient), "authenticate_client in idp/oidc/client_authentication.py")
    header = base64.urlsafe_b64encode(b'{"alg":"x\\"y"}').rstrip(b"=").decode()
    with pytest.raises(ValueError, match="forbidden characters"):
        _stock_authenticated(f"{header}.{_stock_assertion('RS256').split('.')[1]}.AAAA")


# common/urls.py, _joserfc_helpers.py.


def test_canary_what_is_a_valid_url() -> None:
    """A script is one, an app's own scheme is none."""
    still_faulty(is_valid_url("javascript://x/%0aalert(1)"), "redirect_uri_fault in idp/clients/policy.py")
    still_faulty(not is_valid_url("com.example.app:/callback"), "redirect_uri_fault in idp/clients/policy.py")


def test_what_may_be_registered() -> None:
    """https, http on loopback, an app's own scheme; never a script, a fragment, credentials or dot segments."""
    good = ["https://a.example/cb?x=1", "http://127.0.0.1/cb", "http://localhost:8001/cb", "com.example.app:/callback"]
    bad = [
        "javascript://x/%0aalert(1)", "data:text/html,x", "http://a.example/cb", "https://a.example/#f", "https://u@a.example/",
        "https://a.example/../x", "https://a.example/%2e%2e/x", "https:///x", "myapp:/cb", "//a.example/", "/cb", "",
        "https://a.example/\n", "https://a.example\\@b.example/", "file:///etc/passwd",
    ]  # fmt: skip
    assert [] == [uri for uri in good if redirect_uri_fault(uri)]
    assert [] == [uri for uri in bad if not redirect_uri_fault(uri)]


class StockDictAssertion(StockAssertion):
    """The stock method, with its key as a JWKS."""

    def resolve_client_public_key(self, client: Any) -> Any:  # noqa: ARG002
        """Give the key."""
        return {"keys": [self.key.as_dict(private=False)]}


def test_canary_plain_keys_warn_on_every_call() -> None:
    """A JWKS as a dict is deprecated, loudly; we hand over Key and KeySet objects, and warnings are errors here."""
    form = {
        "client_assertion": _stock_assertion("RS256"),
        "client_assertion_type": JWTBearerClientAssertion.CLIENT_ASSERTION_TYPE,
    }
    with pytest.warns(AuthlibDeprecationWarning):
        cast("Any", StockDictAssertion())(StockServer().query_client, StockRequest(form))
