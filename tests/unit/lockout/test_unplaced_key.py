"""Guesses through a proxy that does not say whom it speaks for."""

from __future__ import annotations

import hmac

from idp.lockout.keys import address_key, unplaced_key


class _Key:
    def tag(self, *parts: bytes) -> bytes:
        return hmac.digest(b"k", b"\0".join(parts), "sha256")


def test_nobody_shares_a_budget_with_strangers_behind_a_silent_proxy() -> None:
    """Two names have two keys, and neither is that of a network."""
    keys = {
        unplaced_key(_Key(), identifier="dana"),
        unplaced_key(_Key(), identifier="tom"),
        address_key(_Key(), address=""),
    }
    assert 3 == len(keys)
