"""Transactions: the one way to write, the one way to read, and the one error when the database cannot.

Invariant: everything written inside `writing` is committed together or not at all, and what it ended (its marks) is
known to this process before its caller answers. `reading` cannot write.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Literal, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from idp.storage.breaker import Breaker, Resting
from idp.storage.engine import BUSY_SECONDS, POOL_SECONDS, READING
from idp.storage.marks import WRITTEN, Mark
from idp.storage.patience import ANSWER_SECONDS, CONNECT_SECONDS, was_silent
from idp.storage.revisions import BUMPED

MARKS_SECONDS = 5.0
"""A transaction with marks must commit within this time: other processes re-read only the last ten seconds."""

PROBE_SECONDS = POOL_SECONDS + CONNECT_SECONDS + ANSWER_SECONDS

READ_ONLY_SERVER = "25006"
_FREELY = nullcontext()
POOL_GAVE_UP = "This connection is closed"
"""What SQLAlchemy's pool says when every connection that it tried to hand out was broken."""


class StorageUnavailable(Exception):
    """The database cannot do it now: away, overloaded, read-only or too slow. Answer 503 and try again later."""


class Database:
    """One engine, its transactions, and who wants to know what they ended."""

    def __init__(self, engine: Engine) -> None:
        name = engine.dialect.name
        if name not in ("sqlite", "postgresql"):
            message = f"neither SQLite nor PostgreSQL: {name}"
            raise ValueError(message)
        self.engine = engine
        self.dialect = cast("Literal['sqlite', 'postgresql']", name)
        self._reader = engine.execution_options(**{READING: True})
        if name == "postgresql":
            # READ COMMITTED gives each statement its own snapshot anyway; this spares BEGIN and ROLLBACK round trips.
            self._reader = self._reader.execution_options(isolation_level="AUTOCOMMIT")
        # SQLite has one writer; threads that queue here are served in turn, those that queue there by chance.
        self._turn = Lock() if name == "sqlite" else None
        # Two, since a primary that waits for its standby takes no writes but answers reads.
        self._read_breaker = Breaker(was_silent, probe_seconds=PROBE_SECONDS)
        self._write_breaker = Breaker(was_silent, probe_seconds=PROBE_SECONDS)
        self._before_writing: Callable[[], None] = _nothing
        self._on_marks: list[Callable[[Sequence[Mark]], None]] = []
        self._on_revisions: list[Callable[[Sequence[str]], None]] = []

    def subscribe(self, callback: Callable[[Sequence[Mark]], None]) -> None:
        """Have the marks of every transaction of this process, right after its commit, in the committing thread."""
        self._on_marks.append(callback)

    def before_writing(self, check: Callable[[], None]) -> None:
        """Have this called before each transaction; it raises `StorageUnavailable` when none may be begun now."""
        self._before_writing = check

    def subscribe_revisions(self, callback: Callable[[Sequence[str]], None]) -> None:
        """Have the names bumped by every transaction of this process, right after its commit."""
        self._on_revisions.append(callback)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that only reads.

        On SQLite everything read is one snapshot; on PostgreSQL each statement is.

        Raises:
            StorageUnavailable: The database cannot answer now.
        """
        with _unavailable(), self._read_breaker.guard(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction, committed at the end of the block and rolled back when it raises.

        Raises:
            StorageUnavailable: The database cannot do it now; nothing was written (a lost answer to COMMIT excepted).
        """
        self._before_writing()
        marks: list[Mark] = []
        bumped: list[str] = []
        with _unavailable(), self._write_breaker.guard(), self._in_turn(), self.engine.connect() as plain:
            connection = plain.execution_options(**{WRITTEN: marks, BUMPED: bumped})
            started = time.monotonic()
            with connection.begin():
                yield connection
                if marks and time.monotonic() - started > MARKS_SECONDS:
                    message = "a transaction that ends something took too long to be noticed everywhere"
                    raise StorageUnavailable(message)
        self._announce(marks, bumped)

    def _announce(self, marks: Sequence[Mark], bumped: Sequence[str]) -> None:
        for on_marks in self._on_marks if marks else ():
            on_marks(marks)
        for on_revisions in self._on_revisions if bumped else ():
            on_revisions(bumped)

    def _in_turn(self) -> AbstractContextManager[None]:
        return _FREELY if self._turn is None else _one_by_one(self._turn)


@contextmanager
def _one_by_one(turn: Lock) -> Iterator[None]:
    if not turn.acquire(timeout=BUSY_SECONDS):
        message = "another thread has been writing for too long"
        raise StorageUnavailable(message)
    try:
        yield
    finally:
        turn.release()


def _nothing() -> None:
    """Check nothing before writing."""


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, NoFreeConnection, Resting) as error:
        raise StorageUnavailable(_reason(error)) from error
    except InvalidRequestError as error:
        if POOL_GAVE_UP in str(error):
            raise StorageUnavailable(POOL_GAVE_UP) from error
        raise
    except DBAPIError as error:
        if error.connection_invalidated or _is_read_only(error):
            raise StorageUnavailable(_reason(error)) from error
        raise


def _is_read_only(error: DBAPIError) -> bool:
    return isinstance(error, InternalError) and getattr(error.orig, "sqlstate", None) == READ_ONLY_SERVER


def _reason(error: Exception) -> str:
    """Say what failed without the statement and its parameters, which may hold personal values."""
    return type(error.orig if isinstance(error, DBAPIError) else error).__name__
