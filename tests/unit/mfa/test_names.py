"""The names that people give to their factors."""

from __future__ import annotations

import pytest

from idp.mfa.factors import plain_name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  My   phone\r\n", "My phone"),
        ("Tom\u2019s \U0001f4f1", "Tom\u2019s \U0001f4f1"),
        ("x" * 100, "x" * 64),
        ("x" * 63 + " y", "x" * 63),
        ("phone\u202egnp\u200b\x00\x1b[31m", "phonegnp[31m"),
        ("<b>", "<b>"),
        ("\u0065\u0301", "\u00e9"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_one_line_of_visible_text(typed: str, kept: str) -> None:
    """T95: nothing that turns, hides or breaks text stays in it; what HTML means is for the template to escape."""
    assert kept == plain_name(typed)
