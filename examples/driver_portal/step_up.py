"""An action that takes more than the sign-in did: step-up by RFC 9470, from the challenge and back. A file to copy.

Two parts that are often two programs. The resource looks at an access token and at nothing else: it asks the issuer
how sure that sign-in was (RFC 7662), and challenges whoever is not sure enough. The portal reads the challenge and
sends the person to the issuer with what it asks for; once they are back they press the button again.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

import flask
import requests
from werkzeug.wrappers import Response

SECONDS = 5
HOLD = 72 * 3600  # seconds after an account was recovered in which what would serve a thief stays as it is
UNMET = ("unmet_authentication_requirements", "access_denied")  # the person turned back, or cannot


@dataclass(frozen=True)
class Action:
    """Its name and place; how sure the sign-in must be (acr, and its age in seconds); the scope that it takes."""

    name: str
    path: str
    acr_values: tuple[str, ...]
    max_age: int
    scope: str = "openid"


def add_resource(app: flask.Flask, issuer: Any, action: Action, settings: Mapping[str, str]) -> None:
    """The API behind the button; a real one is a program of its own, with credentials of its own for introspection."""

    @app.post(f"/api{action.path}")
    def act() -> Response:
        scheme, _, token = flask.request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            return challenge()
        address = issuer.load_server_metadata()["introspection_endpoint"]
        credentials = (settings["CLIENT_ID"], settings["CLIENT_SECRET"])
        asked = requests.post(address, data={"token": token}, auth=credentials, timeout=SECONDS)
        asked.raise_for_status()
        told = asked.json()
        if not told["active"]:
            return challenge(error="invalid_token")
        if action.scope not in told["scope"].split() or told.get("recovered_at", 0) > time.time() - HOLD:
            return Response(status=403)  # may only look, or was recovered too lately: no sign-in changes that
        if told.get("acr") not in action.acr_values or time.time() - told.get("auth_time", 0) > action.max_age:
            wanted = {"acr_values": " ".join(action.acr_values), "max_age": str(action.max_age)}
            return challenge(error="insufficient_user_authentication", **wanted)
        return flask.jsonify(done=action.name, by=told["sub"])  # a real one does it here


def challenge(**said: str) -> Response:
    """Refuse as RFC 6750 §3 and RFC 9470 §3 say; whoever sent no token is told no error."""
    parameters = ", ".join(f'{name}="{value}"' for name, value in said.items())
    return Response(status=401, headers={"WWW-Authenticate": f"Bearer {parameters}".strip()})


def add_step_up(
    app: flask.Flask, issuer: Any, people: Mapping[str, dict[str, Any]], action: Action, settings: Mapping[str, str]
) -> None:
    """The page with the button."""

    @app.get(action.path)
    def page() -> str | Response:
        person = people.get(flask.session.get("key", ""))
        if person is None:
            return flask.redirect("/", code=303)
        refused = flask.request.args.get("refused") is not None
        return flask.render_template("action.html", person=person, action=action, refused=refused)

    @app.post(action.path)
    def press() -> Any:
        person = people.get(flask.session.get("key", ""))
        if person is None:
            return flask.redirect("/", code=303)
        bearer = {"Authorization": f"Bearer {person['token']['access_token']}"}
        answer = requests.post(f"{settings['ADDRESS']}/api{action.path}", headers=bearer, timeout=SECONDS)
        if answer.status_code == 403:
            return flask.render_template("action.html", person=person, action=action, forbidden=True)
        if answer.status_code != 401:
            answer.raise_for_status()
            return flask.render_template("action.html", person=person, action=action, done=True)
        flask.session["then"] = action.path
        return issuer.authorize_redirect(f"{settings['ADDRESS']}/callback", **asked_for(answer))


def asked_for(answer: requests.Response) -> dict[str, str]:
    """Read from a challenge what the authorization request must ask for (RFC 9470 §4)."""
    said = parse_keqv_list(parse_http_list(answer.headers["WWW-Authenticate"].partition(" ")[2]))
    return {name: said[name] for name in ("acr_values", "max_age") if name in said}


def way_back() -> str | None:
    """Give the page that a person who turned back, or who cannot do it, was on; they stay signed in as they were."""
    refused = flask.request.args.get("error") in UNMET
    return f"{flask.session.pop('then')}?refused=yes" if refused and "then" in flask.session else None
