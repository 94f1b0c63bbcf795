"""Style, scripts and marks of our pages, the only files that are served as they are.

Invariant: their addresses carry a fingerprint of their content (see `render`), so a browser may keep them for a year;
an address without one is kept for a few minutes.
"""

from pathlib import Path
from typing import Final

import flask

_YEAR: Final = 31_536_000


def serve_static(app: flask.Flask, directory: Path) -> None:
    """Serve the files of a folder under /static, and the icon that browsers ask for by themselves."""

    def static_file(name: str) -> flask.Response:
        response = flask.send_from_directory(directory, name, max_age=_YEAR if "v" in flask.request.args else 300)
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    app.add_url_rule("/static/<path:name>", "static_file", static_file, methods=["GET"])
    app.add_url_rule(
        "/favicon.ico", "favicon", lambda: static_file("mark.svg"), methods=["GET"], provide_automatic_options=False
    )
