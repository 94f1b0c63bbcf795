"""A registered client, decoded once and never changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from idp.clients.profiles import Profile, profile_named

# The scopes of OpenID Connect Core §5.4 and §11, and ours; a client may register further ones of its resource servers.
STANDARD_SCOPES = (
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "account",
    "contracts",
    "vehicles",
    "offline_access",
)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A generated secret at rest: SHA-256 of ≥ 256 random bits, and until when it counts (seconds, None: no end)."""

    digest: bytes = field(repr=False)
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """What is registered of one relying party (RFC 7591 §2; OpenID Connect Registration 1.0 §2)."""

    client_id: str
    name: str
    profile: Profile
    auth_method: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: frozenset[str]
    scopes: frozenset[str]
    id_token_alg: str
    access_token_alg: str
    userinfo_alg: str | None
    audiences: tuple[str, ...]
    first_party: bool
    rotate_refresh: bool
    require_auth_time: bool
    default_max_age: float | None
    jwks: Mapping[str, Any] | None
    jwks_uri: str | None
    assertion_alg: str | None
    minimum_acr: str | None
    default_acr_values: tuple[str, ...]
    backchannel_logout_uri: str | None
    frontchannel_logout_uri: str | None
    logo_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    accent: str | None
    support_phone: str | None
    secrets: tuple[ClientSecret, ...] = field(repr=False)
    disabled_at: float | None
    own_jwks: bool = False
    security_event_uri: str | None = None
    security_contact: str | None = None

    @property
    def public(self) -> bool:
        """Whether the client holds no credential (RFC 6749 §2.1)."""
        return self.auth_method == "none"

    @property
    def token_algs(self) -> frozenset[str]:
        """The algorithms that this client's tokens are signed with; none once it is disabled."""
        if self.disabled_at is not None:
            return frozenset()
        return frozenset(filter(None, (self.id_token_alg, self.access_token_alg, self.userinfo_alg)))

    @property
    def rotates_refresh_tokens(self) -> bool:
        """Public clients always rotate; confidential ones when they ask for it (RFC 9700 §2.2.2)."""
        return self.public or self.rotate_refresh

    @property
    def default_redirect_uri(self) -> str | None:
        """The address used when a plain OAuth request names none and exactly one is registered (RFC 6749 §3.1.2.3)."""
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None


def decode_client(
    client_id: str, metadata: Mapping[str, Any], secrets: list[dict[str, Any]], disabled_at: float | None
) -> Client:
    """Decode a stored row; absent members take the defaults that registration gives them.

    Raises:
        UnknownProfile: the stored profile is not one of this version's.
    """
    profile = profile_named(metadata.get("profile", "default"))
    alg = metadata.get("id_token_signed_response_alg") or profile.signing_alg
    jwks = metadata.get("jwks")
    return Client(
        client_id=client_id,
        name=metadata.get("client_name") or client_id,
        profile=profile,
        auth_method=metadata.get("token_endpoint_auth_method", "client_secret_basic"),
        redirect_uris=tuple(metadata.get("redirect_uris", ())),
        post_logout_redirect_uris=tuple(metadata.get("post_logout_redirect_uris", ())),
        grant_types=frozenset(metadata.get("grant_types", ("authorization_code",))),
        scopes=frozenset(str(metadata.get("scope", "openid")).split()),
        id_token_alg=alg,
        access_token_alg=metadata.get("access_token_signed_response_alg") or alg,
        userinfo_alg=metadata.get("userinfo_signed_response_alg"),
        audiences=tuple(metadata.get("audiences", ())) or (client_id,),
        first_party=bool(metadata.get("first_party", False)),
        rotate_refresh=bool(metadata.get("rotate_refresh", False)),
        require_auth_time=bool(metadata.get("require_auth_time", False)),
        default_max_age=metadata.get("default_max_age"),
        jwks=MappingProxyType(jwks) if jwks else None,
        jwks_uri=metadata.get("jwks_uri"),
        assertion_alg=metadata.get("token_endpoint_auth_signing_alg"),
        minimum_acr=metadata.get("minimum_acr"),
        default_acr_values=tuple(metadata.get("default_acr_values", ())),
        backchannel_logout_uri=metadata.get("backchannel_logout_uri"),
        frontchannel_logout_uri=metadata.get("frontchannel_logout_uri"),
        logo_uri=metadata.get("logo_uri"),
        policy_uri=metadata.get("policy_uri"),
        tos_uri=metadata.get("tos_uri"),
        accent=metadata.get("accent"),
        support_phone=metadata.get("support_phone"),
        secrets=tuple(
            ClientSecret(digest=bytes.fromhex(secret["digest"]), expires_at=secret.get("expires_at"))
            for secret in secrets
        ),
        disabled_at=disabled_at,
        own_jwks=bool(metadata.get("own_jwks", False)),
        security_event_uri=metadata.get("security_event_uri"),
        security_contact=metadata.get("security_contact"),
    )
