"""The demo's relying parties: two portals that run beside the issuer, and two clients for an app of one's own.

Their secrets are known to everybody, as the people's password is; a real app keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from idp.wording import msgid

SCOPE = "openid profile email address phone account contracts vehicles offline_access"
# Where the development servers of the usual frameworks listen.
PORTS = (3000, 5000, 5173, 8080, 9000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    """A client of the demo: its registration, its secret if it has one, and what it is for."""

    client_id: str
    name: str
    shows: str
    client_secret: str | None = field(repr=False)
    metadata: Mapping[str, Any]

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where its sign-ins return to."""
        return tuple(self.metadata["redirect_uris"])

    @property
    def auth_method(self) -> str:
        """How it proves who it is at the token endpoint (RFC 7591 §2)."""
        return str(self.metadata.get("token_endpoint_auth_method", "client_secret_basic"))

    @property
    def address(self) -> str:
        """Its front page."""
        return str(self.metadata["post_logout_redirect_uris"][-1])


def port_of(issuer: str) -> int:
    """Give the port that the issuer is reached on; its portals are on the next two."""
    parts = urlsplit(issuer)
    return parts.port or (443 if parts.scheme == "https" else 80)


def portals(port: int) -> tuple[DemoClient, DemoClient]:
    """Describe the two portals, for an issuer on this port."""
    return (
        _portal("driver-portal", "Driver Portal", port + 1, "#5b2a9d", msgid("one contract and one car")),
        _portal("fleet-portal", "Fleet Portal", port + 2, "#8a4b08", msgid("a company's cars in a table")),
    )


def own_apps() -> tuple[DemoClient, DemoClient]:
    """Describe the clients that a developer can use for an app of their own."""
    confidential = {
        "client_name": "Your App",
        "redirect_uris": [f"http://localhost:{port}/callback" for port in PORTS]
        + ["http://localhost:3000/api/auth/callback/idp", "http://localhost:8080/login/oauth2/code/idp"],
        "post_logout_redirect_uris": [f"http://localhost:{port}/" for port in PORTS],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": f"{SCOPE} invoices:read",
    }
    public = {
        "client_name": "Your Browser or Phone App",
        "token_endpoint_auth_method": "none",
        # Any port of the loopback address will do for a public client (RFC 8252 §7.3).
        "redirect_uris": [f"http://localhost:{port}/callback" for port in PORTS]
        + ["http://127.0.0.1/callback", "com.example.app:/callback"],
        "post_logout_redirect_uris": [f"http://localhost:{port}/" for port in PORTS],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": SCOPE,
    }
    return (
        DemoClient(
            client_id="your-app",
            name=msgid("An app with a server"),
            shows=msgid("It keeps its secret on its server, and asks people for consent."),
            client_secret="demo-secret-that-everybody-knows",
            metadata=confidential,
        ),
        DemoClient(
            client_id="your-public-app",
            name=msgid("An app in a browser or on a phone"),
            shows=msgid("It can keep no secret; PKCE protects it. At 127.0.0.1 it may listen on any port."),
            client_secret=None,
            metadata=public,
        ),
    )


def demo_clients(port: int) -> tuple[DemoClient, ...]:
    """Give all clients, for an issuer on this port."""
    return (*portals(port), *own_apps())


def _portal(client_id: str, name: str, port: int, accent: str, shows: str) -> DemoClient:
    address = f"http://localhost:{port}"
    return DemoClient(
        client_id=client_id,
        name=name,
        shows=shows,
        client_secret=f"demo-secret-of-the-{client_id}",
        metadata={
            "client_name": name,
            "redirect_uris": [f"{address}/callback"],
            "post_logout_redirect_uris": [f"{address}/signed-out", f"{address}/"],
            "backchannel_logout_uri": f"{address}/back-channel-logout",
            "backchannel_logout_session_required": True,
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": f"{SCOPE} payees.write",
            "first_party": True,
            "accent": accent,
        },
    )
