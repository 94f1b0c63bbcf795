"""Letters: the words of a mail, from one template for its text and one for its HTML, in the reader's language.

Invariant: both parts say the same; whatever fills a template is escaped in the HTML part and cannot break a line of
the subject. The first line of the text template is the subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context

from idp.wording import Language, Translator, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What every letter says about this service; empty texts are left out."""

    product: str
    issuer: str
    support_phone: str = ""
    report_address: str = ""
    imprint_uri: str = ""
    privacy_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The words of a mail."""

    subject: str
    text: str
    html: str


class Letters:
    """Writes letters from the templates of one folder."""

    def __init__(self, directory: Path, wording: Wording, facts: LetterFacts) -> None:
        self._wording: Final = wording
        self._environment: Final = _environment(directory, facts)

    def write(self, name: str, *, language: Language, zone: str | None = None, **context: Any) -> Letter:  # noqa: ANN401
        """Write a letter: `name` is its templates' without ending, `context` is listed in the text template's head."""
        values = {"t": self._wording.translator(language, zone), "language": language, **context}
        subject, _, text = self._environment.get_template(f"{name}.txt").render(values).strip().partition("\n")
        html = self._environment.get_template(f"{name}.html").render(values, subject=subject.strip())
        return Letter(subject=" ".join(subject.split()), text=text.strip() + "\n", html=html)


def _environment(directory: Path, facts: LetterFacts) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(directory),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(facts=facts)
    return environment


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _translator(context).gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, n: int) -> str:
    return _translator(context).ngettext(singular, plural, n)


def _translator(context: Context) -> Translator:
    translator = context["t"]
    assert isinstance(translator, Translator)  # noqa: S101 - `write` puts it there
    return translator
