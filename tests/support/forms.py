"""The forms and links of a page, as whoever fills them in sees them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from werkzeug.test import TestResponse

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_FIELD = re.compile(r"<(input|button|select|textarea)\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')
_LINK = re.compile(r'href="(/[^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form: `fields` with the values that stand in them, `choices` of what can be chosen or pressed."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


def forms_on(page: TestResponse) -> list[Form]:
    """Read the forms of a page."""
    return [_form(head, body, page.request.path) for head, body in _FORM.findall(page.text)]


def links_on(page: TestResponse) -> list[str]:
    """Read the links of a page that stay here, its files aside."""
    return [html.unescape(link) for link in _LINK.findall(page.text) if not link.startswith("/static/")]


def _form(head: str, body: str, path: str) -> Form:
    form = Form(action=html.unescape(_attributes(head).get("action", path)))
    for kind, written in _FIELD.findall(body):
        found = _attributes(written)
        name, value = found.get("name"), html.unescape(found.get("value", ""))
        if name is None:
            continue
        if kind == "button" or found.get("type") in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(value)
        else:
            form.fields[name] = value
    return form


def _attributes(written: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(written))
