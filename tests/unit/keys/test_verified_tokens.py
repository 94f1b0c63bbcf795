"""The memory of verified tokens."""

from typing import Any

import pytest

from keys.compact import VerifiedTokens, encode
from keys.errors import InvalidToken
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.ring import KeyRing, PublicKey
from keys.states import KeyState
from tests.unit.keys.conftest import NOW

CLAIMS: dict[str, Any] = {"sub": "somebody", "aud": ["a"]}


class CountingRing:
    """Counts how often a signature is really verified."""

    def __init__(self, ring: KeyRing) -> None:
        self.verified = 0
        self.ring = KeyRing(
            public={kid: PublicKey(key.record, self._counting(key)) for kid, key in _public(ring).items()},
            signers={},
            damaged={},
            epoch=ring.epoch,
        )

    def _counting(self, key: PublicKey) -> Any:  # noqa: ANN401 - stands in for any Verify
        def verify(signature: bytes, octets: bytes) -> None:
            self.verified += 1
            key.verify(signature, octets)

        return verify


def _public(ring: KeyRing) -> dict[str, PublicKey]:
    kids = [ring.signer(name, NOW).kid for name in ring.algorithms(NOW)]
    return {kid: ring.public_key(kid, NOW) for kid in kids}


def token_of(ring: KeyRing, claims: dict[str, Any] = CLAIMS) -> str:
    """An access token."""
    return encode(ring.signer("ES256", NOW), typ="at+jwt", claims=claims)


def test_a_second_look_costs_no_signature(ring: KeyRing) -> None:
    """The same token is verified once."""
    counting, memory, token = CountingRing(ring), VerifiedTokens(), token_of(ring)

    answers = [memory.verify(counting.ring, token, typ="at+jwt", now=NOW) for _ in range(3)]

    assert ([CLAIMS] * 3, 1) == (answers, counting.verified)


def test_refused_tokens_are_not_remembered(ring: KeyRing) -> None:
    """Forgeries can't push good tokens out."""
    memory, token = VerifiedTokens(), token_of(ring)
    other = "BA" if token.endswith("AA") else "AA"
    for forged in (token[:-2] + other, token + "\xe9", "x" * 20_000, ""):
        with pytest.raises(InvalidToken):
            memory.verify(ring, forged, typ="at+jwt", now=NOW)

    assert 0 == len(memory)


def test_the_type_is_asked_for_every_time(ring: KeyRing) -> None:
    """A remembered access token is still no ID token."""
    memory, token = VerifiedTokens(), token_of(ring)
    memory.verify(ring, token, typ="at+jwt", now=NOW)

    with pytest.raises(InvalidToken, match="another type"):
        memory.verify(ring, token, typ="JWT", now=NOW)


def test_a_new_ring_empties_the_memory(kek: FileKek, ring: KeyRing, active_keys: dict[str, KeyRecord]) -> None:
    """What a compromised key signed is refused as soon as the ring says so."""
    memory, token = VerifiedTokens(), token_of(ring)
    memory.verify(ring, token, typ="at+jwt", now=NOW)
    leaked = active_keys["ES256"].moved(KeyState.COMPROMISED, at=NOW, epoch=2)
    changed = KeyRing.open([leaked, active_keys["Ed25519"]], kek, epoch=2)

    with pytest.raises(InvalidToken, match="not trusted"):
        memory.verify(changed, token, typ="at+jwt", now=NOW)
    assert 0 == len(memory)


def test_a_planned_removal_holds_for_remembered_tokens(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """The key is looked at every time, since its end may be in the rows already."""
    es = active_keys["ES256"]
    token = token_of(KeyRing.open([es], kek, epoch=1))
    leaving = es.moved(KeyState.RETIRING, at=NOW, epoch=2).moved(KeyState.REMOVED, at=NOW + 9, epoch=3)
    ring, memory = KeyRing.open([leaving], kek, epoch=3), VerifiedTokens()
    memory.verify(ring, token, typ="at+jwt", now=NOW)

    with pytest.raises(InvalidToken, match="not trusted"):
        memory.verify(ring, token, typ="at+jwt", now=NOW + 9)


def test_the_least_used_goes_first(ring: KeyRing) -> None:
    """The memory is bounded and keeps what is asked for."""
    counting, memory = CountingRing(ring), VerifiedTokens(max_entries=2)
    first, second, third = (token_of(ring, {"n": n}) for n in range(3))
    for token in (first, second, first, third, first):
        memory.verify(counting.ring, token, typ="at+jwt", now=NOW)

    assert (2, 3) == (len(memory), counting.verified)
    memory.verify(counting.ring, second, typ="at+jwt", now=NOW)
    assert 4 == counting.verified


def test_nobody_can_alter_what_others_are_given(ring: KeyRing) -> None:
    """Each caller gets claims of its own, nested ones included."""
    memory, token = VerifiedTokens(), token_of(ring)
    for _ in range(2):
        claims = memory.verify(ring, token, typ="at+jwt", now=NOW)
        claims["aud"].append("evil")

    assert CLAIMS == memory.verify(ring, token, typ="at+jwt", now=NOW)


def test_it_prints_no_tokens(ring: KeyRing) -> None:
    """The repr is a count."""
    memory = VerifiedTokens(max_entries=7)
    memory.verify(ring, token_of(ring), typ="at+jwt", now=NOW)

    assert "<VerifiedTokens 1 of 7>" == repr(memory)
