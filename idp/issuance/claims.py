"""Which claims about a person go where.

Scopes ask for claims of userinfo (OpenID Connect Core §5.4; three are ours); only the `claims` parameter (§5.5) can put
a claim into the ID token. Unknown claims are ignored, and `value`/`values`/`essential` never make a request fail
(§5.5.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

SCOPE_CLAIMS: Mapping[str, tuple[str, ...]] = {
    "profile": (
        "name",
        "given_name",
        "family_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
    "account": ("account_type",),
    "contracts": ("contracts",),
    "vehicles": ("vehicles",),
}
PERSON_CLAIMS = frozenset(name for names in SCOPE_CLAIMS.values() for name in names)
AUTHENTICATION_CLAIMS = frozenset({"auth_time", "acr", "amr"})
ClaimsRequest = dict[str, dict[str, object]]
MAX_CLAIMS_LENGTH = 8192
MAX_VALUES = 20


class ClaimsParameterInvalid(ValueError):
    """The `claims` parameter is not the JSON object that OpenID Connect Core §5.5 describes."""


def parse_claims_parameter(value: str) -> ClaimsRequest:
    """Read a `claims` parameter into {"userinfo": {...}, "id_token": {...}}, keeping only what is understood.

    Known claims are kept, and of each request for one `essential`, `value` and `values` as far as they are flat:
    nothing deep, huge or unspeakable is carried further, where some database or encoder would choke on it.

    Raises:
        ClaimsParameterInvalid: not JSON, not objects where objects belong, too long or too deep.
    """
    if len(value) > MAX_CLAIMS_LENGTH:
        raise ClaimsParameterInvalid("too long")
    try:
        document = orjson.loads(value)
    except ValueError as error:
        raise ClaimsParameterInvalid("not JSON") from error
    if not isinstance(document, dict):
        raise ClaimsParameterInvalid("not an object")
    return {place: _requested(document.get(place)) for place in ("userinfo", "id_token") if document.get(place)}


def _requested(members: object) -> dict[str, object]:
    if not isinstance(members, dict):
        raise ClaimsParameterInvalid("userinfo and id_token must be objects")
    for request in members.values():
        if request is not None and not isinstance(request, dict):
            raise ClaimsParameterInvalid("a claim's request must be null or an object")
    known = PERSON_CLAIMS | AUTHENTICATION_CLAIMS | {"sub"}
    return {name: _understood(request) for name, request in members.items() if name in known}


def _understood(request: Mapping[str, object] | None) -> dict[str, object] | None:
    """Keep of a claim's request (§5.5.1) what is flat."""
    if request is None:
        return None
    values = request.get("values")
    if values is not None and not isinstance(values, list):
        raise ClaimsParameterInvalid("values must be a list")
    kept: dict[str, object] = {name: request[name] for name in ("essential", "value") if _flat(request.get(name))}
    return kept if values is None else kept | {"values": [value for value in values[:MAX_VALUES] if _flat(value)]}


def _flat(value: object) -> bool:
    """Whether a value is one that every store can hold: no object, no list, no NUL."""
    return isinstance(value, bool | int | float) or (isinstance(value, str) and "\x00" not in value)


def userinfo_claims(scopes: Iterable[str], request: Mapping[str, Mapping[str, object]]) -> frozenset[str]:
    """Name the claims that userinfo gives for these scopes and this claims request."""
    by_scope = {name for scope in scopes for name in SCOPE_CLAIMS.get(scope, ())}
    return frozenset(by_scope | (request.get("userinfo", {}).keys() & PERSON_CLAIMS))


def id_token_claims(request: Mapping[str, Mapping[str, object]]) -> frozenset[str]:
    """Name the claims about the person that the ID token carries: only those asked for by name."""
    return frozenset(request.get("id_token", {}).keys() & PERSON_CLAIMS)
