"""Where the key-encryption key is kept: whether it is there, how it is loaded, and how the very first one is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from keys.kek import FileKek, Kek


@dataclass(frozen=True, slots=True)
class KekSource:
    """One place; `where` names it to people. `load` and `create` raise `KekRefused` or `SignerAway`.

    `create` makes nothing over something that is there. `load` also gives the previous key-encryption key, where rows
    may still be wrapped by that.
    """

    where: str
    exists: Callable[[], bool]
    load: Callable[[], Kek]
    create: Callable[[], Kek]


def file_source(path: Path) -> KekSource:
    """Keep it in a file of its owner's."""
    return KekSource(str(path), path.exists, lambda: FileKek.load(path), lambda: FileKek.create(path))
