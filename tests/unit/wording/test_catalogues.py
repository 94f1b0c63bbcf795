"""What is committed is complete and current."""

import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo

from idp.wording.build import collect, merged, source_path, untranslated, written
from idp.wording.translation import CATALOGUES, compiled_path

REBUILD = "run `python -m idp.wording.build`, translate what is new in the .po file, and run it again"
MARK = re.compile(r"%\((\w+)\)s|</?\w+>")


@pytest.fixture(scope="module")
def messages() -> Catalog:
    """Every message of the code and the templates."""
    return collect()


def forms(value: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """The forms of a message or of its translation, singular first."""
    return (value or "",) if isinstance(value, str | None) else tuple(value)


def test_every_message_has_its_german(messages: Catalog) -> None:
    """No page falls back to English in the middle of a sentence."""
    assert untranslated(merged("de", messages)) == [], REBUILD


def test_the_source_holds_no_message_that_nothing_says(messages: Catalog) -> None:
    """Translations that are not used any more are gone."""
    current = {message.id for message in messages}
    assert [message.id for message in written("de") if message.id not in current] == [], REBUILD


def test_the_compiled_catalogue_is_current() -> None:
    """What the service reads is what the source says."""
    with compiled_path(CATALOGUES, "de").open("rb") as compiled:
        served = {forms(message.id): forms(message.string) for message in read_mo(compiled) if message.id}
    assert {forms(message.id): forms(message.string) for message in written("de") if message.id} == served, REBUILD


def test_translations_keep_the_marks() -> None:
    """A name or a number that the English has is in the German, too."""
    for message in written("de"):
        for source, translated in zip(forms(message.id), forms(message.string), strict=True):
            if source:
                assert sorted(MARK.findall(source)) == sorted(MARK.findall(translated)), source


def test_the_source_lies_where_it_is_looked_for() -> None:
    """Both forms lie side by side."""
    assert source_path(CATALOGUES, "de").is_file()
