"""The code of a recovery: eight characters that are easily read and typed, and the tag under which it is stored.

An alphabet without vowels, and without digits and letters that look alike: no words, no doubts. 28^8 codes (38 bits)
keep even somebody who guesses at every account at once from ever being right; eight digits would not. The tag is keyed,
since so short a code could be searched for behind a plain hash.
"""

from __future__ import annotations

from typing import Protocol

from idp.storage.handles import Entropy

ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
_DRAWN = 16


class MacKey(Protocol):
    """A keyed hash; the service's own has the purpose "proof"."""

    def tag(self, *parts: bytes) -> bytes:
        """Give 32 bytes that depend on the key and on every part."""


def new_code(entropy: Entropy) -> str:
    """Make a code; drawn from far more bits than it has, each is as likely as any other."""
    number, code = int.from_bytes(entropy(_DRAWN), "big"), ""
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        code += ALPHABET[place]
    return code


def written(code: str) -> str:
    """Give a code as it stands in a mail: in two halves."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def typed(text: str) -> str:
    """Give the code that was meant by what was typed: in any case, with or without spaces and dashes."""
    return "".join(char for char in text[:64].upper() if char in ALPHABET)


def code_tag(key: MacKey, *, recovery_id: str, code: str) -> bytes:
    """Give the tag under which the code of one recovery is stored."""
    return key.tag(b"recovery code", recovery_id.encode(), code.encode())
