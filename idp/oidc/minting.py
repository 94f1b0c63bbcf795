"""Make the body of a token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from idp.accounts.claims import contract_claims, person_claims
from idp.accounts.contracts import contracts_of
from idp.accounts.find import find_by_id
from idp.acts.family_facts import Family
from idp.audit.events import Event, EventType
from idp.clients.client import Client
from idp.issuance.claims import ClaimsRequest, id_token_claims
from idp.issuance.mint import access_token, id_token
from idp.oidc.issuer import Issuer
from idp.storage.handles import new_id


def mint_for_person(
    issuer: Issuer,
    connection: Connection,
    *,
    client: Client,
    family: Family,
    scopes: tuple[str, ...],
    nonce: str | None,
    refresh_token: str | None,
    now: float,
) -> dict[str, Any]:
    """Sign the tokens of a grant; the account is read only when the `claims` parameter put claims into the ID token."""
    token = access_token(
        issuer.ring.signer(client.access_token_alg, client.client_id),
        issuer=issuer.address,
        client=client,
        scopes=scopes,
        subject=family.subject,
        jti=new_id(issuer.entropy),
        lifetimes=issuer.lifetimes,
        now=now,
        userinfo_claims=sorted(family.claims_request.get("userinfo", {})),
        contracts=_contracts(connection, family.subject.account_id, now=now) if "contracts" in scopes else None,
    )
    body: dict[str, Any] = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(issuer.lifetimes.access_token),
        "scope": " ".join(scopes),
    }
    if refresh_token is not None:
        body["refresh_token"] = refresh_token
    if "openid" in scopes:
        body["id_token"] = id_token(
            issuer.ring.signer(client.id_token_alg, client.client_id),
            issuer=issuer.address,
            client=client,
            subject=family.subject,
            nonce=nonce,
            access_token_value=token,
            person=_person(connection, family.subject.account_id, family.claims_request, now=now),
            lifetimes=issuer.lifetimes,
            now=now,
        )
    return body


def _person(connection: Connection, account_id: str, request: ClaimsRequest, *, now: float) -> dict[str, Any]:
    names = id_token_claims(request)
    account = find_by_id(connection, account_id=account_id) if names else None
    return person_claims(connection, account, names, now=now) if account else {}


def _contracts(connection: Connection, account_id: str, *, now: float) -> list[dict[str, Any]]:
    """Tell APIs what the person may do with which contract: a scope alone says nothing of the contract."""
    contracts = contracts_of(connection, account_id=account_id, now=now)
    return contract_claims(contracts, account_id=account_id)["contracts"]


def mint_for_client(
    issuer: Issuer, *, client: Client, scopes: tuple[str, ...], reference: str, now: float
) -> dict[str, Any]:
    """Sign a client's own access token, and hand its record to the batch (lost at most: one batch, at a crash)."""
    jti = new_id(issuer.entropy)
    token = access_token(
        issuer.ring.signer(client.access_token_alg, client.client_id),
        issuer=issuer.address,
        client=client,
        scopes=scopes,
        subject=None,
        jti=jti,
        lifetimes=issuer.lifetimes,
        now=now,
    )
    issuer.trail.add(
        Event(
            type=EventType.TOKEN_ISSUED,
            at=now,
            actor=f"client:{client.client_id}",
            client_id=client.client_id,
            reference=reference,
        )
    )
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(issuer.lifetimes.access_token),
        "scope": " ".join(scopes),
    }
