"""The module of `oidcc-config-certification-test-plan`: discovery, with all that the suite fails and warns of."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

from tests.protocol.world import World
from tests.support.in_process import ADDRESS

# RFC 8414 §2, OpenID Connect Discovery 1.0 §3, RP-Initiated Logout 1.0 §2.1, RFC 9207 §3, Initiating User
# Registration 1.0 §4. The suite warns of anything else.
KNOWN_MEMBERS = {
    "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint",
    "scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported",
    "acr_values_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported", "request_object_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
    "display_values_supported", "claim_types_supported", "claims_supported", "service_documentation",
    "claims_locales_supported", "ui_locales_supported", "claims_parameter_supported", "request_parameter_supported",
    "request_uri_parameter_supported", "require_request_uri_registration", "op_policy_uri", "op_tos_uri",
    "revocation_endpoint", "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported", "introspection_endpoint",
    "introspection_endpoint_auth_methods_supported", "introspection_endpoint_auth_signing_alg_values_supported",
    "code_challenge_methods_supported", "end_session_endpoint", "prompt_values_supported",
    "authorization_response_iss_parameter_supported", "backchannel_logout_supported",
    "backchannel_logout_session_supported", "frontchannel_logout_supported", "frontchannel_logout_session_supported",
}  # fmt: skip
CANONICAL_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?\Z")


def test_oidcc_discovery_endpoint_verification(world: World) -> None:
    """Every condition of the module, warnings included."""
    response = world.get("/.well-known/openid-configuration")
    assert (200, "application/json") == (response.status_code, response.headers["Content-Type"])
    document = response.get_json()
    assert ADDRESS == document["issuer"]
    assert "code" in document["response_types_supported"]
    assert {"public", "pairwise"} >= set(document["subject_types_supported"]) > set()
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "openid" in document["scopes_supported"]
    assert "sub" in document["claims_supported"]
    assert "RS256" in document["request_object_signing_alg_values_supported"]
    assert "authorization_code" in document["grant_types_supported"]
    assert ["S256"] == document["code_challenge_methods_supported"]
    assert document["userinfo_endpoint"]
    addresses = [value for name, value in document.items() if name.endswith("_endpoint") or name == "jwks_uri"]
    assert len(addresses) >= 7
    for address in addresses:
        assert "https" == urlsplit(address).scheme
        assert address.startswith(ADDRESS + "/")
    assert document.keys() <= KNOWN_MEMBERS


def test_members_are_well_typed_and_never_empty(world: World) -> None:
    """Lists are lists of text, flags are flags, and what would be empty is left out."""
    for name, value in world.discovery().items():
        if name.endswith("_supported") and not isinstance(value, bool):
            assert isinstance(value, list), name
            assert value, name
            assert all(isinstance(one, str) and one for one in value), name
            assert len(set(value)) == len(value), name
        else:
            assert isinstance(value, str | bool), name
            assert "" != value, name


def test_locales_are_written_canonically(world: World) -> None:
    """Language tags as BCP 47 writes them."""
    assert all(CANONICAL_TAG.match(tag) for tag in world.discovery()["ui_locales_supported"])


def test_none_is_offered_nowhere(world: World) -> None:
    """No member offers the algorithm none, nor a symmetric one."""
    for name, value in world.discovery().items():
        if "signing_alg" in name:
            assert not {one for one in value if one.lower() == "none" or one.startswith("HS")}, name


def test_authlib_accepts_both_documents(world: World) -> None:
    """RFC 8414 and OpenID Connect Discovery have one document here, valid as both."""
    openid, oauth = (
        world.get(f"/.well-known/{name}").get_json() for name in ("openid-configuration", "oauth-authorization-server")
    )
    assert openid == oauth
    OpenIDProviderMetadata(openid).validate()
    AuthorizationServerMetadata(oauth).validate()
