"""Authlib as it comes, in memory: a server, a client and a code grant with nothing overridden but the storage.

Canary tests drive it to see whether a fault that we override is still there.
"""

# ruff: noqa: ANN401, ARG002 - Authlib's own signatures
from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, grants
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator

REDIRECT_URI = "https://app.example.com/callback"


def still_faulty(fault: bool, override: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Fail loudly when Authlib has mended a fault that we override."""
    assert fault, f"upstream mended this: drop our override {override}"


class StockRequest(OAuth2Request):
    """A request made of its parameters."""

    def __init__(self, parameters: dict[str, Any], *, basic: str | None = None) -> None:
        headers = {} if basic is None else {"Authorization": f"Basic {base64.b64encode(basic.encode()).decode()}"}
        super().__init__("POST", "https://as.example.com/token", headers=headers)
        self.payload = BasicOAuth2Payload(parameters)

    @property
    def form(self) -> dict[str, Any]:
        """The parameters."""
        assert self.payload is not None
        data: dict[str, Any] = self.payload.data
        return data


class StockClient(ClientMixin):
    """A client that may do everything."""

    client_id = "app"
    secret = "the secret"

    def get_client_id(self) -> str:
        """Give its id."""
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        """Give its address."""
        return REDIRECT_URI

    def get_allowed_scope(self, scope: Any) -> str:
        """Allow everything."""
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare with its address."""
        return redirect_uri == REDIRECT_URI

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare with its secret."""
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Allow the two secret methods."""
        return method != "none"

    def check_response_type(self, response_type: str) -> bool:
        """Allow the code."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Allow all grants."""
        return True


class StockResponse(SimpleNamespace):
    """What the server answered."""

    status: int
    body: Any
    headers: list[tuple[str, str]]
    location: str


class StockServer(AuthorizationServer):
    """A server that keeps what it issued in lists; `happened` is the order of things."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: list[str] = []
        self.tokens: list[Any] = []
        self.codes: dict[str, SimpleNamespace] = {"the code": SimpleNamespace()}
        generator = BearerTokenGenerator(lambda **_: f"token {len(self.tokens)}", lambda **_: "refresh token")
        self.register_token_generator("default", generator)
        self.register_grant(StockCodeGrant)

    def query_client(self, client_id: str) -> StockClient:
        """Know one client."""
        return StockClient() if client_id == StockClient.client_id else None  # type: ignore[return-value]

    def save_token(self, token: Any, request: OAuth2Request) -> None:
        """Keep a token."""
        self.happened.append("token saved")
        self.tokens.append(token)

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        """Make a request of its parameters."""
        return request if isinstance(request, OAuth2Request) else StockRequest(request)

    def handle_response(self, status: int, body: Any, headers: Any) -> StockResponse:
        """Keep the answer."""
        return StockResponse(status=status, body=body, headers=headers, location=dict(headers).get("Location", ""))

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""


class StockCodeGrant(grants.AuthorizationCodeGrant):
    """The code grant over the server's lists."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]  # noqa: RUF012 - Authlib's own
    server: StockServer

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Keep nothing: the one code is there already."""

    def query_authorization_code(self, code: str, client: ClientMixin) -> Any:
        """Find the one code."""
        found = self.server.codes.get(code)
        if found is not None:
            found.__dict__.update(get_redirect_uri=lambda: "", get_scope=lambda: "openid", code_challenge=None)
        return found

    def delete_authorization_code(self, authorization_code: Any) -> None:
        """Forget the one code."""
        self.server.happened.append("code deleted")
        self.server.codes.clear()

    def authenticate_user(self, authorization_code: Any) -> Any:
        """Know one person."""
        return SimpleNamespace(get_user_id=lambda: "dana")


class StockRefreshGrant(grants.RefreshTokenGrant):
    """The refresh grant for one token."""

    server: StockServer

    def authenticate_refresh_token(self, refresh_token: str) -> Any:
        """Find the one token."""
        return SimpleNamespace(check_client=lambda _: True, get_scope=lambda: "openid")

    def authenticate_user(self, refresh_token: Any) -> Any:
        """Know one person."""
        return SimpleNamespace(get_user_id=lambda: "dana")

    def revoke_old_credential(self, refresh_token: Any) -> None:
        """Note that the token is spent."""
        self.server.happened.append("old token revoked")
