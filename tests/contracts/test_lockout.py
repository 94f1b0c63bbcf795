"""Budgets of guesses on SQLite and PostgreSQL: counted before they are checked, and never exceeded."""

from __future__ import annotations

import secrets
from itertools import count

import pytest
from sqlalchemy import select

from idp.lockout.known_devices import device_parameters, remember_device
from idp.lockout.models import COUNTERS, KNOWN, REMEMBERED_SECONDS
from idp.lockout.place_failures import forgive_by_place
from idp.lockout.places import HOUR
from idp.lockout.policy import GuessKind
from idp.lockout.reservation import GuessesStopped, GuessTooSoon, TooManyGuesses
from idp.lockout.reserve import undo
from idp.lockout.take import forget_guesses, put_back, take
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.prune import prune
from tests.support.guessing import (
    BROWSER,
    DAY,
    HALF_HOUR,
    SCHEDULE,
    START,
    admitted,
    counters,
    fail,
    guess,
    know,
    origin,
    take_back,
    ten_guesses,
)
from tests.support.racing import at_once
from tests.support.statements import statements_of


def test_ten_guesses_at_a_name(database: Database) -> None:
    """The eleventh is not checked, from wherever it comes, until half an hour after the tenth."""
    ten_guesses(database)
    with pytest.raises(TooManyGuesses) as refused:
        guess(database, address="198.51.100.1", after=40.0).require_admitted()
    assert (GuessKind.IDENTIFIER, START + 20.0 + HALF_HOUR) == (refused.value.kind, refused.value.ends_at)
    assert not admitted(guess(database, after=20.0 + HALF_HOUR - 0.1))
    assert admitted(guess(database, after=20.0 + HALF_HOUR))


def test_the_last_guesses_have_to_wait(database: Database) -> None:
    """Six come as fast as they like; then each waits. One that comes too soon is told how long, and costs nothing."""
    for _ in range(6):
        assert admitted(guess(database))
    early = guess(database, after=0.5).refusal
    assert isinstance(early, GuessTooSoon)
    assert START + 1.5 >= early.ends_at
    assert 6 == counters(database)["typed:tom"]
    assert admitted(guess(database, after=1.0))
    assert [False, True] == [admitted(guess(database, after=after)) for after in (2.9, 3.0)]


def test_failures_are_forgotten_after_half_an_hour(database: Database) -> None:
    """Nine failures leave one; half an hour after the first there are ten again."""
    for seconds in SCHEDULE[:9]:
        assert admitted(guess(database, after=seconds))
    assert admitted(guess(database, after=HALF_HOUR))
    assert 1 == counters(database)["typed:tom"]


def test_a_refused_guess_does_not_prolong_the_rest(database: Database) -> None:
    """A stranger who goes on guessing does not keep the owner out for ever."""
    ten_guesses(database)
    for number in range(20):
        guess(database, after=21.0 + number)
    assert 10 == counters(database)["typed:tom"]
    assert admitted(guess(database, after=20.0 + HALF_HOUR))


def test_a_known_browser_has_a_budget_of_its_own(database: Database) -> None:
    """Strangers use theirs up, its owner's is untouched; and the other way round."""
    know(database, "a1")
    ten_guesses(database, account="a1")
    assert not admitted(guess(database, account="a1", after=40.0))
    mine = guess(database, account="a1", device=BROWSER, after=40.0)
    assert (True, True) == (admitted(mine), mine.device_id is not None)
    for seconds in SCHEDULE[1:]:
        guess(database, account="a1", device=BROWSER, after=40.0 + seconds).require_admitted()
    assert not admitted(guess(database, account="a1", device=BROWSER, after=90.0))


@pytest.mark.parametrize("stranger", [b"c" * 32, None])
def test_a_browser_is_known_for_its_own_accounts(database: Database, stranger: bytes | None) -> None:
    """Neither another browser nor another account has anything from it, nor what is over."""
    know(database, "a1")
    assert guess(database, account="a1", device=stranger).device_id is None
    assert guess(database, account="a2", device=BROWSER).device_id is None
    assert guess(database, account=None, device=BROWSER).device_id is None
    assert guess(database, account="a1", device=BROWSER, after=400 * DAY).device_id is None


def test_a_known_browser_is_written_down_once_a_day(database: Database) -> None:
    """One row, whose end moves with use."""
    ends = []
    for after in (0.0, DAY - 1, DAY):
        know(database, "a1", at=START + after)
        with database.reading() as connection:
            ends.append(connection.execute(select(KNOWN.c.expires_at)).scalar_one() - START)
    assert [400 * DAY, 400 * DAY, 401 * DAY] == ends


def test_nothing_is_known_without_a_handle(database: Database) -> None:
    """A shared browser leaves no row."""
    nothing = device_parameters(handle_digest=None, account_id="a1", now=START, entropy=secrets.token_bytes)
    with database.writing() as connection:
        connection.execute(remember_device(connection.dialect.name), nothing)
        assert connection.execute(select(KNOWN)).first() is None


def a_hundred(database: Database, *, account: str, device: bytes | None = None) -> float:
    """Fail a hundred times in a row, over ten windows; gives the seconds until then."""
    for window in range(10):
        ten_guesses(database, account=account, device=device, after=window * 2000.0)
    return 10 * 2000.0


def test_a_hundred_in_a_row_stop_for_good(database: Database) -> None:
    """No rest ends that; the other class of devices is not meant, and recovery opens both."""
    know(database, "a1")
    later = a_hundred(database, account="a1")
    for after in (later, later + HALF_HOUR, later + 30 * DAY):
        assert isinstance(guess(database, account="a1", after=after).refusal, GuessesStopped)
    assert admitted(guess(database, account="a1", device=BROWSER, after=later))
    later += a_hundred(database, account="a2", device=BROWSER)
    assert isinstance(guess(database, account="a1", after=later).refusal, GuessesStopped)
    with database.writing() as connection:
        forget_guesses(connection, account_id="a1")
    assert admitted(guess(database, account="a1", after=later))
    assert isinstance(guess(database, account="a2", after=later).refusal, GuessesStopped)


def test_recovery_opens_a_known_browser_too(database: Database) -> None:
    """Everything that was counted for the account is forgotten."""
    know(database, "a1")
    later = a_hundred(database, account="a1", device=BROWSER)
    assert isinstance(guess(database, account="a1", device=BROWSER, after=later).refusal, GuessesStopped)
    with database.writing() as connection:
        forget_guesses(connection, account_id="a1")
    assert admitted(guess(database, account="a1", device=BROWSER, after=later))


def test_a_guess_that_was_not_looked_at_takes_back_itself_alone(database: Database) -> None:
    """Nine failures stay nine, and their place in the row of failures."""
    for seconds in SCHEDULE[:9]:
        guess(database, after=seconds)
    for _ in range(3):
        take_back(database, guess(database, after=20.0))
    assert 9 == counters(database)["typed:tom"]
    assert admitted(guess(database, after=21.0))
    assert not admitted(guess(database, after=22.0))
    with database.reading() as connection:
        assert 10 == connection.execute(select(COUNTERS.c.consecutive)).scalar_one()


def test_what_began_anew_is_not_taken_back(database: Database) -> None:
    """A check that outlasts its window gives nobody a guess more in the next one."""
    early = guess(database)
    guess(database, after=HALF_HOUR)
    take_back(database, early)
    assert {"typed:tom": 1} == counters(database)


def test_only_an_admitted_guess_can_be_taken_back(database: Database) -> None:
    """What was refused takes nothing back."""
    ten_guesses(database)
    with pytest.raises(TooManyGuesses):
        take_back(database, guess(database, after=40.0))


def test_two_hundred_at_once_are_never_more_than_the_budget(database_url: str) -> None:
    """Of two hundred guesses in parallel the free ones are checked; waiting gives the rest, and not one more."""
    database = Database(open_engine(database_url, pool_size=20))
    numbers = count()

    def guesses() -> list[bool]:
        return [admitted(guess(database, address=f"192.0.2.{next(numbers) % 7}")) for _ in range(10)]

    outcomes = [outcome for outcomes in at_once(20, guesses) for outcome in outcomes]
    assert (200, 6) == (len(outcomes), outcomes.count(True))
    database.engine.dispose()
    reopened = Database(open_engine(database_url))
    later = [admitted(guess(reopened, after=after)) for after in (1.0, 3.0, 7.0, 15.0, 31.0, 63.0)]
    assert [True] * 4 + [False] * 2 == later
    assert 10 == counters(reopened)["typed:tom"]
    reopened.engine.dispose()


def test_names_and_places_never_block_each_other(database_url: str) -> None:
    """Counting and taking back touch rows in one order: no deadlock, and in the end nothing is left counted."""
    database = Database(open_engine(database_url, pool_size=8))
    numbers = count()

    def fail_and_succeed() -> None:
        mine = next(numbers)
        for turn in range(10):
            name, address = f"n{(turn + mine) % 3}", f"192.0.2.{(turn * mine) % 3}"
            reserved = guess(database, name=name, address=address)
            fail(database, name=name, address=address)
            with database.writing() as connection:
                if admitted(reserved):
                    undo(connection, reserved)
                forgive_by_place(connection, origin(name, address=address))

    at_once(8, fail_and_succeed)
    left = {key: failed for key, failed in counters(database).items() if key.startswith(("typed", "place", "wider"))}
    assert {0} == set(left.values())
    database.engine.dispose()


def test_codes_have_budgets_of_their_own(database: Database) -> None:
    """Ten guesses at second factors over all journeys, five texts for a number; a right code is given back."""

    def taken(kind: GuessKind, times: int) -> int:
        done = 0
        for _ in range(times):
            try:
                with database.writing() as connection:
                    take(connection, kind=kind, key="account:a1", now=START)
            except TooManyGuesses:
                continue
            done += 1
        return done

    assert (10, 5) == (taken(GuessKind.FACTOR, 100), taken(GuessKind.SEND, 10))
    with database.writing() as connection:
        put_back(connection, kind=GuessKind.FACTOR, key="account:a1", window=START)
        forget_guesses(connection, account_id="a1")
    assert 1 == taken(GuessKind.FACTOR, 10)


def test_a_guess_and_its_return_on_postgresql(postgresql_url: str) -> None:
    """Counted in two statements where the account is known already; given back in one."""
    database = Database(open_engine(postgresql_url))
    with statements_of(database.engine) as sent:
        take_back(database, guess(database))
    assert 3 == len(sent)
    database.engine.dispose()


def test_old_counters_are_pruned(database: Database) -> None:
    """Nothing goes that may still refuse a guess, or that counts towards a stop; what is stopped stays for good."""
    ten_guesses(database)
    a_hundred(database, account="a1")
    fail(database, name="tom")
    prune(database, START + 2 * HOUR)
    assert {"typed:tom", "account:a1", origin().pair_key} < set(counters(database))
    prune(database, START + 3 * HOUR)
    assert {"typed:tom", "account:a1"} == set(counters(database))
    prune(database, START + REMEMBERED_SECONDS + DAY)
    assert {"account:a1"} == set(counters(database))
