"""Tokens whose signature was found right a moment ago: verifying costs more than signing, so the verdict is kept.

Only the signature's verdict is: key, type, times and marks are looked at every time, and a new ring empties the memory.
What is kept is the token's digest and its payload, read anew for each caller so that none can alter another's claims.
"""

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Any, NamedTuple

from typing_extensions import override

from keys.errors import InvalidToken, UnknownKey
from keys.ring import KeyRing
from keys.verification import MAX_TOKEN, decode_claims, require_type, verified_payload, verify


class _Verdict(NamedTuple):
    kid: str
    typ: str
    payload: bytes


class VerifiedTokens:
    """A bounded memory of verified tokens, the least recently used going first; shared by the threads of a process."""

    def __init__(self, *, max_entries: int = 4096) -> None:
        self._max_entries = max_entries
        self._verdicts: OrderedDict[bytes, _Verdict] = OrderedDict()
        self._ring: KeyRing | None = None
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._verdicts)

    @override
    def __repr__(self) -> str:
        return f"<VerifiedTokens {len(self)} of {self._max_entries}>"

    def verify(self, ring: KeyRing, token: str, *, typ: str | tuple[str, ...], now: float) -> dict[str, Any]:
        """Return the claims of a token that we signed, exactly as `compact.verify` does.

        Raises:
            InvalidToken: anything else.
        """
        if len(token) > MAX_TOKEN or not token.isascii():
            return verify(ring, token, typ=typ, now=now)
        fingerprint = hashlib.sha256(token.encode("ascii")).digest()
        verdict = self._recall(ring, fingerprint)
        if verdict is None:
            header, payload = verified_payload(ring, token, typ=typ, now=now)
            self._remember(ring, fingerprint, _Verdict(header["kid"], header["typ"], payload))
            return decode_claims(payload)
        _check_verdict(ring, verdict, typ, now)
        return decode_claims(verdict.payload)

    def _recall(self, ring: KeyRing, fingerprint: bytes) -> _Verdict | None:
        with self._lock:
            if self._ring is not ring:
                self._verdicts.clear()
                self._ring = ring
            verdict = self._verdicts.get(fingerprint)
            if verdict is not None:
                self._verdicts.move_to_end(fingerprint)
            return verdict

    def _remember(self, ring: KeyRing, fingerprint: bytes, verdict: _Verdict) -> None:
        with self._lock:
            if self._ring is not ring:  # A new ring came while this token was being verified under the old one.
                return
            self._verdicts[fingerprint] = verdict
            if len(self._verdicts) > self._max_entries:
                self._verdicts.popitem(last=False)


def _check_verdict(ring: KeyRing, verdict: _Verdict, typ: str | tuple[str, ...], now: float) -> None:
    require_type(verdict.typ, typ)
    try:
        ring.public_key(verdict.kid, now)
    except UnknownKey as error:
        raise InvalidToken("signed with a key that is not trusted") from error
