"""The canary: a known text wrapped like any secret. If it does not open, the start stops before anything is harmed."""

from collections.abc import Iterable

from keys.errors import KeyDamaged, SecretMissing, WrongKek
from keys.kek import Entropy, Kek
from keys.new_records import secret_record
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.wrapping import Label, unwrap

_TEXT = b"idp canary 1"


def new_canary(*, kek: Kek, epoch: int, now: float, entropy: Entropy) -> KeyRecord:
    """Make the canary's row."""
    label = Label("canary.1", "A256GCM", Purpose.CANARY, 1)
    return secret_record(_TEXT, label=label, kek=kek, epoch=epoch, now=now, entropy=entropy)


def check_canary(records: Iterable[KeyRecord], kek: Kek) -> None:
    """Let the start go on if this key-encryption key is the one that wrapped the rows.

    Raises:
        SecretMissing: the key ring was never made.
        WrongKek: another key-encryption key wrapped it.
        KeyDamaged: the canary's row was altered.
    """
    canary = next((record for record in records if record.purpose == Purpose.CANARY), None)
    if canary is None:
        raise SecretMissing("there are no keys yet: run `idp keys init`")
    if kek.holding(canary.kek_id) is None:
        raise WrongKek(
            f"the key-encryption key given is {kek.kek_id}, but {canary.kek_id} wrapped the keys in the database: "
            "point IDP_KEK_FILE at that file, or restore it from its backup"
        )
    if unwrap(canary, kek) != _TEXT:
        raise KeyDamaged("the canary says something else than it should: restore the key ring from backup")
