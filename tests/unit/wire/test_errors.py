"""The error type: two texts, and no character that RFC 6749 forbids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.wire.errors import Refusal, ascii_description

ALLOWED = {chr(code) for code in range(0x20, 0x7F)} - {'"', "\\"}


def test_a_refusal_keeps_what_is_public_apart_from_what_is_not() -> None:
    """The private detail stands in its own field, and not in the text of the exception."""
    refusal = Refusal("invalid_grant", "The code is spent.", detail="code of grant 17, second use", status=400)

    assert ("invalid_grant", "The code is spent.", "code of grant 17, second use", 400) == (
        refusal.error,
        refusal.description,
        refusal.detail,
        refusal.status,
    )
    assert "17" not in str(refusal) + repr(refusal)


@pytest.mark.parametrize(
    ("given_text", "public"),
    [
        ("plain text, unchanged.", "plain text, unchanged."),
        ('say "no"', "say 'no'"),
        ("it\u2019s \u201cso\u201d", "it's 'so'"),
        ("a\\b", "a?b"),
        ("line\r\nSet-Cookie: a=b", "line??Set-Cookie: a=b"),
        ("tab\tnul\x00del\x7f", "tab?nul?del?"),
        ("Zoë \ud800 \U0001f600", "Zo? ? ?"),
        ("", ""),
        ("x" * 1_000_000, "x" * 400),
    ],
)
def test_forbidden_characters_are_replaced(given_text: str, public: str) -> None:
    """Quotes become apostrophes, everything else that may not stand there a question mark."""
    assert public == ascii_description(given_text)


@given(st.text(st.characters(), max_size=600), st.text(st.characters(), max_size=600))
def test_any_text_makes_a_refusal(error: str, description: str) -> None:
    """Building a refusal never raises, whatever a client put into it."""
    refusal = Refusal(error, description)

    assert ALLOWED.issuperset(refusal.error + refusal.description)
