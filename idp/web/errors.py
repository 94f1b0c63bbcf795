"""Errors that people see, and the page that shows them.

Invariant: what an error page says comes from a fixed table and never from the request; the private detail goes to the
audit trail, and only the demo explains it on the page. An error that is sent back to an app is another type, elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import flask
from werkzeug.exceptions import HTTPException

from idp.web.brand import Brand
from idp.web.error_words import ERROR_WORDS
from idp.web.origins import web_address
from idp.web.render import Pages
from idp.wording import Language, Translator, msgid


@dataclass(frozen=True, slots=True)
class WayBack:
    """A link that leads on: only to a place that is certain, such as a registered address or our own page."""

    label: str
    address: str


def back_to(translator: Translator, name: str, address: str) -> WayBack:
    """Return the link back to an app, at an address that is registered for it.

    Raises: UnsafeAddress.
    """
    return WayBack(translator.say(msgid("Back to %(name)s"), name=name), web_address(address))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """For whoever connects an app in the demo: which check refused, what was sent, what is registered."""

    check: str
    sent: str | None = None
    registered: Sequence[str] = ()


@dataclass(kw_only=True, eq=False)
class ShownError(Exception):
    """A fault that ends on a page of ours; `key` names its words, `detail` is private."""

    key: str
    reference: str
    status: int = 400
    detail: str = ""
    way_back: WayBack | None = None
    explanation: Explanation | None = None
    brand: Brand | None = None
    retry_after: int | None = None
    headers: Sequence[tuple[str, str]] = field(default=())

    def __post_init__(self) -> None:
        if self.key not in ERROR_WORDS:
            raise KeyError(self.key)
        super().__init__(f"{self.key} {self.reference}")


_SERVER: Final = 500
_KEYS: Final = {
    404: "not_found",
    405: "method_not_allowed",
    413: "input_invalid",
    414: "input_invalid",
    429: "too_many_requests",
    503: "unavailable",
}


def error_page(pages: Pages, error: ShownError, *, language: Language) -> flask.Response:
    """Return the page for an error; its explanation is shown in the demo only."""
    response = pages.render(
        "error",
        language=language,
        status=error.status,
        words=ERROR_WORDS[error.key],
        reference=error.reference,
        way_back=error.way_back,
        explanation=error.explanation if pages.facts.demo else None,
        brand=error.brand,
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    response.headers.extend(list(error.headers))
    return response


def shown_http_error(error: HTTPException, *, reference: str) -> ShownError:
    """Return Flask's own refusals (no such page, wrong method, too large) as an error with our words."""
    status = error.code or _SERVER
    key = _KEYS.get(status) or ("server_error" if status >= _SERVER else "input_invalid")
    kept = [(name, value) for name, value in error.get_headers() if name.lower() == "allow"]
    return ShownError(key=key, reference=reference, status=status, detail=error.name, headers=kept)


def shown_unknown_error(error: Exception, *, reference: str) -> ShownError:
    """Return anything unforeseen as a server error; its class is the private detail, its text may hold secrets."""
    return ShownError(key="server_error", reference=reference, status=500, detail=type(error).__name__)
