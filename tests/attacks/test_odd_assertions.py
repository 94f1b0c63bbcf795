"""Client assertions whose claims or header nobody could mean: none of them is one."""

from __future__ import annotations

from typing import Any

import pytest

from idp.app import Service
from tests.support.forged import ASSERTION_TYPE, KeyHolder, segment, unsigned
from tests.support.in_process import ADDRESS, App, Browser, add_person
from tests.support.nodes import outcome


@pytest.fixture(scope="module")
def app(service: Service) -> App:
    """Add a person and an app."""
    add_person(service)
    return App.register(service)


ODD_CLAIMS: list[dict[str, Any]] = [
    {"exp": "soon"}, {"exp": True}, {"exp": [1]}, {"exp": 1e300}, {"exp": -1}, {"exp": None}, {"iat": "x"},
    {"nbf": {}}, {"jti": 5}, {"jti": ""}, {"jti": ["a"]}, {"jti": "x" * 1000}, {"jti": None}, {"aud": 5},
    {"aud": {}}, {"aud": [ADDRESS + ".evil.example"]}, {"aud": [[ADDRESS]]}, {"aud": None}, {"iss": ["machine"]},
    {"sub": {}}, {"iss": "app"}, {"sub": "app"},
]  # fmt: skip


@pytest.mark.parametrize("claims", ODD_CLAIMS, ids=lambda claims: str(claims)[:40])
def test_odd_claims_make_no_assertion(service: Service, claims: dict[str, Any]) -> None:
    """Signed by the right key, and still nothing that anybody could mean."""
    keys = KeyHolder()
    client_id = f"machine{ODD_CLAIMS.index(claims)}"
    App.register(
        service,
        client_id,
        token_endpoint_auth_method="private_key_jwt",
        jwks=keys.jwks,
        grant_types=["client_credentials"],
        redirect_uris=[],
    )
    form = {"grant_type": "client_credentials", "scope": "api", "client_assertion_type": ASSERTION_TYPE}
    for header in ({}, {"typ": "JWT"}, {"kid": "two"}):
        assertion = keys.assertion(client_id, now=service.clock(), header=header, **claims)
        assert "invalid_client" == outcome(Browser(service).post("/token", form | {"client_assertion": assertion}))
    good = keys.assertion(client_id, now=service.clock())
    assert "ok" == outcome(Browser(service).post("/token", form | {"client_assertion": good}))


@pytest.mark.parametrize("header", [
    {}, [], "x", 5, None, {"alg": None}, {"alg": []}, {"alg": {}}, {"alg": "ES256", "kid": []},
    {"alg": "ES256", "kid": {}}, {"alg": "ES256", "crit": ["x"]}, {"alg": "ES256", "b64": False, "crit": ["b64"]},
    {"alg": "HS256"}, {"alg": "none"}, {"alg": "ES256", "x" * 1000: 1},
], ids=str)  # fmt: skip
def test_odd_headers_make_no_assertion(service: Service, app: App, header: Any) -> None:  # noqa: ANN401 - any JSON
    """Whatever stands where a header should be."""
    claims = {"sub": "app", "iss": "app"}
    for assertion in (unsigned(header, claims, "AAAA"), unsigned(header, claims), segment(header)):
        form = {"grant_type": "client_credentials", "client_assertion": assertion}
        response = Browser(service).post("/token", form | {"client_assertion_type": ASSERTION_TYPE})
        assert "invalid_client" == outcome(response)
