"""Which registrations are acceptable."""

from __future__ import annotations

from typing import Any

import pytest

from idp.clients.policy import ACR_VALUES, redirect_uri_fault, registration_faults
from idp.mfa.policy import LEVELS

PUBLIC_KEY = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com/callback",
        "https://app.example.com/callback?tenant=1",
        "http://localhost:3000/callback",
        "http://127.0.0.1/callback",
        "http://[::1]:8080/callback",
        "com.example.app:/callback",
    ],
)
def test_addresses_that_can_be_registered(uri: str) -> None:
    """Https anywhere, http on loopback, private-use schemes with a dot (RFC 8252)."""
    assert None is redirect_uri_fault(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example.com/callback",
        "https://app.example.com/callback#fragment",
        "https://user@app.example.com/callback",
        "https:///callback",
        "https://app.example.com/a/../callback",
        "https://app.example.com/a/%2e%2e/callback",
        "https://app.example.com/\\callback",
        "https://app.example.com/call back",
        "https://app.example.com/ü",
        "javascript:alert(1)",
        "data:text/html,x",
        "app:/callback",
        "https://app.example.com:99999/callback",
        "//app.example.com/callback",
        "https://app.example.com/" + "x" * 2048,
        "",
    ],
)
def test_addresses_that_cannot_be_registered(uri: str) -> None:
    """Whatever could lead elsewhere, run as a script or be read in two ways."""
    assert redirect_uri_fault(uri)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grant_types": ["password"]}, "grant type"),
        ({"grant_types": ["refresh_token"]}, "only with authorization_code"),
        ({"redirect_uris": []}, "at least one redirect URI"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}, "can authenticate"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "exactly one of jwks and jwks_uri"),
        ({"jwks": {"keys": [PUBLIC_KEY | {"d": "secret"}]}}, "public keys"),
        ({"jwks": {"keys": []}}, "public keys"),
        ({"jwks": ["keys"]}, "public keys"),
        ({"id_token_signed_response_alg": "none"}, "id_token_signed_response_alg"),
        ({"profile": "fapi9"}, "profile"),
        ({"scope": 'openid "quoted"'}, "scope"),
        ({"logo_uri": "javascript:alert(1)"}, "logo_uri"),
        ({"minimum_acr": "urn:idp:certain"}, "minimum_acr"),
        ({"default_acr_values": "urn:idp:mfa"}, "default_acr_values"),
        ({"default_acr_values": ["urn:idp:mfa", "2"]}, "default_acr_values"),
    ],
)
def test_each_fault_has_a_sentence(changes: dict[str, Any], words: str) -> None:
    """What is wrong is said in the words of the registration."""
    metadata = {"redirect_uris": ["https://app.example.com/callback"], **changes}
    assert any(words in fault for fault in registration_faults("app", metadata))


def test_a_plain_registration_is_acceptable() -> None:
    """Nothing to say about an ordinary client, with its public key."""
    metadata = {
        "redirect_uris": ["https://app.example.com/callback"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [PUBLIC_KEY]},
    }
    assert [] == list(registration_faults("app", metadata))


def test_the_levels_are_those_of_the_second_factors() -> None:
    """This chapter stands below the one that knows them, and names them by itself."""
    assert LEVELS == ACR_VALUES
    for level in ACR_VALUES:
        metadata = {"redirect_uris": ["https://app.example.com/callback"], "default_acr_values": [level]}
        assert [] == list(registration_faults("app", metadata | {"minimum_acr": level}))
