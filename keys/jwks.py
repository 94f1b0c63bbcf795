"""The JWK Set (RFC 7517 §5) as octets, rendered once, with a strong entity tag.

Members are picked by name from a list of public ones; whatever else a row holds can't get out this way.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from keys import base64url
from keys.records import KeyRecord
from keys.states import KeyState

MAX_AGE_SECONDS = 600.0
"""How long whoever has fetched the JWKS may keep it without asking again (Cache-Control)."""

_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e", "pub")
# The key that signs now comes first: some relying parties never look further.
_ORDER = {KeyState.ACTIVE: 0, KeyState.RETIRING: 1, KeyState.STAGED: 2, KeyState.STANDBY: 3, KeyState.REMOVED: 4}


@dataclass(frozen=True, slots=True)
class Jwks:
    """A rendered JWK Set and the kids in it; `etag` is quoted as the header wants it."""

    body: bytes
    etag: str
    kids: tuple[str, ...] = ()


def render(records: Iterable[KeyRecord]) -> Jwks:
    """Render the public parts of these keys."""
    ordered = sorted(records, key=lambda record: (_ORDER[record.state], record.algorithm, record.kid))
    body = orjson.dumps({"keys": [_public_members(record) for record in ordered]})
    return Jwks(
        body, f'"{base64url.encode(hashlib.sha256(body).digest()).decode()}"', tuple(record.kid for record in ordered)
    )


def _public_members(record: KeyRecord) -> dict[str, str]:
    members = {name: record.public_jwk[name] for name in _PUBLIC_MEMBERS if name in record.public_jwk}
    return members | {"kid": record.kid, "use": "sig", "alg": record.algorithm}
