"""The number on an error page which a caller reads out and support finds in the audit trail.

Invariant: four consonants and four digits, none of which is mistaken for another on the phone or spells a word.
"""

from collections.abc import Callable
from typing import Final

_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
_DIGITS: Final = "0123456789"


def new_reference(entropy: Callable[[int], bytes]) -> str:
    """Return a reference like "KTMR-4821": 1.6 thousand million of them, too few to be a secret."""
    number = int.from_bytes(entropy(12), "big")
    written = ""
    for alphabet in (_LETTERS,) * 4 + (_DIGITS,) * 4:
        number, at = divmod(number, len(alphabet))
        written += alphabet[at]
    return f"{written[:4]}-{written[4:]}"
