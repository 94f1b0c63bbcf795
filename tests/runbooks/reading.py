"""Runbooks as the tests read them: fenced blocks, each a step that can be run or looked at.

`sh` has one command a line, `sh fails` one that must end with another status than 0, `sh by another` one that a second
person runs; `text` is what the commands before it print, `toml` settings that hold from there on. Other fences are
refused, so that no command hides from the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

KINDS = ("sh", "sh fails", "sh by another", "text", "toml")
_FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its kind, and its lines without the indentation."""

    kind: str
    lines: tuple[str, ...]


def blocks_of(page: Path) -> list[Block]:
    """Read all fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = [Block(kind, tuple(dedent(body).splitlines())) for _, kind, body in _FENCE.findall(text)]
    assert text.count("```") == 2 * len(found), f"{page.name}: a fence that is not closed, or not alone on its line"
    assert {block.kind for block in found} <= set(KINDS), f"{page.name}: fences are {', '.join(KINDS)}"
    return found


def inline_commands(page: Path) -> list[str]:
    """Give the commands of `idp` that a page names in its sentences."""
    return re.findall(r"`(idp [^`\n]+)`", _FENCE.sub("", page.read_text(encoding="utf-8")))


def shown_by(line: str, output: str) -> bool:
    """Tell whether a line of the output looks like this one: … stands for anything, a space for any number of them."""
    pieces = [r"\s+".join(map(re.escape, piece.split())) for piece in line.split("…")]
    return re.search(r"^\s*" + ".*".join(pieces) if pieces[0] else ".*".join(pieces), output, re.MULTILINE) is not None
