"""Asking a WSGI app in-process: an environ as servers make it, and the answer as a value."""

import io
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from idp.wire.front import Front
from idp.wire.hosts import known_hosts
from idp.wire.messages import Request, Response, json_response, text_response
from idp.wire.routes import Route, Static

ISSUER = "https://login.example.com"
FORM = "application/x-www-form-urlencoded"


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def environ(method: str = "GET", path: str = "/", body: bytes | None = None, /, **changes: object) -> dict[str, Any]:
    """Make the environ of a request; a change to None takes a key away."""
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "HTTP_HOST": "login.example.com",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body is not None:
        made |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": FORM}
    made |= changes
    return {key: value for key, value in made.items() if value is not None}


def ask(app: WSGIApplication, request: Mapping[str, Any]) -> Answer:
    """Put one request to the app."""
    began: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        assert exc_info or not began
        began.append((status, headers))
        return lambda _: None

    body = b"".join(app(dict(request), start_response))
    status, headers = began[-1]
    assert len(headers) == len({name.lower() for name, _ in headers})
    return Answer(int(status[:3]), {name.lower(): value for name, value in headers}, body)


def a_page(_: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer like some page."""
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "4")])
    return [b"page"]


class Seen:
    """Endpoints and pages that keep what they were given."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.environs: list[WSGIEnvironment] = []
        self.answer: Callable[[Request], Response] = lambda _: json_response(200, {"ok": True})
        self.page: WSGIApplication = a_page

    def handler(self, request: Request) -> Response:
        """Answer a protocol request."""
        self.requests.append(request)
        return self.answer(request)

    def pages(self, given: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer for the pages."""
        self.environs.append(given)
        return self.page(given, start_response)


DOCUMENT = (b'{"keys":[]}', '"v1"', [("Content-Type", "application/json"), ("Cache-Control", "public, max-age=600")])


def make_front(seen: Seen, **options: object) -> Front:
    """Make a front with one endpoint of each kind, all of them `seen`."""
    chosen: dict[str, Any] = {
        "hosts": known_hosts(ISSUER, ["inner.example:8080"]),
        "entropy": secrets.token_bytes,
        "trusted_proxies": ["10.0.0.0/8"],
        "routes": {
            "/token": Route({"POST": seen.handler}, cors="token"),
            "/introspect": Route({"POST": seen.handler}),
            "/userinfo": Route({"GET": seen.handler, "POST": seen.handler}, cors="token"),
            "/jwks": Static(lambda: DOCUMENT),
            "/livez": Route({"GET": lambda _: text_response(200, "alive")}, any_host=True),
        },
    }
    return Front(seen.pages, **chosen | options)
