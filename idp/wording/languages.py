"""Which language a person reads: what the app asked for, then the account, then the browser.

Invariant: the answer is always a language that is complete here, whatever arrives. OpenID Connect Core 3.1.2.1
(`ui_locales`, space-separated BCP 47 tags in order of preference) and RFC 9110 12.5.4 (`Accept-Language`).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, get_args

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
SOURCE: Language = "en"

# Longer headers are noise or an attack; no browser sends more than a few dozen characters.
_LONGEST = 512
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")


@lru_cache(maxsize=1024)
def negotiate(
    ui_locales: str | None = None, account_locale: str | None = None, accept_language: str | None = None
) -> Language:
    """Return the first complete language among the app's wish, the account's preference and the browser's."""
    for tag in (*_tags(ui_locales), *_tags(account_locale), *_ranges(accept_language)):
        language = _known(tag)
        if language is not None:
            return language
    return SOURCE


def _known(tag: str) -> Language | None:
    primary = tag.partition("-")[0].lower()
    return next((language for language in LANGUAGES if language == primary), None)


def _tags(value: str | None) -> Iterator[str]:
    # `locale` claims sometimes use an underscore; OpenID Connect Core 5.1 asks to accept it.
    return iter((value or "")[:_LONGEST].replace("_", "-").split())


def _ranges(header: str | None) -> Iterator[str]:
    found = (_RANGE.fullmatch(part) for part in (header or "")[:_LONGEST].split(","))
    weighted = [(float(match[2] or 1), match[1]) for match in found if match]
    return (tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0)
