"""What counts as a typed code of six digits.

Decided for T06: blanks are dropped, wherever they stand, since apps show "123 456"; what is spent is never the text but
what it stands for, so that a blank makes no second code of it. Nothing else is dropped or folded: digits of other
scripts, full-width ones, signs and separators are wrong, and nobody learns which of these it was.
"""

from __future__ import annotations

import re

from idp.mfa.verified import WrongAnswer

_SIX = re.compile(r"[0-9]{6}")
_LONGEST = 32


def six_digits(text: str) -> str:
    """Give the six digits that were typed.

    Raises:
        WrongAnswer: they are not six ASCII digits, with or without blanks.
    """
    digits = text[:_LONGEST].replace(" ", "")
    if len(text) > _LONGEST or not _SIX.fullmatch(digits):
        raise WrongAnswer("not six digits")
    return digits
