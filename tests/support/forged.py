"""JWTs as strangers and clients make them: client assertions, and tokens that nobody should believe."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.support.in_process import ADDRESS

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class KeyHolder:
    """A client's own key pair."""

    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "use": "sig"}))

    @property
    def jwks(self) -> dict[str, Any]:
        """The public half, as it is registered."""
        return {"keys": [self.key.as_dict(private=False)]}

    def assertion(self, client_id: str, *, now: float, header: dict[str, Any] | None = None, **changes: Any) -> str:  # noqa: ANN401 - any claim
        """Sign an assertion; a claim of None is left out."""
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": ADDRESS,
            "iat": int(now),
            "exp": int(now) + 60,
            "jti": secrets.token_urlsafe(12),
        } | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": "one"} | (header or {}), kept, self.key, algorithms=["ES256"])


def unsigned(header: Any, claims: Any, signature: str = "") -> str:  # noqa: ANN401 - whatever a stranger writes
    """Join a header and claims to something that looks like a JWT."""
    return f"{segment(header)}.{segment(claims)}.{signature}"


def segment(value: Any) -> str:  # noqa: ANN401 - the same
    """Encode one part of a JWT; bytes go in as they are."""
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read header and claims of a JWT without believing them."""
    header, claims, _ = token.split(".")
    return _read(header), _read(claims)


def _read(part: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return document
