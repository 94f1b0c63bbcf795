"""Where an unexpected exception came from, in one line that may be logged.

Invariant: types, files, lines and function names only. The text of an exception may hold what a client typed, a token
or the parameters of a statement, so that it is never part of the line.
"""

from __future__ import annotations

import traceback
from pathlib import Path

MAX_LENGTH = 1500
MAX_FRAMES = 8
MAX_CAUSES = 4


def where(error: BaseException) -> str:
    """Describe an exception and its causes: `builtins.KeyError at token.py:5 mint < front.py:9 answer`."""
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < MAX_CAUSES:
        parts.append(_one(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return " caused by ".join(parts)[:MAX_LENGTH]


def _one(error: BaseException) -> str:
    frames = list(traceback.walk_tb(error.__traceback__))[-MAX_FRAMES:]
    places = [f"{Path(frame.f_code.co_filename).name}:{line} {frame.f_code.co_name}" for frame, line in frames[::-1]]
    return f"{type(error).__module__}.{type(error).__qualname__} at {' < '.join(places)}"
