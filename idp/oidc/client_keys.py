"""The public keys of clients: registered by value (`jwks`), or fetched from `jwks_uri` and kept for a while.

An unknown kid makes us fetch again, at most once a minute for each client, so that a relying party can rotate its keys
and a forged kid cannot make us hammer anyone (OpenID Connect Core §10.1.1). Fetches go through the guarded client
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key

from idp.clients.client import Client
from idp.storage.handles import Clock
from idp.wire.outbound import OutboundRefused

KEEP_SECONDS = 600.0
REFETCH_SECONDS = 60.0
_KTY_OF = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "Ed25519": "OKP", "EdDSA": "OKP"}
# 2048 bits in base64url (FAPI 2.0 §5.4.1).
_SHORTEST_MODULUS = 342


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: KeySet | None
    at: float
    source: object = field(repr=False)


class ClientKeys:
    """Finds the key by which a client's signature is verified."""

    def __init__(self, fetch: Callable[[str], bytes], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._known: dict[str, _Fetched] = {}
        self._turns: dict[str, Lock] = {}

    def key_for(self, client: Client, kid: object, alg: str) -> Key | None:
        """Give the client's key for this kid (or its only one for the algorithm), fetched anew if need be."""
        known = self._current(client)
        key = _pick(known.keys, kid, alg)
        if key is None and client.jwks_uri and self._clock() - known.at >= REFETCH_SECONDS:
            key = _pick(self._renewed(client, known).keys, kid, alg)
        return key

    def _current(self, client: Client) -> _Fetched:
        known = self._known.get(client.client_id)
        if known is None or known.source != _source(client):
            return self._renewed(client, None)
        if client.jwks_uri and self._clock() - known.at > KEEP_SECONDS:
            return self._renewed(client, known)
        return known

    def _renewed(self, client: Client, known: _Fetched | None) -> _Fetched:
        """Load anew, one thread at a time: what is known serves the others meanwhile, only who has nothing waits."""
        turn = self._turns.setdefault(client.client_id, Lock())
        if not turn.acquire(blocking=known is None):
            return known or _Fetched(keys=None, at=self._clock(), source=_source(client))
        try:
            latest = self._known.get(client.client_id)
            if latest is not None and latest is not known and latest.source == _source(client):
                return latest
            return self._load(client, known)
        finally:
            turn.release()

    def _load(self, client: Client, known: _Fetched | None) -> _Fetched:
        """Load; what was known before outlives an address that does not answer as it should."""
        keys = _import(client.jwks) if client.jwks is not None else self._fetched(client.jwks_uri)
        if keys is None and known is not None:
            keys = known.keys
        loaded = _Fetched(keys=keys, at=self._clock(), source=_source(client))
        self._known[client.client_id] = loaded
        return loaded

    def _fetched(self, uri: str | None) -> KeySet | None:
        if uri is None:
            return None
        try:
            return _import(orjson.loads(self._fetch(uri)))
        except (OutboundRefused, ValueError):
            return None


def _source(client: Client) -> object:
    return client.jwks_uri or client.jwks


def _import(document: object) -> KeySet | None:
    """Give the keys that can be used; others are passed over (RFC 7517 §5). None: the document is no JWKS with any."""
    entries = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, list):
        return None
    keys = [key for key in map(_import_one, entries) if key is not None]
    return KeySet(keys) if keys or not entries else None


def _import_one(entry: object) -> Key | None:
    if not isinstance(entry, dict) or entry.get("kty") not in _KTY_OF.values():
        return None
    if entry["kty"] == "RSA" and len(str(entry.get("n"))) < _SHORTEST_MODULUS:
        return None
    try:
        return import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _pick(keys: KeySet | None, kid: object, alg: str) -> Key | None:
    fitting = [
        key
        for key in (keys.keys if keys else ())
        if key.key_type == _KTY_OF[alg]
        and key.get("alg") in {None, alg}
        and key.get("use") in {None, "sig"}
        and (kid is None or key.kid == kid)
    ]
    return fitting[0] if len(fitting) == 1 or (fitting and kid is not None) else None
