"""Catalogues opened once, and the translator that pages and mails are given.

Invariant: a message without a translation is shown in English, never left out; a moment is shown in a named time zone.
Nothing is read or compiled at import; `Wording.open` does it, once, when the service starts.
"""

import datetime as dt
import gettext
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString, Self

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime

from idp.wording.languages import LANGUAGES, SOURCE, Language, negotiate

CATALOGUES: Final = Path(__file__).parent / "catalogues"
DOMAIN: Final = "idp"
# Dates in English are written the way that readers on both sides of the Atlantic cannot mistake: day, month by name.
_LOCALES: Final[dict[Language, str]] = {"en": "en_GB", "de": "de_DE"}


class WordingMissing(Exception):
    """A language's compiled catalogue is not there: the installation is incomplete."""


def msgid(message: LiteralString) -> LiteralString:
    """Mark an English text in code for extraction; it is translated where it is shown."""
    return message


def _zone(name: str | None) -> dt.tzinfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Translator:
    """One language and one time zone."""

    language: Language
    locale: Locale
    zone: dt.tzinfo
    translations: gettext.NullTranslations

    def gettext(self, message: str) -> str:
        """Return the translation of a message, its `%(name)s` marks untouched."""
        return self.translations.gettext(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the translation of the form that fits `n`, its marks untouched."""
        return self.translations.ngettext(singular, plural, n)

    def say(self, message: str, **values: str | int) -> str:
        """Return the translation with its marks filled: plain text, to be escaped by whoever puts it into HTML."""
        return self.gettext(message) % values

    def date(self, instant: float) -> str:
        """Return the day, as "22 November 2026"."""
        return format_date(self._moment(instant), format="long", locale=self.locale)

    def day(self, day: dt.date) -> str:
        """Return a day of the calendar, which is the same in every zone, as "29 February 1988"."""
        return format_date(day, format="long", locale=self.locale)

    def language_name(self, tag: str) -> str:
        """Return what a language tag (RFC 5646) means, as "English (United Kingdom)"; an unknown one as it is."""
        try:
            return Locale.parse(tag.replace("_", "-"), sep="-").get_display_name(self.locale) or tag
        except (ValueError, UnknownLocaleError):
            return tag

    def date_time(self, instant: float) -> str:
        """Return day, time and zone, as "22 November 2026, 14:05 CET"."""
        day = "d MMMM y" if self.language == "en" else "d. MMMM y"
        return f"{self._formatted(instant, day)}, {self.time(instant)}"

    def time(self, instant: float) -> str:
        """Return time and zone, as "14:05 CET"; a zone without a short name by its city, as "14:05 (Tokyo)"."""
        clock = self._formatted(instant, "HH:mm" if self.language == "en" else "HH:mm 'Uhr'")
        zone = self._formatted(instant, "zzz")
        return f"{clock} {zone}" if zone.isalpha() else f"{clock} ({self._formatted(instant, 'VVV')})"

    def _formatted(self, instant: float, pattern: str) -> str:
        return format_datetime(self._moment(instant), pattern, tzinfo=self.zone, locale=self.locale)

    def _moment(self, instant: float) -> dt.datetime:
        return dt.datetime.fromtimestamp(instant, self.zone)


@dataclass(frozen=True, slots=True)
class Wording:
    """Every language's catalogue, and the zone shown to people whose own is not known."""

    catalogues: dict[Language, gettext.NullTranslations]
    zone: dt.tzinfo

    negotiate = staticmethod(negotiate)

    @classmethod
    def open(cls, directory: Path = CATALOGUES, *, zone: str = "UTC") -> Self:
        """Read the compiled catalogues; `zone` is an IANA name.

        Raises: WordingMissing, when a catalogue is absent.
        """
        catalogues = {language: _read(directory, language) for language in LANGUAGES}
        return cls(catalogues=catalogues, zone=_zone(zone) or dt.UTC)

    def translator(self, language: Language, zone: str | None = None) -> Translator:
        """Return the translator for a language; an unknown `zone` (IANA name, the account's) means the default one."""
        return Translator(
            language=language,
            locale=Locale.parse(_LOCALES[language]),
            zone=_zone(zone) or self.zone,
            translations=self.catalogues[language],
        )


def compiled_path(directory: Path, language: Language) -> Path:
    """Return where a language's compiled catalogue lies."""
    return directory / language / "LC_MESSAGES" / f"{DOMAIN}.mo"


def _read(directory: Path, language: Language) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    try:
        with compiled_path(directory, language).open("rb") as compiled:
            return gettext.GNUTranslations(compiled)
    except OSError as error:
        raise WordingMissing(f"no compiled catalogue for {language!r}: run `python -m idp.wording.build`") from error
