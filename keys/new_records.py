"""Making keys and secrets: generated, wrapped, and described as a row in its first state.

A signing key's kid is the thumbprint of its public part. A secret's kid is its purpose and version ("pepper.1"), so
that of two processes that make the same secret at once only one can write the row.
"""

from typing import Literal

from keys.algorithms import algorithm as algorithm_named
from keys.algorithms import thumbprint
from keys.kek import Entropy, Kek
from keys.purposes import Purpose
from keys.records import LOCAL, KeyRecord
from keys.states import KeyState
from keys.wrapping import Label, wrap

SECRET_ALGORITHMS = {
    Purpose.PEPPER: "HS256",
    Purpose.CSRF: "HS256",
    Purpose.LOOKUP: "HS256",
    Purpose.PROOF: "HS256",
    Purpose.SEALING: "A256GCM",
}


def new_signing_key(
    algorithm: str,
    *,
    state: Literal[KeyState.STAGED, KeyState.STANDBY, KeyState.ACTIVE],
    kek: Kek,
    epoch: int,
    now: float,
    entropy: Entropy,
    purpose: str = Purpose.TOKENS,
) -> KeyRecord:
    """Generate a signing key. Born active (an issuer's very first) it signs from `now` on.

    A key for tokens is made in the home for keys of this state; all others in the database.

    Raises:
        UnsupportedAlgorithm: we don't sign with it, or its home has no keys of this kind.
        HomeUnknown, SignerAway: its home is not set up here, or does not answer.
    """
    maker = algorithm_named(algorithm)
    place = kek.homes.for_new(state) if purpose == Purpose.TOKENS else None
    if place is not None:
        home, public_jwk = place.make(algorithm)
        kid, wrapped, kek_id = thumbprint(public_jwk), None, ""
    else:
        private = maker.generate()
        home, public_jwk = LOCAL, maker.public_jwk(private)
        kid, kek_id = thumbprint(public_jwk), kek.kek_id
        wrapped = wrap(private, label=Label(kid, algorithm, purpose, 1), kek=kek, entropy=entropy)
    return KeyRecord(
        kid=kid,
        algorithm=algorithm,
        purpose=purpose,
        state=state,
        public_jwk=public_jwk,
        wrapped=wrapped,
        home=home,
        kek_id=kek_id,
        created_at=now,
        effective_at=now,
        staged_at=now,
        activated_at=now if state is KeyState.ACTIVE else None,
        epoch=epoch,
    )


def new_drill_key(algorithm: str, *, epoch: int, now: float) -> KeyRecord:
    """Make a key for a rehearsal: published behind the keys that sign, and nobody's: its private part is not kept.

    Raises:
        UnsupportedAlgorithm: we don't sign with it.
    """
    maker = algorithm_named(algorithm)
    public_jwk = maker.public_jwk(maker.generate())
    return KeyRecord(
        kid=thumbprint(public_jwk),
        algorithm=algorithm,
        purpose=Purpose.DRILL,
        state=KeyState.STANDBY,
        public_jwk=public_jwk,
        wrapped=None,
        kek_id="",
        created_at=now,
        effective_at=now,
        staged_at=now,
        epoch=epoch,
    )


def new_secret(purpose: Purpose, *, kek: Kek, epoch: int, now: float, entropy: Entropy, version: int = 1) -> KeyRecord:
    """Make 32 random octets for a purpose."""
    return secret_record(
        entropy(32),
        label=Label(f"{purpose}.{version}", SECRET_ALGORITHMS[purpose], purpose, version),
        kek=kek,
        epoch=epoch,
        now=now,
        entropy=entropy,
    )


def secret_record(secret: bytes, *, label: Label, kek: Kek, epoch: int, now: float, entropy: Entropy) -> KeyRecord:
    """Wrap octets as the row of an active secret."""
    return KeyRecord(
        kid=label.kid,
        algorithm=label.algorithm,
        purpose=label.purpose,
        version=label.version,
        state=KeyState.ACTIVE,
        public_jwk={},
        wrapped=wrap(secret, label=label, kek=kek, entropy=entropy),
        kek_id=kek.kek_id,
        created_at=now,
        effective_at=now,
        activated_at=now,
        epoch=epoch,
    )
