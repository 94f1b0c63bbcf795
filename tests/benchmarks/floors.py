"""What the server costs by itself: an empty WSGI function and an empty Flask view, the floors under every endpoint.

Run by granian as `tests.benchmarks.floors:app`: /wsgi is the function, everything else the Flask app.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import flask

BODY = b'{"ok":true}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]

flask_app = flask.Flask("floors", static_folder=None)


@flask_app.get("/flask")
def view() -> flask.Response:
    """Answer the least that a view can."""
    return flask.jsonify(ok=True)


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer /wsgi at once, and let Flask answer the rest."""
    if environ["PATH_INFO"] == "/wsgi":
        start_response("200 OK", HEADERS)
        return [BODY]
    return flask_app(environ, start_response)
