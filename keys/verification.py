"""Verifying our own tokens, and nobody else's: the header must be what we write, the key one of the ring's.

Invariant: the header is exactly alg, kid and typ, each a string (so no `crit`, `jwk`, `jku` or `x5u` can have a say),
the algorithm is the key's own, and claims are read after the signature (RFC 8725 §3, RFC 7515 §5.2). Each token has
one accepted spelling. A kid is only ever looked up in memory.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature

from keys import base64url
from keys.errors import InvalidToken, TokenExpired, UnknownKey
from keys.ring import KeyRing

MAX_TOKEN = 16 * 1024
"""Octets; ours stay far below, and no time is spent on more."""

CLOCK_SKEW = 5.0
"""Seconds by which the clock of the process that signed may run ahead of ours."""

_HEADER_MEMBERS = {"alg", "kid", "typ"}
_SEGMENTS = 3


def verify(
    ring: KeyRing, token: str, *, typ: str | tuple[str, ...], now: float, removed: bool = False
) -> dict[str, Any]:
    """Return the claims of a token that we signed. Its times are not looked at: `check_times` does that.

    `typ` names the only type, or types, that will do. `removed` also takes keys that have left the JWKS in the ordinary
    way, which only hints about the past may use.

    Raises:
        InvalidToken: anything else.
    """
    return decode_claims(verified_payload(ring, token, typ=typ, now=now, removed=removed)[1])


def verified_payload(
    ring: KeyRing, token: str, *, typ: str | tuple[str, ...], now: float, removed: bool = False
) -> tuple[dict[str, str], bytes]:
    """Return the header and the payload's octets of a token that we signed; `verify` is the usual way in.

    Raises:
        InvalidToken: anything else.
    """
    if len(token) > MAX_TOKEN:
        raise InvalidToken(f"longer than {MAX_TOKEN} octets")
    try:
        signed, header, payload, signature = _segments(token)
    except ValueError as error:
        raise InvalidToken("not a JWS in compact serialisation") from error
    members = _read_header(header)
    require_type(members["typ"], typ)
    _check_signature(ring, members, signature, signed, now=now, removed=removed)
    return members, payload


def decode_claims(payload: bytes) -> dict[str, Any]:
    """Read a verified payload.

    Raises:
        InvalidToken: not a JSON object.
    """
    try:
        claims = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise InvalidToken("the payload is no JSON") from error
    if not isinstance(claims, dict):
        raise InvalidToken("the payload is no JSON object")
    return claims


def require_type(found: str, wanted: str | tuple[str, ...]) -> None:
    """Let a token of the wanted type, or of one of the wanted types, pass.

    Raises:
        InvalidToken: another type.
    """
    if found not in ((wanted,) if isinstance(wanted, str) else wanted):
        raise InvalidToken("a token of another type")


def check_times(claims: Mapping[str, Any], *, now: float, skew: float = CLOCK_SKEW) -> None:
    """Let a token pass whose time it is: before `exp`, and not before `nbf` or `iat` by more than `skew` seconds.

    Raises:
        TokenExpired: its time is over.
        InvalidToken: its time has not come, or a time is missing or no number.
    """
    if now >= _numeric_date(claims, "exp"):
        raise TokenExpired("expired")
    for name in ("nbf", "iat"):
        if name in claims and _numeric_date(claims, name) > now + skew:
            raise InvalidToken(f"{name} lies in the future")


def _segments(token: str) -> tuple[bytes, bytes, bytes, bytes]:
    octets = token.encode("ascii")
    header, payload, signature = octets.split(b".", _SEGMENTS)
    signed = octets[: len(header) + 1 + len(payload)]
    return signed, base64url.decode(header), base64url.decode(payload), base64url.decode(signature)


def _read_header(header: bytes) -> dict[str, str]:
    try:
        members = json.loads(header, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise InvalidToken("the header is no JSON object of different members") from error
    if not isinstance(members, dict) or members.keys() != _HEADER_MEMBERS:
        raise InvalidToken("the header has not exactly alg, kid and typ")
    if not all(isinstance(value, str) for value in members.values()):
        raise InvalidToken("a header member is no string")
    return members


def _without_duplicates(pairs: Collection[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def _check_signature(
    ring: KeyRing, header: Mapping[str, str], signature: bytes, signed: bytes, *, now: float, removed: bool
) -> None:
    try:
        key = ring.public_key(header["kid"], now, removed=removed)
    except UnknownKey as error:
        raise InvalidToken("signed with a key that is not trusted") from error
    if header["alg"] != key.record.algorithm:
        raise InvalidToken("the algorithm is not that of the key")
    try:
        key.verify(signature, signed)
    except InvalidSignature as error:
        raise InvalidToken("the signature is wrong") from error


def _numeric_date(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"{name} is no NumericDate")
    return value
