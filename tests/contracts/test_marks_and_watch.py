"""Marks and the watch, on SQLite and PostgreSQL: what ended is known everywhere, soon, or the view says it is old."""

import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Event as Signal

import pytest
from sqlalchemy import Engine, delete, event, insert, update

from idp.storage.database import Database, StorageUnavailable
from idp.storage.engine import open_engine
from idp.storage.marks import KEEP_SECONDS, Mark, MarkRow, database_time, write_mark
from idp.storage.prune import prune
from idp.storage.revisions import bump
from idp.storage.watch import StaleView, Watch
from tests.support.clock import SettableClock


@pytest.fixture
def watch(database: Database, clock: SettableClock) -> Watch:
    """Give a watch that has not polled yet."""
    return Watch(database, clock)


@pytest.fixture
def seen(watch: Watch) -> list[Mark]:
    """Give the list to which the watch hands marks."""
    marks: list[Mark] = []
    watch.on_marks(marks.extend)
    return marks


def elsewhere(database: Database, id: str, *, stored_ago: float = 0.0) -> None:
    """Write a mark as another process does: this one's subscribers hear nothing of it."""
    row = {"kind": "grant", "id": id, "not_before": 5.0, "written_at": 6.0}
    with database.engine.begin() as connection:
        connection.execute(insert(MarkRow).values(**row, stored_at=database_time() - stored_ago))


def test_own_marks_are_seen_at_once(database: Database, seen: list[Mark]) -> None:
    """When the transaction that ends a grant has committed, its process knows it without polling."""
    with database.writing() as connection:
        mark = write_mark(connection, kind="grant", id="g1", not_before=5.0, now=6.0)
        assert [] == seen
    assert [Mark("grant", "g1", 5.0, 6.0)] == [mark] == seen


def test_marks_of_a_failed_transaction_are_never_seen(database: Database, watch: Watch, seen: list[Mark]) -> None:
    """What is rolled back has ended nothing."""
    with suppress(ZeroDivisionError), database.writing() as connection:
        write_mark(connection, kind="all", id="", not_before=5.0, now=6.0)
        raise ZeroDivisionError
    watch.poll_once()
    assert [] == seen


def test_marks_of_others_are_seen_when_polled(database: Database, watch: Watch, seen: list[Mark]) -> None:
    """A poll hands on what other processes ended, once."""
    elsewhere(database, "g1")
    watch.poll_once()
    watch.poll_once()
    assert [Mark("grant", "g1", 5.0, 6.0)] == seen


def test_the_first_poll_reads_every_kept_mark(database: Database, watch: Watch, seen: list[Mark]) -> None:
    """A process that starts learns what ended long before it."""
    elsewhere(database, "old", stored_ago=3600.0)
    watch.poll_once()
    assert ["old"] == [mark.id for mark in seen]


def test_a_mark_committed_late_is_seen(database: Database, watch: Watch, seen: list[Mark]) -> None:
    """A mark whose transaction took nine seconds is seen, though later ones have been read before it."""
    elsewhere(database, "quick")
    watch.poll_once()
    elsewhere(database, "slow", stored_ago=9.0)
    watch.poll_once()
    assert ["quick", "slow"] == [mark.id for mark in seen]


def test_the_writers_clock_hides_no_mark(database: Database, watch: Watch, seen: list[Mark]) -> None:
    """A node whose clock is a minute slow, or fast, is heard all the same: the database's clock decides."""
    watch.poll_once()
    for name, now in (("slow", time.time() - 60), ("fast", time.time() + 60)):
        with database.engine.begin() as connection:
            write_mark(connection, kind="session", id=name, not_before=now, now=now)
        watch.poll_once()
    assert ["slow", "fast"] == [mark.id for mark in seen]


def test_a_poll_is_one_statement(database: Database, watch: Watch) -> None:
    """A poll with nothing new costs the database one statement."""
    watch.poll_once()
    statements: list[str] = []
    _record(database.engine, statements)
    watch.poll_once()
    assert 1 == len([one for one in statements if not one.startswith("BEGIN")])


def _record(engine: Engine, statements: list[str]) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)


def test_a_view_is_fresh_for_two_seconds(watch: Watch, clock: SettableClock) -> None:
    """Never polled, two seconds old, or confirmed in what is now the future: each is stale."""
    with pytest.raises(StaleView):
        watch.require_fresh(clock())
    watch.poll_once()
    watch.require_fresh(clock() + 2.0)
    for off in (2.1, -2.1):
        with pytest.raises(StaleView):
            watch.require_fresh(clock() + off)


def test_a_failed_poll_keeps_the_views_age(database: Database, watch: Watch, clock: SettableClock) -> None:
    """A poll that raises confirms nothing, and one that succeeds later does."""
    watch.poll_once()
    clock.advance(3)
    with database.engine.begin() as connection:
        MarkRow.__table__.drop(connection)  # type: ignore[attr-defined]
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever this database calls it
        watch.poll_once()
    with pytest.raises(StaleView):
        watch.require_fresh(clock())
    with database.engine.begin() as connection:
        MarkRow.__table__.create(connection)  # type: ignore[attr-defined]
    watch.poll_once()
    watch.require_fresh(clock())


def test_skew_is_measured(watch: Watch, clock: SettableClock) -> None:
    """The watch says how far its process's clock is ahead of the database's."""
    clock.now = time.time() + 40
    watch.poll_once()
    assert 40 == pytest.approx(watch.skew_seconds, abs=2)


def test_a_changed_set_is_told_once(database: Database, watch: Watch) -> None:
    """Callbacks come at the first poll and after each change, by others (when polled) or by this process (at once)."""
    told: list[str] = []
    watch.on_revision("clients", lambda: told.append("clients"))
    watch.on_revision("keys", lambda: told.append("keys"))
    with database.engine.begin() as connection:
        bump(connection, "clients")
    watch.poll_once()
    watch.poll_once()
    assert ["clients"] == told
    with database.writing() as connection:
        bump(connection, "keys")
        bump(connection, "keys")
    assert ["clients", "keys"] == told


def test_a_callback_that_fails_is_called_again(database: Database, watch: Watch, clock: SettableClock) -> None:
    """If a cache could not be reloaded the view is not fresh, and the next poll reloads it."""
    answers = iter([StorageUnavailable("first"), None])

    def reload() -> None:
        answer = next(answers)
        if answer is not None:
            raise answer

    watch.on_revision("keys", reload)
    with database.engine.begin() as connection:
        bump(connection, "keys")
    with pytest.raises(StorageUnavailable):
        watch.poll_once()
    with pytest.raises(StaleView):
        watch.require_fresh(clock())
    watch.poll_once()
    watch.require_fresh(clock())
    assert [] == list(answers)


def test_a_writer_does_not_fail_by_who_listens(database: Database, watch: Watch) -> None:
    """What is committed is committed: a callback that raises reaches the log, not the writer."""

    def fail(_marks: Sequence[Mark]) -> None:
        raise RuntimeError

    watch.on_marks(fail)
    with database.writing() as connection:
        write_mark(connection, kind="kid", id="k", not_before=5.0, now=6.0)
        bump(connection, "keys")


def test_the_thread_sees_what_others_write(database: Database) -> None:
    """The started watch keeps its view fresh, and hands on another process's mark within a second or so."""
    watch, handed = Watch(database, time.time, period=0.05), Signal()
    watch.on_marks(lambda _marks: handed.set())
    watch.start()
    try:
        elsewhere(database, "g1")
        assert handed.wait(5)
        watch.require_fresh(time.time())
    finally:
        watch.stop()


def test_the_thread_survives_failures(database_url: str) -> None:
    """While the tables are away the view grows old; when they are back it is fresh again."""
    database = Database(open_engine(database_url))
    watch = Watch(database, time.time, period=0.05)
    watch.start()
    try:
        with database.engine.begin() as connection:
            MarkRow.__table__.drop(connection)  # type: ignore[attr-defined]
        _until_stale(watch)
        with database.engine.begin() as connection:
            MarkRow.__table__.create(connection)  # type: ignore[attr-defined]
        _until_fresh(watch)
    finally:
        watch.stop()
        database.engine.dispose()


def _until_stale(watch: Watch) -> None:
    for _ in range(100):
        try:
            watch.require_fresh(time.time())
        except StaleView:
            return
        time.sleep(0.1)
    pytest.fail("the view never grew stale")


def _until_fresh(watch: Watch) -> None:
    for _ in range(100):
        try:
            return watch.require_fresh(time.time())
        except StaleView:
            time.sleep(0.1)
    pytest.fail("the view never became fresh")


def test_a_watch_can_be_stopped_and_started(database: Database, clock: SettableClock) -> None:
    """Stopping ends the thread; starting again polls again."""
    watch = Watch(database, clock, period=0.01)
    watch.start()
    watch.stop()
    clock.advance(10)
    watch.start()
    watch.stop()
    watch.require_fresh(clock())


def test_marks_are_kept_longer_than_any_access_token(database: Database) -> None:
    """Pruning removes marks two hours after they were written."""
    with database.writing() as connection:
        write_mark(connection, kind="account", id="a", not_before=5.0, now=1000.0)
    assert 0 == prune(database, 1000.0 + KEEP_SECONDS)["marks"]
    assert 1 == prune(database, 1000.1 + KEEP_SECONDS)["marks"]


def test_a_transaction_too_slow_to_be_noticed_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch, seen: list[Mark]
) -> None:
    """A mark that might be committed after others have stopped looking for it is not committed at all."""
    monkeypatch.setattr("idp.storage.database.MARKS_SECONDS", -1.0)
    with pytest.raises(StorageUnavailable), database.writing() as connection:
        write_mark(connection, kind="account", id="a", not_before=5.0, now=6.0)
    with database.engine.begin() as connection:
        assert 0 == connection.execute(delete(MarkRow)).rowcount
    assert [] == seen


def test_a_deleted_mark_is_no_problem(database: Database, watch: Watch, seen: list[Mark]) -> None:
    """Rows may be pruned between polls."""
    elsewhere(database, "g1")
    watch.poll_once()
    with database.engine.begin() as connection:
        connection.execute(update(MarkRow).values(not_before=7.0))
        connection.execute(delete(MarkRow))
    watch.poll_once()
    assert 1 == len(seen)
