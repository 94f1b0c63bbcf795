"""A person and an app at a served issuer, over HTTP: sign in, and everything that an app then does with tokens.

`sign_in` gives the code; `whole_flow` goes on to userinfo, introspection, refresh, revocation and logout. Both collect
every secret that passed by, so that a test can look for it where it must not be.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from tests.support.served import ServedIssuer

SCOPE = "openid profile email offline_access api"
SECONDS = 10.0


@dataclass(kw_only=True)
class Visit:
    """One person's browser at an issuer, and the app that sent it there."""

    issuer: ServedIssuer
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(40))
    state: str = field(default_factory=lambda: f"state-{secrets.token_urlsafe(16)}")
    nonce: str = field(default_factory=lambda: f"nonce-{secrets.token_urlsafe(16)}")
    browser: requests.Session = field(default_factory=requests.Session)
    secrets: dict[str, str] = field(default_factory=dict)

    def authorization_address(self) -> str:
        """Give the address that the app sends the browser to."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        request = {
            "response_type": "code",
            "client_id": self.issuer.client_id,
            "redirect_uri": self.issuer.redirect_uri,
            "scope": SCOPE,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.issuer.address}/authorize?{urlencode(request)}"

    def sign_in(self, password: str | None = None) -> requests.Response:
        """Open the sign-in page and send user ID and password; gives the last answer of the issuer."""
        page = self._follow(self._get(self.authorization_address()))
        typed = self.issuer.password if password is None else password
        return self._follow(self._submit(page, {"user_id": self.issuer.user_id, "password": typed}))

    def code(self) -> str:
        """Sign in, and give the code that the app gets."""
        answer = self.sign_in()
        sent = parse_qs(urlsplit(answer.headers["Location"]).query)
        self.secrets |= {"code": sent["code"][0], "state": self.state, "nonce": self.nonce, "verifier": self.verifier}
        self.secrets |= {cookie.name: cookie.value or "" for cookie in self.browser.cookies}
        return sent["code"][0]

    def ask(self, path: str, form: Mapping[str, str]) -> requests.Response:
        """Call a protocol endpoint as the app, with its secret."""
        authentication = (self.issuer.client_id, self.issuer.client_secret)
        return requests.post(f"{self.issuer.address}{path}", data=form, auth=authentication, timeout=SECONDS)

    def tokens(self) -> dict[str, Any]:
        """Sign in, and give the answer to the code."""
        form = {"grant_type": "authorization_code", "code": self.code(), "code_verifier": self.verifier}
        return self._kept(self.ask("/token", form | {"redirect_uri": self.issuer.redirect_uri}), "first")

    def whole_flow(self) -> None:
        """Do everything an app does between sign-in and logout; each answer is as it should be."""
        tokens = self.tokens()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert requests.get(f"{self.issuer.address}/userinfo", headers=bearer, timeout=SECONDS).status_code == 200
        assert self.ask("/introspect", {"token": tokens["access_token"]}).json()["active"]
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        self._kept(self.ask("/token", form), "refreshed")
        self._kept(self.ask("/token", {"grant_type": "client_credentials", "scope": "api"}), "machine")
        assert self.ask("/revoke", {"token": tokens["refresh_token"]}).status_code == 200
        logout = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": self.issuer.redirect_uri}
        assert self._get(f"{self.issuer.address}/end-session?{urlencode(logout)}").status_code in {200, 303}

    def _kept(self, answer: requests.Response, prefix: str) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        self.secrets |= {f"{prefix}_{name}": value for name, value in body.items() if name.endswith("_token")}
        return body

    def _get(self, address: str) -> requests.Response:
        return self.browser.get(address, allow_redirects=False, timeout=SECONDS)

    def _submit(self, page: requests.Response, fields: Mapping[str, str]) -> requests.Response:
        action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        assert action, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        form = {name: html.unescape(value) for name, value in hidden.items()} | dict(fields)
        self.secrets |= {f"hidden_{name}": value for name, value in form.items() if name == "form_token"}
        target = urljoin(page.url, html.unescape(action[1]))
        headers = {"Origin": self.issuer.address}
        return self.browser.post(target, data=form, headers=headers, allow_redirects=False, timeout=SECONDS)

    def _follow(self, answer: requests.Response) -> requests.Response:
        while answer.status_code == 303 and self._is_own(answer):
            answer = self._get(urljoin(answer.url, answer.headers["Location"]))
        return answer

    def _is_own(self, answer: requests.Response) -> bool:
        return urljoin(answer.url, answer.headers["Location"]).startswith(f"{self.issuer.address}/")
