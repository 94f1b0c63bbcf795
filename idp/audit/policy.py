"""What an audit row may hold: pure rules that make any text fit, since no stranger's input may make recording fail.

Texts are cut, characters that a database or a terminal would choke on are replaced, and a document has few members.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from idp.audit.events import Personal

MAX_TEXT = 300
MAX_MEMBERS = 20
MAX_LIST = 20
ADDRESS_LENGTH = 45
PLACE_LENGTH = 120
SALT_BYTES = 16

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def fitting_text(text: str, longest: int = MAX_TEXT) -> str:
    """Give the text without control characters and lone surrogates, cut to so many characters."""
    # Cut first: the rest of a megabyte need not be looked at.
    cut = _UNPRINTABLE.sub("\ufffd", text[: longest + 1])
    return cut if len(cut) <= longest else cut[: longest - 1] + "…"


def fitting_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document small enough to keep: at most 20 members, short texts, flat lists."""
    return {fitting_text(name, 60): _fitting(value) for name, value in list(details.items())[:MAX_MEMBERS]}


def _fitting(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(map(str, value)) if isinstance(value, set | frozenset) else list(map(str, value[:MAX_LIST]))
        return [fitting_text(item) for item in items[:MAX_LIST]]
    return fitting_text(str(value))


def fitting_personal(personal: Personal) -> Personal:
    """Give the values as the side table can hold them."""
    return Personal(
        address=_cut(personal.address, ADDRESS_LENGTH),
        user_agent=_cut(personal.user_agent, MAX_TEXT),
        place=_cut(personal.place, PLACE_LENGTH),
    )


def _cut(text: str | None, longest: int) -> str | None:
    return None if text is None else fitting_text(text, longest)


def personal_hash(row: Mapping[str, Any]) -> bytes:
    """Hash the personal values of a row under its salt; without that, no address can be tried against the hash."""
    summed = hashlib.sha256(row["salt"])
    for name in ("address", "user_agent", "place"):
        # A length before each value, and another sign for none, so that no two sets of values read alike.
        encoded = b"" if row[name] is None else row[name].encode()
        summed.update(b"-" if row[name] is None else b"%d:" % len(encoded))
        summed.update(encoded)
    return summed.digest()
