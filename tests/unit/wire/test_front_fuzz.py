"""Environs that nobody would send, and some would: the front answers each with a status that is specified."""

import io
from typing import Any

from flask import Flask, request
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.wire.forms import parse_form, parse_query
from idp.wire.front import Front
from idp.wire.messages import Request, Response, json_response
from tests.unit.wire.asking import Seen, ask, environ, make_front

SPECIFIED = {200, 204, 304, 400, 404, 405, 411, 413, 414, 421, 431}

text = st.text(st.characters(codec="latin-1"), max_size=40)
odd = st.one_of(
    text,
    st.text(st.characters(), max_size=10),
    st.sampled_from(
        ["", "0", "3", "-1", "chunked", "a,b", "login.example.com", 'for="', '"v1"', "*", "\x00", "\r\nX: y"]
    ),
)
keys = st.sampled_from(
    [
        *("HTTP_HOST", "HTTP_FORWARDED", "HTTP_TRANSFER_ENCODING", "HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ORIGIN"),
        *("HTTP_IF_NONE_MATCH", "HTTP_X_FORWARDED_FOR", "HTTP_CONTENT_LENGTH", "HTTP_", "HTTP_É", "HTTP_ACCEPT"),
        *("CONTENT_TYPE", "CONTENT_LENGTH", "QUERY_STRING", "SCRIPT_NAME", "REMOTE_ADDR", "wsgi.url_scheme"),
        *("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"),
    ]
)
methods = st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE", "get", "", "\x00", "É"])
paths = st.one_of(st.sampled_from(["/token", "/jwks", "/userinfo", "/introspect", "/livez", "/", "/sign-in"]), odd)


def read_everything(given_request: Request) -> Response:
    """Do with a request what endpoints do."""
    form = parse_form(given_request.body, given_request.content_type)
    query = parse_query(given_request.query)
    headers = dict(given_request.headers)
    assert given_request.host in {"login.example.com", "inner.example:8080"}
    return json_response(
        200, {"counts": [len(form), len(query), len(headers)], "auth": bool(given_request.authorization)}
    )


def make_flask_front() -> Front:
    """Make a front whose pages are Flask's."""
    app = Flask("pages")

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def page(path: str) -> dict[str, Any]:
        assert request.host == "login.example.com"
        return {"counts": [len(path), len(request.form), len(request.args), len(request.cookies)]}

    seen = Seen()
    seen.answer = read_everything
    seen.page = app.wsgi_app
    return make_front(seen)


FRONT = make_flask_front()


@settings(max_examples=400)
@given(
    methods, paths, st.binary(max_size=40), st.dictionaries(keys, st.one_of(odd, st.none()), max_size=4), st.booleans()
)
def test_any_environ_gets_a_specified_answer(
    method: str,
    path: str,
    body: bytes,
    changes: dict[str, str | None],
    right_length: bool,  # noqa: FBT001 - drawn
) -> None:
    """No method, path, header or body whatever becomes a fault of ours."""
    made = environ(method, path, body if right_length else None, **changes)
    made["wsgi.input"] = io.BytesIO(body)

    answer = ask(FRONT, made)

    assert answer.status in SPECIFIED
    assert all("\r" not in value and "\n" not in value for value in answer.headers.values())


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(["PATH_INFO", "REQUEST_METHOD", "HTTP_HOST", "wsgi.input", "QUERY_STRING"]))))
def test_an_incomplete_environ_gets_an_answer(missing: list[tuple[str]]) -> None:
    """Also where a server leaves out what PEP 3333 asks for."""
    made = environ("POST", "/token", b"a=1")
    for (key,) in missing:
        made.pop(key, None)

    assert ask(FRONT, made).status in SPECIFIED
