"""A client that proves itself by assertions: its keys, and the assertions it makes, good or bad."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeyParameters, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from werkzeug.test import TestResponse

from keys import base64url
from tests.protocol.world import World
from tests.support.in_process import ADDRESS, App

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NUMBERS = count()


def new_key(alg: str, kid: str | None = None) -> Key:
    """Make a key that signs by this algorithm."""
    parameters: KeyParameters = {"kid": kid or f"key-{next(_NUMBERS)}", "use": "sig", "alg": alg}
    if alg == "ES256":
        return ECKey.generate_key("P-256", parameters)
    if alg in {"Ed25519", "EdDSA"}:
        return OKPKey.generate_key("Ed25519", parameters)
    return RSAKey.generate_key(2048, parameters)


def public_jwks(*keys: Key) -> dict[str, Any]:
    """Give the public halves."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


@dataclass(kw_only=True)
class Prover:
    """A client with private_key_jwt."""

    world: World
    app: App
    key: Key
    alg: str = "ES256"
    _jtis: Any = field(default_factory=count)

    def claims(self, **changes: object) -> dict[str, Any]:
        """Give the claims of a good assertion; None takes one out."""
        claims = {
            "iss": self.app.client_id,
            "sub": self.app.client_id,
            "aud": ADDRESS,
            "jti": f"jti-{next(self._jtis)}",
            "iat": int(self.world.clock()),
            "exp": int(self.world.clock()) + 60,
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def assertion(self, *, key: Key | None = None, header: Mapping[str, Any] | None = None, **changes: object) -> str:
        """Sign an assertion; `header` and the claims may be changed."""
        signing = key or self.key
        members = {"alg": self.alg, "kid": signing.kid, **(header or {})}
        kept = {name: value for name, value in members.items() if value is not None}
        if kept["alg"] == "EdDSA":
            return compact(kept, self.claims(**changes), by_octets(signing))
        return jwt.encode(kept, self.claims(**changes), signing, algorithms=[str(kept["alg"])])

    def ask(self, assertion: str, *, path: str = "/token", **form: str) -> TestResponse:
        """Use an assertion."""
        sent = {"grant_type": "client_credentials", **form}
        sent |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        return self.world.send("POST", path, data=sent)


def prover(world: World, *, alg: str = "ES256", key: Key | None = None, **metadata: object) -> Prover:
    """Register a client with one key by value (unless `jwks_uri` is given)."""
    made = key or new_key(alg)
    values: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", **metadata}
    if "jwks_uri" not in metadata:
        values["jwks"] = public_jwks(made)
    app = world.app("prover", **values)
    return Prover(world=world, app=app, key=made, alg=alg)


def compact(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Write a JWT as no JOSE library would: whatever header, whatever signature."""
    signed = b".".join(base64url.encode(json.dumps(part).encode()) for part in (header, claims))
    return (signed + b"." + base64url.encode(sign(signed))).decode()


def by_octets(key: Key) -> Callable[[bytes], bytes]:
    """Sign as Ed25519 or ES256, whatever the header will say."""
    alg = "Ed25519" if isinstance(key, OKPKey) else "ES256"
    unbound = key.import_key({name: value for name, value in key.as_dict(private=True).items() if name != "alg"})
    return lambda signed: JWSRegistry.algorithms[alg].sign(signed, unbound)
