"""`python -m tests.browser.pictures FOLDER [PART-OF-A-NAME …]`: draw every page, wide, narrow, light, dark, German.

For whoever changes a page: look at all of them before and after. `… pictures docs/pictures --readme` draws the three
that the README shows, with the demo on its usual ports.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.demo import Demo, running_demo
from tests.browser.gallery import SCENES, consent, driver_contract, sign_in
from tests.browser.relying_party import RelyingParty, registered

WIDE: Final = {"width": 1280, "height": 860}
NARROW: Final = {"width": 320, "height": 640}
README_SIZE: Final[ViewportSize] = {"width": 760, "height": 640}
LOOKS: Final[dict[str, dict[str, Any]]] = {
    "wide-light": {"viewport": WIDE},
    "wide-dark": {"viewport": WIDE, "color_scheme": "dark"},
    "narrow-light": {"viewport": NARROW},
    "narrow-dark-german": {"viewport": NARROW, "color_scheme": "dark", "locale": "de-DE"},
}


def draw(folder: Path, wanted: list[str]) -> None:
    """Draw the scenes whose names hold one of these texts, or all."""
    scenes = [scene for scene in SCENES if not wanted or any(part in scene.__name__ for part in wanted)]
    with running() as (browser, demo, app):
        for scene in scenes:
            for look, options in LOOKS.items():
                context = browser.new_context(**{"locale": "en-GB"} | options)
                page = context.new_page()
                scene(page, demo, app)
                page.screenshot(path=folder / f"{scene.__name__}-{look}.png", full_page=True)
                context.close()


def draw_for_readme(folder: Path) -> None:
    """Draw what a newcomer sees first."""
    with running(port=8000) as (browser, demo, app):
        for name, scene in {"sign-in": sign_in, "portal": driver_contract, "consent": consent}.items():
            page = browser.new_page(viewport=README_SIZE, locale="en-GB")
            scene(page, demo, app)
            page.locator("details").evaluate_all("folds => folds.forEach(fold => { fold.open = false; })")
            page.mouse.move(0, 0)
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            page.close()


@contextmanager
def running(port: int | None = None) -> Iterator[tuple[Browser, Demo, RelyingParty]]:
    """Give a browser, the demo and a stranger's app."""
    with sync_playwright() as playwright, running_demo(port) as demo, registered(demo) as app:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser, demo, app
        browser.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    if sys.argv[2:] == ["--readme"]:
        draw_for_readme(target)
    else:
        draw(target, sys.argv[2:])
