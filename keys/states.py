"""The life of a key as pure rules: staged → active → retiring → removed, and compromised from anywhere.

A standby key waits beside them for the worst night: published like the others, so that every app already holds it, and
never next in line. Only the compromise of the active key puts it into service.

Forward only: no state is entered twice, so that what a relying party has seen removed never comes back. A staged key is
published and signs nothing; a retiring key signs nothing and is still published; a compromised one is gone at once.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from keys.errors import ForbiddenTransition


class KeyState(StrEnum):
    """Where in its life a key is."""

    STAGED = "staged"
    STANDBY = "standby"
    ACTIVE = "active"
    RETIRING = "retiring"
    REMOVED = "removed"
    COMPROMISED = "compromised"


Waiting = Literal[KeyState.STAGED, KeyState.STANDBY]
"""The states of keys that are published and have not signed."""

FOLLOWS: Mapping[KeyState, frozenset[KeyState]] = MappingProxyType(
    {
        # A staged key that nobody wants any more is removed without ever having signed.
        KeyState.STAGED: frozenset({KeyState.ACTIVE, KeyState.REMOVED, KeyState.COMPROMISED}),
        KeyState.STANDBY: frozenset({KeyState.ACTIVE, KeyState.REMOVED, KeyState.COMPROMISED}),
        KeyState.ACTIVE: frozenset({KeyState.RETIRING, KeyState.COMPROMISED}),
        KeyState.RETIRING: frozenset({KeyState.REMOVED, KeyState.COMPROMISED}),
        # Signatures of a removed key still serve as logout hints, so a late discovery must be able to end that too.
        KeyState.REMOVED: frozenset({KeyState.COMPROMISED}),
        KeyState.COMPROMISED: frozenset(),
    }
)

PUBLISHED = frozenset({KeyState.STAGED, KeyState.STANDBY, KeyState.ACTIVE, KeyState.RETIRING})


def require_transition(current: KeyState, following: KeyState) -> None:
    """Let a key move from one state to the next, or refuse.

    Raises:
        ForbiddenTransition: that state never follows.
    """
    if following not in FOLLOWS[current]:
        raise ForbiddenTransition(f"a key that is {current} can't become {following}")
