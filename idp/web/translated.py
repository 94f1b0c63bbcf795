"""Templates compiled for one language: what never changes between two pages is worked out before the first of them.

Messages without variables become text and included parts become part of the page that includes them, so that a page in
use joins a few long strings (docs/performance.md). Messages with variables are looked up when they are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer

_GETTEXT = frozenset({"_", "gettext"})


class TranslatedEnvironment(Environment):
    """An environment whose templates speak one language; `translate` gives the text of a message."""

    def __init__(self, translate: Callable[[str], str], **options: Any) -> None:  # noqa: ANN401 - Environment's own
        super().__init__(**options)
        self.translate = translate

    def _generate(self, source: nodes.Template, name: str | None, *rest: Any, **options: Any) -> str:  # noqa: ANN401
        """Jinja's hook between reading a template and compiling it."""
        return super()._generate(_Settle(self).visit(source), name, *rest, **options)


class _Settle(NodeTransformer):
    def __init__(self, environment: TranslatedEnvironment) -> None:
        self._environment = environment

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - named after the node
        """Translate a message without variables; its text is ours and may hold markup, as the extension has it."""
        self.generic_visit(node)
        message = _constant_message(node)
        if message is None:
            return node
        return nodes.TemplateData(self._environment.translate(message) % {}, lineno=node.lineno)

    def visit_Include(self, node: nodes.Include) -> nodes.Node:  # noqa: N802
        """Put the part in its place, in a scope of its own as an include has."""
        if not isinstance(node.template, nodes.Const) or node.ignore_missing or not node.with_context:
            return node
        environment, name = self._environment, str(node.template.value)
        source, filename, _ = cast("Any", environment.loader).get_source(environment, name)
        part = self.visit(environment._parse(source, name, filename))  # noqa: SLF001 - with the part's own name
        return nodes.Scope(part.body, lineno=node.lineno)


def _constant_message(node: nodes.Call) -> str | None:
    called = isinstance(node.node, nodes.Name) and node.node.name in _GETTEXT
    plain = len(node.args) == 1 and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    if called and plain and isinstance(node.args[0], nodes.Const) and isinstance(node.args[0].value, str):
        return node.args[0].value
    return None
