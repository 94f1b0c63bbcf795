"""One round trip on a PostgreSQL connection, spoken through libpq itself: BEGIN (where due) and a statement in one go.

psycopg's cursors would send BEGIN by itself, wait, then send the statement; between threads that share a core each wait
is worth more than the statement (docs/performance.md). Invariant: as everywhere, no wait is longer than the
connection's patience, and psycopg finds its connection as it expects to: not in pipeline mode, its transaction open.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import NamedTuple

from psycopg import OperationalError, pq
from psycopg.errors import error_from_result

# "cached plan must not change result type", "prepared statement does not exist".
_UNUSABLE = frozenset({b"0A000", b"26000"})
_DONE = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})


class NoAnswer(OperationalError):
    """The server stayed silent for longer than it lets its own statements run; the connection is closed."""


class Statement(NamedTuple):
    """A statement with numbered parameters, under the name by which each connection keeps it prepared."""

    name: bytes
    text: bytes
    oids: tuple[int, ...]
    formats: tuple[int, ...]


class Line:
    """Speaks on one connection, one thread at a time."""

    def __init__(self, pgconn: pq.abc.PGconn) -> None:
        self._pgconn = pgconn
        self._prepared: set[bytes] = set()
        self._poll = select.poll()
        self._poll.register(pgconn.socket, select.POLLIN)

    def ask(
        self, statement: Statement, values: Sequence[bytes | None], *, begin: bool, patience: float
    ) -> pq.abc.PGresult:
        """Run the statement, in a new transaction if `begin` and none is open; waits `patience` seconds at most.

        Raises:
            psycopg.Error: as the server says; NoAnswer where it says nothing.
        """
        pgconn = self._pgconn
        fresh = statement.name not in self._prepared
        pgconn.enter_pipeline_mode()
        try:
            if begin and pgconn.transaction_status == pq.TransactionStatus.IDLE:
                pgconn.send_query_params(b"BEGIN", None)
            if fresh:
                pgconn.send_prepare(statement.name, statement.text, statement.oids)
            pgconn.send_query_prepared(statement.name, values, statement.formats)
            pgconn.pipeline_sync()
            results = self._results(patience)
        finally:
            if pgconn.status == pq.ConnStatus.OK:
                pgconn.exit_pipeline_mode()
        *before, answer = results
        if fresh and all(result.status in _DONE for result in before):
            self._prepared.add(statement.name)
        for result in results:
            if result.status not in _DONE:
                raise self._failure(result)
        return answer

    def _results(self, patience: float) -> list[pq.abc.PGresult]:
        """Collect what was answered, up to the point where the pipeline is in step again."""
        results: list[pq.abc.PGresult] = []
        pgconn = self._pgconn
        while pgconn.flush():
            self._wait(patience, select.POLLIN | select.POLLOUT)
        while True:
            while pgconn.is_busy():
                self._wait(patience, select.POLLIN)
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)

    def _wait(self, patience: float, events: int) -> None:
        if events != select.POLLIN:
            self._poll.modify(self._pgconn.socket, events)
        try:
            if not self._poll.poll(patience * 1000):
                self._pgconn.finish()
                raise NoAnswer("the database did not answer in time")
        finally:
            if events != select.POLLIN and self._pgconn.status == pq.ConnStatus.OK:
                self._poll.modify(self._pgconn.socket, select.POLLIN)

    def _failure(self, result: pq.abc.PGresult) -> Exception:
        if result.error_field(pq.DiagnosticField.SQLSTATE) in _UNUSABLE:
            # A migration ran under this process: the connection would fail with this statement for ever.
            self._pgconn.finish()
        return error_from_result(result)
