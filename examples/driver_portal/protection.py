"""What every page of the portal has: headers that protect it, and words for what can fail. A file to copy."""

import flask
from authlib.integrations.base_client import OAuthError
from joserfc.errors import JoseError
from requests import RequestException

# What an error of the issuer (RFC 6749 §4.1.2.1) means to the person in front of the page.
WORDS = {
    "access_denied": "You chose not to sign in. Nothing was shared.",
    "temporarily_unavailable": "The sign-in service is busy. Please try again in a moment.",
    "mismatching_state": "This sign-in was begun elsewhere, or was used before. Please start again.",
    "wrong_issuer": "The answer did not come from our sign-in service. Please start again.",
    "unreachable": "The sign-in service cannot be reached. Please try again in a moment.",
}
SOMETHING = "Signing in did not work. Please start again."


def add_protection(app: flask.Flask, address: str) -> None:
    """Failures in words, and headers on every page."""

    @app.errorhandler(OAuthError)
    @app.errorhandler(JoseError)
    @app.errorhandler(RequestException)
    def failed(error: Exception) -> tuple[str, int]:
        code = "unreachable" if isinstance(error, RequestException) else getattr(error, "error", "")
        app.logger.warning("sign-in failed: %s", code)
        return flask.render_template("failed.html", words=WORDS.get(code, SOMETHING), code=code), 400

    @app.after_request
    def protect(response: flask.Response) -> flask.Response:
        # form-action names the issuer, since the sign-out form ends there: browsers check redirects, too.
        policy = f"default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self' {address}; base-uri 'none'"
        response.headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'none'"
        response.headers.setdefault("Cache-Control", "no-store")
        return response
