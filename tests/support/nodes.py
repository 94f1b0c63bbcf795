"""Several nodes of one issuer in this process, over one database; and what an answer of any of them amounts to."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from idp.app import Service
from idp.audit.events import RecordedEvent
from idp.audit.read import events_by_reference
from idp.storage.handles import Clock
from idp.web.reference import new_reference
from tests.support.in_process import ADDRESS, App, Browser, issuer_on

Found = TypeVar("Found")
HOST = urlsplit(ADDRESS).hostname or ""
KNOWN_SECONDS = 1.0
"""Within which every node knows what has ended."""


@contextmanager
def nodes_on(
    database_url: str,
    folder: Path,
    count: int = 2,
    *,
    clock: Clock = time.time,
    watch_period: float = 0.2,
    **overrides: Any,  # noqa: ANN401 - settings
) -> Iterator[list[Service]]:
    """Run that many nodes with the same keys on one database."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                issuer_on(database_url, folder, clock=clock, keys=number == 0, watch_period=watch_period, **overrides)
            )
            for number in range(count)
        ]


def at(app: App, node: Service) -> App:
    """Give the same app, calling another node."""
    return replace(app, service=node)


def twin_of(browser: Browser, node: Service) -> Browser:
    """Give another browser that holds the same cookies, for another thread or another node."""
    twin = Browser(node)
    for name, value in browser.cookies().items():
        twin.client.set_cookie(name, value, domain=HOST, secure=True)
    return twin


def move(browser: Browser, node: Service) -> None:
    """Let the browser's next requests go to another node, cookies and all."""
    browser.client.application = node.front


def outcome(response: TestResponse) -> str:
    """Say in a word what an answer amounts to.

    "code" or an error's name for what goes to the app, "page:/path" for one of our own pages, "shown:STATUS" for an
    error page, "ok" or an error's name for JSON, "signed out" for a way back after logout.
    """
    if response.status_code == 303:
        return _of_location(response.headers["Location"])
    if response.mimetype == "application/json":
        body = response.get_json()
        return str(body.get("error", "ok"))
    if response.status_code >= 400:
        return f"shown:{response.status_code}"
    return f"page:{response.request.path}"


def _of_location(location: str) -> str:
    parts = urlsplit(location)
    if location.startswith("/") or f"{parts.scheme}://{parts.netloc}" == ADDRESS:
        return f"page:{parts.path}"
    answer = parse_qs(parts.query)
    if "code" in answer:
        return "code"
    return answer["error"][0] if "error" in answer else "signed out"


def events_of(node: Service, response: TestResponse) -> list[RecordedEvent]:
    """Give the audit events under a response's reference, waiting for those that are written in batches."""
    request_id = response.headers["X-Request-Id"]
    spoken = new_reference(lambda count: sha256(request_id.encode()).digest()[:count])

    def look() -> list[RecordedEvent]:
        with node.database.reading() as connection:
            return [
                event
                for reference in (request_id, spoken)
                for event in events_by_reference(connection, reference=reference)
            ]

    return until(look)


def until(look: Callable[[], Found], *, seconds: float = KNOWN_SECONDS) -> Found:
    """Look again and again until there is something, or the time is over."""
    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def hidden_fields(page: TestResponse) -> dict[str, str]:
    """Give the hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
