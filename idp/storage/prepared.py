"""Statements of the hot paths: written with SQLAlchemy, compiled once, and run without its execution layer.

That layer costs more than everything else in a token request (docs/performance.md). Transactions, pool and errors stay
SQLAlchemy's, so that nothing else can tell the difference; on SQLite these are ordinary statements.
"""

from __future__ import annotations

import itertools
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import psycopg
from sqlalchemy import Connection, Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.selectable import ReturnsRows

from idp.storage.line import Statement
from idp.storage.patience import PatientConnection
from idp.storage.text_format import Decode, Encode, spelling

_numbers = itertools.count(1)


class Prepared:
    """One statement that gives one row at most; `build` is asked for it once, at its first use."""

    def __init__(self, build: Callable[[], Executable]) -> None:
        self._build = build
        self._statement: Executable | None = None
        self._compiled: _Compiled | None = None

    def row(self, connection: Connection, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - its own columns
        """Run it and give its row, whose columns are attributes (`_asdict()` gives them all), or None.

        `parameters` must hold every value that the statement binds by name; others are passed over.

        Raises:
            DBAPIError: as `Connection.execute` does.
        """
        if self._statement is None:
            self._statement = self._build()
        if connection.dialect.name != "postgresql":
            return connection.execute(self._statement, dict(parameters)).one_or_none()
        if self._compiled is None:
            self._compiled = _compile(self._statement)
        return _run(connection, self._compiled, parameters)


class _Compiled(NamedTuple):
    statement: Statement
    text: str
    binds: tuple[tuple[str, Encode], ...]
    constants: Mapping[str, Any]
    decoders: tuple[Decode, ...]
    row: Callable[..., Any]


def _compile(statement: Executable) -> _Compiled:
    numbered = cast("Any", PGDialect_psycopg)(paramstyle="numeric_dollar")
    compiled = cast("Any", cast("ClauseElement", statement).compile(dialect=numbered))
    names: tuple[str, ...] = tuple(compiled.positiontup or ())
    bound = [spelling(compiled.binds[name].type) for name in names]
    columns = cast("ReturnsRows", statement).exported_columns
    text = str(compiled)
    return _Compiled(
        statement=Statement(
            name=b"idp_%d" % next(_numbers),
            text=text.encode(),
            oids=tuple(oid for oid, *_ in bound),
            formats=tuple(bound_in for _, bound_in, *_ in bound),
        ),
        text=text,
        binds=tuple((name, encode) for name, (*_, encode, _) in zip(names, bound, strict=True)),
        constants={name: compiled.binds[name].value for name in names if not compiled.binds[name].required},
        decoders=tuple(spelling(column.type)[3] for column in columns),
        row=namedtuple("row", [str(name) for name in columns.keys()]),  # noqa: PYI024, SIM118 - columns known at run time
    )


def _run(connection: Connection, compiled: _Compiled, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401
    known = {**compiled.constants, **parameters} if compiled.constants else parameters
    driver = cast("PatientConnection", connection.connection.driver_connection)
    # Whoever counts or guards statements sees this one too.
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, None, compiled.text, (), None, False)
    try:
        values = [None if (value := known[name]) is None else encode(value) for name, encode in compiled.binds]
        result = driver.line.ask(compiled.statement, values, begin=not driver.autocommit, patience=driver.patience)
    except psycopg.Error as error:
        raise _as_sqlalchemy(connection, driver, compiled, error) from error
    if not result.ntuples:
        return None
    fields = [
        None if (field := result.get_value(0, place)) is None else decode(field)
        for place, decode in enumerate(compiled.decoders)
    ]
    return compiled.row(*fields)


def _as_sqlalchemy(
    connection: Connection, driver: PatientConnection, compiled: _Compiled, error: psycopg.Error
) -> BaseException:
    """Wrap the driver's error as SQLAlchemy would, without the parameters, which may be personal."""
    gone = driver.closed
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        compiled.text,
        cast("Any", None),
        error,
        psycopg.Error,
        hide_parameters=True,
        connection_invalidated=gone,
        dialect=connection.dialect,
    )
