"""A front for the real servers to serve: endpoints that tell what they saw, for peers on 127.0.0.1 as proxies."""

import secrets
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson

from idp.wire.etag import make_etag
from idp.wire.front import Front
from idp.wire.hosts import known_hosts
from idp.wire.messages import Request, Response, json_response
from idp.wire.routes import Route, Static

KEYS = b'{"keys":[]}'


def see(request: Request) -> Response:
    """Tell what an endpoint sees."""
    return json_response(
        200,
        {
            "method": request.method,
            "address": request.client_address,
            "scheme": request.scheme,
            "flaw": request.forwarding_flaw,
            "host": request.host,
            "body": len(request.body),
            "headers": sorted(request.headers),
        },
    )


def pages(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Tell what a page sees."""
    told = orjson.dumps(
        {
            "address": environ["REMOTE_ADDR"],
            "scheme": environ["wsgi.url_scheme"],
            "host": environ["HTTP_HOST"],
            "body": len(environ["wsgi.input"].read()),
            "keys": sorted(environ),
        }
    )
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))])
    return [told]


application = Front(
    pages,
    hosts=known_hosts("https://login.example.com"),
    entropy=secrets.token_bytes,
    trusted_proxies=["127.0.0.1"],
    body_readers=2,
    routes={
        "/see": Route({"GET": see, "POST": see}, cors="token"),
        "/jwks": Static(lambda: (KEYS, make_etag(KEYS), [("Content-Type", "application/json")])),
    },
)
