"""Seeds of authenticator apps that wait for their first code: ten minutes, in the ephemeral store, sealed.

Invariant: a seed is given back for the account and the place (a journey, a session) that it was made for and nowhere
else, and counts for nothing until `acts/enrol_totp.py` has made a factor of it.
"""

from __future__ import annotations

from idp.mfa.seal import Sealer
from idp.mfa.totp import NewSeed, new_seed
from idp.mfa.verified import AnswerTooLate
from idp.storage.ephemeral import EphemeralStore
from idp.storage.handles import Entropy, digest

PENDING_SECONDS = 600.0


class PendingSeeds:
    """Keeps them."""

    def __init__(self, store: EphemeralStore, sealer: Sealer, *, entropy: Entropy) -> None:
        self._store = store
        self._sealer = sealer
        self._entropy = entropy

    def begin(self, *, account_id: str, place: str) -> NewSeed:
        """Give the seed that waits at this place, so that a page that is loaded anew shows the same one, or a new one.

        Raises:
            EphemeralUnavailable: the store cannot do it now.
        """
        try:
            return self.waiting(account_id=account_id, place=place)
        except AnswerTooLate:
            seed, key = new_seed(self._entropy), _key(account_id, place)
            sealed = self._sealer.seal(f"{seed.factor_id} {seed.seed.hex()}".encode(), key.encode())
            self._store.put(key, sealed, seconds=PENDING_SECONDS)
            return seed

    def waiting(self, *, account_id: str, place: str) -> NewSeed:
        """Give the seed that waits at this place.

        Raises:
            AnswerTooLate: there is none (any more).
            EphemeralUnavailable: the store cannot do it now.
        """
        key = _key(account_id, place)
        sealed = self._store.get(key)
        if sealed is None:
            raise AnswerTooLate("no seed waits here")
        factor_id, _, seed = self._sealer.open(sealed, key.encode()).decode().partition(" ")
        return NewSeed(factor_id=factor_id, seed=bytes.fromhex(seed))

    def forget(self, *, account_id: str, place: str) -> None:
        """Forget the seed: it has become a factor, or the person does not want it.

        Raises:
            EphemeralUnavailable: the store cannot do it now; the seed goes by itself.
        """
        self._store.delete(_key(account_id, place))


def _key(account_id: str, place: str) -> str:
    return f"seed:{digest(f'{len(account_id)}:{account_id}{place}').hex()}"
