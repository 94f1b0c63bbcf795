"""Which language a person reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.wording import LANGUAGES, negotiate


@pytest.mark.parametrize(
    ("ui_locales", "account", "header", "expected"),
    [
        (None, None, None, "en"),
        ("de", None, "en", "de"),
        ("fr-CA de-AT en", None, None, "de"),
        ("fr", "de_DE", "en", "de"),
        (None, "en-GB", "de", "en"),
        (None, None, "de-CH, en;q=0.8", "de"),
        (None, None, "fr, en;q=0.4, de;q=0.7", "de"),
        (None, None, "de;q=0, en;q=0.1", "en"),
        (None, None, "de;q=0", "en"),
        (None, None, "*", "en"),
        (None, None, "DE", "de"),
        ("den", None, "deu", "en"),
        ("", "", "", "en"),
    ],
)
def test_the_app_decides_before_the_account_before_the_browser(
    ui_locales: str | None, account: str | None, header: str | None, expected: str
) -> None:
    """The first complete language wins, in that order and by weight."""
    assert expected == negotiate(ui_locales, account, header)


@given(st.text(), st.text(), st.text())
def test_whatever_is_asked_for_gives_a_complete_language(ui_locales: str, account: str, header: str) -> None:
    """No input makes negotiation fail or invent a language."""
    assert negotiate(ui_locales, account, header) in LANGUAGES


def test_a_huge_header_costs_nothing() -> None:
    """What no browser sends is not read to its end."""
    assert negotiate(None, None, "fr;q=0.1," * 1_000_000 + "de") == "en"
