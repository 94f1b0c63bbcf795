"""What the front answers by itself: a path, its methods, and who may call it from a script.

Invariant: everything that does not depend on the request is worked out once, at the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from idp.wire.headers import Cors, common_headers, preflight_headers
from idp.wire.messages import Header, Request, Response, json_response

Handler = Callable[[Request], Response]
Render = Callable[[], tuple[bytes, str, Iterable[Header]]]
"""Gives a document (body, entity tag, headers such as Content-Type and Cache-Control), rendered before anyone asks."""


@dataclass(frozen=True, slots=True)
class Route:
    """Handlers by method; HEAD and OPTIONS are answered for them."""

    handlers: Mapping[str, Handler]
    cors: Cors = "none"
    any_host: bool = False
    """For probes, which know an address and no host."""


@dataclass(frozen=True, slots=True)
class Static:
    """A document that is answered without a Request: keys and metadata must not wait for anything."""

    render: Render
    cors: Cors = "any"
    any_host: bool = False


@dataclass(frozen=True, slots=True)
class StaticUnder:
    """A document for every name under a path ("/jwks/NAME"); the name is handed in as it came, undecoded."""

    render: Callable[[str], tuple[bytes, str, Iterable[Header]]]
    cors: Cors = "any"
    any_host: bool = False


class Endpoint:
    """A route, ready to be answered."""

    __slots__ = ("any_host", "handlers", "headers", "label", "not_allowed", "options", "render", "render_under")

    def __init__(self, label: str, route: Route | Static | StaticUnder, *, https: bool) -> None:
        self.label = label
        self.any_host = route.any_host
        self.render = route.render if isinstance(route, Static) else None
        self.render_under = route.render if isinstance(route, StaticUnder) else None
        self.handlers: dict[str, Handler] = dict(route.handlers) if isinstance(route, Route) else {}
        if "GET" in self.handlers:
            self.handlers["HEAD"] = self.handlers["GET"]
        methods = [*self.handlers, "OPTIONS"] if isinstance(route, Route) else ["GET", "HEAD", "OPTIONS"]
        self.headers = common_headers(https=https, cors=route.cors)
        self.options = Response(204, preflight_headers(route.cors, methods))
        self.not_allowed = json_response(
            405,
            {"error": "invalid_request", "error_description": "The method is not allowed here."},
            [("Allow", ", ".join(methods))],
        )

    def otherwise(self, method: str) -> Response:
        """Answer a method that has no handler."""
        return self.options if method == "OPTIONS" else self.not_allowed
