"""`python -m idp.wording.build`: collect every message, bring the catalogues up to date and compile them.

Run it after changing a text, translate what it counts as untranslated in the `.po` file, and run it again.
Invariant: the same sources give the same bytes, so that a test can tell whether what is committed is current.
"""

import datetime as dt
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from idp.wording.languages import LANGUAGES, SOURCE, Language
from idp.wording.translation import CATALOGUES, DOMAIN, compiled_path

ROOT: Final = Path(__file__).parents[2]
_KEYWORDS: Final[dict[str, tuple[int, ...] | None]] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "say": None,
    "msgid": None,
}
_METHODS: Final = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
_OPTIONS: Final = {"**.html": {"trimmed": "true", "silent": "false"}, "**.txt": {"trimmed": "true", "silent": "false"}}
# A fixed date keeps the files free of changes that say nothing.
_NO_DATE: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def collect(root: Path = ROOT) -> Catalog:
    """Return every message of the code and the templates under `root`."""
    catalogue = _empty(SOURCE)
    for place in ("idp", "templates"):
        for filename, message, comments, context in _found(root / place):
            catalogue.add(message, locations=[(f"{place}/{filename}", 0)], auto_comments=comments, context=context)
    return catalogue


def merged(language: Language, messages: Catalog, directory: Path = CATALOGUES) -> Catalog:
    """Return a language's catalogue holding exactly the collected messages, translated as far as they are."""
    catalogue, known = _empty(language), written(language, directory)
    for message in messages:
        if message.id:
            before = known.get(message.id, message.context)
            string = before.string if before else None
            catalogue.add(message.id, string, locations=message.locations, auto_comments=message.auto_comments)
    return catalogue


def written(language: Language, directory: Path = CATALOGUES) -> Catalog:
    """Return the translations as they stand in the `.po` file."""
    path = source_path(directory, language)
    if not path.exists():
        return _empty(language)
    with path.open("rb") as source:
        return read_po(source, locale=language, domain=DOMAIN)


def untranslated(catalogue: Catalog) -> list[str]:
    """Return the messages that lack a translation, or a plural form of one."""
    missing = (message for message in catalogue if message.id and not _complete(message.string))
    return sorted(message.id if isinstance(message.id, str) else message.id[0] for message in missing)


def compiled(catalogue: Catalog) -> bytes:
    """Return the binary form that the service reads."""
    output = io.BytesIO()
    write_mo(output, catalogue)
    return output.getvalue()


def source_path(directory: Path, language: Language) -> Path:
    """Return where a language's translations are written by hand."""
    return compiled_path(directory, language).with_suffix(".po")


def main() -> int:
    """Write both forms of every catalogue; return 1 when a translation is missing."""
    messages, missing = collect(), 0
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        catalogue = merged(language, messages)
        path = source_path(CATALOGUES, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as output:
            write_po(output, catalogue, width=0, sort_output=True, include_lineno=False)
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        missing += len(untranslated(catalogue))
        sys.stdout.write(f"{language}: {len(catalogue)} messages, {len(untranslated(catalogue))} untranslated\n")
    return 1 if missing else 0


def _empty(language: Language) -> Catalog:
    return Catalog(
        locale=language,
        domain=DOMAIN,
        project="idp",
        version="1",
        msgid_bugs_address="",
        last_translator="",
        language_team="",
        header_comment="# What pages and mails say.",
        creation_date=_NO_DATE,
        revision_date=_NO_DATE,
        fuzzy=False,
    )


def _found(directory: Path) -> Iterator[tuple[str, str | tuple[str, ...], list[str], str | None]]:
    for filename, _, message, comments, context in extract_from_dir(
        directory, _METHODS, _OPTIONS, keywords=_KEYWORDS, comment_tags=("For translators:",), strip_comment_tags=True
    ):
        yield filename, message, comments, context


def _complete(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    sys.exit(main())
