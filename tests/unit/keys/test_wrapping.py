"""Secrets at rest."""

import secrets
from dataclasses import replace

import pytest

from keys.errors import KeyDamaged, WrongKek
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.wrapping import unwrap


def test_a_row_opens_with_the_key_that_wrapped_it(kek: FileKek, secret_rows: list[KeyRecord]) -> None:
    """A secret of 32 octets comes back."""
    assert 32 == len(unwrap(secret_rows[1], kek))


def test_another_key_encryption_key_is_named(secret_rows: list[KeyRecord]) -> None:
    """A wrong key says which key was wanted."""
    with pytest.raises(WrongKek, match=secret_rows[1].kek_id):
        unwrap(secret_rows[1], FileKek(secrets.token_bytes(32)))


def test_a_wrapped_part_copied_to_another_row_stays_shut(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """kid, algorithm, purpose and version are part of what is authenticated (K10)."""
    row = active_keys["ES256"]
    for moved in (
        replace(row, kid="other"),
        replace(row, algorithm="PS256"),
        replace(row, purpose="csrf"),
        replace(row, version=2),
    ):
        with pytest.raises(KeyDamaged, match="belongs to another row"):
            unwrap(moved, kek)


def test_every_damage_is_noticed(kek: FileKek, secret_rows: list[KeyRecord]) -> None:
    """A flip of any octet and a cut at any place are refused (F22)."""
    row = secret_rows[1]
    good = row.wrapped or b""
    flips = [good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :] for place in range(len(good))]
    for wrapped in (*flips, *(good[:length] for length in range(len(good)))):
        with pytest.raises(KeyDamaged):
            unwrap(replace(row, wrapped=wrapped), kek)


def test_a_row_without_a_private_part_says_so(kek: FileKek, secret_rows: list[KeyRecord]) -> None:
    """What was destroyed can't be opened."""
    with pytest.raises(KeyDamaged, match="no private part"):
        unwrap(replace(secret_rows[1], wrapped=None), kek)


def test_a_row_does_not_print_what_it_wraps(active_keys: dict[str, KeyRecord]) -> None:
    """The repr of a row leaves the wrapped part out."""
    assert "wrapped" not in repr(active_keys["ES256"])
