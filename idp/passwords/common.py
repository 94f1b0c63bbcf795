"""The commonest passwords, one a line in common.txt, letters and digits in lower case.

Written down by hand for this project from general knowledge of what people choose: names, teams, words of affection,
keyboard walks, years, in English and German. No leaked collection was copied; a breach service is plugged in elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final


def _read(path: Path) -> frozenset[str]:
    return frozenset(path.read_text(encoding="ascii").split())


COMMON: Final = _read(Path(__file__).with_name("common.txt"))
