"""Forms and queries, read strictly: application/x-www-form-urlencoded or a refusal.

Invariant: every input ends as a Form or as MalformedForm. A parameter without a value counts as not sent (RFC 6749
§3.1); one that is sent twice is named in `duplicates`, since no endpoint may guess which of the two was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

from idp.wire.errors import MalformedRequest

MAX_BODY = 64 * 1024
MAX_FIELDS = 100
MAX_VALUE = 32 * 1024

_FORM_TYPE = "application/x-www-form-urlencoded"
_HEX = "0123456789abcdefABCDEF"
_BYTE_OF = {f"{high}{low}".encode(): bytes.fromhex(high + low) for high in _HEX for low in _HEX}
_NONE_REPEATED: Mapping[str, tuple[str, ...]] = {}
_Default = TypeVar("_Default")


class MalformedForm(MalformedRequest):
    """A form or query that is not one; `description` says what is wrong with it, never what it held."""


class Form(Mapping[str, str]):
    """Parameters by name. One that was sent several times shows its first value, and stands in `duplicates`."""

    __slots__ = ("_first", "_repeated", "duplicates")

    def __init__(self, first: dict[str, str], repeated: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._first = first
        self._repeated = repeated or _NONE_REPEATED
        self.duplicates = frozenset(self._repeated)

    def __getitem__(self, name: str) -> str:
        return self._first[name]

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str | _Default) -> str | _Default: ...
    # Spelled out because Mapping's own goes through an exception, and endpoints mostly ask for what is absent.
    def get(self, name: str, /, default: object = None) -> object:
        """Give the value of a parameter, or the default where it was not sent."""
        return self._first.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def __repr__(self) -> str:
        return f"<Form of {len(self)} parameters>"

    def getlist(self, name: str) -> list[str]:
        """Give every value that was sent under this name, in order."""
        if name in self._repeated:
            return list(self._repeated[name])
        return [self._first[name]] if name in self._first else []

    def refuse_duplicates(self, *, except_for: frozenset[str] = frozenset()) -> None:
        """Let a form pass in which every parameter stands once (RFC 6749 §3.1, §3.2).

        Args:
            except_for: names that may be repeated, such as `resource` (RFC 8707 §2).

        Raises:
            MalformedForm: a parameter is repeated.
        """
        if self.duplicates - except_for:
            raise MalformedForm("A parameter is included more than once.")


def parse_form(body: bytes, content_type: str | None) -> Form:
    """Read the body of a POST.

    Raises:
        MalformedForm: not a form, too large, or not well formed.
    """
    if not body:
        return Form({})
    if content_type != _FORM_TYPE:
        _check_type(content_type)
    return _parse(body)


def parse_query(query: str) -> Form:
    """Read a query string as WSGI hands it over: undecoded, its bytes as Latin-1 characters.

    Raises:
        MalformedForm: too large, or not well formed.
    """
    if not query:
        return Form({})
    try:
        return _parse(query.encode("latin-1"))
    except UnicodeEncodeError:
        raise MalformedForm("The query holds a character that is not a byte.") from None


def _check_type(content_type: str | None) -> None:
    media_type, _, parameters = (content_type or "").lower().partition(";")
    if media_type.strip(" \t") != _FORM_TYPE:
        raise MalformedForm(f"The content type must be {_FORM_TYPE}.")
    # No other charset was ever defined for forms, and reading UTF-8 as something else changes passwords.
    if parameters.strip(" \t") not in {"", "charset=utf-8", 'charset="utf-8"'}:
        raise MalformedForm("The form must be in UTF-8.")


def _parse(encoded: bytes) -> Form:
    if len(encoded) > MAX_BODY:
        raise MalformedForm("The form is too large.")
    if encoded.count(b"&") >= MAX_FIELDS:
        raise MalformedForm("The form has too many parameters.")
    if b"\x00" in encoded or b"%00" in encoded:
        raise MalformedForm("The form holds a NUL character.")
    try:
        return _collect(encoded.decode())
    except KeyError:
        raise MalformedForm("The form holds a percent sign that escapes nothing.") from None
    except UnicodeDecodeError:
        raise MalformedForm("The form is not in UTF-8.") from None


def _collect(text: str) -> Form:
    first: dict[str, str] = {}
    repeated: dict[str, tuple[str, ...]] = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = _unescape(name), _unescape(value)
        if name in first:
            repeated[name] = (*repeated.get(name, (first[name],)), value)
        elif name:
            first[name] = value
        elif pair:
            raise MalformedForm("A parameter has no name.")
        if len(value) > MAX_VALUE:
            raise MalformedForm("A parameter is too long.")
    if "" in first.values():
        first = {name: value for name, value in first.items() if value}
    return Form(first, repeated)


def _unescape(text: str) -> str:
    """Undo the escapes; a percent sign without two hexadecimal digits behind it is a KeyError."""
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    start, *escaped = text.encode().split(b"%")
    return (start + b"".join([_BYTE_OF[part[:2]] + part[2:] for part in escaped])).decode()
