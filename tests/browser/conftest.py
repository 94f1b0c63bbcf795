"""Chromium, the demo it looks at, and an app of a stranger: one of each per worker, a fresh window for every test.

Every test here is one of the Content-Security-Policy as well: a page on which the browser refused something fails the
test that opened it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.demo import Demo, running_demo
from tests.browser.relying_party import RelyingParty, registered
from tests.support.missing import Missing, skip_or_fail

CHROMIUM = Path("/usr/bin/chromium")
INSTALL = "chromium is not installed: apt-get install -y --no-install-recommends chromium fonts-liberation"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000.0
"""Milliseconds that a page, or what is expected on it, may take on a machine with better things to do."""

NewPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give this worker's Chromium."""
    if not CHROMIUM.exists():
        skip_or_fail(Missing(INSTALL))
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def demo(browser: Browser) -> Iterator[Demo]:
    """Give this worker's demo."""
    with running_demo() as running:
        yield running


@pytest.fixture(scope="session")
def app(demo: Demo) -> Iterator[RelyingParty]:
    """Give a stranger's app that the demo knows, and that has to ask people for consent."""
    with registered(demo) as stranger:
        yield stranger


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Give a function that opens a window of its own (cookies, language, size) and keeps an eye on what it refuses.

    `forgiving` is for a test that wants something refused.
    """
    contexts: list[BrowserContext] = []
    refused: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    def open_window(*, forgiving: bool = False, **options: Any) -> Page:  # noqa: ANN401 - Playwright's own options
        context = browser.new_context(**{"locale": "en-GB"} | options)
        context.set_default_timeout(PATIENCE)
        if not forgiving:
            context.on("console", note)
            context.on("weberror", lambda error: refused.append(str(error.error)))
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()
    assert [] == refused, "a page asks for something that its own policy, or the browser, refuses"


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """Give one window."""
    return new_page()
