"""A feed of people as a file: JSON Lines, or CSV with the columns below.

`password_hash` is what another system had of their password. JSON may hold an `address` beside it, an object by
OpenID Connect Core §5.1.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.accounts.add import NewAccount
from idp.accounts.feed_lines import Told, csv_lines, json_lines
from idp.accounts.identifiers import InvalidIdentifier, canonical
from idp.accounts.policy import TEXT_CLAIMS, Kind

FACTS = ("user_id", "kind", "email", "email_verified", "phone_number", "phone_number_verified", "locale")
CLAIMS = tuple(sorted(TEXT_CLAIMS))
COLUMNS = (*FACTS, *CLAIMS, "password_hash")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}


class PersonRefused(ValueError):
    """A line that tells of nobody; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """What stands on a line: a person, or why it is none."""

    number: int
    new: NewAccount | None = None
    password_hash: str | None = field(default=None, repr=False)
    fault: str = ""


def read_people_json(lines: Iterable[str]) -> Iterator[PersonLine]:
    """Read JSON Lines."""
    return _people(json_lines(lines))


def read_people_csv(lines: Iterable[str]) -> Iterator[PersonLine]:
    """Read CSV with a heading, of which only user_id must be there.

    Raises:
        HeadingRefused: the heading does not name it.
    """
    return _people(csv_lines(lines, columns=COLUMNS, needed=1))


def _people(lines: Iterable[Told]) -> Iterator[PersonLine]:
    seen: set[int] = set()
    for told in lines:
        yield PersonLine(number=told.number, fault=told.fault) if told.fault else _person(told, seen)


def _person(told: Told, seen: set[int]) -> PersonLine:
    row = told.members
    unknown = sorted(set(row) - {*COLUMNS, "address"})
    if unknown:
        return PersonLine(number=told.number, fault=f"nobody knows {', '.join(map(repr, unknown))[:200]}")
    try:
        key = hash(canonical(_text(row, "user_id") or ""))
        new = _new(row)
    except (InvalidIdentifier, PersonRefused) as error:
        return PersonLine(number=told.number, fault=f"{error}")
    if key in seen:
        return PersonLine(number=told.number, fault="this user ID stood further up already")
    seen.add(key)
    return PersonLine(number=told.number, new=new, password_hash=_text(row, "password_hash"))


def _new(row: Mapping[str, Any]) -> NewAccount:
    claims: dict[str, Any] = {name: text for name in CLAIMS if (text := _text(row, name)) is not None}
    if row.get("address"):
        claims["address"] = row["address"]
    return NewAccount(
        user_id=_text(row, "user_id") or "",
        kind=_kind(_text(row, "kind")),
        email=_text(row, "email"),
        email_verified=_flag(row, "email_verified"),
        phone_number=_text(row, "phone_number"),
        phone_number_verified=_flag(row, "phone_number_verified"),
        locale=_text(row, "locale"),
        claims=claims,
    )


def _kind(text: str | None) -> Kind:
    if text not in {None, Kind.CONSUMER, Kind.BUSINESS}:
        raise PersonRefused("kind must be consumer or business: staff are invited")
    return Kind(text or Kind.CONSUMER)


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise PersonRefused(f"{name} must be a text")
    return value


def _flag(row: Mapping[str, Any], name: str) -> bool:
    value = row.get(name, False)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    raise PersonRefused(f"{name} must be true or false")
