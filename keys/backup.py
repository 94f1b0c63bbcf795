"""A key ring in a file: every row, private parts wrapped as they are, the whole sealed under the key-encryption key.

Invariant: who holds the file without the key-encryption key can neither read nor change it; a compromised key does not
come back as an active one because somebody edited a word. What stands outside the seal (issuer, instant, epoch) only
says which file this is, and is compared with what stands inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag

from keys import base64url
from keys.errors import BackupRefused, KeyDamaged, KeysError, WrongKek
from keys.kek import Entropy, Kek
from keys.records import LOCAL, KeyRecord
from keys.ring import prove
from keys.states import KeyState
from keys.wrapping import Label, open_wrapped, unwrap, wrap

FORMAT = "idp-keys-backup-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A ring as it was at an epoch; `made_at` is an instant."""

    issuer: str
    epoch: int
    made_at: float
    records: tuple[KeyRecord, ...]


def seal_backup(backup: Backup, kek: Kek, *, entropy: Entropy) -> bytes:
    """Give the file's content: one JSON object."""
    head = {"format": FORMAT, "issuer": backup.issuer, "epoch": backup.epoch, "made_at": backup.made_at}
    whole = orjson.dumps(head | {"keys": [_written(record) for record in backup.records]})
    sealed = wrap(whole, label=_label(backup.epoch), kek=kek, entropy=entropy)
    file = head | {"kek_id": kek.kek_id, "sealed": base64url.encode(sealed).decode()}
    return orjson.dumps(file, option=orjson.OPT_INDENT_2) + b"\n"


def open_backup(octets: bytes, kek: Kek) -> Backup:
    """Read a file.

    Raises:
        BackupRefused: it is no backup, or was altered or cut off.
        WrongKek: another key-encryption key sealed it.
    """
    try:
        file = orjson.loads(octets)
        if file["format"] != FORMAT:
            raise BackupRefused(f"this is no backup of a key ring ({FORMAT})")
        head, kek_id, sealed = dict(file), str(file["kek_id"]), base64url.decode(file["sealed"].encode())
        opener, label = kek.holding(kek_id), _label(int(head["epoch"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupRefused(f"this is no backup of a key ring ({FORMAT}), or is not whole") from error
    if opener is None:
        raise WrongKek(f"the backup was sealed by the key-encryption key {kek_id}, not by {kek.kek_id}")
    try:
        whole = orjson.loads(open_wrapped(sealed, label=label, kek=opener))
    except (InvalidTag, KeyDamaged, ValueError) as error:
        raise BackupRefused("the backup was altered, or is not whole: take another copy") from error
    if any(head.get(name) != whole[name] for name in ("issuer", "epoch", "made_at")):
        raise BackupRefused("the backup was altered: what it says of itself is not what was sealed")
    records = tuple(_read(row) for row in whole["keys"])
    return Backup(issuer=whole["issuer"], epoch=whole["epoch"], made_at=whole["made_at"], records=records)


def faults_of(records: Iterable[KeyRecord], kek: Kek) -> dict[str, str]:
    """Open every private part, and let each key that still serves sign and verify; gives what failed, by kid."""
    faults: dict[str, str] = {}
    for record in records:
        if record.wrapped is None or record.home != LOCAL:
            continue
        try:
            unwrap(record, kek)
            if record.public_jwk and record.state not in {KeyState.REMOVED, KeyState.COMPROMISED}:
                prove(record, kek)
        except KeysError as error:
            faults[record.kid] = str(error)
    return faults


def newer_of(there: KeyRecord | None, saved: KeyRecord, kek: Kek) -> KeyRecord | None:
    """Choose what a row of the ring should become: the later one of the two, with a private part that opens.

    None means that the row is good as it is.
    """
    if there is None or there.epoch < saved.epoch:
        return saved
    if there.wrapped is not None and faults_of([there], kek) and not faults_of([saved], kek):
        return replace(there, wrapped=saved.wrapped, kek_id=saved.kek_id, public_jwk=saved.public_jwk)
    return None


def _label(epoch: int) -> Label:
    return Label("ring", "A256GCM", "backup", epoch)


def _written(record: KeyRecord) -> dict[str, Any]:
    wrapped = None if record.wrapped is None else base64url.encode(record.wrapped).decode()
    return asdict(record) | {"state": record.state.value, "wrapped": wrapped, "tried_for": list(record.tried_for)}


def _read(row: Mapping[str, Any]) -> KeyRecord:
    wrapped = None if row["wrapped"] is None else base64url.decode(row["wrapped"].encode())
    return KeyRecord(
        **(dict(row) | {"state": KeyState(row["state"]), "wrapped": wrapped, "tried_for": tuple(row["tried_for"])})
    )
