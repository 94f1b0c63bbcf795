"""The code of a recovery, and the names of browsers that stand beside it in the mail."""

import secrets

import pytest

from idp.accounts.policy import masked
from idp.acts.browser_name import BrowserName, browser_name
from idp.acts.recovery_code import ALPHABET, new_code, typed, written


def test_codes_are_read_and_typed_without_doubt() -> None:
    """Eight of 28 characters, none that looks like another or makes a word."""
    code = new_code(secrets.token_bytes)
    assert (8, set()) == (len(code), set(code) - set(ALPHABET))
    assert set("0O1IAEUY") & set(ALPHABET) == set()


@pytest.mark.parametrize("text", ["BCDF-GHJK", " bcdf ghjk ", "b c d f g h j k", "BCDF–GHJK", "bcdfghjk\n"])
def test_what_is_typed_is_the_code_however_it_is_spaced(text: str) -> None:
    """In any case, with or without spaces and dashes."""
    assert "BCDFGHJK" == typed(text)
    assert "BCDF-GHJK" == written("BCDFGHJK")


def test_a_flood_is_cut() -> None:
    """Nobody's megabyte is looked at."""
    assert len(typed("B" * 100_000)) <= 64


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", BrowserName("Firefox", "Linux")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            BrowserName("Safari", "iPhone"),
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", BrowserName("Edge", "Windows")),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36", BrowserName("Chrome", "Android")),
        ("Call +1 555 6666 at once", BrowserName("", "")),
        ("x" * 10_000 + "Firefox/1", BrowserName("", "")),
        (None, BrowserName("", "")),
    ],
)
def test_browsers_are_named_from_a_table(user_agent: str | None, name: BrowserName) -> None:
    """Nothing that a browser says about itself is copied."""
    assert name == browser_name(user_agent)


@pytest.mark.parametrize(
    ("user_id", "shown"), [("dana", "d••••a"), ("wilma.stone", "w••••e"), ("bo", "b••••"), ("x", "x••••")]
)
def test_masked_user_ids(user_id: str, shown: str) -> None:
    """Their owner recognises them; how long they are stays unsaid."""
    assert shown == masked(user_id)
