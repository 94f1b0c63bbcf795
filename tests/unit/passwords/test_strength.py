"""How strong a password is said to be, and in which words."""

import pytest
from zxcvbn_rs_py import Suggestion, Warning  # noqa: A004 - the library's name

from idp.passwords import strength
from idp.passwords.strength import JUDGED, Advice, Level, Strength, Weakness, strength_of
from idp.web.strength_words import ADVICE, LEVELS, WEAKNESSES, strength_words
from idp.wording import Wording

NAMES = ["Dana Roadwell", "dana.roadwell@example.com", "Example Motor Finance"]


@pytest.mark.parametrize(
    ("password", "level", "weakness"),
    [
        ("password", Level.VERY_WEAK, Weakness.COMMON),
        ("P4ssw0rd!", Level.WEAK, Weakness.LIKE_COMMON),
        ("aaaaaaaaaaaaaaa", Level.VERY_WEAK, Weakness.REPEATED),
        ("1990-12-24", Level.WEAK, Weakness.DATE),
        ("eleven lighthouses in the fog", Level.STRONG, None),
    ],
)
def test_what_weakens_it_is_named(password: str, level: Level, weakness: Weakness | None) -> None:
    """The level and the one reason."""
    judged = strength_of(password)
    assert (level, weakness) == (judged.level, judged.weakness)


@pytest.mark.parametrize("password", ["roadwell", "danaroadwell", "Dana Roadwell 88", "motorfinance"])
def test_names_make_it_weaker(password: str) -> None:
    """Whoever knows the person guesses sooner, in capitals or not."""
    assert list(Level).index(strength_of(password, NAMES).level) < list(Level).index(Level.GOOD)


@pytest.mark.parametrize("password", ["", "4@8({[<6931!|7" * 18, "a" * 256, "1a" * 128, "🔑" * 256, "\u0301" * 256])
def test_the_longest_are_judged_by_their_beginning(password: str) -> None:
    """The time of an estimate grows faster than the length: what lies behind the bound changes nothing."""
    assert strength_of(password[:JUDGED], NAMES * 100) == strength_of(password, NAMES * 100)


def test_every_word_of_the_library_has_one_of_ours() -> None:
    """None of its own sentences reaches a page, and none is lost."""
    for known, theirs in ((strength._WEAKNESSES, Warning), (strength._ADVICE, Suggestion)):  # noqa: SLF001 - the table itself
        values = [getattr(theirs, name) for name in dir(theirs) if not name.startswith("_")]
        assert [] == [value for value in values if not any(value == mine for mine, _ in known)]


def test_every_value_has_its_sentence() -> None:
    """The tables are whole."""
    assert (set(Level), set(Weakness), set(Advice)) == (set(LEVELS), set(WEAKNESSES), set(ADVICE))


def test_the_sentences_follow_one_another() -> None:
    """Level, reason, advice."""
    judged = Strength(level=Level.WEAK, weakness=Weakness.DATE, advice=(Advice.WORDS,))
    said = strength_words(Wording.open().translator("en"), judged)
    expected = (
        "This password is weak. Dates and years are easy to guess. Add a word or two that do not belong together."
    )
    assert expected == said
