"""The base documents keep up with the house."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
DECISIONS = sorted((CHECKOUT / "docs" / "decisions").glob("0*.md"))
CHAPTERS = sorted(path.parent.name for path in (CHECKOUT / "idp").glob("*/__init__.py"))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_three_parts_and_is_short(page: Path) -> None:
    """Who reads one decision has read it in two minutes, and finds the same parts in each."""
    lines = page.read_text().splitlines()
    assert lines[0].startswith(f"# {int(page.name[:4])}. ")
    assert ["## Context", "## Decision", "## Consequences"] == [line for line in lines if line.startswith("## ")]
    assert len(lines) <= 35


def test_every_decision_is_in_the_index() -> None:
    """Numbers follow one another without gaps, and the index links each page under its title."""
    index = (CHECKOUT / "docs" / "decisions" / "README.md").read_text()
    rows = [
        f"| [{page.name[:4]}]({page.name}) | {page.read_text().splitlines()[0].split('. ', 1)[1]} |"
        for page in DECISIONS
    ]
    assert rows == re.findall(r"^\| \[\d.*$", index, re.MULTILINE)
    assert list(range(1, len(DECISIONS) + 1)) == [int(page.name[:4]) for page in DECISIONS]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_contributing_names_every_chapter(chapter: str) -> None:
    """Who wants to change something finds the folder to read."""
    assert f"`idp/{chapter}/" in (CHECKOUT / "CONTRIBUTING.md").read_text()
