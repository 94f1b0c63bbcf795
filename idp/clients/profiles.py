"""Security profiles: what a whole class of clients must do, decided in one place.

`default` asks for PKCE S256 (RFC 7636, RFC 9700 §2.1.1) and signs with ES256. `oidc-basic` is what OpenID Connect Core
and its certification allow: neither PKCE nor nonce is demanded, and RS256 is the default signature (Registration 1.0
§2). Plain PKCE is accepted nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass


class UnknownProfile(ValueError):
    """No profile has this name."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What every client of this profile must do; `assertion_audiences`: what an assertion's `aud` may name."""

    name: str
    require_pkce: bool
    signing_alg: str
    assertion_audiences: frozenset[str]


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="default",
            require_pkce=True,
            signing_alg="ES256",
            assertion_audiences=frozenset({"issuer", "token_endpoint"}),
        ),
        Profile(
            name="oidc-basic",
            require_pkce=False,
            signing_alg="RS256",
            assertion_audiences=frozenset({"issuer", "token_endpoint"}),
        ),
    )
}


def profile_named(name: str) -> Profile:
    """Give the profile of this name.

    Raises:
        UnknownProfile: there is none.
    """
    try:
        return PROFILES[name]
    except KeyError as error:
        known = ", ".join(sorted(PROFILES))
        raise UnknownProfile(f"no client profile is named {name!r}; there are: {known}") from error
