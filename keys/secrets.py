"""The secrets of the service: pepper, MAC keys and sealing keys, opened once from their wrapped rows.

Chapters are handed a `Pepper`, a `Sealer` or a `MacKey` and never the octets. Every use has a key of its own, derived
by HKDF-SHA256 (RFC 5869) from the root of its purpose, so that what one use makes is worthless to another.
"""

import os
from collections.abc import Iterable, Mapping

from typing_extensions import override

from keys.canary import check_canary
from keys.errors import BadTag, SealBroken, SecretMissing
from keys.kek import Entropy, Kek
from keys.mac import MacKey, Pepper
from keys.purposes import FOUNDING_SECRETS, Purpose
from keys.records import KeyRecord
from keys.sealing import Sealer
from keys.states import KeyState
from keys.wrapping import unwrap

__all__ = ["BadTag", "MacKey", "Pepper", "SealBroken", "Sealer", "ServiceSecrets"]

_MAC_ROOTS = frozenset({Purpose.CSRF, Purpose.LOOKUP, Purpose.PROOF})
_USABLE = frozenset({KeyState.ACTIVE, KeyState.RETIRING})


class ServiceSecrets:
    """All secrets of the service."""

    __slots__ = ("_entropy", "_roots", "pepper")

    def __init__(self, roots: Mapping[Purpose, Mapping[int, bytes]], *, entropy: Entropy) -> None:
        self._roots = roots
        self._entropy = entropy
        self.pepper = Pepper(roots[Purpose.PEPPER])

    @override
    def __repr__(self) -> str:
        return "<ServiceSecrets>"

    @classmethod
    def open(cls, records: Iterable[KeyRecord], kek: Kek, *, entropy: Entropy = os.urandom) -> "ServiceSecrets":
        """Open every secret of the service; rows of signing keys are passed over.

        Raises:
            SecretMissing: the key ring was never made, or a row is gone.
            WrongKek: another key-encryption key wrapped it.
            KeyDamaged: a row does not open.
        """
        rows = tuple(records)
        check_canary(rows, kek)
        return cls({purpose: _versions(rows, purpose, kek) for purpose in FOUNDING_SECRETS}, entropy=entropy)

    def sealer(self, purpose: str) -> Sealer:
        """Return what seals for one purpose, named in the caller's own words ("totp seed")."""
        return Sealer(self._roots[Purpose.SEALING], purpose, entropy=self._entropy)

    def mac_key(self, purpose: str) -> MacKey:
        """Return the MAC key of "csrf", "lookup" or "proof", or of a use of one of them ("lookup.user_id").

        Raises:
            SecretMissing: there is no such root.
        """
        root = purpose.partition(".")[0]
        if root not in _MAC_ROOTS:
            raise SecretMissing(
                f"no MAC key for {purpose}: its name starts with one of {', '.join(sorted(_MAC_ROOTS))}"
            )
        return MacKey(self._roots[Purpose(root)], purpose)


def _versions(records: Iterable[KeyRecord], purpose: Purpose, kek: Kek) -> dict[int, bytes]:
    rows = [record for record in records if record.purpose == purpose and record.state in _USABLE]
    if not rows:
        raise SecretMissing(f"the {purpose} secret is gone from the database: restore the key ring from backup")
    return {record.version: unwrap(record, kek) for record in rows}
