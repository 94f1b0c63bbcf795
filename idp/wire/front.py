"""The front: one WSGI callable that answers the protocol endpoints and hands everything else to the pages, cleaned.

Invariant: nobody behind it sees a host, scheme or address that a client chose, and every exception ends as an answer
with a reference, of which the log has one line and no secret. Answers that went well are not logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from time import perf_counter
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from idp.storage.handles import Entropy
from idp.wire.bodies import BodyReader
from idp.wire.errors import WireRefusal
from idp.wire.etag import none_match
from idp.wire.forms import MAX_BODY
from idp.wire.gate import Gate
from idp.wire.headers import common_headers
from idp.wire.messages import Request, Response, check_headers
from idp.wire.pages import ErrorPage, Pages
from idp.wire.refusals import refusal_as_json, server_error
from idp.wire.request_headers import RequestHeaders
from idp.wire.routes import Endpoint, Render, Route, Static, StaticUnder
from idp.wire.sending import send
from idp.wire.traces import where

Translate = Callable[[Exception], Response | None]
"""Writes the answer to exceptions that chapters raise on purpose; None for those that nobody expected."""
Observe = Callable[[str, int, float], None]
"""Takes route, status and seconds of every answer; must be quick, and its own faults are dropped."""

_REFERENCE_BYTES = 8
_OF_THE_BODY = frozenset({"content-type", "content-length", "content-language", "content-encoding"})
_log = logging.getLogger("idp.wire")


class Front:
    """The service's WSGI callable."""

    def __init__(
        self,
        fallback: WSGIApplication,
        *,
        hosts: Mapping[str, str],
        routes: Mapping[str, Route | Static | StaticUnder],
        entropy: Entropy,
        trusted_proxies: Iterable[str] = (),
        https: bool = True,
        translate: Translate = lambda _: None,
        error_page: ErrorPage = server_error,
        observe: Observe | None = None,
        max_page_body: int = MAX_BODY,
        body_readers: int = 24,
    ) -> None:
        """Join the protocol endpoints with the pages.

        Args:
            fallback: the pages.
            hosts: accepted spelling → configured host, as idp.wire.hosts.known_hosts gives them.
            routes: by path, which is compared exactly; `StaticUnder` ones by the path up to its last slash.
            entropy: for references.
            trusted_proxies: addresses, networks or `unix`: whose Forwarded header is believed.
            https: the issuer is served over TLS, so that browsers may be told to insist on it.
            translate: answers exceptions of the chapters.
            error_page: the page shown when the pages themselves fail.
            observe: counts answers.
            max_page_body: bytes a page may be sent; protocol endpoints take 64 KiB.
            body_readers: threads that may wait for bodies at once; keep some less than the server has.

        Raises:
            ValueError: there are no hosts, or a trusted proxy is malformed.
        """
        self._endpoints = {path: Endpoint(path, route, https=https) for path, route in routes.items()}
        under = {path for path, route in routes.items() if isinstance(route, StaticUnder)}
        self._under = {path: self._endpoints.pop(path) for path in under}
        self._gate = Gate(hosts=hosts, trusted_proxies=trusted_proxies)
        self._bodies = BodyReader(limit=MAX_BODY, readers=body_readers)
        self._entropy = entropy
        self._translate = translate
        self._observe = observe
        self._pages = Pages(
            fallback,
            gate=self._gate,
            bodies=self._bodies,
            max_body=max_page_body,
            headers=common_headers(https=https),
            error_page=error_page,
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        started = perf_counter()
        reference = self._entropy(_REFERENCE_BYTES).hex()
        path: str = environ.get("PATH_INFO", "")
        endpoint = self._endpoints.get(path)
        if endpoint is None:
            folder = path[: path.rfind("/") + 1]
            endpoint = self._under.get(folder) if folder != path else None
        if endpoint is None:
            label = "pages"
            status, body = self._pages.serve(environ, start_response, reference)
        else:
            label = endpoint.label
            response = self._answer(environ, endpoint, reference)
            status = response.status
            common = (*endpoint.headers, ("X-Request-Id", reference))
            body = send(start_response, response, common, head=environ.get("REQUEST_METHOD") == "HEAD")
        if self._observe is not None:
            _count(self._observe, label, status, perf_counter() - started)
        return body

    def _answer(self, environ: WSGIEnvironment, endpoint: Endpoint, reference: str) -> Response:
        try:
            host = self._gate.host(environ, any_host=endpoint.any_host)
            if endpoint.render is not None:
                response = _document(environ, endpoint, endpoint.render)
            elif endpoint.render_under is not None:
                name = environ.get("PATH_INFO", "").removeprefix(endpoint.label)
                response = _document(environ, endpoint, partial(endpoint.render_under, name))
            else:
                response = self._handle(environ, endpoint, host, reference)
            check_headers(response.headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, the app gets an answer and a reference
            return self._failed(error, endpoint, reference)
        return response

    def _handle(self, environ: WSGIEnvironment, endpoint: Endpoint, host: str, reference: str) -> Response:
        method = environ.get("REQUEST_METHOD", "")
        handler = endpoint.handlers.get(method)
        if handler is None:
            return endpoint.otherwise(method)
        address, scheme, proxied, flaw = self._gate.origin(environ)
        return handler(
            Request(
                "GET" if method == "HEAD" else method,
                endpoint.label,
                environ.get("QUERY_STRING", ""),
                RequestHeaders(environ),
                self._bodies.read(environ, address="" if flaw else address) if method == "POST" else b"",
                address,
                scheme,
                host,
                reference,
                proxied,
                flaw,
            )
        )

    def _failed(self, error: Exception, endpoint: Endpoint, reference: str) -> Response:
        if isinstance(error, WireRefusal):
            return refusal_as_json(error)
        try:
            response = self._translate(error)
            if response is not None:
                check_headers(response.headers)
                return response
        except Exception as second:  # noqa: BLE001 - a fault in translating is a fault like any other
            error = second
        _log.error("%s failed, reference %s: %s", endpoint.label, reference, where(error))
        return server_error(reference)


def _count(observe: Observe, label: str, status: int, seconds: float) -> None:
    try:
        observe(label, status, seconds)
    except Exception as error:  # noqa: BLE001 - counting must not cost anyone the answer
        _log.error("counting failed: %s", where(error))


def _document(environ: WSGIEnvironment, endpoint: Endpoint, render: Render) -> Response:
    method = environ.get("REQUEST_METHOD", "")
    if method not in {"GET", "HEAD"}:
        return endpoint.otherwise(method)
    body, etag, headers = render()
    field = environ.get("HTTP_IF_NONE_MATCH")
    if field is None or none_match(field, etag):
        return Response(200, [*headers, ("ETag", etag)], body)
    return Response(304, [*(header for header in headers if header[0].lower() not in _OF_THE_BODY), ("ETag", etag)])
