"""Bounds what the PostgreSQL server cannot bound itself: a server that hangs enforces no statement timeout.

Invariant: no call on a connection waits longer than `ANSWER_SECONDS`; after that the connection is closed, because
what it will answer, and to which question, is unknown.
"""

import select
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from psycopg import Connection, errors
from psycopg.abc import PQGen
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from typing_extensions import override

from idp.storage.line import Line, NoAnswer

CONNECT_SECONDS = 2
"""How long one host may take to accept a connection."""

ANSWER_SECONDS = 3.0
"""How long an answer may take: a second more than the server's own statement timeout."""

Result = TypeVar("Result")


class PatientConnection(Connection[Any]):
    """A connection whose every wait ends."""

    patience: ClassVar[float] = ANSWER_SECONDS

    @cached_property
    def line(self) -> Line:
        """The short way, for prepared statements."""
        return Line(self.pgconn)

    @override
    def wait(self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        """Wait for an answer.

        Raises:
            NoAnswer: None came in time; the connection is closed.
        """
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except errors._WaitTimeout as error:  # noqa: SLF001
            self.pgconn.finish()
            raise NoAnswer("the database did not answer in time") from error


def was_silent(error: Exception) -> bool | None:
    """Tell what an error says about the server: it was silent, it answered (False), or it was not asked (None)."""
    if isinstance(error, NoFreeConnection):
        return None
    return isinstance(error, DBAPIError) and isinstance(error.orig, NoAnswer | errors.ConnectionTimeout)


def is_abandoned(connection: PatientConnection) -> bool:
    """Tell whether the server has said something to an idle connection: goodbye, usually.

    One look at the socket (about a microsecond) instead of a round trip. An idle server has nothing to say; whatever
    it did say, the connection is cheaper to replace than to understand.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
