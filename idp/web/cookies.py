"""The cookies of the issuer: for the single sign-on session, for each journey and recovery, for known browsers.

Invariant: a cookie is believed only when the browser sent its name exactly once, so that a cookie tossed in from a
neighbouring host or path counts as none. On https the `__Host-` prefix ties them to this host (RFC 6265bis 4.1.3.2).
"""

import re
from dataclasses import dataclass
from typing import Final

import flask

SESSION: Final = "idp_session"
SIGNED_OUT: Final = "idp_signed_out"
JOURNEY: Final = "idp_journey_"
RECOVERY: Final = "idp_recovery_"
DEVICE: Final = "idp_device"
REMEMBERED: Final = "idp_remembered"
# What we set are handles and ids; anything else (quotes, blanks, commas of a folded header) is not ours.
_OURS: Final = re.compile(r"[A-Za-z0-9_.~-]{1,256}")
_TAKEN_APART: Final = "idp.cookies"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,}")


@dataclass(frozen=True, slots=True)
class CookieJar:
    """Names, sets and reads cookies; `secure` is false only for an http issuer on loopback."""

    secure: bool

    @property
    def session_name(self) -> str:
        """The name of the single sign-on session's cookie."""
        return self._prefixed(SESSION)

    @property
    def signed_out_name(self) -> str:
        """The name of the cookie by which a browser may see which apps were told of the session that it ended."""
        return self._prefixed(SIGNED_OUT)

    @property
    def device_name(self) -> str:
        """The name of the cookie by which lockout knows a browser that has signed in before."""
        return self._prefixed(DEVICE)

    @property
    def remembered_name(self) -> str:
        """The name of the cookie of a browser in which a second factor is remembered."""
        return self._prefixed(REMEMBERED)

    def journey_name(self, journey_id: str) -> str:
        """Return the name of a journey's cookie, which holds the start of its id: a second tab has another.

        Raises: ValueError, when this is no journey's id.
        """
        return self._of(JOURNEY, journey_id, "journey")

    def recovery_name(self, recovery_id: str) -> str:
        """Return the name of a recovery's cookie, which holds the start of its id, as a journey's does.

        Raises: ValueError, when this is no recovery's id.
        """
        return self._of(RECOVERY, recovery_id, "recovery")

    def set(self, response: flask.Response, name: str, value: str, *, max_age: int | None = None) -> None:
        """Set a cookie for `max_age` seconds, or until the browser closes."""
        if not _OURS.fullmatch(value):
            raise ValueError("cookies hold handles only")
        response.set_cookie(name, value, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def clear(self, response: flask.Response, name: str) -> None:
        """Take a cookie back."""
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def read(self, request: flask.Request, name: str) -> str | None:
        """Return the value of a cookie sent exactly once, or None."""
        value = _sent(request).get(name)
        return value if value is not None and _OURS.fullmatch(value) else None

    def _of(self, prefix: str, id: str, whose: str) -> str:
        if not _ID.fullmatch(id):
            raise ValueError(f"not a {whose} id")
        return self._prefixed(prefix + id[:8])

    def _prefixed(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


def _sent(request: flask.Request) -> dict[str, str | None]:
    """Give the cookies that came with a request, taken apart once: a page asks for up to six of them."""
    sent: dict[str, str | None] | None = request.environ.get(_TAKEN_APART)
    if sent is None:
        sent = request.environ[_TAKEN_APART] = _by_name(request.environ.get("HTTP_COOKIE", ""))
    return sent


def _by_name(header: str) -> dict[str, str | None]:
    """Take a Cookie header apart; a name that came twice has None."""
    found: dict[str, str | None] = {}
    for crumb in header.split(";"):
        name, _, value = crumb.strip(" \t").partition("=")
        if not name:
            # A nameless cookie can spell another one's name ("=__Host-idp_session=x"): it spoils that one.
            name, value = value.partition("=")[0], ""
        found[name] = None if name in found else value
    return found
