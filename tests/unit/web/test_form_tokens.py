"""Tokens in forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.web.form_tokens import BadFormToken, FormTokens
from keys.mac import MacKey

NOW = 1_795_345_200.5
TOKENS = FormTokens(MacKey({1: b"a" * 32}, "form"), lifetime=600)
TOKEN = TOKENS.issue(page="sign_in", binding="journey-1", now=NOW)


def test_a_token_holds_for_its_page_and_browser() -> None:
    """The token that was issued is accepted, also twice: going back and sending again is no attack."""
    TOKENS.check(TOKEN, page="sign_in", binding="journey-1", now=NOW)
    TOKENS.check(TOKEN, page="sign_in", binding="journey-1", now=NOW + 599)


def test_a_token_expires() -> None:
    """After its lifetime it counts no more."""
    with pytest.raises(BadFormToken, match="expired"):
        TOKENS.check(TOKEN, page="sign_in", binding="journey-1", now=NOW + 600)


@pytest.mark.parametrize(("page", "binding"), [("consent", "journey-1"), ("sign_in", "journey-2"), ("sign_in", "")])
def test_a_token_of_another_page_or_browser_is_refused(page: str, binding: str) -> None:
    """A token that an attacker fetched for himself is worth nothing to a victim's browser (T69)."""
    with pytest.raises(BadFormToken, match="another"):
        TOKENS.check(TOKEN, page=page, binding=binding, now=NOW)


def test_a_token_cannot_be_prolonged() -> None:
    """The moment at which it ends is part of what is signed."""
    expires, _, tag = TOKEN.partition(".")
    with pytest.raises(BadFormToken, match="another"):
        TOKENS.check(f"{int(expires) + 60}.{tag}", page="sign_in", binding="journey-1", now=NOW)


def test_another_key_is_refused_and_an_older_one_is_not() -> None:
    """Rotating the key leaves the forms that are open usable."""
    rotated = FormTokens(MacKey({1: b"a" * 32, 2: b"b" * 32}, "form"), lifetime=600)
    rotated.check(TOKEN, page="sign_in", binding="journey-1", now=NOW)
    with pytest.raises(BadFormToken):
        FormTokens(MacKey({1: b"b" * 32}, "form"), lifetime=600).check(
            TOKEN, page="sign_in", binding="journey-1", now=NOW
        )


@given(st.none() | st.text())
def test_anything_else_is_refused(token: str | None) -> None:
    """Missing, non-ASCII, huge: always the same refusal (T91)."""
    with pytest.raises(BadFormToken):
        TOKENS.check(token, page="sign_in", binding="journey-1", now=NOW)


@pytest.mark.parametrize("token", ["٣" + TOKEN[1:], TOKEN + "\n", TOKEN + "=", TOKEN.replace(".", "..")])
def test_near_misses_are_refused(token: str) -> None:
    """Other digits, padding, a line's end."""
    with pytest.raises(BadFormToken):
        TOKENS.check(token, page="sign_in", binding="journey-1", now=NOW)
