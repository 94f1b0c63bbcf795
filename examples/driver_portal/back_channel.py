"""Hear from the issuer that somebody signed out elsewhere: a file to copy (OpenID Connect Back-Channel Logout 1.0).

A logout token counts only if all of §2.6 holds: signed with a published key and the registered algorithm, of its own
type, from our issuer, for us, of this moment, with the one event, naming a session or a person, without a nonce, and
new. Anything else is answered 400 and ends nothing. An app of several processes keeps `_seen` and people in its store.
"""

import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import flask
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = {"logout+jwt", "application/logout+jwt"}
LEEWAY = 30  # seconds that clocks may differ
KEYS_SECONDS = 60  # how often an unknown key makes us fetch the keys again
PATH = "/back-channel-logout"


class LogoutRefused(Exception):
    """Not a logout token for us; the text says why."""


class LogoutTokens:
    """Reads logout tokens for one client of one issuer, each once."""

    def __init__(self, *, issuer: str, client_id: str, algorithms: Sequence[str]) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._algorithms = list(algorithms)
        self._seen: dict[str, float] = {}  # jti → when it may be forgotten
        self._lock = Lock()

    def read(self, token: str, keys: KeySet, *, now: float) -> dict[str, Any]:
        """Give the claims of a token in which everything holds.

        Raises:
            LogoutRefused: something does not.
        """
        try:
            signed = jwt.decode(token, keys, algorithms=self._algorithms)
        except (JoseError, ValueError) as error:
            raise LogoutRefused(f"signature: {type(error).__name__}") from error
        faults = list(self._faults(signed.header, signed.claims, now))
        if faults:
            raise LogoutRefused(", ".join(faults))
        self._spend(str(signed.claims["jti"]), float(signed.claims["exp"]), now)
        return signed.claims

    def _faults(self, header: Mapping[str, Any], claims: Mapping[str, Any], now: float) -> list[str]:
        audience, events = claims.get("aud"), claims.get("events")
        checks = {
            "typ": str(header.get("typ", "")).lower() in TYPES,
            "iss": claims.get("iss") == self._issuer,
            "aud": self._client_id in (audience if isinstance(audience, list) else [audience]),
            "iat": _is_number(claims.get("iat")) and claims["iat"] <= now + LEEWAY,
            "exp": _is_number(claims.get("exp")) and claims["exp"] > now - LEEWAY,
            "events": isinstance(events, dict) and isinstance(events.get(EVENT), dict),
            "nonce": "nonce" not in claims,
            "jti": _is_name(claims.get("jti")),
            "sid or sub": _is_name(claims.get("sid")) or _is_name(claims.get("sub")),
        }
        return [name for name, holds in checks.items() if not holds]

    def _spend(self, jti: str, exp: float, now: float) -> None:
        with self._lock:
            self._seen = {old: until for old, until in self._seen.items() if until > now}
            if jti in self._seen:
                raise LogoutRefused("jti: seen before")
            self._seen[jti] = exp + LEEWAY


def add_back_channel(app: flask.Flask, issuer: Any, people: dict[str, dict[str, Any]], tokens: LogoutTokens) -> None:
    """Add the address that the issuer posts logout tokens to: the client's `backchannel_logout_uri`."""
    fetched = [0.0]

    def keys(*, again: bool = False) -> KeySet:
        if again:
            fetched[0] = time.time()
        return KeySet.import_key_set(issuer.fetch_jwk_set(force=again))

    def read(token: str) -> dict[str, Any]:
        try:
            return tokens.read(token, keys(), now=time.time())
        except LogoutRefused as error:
            if "signature" not in str(error) or time.time() - fetched[0] < KEYS_SECONDS:
                raise
        return tokens.read(token, keys(again=True), now=time.time())  # perhaps signed with a new key

    @app.post(PATH)
    def back_channel_logout() -> tuple[str, int]:
        try:
            claims = read(flask.request.form.get("logout_token", ""))
        except LogoutRefused as error:
            app.logger.warning("logout refused: %s", error)
            return "", 400
        except RequestException:
            return "", 503  # no keys to be had now; the issuer tries again
        end_sessions(people, claims)
        return "", 200


def end_sessions(people: dict[str, dict[str, Any]], claims: Mapping[str, Any]) -> None:
    """End the session that is named, or every session of the person where none is (§2.7)."""
    name = "sid" if claims.get("sid") else "sub"
    for key, person in list(people.items()):
        # Where both are named, both must fit: nobody ends a session of somebody else.
        same_person = claims.get("sub") in {None, person["claims"].get("sub")}
        if same_person and person["claims"].get(name) == claims[name]:
            people.pop(key, None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""
