"""Challenges: unique, of one use, place and account, and over after five minutes."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from idp.mfa.passkey_challenge import Bound, Challenges, Purpose
from idp.mfa.verified import AnswerTooLate, WrongAnswer
from keys.mac import MacKey

HERE = Bound(purpose=Purpose.SECOND_FACTOR, place="journey:one", account_id="dana")
NOW = 1_800_000_000.0


@pytest.fixture
def challenges() -> Challenges:
    """Give the challenges of a service."""
    return Challenges(MacKey({1: b"r" * 32}, "proof.passkey"), entropy=secrets.token_bytes)


def test_no_challenge_is_made_twice(challenges: Challenges) -> None:
    """Ten thousand at one moment for one place, all different (ASVS 6.7.2)."""
    assert 10_000 == len({challenges.issue(HERE, now=NOW)[:32] for _ in range(10_000)})


def test_a_challenge_lives_five_minutes(challenges: Challenges) -> None:
    """It is known until then, and too late from then on."""
    value = challenges.issue(HERE, now=NOW)
    assert (value, NOW + 300) == (
        challenges.check(value, HERE, now=NOW + 299.9).value,
        challenges.check(value, HERE, now=NOW).expires_at,
    )
    with pytest.raises(AnswerTooLate):
        challenges.check(value, HERE, now=NOW + 300)


@pytest.mark.parametrize(
    "other",
    [
        replace(HERE, purpose=Purpose.SIGN_IN),
        replace(HERE, purpose=Purpose.ENROL),
        replace(HERE, place="journey:two"),
        replace(HERE, place="session:one"),
        replace(HERE, place="journey:onedana", account_id=""),
        replace(HERE, account_id=""),
        replace(HERE, account_id="tom"),
    ],
    ids=str,
)
def test_a_challenge_holds_where_it_was_made(challenges: Challenges, other: Bound) -> None:
    """Another purpose, journey or account's challenge is nobody's (T30)."""
    with pytest.raises(WrongAnswer):
        challenges.check(challenges.issue(HERE, now=NOW), other, now=NOW)


def test_a_forged_challenge_is_refused(challenges: Challenges) -> None:
    """Changed in any byte, shortened, lengthened, or of another key."""
    value = challenges.issue(HERE, now=NOW)
    flipped = [value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :] for at in range(len(value))]
    other_key = Challenges(MacKey({1: b"s" * 32}, "proof.passkey"), entropy=secrets.token_bytes)
    for forged in (*flipped, b"", b"c", value[1:], value[:-1], value + b"\0", other_key.issue(HERE, now=NOW)):
        with pytest.raises(WrongAnswer):
            challenges.check(forged, HERE, now=NOW)


def test_an_older_key_still_checks() -> None:
    """A new version of the key spoils no page that is open."""
    older = Challenges(MacKey({1: b"r" * 32}, "proof.passkey"), entropy=secrets.token_bytes)
    newer = Challenges(MacKey({1: b"r" * 32, 2: b"s" * 32}, "proof.passkey"), entropy=secrets.token_bytes)
    value = older.issue(HERE, now=NOW)
    assert value == newer.check(value, HERE, now=NOW).value
