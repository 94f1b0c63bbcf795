"""Templates compiled for one language print what the stock environment prints, which is the oracle here."""

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined

from idp.web.translated import TranslatedEnvironment

WORDS = {"Sign in": "Anmelden", "50 %% of <b>all</b>": "50 %% von <b>allen</b>", "Hello %(name)s": "Hallo %(name)s"}
PARTS = {
    "part.html": "{% set inner = 'part' %}[{{ inner }} {{ outer }} {{ _('Sign in') }}"
    "{% if list %}{{ list | length }}{% endif %}]",
    "nested.html": "({% include 'part.html' %})",
    "layout.html": "<title>{% block title %}{{ _('Sign in') }}{% endblock %}</title>{% block main %}{% endblock %}",
}
PAGES = (
    "{{ _('Sign in') }}",
    '<p title="{{ _("Sign in") }}">{{ _("50 %% of <b>all</b>") }}</p>',
    "{% trans %}Sign in{% endtrans %} {% trans name=outer %}Hello {{ name }}{% endtrans %}",
    "{{ _('Hello %(name)s', name=outer) }}",
    "{% set line = _('Sign in') %}{{ line }} {{ line | upper }} {{ [_('Sign in'), outer] | join('-') }}",
    "{% set inner = 'page' %}{% include 'part.html' %}{{ inner }}",
    "{% for one in list %}{% include 'nested.html' %}{{ loop.index }}{% endfor %}",
    "{% if outer %}{% include 'nested.html' %}{% else %}{{ missing }}{% endif %}",
    "{% extends 'layout.html' %}{% block main %}{% include 'part.html' %}{{ super() }}{% endblock %}",
    "{% macro said(word) %}{{ word }} {{ _('Sign in') }}{% endmacro %}{{ said(outer) }}",
    "{% include name %}",
    "{% include ['absent.html', 'part.html'] %}{% include 'absent.html' ignore missing %}",
)
CONTEXT = {"outer": "<&>", "list": [1, 2], "name": "part.html"}


def translate(message: str) -> str:
    """Translate as a catalogue does: what it does not know stays as it is."""
    return WORDS.get(message, message)


def prepared(environment: Environment) -> Environment:
    """Add what both environments have in common."""
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        translate, lambda one, many, n: translate(one if n == 1 else many), newstyle=True
    )
    return environment


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_it_was(page: str) -> None:
    """Messages, markup in them, variables, parts in parts, scopes, blocks and macros."""
    loader = DictLoader({**PARTS, "page.html": page})
    stock = prepared(
        Environment(loader=loader, autoescape=True, undefined=StrictUndefined, extensions=["jinja2.ext.i18n"])
    )
    ours = prepared(
        TranslatedEnvironment(
            translate, loader=loader, autoescape=True, undefined=StrictUndefined, extensions=["jinja2.ext.i18n"]
        )
    )
    assert stock.get_template("page.html").render(CONTEXT) == ours.get_template("page.html").render(CONTEXT)


def test_what_never_changes_is_one_string() -> None:
    """Message, part and markup around them are joined when the template is compiled."""
    environment = prepared(
        TranslatedEnvironment(
            translate,
            loader=DictLoader({"part.html": "<i>{{ _('Sign in') }}</i>"}),
            autoescape=True,
            extensions=["jinja2.ext.i18n"],
        )
    )
    code = environment.compile("<p>{{ _('Sign in') }}</p>", raw=True)
    assert "'<p>Anmelden</p>'" in code
    assert "'<i>Anmelden</i>'" in environment.compile("{% include 'part.html' %}", raw=True)
