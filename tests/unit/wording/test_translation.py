"""Catalogues opened once, and what a translator says."""

import datetime as dt
from pathlib import Path

import pytest

from idp.wording import Wording, WordingMissing

NOON = 1_795_345_200.0  # 22 November 2026, 11:00 UTC


def test_english_is_the_source() -> None:
    """A message in English is itself."""
    assert Wording.open().translator("en").say("Sign in") == "Sign in"


def test_german_is_read_from_the_compiled_catalogue() -> None:
    """The committed catalogue is found without building anything."""
    assert Wording.open().translator("de").say("Sign in") == "Anmelden"


def test_marks_are_filled() -> None:
    """A message's marks take what is handed over, whatever it holds."""
    assert Wording.open().translator("de").say("Back to %(name)s", name="100 % App") == "Zurück zu 100 % App"


def test_plurals_follow_the_language() -> None:
    """One day and several differ."""
    translator = Wording.open().translator("de")
    one = "For up to one day, also while you are not using the app."
    many = "For up to %(num)s days, also while you are not using the app."
    assert translator.ngettext(one, many, 1).startswith("Bis zu einem Tag")
    assert translator.ngettext(one, many, 90).startswith("Bis zu %(num)s Tage")


@pytest.mark.parametrize(
    ("language", "zone", "expected"),
    [
        ("en", None, "22 November 2026, 11:00 UTC"),
        ("en", "Europe/Berlin", "22 November 2026, 12:00 CET"),
        ("de", "Europe/Berlin", "22. November 2026, 12:00 Uhr MEZ"),
        ("en", "Asia/Tokyo", "22 November 2026, 20:00 (Tokyo)"),
        ("de", "America/New_York", "22. November 2026, 06:00 Uhr (New York)"),
        ("de", "No/Such_Zone", "22. November 2026, 11:00 Uhr UTC"),
        ("en", "../../etc/passwd", "22 November 2026, 11:00 UTC"),
        ("en", "/etc/passwd", "22 November 2026, 11:00 UTC"),
        ("en", "Europe", "22 November 2026, 11:00 UTC"),
        ("en", "a\x00b", "22 November 2026, 11:00 UTC"),
    ],
)
def test_moments_are_shown_in_a_named_zone(language: str, zone: str | None, expected: str) -> None:
    """Date, time and the zone's name; an account's odd zone means the default one."""
    translator = Wording.open().translator("de" if language == "de" else "en", zone)
    assert expected == translator.date_time(NOON)


def test_days_and_times_alone() -> None:
    """A day has no zone, a time has."""
    translator = Wording.open(zone="Europe/Berlin").translator("de")
    assert translator.date(NOON) == "22. November 2026"
    assert translator.time(NOON) == "12:00 Uhr MEZ"


def test_days_of_birth_and_languages_in_words() -> None:
    """What consent shows of a person is readable; an odd language tag stays as it is."""
    german, english = Wording.open().translator("de"), Wording.open().translator("en")
    assert "29. Februar 1988" == german.day(dt.date(1988, 2, 29))
    assert "English (United Kingdom)" == english.language_name("en-GB")
    assert "Deutsch" == german.language_name("de")
    for odd in ("", "x", "not a tag", "12", "en_GB_x" * 50):
        assert odd == english.language_name(odd)


def test_a_missing_catalogue_stops_the_start(tmp_path: Path) -> None:
    """An incomplete installation says so, with the command that mends it."""
    with pytest.raises(WordingMissing, match=r"idp\.wording\.build"):
        Wording.open(tmp_path)
