"""Guesses as a place sees them, on both databases: pairs that fail, work that is asked for, hours that are over."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from idp.lockout.models import COUNTERS
from idp.lockout.place_failures import forgive_by_place
from idp.lockout.places import HOUR, LIMITS
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import TooManyGuesses, WorkDue
from idp.storage.database import Database
from tests.support.guessing import BROWSER, START, admitted, counters, fail, guess, know, origin


def test_a_place_counts_pairs_and_not_tries(database: Database) -> None:
    """One person who mistypes twenty times is one failure; a hundred names are a hundred."""
    assert [1] + [None] * 19 == [fail(database, name="tom").address for _ in range(20)]
    assert [2, 3, 4] == [fail(database, name=f"name {number}").address for number in range(3)]
    assert 1 == fail(database, name="tom", after=HOUR).address


def test_success_gives_back_its_own_pair_alone(database: Database) -> None:
    """Whoever signs in to an account of their own takes nothing off the others' failures from the same address."""
    for name in ("tom", "dana", "ann"):
        fail(database, name=name)
    for _ in range(3):
        with database.writing() as connection:
            forgive_by_place(connection, origin("tom"))
            forgive_by_place(connection, origin("own account"))
    counted = counters(database)
    assert (2, 2) == (counted[origin().address_key], counted[origin().network_key])
    assert 3 == fail(database, name="tom").address


def put_failures(database: Database, kind: GuessKind, failures: int) -> None:
    """Let a place have failed so often."""
    key = origin().address_key if kind is GuessKind.ADDRESS else origin().network_key
    row = {"key": key, "kind": kind.value, "window_started": START, "failures": failures, "consecutive": 0}
    with database.writing() as connection:
        connection.execute(insert(COUNTERS).values(row))


@pytest.mark.parametrize("kind", [GuessKind.ADDRESS, GuessKind.NETWORK])
def test_a_busy_place_is_asked_for_work_and_then_refused(database: Database, kind: GuessKind) -> None:
    """Nothing is counted at the name meanwhile; work helps until the second limit; other places meet nothing."""
    put_failures(database, kind, LIMITS[kind].work - 1)
    assert admitted(guess(database))
    fail(database, name="one more")
    refused = guess(database).refusal
    assert (WorkDue, kind, START + HOUR) == (type(refused), refused and refused.kind, refused and refused.ends_at)
    assert 1 == counters(database)["typed:tom"]
    assert admitted(guess(database, worked=True))
    assert admitted(guess(database, address="203.0.113.1"))
    assert admitted(guess(database, after=HOUR))


def test_a_very_busy_place_is_refused_for_the_rest_of_the_hour(database: Database) -> None:
    """Work pays for nothing any more; whoever is known there signs in all the same."""
    know(database, "a1")
    put_failures(database, GuessKind.ADDRESS, LIMITS[GuessKind.ADDRESS].refused)
    refused = guess(database, worked=True).refusal
    assert (TooManyGuesses, GuessKind.ADDRESS) == (type(refused), refused and refused.kind)
    assert admitted(guess(database, account="a1", device=BROWSER))
