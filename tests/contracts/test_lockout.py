"""Budgets of guesses on SQLite and PostgreSQL: counted before they are checked, and never exceeded."""

from itertools import count

import pytest
from sqlalchemy import select

from idp.lockout.models import COUNTERS
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import Reservation, TooManyGuesses
from idp.lockout.reserve import reserve, undo
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.prune import prune
from tests.support.racing import at_once
from tests.support.statements import statements_of

HALF_HOUR = 1800.0
HOUR = 3600.0


def guess(database: Database, *, name: str = "tom", address: str = "one", now: float = 0.0) -> Reservation:
    """Count a guess in a transaction of its own."""
    with database.writing() as connection:
        return reserve(connection, identifier_key=name, address_key=address, now=now)


def admitted(reservation: Reservation) -> bool:
    """Whether the guess may be checked."""
    try:
        reservation.require_admitted()
    except TooManyGuesses:
        return False
    return True


def take_back(database: Database, reservation: Reservation) -> None:
    """Say that the guess was right."""
    with database.writing() as connection:
        undo(connection, reservation)


def failures(database: Database) -> dict[str, int]:
    """Read how many failures each key has."""
    with database.reading() as connection:
        return {row.key: row.failures for row in connection.execute(select(COUNTERS.c.key, COUNTERS.c.failures))}


def test_ten_guesses_at_a_name(database: Database) -> None:
    """The eleventh is not checked, from wherever it comes, until half an hour after the tenth."""
    for number in range(10):
        guess(database, address=f"a{number}", now=float(number * 100)).require_admitted()
    with pytest.raises(TooManyGuesses) as refused:
        guess(database, address="elsewhere", now=901.0).require_admitted()
    assert (GuessKind.IDENTIFIER, 900.0 + HALF_HOUR) == (refused.value.kind, refused.value.ends_at)
    assert not admitted(guess(database, address="elsewhere", now=900.0 + HALF_HOUR - 0.1))
    assert admitted(guess(database, address="elsewhere", now=900.0 + HALF_HOUR))


def test_failures_are_forgotten_after_half_an_hour(database: Database) -> None:
    """Nine failures leave one; half an hour after the first there are ten again."""
    for _ in range(9):
        assert admitted(guess(database, now=0.0))
    assert admitted(guess(database, address="a", now=HALF_HOUR))
    assert 1 == failures(database)["tom"]


def test_a_refused_guess_does_not_prolong_the_rest(database: Database) -> None:
    """A stranger who goes on guessing does not keep the owner out for ever."""
    for number in range(30):
        guess(database, address=f"a{number}", now=float(number))
    assert 10 == failures(database)["tom"]
    assert admitted(guess(database, address="b", now=9.0 + HALF_HOUR))


def test_a_right_guess_costs_nothing(database: Database) -> None:
    """Three hundred people of one organisation sign in from one address, one of them fifty times."""
    for number in range(300):
        take_back(database, guess(database, name=f"name {number % 250}"))
    assert {0} == set(failures(database).values())


def test_a_right_guess_takes_back_itself_alone(database: Database) -> None:
    """Nine failures stay nine: signing in to one's own account resets nobody's counter, not even the address's."""
    for _ in range(9):
        guess(database)
    for _ in range(3):
        take_back(database, guess(database))
    take_back(database, guess(database, name="own"))
    assert {"tom": 9, "own": 0, "one": 9} == failures(database)
    assert admitted(guess(database))
    assert not admitted(guess(database))


def test_the_tenth_guess_may_be_right(database: Database) -> None:
    """Then the rest that it began is over as well."""
    *_, tenth = [guess(database) for _ in range(10)]
    take_back(database, tenth)
    assert admitted(guess(database, now=1.0))
    assert not admitted(guess(database, now=2.0))


def test_what_began_anew_is_not_taken_back(database: Database) -> None:
    """A check that outlasts its window gives nobody a guess more in the next one."""
    early = guess(database, now=0.0)
    guess(database, now=HOUR)
    take_back(database, early)
    assert {"tom": 1, "one": 1} == failures(database)


def test_only_an_admitted_guess_can_be_right(database: Database) -> None:
    """What was refused takes nothing back."""
    *_, last = [guess(database) for _ in range(11)]
    with pytest.raises(TooManyGuesses):
        take_back(database, last)


def test_a_hundred_failures_from_an_address(database: Database) -> None:
    """Whoever goes through names is stopped at the hundredth; names that come after are not counted."""
    for number in range(100):
        assert admitted(guess(database, name=f"name {number}", now=float(number)))
    with pytest.raises(TooManyGuesses) as refused:
        guess(database, name="victim", now=100.0).require_admitted()
    assert (GuessKind.ADDRESS, 99.0 + HOUR) == (refused.value.kind, refused.value.ends_at)
    assert "victim" not in failures(database)
    assert admitted(guess(database, name="victim", address="another", now=100.0))


def test_guesses_at_a_resting_name_count_for_the_address(database: Database) -> None:
    """Hammering at one name uses up the address's budget too."""
    for _ in range(100):
        guess(database)
    assert {"tom": 10, "one": 100} == failures(database)
    assert not admitted(guess(database, name="another"))


def test_two_hundred_at_once_are_ten(database_url: str) -> None:
    """Of two hundred guesses in parallel, ten are checked; what was counted outlives the process."""
    database = Database(open_engine(database_url, pool_size=20))
    numbers = count()

    def ten_guesses() -> list[bool]:
        return [admitted(guess(database, address=f"a{next(numbers) % 7}")) for _ in range(10)]

    outcomes = [outcome for outcomes in at_once(20, ten_guesses) for outcome in outcomes]
    assert (200, 10) == (len(outcomes), outcomes.count(True))
    database.engine.dispose()
    reopened = Database(open_engine(database_url))
    assert 10 == failures(reopened)["tom"]
    assert not admitted(guess(reopened))
    reopened.engine.dispose()


def test_crossing_names_and_addresses_never_block_each_other(database_url: str) -> None:
    """Counting and taking back touch rows in one order: no deadlock, and in the end nothing is left counted."""
    database = Database(open_engine(database_url, pool_size=8))
    numbers = count()

    def right_guesses() -> None:
        mine = next(numbers)
        for turn in range(15):
            reserved = guess(database, name=f"n{(turn + mine) % 3}", address=f"a{(turn * mine) % 3}")
            if admitted(reserved):
                take_back(database, reserved)

    at_once(8, right_guesses)
    counted = failures(database)
    assert {0} == {failed for key, failed in counted.items() if key.startswith("n")}
    database.engine.dispose()


def test_counting_is_one_statement_on_postgresql(postgresql_url: str) -> None:
    """Both budgets in one round trip, and both back in one."""
    database = Database(open_engine(postgresql_url))
    with statements_of(database.engine) as sent:
        take_back(database, guess(database))
    assert 2 == len(sent)
    database.engine.dispose()


def test_old_counters_are_pruned(database: Database) -> None:
    """Nothing goes that may still refuse a guess."""
    for number in range(11):
        guess(database, now=number * (HALF_HOUR - 1) / 10)
    prune(database, 2 * HALF_HOUR - 2)
    assert {"tom": 10, "one": 11} == failures(database)
    prune(database, 3 * HOUR)
    assert {} == failures(database)
