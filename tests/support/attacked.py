"""An issuer with everything in it that an attack can be about, and what every answer to an attack has to be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from werkzeug.test import TestResponse

from idp.app import Service
from tests.support.in_process import AFTER_LOGOUT, CALLBACK, App, Browser, add_person

SPECIFIED = frozenset({200, 204, 206, 303, 304, 400, 401, 403, 404, 405, 411, 413, 414, 416, 421, 429, 431})
CODES = frozenset({
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "invalid_scope", "invalid_token", "insufficient_scope", "not_found",
})  # fmt: skip
NASTY = [
    b"", b"\x00", b"%00", b"%", b"%zz", b"\xff\xfe", b"%ff%fe", b"%ed%a0%80", b"%f4%90%80%80", b"%c0%80", b"'", b'"',
    b"<script>", b"%3Cscript%3E", b"a" * 70_000, b"a" * 30_000, b"%F0%9F%A6%8A" * 500, b"a+b++c", b"[]", b"{}", b"null",
    b"-1", b"0", b"99999999999999999999", b"1e999", b"NaN", b"true", b"../../..", b"%0d%0aSet-Cookie:%20x=y",
    b"https://evil.example/", b"javascript:alert(1)", b"%e2%80%ae", b"%ef%bb%bf", b"%cc%81" * 300, b"a.b.c",
    b"." * 5000, b"e30.e30.", b"%7B%22a%22:1%7D", b"none", b"plain", b"S256", b"openid " * 1000,
]  # fmt: skip
CPU_SECONDS = 1.0
NUMBERS = count()


@dataclass(kw_only=True)
class Target:
    """An issuer with people and apps to be attacked."""

    service: Service
    app: App
    stranger: App
    public: App
    subs: dict[str, str]
    tokens: dict[str, Any]


def populated(service: Service) -> Target:
    """Add people and apps."""
    subs = {name: add_person(service, name) for name in ("dana", "mallory")}
    app = App.register(service)
    return Target(
        service=service,
        app=app,
        stranger=App.register(service, "stranger", first_party=False),
        public=App.register(service, "public", public=True),
        subs=subs,
        tokens=app.tokens(Browser(service), scope="openid profile offline_access"),
    )


def browser_of(target: Target) -> Browser:
    """Give a browser from an address of its own, so that no budget ends the fuzzing."""
    number = next(NUMBERS)
    return Browser(target.service, address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")


@contextmanager
def soon() -> Iterator[None]:
    """Allow so much computing; waiting for a busy machine does not count."""
    begun = time.thread_time()
    yield
    assert time.thread_time() - begun < CPU_SECONDS


def specified(response: TestResponse) -> None:
    """Assert that an answer is one of those that specifications know, and leads nowhere else."""
    assert response.status_code in SPECIFIED, response.text[:300]
    if "Location" in response.headers:
        location = response.headers["Location"]
        local = location.startswith("/") and not location.startswith(("//", "/\\"))
        assert local or location.startswith((CALLBACK + "?", AFTER_LOGOUT)), location
    if response.mimetype == "application/json" and response.status_code >= 400:
        assert response.get_json()["error"] in CODES
    assert "\n" not in "".join(value for _, value in response.headers)
