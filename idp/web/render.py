"""Pages: templates with everything that each of them needs around it.

Invariant: whatever a template prints is escaped, a variable that is missing fails loudly, and no page leaves without
its headers. A template is compiled once, when its page is first asked for: eighty of them would cost every process
half a second at its start, and the housekeeper shows none.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import flask
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from idp.web.brand import Brand
from idp.web.page_headers import page_headers
from idp.web.translated import TranslatedEnvironment
from idp.wording import LANGUAGES, Language, Translator, Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What every page says about this service; empty texts are left out (production refuses them when it starts)."""

    product: str = "Example Motor Finance"
    issuer: str
    imprint_uri: str = ""
    privacy_uri: str = ""
    accessibility_uri: str = ""
    support_phone: str = ""
    report_address: str = ""
    secure: bool
    demo: bool = False


class Pages:
    """Renders the templates of one folder; `facts` stand on every page."""

    def __init__(self, templates_directory: Path, wording: Wording, facts: PageFacts) -> None:
        self.facts: Final = facts
        self._wording: Final = wording
        self._translators: Final = {language: wording.translator(language) for language in LANGUAGES}
        self._environments: Final = {
            language: _environment(templates_directory, facts, wording.translator(language)) for language in LANGUAGES
        }

    def render(
        self,
        name: str,
        *,
        language: Language,
        status: int = 200,
        form_targets: Sequence[str] = (),
        frames: Sequence[str] = (),
        zone: str | None = None,
        popup: bool = False,
        asks: bool = False,
        brand: Brand | None = None,
        **context: object,
    ) -> flask.Response:
        """Return a page: `name` is its template's without ".html", `context` is listed in the template's first lines.

        `form_targets` are the addresses that a form on it may end at (the journey's registered redirect URI), `frames`
        those of the pages that it loads in frames (apps that sign out), `zone` is the reader's IANA time zone where it
        is known, `popup` whether an app opened the page in its own window, `asks` whether its script may ask us.
        Raises: UnsafeAddress.
        """
        translator = self._wording.translator(language, zone) if zone else self._translators[language]
        template = self._environments[language].get_template(f"{name}.html")
        body = template.render(t=translator, language=language, brand=brand, **context)
        response = flask.Response(body, status=status, content_type="text/html; charset=utf-8")
        images = [brand.logo_uri] if brand and brand.logo_uri else []
        headers = page_headers(form_targets=form_targets, images=images, frames=frames, popup=popup, asks=asks)
        response.headers.extend(headers)
        response.headers["Content-Language"] = language
        return response


def _environment(directory: Path, facts: PageFacts, translator: Translator) -> Environment:
    environment = TranslatedEnvironment(
        translator.gettext,
        loader=FileSystemLoader(directory),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # The extension escapes what fills a message's marks; the message itself is ours and may hold markup.
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(facts=facts, static=_fingerprints(directory / "static"))
    return environment


def _fingerprints(directory: Path) -> dict[str, str]:
    """Map each static file to its address, which changes with its content, so that browsers may keep it for long."""
    return {
        path.name: f"/static/{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
        for path in sorted(directory.iterdir())
        if path.is_file()
    }


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _translator(context).gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, n: int) -> str:
    return _translator(context).ngettext(singular, plural, n)


def _translator(context: Context) -> Translator:
    translator = context["t"]
    assert isinstance(translator, Translator)  # noqa: S101 - `render` puts it there
    return translator
