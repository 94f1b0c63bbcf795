"""The one error type of the house: what the public may read and what only we may read are separate fields.

Invariant: building a Refusal never raises, and its public text holds only the characters that RFC 6749 §5.2 allows
(%x20-21 / %x23-5B / %x5D-7E), whatever a client put into it. Subclasses live in the chapters that raise them.
"""

from __future__ import annotations

MAX_DESCRIPTION = 400
# The double quote, the acute and grave accents, and the typographic quotation marks.
_QUOTES = '"`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e'


class Refusal(Exception):
    """A request that is answered with an error.

    `error` is an OAuth error code or the key of a page, `description` the public text, `detail` what only the audit
    trail and the support tools may know, `status` the HTTP status.
    """

    def __init__(self, error: str, description: str = "", *, detail: str = "", status: int = 400) -> None:
        self.error = ascii_description(error)
        self.description = ascii_description(description)
        self.detail = detail
        self.status = status
        super().__init__(self.error, self.description)

    def __str__(self) -> str:
        return f"{self.error}: {self.description}" if self.description else self.error


class WireRefusal(Refusal):
    """A request that is refused before anybody reads its meaning; the front answers it without asking anyone."""


class MalformedRequest(WireRefusal):
    """The request breaks HTTP, the encoding of forms, or a limit of ours."""

    def __init__(self, description: str, *, status: int = 400) -> None:
        super().__init__("invalid_request", description, status=status)


class TooManyReaders(WireRefusal):
    """So many bodies are on their way, slowly, that we take no more of them now."""

    def __init__(self) -> None:
        super().__init__("temporarily_unavailable", "The service is busy; try again shortly.", status=503)


def ascii_description(text: str) -> str:
    """Give the text with every character that RFC 6749 §5.2 forbids replaced, cut to 400 characters."""
    text = text[:MAX_DESCRIPTION]
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return "".join(map(_allowed, text))


def _allowed(character: str) -> str:
    if character in _QUOTES:
        return "'"
    return character if " " <= character <= "~" and character != "\\" else "?"
