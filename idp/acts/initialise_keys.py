"""Make what an issuer must have before it starts: the key-encryption key, the secrets of the service, signing keys.

Run again it adds what an algorithm lacks and leaves the rest alone. Nothing is ever replaced: a lost key-encryption
key, a lost secret or an algorithm whose keys are all out of service is reported, not papered over with a new one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.storage.database import Database
from idp.storage.handles import Entropy
from idp.storage.key_rows import StoredRing, add_keys, advance_ring, on_current_ring, read_ring
from keys.algorithms import algorithm as algorithm_named
from keys.canary import check_canary, new_canary
from keys.errors import KekRefused, SecretMissing
from keys.kek import Kek
from keys.kek_source import KekSource
from keys.new_records import new_secret, new_signing_key
from keys.purposes import FOUNDING_SECRETS, Purpose
from keys.records import KeyRecord
from keys.rotation import keys_of
from keys.states import KeyState

CHECKPOINT_ALGORITHM = "Ed25519"


@dataclass(frozen=True, slots=True)
class InitialisedKeys:
    """What was made just now (kids in order; empty if all was there), and which algorithms have nothing that signs."""

    kek_created: bool
    created: tuple[str, ...]
    without_active: tuple[str, ...]
    epoch: int


def initialise_keys(
    database: Database,
    source: KekSource,
    *,
    algorithms: Sequence[str],
    actor: str,
    now: float,
    entropy: Entropy,
) -> InitialisedKeys:
    """Make what is missing.

    Each of these signing algorithms gets an active, a staged and a standby key; the audit trail gets the key that signs
    its checkpoints.

    Raises:
        KekRefused: the key-encryption key is gone though keys exist, can be read by others, is damaged, or can't be
            made.
        SignerAway: the token or service that holds it, or that keys are made in, does not answer.
        WrongKek: it is not the one that wrapped the keys.
        SecretMissing: a secret of an issuer that has been initialised is gone.
        UnsupportedAlgorithm: we don't sign with one of these.
        RingMoved: others kept changing the ring.
    """
    for name in algorithms:
        algorithm_named(name)
    kek, kek_created = _obtain_kek(database, source)

    def make(stored: StoredRing) -> InitialisedKeys:
        _require_intact(stored, kek)
        created = tuple(_missing(stored, algorithms, kek=kek, now=now, entropy=entropy))
        epoch = _write(database, stored, created, actor=actor, now=now, entropy=entropy)
        kids = tuple(key.kid for key in created)
        return InitialisedKeys(kek_created, kids, _without_active(stored, created, algorithms), epoch)

    return on_current_ring(database, make)


def _obtain_kek(database: Database, source: KekSource) -> tuple[Kek, bool]:
    """Load the key-encryption key; make one only for a database that has never had keys. Tells which it was."""
    if source.exists():
        return source.load(), False
    with database.reading() as connection:
        epoch = read_ring(connection).epoch
    if epoch and source.exists():  # Another process made both a moment ago.
        return source.load(), False
    if epoch:
        raise KekRefused(
            f"no key-encryption key at {source.where}, but the database holds keys that one has wrapped: "
            "restore it from its backup; a new one can't open them"
        )
    try:
        return source.create(), True
    except KekRefused:
        if source.exists():  # Another process made it a moment ago.
            return source.load(), False
        raise


def _require_intact(stored: StoredRing, kek: Kek) -> None:
    """Refuse to go on where an initialised ring has lost something that a new value would only hide."""
    if not stored.epoch:
        return
    there = {key.purpose for key in stored.records}
    lost = [purpose for purpose in (Purpose.CANARY, *FOUNDING_SECRETS) if purpose not in there]
    if lost:
        raise SecretMissing(f"gone from the database: {', '.join(lost)}; restore the key ring from backup")
    check_canary(stored.records, kek)


def _missing(
    stored: StoredRing, algorithms: Sequence[str], *, kek: Kek, now: float, entropy: Entropy
) -> Iterator[KeyRecord]:
    epoch = stored.epoch + 1
    if not stored.epoch:
        yield new_canary(kek=kek, epoch=epoch, now=now, entropy=entropy)
        for purpose in FOUNDING_SECRETS:
            yield new_secret(purpose, kek=kek, epoch=epoch, now=now, entropy=entropy)
    for name in algorithms:
        keys = keys_of(stored.records, algorithm=name)
        states = {key.state for key in keys}
        if not keys:
            yield new_signing_key(name, state=KeyState.ACTIVE, kek=kek, epoch=epoch, now=now, entropy=entropy)
        # An algorithm without a key that signs gets a staged one too: what may sign next is a person's decision.
        if KeyState.STAGED not in states:
            yield new_signing_key(name, state=KeyState.STAGED, kek=kek, epoch=epoch, now=now, entropy=entropy)
        if KeyState.STANDBY not in states:
            yield new_signing_key(name, state=KeyState.STANDBY, kek=kek, epoch=epoch, now=now, entropy=entropy)
    checkpoints = keys_of(stored.records, algorithm=CHECKPOINT_ALGORITHM, purpose=Purpose.CHECKPOINTS)
    if not any(key.state is KeyState.ACTIVE for key in checkpoints):
        yield new_signing_key(
            CHECKPOINT_ALGORITHM,
            state=KeyState.ACTIVE,
            kek=kek,
            epoch=epoch,
            now=now,
            entropy=entropy,
            purpose=Purpose.CHECKPOINTS,
        )


def _write(
    database: Database,
    stored: StoredRing,
    created: Sequence[KeyRecord],
    *,
    actor: str,
    now: float,
    entropy: Entropy,
) -> int:
    if not created:
        return stored.epoch
    event = Event(type=EventType.KEYS_CREATED, at=now, actor=actor, details={"kids": [key.kid for key in created]})
    with database.writing() as connection:
        epoch = advance_ring(connection, seen=stored.epoch)
        add_keys(connection, created)
        record(connection, event, entropy=entropy)
    return epoch


def _without_active(stored: StoredRing, created: Sequence[KeyRecord], algorithms: Sequence[str]) -> tuple[str, ...]:
    active = {
        key.algorithm
        for key in (*stored.records, *created)
        if key.purpose == Purpose.TOKENS and key.state is KeyState.ACTIVE
    }
    return tuple(name for name in algorithms if name not in active)
