"""Values as PostgreSQL spells them in its text format, by column type: what hot paths' statements bind and give back.

Few types are enough for a schema of texts, instants, flags, digests and JSON; another one is refused when a statement
is compiled. SQLAlchemy and psycopg's own adapters are the oracle in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
from psycopg import DataError
from sqlalchemy import JSON, Boolean, Double, Integer, LargeBinary, String
from sqlalchemy.types import TypeEngine

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes], Any]
TEXT_FORMAT, BINARY_FORMAT = 0, 1


def _text(value: str) -> bytes:
    encoded = value.encode()
    if b"\0" in encoded:
        # libpq would cut it there without a word.
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return encoded


def _flag(value: bool) -> bytes:  # noqa: FBT001 - it is the value
    return b"t" if value else b"f"


def _document(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


_OF: tuple[tuple[type[TypeEngine[Any]], int, int, Encode, Decode], ...] = (
    # type, its oid (0: as the statement's context has it), format of a bound value, both ways
    (String, 0, TEXT_FORMAT, _text, bytes.decode),
    (Double, 701, TEXT_FORMAT, lambda value: repr(float(value)).encode(), float),
    (Integer, 20, TEXT_FORMAT, lambda value: b"%d" % value, int),
    (Boolean, 16, TEXT_FORMAT, _flag, b"t".__eq__),
    (LargeBinary, 17, BINARY_FORMAT, bytes, lambda value: bytes.fromhex(value[2:].decode())),
    (JSON, 3802, TEXT_FORMAT, _document, orjson.loads),
)


class UnknownType(TypeError):
    """A column's type has no spelling here."""


def spelling(type_: TypeEngine[Any]) -> tuple[int, int, Encode, Decode]:
    """Give a type's oid, the format in which its values are bound, and how they are written and read.

    Raises:
        UnknownType: there is none; give the parameter or the column another type.
    """
    for known, oid, bound_in, encode, decode in _OF:
        if isinstance(type_, known):
            return oid, bound_in, encode, decode
    raise UnknownType(f"{type_!r} is no type of the hot paths")
