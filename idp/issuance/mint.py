"""What tokens say: access tokens by RFC 9068, ID tokens by OpenID Connect Core §2. Pure: time and ids are arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idp.accounts.recovered import cooling_off_until
from idp.clients.client import Client
from idp.issuance.lifetimes import Lifetimes
from keys.algorithms import half_hash
from keys.compact import encode
from keys.ring import Signer

ACCESS_TOKEN_TYPE = "at+jwt"
ID_TOKEN_TYPE = "JWT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who a token is about and how they signed in; instants in seconds.

    `recovered_at` is the account's latest recovery, `shared_device` that the person called the browser a public one.
    """

    account_id: str
    grant_id: str
    sid: str
    auth_time: float
    acr: str
    amr: tuple[str, ...]
    recovered_at: float | None = None
    shared_device: bool = False

    def care(self, *, now: float) -> dict[str, Any]:
        """Give the claims that ask an app for care, as long as they are true: most tokens have none."""
        claims: dict[str, Any] = {}
        if cooling_off_until(self.recovered_at, now=now) is not None and self.recovered_at is not None:
            claims["recovered_at"] = int(self.recovered_at)
        if self.shared_device:
            claims["shared_device"] = True
        return claims


def access_token(
    signer: Signer,
    *,
    issuer: str,
    client: Client,
    scopes: Iterable[str],
    subject: Subject | None,
    jti: str,
    lifetimes: Lifetimes,
    now: float,
    userinfo_claims: Sequence[str] = (),
    contracts: Sequence[Mapping[str, Any]] | None = None,
) -> str:
    """Sign an access token; without a subject it is the client's own (RFC 9068 §2.2: `sub` is then the client).

    `grant_id` names what can be ended: the grant of a person's token, the token itself for a client's own. A `claims`
    request for userinfo rides along as `userinfo_claims`, so that userinfo need not look the grant up. `contracts` are
    those of the scope of that name.
    """
    audiences = client.audiences
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audiences[0] if len(audiences) == 1 else list(audiences),
        "sub": client.client_id if subject is None else subject.account_id,
        "client_id": client.client_id,
        "iat": int(now),
        "exp": int(now + lifetimes.access_token),
        "jti": jti,
        "scope": " ".join(scopes),
        "grant_id": jti if subject is None else subject.grant_id,
    }
    if userinfo_claims:
        claims["userinfo_claims"] = list(userinfo_claims)
    if contracts is not None:
        claims["contracts"] = list(contracts)
    if subject is not None:
        claims |= {
            "sid": subject.sid,
            "auth_time": int(subject.auth_time),
            "acr": subject.acr,
            "amr": list(subject.amr),
            **subject.care(now=now),
        }
    return encode(signer, typ=ACCESS_TOKEN_TYPE, claims=claims)


def id_token(
    signer: Signer,
    *,
    issuer: str,
    client: Client,
    subject: Subject,
    nonce: str | None,
    access_token_value: str | None,
    person: Mapping[str, Any],
    lifetimes: Lifetimes,
    now: float,
) -> str:
    """Sign an ID token; `aud` is one string, `auth_time` that of the sign-in, also on refresh (Core §12.2)."""
    claims: dict[str, Any] = {
        **person,
        "iss": issuer,
        "sub": subject.account_id,
        "aud": client.client_id,
        "iat": int(now),
        "exp": int(now + lifetimes.id_token),
        "auth_time": int(subject.auth_time),
        "acr": subject.acr,
        "amr": list(subject.amr),
        "sid": subject.sid,
        **subject.care(now=now),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    if access_token_value is not None:
        claims["at_hash"] = half_hash(client.id_token_alg, access_token_value)
    return encode(signer, typ=ID_TOKEN_TYPE, claims=claims)
