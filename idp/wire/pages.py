"""The pages' WSGI app behind the front: it gets an environ of ours, and its answers get the common headers.

Invariant: it always answers; an exception that escapes the app becomes the bare error page, and the log has one line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from types import TracebackType
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from idp.wire.bodies import BodyReader
from idp.wire.errors import WireRefusal
from idp.wire.gate import Gate
from idp.wire.headers import with_missing
from idp.wire.messages import Header, Response
from idp.wire.page_environ import page_environ
from idp.wire.refusals import refusal_as_text, server_error
from idp.wire.sending import send
from idp.wire.traces import where

ErrorPage = Callable[[str], Response]
"""Writes the bare page of an internal error, given the reference."""

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
_log = logging.getLogger("idp.wire")


class Pages:
    """Serves everything that is no protocol endpoint."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        gate: Gate,
        bodies: BodyReader,
        max_body: int,
        headers: Iterable[Header],
        error_page: ErrorPage,
    ) -> None:
        self._app = app
        self._gate = gate
        self._bodies = bodies
        self._max_body = max_body
        self._headers = list(headers)
        self._error_page = error_page

    def serve(
        self, environ: WSGIEnvironment, start_response: StartResponse, reference: str
    ) -> tuple[int, Iterable[bytes]]:
        """Answer, and give the status with the body."""
        begin = _Begin(start_response, [*self._headers, ("X-Request-Id", reference)])
        try:
            body = self._app(self._clean(environ, reference), begin)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person gets an answer and a reference
            begin.failed(error)
            response = self._failed(error, reference)
            body = send(begin, response, (), head=environ.get("REQUEST_METHOD") == "HEAD")
        return begin.status, body

    def _clean(self, environ: WSGIEnvironment, reference: str) -> WSGIEnvironment:
        return page_environ(
            environ,
            host=self._gate.host(environ),
            origin=self._gate.origin(environ),
            request_id=reference,
            bodies=self._bodies,
            limit=self._max_body,
        )

    def _failed(self, error: Exception, reference: str) -> Response:
        if isinstance(error, WireRefusal):
            return refusal_as_text(error)
        # The path may hold a mailed token, so that it stays out of the log.
        _log.error("a page failed, reference %s: %s", reference, where(error))
        try:
            return self._error_page(reference)
        except Exception as second:  # noqa: BLE001 - the same
            _log.error("the error page failed, reference %s: %s", reference, where(second))
            return server_error(reference)


class _Begin:
    """A start_response that remembers the status and adds what is missing."""

    __slots__ = ("_exc_info", "_headers", "_start_response", "status")

    def __init__(self, start_response: StartResponse, headers: list[Header]) -> None:
        self._start_response = start_response
        self._headers = headers
        self._exc_info: _ExcInfo | None = None
        self.status = 0

    def __call__(
        self, status: str, headers: list[Header], exc_info: _ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        self.status = int(status[:3])
        complete = with_missing(headers, self._headers)
        exc_info = exc_info or self._exc_info
        if exc_info is None:
            return self._start_response(status, complete)
        return self._start_response(status, complete, exc_info)

    def failed(self, error: Exception) -> None:
        """Make way for the answer to an error: what the app had begun is taken back (PEP 3333, exc_info)."""
        if self.status and error.__traceback__ is not None:
            self._exc_info = (type(error), error, error.__traceback__)
