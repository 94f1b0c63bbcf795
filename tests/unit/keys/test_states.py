"""The life of a key."""

from dataclasses import replace
from itertools import product

import pytest

from keys.errors import ForbiddenTransition
from keys.records import KeyRecord
from keys.states import FOLLOWS, PUBLISHED, KeyState, require_transition
from tests.unit.keys.conftest import NOW

ALLOWED = {
    ("staged", "active"),
    ("staged", "removed"),
    ("staged", "compromised"),
    ("standby", "active"),
    ("standby", "removed"),
    ("standby", "compromised"),
    ("active", "retiring"),
    ("active", "compromised"),
    ("retiring", "removed"),
    ("retiring", "compromised"),
    ("removed", "compromised"),
}


@pytest.mark.parametrize(("current", "following"), list(product(KeyState, KeyState)))
def test_every_transition_is_allowed_or_refused_as_written_down(current: KeyState, following: KeyState) -> None:
    """The table of states says exactly what the list above says."""
    if (current, following) in ALLOWED:
        require_transition(current, following)
    else:
        with pytest.raises(ForbiddenTransition, match=f"{current} can't become {following}"):
            require_transition(current, following)


def test_no_state_is_ever_entered_again() -> None:
    """From no state can a key come back to it: lives go forward only."""
    for start in KeyState:
        reached, border = set[KeyState](), set(FOLLOWS[start])
        while border:
            reached |= border
            border = {after for state in border for after in FOLLOWS[state]} - reached
        assert start not in reached


def test_what_is_published() -> None:
    """Staged, standby, active and retiring keys are in the JWKS; removed and compromised ones never."""
    assert {"staged", "standby", "active", "retiring"} == PUBLISHED


def test_a_rotation_leaves_exactly_one_signer_at_every_instant(active_keys: dict[str, KeyRecord]) -> None:
    """The old key signs until the instant from which the new one does, whoever reads the rows when."""
    old = active_keys["ES256"].moved(KeyState.RETIRING, at=NOW + 3, epoch=2)
    new = active_keys["Ed25519"].moved(KeyState.RETIRING, at=NOW + 99, epoch=2)
    new = replace(new, activated_at=NOW + 3)

    assert [(True, False), (True, False), (False, True), (False, True)] == [
        (old.signs(now), new.signs(now)) for now in (NOW, NOW + 2.999, NOW + 3, NOW + 50)
    ]


def test_each_move_leaves_its_instant(active_keys: dict[str, KeyRecord]) -> None:
    """A key's row tells when it was activated, retired and removed."""
    gone = (
        active_keys["ES256"]
        .moved(KeyState.RETIRING, at=NOW + 10, epoch=2)
        .moved(KeyState.REMOVED, at=NOW + 20, epoch=3)
    )

    assert (NOW, NOW + 10, NOW + 20, NOW + 20, 3) == (
        gone.activated_at,
        gone.retired_at,
        gone.removed_at,
        gone.effective_at,
        gone.epoch,
    )


def test_a_compromise_holds_at_once(active_keys: dict[str, KeyRecord]) -> None:
    """A compromised key neither signs nor is published, at no instant."""
    leaked = active_keys["ES256"].moved(KeyState.COMPROMISED, at=NOW + 3, epoch=2)

    assert (False, False) == (leaked.signs(NOW), leaked.published(NOW))


def test_a_planned_removal_holds_when_it_is_due(active_keys: dict[str, KeyRecord]) -> None:
    """Until a removal's instant the key stays in the JWKS."""
    leaving = (
        active_keys["ES256"].moved(KeyState.RETIRING, at=NOW, epoch=2).moved(KeyState.REMOVED, at=NOW + 3, epoch=3)
    )

    assert (True, False) == (leaving.published(NOW + 2), leaving.published(NOW + 3))
