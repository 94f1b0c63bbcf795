"""Where private parts live, beside the database: which home a key is in, and which one new keys are made in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from keys.errors import HomeUnknown
from keys.records import LOCAL, KeyRecord
from keys.signature import Sign
from keys.states import KeyState


class MadeKey(NamedTuple):
    """A key that was made in a home: what its row names it by, and its public part."""

    home: str
    public_jwk: Mapping[str, str]


class Home(Protocol):
    """A place that makes keys and signs by them, and gives no private part away."""

    @property
    def scheme(self) -> str:
        """What the `home` of its keys begins with."""

    def make(self, algorithm: str) -> MadeKey:
        """Make a key that stays there.

        Raises:
            UnsupportedAlgorithm: it has no keys of this kind.
            SignerAway: it does not answer.
        """

    def signing(self, record: KeyRecord) -> Sign:
        """Give what signs by a key of its; nothing is asked for before the first signature.

        What is given raises `SignerAway` when the place does not answer, or no longer has the key.
        """


class Homes:
    """All homes that are set up, by their schemes."""

    def __init__(self, places: Iterable[Home] = (), *, new: str = LOCAL, standby: str = LOCAL) -> None:
        """Take what is set up; `new` and `standby` are the schemes of where keys of that kind are made."""
        self._places = {place.scheme: place for place in places}
        self._new = new
        self._standby = standby

    def for_new(self, state: KeyState) -> Home | None:
        """Give where a key that begins in this state is made; None for the database.

        Raises:
            HomeUnknown: it is not set up.
        """
        scheme = self._standby if state is KeyState.STANDBY else self._new
        return None if scheme == LOCAL else self._place(scheme)

    def signing(self, record: KeyRecord) -> Sign:
        """Give what signs by a key that lives elsewhere.

        Raises:
            HomeUnknown: its home is not set up on this node.
        """
        return self._place(record.home.partition(":")[0]).signing(record)

    def _place(self, scheme: str) -> Home:
        try:
            return self._places[scheme]
        except KeyError:
            raise HomeUnknown(f"a key lives in {scheme}, which is not among key_homes on this node") from None


NO_HOMES = Homes()
"""Every private part is in the database."""
